"""The pump over transports in memory: what it does in one step, and what it waits for."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field

import pytest

from puressl.codes import AlertDescription, ProtocolVersion
from puressl.connection import ClientConnection, ServerConnection
from puressl.errors import Problem, ProtocolError, SSLError
from puressl.events import PENDING, ChooseCredential, DataReceived, Event, HandshakeCompleted, Needed, PeerClosed
from puressl.io.pump import Pump

from support.configs import client_config, credential, server_config

BOTH = (ProtocolVersion.TLSv1_3, ProtocolVersion.TLSv1_2)
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

    def __init__(self, step: int = 1 << 30, versions: tuple[ProtocolVersion, ...] = BOTH, **server: object) -> None:
        self.client_side, self.server_side = Memory(step=step), Memory(step=step)
        self.client = Pump(ClientConnection(client_config(versions=versions)), self.client_side)
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


def send(pump: Pump, data: bytes) -> None:
    with pump.lock:
        pump.connection.send_data(data)
    pump.flush()


def data_of(events: list[Event]) -> bytes:
    return b"".join(event.data for event in events if isinstance(event, DataReceived))


@pytest.mark.parametrize("version", BOTH)
def test_connection_lives_over_transports_that_move_one_byte_at_a_time(version: ProtocolVersion) -> None:
    pair = connected(step=1, versions=(version,))
    send(pair.client, b"ping" * 20)
    send(pair.server, b"pong" * 20)
    ours, theirs = pair.run()
    assert (data_of(ours), data_of(theirs)) == (b"pong" * 20, b"ping" * 20)
    for pump in (pair.client, pair.server):
        pump.connection.close()
        pump.flush()
    ours, theirs = pair.run()
    assert ours[-1] == theirs[-1] == PeerClosed()


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


def test_alert_of_the_peer_comes_before_an_error_of_writing_in_a_handshake() -> None:
    pair = Pair(versions=BOTH[1:])
    pair.server = Pump(ServerConnection(server_config(versions=BOTH[:1])), pair.server_side)
    pair.client.step()
    pair.carry()
    with pytest.raises(SSLError):
        pair.server.step()
    pair.carry()
    pair.client_side.write_error = SSLError("epipe")
    with pytest.raises(ProtocolError) as caught:
        pair.client.step()
    assert caught.value.received == AlertDescription.PROTOCOL_VERSION


def test_records_of_threads_that_write_at_once_stay_whole() -> None:
    pair = connected()
    pair.client_side.step = 7

    def write(mark: bytes) -> None:
        for _ in range(20):
            send(pair.client, mark * 50)

    writers = [threading.Thread(target=write, args=(mark,)) for mark in (b"a", b"b", b"c")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(20)
    _, theirs = pair.run()
    pieces = [event.data for event in theirs if isinstance(event, DataReceived)]
    assert sorted(pieces) == [b"a" * 50] * 20 + [b"b" * 50] * 20 + [b"c" * 50] * 20


# An event loop ---------------------------------------------------------------------------------------------------


class NonBlocking:
    """A non-blocking socket as a transport."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self.socket = sock

    def read(self, limit: int) -> bytes | None:
        with suppress(BlockingIOError):
            return self.socket.recv(limit)
        return None

    def write(self, data: memoryview) -> int:
        with suppress(BlockingIOError):
            return self.socket.send(data)
        return 0


async def next_event(pump: Pump, sock: socket.socket) -> Event:
    """All that asyncio takes: step, and wait for what the pump wants."""
    loop = asyncio.get_running_loop()
    while (event := pump.step()) is None:
        ready = asyncio.Event()
        if pump.wants_read:
            loop.add_reader(sock, ready.set)
        if pump.wants_write:
            loop.add_writer(sock, ready.set)
        await ready.wait()
        loop.remove_reader(sock)
        loop.remove_writer(sock)
    return event


async def exchange(pump: Pump, sock: socket.socket, data: bytes) -> bytes:
    """A handshake, then data both ways: as much comes as goes."""
    while not isinstance(await next_event(pump, sock), HandshakeCompleted):
        pass
    pump.connection.send_data(data)
    heard = b""
    while len(heard) < len(data):
        heard += data_of([await next_event(pump, sock)])
    while not pump.flush():
        await asyncio.sleep(0.001)
    return heard


def test_pumps_run_in_an_event_loop() -> None:
    async def meet(near: socket.socket, far: socket.socket) -> list[bytes]:
        client = Pump(ClientConnection(client_config()), NonBlocking(near))
        server = Pump(ServerConnection(server_config()), NonBlocking(far))
        client.connection.start()
        both = asyncio.gather(exchange(client, near, b"c" * 30_000), exchange(server, far, b"s" * 30_000))
        return await asyncio.wait_for(both, 30)

    near, far = socket.socketpair()
    with near, far:
        for sock in (near, far):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        assert asyncio.run(meet(near, far)) == [b"s" * 30_000, b"c" * 30_000]
