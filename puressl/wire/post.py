"""NewSessionTicket, KeyUpdate and EndOfEarlyData of TLS 1.3, alerts and ChangeCipherSpec (RFC 8446 4.5, 4.6, 5, 6)."""

from __future__ import annotations

from typing import ClassVar

from puressl.codes import AlertDescription, AlertLevel, HandshakeType, KeyUpdateRequest
from puressl.wire.codec import Structure, constant, row, struct
from puressl.wire.extensions import Context, ExtensionBlock, Extensions
from puressl.wire.fields import Opaque, uint8, uint32


@struct("A ticket to resume the session with", "RFC 8446 4.6.1")
class NewSessionTicket(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.NEW_SESSION_TICKET
    ticket_lifetime: int = row(uint32(), "seconds it may be used", "RFC 8446 4.6.1")
    ticket_age_add: int = row(uint32(), "what hides the ticket's age", "RFC 8446 4.6.1")
    ticket_nonce: bytes = row(Opaque(1, 0, 255, "the nonce"), "makes the ticket's key its own", "RFC 8446 4.6.1")
    ticket: bytes = row(Opaque(2, 1, meaning="opaque to the client"), "the ticket", "RFC 8446 4.6.1")
    extensions: Extensions = row(ExtensionBlock(Context.NEW_SESSION_TICKET), "its extensions", "RFC 8446 4.6.1")


@struct("The sender's keys change after this", "RFC 8446 4.6.3")
class KeyUpdate(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.KEY_UPDATE
    request_update: int = row(
        uint8(KeyUpdateRequest, high=1), "whether the other side must do the same", "RFC 8446 4.6.3"
    )


@struct("The client has sent all its early data", "RFC 8446 4.5")
class EndOfEarlyData(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.END_OF_EARLY_DATA


@struct("A notice that ends the connection, or one direction of it", "RFC 8446 6")
class Alert(Structure):
    level: int = row(uint8(AlertLevel), "warning or fatal", "RFC 8446 6")
    description: int = row(uint8(AlertDescription), "what happened", "RFC 8446 6")


@struct("The next record is under new keys; in TLS 1.3 it means nothing", "RFC 5246 7.1")
class ChangeCipherSpec(Structure):
    type: ClassVar[int] = constant(1, 1, "always 1", "RFC 5246 7.1")
