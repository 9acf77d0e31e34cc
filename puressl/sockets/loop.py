"""The one thread that serves all active sockets.

Theory of operation: the loop waits for every active socket at once and lets each attend to what has come, for a bounded
time, so that a fast peer does not keep the others waiting. Any thread asks for something by putting it into a queue and
waking the loop, which takes no lock, so that it can be done anywhere. A watched descriptor is held: closing it wakes
the loop, which lets it go.
"""

from __future__ import annotations

import selectors
import socket
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from puressl.errors import SSLError
from puressl.sockets.progress import Progress

if TYPE_CHECKING:
    from puressl.sockets.connected import Connected

#: Bytes of the wake-up socket read at once; more of them mean nothing.
_WAKE_SIZE = 4_096


class Loop:
    """A selector with its thread, which runs from ``start`` to ``stop``."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._sleeper, self._waker = socket.socketpair()
        for end in (self._sleeper, self._waker):
            end.setblocking(False)
        self._selector.register(self._sleeper, selectors.EVENT_READ)
        self._calls: deque[Callable[[], None]] = deque()
        self._woken = False
        self._stopping = False
        self._watched: dict[Connected, tuple[int, int]] = {}
        self._busy: list[Connected] = []
        self._thread = threading.Thread(target=self._run, name="puressl", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends the thread and lets go of every socket. What was asked for before is done first."""
        self.call(self._stop)
        self._thread.join()

    def call(self, function: Callable[[], None]) -> None:
        """Runs a function in the loop's thread, soon. From any thread, also while one ends."""
        self._calls.append(function)
        if not self._woken:
            self._woken = True
            with suppress(OSError):  # full: it wakes anyway; closed: nobody is left to
                self._waker.send(b"\0")

    def serve(self, process: Connected) -> None:
        """Attends to a socket, and goes on for as long as it is active. From any thread."""
        self.call(lambda: self._attend(process))

    def drop(self) -> None:
        """Closes the descriptors in a process that was forked: the thread is not in it. The selector is the parent's,
        too, and stays as it is.
        """
        self._close()

    def _stop(self) -> None:
        self._stopping = True

    def _run(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select(0 if self._busy or self._calls else None):
                if key.data is None:
                    self._sleep()
                else:
                    self._attend(key.data)
            busy, self._busy = self._busy, []
            for process in busy:
                self._attend(process)
            self._woken = False
            while self._calls:
                self._calls.popleft()()
        for process in list(self._watched):
            self._unwatch(process)
        self._close()

    def _sleep(self) -> None:
        with suppress(OSError):
            self._sleeper.recv(_WAKE_SIZE)

    def _attend(self, process: Connected) -> None:
        progress = process.attend()
        if progress is Progress.MORE:
            self._busy.append(process)
        elif progress is Progress.WAITING:
            self._watch(process)
        else:
            self._unwatch(process)

    def _watch(self, process: Connected) -> None:
        descriptor, interest = process.stream.fileno(), process.stream.interest
        if self._watched.get(process) == (descriptor, interest):
            return
        self._unwatch(process)
        with suppress(SSLError):  # closed meanwhile
            process.stream.descriptor.hold()
            try:
                self._register(process, descriptor, interest)
            except (OSError, ValueError):  # closed by somebody else: the next call on the socket says so
                process.stream.descriptor.release()

    def _register(self, process: Connected, descriptor: int, interest: int) -> None:
        with suppress(KeyError):  # the number was that of a socket which somebody else closed
            self._unwatch(self._selector.get_key(descriptor).data)
        self._selector.register(descriptor, interest, process)
        self._watched[process] = descriptor, interest

    def _unwatch(self, process: Connected) -> None:
        watched = self._watched.pop(process, None)
        if watched is None:
            return
        with suppress(KeyError, OSError):
            self._selector.unregister(watched[0])
        process.stream.descriptor.release()

    def _close(self) -> None:
        self._selector.close()
        self._sleeper.close()
        self._waker.close()
