"""Every state against every message, whatever the version: what a state does not declare is refused, once, for good.

The states are reached by real handshakes and kept; each message is then put to a copy as if it had come in under the
right keys.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from puressl.codes import AlertDescription, AlertLevel, ContentType, HandshakeType
from puressl.connection import Connection
from puressl.errors import Problem, ProtocolError
from puressl.handshake.diagram import states
from puressl.handshake.machine import Kind, State, Waiting, kind_name, transitions
from puressl.record.receive import (
    ApplicationDataReceived,
    ChangeCipherSpecReceived,
    HandshakeReceived,
    Incoming,
)
from puressl.wire import Alert

from support.bad_peer import Watcher, problem_of
from support.scenarios import SCENARIOS, Scenario, steps
from support.snapshot import Snapshot

STATES: dict[str, type[State]] = {state.__name__: state for role in ("client", "server") for state in states(role)}
HANDSHAKE, CCS, DATA = ContentType.HANDSHAKE, ContentType.CHANGE_CIPHER_SPEC, ContentType.APPLICATION_DATA
#: Each handshake type there is, each number beside one, and the ends of the range.
TYPES = sorted({near for kind in HandshakeType for near in (kind - 1, kind, kind + 1) if 0 <= near <= 255} | {255})
KINDS: tuple[Kind, ...] = (*((HANDSHAKE, kind) for kind in TYPES), (CCS, None), (DATA, None))


@cache
def reached() -> dict[str, Snapshot]:
    """A connection in each state, and in how many ways handshakes go from one to the next."""
    found: dict[str, Snapshot] = {}
    for scenario in SCENARIOS:
        joined = scenario.join()
        for end in (joined.client, joined.server):
            found.setdefault(end.connection.state, Snapshot(end.connection))
        for end in steps(joined):
            if end.connection.state not in found:
                found[end.connection.state] = Snapshot(end.connection)
    return found


class Script:
    """In place of a record layer: gives out what it was told to."""

    def __init__(self, *incoming: Incoming) -> None:
        self._incoming = deque(incoming)

    def next(self) -> Incoming | None:
        return self._incoming.popleft() if self._incoming else None

    def feed(self, data: bytes) -> None:
        self._incoming.append(HandshakeReceived(b"\x01\x00\x00\x00"))

    def install(self, protection: Any) -> None:
        pass

    def limit_plaintext(self, limit: int) -> None:
        pass

    def skip_early_data(self, limit: int) -> None:
        pass


def incoming(kind: Kind) -> Incoming:
    content, handshake = kind
    if content is HANDSHAKE:
        return HandshakeReceived(bytes([handshake or 0, 0, 0, 0]))
    return ChangeCipherSpecReceived() if content is CCS else ApplicationDataReceived(b"x")


def put(name: str, kind: Kind) -> tuple[Connection, Watcher]:
    """A copy of the connection in that state with one message of that kind before it."""
    connection, watcher = reached()[name].restore(), Watcher()
    connection._config = replace(connection.config, tracer=watcher)
    connection._receiver = Script(incoming(kind))  # type: ignore[assignment]
    connection._events.clear()
    connection.data_to_send()
    return connection, watcher


def test_handshakes_reach_every_state_there_is() -> None:
    def below(kind: type[State]) -> set[type[State]]:
        return {kind, *(each for child in kind.__subclasses__() for each in below(child))}

    package = {kind for kind in below(State) if kind.__module__.startswith("puressl.")}
    names = {kind.__name__ for kind in package}  # by name: a slotted dataclass leaves the class it was made from behind
    concrete = {name for name in names if name[0] != "_"} - {State.__name__, Waiting.__name__}
    assert concrete == set(STATES)
    assert set(reached()) == concrete


@pytest.mark.parametrize("name", sorted(STATES))
def test_what_a_state_does_not_declare_is_refused_once_for_good(name: str) -> None:
    for kind in KINDS:
        if STATES[name].transition(kind) is not None:
            continue
        connection, watcher = put(name, kind)
        with pytest.raises(ProtocolError) as caught:
            connection.next_event()
        assert caught.value.problem is Problem.UNEXPECTED_MESSAGE, kind_name(kind)
        assert watcher.sent == [Alert(int(AlertLevel.FATAL), int(AlertDescription.UNEXPECTED_MESSAGE))]
        assert connection.data_to_send()
        connection.receive_data(b"more")
        with pytest.raises(ProtocolError) as again:
            connection.next_event()
        assert again.value is caught.value
        assert connection.data_to_send() == b""
        assert connection.state == name


@pytest.mark.parametrize("name", sorted(STATES))
def test_what_a_state_declares_is_taken_or_refused_for_its_content(name: str) -> None:
    for kind in KINDS:
        if STATES[name].transition(kind) is None:
            continue
        connection, _ = put(name, kind)
        with suppress(ProtocolError):
            while connection.next_event() is not None:
                pass
        assert problem_of(connection.failure) is not Problem.INTERNAL_ERROR, kind_name(kind)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_each_step_of_a_handshake_is_declared(scenario: Scenario) -> None:
    joined = scenario.join().handshake().raise_errors()
    assert joined.is_complete()
    assert joined.client.connection.negotiated.resumed is scenario.resumes
    declared = {(left, entered) for left, _, entered in transitions(*STATES.values())}
    for end in (joined.client, joined.server):
        taken = end.connection.config.tracer.states
        assert taken
        assert set(taken) <= declared


def test_each_declared_step_to_another_state_is_taken_by_some_handshake() -> None:
    taken: set[tuple[str, str]] = set()
    for scenario in SCENARIOS:
        joined = scenario.join().handshake()
        for end in (joined.client, joined.server):
            taken |= set(end.connection.config.tracer.states)
    declared = {(left, entered) for left, _, entered in transitions(*STATES.values()) if left != entered}
    assert declared - taken == ONLY_FROM_OTHER_SERVERS


#: RFC 5077 3.3: a server that resumes may give a new ticket at once; RFC 6066 8: one that acknowledged status_request
#: may withhold CertificateStatus. Ours does neither.
ONLY_FROM_OTHER_SERVERS = {
    ("ClientWaitServerHello", "ClientWaitNewSessionTicket12"),
    ("ClientWaitCertificateStatusEcdhe12", "ClientWaitCertificateRequest12"),
    ("ClientWaitCertificateStatusDhe12", "ClientWaitCertificateRequest12"),
    ("ClientWaitCertificateStatusRsa12", "ClientWaitServerHelloDone12"),
    ("ClientWaitCertificateStatusRsa12", "ClientWaitNewSessionTicket12"),
    ("ClientWaitCertificateStatusRsa12", "ClientWaitChangeCipherSpec12"),
}
