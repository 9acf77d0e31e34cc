"""A connection over a socket, for calls that wait.

Theory of operation: the socket is non-blocking inside, and each call waits by itself until it may go on or its deadline
has passed, so that any thread may read while another writes, each with its own timeout. Nothing that had arrived is
lost: data is handed out before the error behind it, a timeout leaves the connection as it was, and a fatal alert is
carried to the peer before the error is raised. The end of the stream without close_notify is an error, ``truncated``
(RFC 8446 6.1), unlike close_notify, which is the end of the data.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any

from puressl.config import ClientConfig, ServerConfig
from puressl.connection import ClientConnection, Connection, ServerConnection
from puressl.errors import ProtocolError, Reason, SSLError, posix_reason
from puressl.events import DataReceived, Event, HandshakeCompleted, Need, Needed, PeerClosed
from puressl.io.pump import READ_SIZE, Pump

#: Bytes sealed at once: enough for full records, and little enough that a slow peer does not fill our memory.
WRITE_SIZE = 65_536
#: Seconds that a failed connection may take to get its alert out: the peer may have stopped reading.
ALERT_TIMEOUT = 1.0
#: Bytes discarded before a socket is closed, so that the kernel sends an end of file and not a reset, which would take
#: what the peer has not read yet with it.
MAX_DISCARDED = 1 << 20

#: Answers a need that a resolver has left pending.
Answer = Callable[[Need], Any]


class _SocketTransport:
    """A non-blocking socket as the pump's transport."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def read(self, limit: int) -> bytes | None:
        try:
            return self._socket.recv(limit)
        except (BlockingIOError, InterruptedError):
            return None

    def write(self, data: memoryview) -> int:
        try:
            return self._socket.send(data)
        except (BlockingIOError, InterruptedError):
            return 0


class BlockingSocket:
    """A TLS connection over a connected socket, which belongs to it from then on.

    connection: ``ClientConnection`` or ``ServerConnection``, not started. timeout: seconds that each call may take,
    None for any time. answer: for needs that a resolver leaves pending. As a context manager it is closed at the end.
    """

    def __init__(
        self,
        sock: socket.socket,
        connection: Connection,
        *,
        timeout: float | None = None,
        answer: Answer | None = None,
    ) -> None:
        sock.setblocking(False)
        self.socket = sock
        self.connection = connection
        self.timeout = timeout
        self._answer = answer
        self._pump = Pump(connection, _SocketTransport(sock))
        self._reading = threading.Lock()
        self._received = bytearray()
        self._closed = False

    def __enter__(self) -> BlockingSocket:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def handshake(self) -> None:
        """Runs the handshake to its end.

        Raises ``SSLError``: ``esslconnect``, ``esslaccept``, ``esslerrssl``, a certificate's reason, ``timeout`` or a
        POSIX name. The socket is closed then.
        """
        deadline = self._deadline()
        try:
            with self._pump.core:
                self.connection.start()
            while not isinstance(self._next_event(deadline), HandshakeCompleted):
                pass
            self._flush(deadline)
        except BaseException:
            self._discard()
            raise

    def read(self, limit: int = READ_SIZE) -> bytes:
        """Up to ``limit`` bytes, at least one; b"" when the peer has closed.

        Raises ``SSLError``: ``timeout`` (nothing is lost), ``esslerrssl`` with ``truncated`` or the peer's alert,
        POSIX.
        """
        deadline = self._deadline()
        with self._reading:
            while not self._received:
                event = self._next_event(deadline)
                if isinstance(event, PeerClosed) or event is None:
                    return b""
                if isinstance(event, DataReceived):
                    self._received += event.data
            data = bytes(self._received[:limit])
            del self._received[:limit]
            return data

    def read_exactly(self, length: int) -> bytes:
        """Exactly ``length`` bytes; fewer only if the peer closes before."""
        parts: list[bytes] = []
        while length:
            part = self.read(length)
            if not part:
                break
            parts.append(part)
            length -= len(part)
        return b"".join(parts)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Sends all of ``data``.

        Raises ``SSLError``: ``closed`` after ``close_write``, ``timeout`` (some of it may be sent), the peer's alert or
        a POSIX name.
        """
        deadline = self._deadline()
        view = memoryview(data).cast("B")
        for start in range(0, len(view), WRITE_SIZE):
            with self._pump.core:
                self.connection.send_data(view[start : start + WRITE_SIZE])
            self._flush(deadline)

    def close_write(self) -> None:
        """Sends close_notify; reading goes on until the peer closes, too (RFC 8446 6.1)."""
        with self._pump.core:
            self.connection.close()
        self._flush(self._deadline())

    def close(self) -> None:
        """Sends close_notify if the peer still takes it, and closes the socket. Idempotent, raises nothing."""
        if self._closed:
            return
        with suppress(SSLError):
            with self._pump.core:
                self.connection.close()
            self._flush(time.monotonic() + ALERT_TIMEOUT)
        self._discard()

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self.socket.fileno()

    # Waiting ----------------------------------------------------------------------------------------------------------

    def _deadline(self) -> float | None:
        return None if self.timeout is None else time.monotonic() + self.timeout

    def _wait(self, events: int, deadline: float | None) -> None:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise SSLError(Reason.TIMEOUT)
        with selectors.DefaultSelector() as selector, _posix_errors():
            selector.register(self.socket, events)
            if not selector.select(left):
                raise SSLError(Reason.TIMEOUT)

    def _next_event(self, deadline: float | None) -> Event | None:
        """The next event, needs answered; None after the peer's close."""
        while True:
            try:
                with _posix_errors():
                    event = self._pump.step()
            except SSLError as error:
                self._last_words(error)
                raise
            if isinstance(event, Needed):
                self._resolve(event.need)
            elif event is not None or self.connection.peer_closed:
                return event
            else:
                writing = selectors.EVENT_WRITE if self._pump.wants_write else 0
                self._wait(selectors.EVENT_READ | writing, deadline)

    def _resolve(self, need: Need) -> None:
        if self._answer is None:
            raise SSLError(Reason.EX509LOOKUP, f"nothing answers the pending {type(need).__name__}")
        try:
            result = self._answer(need)
        except Exception as error:
            result = error
        with self._pump.core:
            self.connection.resolve(need, result)

    def _flush(self, deadline: float | None) -> None:
        try:
            with _posix_errors():
                while not self._pump.flush():
                    self._wait(selectors.EVENT_WRITE, deadline)
        except SSLError as error:
            if error.reason is Reason.TIMEOUT:
                raise
            raise self._peer_reason(error) from error

    def _peer_reason(self, error: SSLError) -> SSLError:
        """Why writing failed: the peer's alert, where one has arrived, says more than a broken pipe."""
        try:
            while True:
                event = self._pump.step()
                if event is None:
                    return error
                if isinstance(event, DataReceived):
                    self._received += event.data
        except ProtocolError as alert:
            return alert if alert.received is not None else error
        except OSError:
            return error

    # Ending -----------------------------------------------------------------------------------------------------------

    def _last_words(self, error: SSLError) -> None:
        """Carries a fatal alert to the peer: what is queued is written, and no reset may overtake it."""
        if not isinstance(error, SSLError) or self.connection.failure is None:
            return
        with suppress(SSLError, OSError):
            deadline = time.monotonic() + ALERT_TIMEOUT
            while not self._pump.flush():
                self._wait(selectors.EVENT_WRITE, deadline)
            self.socket.shutdown(socket.SHUT_WR)

    def _discard(self) -> None:
        """Closes the socket after what has arrived was taken off it."""
        self._closed = True
        with suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
        with suppress(OSError):
            discarded = 0
            while discarded < MAX_DISCARDED and (data := self.socket.recv(READ_SIZE)):
                discarded += len(data)
        self.socket.close()


def connect(
    address: tuple[str, int], config: ClientConfig, *, timeout: float | None = None, answer: Answer | None = None
) -> BlockingSocket:
    """A client's connection, its handshake done.

    address: host name or IP address, and port. timeout: seconds for the connection, the handshake and each call after
    it. Raises ``SSLError``: ``nxdomain``, ``timeout``, a POSIX name, and what ``BlockingSocket.handshake`` raises.
    """
    with _posix_errors(f"{address[0]} port {address[1]}"):
        sock = socket.create_connection(address, timeout)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    peer = BlockingSocket(sock, ClientConnection(config), timeout=timeout, answer=answer)
    peer.handshake()
    return peer


def accept(
    listener: socket.socket, config: ServerConfig, *, timeout: float | None = None, answer: Answer | None = None
) -> BlockingSocket:
    """A server's next connection, its handshake done. timeout: seconds for each of both, and for each call after them.

    Raises ``SSLError`` as ``connect`` does.
    """
    listener.settimeout(timeout)
    with _posix_errors():
        sock, _ = listener.accept()
    peer = BlockingSocket(sock, ServerConnection(config), timeout=timeout, answer=answer)
    peer.handshake()
    return peer


@contextmanager
def _posix_errors(detail: str | None = None) -> Iterator[None]:
    """Gives the operating system's errors their reasons. detail: what was tried, for a person."""
    try:
        yield
    except SSLError:
        raise
    except socket.gaierror as error:
        raise SSLError(Reason.NXDOMAIN, detail) from error
    except TimeoutError as error:
        raise SSLError(Reason.TIMEOUT, detail) from error
    except OSError as error:
        raise SSLError(posix_reason(error), detail) from error
    except ValueError as error:  # a selector's word for a socket that another thread has closed
        raise SSLError(Reason.CLOSED) from error
