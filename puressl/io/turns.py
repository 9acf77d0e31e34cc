"""A lock that is had in the order it was asked for.

Theory of operation: ``threading.Lock`` goes to whoever comes first after a release, and a thread that seals record
after record comes first every time: a reader would starve until the writer has finished. Here a release hands the lock
to the thread that has waited longest.
"""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType


class TurnLock:
    """A fair, non-reentrant mutual-exclusion lock; a context manager."""

    __slots__ = ("_gates", "_guard", "_held")

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._gates: deque[threading.Lock] = deque()
        self._held = False

    def __enter__(self) -> None:
        with self._guard:
            if not self._held:
                self._held = True
                return
            gate = threading.Lock()
            gate.acquire()
            self._gates.append(gate)
        try:
            gate.acquire()
        except BaseException:  # a KeyboardInterrupt: the turn is given up, or passed on if it has come
            self._give_up(gate)
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._guard:
            if self._gates:
                self._gates.popleft().release()
            else:
                self._held = False

    def _give_up(self, gate: threading.Lock) -> None:
        with self._guard:
            if gate in self._gates:
                self._gates.remove(gate)
                return
        self.__exit__(None, None, None)
