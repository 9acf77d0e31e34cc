"""The bodies of the extensions puressl understands, one class each.

Theory of operation: a body is the content of ``extension_data``, decoded. An extension whose body differs by message
(server_name: a list in ClientHello, empty in the answer) has a class for each form; which class stands where is the
table in ``extensions.py``. An empty body is a class without fields: then any byte is a trailing byte. Code points stay
plain integers, so unknown and GREASE values (RFC 8701) pass unharmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from puressl.codes import (
    CertificateStatusType,
    ECPointFormat,
    ExtensionType,
    NamedGroup,
    NameType,
    ProtocolVersion,
    PskKeyExchangeMode,
    SignatureScheme,
)
from puressl.wire.codec import Structure, constant, row, struct
from puressl.wire.fields import (
    Adapted,
    Checked,
    Chosen,
    Codec,
    Opaque,
    OrAbsent,
    Rest,
    UintVector,
    Vector,
    uint8,
    uint16,
    uint32,
)

#: The longest host name: a DNS name has at most 255 octets (RFC 1035 2.3.4).
MAX_HOST_NAME = 255

#: The smallest record size limit a peer may set (RFC 8449 4).
MIN_RECORD_SIZE_LIMIT = 64


class ExtensionBody(Structure):
    """The base of every typed extension body. extension_type: its code point."""

    __slots__ = ()
    extension_type: ClassVar[int]


def repeated(values: Sequence[int]) -> int | None:
    """The first value that occurs a second time."""
    seen: set[int] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None


# server_name, RFC 6066 3


@struct("one name of the server", "RFC 6066 3")
class ServerName(Structure):
    name_type: ClassVar[int] = constant(1, NameType.HOST_NAME, "the kind of name", "RFC 6066 3", NameType)
    host_name: bytes = row(
        Opaque(2, 1, None, "the name in ASCII"), "the DNS name, without a trailing dot", "RFC 6066 3"
    )


def _host_name_complaint(names: tuple[ServerName, ...]) -> str | None:
    if len(names) != 1:
        return f"{len(names)} host names instead of one"
    name = names[0].host_name
    if len(name) > MAX_HOST_NAME:
        return f"host name of {len(name)} bytes, more than {MAX_HOST_NAME}"
    if any(not 0x20 < byte < 0x7F for byte in name):
        return "host name with a byte that is not printable ASCII"
    return None


@struct("the server the client wants to reach", "RFC 6066 3")
class ServerNameOffer(ExtensionBody):
    """server_name in ClientHello.

    host_name: 1 to 255 printable ASCII characters. RFC 6066 3 also forbids address literals and trailing dots, which
    real clients send all the same; those are for the reader to tolerate or refuse.
    """

    extension_type: ClassVar[int] = ExtensionType.SERVER_NAME
    host_name: str = row(
        Adapted(
            Checked(Vector(ServerName.wire, 2, 1, None, "one name", "RFC 6066 3"), _host_name_complaint),
            lambda names: names[0].host_name.decode("ascii"),
            lambda text: (ServerName(text.encode("utf-8", "surrogatepass")),),
        ),
        "the list of names, in which there is one host_name",
        "RFC 6066 3",
    )


@struct("the server used the name", "RFC 6066 3")
class ServerNameAck(ExtensionBody):
    """server_name in the server's answer: empty."""

    extension_type: ClassVar[int] = ExtensionType.SERVER_NAME


# max_fragment_length, status_request: RFC 6066 4 and 8


@struct("a smaller maximum fragment", "RFC 6066 4")
class MaxFragmentLength(ExtensionBody):
    """max_fragment_length. code: 1 to 4 for 2^9 to 2^12 bytes; anything else is illegal_parameter (RFC 6066 4)."""

    extension_type: ClassVar[int] = ExtensionType.MAX_FRAGMENT_LENGTH
    code: int = row(uint8(low=1, high=4), "1: 512, 2: 1024, 3: 2048, 4: 4096 bytes", "RFC 6066 4")


_OCSP_LIST = Opaque(2, 0)
_UNKNOWN_REQUEST = Rest()


def _ocsp_field(values: Sequence[Any]) -> Codec[Any]:
    return _OCSP_LIST if values[0] == CertificateStatusType.OCSP else _UNKNOWN_REQUEST


@struct("a request for the certificate's status", "RFC 6066 8")
class StatusRequest(ExtensionBody):
    """status_request in ClientHello.

    status_type: OCSP, or a value this code does not know. responder_ids, extensions: the content of the two lists of an
    OCSPStatusRequest, not decoded further; for an unknown type the first holds all that follows, the second is empty.
    """

    extension_type: ClassVar[int] = ExtensionType.STATUS_REQUEST
    status_type: int = row(
        uint8(CertificateStatusType), "the kind of status", "RFC 6066 8", default=CertificateStatusType.OCSP
    )
    responder_ids: bytes = row(
        Chosen("opaque", "<0..2^16-1>", _ocsp_field), "the OCSP responders the client trusts", "RFC 6066 8", default=b""
    )
    extensions: bytes = row(
        Chosen("opaque", "<0..2^16-1>", _ocsp_field), "OCSP request extensions, in DER", "RFC 6066 8", default=b""
    )


@struct("a certificate status will follow, or is wanted", "RFC 6066 8, RFC 8446 4.4.2.1")
class StatusRequestAck(ExtensionBody):
    """status_request in a TLS 1.2 ServerHello, and in a TLS 1.3 CertificateRequest: empty."""

    extension_type: ClassVar[int] = ExtensionType.STATUS_REQUEST


@struct("the status of this certificate", "RFC 8446 4.4.2.1")
class CertificateStatusEntry(ExtensionBody):
    """status_request in a TLS 1.3 certificate entry: what CertificateStatus holds in TLS 1.2."""

    extension_type: ClassVar[int] = ExtensionType.STATUS_REQUEST
    status_type: int = row(uint8(CertificateStatusType), "the kind of status", "RFC 6066 8")
    response: bytes = row(Opaque(3, 1), "the OCSP response, in DER", "RFC 6066 8")


# Groups, signature schemes, protocols, versions


@struct("the key exchange groups the sender supports", "RFC 8446 4.2.7")
class SupportedGroups(ExtensionBody):
    extension_type: ClassVar[int] = ExtensionType.SUPPORTED_GROUPS
    groups: tuple[int, ...] = row(
        UintVector(2, 2, 2, None, "a group", NamedGroup), "groups, most preferred first", "RFC 8446 4.2.7"
    )


@struct("the point formats the sender can parse", "RFC 8422 5.1.2")
class ECPointFormats(ExtensionBody):
    extension_type: ClassVar[int] = ExtensionType.EC_POINT_FORMATS
    formats: tuple[int, ...] = row(
        UintVector(1, 1, 1, None, "a point format", ECPointFormat), "point formats", "RFC 8422 5.1.2"
    )


@struct("the signature schemes the sender verifies", "RFC 8446 4.2.3")
class SignatureAlgorithms(ExtensionBody):
    extension_type: ClassVar[int] = ExtensionType.SIGNATURE_ALGORITHMS
    schemes: tuple[int, ...] = row(
        UintVector(2, 2, 2, 0xFFFE, "a signature scheme", SignatureScheme), "most preferred first", "RFC 8446 4.2.3"
    )


@struct("the signature schemes the sender verifies in certificates", "RFC 8446 4.2.3")
class SignatureAlgorithmsCert(ExtensionBody):
    extension_type: ClassVar[int] = ExtensionType.SIGNATURE_ALGORITHMS_CERT
    schemes: tuple[int, ...] = row(
        UintVector(2, 2, 2, 0xFFFE, "a signature scheme", SignatureScheme), "most preferred first", "RFC 8446 4.2.3"
    )


@struct("application protocols (ALPN)", "RFC 7301 3.1")
class ApplicationProtocols(ExtensionBody):
    """application_layer_protocol_negotiation; an answer holds exactly one name (RFC 7301 3.1)."""

    extension_type: ClassVar[int] = ExtensionType.APPLICATION_LAYER_PROTOCOL_NEGOTIATION
    protocols: tuple[bytes, ...] = row(
        Vector(Opaque(1, 1), 2, 2, None, "a protocol name", "RFC 7301 3.1"),
        "protocol names, most preferred first",
        "RFC 7301 3.1",
    )


@struct("the protocol versions the client supports", "RFC 8446 4.2.1")
class SupportedVersionsOffer(ExtensionBody):
    """supported_versions in ClientHello."""

    extension_type: ClassVar[int] = ExtensionType.SUPPORTED_VERSIONS
    versions: tuple[int, ...] = row(
        UintVector(2, 1, 2, 254, "a version", ProtocolVersion), "versions, most preferred first", "RFC 8446 4.2.1"
    )


@struct("the protocol version the server chose", "RFC 8446 4.2.1")
class SelectedVersion(ExtensionBody):
    """supported_versions in ServerHello and HelloRetryRequest."""

    extension_type: ClassVar[int] = ExtensionType.SUPPORTED_VERSIONS
    version: int = row(uint16(ProtocolVersion), "the version", "RFC 8446 4.2.1")


# Key shares


@struct("a key share", "RFC 8446 4.2.8")
class KeyShareEntry(Structure):
    group: int = row(uint16(NamedGroup), "the group", "RFC 8446 4.2.8")
    key_exchange: bytes = row(Opaque(2, 1, None, "the public value"), "the ephemeral public value", "RFC 8446 4.2.8")


def _shares_complaint(shares: tuple[KeyShareEntry, ...]) -> str | None:
    group = repeated([share.group for share in shares])
    return None if group is None else f"two shares of group {group:#06x}"


@struct("the client's key shares", "RFC 8446 4.2.8")
class KeyShareOffer(ExtensionBody):
    """key_share in ClientHello. shares: one per group (RFC 8446 4.2.8); empty asks for a HelloRetryRequest."""

    extension_type: ClassVar[int] = ExtensionType.KEY_SHARE
    shares: tuple[KeyShareEntry, ...] = row(
        Checked(Vector(KeyShareEntry.wire, 2, 0, None, "a key share", "RFC 8446 4.2.8"), _shares_complaint),
        "key shares, most preferred first",
        "RFC 8446 4.2.8",
    )


@struct("the server's key share", "RFC 8446 4.2.8")
class KeyShareServer(ExtensionBody):
    """key_share in ServerHello."""

    extension_type: ClassVar[int] = ExtensionType.KEY_SHARE
    share: KeyShareEntry = row(KeyShareEntry.wire, "the one share", "RFC 8446 4.2.8")


@struct("the group the server asks for", "RFC 8446 4.2.8")
class KeyShareRetry(ExtensionBody):
    """key_share in HelloRetryRequest."""

    extension_type: ClassVar[int] = ExtensionType.KEY_SHARE
    group: int = row(uint16(NamedGroup), "the group", "RFC 8446 4.2.8")


# Pre-shared keys, early data, cookie


@struct("a pre-shared key's identity", "RFC 8446 4.2.11")
class PskIdentity(Structure):
    identity: bytes = row(Opaque(2, 1, None, "the ticket or name"), "a ticket, or a key's name", "RFC 8446 4.2.11")
    obfuscated_ticket_age: int = row(
        uint32(), "milliseconds since the ticket came, plus ticket_age_add, modulo 2^32", "RFC 8446 4.2.11.1"
    )


def _psk_complaint(offer: PreSharedKeyOffer) -> str | None:
    if len(offer.identities) == len(offer.binders):
        return None
    return f"{len(offer.identities)} identities with {len(offer.binders)} binders"


@struct("the pre-shared keys the client offers", "RFC 8446 4.2.11", check=_psk_complaint)
class PreSharedKeyOffer(ExtensionBody):
    """pre_shared_key in ClientHello: as many binders as identities."""

    extension_type: ClassVar[int] = ExtensionType.PRE_SHARED_KEY
    identities: tuple[PskIdentity, ...] = row(
        Vector(PskIdentity.wire, 2, 7, None, "an identity", "RFC 8446 4.2.11"), "the identities", "RFC 8446 4.2.11"
    )
    binders: tuple[bytes, ...] = row(
        Vector(Opaque(1, 32, 255, "an HMAC"), 2, 33, None, "a binder", "RFC 8446 4.2.11.2"),
        "for each identity, a proof that the client has the key",
        "RFC 8446 4.2.11.2",
    )


@struct("the pre-shared key the server chose", "RFC 8446 4.2.11")
class PreSharedKeySelected(ExtensionBody):
    """pre_shared_key in ServerHello."""

    extension_type: ClassVar[int] = ExtensionType.PRE_SHARED_KEY
    index: int = row(uint16(), "its place among the client's identities, from 0", "RFC 8446 4.2.11")


@struct("how pre-shared keys may be used", "RFC 8446 4.2.9")
class PskKeyExchangeModes(ExtensionBody):
    extension_type: ClassVar[int] = ExtensionType.PSK_KEY_EXCHANGE_MODES
    modes: tuple[int, ...] = row(
        UintVector(1, 1, 1, None, "a mode", PskKeyExchangeMode), "the modes the client supports", "RFC 8446 4.2.9"
    )


@struct("a value the client echoes", "RFC 8446 4.2.2")
class Cookie(ExtensionBody):
    extension_type: ClassVar[int] = ExtensionType.COOKIE
    cookie: bytes = row(Opaque(2, 1), "opaque to the client", "RFC 8446 4.2.2")


@struct("application data before the handshake ends", "RFC 8446 4.2.10")
class EarlyData(ExtensionBody):
    """early_data in ClientHello and EncryptedExtensions: empty."""

    extension_type: ClassVar[int] = ExtensionType.EARLY_DATA


@struct("how much early data the ticket allows", "RFC 8446 4.2.10")
class EarlyDataLimit(ExtensionBody):
    """early_data in NewSessionTicket."""

    extension_type: ClassVar[int] = ExtensionType.EARLY_DATA
    max_early_data_size: int = row(uint32(), "bytes of plaintext", "RFC 8446 4.6.1")


# Record sizes, padding, compression


@struct("the largest record the sender accepts", "RFC 8449 4")
class RecordSizeLimit(ExtensionBody):
    """record_size_limit. limit: bytes of plaintext, in TLS 1.3 with the content type; below 64 is illegal_parameter."""

    extension_type: ClassVar[int] = ExtensionType.RECORD_SIZE_LIMIT
    limit: int = row(uint16(low=MIN_RECORD_SIZE_LIMIT), "bytes of plaintext in a record", "RFC 8449 4")


def _padding_complaint(content: bytes) -> str | None:
    return "padding with a byte that is not zero" if content.strip(b"\0") else None


@struct("bytes without meaning", "RFC 7685 3")
class Padding(ExtensionBody):
    """padding. length: how many zero bytes."""

    extension_type: ClassVar[int] = ExtensionType.PADDING
    length: int = row(Adapted(Checked(Rest(), _padding_complaint), len, bytes), "zero bytes", "RFC 7685 3")


@struct("the certificate compression the sender can undo", "RFC 8879 3")
class CompressCertificate(ExtensionBody):
    extension_type: ClassVar[int] = ExtensionType.COMPRESS_CERTIFICATE
    algorithms: tuple[int, ...] = row(UintVector(2, 1, 2, 254, "an algorithm"), "the algorithms", "RFC 8879 3")


# Extensions of TLS 1.2


@struct("the master secret is bound to the handshake", "RFC 7627 5.1")
class ExtendedMasterSecret(ExtensionBody):
    extension_type: ClassVar[int] = ExtensionType.EXTENDED_MASTER_SECRET


@struct("CBC records are encrypted before they are authenticated", "RFC 7366 2")
class EncryptThenMac(ExtensionBody):
    extension_type: ClassVar[int] = ExtensionType.ENCRYPT_THEN_MAC


@struct("session resumption without server-side state", "RFC 5077 3.2")
class SessionTicket(ExtensionBody):
    """session_ticket. ticket: the whole body; empty asks for a ticket, or promises one."""

    extension_type: ClassVar[int] = ExtensionType.SESSION_TICKET
    ticket: bytes = row(Rest(), "the ticket to resume with, if any", "RFC 5077 3.2", default=b"")


@struct("secure renegotiation", "RFC 5746 3.2")
class RenegotiationInfo(ExtensionBody):
    extension_type: ClassVar[int] = ExtensionType.RENEGOTIATION_INFO
    renegotiated_connection: bytes = row(
        Opaque(1), "the last Finished of the connection, empty in a first handshake", "RFC 5746 3.2", default=b""
    )


# Certificates


@struct("signed certificate timestamps", "RFC 6962 3.3.1")
class SignedCertificateTimestamps(ExtensionBody):
    """signed_certificate_timestamp. timestamps: each one serialised; empty in a request, never in an answer."""

    extension_type: ClassVar[int] = ExtensionType.SIGNED_CERTIFICATE_TIMESTAMP
    timestamps: tuple[bytes, ...] = row(
        OrAbsent(Vector(Opaque(2, 1), 2, 1, None, "a timestamp", "RFC 6962 3.3"), ()),
        "the timestamps",
        "RFC 6962 3.3",
        default=(),
    )


@struct("the authorities the sender trusts", "RFC 8446 4.2.4")
class CertificateAuthorities(ExtensionBody):
    """certificate_authorities. names: distinguished names in DER."""

    extension_type: ClassVar[int] = ExtensionType.CERTIFICATE_AUTHORITIES
    names: tuple[bytes, ...] = row(
        Vector(Opaque(2, 1, None, "a name in DER"), 2, 3, None, "a distinguished name", "RFC 8446 4.2.4"),
        "distinguished names",
        "RFC 8446 4.2.4",
    )


@struct("a demand on a certificate extension", "RFC 8446 4.2.5")
class OidFilter(Structure):
    certificate_extension_oid: bytes = row(Opaque(1, 1), "which extension, in DER", "RFC 8446 4.2.5")
    certificate_extension_values: bytes = row(Opaque(2), "the values it must have, in DER", "RFC 8446 4.2.5")


@struct("demands on the client certificate's extensions", "RFC 8446 4.2.5")
class OidFilters(ExtensionBody):
    extension_type: ClassVar[int] = ExtensionType.OID_FILTERS
    filters: tuple[OidFilter, ...] = row(
        Vector(OidFilter.wire, 2, 0, None, "a demand", "RFC 8446 4.2.5"), "the demands", "RFC 8446 4.2.5"
    )


@struct("the client can authenticate after the handshake", "RFC 8446 4.2.6")
class PostHandshakeAuth(ExtensionBody):
    extension_type: ClassVar[int] = ExtensionType.POST_HANDSHAKE_AUTH
