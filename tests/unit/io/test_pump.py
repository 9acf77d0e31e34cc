"""The pump over transports in memory: what it does in one step, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from puressl.codes import AlertDescription
from puressl.connection import ClientConnection, ServerConnection
from puressl.errors import Problem, ProtocolError, SSLError
from puressl.events import PENDING, ChooseCredential, DataReceived, Event, HandshakeCompleted, Needed, PeerClosed
from puressl.io.pump import Pump

from support.configs import client_config, credential, server_config

MAX_ROUNDS = 10_000


@dataclass
class Memory:
    """A transport in memory. room: bytes it still takes. step: bytes it gives and takes at once."""

    arrived: bytearray = field(default_factory=bytearray)
    written: bytearray = field(default_factory=bytearray)
    ended: bool = False
    room: int = 1 << 30
    step: int = 1 << 30
    read_error: OSError | None = None
    write_error: OSError | None = None
    order: list[str] = field(default_factory=list)

    def read(self, limit: int) -> bytes | None:
        self.order.append("read")
        if self.arrived:
            data = bytes(self.arrived[: min(limit, self.step)])
            del self.arrived[: len(data)]
            return data
        if self.read_error is not None:
            raise self.read_error
        return b"" if self.ended else None

    def write(self, data: memoryview) -> int:
        self.order.append("write")
        if self.write_error is not None:
            raise self.write_error
        taken = min(len(data), self.room, self.step)
        self.room -= taken
        self.written += data[:taken]
        return taken


class Pair:
    """Two pumps; what one transport was given the other delivers."""

    def __init__(self, step: int = 1 << 30, **server: object) -> None:
        self.client_side, self.server_side = Memory(step=step), Memory(step=step)
        self.client = Pump(ClientConnection(client_config()), self.client_side)
        self.server = Pump(ServerConnection(server_config(**server)), self.server_side)
        self.client.connection.start()

    def carry(self) -> None:
        self.server_side.arrived += self.client_side.written
        self.client_side.arrived += self.server_side.written
        self.client_side.written.clear()
        self.server_side.written.clear()

    def run(self) -> tuple[list[Event], list[Event]]:
        """Steps both until nothing moves; the events of both."""
        events: tuple[list[Event], list[Event]] = ([], [])
        for _ in range(MAX_ROUNDS):
            moved = False
            for pump, seen in zip((self.client, self.server), events, strict=True):
                event = pump.step()
                if event is not None:
                    seen.append(event)
                moved |= event is not None
            moved |= bool(self.client_side.written or self.server_side.written)
            self.carry()
            if not moved:
                return events
        raise AssertionError("the pumps never settle")


def connected(**fields: object) -> Pair:
    pair = Pair(**fields)  # type: ignore[arg-type]
    ours, theirs = pair.run()
    assert any(isinstance(event, HandshakeCompleted) for event in ours)
    assert any(isinstance(event, HandshakeCompleted) for event in theirs)
    return pair


def test_handshake_and_data_pass() -> None:
    pair = connected()
    pair.client.connection.send_data(b"ping")
    pair.client.flush()
    pair.carry()
    assert pair.server.step() == DataReceived(b"ping")
    assert pair.server.step() is None


def test_handshake_passes_one_byte_at_a_time() -> None:
    connected(step=1)


def test_step_reads_only_when_the_core_has_nothing_left() -> None:
    pair = connected()
    pair.client.connection.send_data(b"one")
    pair.client.connection.send_data(b"two")
    pair.client.flush()
    pair.carry()
    pair.server_side.order.clear()
    assert pair.server.step() == DataReceived(b"one")
    assert pair.server.step() == DataReceived(b"two")
    assert pair.server_side.order == ["read"]


def test_wants_follow_from_what_is_left_to_do() -> None:
    pair = Pair()
    pair.client_side.room = 100
    assert pair.client.step() is None
    assert (pair.client.wants_read, pair.client.wants_write) == (True, True)
    pair.client_side.room = 1 << 20
    assert pair.client.step() is None
    assert (pair.client.wants_read, pair.client.wants_write) == (True, False)


def test_flush_says_whether_all_is_written() -> None:
    pair = Pair()
    pair.client_side.room = 10
    assert pair.client.flush() is False
    pair.client_side.room = 1 << 20
    assert pair.client.flush() is True


def test_nothing_is_read_after_close_notify() -> None:
    pair = connected()
    pair.client.connection.close()
    pair.client.flush()
    pair.carry()
    pair.server_side.arrived += b"not TLS"
    assert pair.server.step() == PeerClosed()
    assert pair.server.step() is None
    assert not pair.server.wants_read
    assert pair.server.connection.trailing_data == b"not TLS"


def test_error_is_raised_only_once_its_alert_is_written() -> None:
    pair = Pair()
    pair.server_side.arrived += b"GET / HTTP/1.1\r\n\r\n"
    pair.server_side.room = 3
    assert pair.server.step() is None
    assert (pair.server.wants_read, pair.server.wants_write) == (False, True)
    pair.server_side.room = 1 << 20
    for _ in range(2):
        with pytest.raises(ProtocolError, match="HTTP"):
            pair.server.step()
    assert pair.server_side.written[-1] == AlertDescription.PROTOCOL_VERSION


def test_error_is_raised_when_its_alert_cannot_be_written() -> None:
    pair = Pair()
    pair.server_side.arrived += b"GET / HTTP/1.1\r\n\r\n"
    pair.server_side.write_error = SSLError("epipe")
    with pytest.raises(ProtocolError, match="HTTP"):
        pair.server.step()


def test_data_is_handed_out_although_the_answer_to_it_cannot_be_written() -> None:
    pair = connected()
    pair.client.connection.update_keys()
    pair.client.connection.send_data(b"last")
    pair.client.flush()
    pair.carry()
    pair.server_side.write_error = SSLError("epipe")
    events = []
    while (event := pair.server.step()) is not None:
        events.append(event)
    assert events[-1] == DataReceived(b"last")
    with pytest.raises(SSLError, match="Broken pipe"):
        pair.server.flush()


def test_data_is_handed_out_before_truncation() -> None:
    pair = connected()
    pair.client.connection.send_data(b"last")
    pair.client.flush()
    pair.carry()
    pair.server_side.ended = True
    assert pair.server.step() == DataReceived(b"last")
    for _ in range(2):
        with pytest.raises(ProtocolError) as caught:
            pair.server.step()
        assert caught.value.problem is Problem.TRUNCATED
    assert not pair.server.wants_read


def test_data_is_handed_out_before_a_reset_which_stays() -> None:
    pair = connected()
    pair.client.connection.send_data(b"last")
    pair.client.flush()
    pair.carry()
    pair.server_side.read_error = SSLError("econnreset")
    assert pair.server.step() == DataReceived(b"last")
    for _ in range(2):
        with pytest.raises(SSLError) as caught:
            pair.server.step()
        assert caught.value.reason == "econnreset"
    assert not pair.server.wants_read


def test_handshake_whose_flight_cannot_be_written_ends() -> None:
    pair = Pair()
    pair.client_side.write_error = SSLError("epipe")
    with pytest.raises(SSLError, match="Broken pipe"):
        pair.client.step()


def test_need_is_handed_out_and_answered_through_the_connection() -> None:
    pair = Pair(resolvers={ChooseCredential: lambda need: PENDING})
    pair.client.step()
    pair.carry()
    event = pair.server.step()
    assert isinstance(event, Needed)
    assert pair.server.step() is None
    pair.server.connection.resolve(event.need, credential())
    ours, theirs = pair.run()
    assert any(isinstance(event, HandshakeCompleted) for event in (*ours, *theirs))


def test_transport_may_take_writes_in_any_pieces() -> None:
    pair = connected()
    pair.client_side.step = 7
    pair.client.connection.send_data(bytes(5_000))
    assert pair.client.flush()
    pair.carry()
    data = b""
    while (event := pair.server.step()) is not None:
        assert isinstance(event, DataReceived)
        data += event.data
    assert data == bytes(5_000)
