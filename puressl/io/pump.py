"""A connection joined to a byte transport, without waiting.

Theory of operation: a pump moves bytes both ways between a sans-I/O connection and a transport that never blocks. The
order of a ``step`` is fixed: read, core, flush, raise. The transport is read only when the core has nothing left to
decode, what the core wants to send is written as far as the transport takes it, and an error of the core is raised only
once its alert is with the transport. What a pump waits for is derived (``wants_read``, ``wants_write``), so that
blocking sockets, event loops and in-memory transports can all drive it.

Threads may share a pump: one lock covers each move, decoding as well as taking what the core wants to send and writing
it, so that no record can come between those of another thread. Nothing waits under it, because the transport does not.
"""

from __future__ import annotations

from typing import Protocol

from puressl.connection import Connection
from puressl.errors import SSLError
from puressl.events import Event
from puressl.io.turns import TurnLock

#: Bytes asked of the transport at once: four full records.
READ_SIZE = 65_536

_NOTHING = memoryview(b"")


class Transport(Protocol):
    """Carries bytes, never waits. Its errors are ``OSError``s; after one of them that direction has ended."""

    def read(self, limit: int) -> bytes | None:
        """Up to ``limit`` bytes that have arrived, b"" at the end of file, None when there are none yet."""
        ...

    def write(self, data: memoryview) -> int:
        """Takes some of ``data`` and says how many bytes; 0 when it can take none now."""
        ...


class Pump:
    """Drives one connection over one transport.

    lock: to be held while calling the connection, by whoever shares the pump with another thread; not reentrant.
    """

    def __init__(self, connection: Connection, transport: Transport) -> None:
        self.connection = connection
        self.lock = TurnLock()
        self._transport = transport
        self._unsent = _NOTHING
        self._ended = False
        self._read_error: OSError | None = None
        self._write_error: OSError | None = None

    @property
    def wants_write(self) -> bool:
        """Whether bytes wait for the transport."""
        return bool(self._unsent)

    @property
    def wants_read(self) -> bool:
        """Whether more may come from the transport: not after its end, the peer's close_notify or a failure."""
        connection = self.connection
        return not self._ended and not connection.peer_closed and connection.failure is None

    def step(self) -> Event | None:
        """Does what can be done now. The next event; None when the transport must move, or a need be answered, first.

        Raises ``SSLError`` of the core, after its alert was written or could not be, and ``OSError`` of the transport,
        after all that had arrived was handed out; each again at every later call. An error of writing ends only a
        handshake here: what the peer has sent can still be read. A ``Needed`` is to be answered before the next step.
        """
        with self.lock:
            while True:
                event, failure = self._next_event()
                self._write()
                if event is not None:
                    return event
                if failure is not None and not self._unsent:
                    raise failure
                if not self.wants_read:
                    break
                if not self._read():
                    return None
            if self._read_error is not None:
                raise self._read_error.with_traceback(None)
            return None

    def flush(self) -> bool:
        """Writes what the transport takes now; whether that was all. Raises the transport's ``OSError``."""
        with self.lock:
            self._write()
            if self._write_error is not None:
                raise self._write_error.with_traceback(None)
            return not self._unsent

    def _next_event(self) -> tuple[Event | None, SSLError | None]:
        try:
            return self.connection.next_event(), None
        except SSLError as failure:
            return None, failure

    def _read(self) -> bool:
        """Whether something arrived, be it the end of file."""
        try:
            data = self._transport.read(READ_SIZE)
        except OSError as error:
            self._ended, self._read_error = True, error
            return True
        if data is None:
            if self._write_error is not None and self.connection.negotiated is None:
                raise self._write_error.with_traceback(None)  # a peer that cannot hear us never goes on
            return False
        self._ended = not data
        self.connection.receive_data(data)
        return True

    def _write(self) -> None:
        while self._write_error is None:
            if not self._unsent:
                self._unsent = memoryview(self.connection.data_to_send())
            if not self._unsent:
                return
            try:
                taken = self._transport.write(self._unsent)
            except OSError as error:
                self._write_error, self._unsent = error, _NOTHING
                return
            if not taken:
                return
            self._unsent = self._unsent[taken:]
