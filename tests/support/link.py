"""Two cores over a fake link: what one wants to send, the other receives; nothing else exists."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from puressl.connection import ClientConnection, Connection, ServerConnection
from puressl.errors import SSLError
from puressl.events import DataReceived, Event, HandshakeCompleted

#: A link that has not settled after so many rounds never will.
MAX_ROUNDS = 200

#: Changes bytes on their way: takes what was sent, gives what arrives.
Alter = Callable[[bytes], bytes]


@dataclass
class End:
    """One end: its connection, the events it has had, and the error it ended with."""

    connection: Connection
    events: list[Event] = field(default_factory=list)
    sent: bytearray = field(default_factory=bytearray)
    error: SSLError | None = None

    def drain(self) -> None:
        """Takes all events there are; remembers the error if one is raised."""
        try:
            while (event := self.connection.next_event()) is not None:
                self.events.append(event)
        except SSLError as error:
            self.error = error

    def of(self, kind: type) -> list:
        """The events of one kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def data(self) -> bytes:
        """All application data received."""
        return b"".join(event.data for event in self.of(DataReceived))


class Link:
    """A client and a server, joined."""

    def __init__(
        self, client: ClientConnection, server: ServerConnection, *, to_server: Alter = bytes, to_client: Alter = bytes
    ) -> None:
        self.client, self.server = End(client), End(server)
        self._alter = {id(self.client): to_server, id(self.server): to_client}

    def handshake(self) -> Link:
        """Starts the client and runs until nothing moves."""
        self.client.connection.start()
        return self.run()

    def run(self) -> Link:
        for _ in range(MAX_ROUNDS):
            if not (self._carry(self.client, self.server) | self._carry(self.server, self.client)):
                return self
        raise AssertionError("the link never settles")

    def _carry(self, source: End, target: End) -> bool:
        source.drain()
        data = source.connection.data_to_send()
        source.sent += data
        arrived = self._alter[id(source)](data) if data else b""
        if arrived:
            target.connection.receive_data(arrived)
        target.drain()
        return bool(data)

    def raise_errors(self) -> Link:
        """Raises what either end failed with."""
        for end in (self.client, self.server):
            if end.error is not None:
                raise end.error
        return self

    def is_complete(self) -> bool:
        return all(end.of(HandshakeCompleted) for end in (self.client, self.server))


def bytewise(data: bytes) -> Iterator[bytes]:
    """The same bytes one by one."""
    for byte in data:
        yield bytes([byte])
