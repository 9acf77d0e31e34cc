"""The messages of active sockets, process handles, and the handles of sockets.

Theory of operation: a message is a tuple whose first field is ssl(3)'s atom, so that it matches as in Erlang: ``("ssl",
socket, data)``. Its class makes it without the atom. Handles are small: all that happens, happens in the process.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from puressl.errors import ReasonLike

if TYPE_CHECKING:
    from puressl.sockets.process import Process


class _Data(NamedTuple):
    tag: str
    socket: SSLSocket
    data: Any


class _Closed(NamedTuple):
    tag: str
    socket: SSLSocket


class _Error(NamedTuple):
    tag: str
    socket: SSLSocket
    reason: ReasonLike


class _Passive(NamedTuple):
    tag: str
    socket: SSLSocket


class _Exit(NamedTuple):
    tag: str
    pid: Pid
    reason: ReasonLike


class Data(_Data):
    """``("ssl", socket, data)``: data has come, in the socket's mode and packet type."""

    __slots__ = ()
    __match_args__ = ("socket", "data")

    def __new__(cls, socket: SSLSocket, data: Any) -> Data:
        return super().__new__(cls, "ssl", socket, data)


class Closed(_Closed):
    """``("ssl_closed", socket)``: the connection has ended."""

    __slots__ = ()
    __match_args__ = ("socket",)

    def __new__(cls, socket: SSLSocket) -> Closed:
        return super().__new__(cls, "ssl_closed", socket)


class Error(_Error):
    """``("ssl_error", socket, reason)``: the connection has failed; ``Closed`` follows."""

    __slots__ = ()
    __match_args__ = ("socket", "reason")

    def __new__(cls, socket: SSLSocket, reason: ReasonLike) -> Error:
        return super().__new__(cls, "ssl_error", socket, reason)


class Passive(_Passive):
    """``("ssl_passive", socket)``: as many messages as were asked for have come."""

    __slots__ = ()
    __match_args__ = ("socket",)

    def __new__(cls, socket: SSLSocket) -> Passive:
        return super().__new__(cls, "ssl_passive", socket)


class Exit(_Exit):
    """``("EXIT", pid, reason)``: a socket's process has ended abnormally."""

    __slots__ = ()
    __match_args__ = ("pid", "reason")

    def __new__(cls, pid: Pid, reason: ReasonLike) -> Exit:
        return super().__new__(cls, "EXIT", pid, reason)


Message = Union[Data, Closed, Error, Passive, Exit]


@dataclass(frozen=True, order=True, slots=True)
class Pid:
    """A socket's process. Hashable and comparable, also after the process has ended."""

    number: int
    _process: Process = field(compare=False, repr=False)

    def cast(self, request: object) -> None:
        """A one-way request. The process knows none: it ends with the reason ``("badcast", request)``."""
        self._process.exit(("badcast", request))

    def send(self, message: object) -> None:
        """A message. The process expects none: it ends with the reason ``("badinfo", message)``."""
        self._process.exit(("badinfo", message))


class Handle:
    """What users hold of a process."""

    __slots__ = ("_process",)

    def __init__(self, process: Process) -> None:
        self._process = process

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._process.pid.number}>"


class SSLSocket(Handle):
    """A connection, from ``connect`` or ``transport_accept``."""

    __slots__ = ()


class ListenSocket(Handle):
    """A listening socket, from ``listen``."""

    __slots__ = ()


def process_of(handle: Handle) -> Process:
    """The process behind a handle."""
    return handle._process


def concerns(message: Message, handle: Handle) -> bool:
    """Whether a message is from this socket or its process."""
    return message.pid == process_of(handle).pid if isinstance(message, Exit) else message.socket is handle
