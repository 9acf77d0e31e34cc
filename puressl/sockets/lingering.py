"""Sockets whose handshake has failed, on their way out.

Theory of operation: the kernel answers bytes that nobody read with a reset, which may overtake the alert that was sent
last. So such a socket is read dry until its peer has ended too, for a bounded time, by the loop: whoever made the
handshake has its error already and goes on.
"""

from __future__ import annotations

import selectors
from typing import Protocol

from puressl.io.blocking import BlockingSocket
from puressl.io.descriptor import Descriptor
from puressl.sockets.progress import Progress


class Watched(Protocol):
    """What the loop serves."""

    @property
    def descriptor(self) -> Descriptor:
        """What is waited for."""
        ...

    @property
    def interest(self) -> int:
        """Until what: events of ``selectors``."""
        ...

    def attend(self) -> Progress:
        """Does what can be done now, without waiting."""
        ...


class Lingering:
    """One such socket."""

    def __init__(self, stream: BlockingSocket) -> None:
        self._stream = stream
        self.descriptor = stream.descriptor
        self.interest: int = selectors.EVENT_READ

    def attend(self) -> Progress:
        if self._stream.drain():
            return Progress.WAITING
        self.close()
        return Progress.IDLE

    def close(self) -> None:
        self._stream.close(patience=0)
