"""The authentication messages (RFC 8446 4.3.2, 4.4).

Theory of operation: certificates stay the bytes they came as; whether they are X.509 is not for this layer.
CertificateVerify and Finished have the same form in TLS 1.2 (RFC 5246 7.4.8, 7.4.9).
"""

from __future__ import annotations

from typing import ClassVar

from puressl.codes import HandshakeType, SignatureScheme
from puressl.wire.codec import Structure, row, struct
from puressl.wire.extensions import Context, ExtensionBlock, Extensions
from puressl.wire.fields import Opaque, Rest, Vector, uint16
from puressl.wire.hello import HandshakeMessage

#: verify_data of TLS 1.2 (RFC 5246 7.4.9), the shortest there is.
MIN_VERIFY_DATA = 12

#: verify_data under SHA-512, the longest hash of the registry; no suite of today exceeds 48 bytes.
MAX_VERIFY_DATA = 64


@struct("a certificate of the chain", "RFC 8446 4.4.2")
class CertificateEntry(Structure):
    """One certificate. cert_data: X.509 in DER. extensions: about this certificate."""

    cert_data: bytes = row(Opaque(3, 1, None, "the certificate"), "the certificate in DER", "RFC 8446 4.4.2")
    extensions: Extensions = row(
        ExtensionBlock(Context.CERTIFICATE), "its status and timestamps", "RFC 8446 4.4.2", default=Extensions()
    )


@struct("the sender's certificate chain", "RFC 8446 4.4.2")
class Certificate(HandshakeMessage):
    """Certificate of TLS 1.3. entries: the sender's own first; empty where a client has none."""

    handshake_type: ClassVar[HandshakeType] = HandshakeType.CERTIFICATE
    request_context: bytes = row(Opaque(1), "the request this answers, empty from a server", "RFC 8446 4.4.2")
    entries: tuple[CertificateEntry, ...] = row(
        Vector(CertificateEntry.wire, 3, 0, None, "a certificate", "RFC 8446 4.4.2"),
        "the chain, the sender's own certificate first",
        "RFC 8446 4.4.2",
    )


@struct("the server asks for a certificate", "RFC 8446 4.3.2")
class CertificateRequest(HandshakeMessage):
    """CertificateRequest of TLS 1.3. request_context: empty in the handshake, unique after it."""

    handshake_type: ClassVar[HandshakeType] = HandshakeType.CERTIFICATE_REQUEST
    request_context: bytes = row(Opaque(1), "names this request", "RFC 8446 4.3.2")
    extensions: Extensions = row(
        ExtensionBlock(Context.CERTIFICATE_REQUEST, 2), "what the certificate must be like", "RFC 8446 4.3.2"
    )


@struct("a signature over the handshake", "RFC 8446 4.4.3")
class CertificateVerify(HandshakeMessage):
    """CertificateVerify of TLS 1.3 and 1.2."""

    handshake_type: ClassVar[HandshakeType] = HandshakeType.CERTIFICATE_VERIFY
    algorithm: int = row(uint16(SignatureScheme), "the signature scheme", "RFC 8446 4.4.3")
    signature: bytes = row(Opaque(2, 0, None, "the signature"), "the signature", "RFC 8446 4.4.3")


@struct("a MAC over the handshake", "RFC 8446 4.4.4")
class Finished(HandshakeMessage):
    """Finished of TLS 1.3 and 1.2. The exact length follows from the suite, which the handshake knows."""

    handshake_type: ClassVar[HandshakeType] = HandshakeType.FINISHED
    verify_data: bytes = row(Rest(MIN_VERIFY_DATA, MAX_VERIFY_DATA), "the MAC", "RFC 8446 4.4.4")
