"""What may be asked of a socket in which status: a table.

Theory of operation: a connection goes from left to right: ``new`` (accepted by the transport), ``shaking`` (its
handshake runs), ``open``, ``closing`` (by the peer's close, an error or a failed send, until all that had arrived was
returned), ``ended`` (all was returned; only ``close`` frees it), ``closed``. Each operation has a row that says what it
is refused with in each.
"""

from __future__ import annotations

from enum import IntEnum

from puressl.errors import Reason, SSLError


class Status(IntEnum):
    """The status of a socket, in the order it goes through them."""

    NEW = 0
    SHAKING = 1
    OPEN = 2
    CLOSING = 3
    ENDED = 4
    CLOSED = 5


__: Reason | None = None
_B, _C = Reason.EBADSTATE, Reason.CLOSED

# fmt: off
#: Operation: the refusal in each status, None where it is allowed.
REFUSALS: dict[str, tuple[Reason | None, ...]] = {
    #                       NEW SHAKING OPEN CLOSING ENDED CLOSED
    "ssl_accept":          (__, _B,     _B,  _C,     _C,   _C),
    "recv":                (_B, _B,     __,  __,     _C,   _C),
    "send":                (_B, _B,     __,  _C,     _C,   _C),
    "setopts":             (_B, _B,     __,  __,     _C,   _C),
    "getopts":             (_B, _B,     __,  __,     _C,   _C),
    "peercert":            (_B, _B,     __,  __,     _C,   _C),
    "connection_info":     (_B, _B,     __,  __,     _C,   _C),
    "negotiated_protocol": (_B, _B,     __,  __,     _C,   _C),
    "port":                (_B, _B,     __,  __,     _C,   _C),
    "peername":            (__, __,     __,  __,     _C,   _C),
    "sockname":            (__, __,     __,  __,     _C,   _C),
    "transport_accept":    (_B, _B,     __,  _C,     _C,   _C),
    "controlling_process": (__, __,     __,  __,     __,   _C),
    "close":               (__, __,     __,  __,     __,   _C),
}
# fmt: on


def check(operation: str, status: Status) -> None:
    """Raises ``SSLError(ebadstate)`` or ``SSLError(closed)`` for what the status does not allow."""
    refusal = REFUSALS[operation][status]
    if refusal is not None:
        raise SSLError(refusal)
