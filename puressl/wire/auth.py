"""Certificate, CertificateRequest, CertificateVerify and Finished of TLS 1.3 (RFC 8446 4.3.2, 4.4)."""

from __future__ import annotations

from typing import ClassVar

from puressl.codes import HandshakeType, SignatureScheme
from puressl.wire.codec import Structure, row, struct
from puressl.wire.extensions import Context, ExtensionBlock, Extensions
from puressl.wire.fields import Opaque, Rest, Vector, uint16


@struct("A certificate and what goes with it", "RFC 8446 4.4.2")
class CertificateEntry(Structure):
    cert_data: bytes = row(Opaque(3, 1, meaning="an X.509 certificate in DER"), "the certificate", "RFC 8446 4.4.2")
    extensions: Extensions = row(ExtensionBlock(Context.CERTIFICATE), "its extensions", "RFC 8446 4.4.2")


@struct("A chain of certificates", "RFC 8446 4.4.2")
class Certificate(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.CERTIFICATE
    request_context: bytes = row(
        Opaque(1, 0, 255, "the context"), "CertificateRequest's, empty in the handshake", "RFC 8446 4.4.2"
    )
    entries: tuple[CertificateEntry, ...] = row(
        Vector(CertificateEntry.wire, 3, 0, None, "an entry", "RFC 8446 4.4.2"), "the sender's first", "RFC 8446 4.4.2"
    )


@struct("The server's wish for the client's certificate", "RFC 8446 4.3.2")
class CertificateRequest(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.CERTIFICATE_REQUEST
    request_context: bytes = row(Opaque(1, 0, 255, "the context"), "empty in the handshake", "RFC 8446 4.3.2")
    extensions: Extensions = row(ExtensionBlock(Context.CERTIFICATE_REQUEST, low=2), "what is wanted", "RFC 8446 4.3.2")


@struct("Proof that the sender holds its certificate's key", "RFC 8446 4.4.3")
class CertificateVerify(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.CERTIFICATE_VERIFY
    algorithm: int = row(uint16(SignatureScheme), "the signature scheme", "RFC 8446 4.4.3")
    signature: bytes = row(Opaque(2, 0, meaning="the signature"), "over the transcript", "RFC 8446 4.4.3")


@struct("Proof that both ends saw the same handshake", "RFC 8446 4.4.4")
class Finished(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.FINISHED
    verify_data: bytes = row(Rest(12, 64), "an HMAC or PRF output over the transcript", "RFC 8446 4.4.4")
