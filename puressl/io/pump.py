"""A connection joined to a byte transport, without waiting.

Theory of operation: a pump moves bytes both ways between a sans-I/O connection and a transport that never blocks: what
the core wants to send is written as far as the transport takes it, and the transport is read only when the core has
nothing left to decode. ``step`` does all that can be done now; what it waits for is derived (``wants_read``,
``wants_write``), so that blocking sockets, event loops and in-memory transports can all drive it. An error of the core
is raised only after its alert was offered to the transport.

Two threads may use one pump, one reading and one writing. The core is entered under one lock, and another covers taking
what the core wants to send and writing it, so that no record can come between those of another. A reader that finds the
writer at work leaves its own output to it: nobody waits for a lock while the transport does not move.
"""

from __future__ import annotations

import threading
from contextlib import AbstractContextManager
from typing import Protocol

from puressl.connection import Connection
from puressl.events import Event

#: Bytes asked of the transport at once: four full records.
READ_SIZE = 65_536


class Transport(Protocol):
    """Carries bytes, never waits."""

    def read(self, limit: int) -> bytes | None:
        """Up to ``limit`` bytes that have arrived, b"" at the end of file, None when there are none yet."""
        ...

    def write(self, data: memoryview) -> int:
        """Takes some of ``data`` and says how many bytes; 0 when it can take none now."""
        ...


class Pump:
    """Drives one connection over one transport."""

    def __init__(self, connection: Connection, transport: Transport) -> None:
        self.connection = connection
        self._transport = transport
        self._core = threading.RLock()
        self._writing = threading.Lock()
        self._unsent = memoryview(b"")
        self._ended = False
        self._wanted = False

    @property
    def core(self) -> AbstractContextManager[object]:
        """The lock to hold while calling the connection."""
        return self._core

    @property
    def wants_write(self) -> bool:
        """Whether bytes wait for the transport."""
        return bool(self._unsent)

    @property
    def wants_read(self) -> bool:
        """Whether more may come from the transport."""
        return not self._ended

    def step(self) -> Event | None:
        """The next event; None when the transport must move first.

        Raises ``SSLError``, after the alert was offered to the transport, and ``OSError`` of the transport.
        """
        while True:
            event = self._next_event()
            if event is not None or self._ended:
                return event
            data = self._transport.read(READ_SIZE)
            if data is None:
                return None
            self._ended = not data
            with self._core:
                self.connection.receive_data(data)

    def _next_event(self) -> Event | None:
        try:
            with self._core:
                return self.connection.next_event()
        finally:
            self.flush()

    def flush(self) -> bool:
        """Writes what the transport takes now; whether all is written. A thread that is at it takes our bytes along."""
        self._wanted = True
        while self._wanted:
            if not self._writing.acquire(blocking=False):
                return False
            try:
                self._wanted = False
                if not self._write():
                    return False
            finally:
                self._writing.release()
        return True

    def _write(self) -> bool:
        while True:
            if not self._unsent:
                with self._core:
                    self._unsent = memoryview(self.connection.data_to_send())
                if not self._unsent:
                    return True
            taken = self._transport.write(self._unsent)
            if taken == 0:
                return False
            self._unsent = self._unsent[taken:]
