"""Connections between the socket interface and Erlang's ``ssl``, in either role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union

import pytest
from interop.erlang import Node, Shell, term
from interop.matrix import Role

import puressl

from support.configs import CERTS, SERVER_NAME
from support.endpoints import PATIENCE, client_options, root, server_options

#: What the handshake came to on this side.
Outcome = Union[puressl.SSLSocket, puressl.SSLError]


@dataclass(frozen=True)
class Meeting:
    """A handshake that was tried. ours: the socket or the error. theirs: ``ok`` or ``("error", reason)``; their
    socket is ``get(socket)`` in the shell.
    """

    ours: Outcome
    theirs: Any
    shell: Shell

    @property
    def socket(self) -> puressl.SSLSocket:
        """Ours, of a handshake that both ends take for good."""
        assert isinstance(self.ours, puressl.SSLSocket), self
        assert self.theirs == "ok", self
        return self.ours

    def error(self) -> puressl.SSLError:
        """Why it failed here: in the handshake, or as a client of TLS 1.3 at the first ``recv``."""
        if isinstance(self.ours, puressl.SSLError):
            return self.ours
        with pytest.raises(puressl.SSLError) as caught:
            puressl.recv(self.ours, 0, PATIENCE)
        return caught.value

    def alert(self) -> str:
        """The alert that ended it there, sent or received: in the handshake, or as a message to an active client."""
        theirs = self.theirs
        if theirs == "ok":
            theirs = self.shell(f"receive {{ssl_error, _, Reason}} -> {{error, Reason}} after {PATIENCE} -> none end")
        match theirs:
            case ("error", ("tls_alert", (str(alert), _))):
                return alert
        raise AssertionError(f"no alert, but {theirs!r}")


def presented(role: str, key_type: str = "p256") -> dict[str, Any]:
    """Erlang's options for a bundled certificate and its key."""
    folder = CERTS / key_type
    return {"certfile": folder / f"{role}-chain.pem", "keyfile": folder / f"{role}.key"}


def their_server_options(**options: Any) -> dict[str, Any]:
    return {"ip": (127, 0, 0, 1), "reuseaddr": True, **_COMMON, **presented("server"), **options}


def their_client_options(**options: Any) -> dict[str, Any]:
    named = {"server_name_indication": list(SERVER_NAME.encode())}
    return {**_COMMON, "verify": "verify_peer", "cacertfile": Path(root()), **named, **options}


_COMMON = {"mode": "binary", "active": False}


class Meetings:
    """Makes connections; the shells they leave are ended by ``end``."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._shells: list[Shell] = []

    def meet(self, role: Role, ours: dict[str, Any] | None = None, theirs: dict[str, Any] | None = None) -> Meeting:
        """One connection. role: ours. ours, theirs: options over those that suffice for a handshake."""
        return self.between(role, ours, theirs)()

    def between(
        self, role: Role, ours: dict[str, Any] | None = None, theirs: dict[str, Any] | None = None
    ) -> Callable[[], Meeting]:
        """Makes one connection after another of the same two ends."""
        ends = self._from_us if role is Role.CLIENT else self._to_us
        return ends(self._shell(), ours or {}, theirs or {})

    def end(self) -> None:
        for shell in self._shells:
            shell.end()

    def _shell(self) -> Shell:
        self._shells.append(Shell(self._node))
        return self._shells[-1]

    def _from_us(self, shell: Shell, ours: dict[str, Any], theirs: dict[str, Any]) -> Callable[[], Meeting]:
        listening = f"{{ok, L}} = ssl:listen(0, {term(their_server_options(**theirs))})"
        port = shell(f"{listening}, {{ok, {{_, Port}}}} = ssl:sockname(L), Port")
        assert isinstance(port, int), port

        def meet() -> Meeting:
            shell.start(f"{_KEEP}({_ACCEPT}(ssl:transport_accept(L, {PATIENCE})))")
            made = _outcome(puressl.connect, "127.0.0.1", port, client_options(**ours), PATIENCE)
            return Meeting(made, shell.answer(), shell)

        return meet

    def _to_us(self, shell: Shell, ours: dict[str, Any], theirs: dict[str, Any]) -> Callable[[], Meeting]:
        listener = puressl.listen(0, server_options(**ours))
        options = term(their_client_options(**theirs))

        def accept() -> puressl.SSLSocket:
            accepted = puressl.transport_accept(listener, PATIENCE)
            puressl.ssl_accept(accepted, PATIENCE)
            return accepted

        def meet() -> Meeting:
            shell.start(f"{_KEEP}(ssl:connect({{127,0,0,1}}, {puressl.port(listener)}, {options}, {PATIENCE}))")
            made = _outcome(accept)
            return Meeting(made, shell.answer(), shell)

        return meet


def _outcome(function: Callable[..., puressl.SSLSocket], *arguments: Any) -> Outcome:
    try:
        return function(*arguments)
    except puressl.SSLError as error:
        return error


#: Makes the handshake of what was accepted, and keeps the socket of what was connected: ``get(socket)``.
_ACCEPT = f"(fun({{ok, New}}) -> ssl:handshake(New, {PATIENCE}) end)"
_KEEP = "(fun({ok, Made}) -> put(socket, Made), ok; (Failed) -> Failed end)"
