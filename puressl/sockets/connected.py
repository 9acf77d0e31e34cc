"""The process of a connection.

Theory of operation: data goes one way, from the stream to a buffer, from the buffer to packets, from packets to
``recv`` or the owner's mailbox; whoever takes a step on it has the turn. A passive socket's turn is with the thread in
``recv``, which may wait. An active one's is taken by whoever finds something to do, the loop's thread or one that has
just made it active, and nobody waits while having it. Each who lets the turn go looks whether the socket is active, and
asks the loop to serve it; so none is forgotten, whatever the order. How a connection ended is kept like a packet after
the last one.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import suppress
from typing import Any

from puressl.connection import Connection
from puressl.errors import Reason, SSLError
from puressl.events import Negotiated
from puressl.io.blocking import Answer, BlockingSocket
from puressl.io.descriptor import MAX_WAIT
from puressl.io.pump import READ_SIZE
from puressl.sockets.active import Activity, after_message, combined
from puressl.sockets.data import flatten, present
from puressl.sockets.mailbox import Mailbox
from puressl.sockets.messages import Closed, Data, Error, Message, Passive, SSLSocket
from puressl.sockets.options import Options, Place
from puressl.sockets.packets import Decoder, encode_header
from puressl.sockets.process import Process
from puressl.sockets.progress import Progress
from puressl.sockets.status import Status
from puressl.sockets.values import argument, integer, milliseconds

#: Bytes delivered to one owner before the loop looks after the other sockets: what the pump reads at once.
SERVED_AT_ONCE = READ_SIZE
#: The most that ``recv`` may be asked for, as in inet(3).
MAX_LENGTH = 64 << 20

_RAW = 0
#: What ``send`` meets when the peer has gone: closed for sending, and nothing else.
_GONE = frozenset({Reason.CLOSED, "epipe"})
#: Options of the transport below: level and name.
_TRANSPORT_OPTIONS = {
    "nodelay": (socket.IPPROTO_TCP, socket.TCP_NODELAY),
    "keepalive": (socket.SOL_SOCKET, socket.SO_KEEPALIVE),
}


class Connected(Process):
    """A connection, before, during and after its handshake. answer: for needs that its configuration leaves pending."""

    makes = SSLSocket
    handle: SSLSocket

    def __init__(
        self,
        application: Any,
        owner: Mailbox,
        options: Options,
        sock: socket.socket,
        connection: Connection,
        answer: Answer | None = None,
    ) -> None:
        super().__init__(application, owner, options, Status.NEW)
        self.stream = BlockingSocket(sock, connection, answer=answer, lingers=False)
        self.descriptor = self.stream.descriptor
        self._turn = threading.Lock()
        self._activity: Activity = False
        self._decoder = Decoder(_RAW, options["packet_size"])
        self._buffer = bytearray()
        self._piece = b""
        self._end: SSLError | None = None

    # Handshake --------------------------------------------------------------------------------------------------------

    def handshake(self, deadline: float | None) -> None:
        """The handshake of our role. deadline: of the monotonic clock. On any error the socket is closed."""
        with self.lock:
            self.permit("ssl_accept")
            self.status = Status.SHAKING
        try:
            self._set_transport(self.options)
            self.stream.handshake(_left(deadline))
            self._open()
        except BaseException:
            self.discard()
            raise
        self.resume()

    def _open(self) -> None:
        with self.lock:
            if self.status is not Status.SHAKING:
                raise SSLError(Reason.CLOSED)
            self.status = Status.OPEN
            self._set(self.options)
            if "active" not in self.options:
                self._activity = True

    # Receiving --------------------------------------------------------------------------------------------------------

    def recv(self, length: object, timeout: object) -> Any:
        self._check_passive()
        size: int = argument("length", integer(0, MAX_LENGTH), length)
        deadline = _deadline(milliseconds(timeout))
        if size and self.options["packet"] != _RAW:
            raise SSLError(Reason.EINVAL, "length: only in raw packet mode")
        try:
            self._take_turn(deadline)
            try:
                self._check_passive()
                return self._receive(size, deadline)
            finally:
                self._turn.release()
        finally:
            if self._is_served:
                self.resume()

    def _check_passive(self) -> None:
        self.permit("recv")
        if self._activity is not False:
            raise SSLError(("badcall", "recv"), "the socket is active")

    def _take_turn(self, deadline: float | None) -> None:
        left = _left(deadline)
        if not self._turn.acquire(timeout=-1 if left is None else min(left, MAX_WAIT)):
            raise SSLError(Reason.TIMEOUT)

    def _receive(self, length: int, deadline: float | None) -> Any:
        while (taken := self._packet(length)) is None:
            if self._end is not None:
                raise self._reached_end(length)
            self._read(deadline)
        with self.lock:
            return self._present(taken[0])

    def _read(self, deadline: float | None) -> None:
        """Waits for the next piece, or the end."""
        try:
            self._keep(self.stream.receive(_left(deadline)))
        except SSLError as error:
            if error.reason is Reason.TIMEOUT or self.status is Status.CLOSED:
                raise
            self._ended(error)

    def _reached_end(self, length: int) -> SSLError:
        """What ``recv`` meets after all data: how the connection ended, once, and then that it is closed."""
        if length and self._buffer:
            return SSLError(Reason.CLOSED, f"{len(self._buffer)} of {length} bytes came before the end")
        error = self._take_end()
        if error.reason is Reason.CLOSED:
            self._advance(Status.ENDED)
        return error

    # Active mode ------------------------------------------------------------------------------------------------------

    def attend(self) -> Progress:
        """Delivers what can be delivered now, for a bounded time. Never waits; from any thread."""
        while self._is_served and self._turn.acquire(blocking=False):
            try:
                progress = self._serve()
            finally:
                self._turn.release()
            if progress is Progress.PAUSED and not self.owner.is_pausing(self):
                continue  # it was resumed before the turn was free
            if progress is not Progress.IDLE:
                return progress
        return Progress.IDLE

    @property
    def interest(self) -> int:
        """What must become ready before there is more to attend to."""
        return self.stream.interest

    def resume(self) -> None:
        if self._is_served:
            self.application.loop.serve(self)

    @property
    def _is_served(self) -> bool:
        return self._activity is not False and Status.OPEN <= self.status < Status.ENDED

    def _serve(self) -> Progress:
        served = 0
        while (progress := self._deliver()) is None:
            if served >= SERVED_AT_ONCE:
                return Progress.MORE
            try:
                piece = self.stream.receive_now()
            except SSLError as error:
                self._ended(error)
                continue
            if piece is None:
                return Progress.WAITING
            self._keep(piece)
            served += len(piece)
        return progress

    def _deliver(self) -> Progress | None:
        """Puts what is there into the owner's mailbox. None: more must be read."""
        with self.lock:
            while self._is_served:
                if self._activity is True and self.owner.pause(self):
                    return Progress.PAUSED
                taken = self._packet()
                if taken is not None:
                    self._put(Data(self.handle, self._present(taken[0])), taken[1])
                elif self._end is None:
                    return None
                else:
                    self._put(self._last_message())
            return Progress.IDLE

    def _put(self, message: Message, size: int = 0) -> None:
        self.owner.put(message, size)
        if isinstance(message, Closed):
            self._activity, self.status = False, Status.ENDED
            return
        self._activity, passive = after_message(self._activity)
        if passive:
            self.owner.put(Passive(self.handle))

    def _last_message(self) -> Message:
        error = self._take_end()
        return Closed(self.handle) if error.reason is Reason.CLOSED else Error(self.handle, error.reason)

    # From pieces to packets: for who has the turn ---------------------------------------------------------------------

    def _keep(self, piece: bytes) -> None:
        if piece:
            self._piece = piece
        else:
            self._ended(SSLError(Reason.CLOSED))

    def _packet(self, length: int = 0) -> tuple[Any, int] | None:
        """The next packet, or so many bytes, and how many bytes it takes; None when it has not come."""
        piece, self._piece = self._piece, b""
        if piece and not length and not self._buffer and self.options["packet"] == _RAW:
            return piece, len(piece)  # the commonest case, without a copy
        self._buffer += piece
        available = len(self._buffer)
        if available < (length or 1):
            return None
        if length:
            data = bytes(memoryview(self._buffer)[:length])
            del self._buffer[:length]
            return data, length
        try:
            packet = self._decoder.decode(self._buffer)
        except SSLError as error:
            self._buffer.clear()
            self._ended(error)
            return None
        return None if packet is None else (packet, available - len(self._buffer))

    def _present(self, packet: Any) -> Any:
        return present(packet, self.options["mode"], self.options["header"])

    def _ended(self, error: SSLError) -> None:
        self._end = error
        self._advance(Status.CLOSING)

    def _take_end(self) -> SSLError:
        """How the connection ended: an error is told once, and from then on that it is closed."""
        error, self._end = self._end or SSLError(Reason.CLOSED), SSLError(Reason.CLOSED)
        return error

    def _advance(self, status: Status) -> None:
        with self.lock:
            self.status = max(self.status, status)

    # Sending ----------------------------------------------------------------------------------------------------------

    def send(self, data: object) -> None:
        self.permit("send")
        payload = flatten(data, Reason.EINVAL)
        header = encode_header(self.options["packet"], len(payload))
        whole = b"".join((header, payload)) if header else payload
        limit = self.options["send_timeout"]
        try:
            self.stream.write(whole, None if limit is None else limit / 1000)
        except SSLError as error:
            self._advance(Status.CLOSING)
            if self.status is Status.CLOSED or error.reason in _GONE:
                raise SSLError(Reason.CLOSED) from error
            raise

    # Options and views ------------------------------------------------------------------------------------------------

    def setopts(self, given: object) -> None:
        self.permit("setopts")
        options = Options.read(given, Place.SET)
        with self.lock:
            self.permit("setopts")
            self._set(options)
            self.options = self.options.changed(options)
        self._set_transport(options)
        if self.attend() in (Progress.WAITING, Progress.MORE):
            self.resume()

    def _set(self, options: Options) -> None:
        """Takes over the options that are more than a value to keep. All may fail, or all is done."""
        both = self.options.changed(options)
        passive = False
        if "active" in options:
            self._activity, passive = combined(self._activity, options["active"])
        if "packet" in options:
            self._decoder = Decoder(both["packet"], both["packet_size"])
        self._decoder.packet_size = both["packet_size"]
        if passive:
            self.owner.put(Passive(self.handle))

    def _set_transport(self, options: Options) -> None:
        for tag, (level, name) in _TRANSPORT_OPTIONS.items():
            if tag in options:
                with suppress(OSError):  # not TCP
                    self.stream.socket.setsockopt(level, name, options[tag])

    def _shown(self, tag: str) -> Any:
        return self._activity if tag == "active" else super()._shown(tag)

    @property
    def negotiated(self) -> Negotiated:
        return self.stream.negotiated

    @property
    def peer_certificates(self) -> tuple[bytes, ...]:
        return self.stream.connection.peer_certificates

    @property
    def transport(self) -> socket.socket:
        return self.stream.socket

    def _close_transport(self, patience: float) -> None:
        if self.stream.connection.negotiated is None and self.stream.has_last_words:
            self.application.loop.linger(self.stream)
        else:
            self.stream.close(patience)


def _deadline(seconds: float | None) -> float | None:
    return None if seconds is None else time.monotonic() + seconds


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(deadline - time.monotonic(), 0.0)
