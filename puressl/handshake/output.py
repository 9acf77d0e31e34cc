"""What a handler may do to the outside.

Theory of operation: a handler receives a message and an ``Output`` and returns the next state; everything else it
causes goes through the ``Output``, in order. The connection implements it. A rule of the RFCs is one line, ``check``,
which enforces it and tells the tracer of it; where more than a condition is needed, ``checking`` names what a block
enforces. Epochs are named even where TLS over a stream would not need them, so that a transport with packets of several
epochs can implement it too.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol, Union

from puressl.codes import AlertDescription, Direction, Epoch
from puressl.crypto.schedule12 import TrafficKeys12
from puressl.crypto.schedule13 import TrafficSecret
from puressl.errors import Problem
from puressl.events import Event, Need

if TYPE_CHECKING:
    from puressl.config import ServerConfig
    from puressl.handshake.machine import State

TrafficKeys = Union[TrafficSecret, TrafficKeys12]


class Output(Protocol):
    """Effects of a handler."""

    def send(self, epoch: Epoch, message: Any) -> bytes:
        """Sends a message of ``puressl.wire`` and returns its bytes, handshake header included, for the transcript."""
        ...

    def emit(self, event: Event) -> None:
        """Hands the user an event."""
        ...

    def warn(self, description: AlertDescription) -> None:
        """Sends an alert at the level of warning, which does not end the connection (RFC 5246 7.2)."""
        ...

    def install(self, direction: Direction, epoch: Epoch, keys: TrafficKeys) -> None:
        """Protects one direction with new keys from here on. Reading: no half-received message may be pending."""
        ...

    def ask(self, need: Need, then: Callable[[Any, Output], State], *, otherwise: Any = None) -> State:
        """Puts a need to its resolver. ``then`` is called with the answer, at once or when it comes, and gives the next
        state. otherwise: the answer to take when the resolver fails or its answer is of no use; None ends the
        handshake.
        """
        ...

    def check(self, condition: bool, what: str, clause: str, problem: Problem, detail: str = "") -> None:
        """Holds the peer to a rule: raises ``ProtocolError(problem, detail)`` unless ``condition`` is true.

        what: the rule, as a sentence that is true where it is kept. clause: "RFC 8446 4.1.3". detail: what is wrong.
        """
        ...

    def checking(self, what: str, clause: str) -> AbstractContextManager[None]:
        """Names the rule that a block of code enforces by raising."""
        ...

    def input(self, name: str, secret: bytes) -> None:
        """Tells the tracer, and no key log, of what goes into the key schedule; the names are in ``puressl.trace``."""
        ...

    def configure(self, config: ServerConfig) -> None:
        """Puts the connection under another configuration from here on."""
        ...

    def secret(self, label: str, client_random: bytes, secret: bytes) -> None:
        """Tells the tracer and the key log of a secret, by the key log's label."""
        ...

    def limit_plaintext(self, direction: Direction, limit: int) -> None:
        """Bounds the plaintext bytes of one record (RFC 8449), content type not counted."""
        ...

    def skip_early_data(self, limit: int) -> None:
        """Lets up to ``limit`` bytes of refused early data pass unread (RFC 8446 4.2.10)."""
        ...
