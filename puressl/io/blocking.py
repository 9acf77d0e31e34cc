"""A connection over a socket, for calls that wait.

Theory of operation: the socket is non-blocking inside, and each call waits by itself until it may go on or its deadline
has passed. A wait holds nothing that the other direction needs: any thread may read while another writes or closes,
each with its own timeout; two writers take turns by the call, so that what one sends stays in one piece, and so do two
readers. Nothing that had arrived is lost: data is handed out before the error behind it, and a read that times out
leaves the connection as it was. A fatal alert is carried to the peer before the error is raised, and then the socket is
read dry for a moment, because the kernel answers bytes that nobody read with a reset, which may overtake the alert. The
end of the stream without close_notify is an error, ``truncated`` (RFC 8446 6.1); close_notify is the end of the data.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum
from types import TracebackType
from typing import Any, Union

from puressl.config import ClientConfig, ServerConfig
from puressl.connection import ClientConnection, Connection, ServerConnection
from puressl.errors import ProtocolError, Reason, SSLError
from puressl.events import DataReceived, Event, HandshakeCompleted, Need, Needed, Negotiated
from puressl.io.descriptor import MAX_WAIT, Descriptor
from puressl.io.dial import dial
from puressl.io.pump import READ_SIZE, Pump
from puressl.io.transport import SocketTransport, as_ssl_error

#: Bytes sealed at once, four full records: what the ciphers do best together, while another thread waits for the core a
#: few milliseconds at most.
WRITE_SIZE = 65_536
#: Seconds that an ending connection may take to get its last alert out and to the peer, which may have stopped reading.
LAST_WORDS_TIMEOUT = 1.0
#: Bytes discarded before a socket is closed, so that the kernel ends it without a reset.
MAX_DISCARDED = 1 << 20

#: Answers a need that a resolver has left pending; what it raises refuses.
Answer = Callable[[Need], Any]


class _Own(Enum):
    TIMEOUT = "the socket's own timeout"


#: Seconds, None for any time, or left out: the socket's own.
Timeout = Union[float, None, _Own]


class BlockingSocket:
    """A TLS connection over a connected socket, which belongs to it from then on.

    connection: ``ClientConnection`` or ``ServerConnection``, not started. timeout: seconds that each call may take,
    None for any time; a call's own ``timeout`` goes before it. answer: for needs that a resolver leaves pending.
    lingers: whether a call that fails reads the socket dry by itself; if not, ``has_last_words`` says whether somebody
    should, and a handshake that fails leaves the socket open for it. As a context manager it is closed at the end.
    """

    def __init__(
        self,
        sock: socket.socket,
        connection: Connection,
        *,
        timeout: float | None = None,
        answer: Answer | None = None,
        lingers: bool = True,
    ) -> None:
        sock.setblocking(False)
        self.socket = sock
        self.descriptor = Descriptor(sock)
        self.connection = connection
        self.timeout = timeout
        self._answer = answer
        self._lingers = lingers
        self._pump = Pump(connection, SocketTransport(sock))
        self._reading = threading.Lock()
        self._writing = threading.Lock()
        self._received = bytearray()
        self._cut = False
        self._closing = False
        self._last_words_end: float | None = None

    def __enter__(self) -> BlockingSocket:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def handshake(self, timeout: Timeout = _Own.TIMEOUT) -> None:
        """Runs the handshake to its end.

        Raises ``SSLError``: ``esslconnect``, ``esslaccept``, ``esslerrssl``, a certificate's reason, ``timeout``,
        ``ex509lookup`` where nothing answers a need, or a POSIX name. The socket is closed then.
        """
        deadline = self._deadline(timeout)
        try:
            with _turn(self._reading, deadline):
                with self._pump.lock:
                    self.connection.start()
                while not isinstance(self._next_event(deadline), HandshakeCompleted):
                    pass
                self._flush_handshake(deadline)
        except BaseException as error:
            if self._lingers or not self.has_last_words:
                self._abandon()
            if isinstance(error, SSLError) and error.reason is Reason.TIMEOUT:
                raise SSLError(Reason.TIMEOUT, f"the handshake waited in {self.connection.state}") from None
            raise

    def read(self, limit: int = READ_SIZE, timeout: Timeout = _Own.TIMEOUT) -> bytes:
        """Up to ``limit`` bytes, at least one; b"" when the peer has closed.

        Raises ``SSLError``: ``timeout`` (nothing is lost), ``esslerrssl`` with ``truncated`` or the peer's alert,
        ``closed`` after ``close``, ``einval`` for a limit below 1, POSIX. All but the timeout come again at every call.
        """
        if limit < 1:
            raise SSLError(Reason.EINVAL, f"limit: {limit} is not positive")
        return self._read(1, limit, self._deadline(timeout))

    def read_exactly(self, length: int, timeout: Timeout = _Own.TIMEOUT) -> bytes:
        """Exactly ``length`` bytes; fewer only if the peer closes before. After an error ``read`` has what had come."""
        return self._read(length, length, self._deadline(timeout))

    def receive(self, timeout: Timeout = _Own.TIMEOUT) -> bytes:
        """The next piece of data, as it came and not copied; b"" when the peer has closed. Raises as ``read`` does, and
        at once: the alert of a failure goes out when it can, by ``close`` at the latest.
        """
        deadline = self._deadline(timeout)
        with _turn(self._reading, deadline):
            while (piece := self._receive_now()) is None:
                self.descriptor.wait(self.interest, deadline)
            return piece

    def receive_now(self) -> bytes | None:
        """As ``receive``, but None at once when nothing has come. For event loops: they wait for ``interest``."""
        with self._reading:
            return self._receive_now()

    @property
    def interest(self) -> int:
        """What must become ready before ``receive_now`` can do more: events of ``selectors``."""
        reading = selectors.EVENT_READ if self._pump.wants_read else 0
        return reading | (selectors.EVENT_WRITE if self._pump.wants_write else 0)

    def write(self, data: bytes | bytearray | memoryview, timeout: Timeout = _Own.TIMEOUT) -> None:
        """Sends all of ``data``.

        Raises ``SSLError``: ``closed`` after ``close_write``, the peer's close in TLS 1.2, or a failed write;
        ``timeout`` (some of it may be sent, so nothing more can be); the peer's alert, or else a POSIX name.
        """
        deadline = self._deadline(timeout)
        view = memoryview(data).cast("B")
        with _turn(self._writing, deadline):
            self._check_uncut()
            for start in range(0, len(view), WRITE_SIZE):
                with self._pump.lock:
                    self.connection.send_data(view[start : start + WRITE_SIZE])
                self._write_out(deadline)

    def update_keys(self, *, request: bool = True, timeout: Timeout = _Own.TIMEOUT) -> None:
        """Changes our traffic keys, as ``Connection.update_keys``. Raises as ``write`` does."""
        deadline = self._deadline(timeout)
        with _turn(self._writing, deadline):
            self._check_uncut()
            with self._pump.lock:
                self.connection.update_keys(request=request)
            self._write_out(deadline)

    def close_write(self, timeout: Timeout = _Own.TIMEOUT) -> None:
        """Sends close_notify after what other threads are writing; reading goes on until the peer closes, too (RFC
        8446 6.1). Raises as ``write`` does.
        """
        deadline = self._deadline(timeout)
        with _turn(self._writing, deadline):
            self._check_uncut()
            with self._pump.lock:
                self.connection.close()
            self._write_out(deadline)

    def close(self, patience: float = LAST_WORDS_TIMEOUT) -> None:
        """Sends close_notify if the peer still takes it, and closes the socket. Idempotent, raises nothing.

        patience: seconds that other threads' writes and a peer that does not read may take. A thread that waits in
        another call gets ``closed``. After a write that was cut short there is no close_notify: the peer shall see that
        something is missing.
        """
        with self._pump.lock:
            first, self._closing = not self._closing, True
        if not first:
            return
        deadline = time.monotonic() + patience
        with suppress(SSLError), _turn(self._writing, deadline):
            if not self._cut:
                with self._pump.lock:
                    self.connection.close()
                self._flush(deadline)
        self._abandon()

    @property
    def negotiated(self) -> Negotiated:
        """What the handshake agreed on. Raises ``SSLError(ebadstate)`` before it is complete."""
        negotiated = self.connection.negotiated
        if negotiated is None:
            raise SSLError(Reason.EBADSTATE, "the handshake is not complete")
        return negotiated

    def fileno(self) -> int:
        """The socket's descriptor."""
        return self.socket.fileno()

    def _read(self, least: int, most: int, deadline: float | None) -> bytes:
        """At least ``least`` bytes unless the peer closes before, at most ``most``."""
        with _turn(self._reading, deadline):
            self._check_open()
            while len(self._received) < least and (event := self._next_event(deadline)) is not None:
                self._keep(event)
            data = bytes(self._received[:most])
            del self._received[:most]
            return data

    def _receive_now(self) -> bytes | None:
        self._check_open()
        while not self._received:
            try:
                event = self._pump.step()
            except SSLError as error:
                if self._closing:
                    raise SSLError(Reason.CLOSED) from error
                raise
            if isinstance(event, DataReceived):
                return event.data
            if event is None and self.connection.failure is not None:
                raise self.connection.failure.with_traceback(None)
            if event is None:
                return b"" if self.connection.peer_closed else None
        data = bytes(self._received)
        self._received.clear()
        return data

    def _check_open(self) -> None:
        if self._closing:
            raise SSLError(Reason.CLOSED)

    def _check_uncut(self) -> None:
        """After half a message nothing may follow, close_notify neither: the peer would take it for all of it."""
        if self._cut:
            raise SSLError(Reason.CLOSED, "an earlier write was cut short")

    # Waiting ----------------------------------------------------------------------------------------------------------

    def _deadline(self, timeout: Timeout) -> float | None:
        seconds = self.timeout if isinstance(timeout, _Own) else timeout
        return None if seconds is None else time.monotonic() + seconds

    def _next_event(self, deadline: float | None) -> Event | None:
        """The next event, needs answered; None after the peer's close."""
        while True:
            try:
                event = self._pump.step()
            except SSLError as error:
                if self._closing:
                    raise SSLError(Reason.CLOSED) from error
                if self._lingers and self.has_last_words:
                    self._linger()
                raise
            if isinstance(event, Needed):
                self._resolve(event.need)
            elif event is not None or self.connection.peer_closed:
                return event
            else:
                self._wait_for_step(deadline)

    def _wait_for_step(self, deadline: float | None) -> None:
        """Waits for what the pump wants; with a failure, only until its alert is out, and for a bounded time."""
        failure = self.connection.failure
        if failure is None:
            writing = selectors.EVENT_WRITE if self._pump.wants_write else 0
            self.descriptor.wait(selectors.EVENT_READ | writing, deadline)
            return
        try:
            self.descriptor.wait(selectors.EVENT_WRITE, self._last_words_deadline())
        except SSLError:
            raise failure from None

    def _keep(self, event: Event) -> None:
        if isinstance(event, DataReceived):
            self._received += event.data

    def _resolve(self, need: Need) -> None:
        if self._answer is None:
            raise SSLError(Reason.EX509LOOKUP, f"nothing answers the pending {type(need).__name__}")
        try:
            result = self._answer(need)
        except Exception as error:
            result = error
        with self._pump.lock:
            self.connection.resolve(need, result)

    def _flush(self, deadline: float | None) -> None:
        while not self._pump.flush():
            self.descriptor.wait(selectors.EVENT_WRITE, deadline)

    def _flush_handshake(self, deadline: float | None) -> None:
        try:
            self._flush(deadline)
        except SSLError as error:
            raise self._why(error) from error

    def _write_out(self, deadline: float | None) -> None:
        """Flushes for a write, which has failed for good if that fails."""
        try:
            self._flush(deadline)
        except SSLError as error:
            self._cut = True
            if self._closing:
                raise SSLError(Reason.CLOSED) from error
            if error.reason is Reason.TIMEOUT:
                raise
            with suppress(SSLError), _turn(self._reading, time.monotonic() + LAST_WORDS_TIMEOUT):
                error = self._why(error)
            raise error
        except BaseException:
            self._cut = True
            raise

    def _why(self, error: SSLError) -> SSLError:
        """Why writing failed: the peer's alert, where one has arrived, says more than a broken pipe. Needs the turn to
        read.
        """
        with suppress(SSLError):
            while (event := self._pump.step()) is not None:
                self._keep(event)
        failure = self.connection.failure
        return failure if isinstance(failure, ProtocolError) and failure.received is not None else error

    # Ending -----------------------------------------------------------------------------------------------------------

    def _last_words_deadline(self) -> float:
        if self._last_words_end is None:
            self._last_words_end = time.monotonic() + LAST_WORDS_TIMEOUT
        return self._last_words_end

    @property
    def has_last_words(self) -> bool:
        """Whether the connection ended with an alert of ours, which the peer should get to read."""
        failure = self.connection.failure
        return failure is not None and not (isinstance(failure, ProtocolError) and failure.alert is None)

    def drain(self) -> bool:
        """Ends our direction, and throws away what has come; whether it should be tried again when more has."""
        try:
            self.socket.shutdown(socket.SHUT_WR)
            for _ in range(MAX_DISCARDED // READ_SIZE):
                if not self.socket.recv(READ_SIZE):
                    break
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            pass
        return False

    def _linger(self) -> None:
        """Reads on until the peer has ended its direction, too, for a bounded time."""
        deadline = self._last_words_deadline()
        with suppress(SSLError):
            while self.drain():
                self.descriptor.wait(selectors.EVENT_READ, deadline)

    def _abandon(self) -> None:
        """Closes the socket after what has arrived was taken off it, and wakes whoever waits for it."""
        with self._pump.lock:
            self._closing = True
            self.drain()
            self.descriptor.close()


def connect(
    address: tuple[str, int], config: ClientConfig, *, timeout: float | None = None, answer: Answer | None = None
) -> BlockingSocket:
    """A client's connection, its handshake done.

    address: host name or IP address, and port. timeout: seconds for the look-up of the name, the connection and the
    handshake together, and for each call after them. Raises ``SSLError``: ``nxdomain``,
    ``timeout``, a POSIX name, and what ``BlockingSocket.handshake`` raises.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    connection = ClientConnection(config)
    peer = _wrap(dial(address, deadline), connection, timeout, answer)
    peer.handshake(None if deadline is None else max(deadline - time.monotonic(), 0.0))
    return peer


def upgrade(
    sock: socket.socket,
    config: ClientConfig | ServerConfig,
    *,
    timeout: float | None = None,
    answer: Answer | None = None,
) -> BlockingSocket:
    """TLS over a connected socket, the handshake done. The configuration says which role is ours.

    The socket belongs to the result from then on, and is closed if the handshake fails. timeout: seconds for the
    handshake, and for each call after it. Raises ``SSLError``: ``ewantconnect`` for a socket that is not connected
    (which stays as it is), and what ``BlockingSocket.handshake`` raises.
    """
    try:
        sock.getpeername()
    except OSError as error:
        raise SSLError(Reason.EWANTCONNECT, "the socket is not connected") from error
    connection = ServerConnection(config) if isinstance(config, ServerConfig) else ClientConnection(config)
    peer = _wrap(sock, connection, timeout, answer)
    peer.handshake()
    return peer


def accept(
    listener: socket.socket, config: ServerConfig, *, timeout: float | None = None, answer: Answer | None = None
) -> BlockingSocket:
    """A server's next connection, its handshake done. timeout: seconds for each of both, and for each call after them.

    A server of many clients accepts by itself, and calls ``upgrade`` in a thread for each. Raises ``SSLError`` as
    ``connect`` does; the listener goes on.
    """
    connection = ServerConnection(config)
    try:
        listener.settimeout(timeout)
        sock, _ = listener.accept()
    except OSError as error:
        raise as_ssl_error(error) from error
    peer = _wrap(sock, connection, timeout, answer)
    peer.handshake()
    return peer


def _wrap(sock: socket.socket, connection: Connection, timeout: float | None, answer: Answer | None) -> BlockingSocket:
    with suppress(OSError):  # not TCP; each flight is one write already, so that waiting for more gains nothing
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return BlockingSocket(sock, connection, timeout=timeout, answer=answer)


@contextmanager
def _turn(lock: threading.Lock, deadline: float | None) -> Iterator[None]:
    """Holds one direction for one call. Raises ``SSLError(timeout)`` when another call keeps it for too long."""
    left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
    if not lock.acquire(timeout=-1 if left is None else min(left, MAX_WAIT)):
        raise SSLError(Reason.TIMEOUT)
    try:
        yield
    finally:
        lock.release()
