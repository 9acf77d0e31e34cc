"""Moments of real conversations: an end about to read, and the bytes it would read, to be brought back and altered.

Sealed moments hold records as they travel. Open ones come from ends that agree on keys as ever and then leave every
record in the clear, so that whatever is altered reaches past the AEAD, as if a peer had sealed it under the right keys.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from puressl.codes import Direction, Epoch, ProtocolVersion
from puressl.connection import ClientConnection, Connection, ServerConnection
from puressl.errors import Problem, ProtocolError
from puressl.wire.record import MAX_CIPHERTEXT, MAX_PLAINTEXT, RecordHeader

from support.link import End, Link
from support.scenarios import SCENARIOS, Scenario
from support.snapshot import Snapshot

_RECORD = b"\x16\x03\x03"


class InTheClear:
    """A protection that leaves every record open."""

    sequence = 0
    max_fragment: ClassVar[int] = MAX_CIPHERTEXT
    max_content: ClassVar[int] = MAX_PLAINTEXT
    records_left: ClassVar[int] = 1 << 64

    def seal(self, content_type: int, plaintext: Any, record_version: int) -> bytes:
        return RecordHeader(content_type, record_version, len(plaintext)).encode() + bytes(plaintext)

    def seal_all(self, content_type: int, plaintexts: Any, record_version: int) -> list[bytes]:
        return [self.seal(content_type, plaintext, record_version) for plaintext in plaintexts]

    def decrypt_ahead(self, records: Any) -> None:
        pass

    def open(self, header: RecordHeader, fragment: bytes, limit: int = MAX_PLAINTEXT) -> tuple[int, bytes]:
        if len(fragment) > limit:
            raise ProtocolError(Problem.RECORD_OVERFLOW)
        return header.content_type, fragment


class _Open:
    def install(self, direction: Direction, epoch: Epoch, keys: Any) -> None:
        super().install(direction, epoch, keys)  # type: ignore[misc]
        path = self._receiver if direction is Direction.READ else self._sender  # type: ignore[attr-defined]
        path._protection = InTheClear()


class OpenClient(_Open, ClientConnection):
    pass


class OpenServer(_Open, ServerConnection):
    pass


@dataclass(frozen=True)
class Moment:
    """An end, as a snapshot, and the records it is about to read."""

    scenario: str
    state: str
    version: ProtocolVersion
    end: Snapshot
    records: bytes


@cache
def moments(role: str, *, is_open: bool) -> tuple[Moment, ...]:
    """All moments of all kinds of handshake at which an end of that role reads."""
    return tuple(moment for scenario in SCENARIOS for moment in _of(scenario, role, is_open))


def _of(scenario: Scenario, role: str, is_open: bool) -> Iterator[Moment]:
    joined = scenario.join()
    if is_open:
        configs = joined.client.connection.config, joined.server.connection.config
        joined = Link(OpenClient(configs[0]), OpenServer(configs[1]))
    watched = joined.client if role == "client" else joined.server
    joined.client.connection.start()
    yield from _settle(joined, watched, scenario)
    for end in (joined.client, joined.server):
        end.connection.send_data(b"data" * 20)
        if scenario.version is ProtocolVersion.TLSv1_3:
            end.connection.update_keys()
    yield from _settle(joined, watched, scenario)
    for end in (joined.client, joined.server):
        end.connection.close()
    yield from _settle(joined, watched, scenario)


def _settle(joined: Link, watched: End, scenario: Scenario) -> Iterator[Moment]:
    moved = True
    while moved:
        moved = False
        for source, target in ((joined.client, joined.server), (joined.server, joined.client)):
            data = source.connection.data_to_send()
            if data:
                target.connection.receive_data(data)
            while True:
                if target is watched:
                    yield from _moment(target.connection, scenario)
                if not target.connection._step():
                    break
                moved = True


def _moment(connection: Connection, scenario: Scenario) -> Iterator[Moment]:
    """The moment, with what the record layer holds taken out of it; none where it could not be put back."""
    receiver = connection._receiver
    buffered, collected = bytes(receiver._buffer), bytes(receiver._handshake)
    if collected and not isinstance(receiver._protection, InTheClear):
        return
    if collected:
        buffered = _RECORD + len(collected).to_bytes(2, "big") + collected + buffered
    if not buffered:
        return
    kept = receiver._buffer, receiver._handshake, receiver._header
    receiver._buffer, receiver._handshake, receiver._header = bytearray(), bytearray(), None
    yield Moment(scenario.name, connection.state, scenario.version, Snapshot(connection), buffered)
    receiver._buffer, receiver._handshake, receiver._header = kept
