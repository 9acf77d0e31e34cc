"""What a handler may do to the outside.

Theory of operation: a handler receives a message and an ``Output`` and returns the next state; everything else it
causes goes through the ``Output``, in order. The connection implements it. Epochs are named even where TLS over a
stream would not need them, so that a transport with packets of several epochs can implement it too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, Union

from puressl.codes import AlertDescription, Direction, Epoch
from puressl.crypto.schedule12 import TrafficKeys12
from puressl.crypto.schedule13 import TrafficSecret
from puressl.events import Event, Need

if TYPE_CHECKING:
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

    def secret(self, label: str, client_random: bytes, secret: bytes) -> None:
        """Tells the tracer and the key log of a secret, by the key log's label."""
        ...

    def limit_plaintext(self, direction: Direction, limit: int) -> None:
        """Bounds the plaintext bytes of one record (RFC 8449), content type not counted."""
        ...

    def skip_early_data(self, limit: int) -> None:
        """Lets up to ``limit`` bytes of refused early data pass unread (RFC 8446 4.2.10)."""
        ...
