"""Mailboxes: where an owner's messages wait, and the life of owners.

Theory of operation: a mailbox is a queue that can be searched. Bytes of data in it are counted, and a socket that finds
too many pauses until enough were taken out: so a reader that falls behind slows its peers down by TCP, and memory stays
bounded. A mailbox is also what sockets belong to. A thread's own one ends with its thread: a finaliser on something
only that thread refers to notices it, and its sockets are closed.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from puressl.errors import Reason, SSLError
from puressl.io.descriptor import MAX_WAIT
from puressl.sockets.messages import Handle, Message, concerns
from puressl.sockets.values import milliseconds

if TYPE_CHECKING:
    from puressl.sockets.process import Process

#: Bytes of data in a mailbox beyond which active sockets stop reading: as much as a TCP window holds for a fast peer,
#: and little beside what a program takes.
MAX_WAITING = 1 << 20
#: Below this they go on: half, so that a mailbox at its limit does not stop and start them for each message.
RESUMED_BELOW = MAX_WAITING // 2
#: What a message weighs beside its data, so that very many very small ones are bounded, too.
MESSAGE_WEIGHT = 256

_serials = itertools.count(1)


class _Entry:
    """A message that waits. size: bytes it counts for. serial: rises in the order of arrival."""

    __slots__ = ("message", "serial", "size")

    def __init__(self, message: Message, size: int) -> None:
        self.message = message
        self.size = size
        self.serial = next(_serials)


class Mailbox:
    """An owner of sockets, and its messages.

    ``receive`` takes them, ``put`` adds one of the program's own, from any thread, and ``close`` ends the owner and its
    sockets. The other methods are for the sockets.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._entries: deque[_Entry] = deque()
        self._size = 0
        self._owned: set[Process] = set()
        self._paused: set[Process] = set()
        self._closed = False

    def receive(self, match: Callable[[Message], object] | None = None, *, timeout: int | None = None) -> Any:
        """The first message for which ``match`` is true, any by default; the others stay, in order.

        match: a predicate. timeout: milliseconds, None for any time.
        Raises ``SSLError``: ``timeout``; ``closed`` when the mailbox is closed and has no such message; ``einval`` for
        a timeout that is none.
        """
        left = milliseconds(timeout)
        deadline = None if left is None else time.monotonic() + left
        seen = 0
        while True:
            fresh = self._wait_beyond(seen, deadline)
            for entry in fresh:
                if (match is None or match(entry.message)) and self._take(entry):
                    return entry.message
            seen = fresh[-1].serial

    def close(self) -> None:
        """Ends the owner: its sockets are closed. What had come can still be received. Idempotent."""
        for process in self._end():
            process.discard()

    @property
    def is_closed(self) -> bool:
        """Whether it can own no socket any more."""
        return self._closed

    # For processes ----------------------------------------------------------------------------------------------------

    def put(self, message: Message, size: int = 0) -> None:
        """Adds a message. size: bytes of data it counts for. A closed mailbox drops it."""
        with self._changed:
            if not self._closed:
                self._add(message, size)

    def link(self, process: Process) -> bool:
        """Makes the process one of the owner's; False when the owner has ended."""
        with self._changed:
            if not self._closed:
                self._owned.add(process)
            return not self._closed

    def unlink(self, process: Process) -> None:
        with self._changed:
            self._owned.discard(process)
            self._paused.discard(process)

    def pause(self, process: Process) -> bool:
        """Whether there is too much to read; if so, the process's ``resume`` is called once there is less."""
        if self._size <= MAX_WAITING:
            return False
        with self._changed:
            too_much = self._size > MAX_WAITING
            if too_much:
                self._paused.add(process)
            return too_much

    def abandon(self) -> None:
        """As ``close``, from where nothing may be waited for: the sockets are closed soon."""
        for process in self._end():
            process.owner_ended()

    def is_pausing(self, process: Process) -> bool:
        """Whether the process is still to be resumed."""
        return process in self._paused

    def hand_over(self, handle: Handle, heir: Mailbox) -> None:
        """Moves the messages of one socket, in order. Nothing may put one of its messages meanwhile."""
        with self._changed:
            moving = [entry for entry in self._entries if concerns(entry.message, handle)]
            moved = set(moving)
            self._entries = deque(entry for entry in self._entries if entry not in moved)
            self._size -= sum(entry.size for entry in moving)
            resumed = self._resumable()
        for entry in moving:
            heir.put(entry.message, entry.size - MESSAGE_WEIGHT)
        for process in resumed:
            process.resume()

    # Inside -----------------------------------------------------------------------------------------------------------

    def _add(self, message: Message, size: int) -> None:
        entry = _Entry(message, size + MESSAGE_WEIGHT)
        self._entries.append(entry)
        self._size += entry.size
        self._changed.notify_all()

    def _wait_beyond(self, serial: int, deadline: float | None) -> list[_Entry]:
        """The entries that came after a serial, at least one."""
        with self._changed:
            while not self._entries or self._entries[-1].serial <= serial:
                if self._closed:
                    raise SSLError(Reason.CLOSED, "the mailbox is closed")
                left = MAX_WAIT if deadline is None else deadline - time.monotonic()
                if left <= 0:
                    raise SSLError(Reason.TIMEOUT)
                self._changed.wait(min(left, MAX_WAIT))
            newer = itertools.takewhile(lambda entry: entry.serial > serial, reversed(self._entries))
            return list(newer)[::-1] if serial else list(self._entries)

    def _take(self, entry: _Entry) -> bool:
        """Removes an entry; False if another thread was quicker."""
        with self._changed:
            try:
                self._entries.remove(entry)
            except ValueError:
                return False
            self._size -= entry.size
            resumed = self._resumable()
        for process in resumed:
            process.resume()
        return True

    def _resumable(self) -> set[Process]:
        if not self._paused or self._size > RESUMED_BELOW:
            return set()
        resumed, self._paused = self._paused, set()
        return resumed

    def _end(self) -> set[Process]:
        with self._changed:
            self._closed = True
            orphans, self._owned = self._owned, set()
            self._paused.clear()
            self._changed.notify_all()
            return orphans


class _Thread(threading.local):
    """What only the current thread refers to: its mailbox, which ends when this is collected."""

    def __init__(self) -> None:
        self.holder: _Holder | None = None


class _Holder:
    """Refers to a mailbox for as long as its thread lives."""

    __slots__ = ("__weakref__", "mailbox")

    def __init__(self) -> None:
        self.mailbox = Mailbox()
        weakref.finalize(self, _thread_ended, self.mailbox, os.getpid()).atexit = False


def _thread_ended(own: Mailbox, process_id: int) -> None:
    """In a process that was forked all threads but one seem to end; their sockets are the parent's."""
    if os.getpid() == process_id:
        own.abandon()


_thread = _Thread()


def mailbox() -> Mailbox:
    """The calling thread's own mailbox, a new one if it was closed."""
    holder = _thread.holder
    if holder is None or holder.mailbox.is_closed:
        holder = _thread.holder = _Holder()
    return holder.mailbox


def forget_mailbox() -> None:
    """Gives the thread that has forked a mailbox of its own: locks of the old one may be held for ever."""
    _thread.holder = None
