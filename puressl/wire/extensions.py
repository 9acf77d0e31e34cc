"""Extensions: the container, the table of which stands where, and the codec of an extension block.

Theory of operation: ``ROWS`` says for every extension type and message (``Context``) which class its body has, and any
rule that holds only there. It is the machine-readable form of the table in RFC 8446 4.2. An extension whose type the
table does not know stays a ``RawExtension``. One that it knows, in a message it is not specified for, is refused
(RFC 8446 4.2: illegal_parameter); only a TLS 1.2 ServerHello keeps such an extension raw, since RFC 5246 7.4.1.4 has
another rule for it: unless the client offered it, the answer is unsupported_extension.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar, Union

from puressl.codes import ExtensionType, name_of
from puressl.errors import Problem
from puressl.wire import bodies
from puressl.wire.bodies import ExtensionBody
from puressl.wire.fields import Fault, Prefixed
from puressl.wire.spans import Recorder

B = TypeVar("B", bound=ExtensionBody)


class Context(Enum):
    """The messages that carry extensions."""

    CLIENT_HELLO = "ClientHello"
    SERVER_HELLO = "ServerHello"
    SERVER_HELLO_12 = "ServerHello of TLS 1.2"
    HELLO_RETRY_REQUEST = "HelloRetryRequest"
    ENCRYPTED_EXTENSIONS = "EncryptedExtensions"
    CERTIFICATE = "Certificate"
    CERTIFICATE_REQUEST = "CertificateRequest"
    NEW_SESSION_TICKET = "NewSessionTicket"


@dataclass(frozen=True, slots=True)
class RawExtension:
    """An extension as it stands: its type and the bytes of its body."""

    extension_type: int
    body: bytes


Extension = Union[ExtensionBody, RawExtension]


class Extensions:
    """The extensions of one message, in order. Immutable and hashable."""

    __slots__ = ("_items",)
    _items: tuple[Extension, ...]

    def __init__(self, items: Iterable[Extension] = ()) -> None:
        object.__setattr__(self, "_items", tuple(items))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot assign to {name!r}: Extensions is immutable")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"cannot delete {name!r}: Extensions is immutable")

    def __reduce__(self) -> tuple[type[Extensions], tuple[tuple[Extension, ...]]]:
        return Extensions, (self._items,)

    def get(self, cls: type[B]) -> B | None:
        """The extension whose body is a ``cls``, or None."""
        for item in self._items:
            if isinstance(item, cls):
                return item
        return None

    def types(self) -> tuple[int, ...]:
        """The extension types, in order."""
        return tuple([item.extension_type for item in self._items])

    def __contains__(self, extension_type: object) -> bool:
        return any(item.extension_type == extension_type for item in self._items)

    def __iter__(self) -> Iterator[Extension]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return self._items == other._items if isinstance(other, Extensions) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._items)

    def __repr__(self) -> str:
        return f"Extensions({self._items!r})"


Rule = Callable[[Any], Union[str, None]]


@dataclass(frozen=True, slots=True)
class ExtensionRow:
    """In the messages ``contexts`` the body of an extension is a ``cls`` that keeps ``rule``, if there is one."""

    cls: type[ExtensionBody]
    contexts: tuple[Context, ...]
    rule: Rule | None = None

    @property
    def extension_type(self) -> int:
        return self.cls.extension_type


def _one_protocol(body: bodies.ApplicationProtocols) -> str | None:
    """RFC 7301 3.1: the answer contains exactly one name."""
    return None if len(body.protocols) == 1 else f"{len(body.protocols)} protocols chosen instead of one"


def _no_timestamps(body: bodies.SignedCertificateTimestamps) -> str | None:
    """RFC 6962 3.3.1: a request is empty."""
    return "a request with timestamps" if body.timestamps else None


def _some_timestamps(body: bodies.SignedCertificateTimestamps) -> str | None:
    """RFC 6962 3.3: the list has at least one."""
    return None if body.timestamps else "no timestamps"


def _no_ticket(body: bodies.SessionTicket) -> str | None:
    """RFC 5077 3.2: the server's extension is empty; the ticket comes in a message of its own."""
    return "a ticket in ServerHello" if body.ticket else None


_CH = Context.CLIENT_HELLO
_SH = Context.SERVER_HELLO
_SH12 = Context.SERVER_HELLO_12
_HRR = Context.HELLO_RETRY_REQUEST
_EE = Context.ENCRYPTED_EXTENSIONS
_CT = Context.CERTIFICATE
_CR = Context.CERTIFICATE_REQUEST
_NST = Context.NEW_SESSION_TICKET

#: RFC 8446 4.2, and for ``_SH12`` the documents that define each extension.
ROWS: tuple[ExtensionRow, ...] = (
    ExtensionRow(bodies.ServerNameOffer, (_CH,)),
    ExtensionRow(bodies.ServerNameAck, (_EE, _SH12)),
    ExtensionRow(bodies.MaxFragmentLength, (_CH, _EE, _SH12)),
    ExtensionRow(bodies.StatusRequest, (_CH,)),
    ExtensionRow(bodies.StatusRequestAck, (_CR, _SH12)),
    ExtensionRow(bodies.CertificateStatusEntry, (_CT,)),
    ExtensionRow(bodies.SupportedGroups, (_CH, _EE)),
    ExtensionRow(bodies.ECPointFormats, (_CH, _SH12)),
    ExtensionRow(bodies.SignatureAlgorithms, (_CH, _CR)),
    ExtensionRow(bodies.SignatureAlgorithmsCert, (_CH, _CR)),
    ExtensionRow(bodies.ApplicationProtocols, (_CH,)),
    ExtensionRow(bodies.ApplicationProtocols, (_EE, _SH12), _one_protocol),
    ExtensionRow(bodies.SignedCertificateTimestamps, (_CH, _CR), _no_timestamps),
    ExtensionRow(bodies.SignedCertificateTimestamps, (_CT, _SH12), _some_timestamps),
    ExtensionRow(bodies.Padding, (_CH,)),
    ExtensionRow(bodies.EncryptThenMac, (_CH, _SH12)),
    ExtensionRow(bodies.ExtendedMasterSecret, (_CH, _SH12)),
    ExtensionRow(bodies.CompressCertificate, (_CH, _CR)),
    ExtensionRow(bodies.RecordSizeLimit, (_CH, _EE, _SH12)),
    ExtensionRow(bodies.SessionTicket, (_CH,)),
    ExtensionRow(bodies.SessionTicket, (_SH12,), _no_ticket),
    ExtensionRow(bodies.PreSharedKeyOffer, (_CH,)),
    ExtensionRow(bodies.PreSharedKeySelected, (_SH,)),
    ExtensionRow(bodies.EarlyData, (_CH, _EE)),
    ExtensionRow(bodies.EarlyDataLimit, (_NST,)),
    ExtensionRow(bodies.SupportedVersionsOffer, (_CH,)),
    ExtensionRow(bodies.SelectedVersion, (_SH, _HRR)),
    ExtensionRow(bodies.Cookie, (_CH, _HRR)),
    ExtensionRow(bodies.PskKeyExchangeModes, (_CH,)),
    ExtensionRow(bodies.CertificateAuthorities, (_CH, _CR)),
    ExtensionRow(bodies.OidFilters, (_CR,)),
    ExtensionRow(bodies.PostHandshakeAuth, (_CH,)),
    ExtensionRow(bodies.KeyShareOffer, (_CH,)),
    ExtensionRow(bodies.KeyShareServer, (_SH,)),
    ExtensionRow(bodies.KeyShareRetry, (_HRR,)),
    ExtensionRow(bodies.RenegotiationInfo, (_CH, _SH12)),
)

#: Every type the table knows in some message.
KNOWN_TYPES = frozenset(row.extension_type for row in ROWS)

#: Message and type to the row that holds there.
TABLE: Mapping[Context, Mapping[int, ExtensionRow]] = {
    context: {row.extension_type: row for row in ROWS if context in row.contexts} for context in Context
}

_HEADER = 4
_CLAUSE = "RFC 8446 4.2"


class ExtensionBlock(Prefixed[Extensions]):
    """The extensions of one message: ``Extension extensions<low..2^16-1>``."""

    __slots__ = ("context", "last", "rows")

    def __init__(self, context: Context, low: int = 0, high: int = 0xFFFF) -> None:
        self.context = context
        self.rows = TABLE[context]
        #: The type that no other may follow (RFC 8446 4.2.11).
        self.last = int(ExtensionType.PRE_SHARED_KEY) if context is Context.CLIENT_HELLO else None
        super().__init__("Extension", 2, low, high)

    def decode_content(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> Extensions:
        items: list[Extension] = []
        seen: set[int | None] = set()
        while at < end:
            start = at + _HEADER
            if start > end:
                raise Fault(f"an extension needs {_HEADER} bytes, {end - at} are left", at)
            extension_type = data[at] << 8 | data[at + 1]
            stop = start + (data[at + 2] << 8 | data[at + 3])
            try:
                if stop > end:
                    raise Fault(f"length {stop - start} exceeds the {end - start} bytes that are left", at + 2)
                if extension_type in seen:  # RFC 8446 4.2
                    raise Fault("sent twice", at, Problem.DUPLICATE_EXTENSION)
                if self.last in seen:  # RFC 8446 4.2.11
                    raise Fault("follows pre_shared_key, which must be the last", at, Problem.ILLEGAL_PARAMETER)
                if recorder is None:
                    items.append(self._decode_body(extension_type, data, start, stop, None))
                else:
                    items.append(self._decode_recorded(extension_type, data, start, stop, recorder))
            except Fault as fault:
                fault.inside(f".{name_of(ExtensionType, extension_type)}")
                raise
            seen.add(extension_type)
            at = stop
        return Extensions(items)

    def _decode_body(
        self, extension_type: int, data: bytes, start: int, stop: int, recorder: Recorder | None
    ) -> Extension:
        row = self.rows.get(extension_type)
        if row is None:
            return self._decode_raw(extension_type, data, start, stop, recorder)
        body: ExtensionBody
        body, at = row.cls.wire.decode(data, start, stop, recorder)
        if at != stop:
            raise Fault(f"{stop - at} bytes follow its end", at, Problem.TRAILING_BYTES)
        text = row.rule(body) if row.rule else None
        if text:
            raise Fault(text, start, Problem.ILLEGAL_PARAMETER)
        return body

    def _decode_raw(
        self, extension_type: int, data: bytes, start: int, stop: int, recorder: Recorder | None
    ) -> RawExtension:
        if extension_type in KNOWN_TYPES and self.context is not Context.SERVER_HELLO_12:  # RFC 8446 4.2
            raise Fault(f"is not for {self.context.value}", start - _HEADER, Problem.MISPLACED_EXTENSION)
        if recorder is not None:
            recorder.leaf(".body", start, stop, "the body, not decoded", data[start:stop])
        return RawExtension(extension_type, data[start:stop])

    def _decode_recorded(
        self, extension_type: int, data: bytes, start: int, stop: int, recorder: Recorder
    ) -> Extension:
        row = self.rows.get(extension_type)
        meaning, clause = (row.cls.wire.meaning, row.cls.wire.clause) if row else ("an extension", _CLAUSE)
        at = start - _HEADER
        recorder.begin(f".{name_of(ExtensionType, extension_type)}", at, meaning, clause)
        recorder.leaf(
            ".extension_type", at, at + 2, "which extension", extension_type, clause=_CLAUSE, registry=ExtensionType
        )
        recorder.leaf(".extension_length", at + 2, start, "length in bytes of the body", stop - start, clause=_CLAUSE)
        body = self._decode_body(extension_type, data, start, stop, recorder)
        recorder.end(stop, body)
        return body

    def encode_content(self, value: Extensions, out: bytearray) -> None:
        seen: set[int | None] = set()
        for item in value:
            try:
                if item.extension_type in seen:
                    raise Fault("twice")
                if self.last in seen:
                    raise Fault("follows pre_shared_key, which must be the last")
                self._encode_one(item, out)
            except Fault as fault:
                fault.inside(f".{name_of(ExtensionType, item.extension_type)}")
                raise
            seen.add(item.extension_type)

    def _encode_one(self, item: Extension, out: bytearray) -> None:
        if not 0 <= item.extension_type <= 0xFFFF:
            raise Fault(f"type {item.extension_type} is not in 0..2^16-1")
        out += item.extension_type.to_bytes(2, "big")
        mark = len(out)
        out += b"\0\0"
        if isinstance(item, RawExtension):
            out += item.body
        else:
            row = self.rows.get(item.extension_type)
            if row is None or row.cls is not type(item):
                raise Fault(f"{type(item).__name__} is not for {self.context.value}")
            text = row.rule(item) if row.rule else None
            if text:
                raise Fault(text)
            row.cls.wire.encode(item, out)
        length = len(out) - mark - 2
        if length > 0xFFFF:
            raise Fault(f"a body of {length} bytes does not fit 2 bytes of length")
        out[mark : mark + 2] = length.to_bytes(2, "big")


def has_extension(data: bytes, at: int, end: int, extension_type: int) -> bool:
    """Whether the block that begins at ``at`` has an extension of a type; False where the block is malformed."""
    at += 2
    while at + _HEADER <= end:
        if data[at] << 8 | data[at + 1] == extension_type:
            return True
        at += _HEADER + (data[at + 2] << 8 | data[at + 3])
    return False
