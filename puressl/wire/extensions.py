"""Extensions: their bodies, and which message may carry which (RFC 8446 4.2).

Theory of operation: each body is a structure of rows. ``TABLE`` says for each context, a message that carries
extensions, and each type which class reads the body; the same table tells a known extension in the wrong place from an
unknown one, which is kept as it is. ``Extensions`` is the ordered, immutable block; it refuses a type that stands
twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, ClassVar, TypeVar

from puressl.codes import (
    CertificateStatusType,
    ExtensionType,
    NamedGroup,
    NameType,
    ProtocolVersion,
    PskKeyExchangeMode,
    SignatureScheme,
    name_of,
)
from puressl.errors import Problem
from puressl.wire.codec import Structure, constant, row, struct
from puressl.wire.fields import (
    Adapted,
    Checked,
    Fault,
    Opaque,
    Prefixed,
    Rest,
    UintVector,
    Vector,
    uint8,
    uint16,
    uint32,
)
from puressl.wire.spans import Recorder

T = TypeVar("T", bound=Structure)

#: RFC 6066 3 with RFC 1035 2.3.4: the longest DNS name.
MAX_HOST_NAME = 255


def _distinct(values: tuple[Any, ...]) -> str | None:
    return "an element stands twice" if len(set(values)) != len(values) else None


def _one(values: tuple[Any, ...]) -> str | None:
    return None if len(values) == 1 else f"{len(values)} elements where exactly one is allowed"


def _zeros(octets: bytes) -> str | None:
    return "padding that is not zero" if octets.strip(b"\x00") else None


class Extension(Structure):
    """A typed extension body."""

    __slots__ = ()
    extension_type: ClassVar[ExtensionType]


# server_name (RFC 6066 3) -----------------------------------------------------------------------------------


@struct("A name of a server", "RFC 6066 3")
class _ServerNameEntry(Structure):
    name_type: ClassVar[int] = constant(1, NameType.HOST_NAME, "the kind of name", "RFC 6066 3", NameType)
    host_name: bytes = row(Opaque(2, 1, MAX_HOST_NAME, "the DNS name"), "the DNS name, ASCII", "RFC 6066 3")


def _host_name_problem(names: tuple[_ServerNameEntry, ...]) -> str | None:
    if len(names) != 1:
        return f"{len(names)} names; one host_name is all that is defined"
    name = names[0].host_name
    if not name.isascii() or any(byte <= 0x20 or byte == 0x7F for byte in name):
        return "host_name with bytes that no DNS name has"
    return None


@struct("The server name that the client asks for", "RFC 6066 3")
class ServerNameOffer(Extension):
    """Lenient where real clients are odd: an address literal and a trailing dot are let through (RFC 6066 3 forbids
    both).
    """

    extension_type: ClassVar[ExtensionType] = ExtensionType.SERVER_NAME
    host_name: str = row(
        Adapted(
            Checked(Vector(_ServerNameEntry.wire, 2, 1, 65535, "a server name", "RFC 6066 3"), _host_name_problem),
            lambda names: names[0].host_name.decode("ascii"),
            lambda name: (_ServerNameEntry(name.encode("ascii", "replace")),),
        ),
        "the list of names",
        "RFC 6066 3",
    )


@struct("The server used the name", "RFC 6066 3")
class ServerNameAck(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.SERVER_NAME


@struct("The largest fragment the client accepts", "RFC 6066 4")
class MaxFragmentLength(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.MAX_FRAGMENT_LENGTH
    code: int = row(uint8(low=1, high=4), "1 to 4 for 2^9 to 2^12 bytes", "RFC 6066 4")


# status_request (RFC 6066 8, RFC 8446 4.4.2.1) --------------------------------------------------------------


@struct("The client asks for a stapled certificate status", "RFC 6066 8")
class StatusRequest(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.STATUS_REQUEST
    status_type: int = row(uint8(CertificateStatusType), "the kind of status", "RFC 6066 8")
    request: bytes = row(Rest(0, 65535), "responder_id_list and request_extensions", "RFC 6066 8")


@struct("The server will send a certificate status", "RFC 6066 8")
class StatusRequestAck(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.STATUS_REQUEST


@struct("A stapled certificate status", "RFC 8446 4.4.2.1")
class CertificateStatusEntry(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.STATUS_REQUEST
    status_type: int = row(uint8(CertificateStatusType), "the kind of status", "RFC 6066 8")
    response: bytes = row(Opaque(3, 1, meaning="an OCSPResponse in DER"), "the OCSP response", "RFC 6066 8")


# Groups, points and signatures ------------------------------------------------------------------------------


@struct("The groups for key exchange, in order of preference", "RFC 8446 4.2.7")
class SupportedGroups(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.SUPPORTED_GROUPS
    groups: tuple[int, ...] = row(UintVector(2, 2, 2, 65535, "a group", NamedGroup), "the groups", "RFC 8446 4.2.7")


@struct("The forms of elliptic curve points that are read", "RFC 8422 5.1.2")
class ECPointFormats(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.EC_POINT_FORMATS
    formats: bytes = row(Opaque(1, 1, 255, "ECPointFormat values"), "the formats", "RFC 8422 5.1.2")


@struct("The signature schemes that are verified", "RFC 8446 4.2.3")
class SignatureAlgorithms(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.SIGNATURE_ALGORITHMS
    schemes: tuple[int, ...] = row(
        UintVector(2, 2, 2, 65534, "a scheme", SignatureScheme), "the schemes", "RFC 8446 4.2.3"
    )


@struct("The signature schemes that are verified in certificates", "RFC 8446 4.2.3")
class SignatureAlgorithmsCert(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.SIGNATURE_ALGORITHMS_CERT
    schemes: tuple[int, ...] = row(
        UintVector(2, 2, 2, 65534, "a scheme", SignatureScheme), "the schemes", "RFC 8446 4.2.3"
    )


# application_layer_protocol_negotiation (RFC 7301) ----------------------------------------------------------

_PROTOCOL_NAME = Opaque(1, 1, 255, "the protocol's name")


@struct("The application protocols that are offered", "RFC 7301 3.1")
class ApplicationProtocols(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.APPLICATION_LAYER_PROTOCOL_NEGOTIATION
    protocols: tuple[bytes, ...] = row(
        Vector(_PROTOCOL_NAME, 2, 2, 65535, "a protocol", "RFC 7301 3.1"), "the protocols", "RFC 7301 3.1"
    )


# Versions, shares, keys (RFC 8446 4.2) ----------------------------------------------------------------------


@struct("The protocol versions that are offered", "RFC 8446 4.2.1")
class SupportedVersionsOffer(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.SUPPORTED_VERSIONS
    versions: tuple[int, ...] = row(
        UintVector(2, 1, 2, 254, "a version", ProtocolVersion), "the versions, in order of preference", "RFC 8446 4.2.1"
    )


@struct("The protocol version that was selected", "RFC 8446 4.2.1")
class SelectedVersion(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.SUPPORTED_VERSIONS
    version: int = row(uint16(ProtocolVersion), "the version", "RFC 8446 4.2.1")


@struct("A key share", "RFC 8446 4.2.8")
class KeyShareEntry(Structure):
    group: int = row(uint16(NamedGroup), "the group", "RFC 8446 4.2.8")
    key_exchange: bytes = row(Opaque(2, 1, meaning="the public value"), "the public value", "RFC 8446 4.2.8")


def _distinct_groups(shares: tuple[KeyShareEntry, ...]) -> str | None:
    groups = [share.group for share in shares]
    return "two shares for one group" if len(set(groups)) != len(groups) else None


@struct("The client's key shares", "RFC 8446 4.2.8")
class KeyShareOffer(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.KEY_SHARE
    shares: tuple[KeyShareEntry, ...] = row(
        Checked(Vector(KeyShareEntry.wire, 2, 0, 65535, "a key share", "RFC 8446 4.2.8"), _distinct_groups),
        "the shares, in order of preference",
        "RFC 8446 4.2.8",
    )


@struct("The server's key share", "RFC 8446 4.2.8")
class KeyShareServer(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.KEY_SHARE
    share: KeyShareEntry = row(KeyShareEntry.wire, "the share", "RFC 8446 4.2.8")


@struct("The group that HelloRetryRequest asks a share of", "RFC 8446 4.2.8")
class KeyShareRetry(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.KEY_SHARE
    group: int = row(uint16(NamedGroup), "the group", "RFC 8446 4.2.8")


@struct("A pre-shared key that is offered", "RFC 8446 4.2.11")
class PskIdentity(Structure):
    identity: bytes = row(Opaque(2, 1, meaning="a ticket or a label"), "the key's label", "RFC 8446 4.2.11")
    obfuscated_ticket_age: int = row(uint32(), "the ticket's age in ms, plus ticket_age_add", "RFC 8446 4.2.11.1")


_BINDER = Opaque(1, 32, 255, "an HMAC over the hello before the binders")


@struct("The pre-shared keys that are offered", "RFC 8446 4.2.11")
class PreSharedKeyOffer(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.PRE_SHARED_KEY
    identities: tuple[PskIdentity, ...] = row(
        Vector(PskIdentity.wire, 2, 7, 65535, "an identity", "RFC 8446 4.2.11"), "the keys' labels", "RFC 8446 4.2.11"
    )
    binders: tuple[bytes, ...] = row(
        Vector(_BINDER, 2, 33, 65535, "a binder", "RFC 8446 4.2.11.2"), "one for each identity", "RFC 8446 4.2.11.2"
    )


@struct("The pre-shared key that was selected", "RFC 8446 4.2.11")
class PreSharedKeySelected(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.PRE_SHARED_KEY
    index: int = row(uint16(), "its place among the identities, from 0", "RFC 8446 4.2.11")


@struct("How a pre-shared key may be used", "RFC 8446 4.2.9")
class PskKeyExchangeModes(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.PSK_KEY_EXCHANGE_MODES
    modes: tuple[int, ...] = row(UintVector(1, 1, 1, 255, "a mode", PskKeyExchangeMode), "the modes", "RFC 8446 4.2.9")


@struct("Bytes that the client returns to the server", "RFC 8446 4.2.2")
class Cookie(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.COOKIE
    cookie: bytes = row(Opaque(2, 1, meaning="the server's bytes"), "the cookie", "RFC 8446 4.2.2")


@struct("Early data follows, or is accepted", "RFC 8446 4.2.10")
class EarlyData(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.EARLY_DATA


@struct("How much early data a ticket allows", "RFC 8446 4.2.10")
class EarlyDataLimit(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.EARLY_DATA
    max_early_data_size: int = row(uint32(), "bytes", "RFC 8446 4.2.10")


# Other TLS 1.3 and TLS 1.2 extensions -----------------------------------------------------------------------


@struct("The largest record that is accepted", "RFC 8449 4")
class RecordSizeLimit(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.RECORD_SIZE_LIMIT
    limit: int = row(uint16(low=64), "bytes of plaintext; TLS 1.3 counts the content type", "RFC 8449 4")


@struct("The master secret is bound to the handshake", "RFC 7627 5.1")
class ExtendedMasterSecret(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.EXTENDED_MASTER_SECRET


@struct("Block ciphers encrypt before they authenticate", "RFC 7366 2")
class EncryptThenMac(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.ENCRYPT_THEN_MAC


@struct("A TLS 1.2 session ticket, or that one is wanted", "RFC 5077 3.2")
class SessionTicket(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.SESSION_TICKET
    ticket: bytes = row(Rest(0, 65535), "the ticket; empty for a new one", "RFC 5077 3.2")


@struct("Renegotiation is bound to the connection", "RFC 5746 3.2")
class RenegotiationInfo(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.RENEGOTIATION_INFO
    renegotiated_connection: bytes = row(
        Opaque(1, 0, 255, "the Finished values so far"), "empty in a first handshake", "RFC 5746 3.2"
    )


@struct("Signed certificate timestamps are wanted", "RFC 6962 3.3.1")
class SignedCertificateTimestampsOffer(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.SIGNED_CERTIFICATE_TIMESTAMP


@struct("Signed certificate timestamps", "RFC 6962 3.3")
class SignedCertificateTimestamps(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.SIGNED_CERTIFICATE_TIMESTAMP
    timestamps: tuple[bytes, ...] = row(
        Vector(Opaque(2, 1, meaning="a SerializedSCT"), 2, 1, 65535, "a timestamp", "RFC 6962 3.3"),
        "the list",
        "RFC 6962 3.3",
    )


@struct("The authorities whose certificates are trusted", "RFC 8446 4.2.4")
class CertificateAuthorities(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.CERTIFICATE_AUTHORITIES
    names: tuple[bytes, ...] = row(
        Vector(Opaque(2, 1, meaning="a DistinguishedName in DER"), 2, 3, 65535, "a name", "RFC 8446 4.2.4"),
        "their distinguished names",
        "RFC 8446 4.2.4",
    )


@struct("A filter on a certificate extension", "RFC 8446 4.2.5")
class OidFilter(Structure):
    oid: bytes = row(Opaque(1, 1, 255, "an OBJECT IDENTIFIER in DER"), "the certificate extension", "RFC 8446 4.2.5")
    values: bytes = row(Opaque(2, 0, meaning="DER"), "what it must hold", "RFC 8446 4.2.5")


@struct("What the client's certificate must hold", "RFC 8446 4.2.5")
class OidFilters(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.OID_FILTERS
    filters: tuple[OidFilter, ...] = row(
        Vector(OidFilter.wire, 2, 0, 65535, "a filter", "RFC 8446 4.2.5"), "the filters", "RFC 8446 4.2.5"
    )


@struct("The client would authenticate after the handshake", "RFC 8446 4.2.6")
class PostHandshakeAuth(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.POST_HANDSHAKE_AUTH


@struct("Bytes without meaning", "RFC 7685 3")
class Padding(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.PADDING
    length: int = row(Adapted(Checked(Rest(0, 65535), _zeros), len, bytes), "zero bytes", "RFC 7685 3")


@struct("How certificates may be compressed", "RFC 8879 3")
class CompressCertificate(Extension):
    extension_type: ClassVar[ExtensionType] = ExtensionType.COMPRESS_CERTIFICATE
    algorithms: tuple[int, ...] = row(UintVector(2, 1, 2, 254, "an algorithm"), "the algorithms", "RFC 8879 3")


@struct("An extension that puressl does not read", "RFC 8446 4.2")
class RawExtension(Structure):
    extension_type: int = row(uint16(ExtensionType), "the extension's type", "RFC 8446 4.2")
    body: bytes = row(Opaque(2, 0, meaning="the extension's body"), "the body", "RFC 8446 4.2")


# The table --------------------------------------------------------------------------------------------------


class Context(Enum):
    """A message that carries extensions; the columns of RFC 8446 4.2's table, and TLS 1.2's ServerHello."""

    CLIENT_HELLO = "ClientHello"
    SERVER_HELLO = "ServerHello"
    SERVER_HELLO_12 = "ServerHello of TLS 1.2"
    HELLO_RETRY_REQUEST = "HelloRetryRequest"
    ENCRYPTED_EXTENSIONS = "EncryptedExtensions"
    CERTIFICATE = "Certificate"
    CERTIFICATE_REQUEST = "CertificateRequest"
    NEW_SESSION_TICKET = "NewSessionTicket"


_CLASSES: Mapping[Context, tuple[type[Any], ...]] = {
    Context.CLIENT_HELLO: (
        ServerNameOffer,
        MaxFragmentLength,
        StatusRequest,
        SupportedGroups,
        ECPointFormats,
        SignatureAlgorithms,
        SignatureAlgorithmsCert,
        ApplicationProtocols,
        SignedCertificateTimestampsOffer,
        Padding,
        EncryptThenMac,
        ExtendedMasterSecret,
        CompressCertificate,
        RecordSizeLimit,
        SessionTicket,
        PreSharedKeyOffer,
        EarlyData,
        SupportedVersionsOffer,
        Cookie,
        PskKeyExchangeModes,
        CertificateAuthorities,
        PostHandshakeAuth,
        KeyShareOffer,
        RenegotiationInfo,
    ),
    Context.SERVER_HELLO: (KeyShareServer, PreSharedKeySelected, SelectedVersion),
    Context.HELLO_RETRY_REQUEST: (KeyShareRetry, Cookie, SelectedVersion),
    Context.SERVER_HELLO_12: (
        ServerNameAck,
        MaxFragmentLength,
        StatusRequestAck,
        ECPointFormats,
        ApplicationProtocols,
        SignedCertificateTimestamps,
        EncryptThenMac,
        ExtendedMasterSecret,
        RecordSizeLimit,
        SessionTicket,
        RenegotiationInfo,
    ),
    Context.ENCRYPTED_EXTENSIONS: (
        ServerNameAck,
        MaxFragmentLength,
        SupportedGroups,
        ApplicationProtocols,
        RecordSizeLimit,
        EarlyData,
    ),
    Context.CERTIFICATE: (CertificateStatusEntry, SignedCertificateTimestamps),
    Context.CERTIFICATE_REQUEST: (
        StatusRequest,
        SignatureAlgorithms,
        SignatureAlgorithmsCert,
        SignedCertificateTimestampsOffer,
        CertificateAuthorities,
        OidFilters,
        CompressCertificate,
    ),
    Context.NEW_SESSION_TICKET: (EarlyDataLimit,),
}

#: Which class reads which type, by context.
TABLE: Mapping[Context, Mapping[int, type[Any]]] = {
    context: {int(each.extension_type): each for each in classes} for context, classes in _CLASSES.items()
}

#: What the table reads anywhere: elsewhere it is in the wrong place (RFC 8446 4.2). TLS 1.2 has no such rule: there the
#: handshake refuses what was not offered (RFC 5246 7.4.1.4).
_KNOWN = frozenset(kind for row_ in TABLE.values() for kind in row_)
#: Known from the registry and legal where the table does not read them: RFC 8446 4.2's columns for others' extensions.
_UNREAD: Mapping[Context, frozenset[int]] = {
    Context.ENCRYPTED_EXTENSIONS: frozenset({int(ExtensionType.CLIENT_CERTIFICATE_TYPE)}),
    Context.SERVER_HELLO_12: _KNOWN,
}


class Extensions:
    """An immutable block of extensions, in order, no type twice.

    items: typed bodies (``Extension``) and ``RawExtension``.
    """

    __slots__ = ("_by_type", "_items")

    def __init__(self, items: tuple[Any, ...] = ()) -> None:
        self._items = items
        self._by_type = {int(item.extension_type): item for item in items}

    def get(self, body: type[T]) -> T | None:
        """The body of a class, None when it is not there."""
        found = self._by_type.get(int(body.extension_type))  # type: ignore[attr-defined]
        return found if isinstance(found, body) else None

    def types(self) -> tuple[int, ...]:
        """The types, in order."""
        return tuple(int(item.extension_type) for item in self._items)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, extension_type: object) -> bool:
        return extension_type in self._by_type

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Extensions) and self._items == other._items

    def __hash__(self) -> int:
        return hash(self._items)

    def __repr__(self) -> str:
        return f"Extensions({self._items!r})"


class ExtensionBlock(Prefixed[Extensions]):
    """The codec of a block in one context."""

    __slots__ = ("context", "table")

    def __init__(self, context: Context, low: int = 0) -> None:
        super().__init__("Extension", 2, low, 65535)
        self.context = context
        self.table = TABLE[context]

    def decode_content(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> Extensions:
        items: list[Any] = []
        seen: set[int] = set()
        while at < end:
            if recorder is not None:
                recorder.begin(f"[{len(items)}]", at, "an extension", "RFC 8446 4.2")
            item, at = self._one(data, at, end, seen, recorder)
            if recorder is not None:
                recorder.end(at, item)
            items.append(item)
        return Extensions(tuple(items))

    def _one(self, data: bytes, at: int, end: int, seen: set[int], recorder: Recorder | None) -> tuple[Any, int]:
        if end - at < 4:
            raise Fault(f"an extension needs 4 bytes, {end - at} are left", at)
        kind, length = int.from_bytes(data[at : at + 2], "big"), int.from_bytes(data[at + 2 : at + 4], "big")
        start, stop = at + 4, at + 4 + length
        if stop > end:
            raise Fault(f"length {length} exceeds the {end - start} bytes that are left", at + 2)
        name = name_of(ExtensionType, kind)
        if kind in seen:
            raise Fault(f"{name} stands twice", at, Problem.DUPLICATE_EXTENSION)
        seen.add(kind)
        if recorder is not None:
            recorder.leaf(".extension_type", at, at + 2, "the extension's type", kind, registry=ExtensionType)
            recorder.leaf(".length", at + 2, at + 4, "length in bytes of the body", length)
        body = self.table.get(kind)
        if body is None:
            if kind in _KNOWN and kind not in _UNREAD.get(self.context, frozenset()):
                raise Fault(f"{name} does not belong here", at, Problem.MISPLACED_EXTENSION)
            if recorder is not None and length:
                recorder.leaf(".body", start, stop, "a body that puressl does not read", data[start:stop])
            return RawExtension(kind, data[start:stop]), stop
        try:
            value, reached = body.wire.decode(data, start, stop, recorder)
            if reached != stop:
                raise Fault(f"{stop - reached} bytes follow its end", reached, Problem.TRAILING_BYTES)
        except Fault as fault:
            fault.inside(f"[{name}]")
            raise
        return value, stop

    def encode_content(self, value: Extensions, out: bytearray) -> None:
        for item in value:
            if isinstance(item, RawExtension):
                item.wire.encode(item, out)
                continue
            out += int(item.extension_type).to_bytes(2, "big")
            _BODY.encode(item, out)


class _Body(Prefixed[Any]):
    """The body of a typed extension behind its length."""

    __slots__ = ()

    def encode_content(self, value: Any, out: bytearray) -> None:
        value.wire.encode(value, out)


_BODY = _Body("opaque", 2, 0, 65535)
