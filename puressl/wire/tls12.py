"""The messages that TLS 1.2 has to itself (RFC 5246 7.4, RFC 8422 5, RFC 5077 3.3, RFC 6066 8)."""

from __future__ import annotations

from typing import ClassVar

from puressl.codes import CertificateStatusType, ECCurveType, HandshakeType, NamedGroup, SignatureScheme
from puressl.errors import Problem
from puressl.wire.codec import Structure, constant, row, struct
from puressl.wire.fields import Opaque, UintVector, Vector, uint8, uint16, uint32

#: RFC 5246 7.4.3: finite-field numbers. 8,192 bits are the most that is built; more would only cost time.
_NUMBER = Opaque(2, 1, 1024, "a big-endian number")
_SIGNATURE = Opaque(2, 0, meaning="the signature")


@struct("The server's wish to renegotiate", "RFC 5246 7.4.1.1")
class HelloRequest(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.HELLO_REQUEST


@struct("A chain of certificates", "RFC 5246 7.4.2")
class Certificate12(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.CERTIFICATE
    certificates: tuple[bytes, ...] = row(
        Vector(Opaque(3, 1, meaning="an X.509 certificate in DER"), 3, 0, None, "a certificate", "RFC 5246 7.4.2"),
        "the sender's first",
        "RFC 5246 7.4.2",
    )


@struct("The server's wish for the client's certificate", "RFC 5246 7.4.4")
class CertificateRequest12(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.CERTIFICATE_REQUEST
    certificate_types: bytes = row(
        Opaque(1, 1, 255, "ClientCertificateType values"), "the kinds of key", "RFC 5246 7.4.4"
    )
    schemes: tuple[int, ...] = row(
        UintVector(2, 2, 2, 65534, "a scheme", SignatureScheme), "the signature schemes", "RFC 5246 7.4.4"
    )
    authorities: tuple[bytes, ...] = row(
        Vector(Opaque(2, 1, meaning="a DistinguishedName in DER"), 2, 0, None, "a name", "RFC 5246 7.4.4"),
        "the authorities that are trusted",
        "RFC 5246 7.4.4",
    )


class _Signed(Structure):
    """A ServerKeyExchange: parameters, then a signature over them."""

    __slots__ = ()

    def params(self) -> bytes:
        """The parameters as they are signed, after the two randoms (RFC 5246 7.4.3)."""
        out = bytearray()
        codec = self.wire
        codec.encode_rows(self, codec.rows[:-2], out)
        return bytes(out)


@struct("The server's key exchange parameters on a curve", "RFC 8422 5.4")
class ServerKeyExchangeECDHE(_Signed):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.SERVER_KEY_EXCHANGE
    curve_type: ClassVar[int] = constant(
        1, ECCurveType.NAMED_CURVE, "a named curve", "RFC 8422 5.4", ECCurveType, Problem.ILLEGAL_PARAMETER
    )
    group: int = row(uint16(NamedGroup), "the curve", "RFC 8422 5.4")
    point: bytes = row(Opaque(1, 1, 255, "the public value"), "the server's public value", "RFC 8422 5.4")
    scheme: int = row(uint16(SignatureScheme), "the signature scheme", "RFC 5246 7.4.3")
    signature: bytes = row(_SIGNATURE, "over both randoms and the parameters", "RFC 5246 7.4.3")


@struct("The server's key exchange parameters in a finite field", "RFC 5246 7.4.3")
class ServerKeyExchangeDHE(_Signed):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.SERVER_KEY_EXCHANGE
    p: bytes = row(_NUMBER, "the prime", "RFC 5246 7.4.3")
    g: bytes = row(_NUMBER, "the generator", "RFC 5246 7.4.3")
    y: bytes = row(_NUMBER, "the server's public value", "RFC 5246 7.4.3")
    scheme: int = row(uint16(SignatureScheme), "the signature scheme", "RFC 5246 7.4.3")
    signature: bytes = row(_SIGNATURE, "over both randoms and the parameters", "RFC 5246 7.4.3")


@struct("The server's flight is complete", "RFC 5246 7.4.5")
class ServerHelloDone(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.SERVER_HELLO_DONE


@struct("The premaster secret, encrypted to the server's key", "RFC 5246 7.4.7.1")
class ClientKeyExchangeRSA(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.CLIENT_KEY_EXCHANGE
    encrypted: bytes = row(Opaque(2, 0, meaning="the ciphertext"), "the encrypted premaster secret", "RFC 5246 7.4.7.1")


@struct("The client's public value in a finite field", "RFC 5246 7.4.7.2")
class ClientKeyExchangeDHE(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.CLIENT_KEY_EXCHANGE
    y: bytes = row(_NUMBER, "the public value", "RFC 5246 7.4.7.2")


@struct("The client's public value on a curve", "RFC 8422 5.7")
class ClientKeyExchangeECDHE(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.CLIENT_KEY_EXCHANGE
    point: bytes = row(Opaque(1, 1, 255, "the public value"), "the public value", "RFC 8422 5.7")


@struct("A ticket to resume the session with", "RFC 5077 3.3")
class NewSessionTicket12(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.NEW_SESSION_TICKET
    lifetime_hint: int = row(uint32(), "seconds it may be used; 0 leaves it to the client", "RFC 5077 3.3")
    ticket: bytes = row(Opaque(2, 0, meaning="opaque to the client"), "the ticket; empty for none", "RFC 5077 3.3")


@struct("A stapled certificate status", "RFC 6066 8")
class CertificateStatus12(Structure):
    handshake_type: ClassVar[HandshakeType] = HandshakeType.CERTIFICATE_STATUS
    status_type: int = row(uint8(CertificateStatusType), "the kind of status", "RFC 6066 8")
    response: bytes = row(Opaque(3, 1, meaning="an OCSPResponse in DER"), "the OCSP response", "RFC 6066 8")
