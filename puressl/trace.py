"""Watching a connection from inside, and the NSS key log.

Theory of operation: the core tells a ``Tracer`` of every record, message, check, state and secret as it happens, and
asks nothing back. All that explains or logs a handshake is fed by this one protocol. ``NullTracer`` costs a method call
a step. A key log line is ``LABEL client_random secret`` in hexadecimal, as Wireshark and NSS read it.

The order: a record that was read comes before the messages it completes, a message that was written before the records
that carry it, since messages of one flight share records (RFC 8446 5.1). A check comes after the message it is about, a
state after all that led to it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Protocol

from puressl.codes import Direction, Epoch
from puressl.errors import SSLError

#: Inputs of a key schedule, as ``Tracer.input`` names them: what no key log has (RFC 8446 7.1, RFC 5246 8.1).
PSK, SHARED_SECRET, PREMASTER_SECRET = "PSK", "(EC)DHE", "premaster_secret"


@dataclass(frozen=True, slots=True)
class TracedRecord:
    """A record as it passed.

    epoch, sequence: under which keys, and which number under them; INITIAL and 0 without protection. The epoch is None
    where a capture does not tell it; the core always does. content_type: the inner one. content: without padding; None
    for what did not open, be it forged or refused early data. raw: header and fragment. protected: whether the fragment
    is a ciphertext.
    """

    direction: Direction
    epoch: Epoch | None
    sequence: int
    content_type: int
    content: bytes | None = field(repr=False)
    raw: bytes = field(repr=False)
    protected: bool


class Tracer(Protocol):
    """What the core reports. Arguments are read-only; an exception raised here ends the connection."""

    def state(self, left: str, entered: str) -> None:
        """The handshake went from one state to the next."""
        ...

    def record(self, record: TracedRecord) -> None:
        """A record was opened or sealed."""
        ...

    def message(self, direction: Direction, epoch: Epoch, message: object, raw: bytes) -> None:
        """A decoded message of ``puressl.wire`` and its bytes, handshake header included."""
        ...

    def checked(self, what: str, clause: str, passed: bool) -> None:
        """A rule was checked. what: the rule, as a sentence that is true where it is kept. passed: whether it is."""
        ...

    def verified(self, path: tuple[bytes, ...]) -> None:
        """The peer's chain was verified. path: DER, leaf first and trust anchor last."""
        ...

    def input(self, name: str, secret: bytes) -> None:
        """What goes into the key schedule: ``PSK``, ``SHARED_SECRET``, ``PREMASTER_SECRET``. No key log has these."""
        ...

    def secret(self, label: str, secret: bytes) -> None:
        """A secret was derived; the label is the key log's."""
        ...

    def keys(self, direction: Direction, epoch: Epoch, suite: str) -> None:
        """Traffic keys took effect."""
        ...

    def failed(self, error: SSLError) -> None:
        """The connection ended with an error, and the alert for it was told."""
        ...


class NullTracer:
    """Watches nothing."""

    __slots__ = ()

    def state(self, left: str, entered: str) -> None:
        pass

    def record(self, record: TracedRecord) -> None:
        pass

    def message(self, direction: Direction, epoch: Epoch, message: object, raw: bytes) -> None:
        pass

    def checked(self, what: str, clause: str, passed: bool) -> None:
        pass

    def verified(self, path: tuple[bytes, ...]) -> None:
        pass

    def input(self, name: str, secret: bytes) -> None:
        pass

    def secret(self, label: str, secret: bytes) -> None:
        pass

    def keys(self, direction: Direction, epoch: Epoch, suite: str) -> None:
        pass

    def failed(self, error: SSLError) -> None:
        pass


NULL_TRACER = NullTracer()


class Checking:
    """Tells a tracer of the one rule that a block of code enforces: kept when the block ends, broken when it raises."""

    __slots__ = ("_clause", "_tracer", "_what")

    def __init__(self, tracer: Tracer, what: str, clause: str) -> None:
        self._tracer = tracer
        self._what = what
        self._clause = clause

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tracer.checked(self._what, self._clause, kind is None)


#: Receives one line, without its newline. The lines are secrets: whoever has them reads the connection.
KeyLog = Callable[[str], None]


def key_log_line(label: str, client_random: bytes, secret: bytes) -> str:
    """One line of the NSS key log format."""
    return f"{label} {client_random.hex()} {secret.hex()}"
