"""Messages after the handshake of TLS 1.3 (RFC 8446 4.5, 4.6), and the bodies of alert and change_cipher_spec records.

Theory of operation: an alert's level and description stay numbers. In TLS 1.3 the level means nothing, and an unknown
description is an error like any other (RFC 8446 6.2), so there is no value to refuse here.
"""

from __future__ import annotations

from typing import ClassVar

from puressl.codes import AlertDescription, AlertLevel, HandshakeType, KeyUpdateRequest
from puressl.wire.codec import Structure, constant, row, struct
from puressl.wire.extensions import Context, ExtensionBlock, Extensions
from puressl.wire.fields import Opaque, uint8, uint32
from puressl.wire.hello import HandshakeMessage


@struct("a ticket to resume with", "RFC 8446 4.6.1")
class NewSessionTicket(HandshakeMessage):
    """NewSessionTicket of TLS 1.3. ticket_lifetime: seconds, at most a week, which the client checks."""

    handshake_type: ClassVar[HandshakeType] = HandshakeType.NEW_SESSION_TICKET
    ticket_lifetime: int = row(uint32(), "seconds the ticket is good for", "RFC 8446 4.6.1")
    ticket_age_add: int = row(uint32(), "added to the ticket's age to hide it", "RFC 8446 4.6.1")
    ticket_nonce: bytes = row(Opaque(1), "makes the ticket's key unique", "RFC 8446 4.6.1")
    ticket: bytes = row(Opaque(2, 1, None, "the ticket"), "opaque to the client", "RFC 8446 4.6.1")
    extensions: Extensions = row(
        ExtensionBlock(Context.NEW_SESSION_TICKET, 0, 0xFFFE), "extensions", "RFC 8446 4.6.1", default=Extensions()
    )


@struct("new keys for the sender's records", "RFC 8446 4.6.3")
class KeyUpdate(HandshakeMessage):
    """KeyUpdate. request_update: 0 or 1; anything else is illegal_parameter (RFC 8446 4.6.3)."""

    handshake_type: ClassVar[HandshakeType] = HandshakeType.KEY_UPDATE
    request_update: int = row(
        uint8(KeyUpdateRequest, high=KeyUpdateRequest.UPDATE_REQUESTED),
        "whether the receiver must renew its keys too",
        "RFC 8446 4.6.3",
    )


@struct("the end of early data", "RFC 8446 4.5")
class EndOfEarlyData(HandshakeMessage):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.END_OF_EARLY_DATA


@struct("an alert", "RFC 8446 6")
class Alert(Structure):
    """The content of an alert record."""

    level: int = row(uint8(AlertLevel), "warning or fatal; TLS 1.3 ignores it", "RFC 8446 6")
    description: int = row(uint8(AlertDescription), "what happened", "RFC 8446 6")


@struct("new keys from the next record on; in TLS 1.3 nothing, for middleboxes", "RFC 5246 7.1, RFC 8446 D.4")
class ChangeCipherSpec(Structure):
    """The content of a change_cipher_spec record: in TLS 1.3 a dummy for middleboxes."""

    change: ClassVar[int] = constant(1, 1, "always 1", "RFC 5246 7.1")
