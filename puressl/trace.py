"""Watching a connection from inside, and the NSS key log.

Theory of operation: the core tells a ``Tracer`` of every record, message, state and secret as it happens, and asks
nothing back. All that explains or logs a handshake is fed by this one protocol. ``NullTracer`` costs a method call a
step. A key log line is ``LABEL client_random secret`` in hexadecimal, as Wireshark and NSS read it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from puressl.codes import Direction, Epoch


class Tracer(Protocol):
    """What the core reports. Arguments are read-only; an exception raised here ends the connection."""

    def state(self, left: str, entered: str) -> None:
        """The handshake went from one state to the next."""
        ...

    def message(self, direction: Direction, epoch: Epoch, message: object, raw: bytes) -> None:
        """A decoded message of ``puressl.wire`` and its bytes, handshake header included."""
        ...

    def secret(self, label: str, secret: bytes) -> None:
        """A secret was derived; the label is the key log's."""
        ...

    def keys(self, direction: Direction, epoch: Epoch, suite: str) -> None:
        """Traffic keys took effect."""
        ...


class NullTracer:
    """Watches nothing."""

    __slots__ = ()

    def state(self, left: str, entered: str) -> None:
        pass

    def message(self, direction: Direction, epoch: Epoch, message: object, raw: bytes) -> None:
        pass

    def secret(self, label: str, secret: bytes) -> None:
        pass

    def keys(self, direction: Direction, epoch: Epoch, suite: str) -> None:
        pass


NULL_TRACER = NullTracer()

#: Receives one line, without its newline. The lines are secrets: whoever has them reads the connection.
KeyLog = Callable[[str], None]


def key_log_line(label: str, client_random: bytes, secret: bytes) -> str:
    """One line of the NSS key log format."""
    return f"{label} {client_random.hex()} {secret.hex()}"
