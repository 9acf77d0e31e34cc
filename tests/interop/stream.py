"""A blocking TLS stream over a TCP socket, and an echo server made of it: puressl's end of a conversation with a program.

Every wait has an end, so that a peer that says nothing fails a test instead of holding it.
"""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from types import TracebackType

from puressl.config import ClientConfig, ServerConfig
from puressl.connection import ClientConnection, Connection, ServerConnection
from puressl.errors import SSLError
from puressl.events import DataReceived, Event, Negotiated

#: Seconds without a byte before a peer counts as stuck.
TIMEOUT = 20.0
CHUNK = 65_536


class Stream:
    """One connection over a connected socket. events: all it had, but data."""

    def __init__(self, connection: Connection, transport: socket.socket) -> None:
        self.connection = connection
        self.events: list[Event] = []
        self._transport = transport
        self._received = bytearray()
        transport.settimeout(TIMEOUT)

    @classmethod
    def connect(cls, config: ClientConfig, port: int) -> Stream:
        """A client, its handshake complete."""
        stream = cls(ClientConnection(config), socket.create_connection(("127.0.0.1", port), TIMEOUT))
        try:
            return stream.handshake()
        except BaseException:
            stream.abandon()
            raise

    def handshake(self) -> Stream:
        self.connection.start()
        self._flush()
        while self.connection.negotiated is None:
            self._step()
        return self

    @property
    def negotiated(self) -> Negotiated:
        assert self.connection.negotiated is not None
        return self.connection.negotiated

    def has(self, kind: type) -> bool:
        return any(isinstance(event, kind) for event in self.events)

    def send(self, data: bytes) -> None:
        self.connection.send_data(data)
        self._flush()

    def receive(self) -> bytes:
        """Some data; ``b""`` after the peer's close_notify."""
        while not self._received and not self.connection.peer_closed:
            self._step()
        data = bytes(self._received)
        self._received.clear()
        return data

    def receive_exactly(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            more = self.receive()
            assert more, f"the peer closed after {len(data)} of {length} bytes"
            data += more
        return data

    def wait_for(self, kind: type) -> None:
        while not self.has(kind):
            self._step()

    def update_keys(self, *, request: bool) -> None:
        self.connection.update_keys(request=request)
        self._flush()

    def close(self) -> None:
        """close_notify, then the end of the transport; what the peer still sends is read, but not awaited."""
        self.connection.close()
        try:
            self._flush()
            self._transport.shutdown(socket.SHUT_WR)
            while self._transport.recv(CHUNK):
                pass
        except OSError:
            pass
        self._transport.close()

    def abandon(self) -> None:
        self._transport.close()

    def _step(self) -> None:
        """One event, or the bytes for one. Raises the connection's error once its alert is on the way."""
        try:
            event = self.connection.next_event()
        except SSLError:
            self._flush()
            raise
        if isinstance(event, DataReceived):
            self._received += event.data
        elif event is not None:
            self.events.append(event)
        else:
            self._flush()
            if not self.connection.peer_closed:
                self.connection.receive_data(self._transport.recv(CHUNK))
        self._flush()

    def _flush(self) -> None:
        data = self.connection.data_to_send()
        if data:
            self._transport.sendall(data)


@dataclass
class EchoServer:
    """Accepts ``count`` connections one after the other on a free port and sends back what they send.

    negotiated: of each complete handshake. errors: what connections ended with. streams: all of them.
    """

    config: ServerConfig
    count: int = 1
    negotiated: list[Negotiated] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)
    streams: list[Stream] = field(default_factory=list)

    def __enter__(self) -> EchoServer:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(TIMEOUT)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            self._thread.join(2 * TIMEOUT)
        self._listener.close()

    def join(self) -> None:
        self._thread.join(2 * TIMEOUT)
        assert not self._thread.is_alive()

    def _serve(self) -> None:
        for _ in range(self.count):
            try:
                transport, _ = self._listener.accept()
                self._echo(Stream(ServerConnection(self.config), transport))
            except Exception as error:
                self.errors.append(error)

    def _echo(self, stream: Stream) -> None:
        self.streams.append(stream)
        try:
            stream.handshake()
            self.negotiated.append(stream.negotiated)
            while data := stream.receive():
                stream.send(data)
            stream.close()
        finally:
            stream.abandon()
