"""A socket that several threads use, closed when none of them waits for it any more.

Theory of operation: a descriptor's number may be another file's the moment it is closed, so whoever waits for one holds
it meanwhile, an event loop as long as it watches it. Closing wakes the holders by ending both directions of the socket;
the last of them to let go closes it. A listening socket has no directions, and only some systems wake who waits for
one that is shut down: there the end of a pair of sockets, for which they wait, too, does it.
"""

from __future__ import annotations

import selectors
import socket
import threading
import time
from contextlib import suppress

from puressl.errors import Reason, SSLError

#: Seconds in one system call: ``poll`` and locks refuse what is much longer, so that longer waits go on after it.
MAX_WAIT = 86_400.0

#: ``poll`` where there is one: it needs no descriptor of its own and has no limit on theirs, unlike ``select``.
_Selector: type[selectors.BaseSelector] = getattr(selectors, "PollSelector", selectors.SelectSelector)


def seconds_left(deadline: float | None) -> float | None:
    """Seconds until a moment of the monotonic clock, None for any time. Raises ``SSLError(timeout)`` after it."""
    if deadline is None:
        return None
    left = deadline - time.monotonic()
    if left <= 0:
        raise SSLError(Reason.TIMEOUT)
    return left


class Descriptor:
    """A non-blocking socket and those who wait for it."""

    __slots__ = ("_closed", "_holders", "_lock", "socket")

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._lock = threading.Lock()
        self._holders = 0
        self._closed = False

    @property
    def is_held(self) -> bool:
        """Whether somebody waits."""
        return self._holders > 0

    def hold(self) -> None:
        """Keeps the descriptor from being closed until ``release``. Raises ``SSLError(closed)`` once it is."""
        with self._lock:
            if self._closed:
                raise SSLError(Reason.CLOSED)
            self._holders += 1

    def release(self) -> None:
        """Takes one ``hold`` back."""
        with self._lock:
            self._holders -= 1
            self._close_unheld()

    def wait(self, events: int, deadline: float | None) -> None:
        """Until the socket is ready.

        events: of ``selectors``. deadline: of the monotonic clock, None for any time.
        Raises ``SSLError``: ``timeout``, ``closed`` after ``close``, ``enoproxysocket`` if the socket was closed by
        somebody else.
        """
        left = seconds_left(deadline)
        self.hold()
        try:
            with _Selector() as selector:
                self._register(selector, events)
                ready = selector.select(None if left is None else min(left, MAX_WAIT))
        except ValueError as error:  # a selector's word for a descriptor that is gone
            raise SSLError(Reason.ENOPROXYSOCKET) from error
        finally:
            self.release()
        if not ready and left is not None and left <= MAX_WAIT:
            raise SSLError(Reason.TIMEOUT)

    def close(self) -> None:
        """Closes the socket as soon as nobody holds it, and wakes those who do. Idempotent."""
        with self._lock:
            self._closed = True
            if self._holders:
                with suppress(OSError):
                    self._wake()
            self._close_unheld()

    def drop(self) -> None:
        """Closes the socket in a process that was forked, where nobody holds it, and wakes nobody in the other."""
        self.socket.close()

    def _close_unheld(self) -> None:
        if self._closed and not self._holders:
            self.drop()

    def _register(self, selector: selectors.BaseSelector, events: int) -> None:
        selector.register(self.socket, events)

    def _wake(self) -> None:
        self.socket.shutdown(socket.SHUT_RDWR)


class ListeningDescriptor(Descriptor):
    """A non-blocking listening socket and those who wait for it."""

    __slots__ = ("_sleeper", "_waker")

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self._sleeper, self._waker = socket.socketpair()

    def drop(self) -> None:
        for each in (self.socket, self._sleeper, self._waker):
            each.close()

    def _register(self, selector: selectors.BaseSelector, events: int) -> None:
        selector.register(self.socket, events)
        selector.register(self._sleeper, selectors.EVENT_READ)

    def _wake(self) -> None:
        self._waker.shutdown(socket.SHUT_WR)
