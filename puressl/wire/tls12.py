"""Handshake messages that only TLS 1.2 has, or has in another form (RFC 5246 7.4, RFC 8422 5, RFC 5077, RFC 6066 8).

Theory of operation: a key exchange message cannot be read without the cipher suite, so each form is a class, and the
handshake picks it. ``params`` of a ServerKeyExchange is the part that is signed. Numbers of finite-field Diffie-Hellman
stay bytes as sent, leading zeros included: a signature covers them, and their ranges are for the group's code to check.
"""

from __future__ import annotations

from typing import ClassVar

from puressl.codes import (
    CertificateStatusType,
    ECCurveType,
    HandshakeType,
    NamedGroup,
    SignatureScheme,
)
from puressl.wire.codec import constant, row, struct
from puressl.wire.fields import Opaque, UintVector, Vector, uint8, uint16, uint32
from puressl.wire.hello import HandshakeMessage


@struct("the server wants a new handshake", "RFC 5246 7.4.1.1")
class HelloRequest(HandshakeMessage):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.HELLO_REQUEST


@struct("the sender's certificate chain", "RFC 5246 7.4.2")
class Certificate12(HandshakeMessage):
    """Certificate of TLS 1.2. certificates: DER, the sender's own first; empty where a client has none."""

    handshake_type: ClassVar[HandshakeType] = HandshakeType.CERTIFICATE
    certificates: tuple[bytes, ...] = row(
        Vector(Opaque(3, 1, None, "the certificate in DER"), 3, 0, None, "a certificate", "RFC 5246 7.4.2"),
        "the chain, the sender's own certificate first",
        "RFC 5246 7.4.2",
    )


@struct("the server asks for a certificate", "RFC 5246 7.4.4")
class CertificateRequest12(HandshakeMessage):
    """CertificateRequest of TLS 1.2. certificate_types: a byte each. authorities: distinguished names in DER."""

    handshake_type: ClassVar[HandshakeType] = HandshakeType.CERTIFICATE_REQUEST
    certificate_types: bytes = row(
        Opaque(1, 1, None, "certificate types, one byte each"), "the kinds of key the server accepts", "RFC 5246 7.4.4"
    )
    schemes: tuple[int, ...] = row(
        UintVector(2, 2, 2, 0xFFFE, "a signature scheme", SignatureScheme), "most preferred first", "RFC 5246 7.4.4"
    )
    authorities: tuple[bytes, ...] = row(
        Vector(Opaque(2, 1, None, "a name in DER"), 2, 0, None, "a distinguished name", "RFC 5246 7.4.4"),
        "the authorities the server trusts; none: any",
        "RFC 5246 7.4.4",
    )


@struct("the server's ephemeral elliptic-curve key, signed", "RFC 8422 5.4")
class ServerKeyExchangeECDHE(HandshakeMessage):
    """ServerKeyExchange of ECDHE. point: the server's public value in the encoding of the group."""

    handshake_type: ClassVar[HandshakeType] = HandshakeType.SERVER_KEY_EXCHANGE
    curve_type: ClassVar[int] = constant(
        1, ECCurveType.NAMED_CURVE, "a named group follows", "RFC 8422 5.4", ECCurveType
    )
    group: int = row(uint16(NamedGroup), "the group", "RFC 8422 5.4")
    point: bytes = row(Opaque(1, 1, None, "the public value"), "the server's public value", "RFC 8422 5.4")
    scheme: int = row(uint16(SignatureScheme), "the signature scheme", "RFC 5246 7.4.3")
    signature: bytes = row(Opaque(2, 0, None, "the signature"), "over both randoms and the above", "RFC 8422 5.4")

    def params(self) -> bytes:
        """ServerECDHParams: what the signature covers behind the two randoms (RFC 8422 5.4)."""
        return self.wire.encode_until(self, "scheme")


@struct("the server's ephemeral Diffie-Hellman key, signed", "RFC 5246 7.4.3")
class ServerKeyExchangeDHE(HandshakeMessage):
    """ServerKeyExchange of DHE. p, g, y: big-endian, as sent."""

    handshake_type: ClassVar[HandshakeType] = HandshakeType.SERVER_KEY_EXCHANGE
    p: bytes = row(Opaque(2, 1, None, "the prime"), "the prime modulus, dh_p", "RFC 5246 7.4.3")
    g: bytes = row(Opaque(2, 1, None, "the generator"), "the generator, dh_g", "RFC 5246 7.4.3")
    y: bytes = row(Opaque(2, 1, None, "the public value"), "the server's public value, dh_Ys", "RFC 5246 7.4.3")
    scheme: int = row(uint16(SignatureScheme), "the signature scheme", "RFC 5246 7.4.3")
    signature: bytes = row(Opaque(2, 0, None, "the signature"), "over both randoms and the above", "RFC 5246 7.4.3")

    def params(self) -> bytes:
        """ServerDHParams: what the signature covers behind the two randoms (RFC 5246 7.4.3)."""
        return self.wire.encode_until(self, "scheme")


@struct("the end of the server's first flight", "RFC 5246 7.4.5")
class ServerHelloDone(HandshakeMessage):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.SERVER_HELLO_DONE


@struct("the premaster secret, encrypted to the server", "RFC 5246 7.4.7.1")
class ClientKeyExchangeRSA(HandshakeMessage):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.CLIENT_KEY_EXCHANGE
    encrypted: bytes = row(Opaque(2, 0, None, "the ciphertext"), "the encrypted premaster secret", "RFC 5246 7.4.7.1")


@struct("the client's ephemeral Diffie-Hellman key", "RFC 5246 7.4.7.2")
class ClientKeyExchangeDHE(HandshakeMessage):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.CLIENT_KEY_EXCHANGE
    y: bytes = row(Opaque(2, 1, None, "the public value"), "the client's public value, dh_Yc", "RFC 5246 7.4.7.2")


@struct("the client's ephemeral elliptic-curve key", "RFC 8422 5.7")
class ClientKeyExchangeECDHE(HandshakeMessage):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.CLIENT_KEY_EXCHANGE
    point: bytes = row(Opaque(1, 1, None, "the public value"), "the client's public value", "RFC 8422 5.7")


@struct("a ticket to resume with", "RFC 5077 3.3")
class NewSessionTicket12(HandshakeMessage):
    """NewSessionTicket of TLS 1.2. lifetime_hint: 0 for unspecified. ticket: empty if the server changed its mind."""

    handshake_type: ClassVar[HandshakeType] = HandshakeType.NEW_SESSION_TICKET
    lifetime_hint: int = row(uint32(), "seconds the ticket may be kept", "RFC 5077 3.3")
    ticket: bytes = row(Opaque(2, 0, None, "the ticket"), "opaque to the client", "RFC 5077 3.3")


@struct("the status of the server's certificate", "RFC 6066 8")
class CertificateStatus12(HandshakeMessage):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.CERTIFICATE_STATUS
    status_type: int = row(uint8(CertificateStatusType), "the kind of status", "RFC 6066 8")
    response: bytes = row(Opaque(3, 1, None, "the response"), "the OCSP response, in DER", "RFC 6066 8")
