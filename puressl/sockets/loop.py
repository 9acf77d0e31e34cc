"""The one thread that serves all active sockets.

Theory of operation: the loop waits for every active socket at once and lets each attend to what has come, for a bounded
time, so that a fast peer does not keep the others waiting. Any thread asks for something by putting it into a queue and
waking the loop, which takes no lock, so that it can be done anywhere; once the loop has ended, whoever asks does it.
A watched descriptor is held: closing it wakes the loop, which lets it go.
"""

from __future__ import annotations

import math
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from puressl.errors import SSLError
from puressl.io.blocking import LAST_WORDS_TIMEOUT, BlockingSocket
from puressl.sockets.lingering import Lingering, Watched
from puressl.sockets.progress import Progress

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
        self._ended = False
        self._watched: dict[Watched, tuple[int, int]] = {}
        self._busy: list[Watched] = []
        self._lingering: deque[tuple[float, Lingering]] = deque()
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
        if self._ended:
            self._run_calls()
        elif not self._woken:
            self._woken = True
            with suppress(OSError):  # full: it wakes anyway; closed: nobody is left to
                self._waker.send(b"\0")

    def serve(self, process: Watched) -> None:
        """Attends to a socket, and goes on for as long as it is active. From any thread."""
        self.call(lambda: self._attend(process))

    def linger(self, stream: BlockingSocket) -> None:
        """Closes a socket whose handshake has failed, when its peer has ended or after a moment. From any thread."""
        self.call(lambda: self._linger(Lingering(stream)))

    def drop(self) -> None:
        """Closes the descriptors in a process that was forked: the thread is not in it. The selector is the parent's,
        too, and stays as it is.
        """
        for _, lingering in self._lingering:
            lingering.descriptor.drop()
        self._close()

    def _stop(self) -> None:
        self._stopping = True

    def _run(self) -> None:
        while not self._stopping:
            for key, _ in self._selector.select(self._patience()):
                if key.data is None:
                    self._sleep()
                else:
                    self._attend(key.data)
            busy, self._busy = self._busy, []
            for process in busy:
                self._attend(process)
            self._end_lingering(time.monotonic())
            self._woken = False
            self._run_calls()
        self._end_lingering(math.inf)
        for process in list(self._watched):
            self._unwatch(process)
        self._close()
        self._ended = True  # before the last look, so that no call is left between them
        self._run_calls()

    def _run_calls(self) -> None:
        while self._calls:
            try:
                function = self._calls.popleft()
            except IndexError:  # after the end another thread may be quicker
                return
            function()

    def _patience(self) -> float | None:
        """Seconds until there is something to do by itself."""
        if self._busy or self._calls:
            return 0
        return max(self._lingering[0][0] - time.monotonic(), 0) if self._lingering else None

    def _linger(self, lingering: Lingering) -> None:
        if self._stopping:
            lingering.close()
            return
        self._lingering.append((time.monotonic() + LAST_WORDS_TIMEOUT, lingering))
        self._attend(lingering)

    def _end_lingering(self, now: float) -> None:
        while self._lingering and self._lingering[0][0] <= now:
            _, lingering = self._lingering.popleft()
            lingering.close()
            self._unwatch(lingering)

    def _sleep(self) -> None:
        with suppress(OSError):
            self._sleeper.recv(_WAKE_SIZE)

    def _attend(self, process: Watched) -> None:
        if self._stopping:
            return
        progress = process.attend()
        if progress is Progress.MORE:
            self._busy.append(process)
        elif progress is Progress.WAITING:
            self._watch(process)
        else:
            self._unwatch(process)

    def _watch(self, process: Watched) -> None:
        descriptor, interest = process.descriptor.socket.fileno(), process.interest
        if self._watched.get(process) == (descriptor, interest):
            return
        self._unwatch(process)
        with suppress(SSLError):  # closed meanwhile
            process.descriptor.hold()
            try:
                self._register(process, descriptor, interest)
            except (OSError, ValueError):  # closed by somebody else: the next call on the socket says so
                process.descriptor.release()

    def _register(self, process: Watched, descriptor: int, interest: int) -> None:
        with suppress(KeyError):  # the number was that of a socket which somebody else closed
            self._unwatch(self._selector.get_key(descriptor).data)
        self._selector.register(descriptor, interest, process)
        self._watched[process] = descriptor, interest

    def _unwatch(self, process: Watched) -> None:
        watched = self._watched.pop(process, None)
        if watched is None:
            return
        with suppress(KeyError, OSError):
            self._selector.unregister(watched[0])
        process.descriptor.release()

    def _close(self) -> None:
        self._selector.close()
        self._sleeper.close()
        self._waker.close()
