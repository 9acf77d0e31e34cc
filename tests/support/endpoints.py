"""Ends of connections made through the socket interface, for its tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

import puressl

from support.configs import CERTS, SERVER_NAME
from support.task import Task

#: Milliseconds after which a call is taken to hang. Nothing here takes a tenth of it.
PATIENCE = 10_000

Pair = tuple[puressl.SSLSocket, puressl.SSLSocket]


def certificates(role: str = "server", key_type: str = "p256") -> dict[str, Any]:
    """Options that name a bundled certificate and its key."""
    folder = CERTS / key_type
    return {"certfile": str(folder / f"{role}-chain.pem"), "keyfile": str(folder / f"{role}.key")}


def root(key_type: str = "p256") -> str:
    """The path of a bundled root."""
    return str(CERTS / key_type / "root.pem")


def server_options(**options: Any) -> dict[str, Any]:
    return {"active": False, "ip": "127.0.0.1", **certificates(), **options}


def client_options(**options: Any) -> dict[str, Any]:
    return {
        "active": False,
        "verify": 1,
        "cacertfile": root(),
        "server_name_indication": SERVER_NAME,
        **options,
    }


@dataclass
class Server:
    """A listen socket, and connections to it."""

    socket: puressl.ListenSocket

    @property
    def port(self) -> int:
        return puressl.port(self.socket)

    def accept(self) -> Task:
        """Accepts the next connection with its handshake, in a thread that gives the socket to the calling one."""
        owner = puressl.mailbox()

        def accept() -> puressl.SSLSocket:
            accepted = puressl.transport_accept(self.socket, PATIENCE)
            puressl.controlling_process(accepted, owner)
            puressl.ssl_accept(accepted, PATIENCE)
            return accepted

        return Task(accept)

    def pair(self, **options: Any) -> Pair:
        """A client and the server's end of its connection, both owned by the calling thread."""
        accepted = self.accept()
        client = puressl.connect("127.0.0.1", self.port, client_options(**options), PATIENCE)
        return client, accepted.result()


def wait_until(condition: Callable[[], bool]) -> None:
    """Returns when the condition is met."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not condition():
        assert time.monotonic() < deadline, "not met"
        time.sleep(0.005)


def times_out_punctually(call: Callable[..., Any], *arguments: Any) -> None:
    """A call whose last argument is a timeout ends by it, never early and at most 50 ms late.

    A busy machine may make it later; it has five tries.
    """
    limit = arguments[-1] / 1000
    late = []
    for _ in range(5):
        begun = time.monotonic()
        assert refusal(call, *arguments) == "timeout"
        late.append(time.monotonic() - begun - limit)
        assert late[-1] >= 0
        if late[-1] <= 0.05:
            return
    raise AssertionError(f"late by {late} s")


def refusal(function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """The reason of the error that a call raises."""
    with pytest.raises(puressl.SSLError) as caught:
        function(*arguments, **named)
    return caught.value.reason
