"""Bytes as fields: handshake messages, alerts, and records with what is inside them.

Theory of operation: the rows of ``wire`` decode a message and give a span for every piece; a field is a span with its
value as text. What is around messages has no rows: the header of a record, the parts of a protected fragment and of the
plaintext in it are laid out here, by the suite.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from puressl.codes import (
    CipherSuite,
    ContentType,
    HandshakeType,
    NamedGroup,
    ProtocolVersion,
    SignatureScheme,
    name_of,
)
from puressl.crypto.suites import CipherKind, Suite
from puressl.explain.model import Field
from puressl.wire import Structure, decode_handshake_with_spans, decode_with_spans
from puressl.wire.hello import HandshakeMessage
from puressl.wire.messages import HEADER_LENGTH as HANDSHAKE_HEADER_LENGTH
from puressl.wire.record import HEADER_LENGTH
from puressl.wire.spans import Span

#: Registries whose code points are written in hexadecimal; those of the others are decimal.
_HEXADECIMAL = (ProtocolVersion, CipherSuite, NamedGroup, SignatureScheme)
_SUITES = frozenset(CipherSuite)
#: The parts of a record that have a registry.
_REGISTRIES: Mapping[str, type[IntEnum]] = {
    "type": ContentType,
    "opaque_type": ContentType,
    "legacy_record_version": ProtocolVersion,
    "msg_type": HandshakeType,
}


@dataclass(frozen=True, slots=True)
class Sealing:
    """How the records of one epoch and direction are protected."""

    suite: Suite
    encrypt_then_mac: bool = False

    @property
    def is_tls13(self) -> bool:
        return self.suite.version is ProtocolVersion.TLSv1_3

    def parts(self, length: int) -> Iterator[tuple[str, int, str, str]]:
        """The parts of a fragment of ``length`` bytes: name, length, meaning and clause."""
        cipher, mac = self.suite.cipher, self.suite.mac
        iv = cipher.record_iv_length
        if self.is_tls13:
            yield "ciphertext", length - cipher.tag_length, "TLSInnerPlaintext, encrypted", "RFC 8446 5.2"
            yield "tag", cipher.tag_length, "authenticates the record and its header", "RFC 8446 5.2"
        elif cipher.kind is CipherKind.AEAD:
            yield "nonce_explicit", iv, "the part of the nonce that travels", "RFC 5288 3"
            yield "ciphertext", length - iv - cipher.tag_length, "the content, encrypted", "RFC 5246 6.2.3.3"
            yield "tag", cipher.tag_length, "authenticates the content and its header", "RFC 5246 6.2.3.3"
        elif self.encrypt_then_mac and mac is not None:
            body = length - iv - mac.size
            yield "IV", iv, "random, of this record", "RFC 5246 6.2.3.2"
            yield "ciphertext", body, "content and padding, encrypted", "RFC 7366 3"
            yield "MAC", mac.size, "over IV and ciphertext", "RFC 7366 3"
        else:
            yield "IV", iv, "random, of this record", "RFC 5246 6.2.3.2"
            yield "ciphertext", length - iv, "content, MAC and padding, encrypted", "RFC 5246 6.2.3.2"


def message_fields(cls: type[HandshakeMessage], raw: bytes) -> tuple[Field, ...]:
    """The fields of a handshake message, header included. Raises ``ProtocolError`` for what is not one."""
    return as_fields(decode_handshake_with_spans(cls, raw)[1])


def content_fields(cls: type[Structure], raw: bytes) -> tuple[Field, ...]:
    """The fields of an alert or a ChangeCipherSpec. Raises ``ProtocolError`` for what is not one."""
    return as_fields(decode_with_spans(cls, raw)[1])


def as_fields(spans: Sequence[Span]) -> tuple[Field, ...]:
    """Spans as fields: only what has no parts has a value."""
    depths = [span.depth for span in spans[1:]] + [0]
    return tuple(
        Field(
            span.path,
            span.start,
            span.end,
            span.depth,
            "" if deeper > span.depth else value_text(span.value, span.registry),
            span.meaning,
            span.clause,
        )
        for span, deeper in zip(spans, depths, strict=True)
    )


def value_text(value: object, registry: type[IntEnum] | None = None) -> str:
    """A decoded value as text: names of code points, printable ASCII as such, other bytes in hexadecimal."""
    if isinstance(value, int):
        return str(int(value)) if registry is None else _code_point(registry, value)
    if isinstance(value, bytes):
        return f'"{value.decode()}"' if _is_text(value) else value.hex()
    return f'"{value}"' if isinstance(value, str) else ""


def _code_point(registry: type[IntEnum], value: int) -> str:
    """``x25519 (0x001d)``, ``server_name (0)``, as the RFCs write them."""
    name = name_of(registry, value)
    if registry is CipherSuite and value in _SUITES:
        name = name.upper()
    return f"{name} ({value:#06x})" if registry in _HEXADECIMAL else f"{name} ({value})"


def _is_text(value: bytes) -> bool:
    return bool(value) and all(0x20 <= byte < 0x7F for byte in value)


def unexplained(name: str, raw: bytes, meaning: str, clause: str) -> tuple[Field, ...]:
    """All bytes as one field, for what cannot be decoded, or has no structure."""
    return (Field(name, 0, len(raw), 0, value_text(raw), meaning, clause),) if raw else ()


def undecoded_message(raw: bytes) -> tuple[Field, ...]:
    """A handshake message that was refused before it was decoded: its header, as far as it goes, and the rest."""
    header = (("msg_type", 1, "which message"), ("length", 3, "length in bytes of the body"))
    rows = [(name, length, meaning, "RFC 8446 4") for name, length, meaning in header]
    rows.append(("body", len(raw) - HANDSHAKE_HEADER_LENGTH, "not decoded", "RFC 8446 4"))
    return _laid_out("Handshake", raw, "a handshake message that was refused", "RFC 8446 4", rows)


def record_fields(raw: bytes, sealing: Sealing | None) -> tuple[Field, ...]:
    """The fields of a record: its header and, if it is protected, the parts of its fragment.

    raw: header and fragment. sealing: None for a record that is not protected.
    """
    length = len(raw) - HEADER_LENGTH
    if sealing is None:
        name, meaning, clause = "TLSPlaintext", "a record without protection", "RFC 8446 5.1"
        parts = [("fragment", length, "the content", clause)]
    else:
        clause = "RFC 8446 5.2" if sealing.is_tls13 else "RFC 5246 6.2.3"
        name, meaning = "TLSCiphertext", "a protected record"
        parts = list(sealing.parts(length))
    kind = "what the fragment pretends to be" if sealing and sealing.is_tls13 else "what the fragment is"
    rows = [
        ("opaque_type" if sealing and sealing.is_tls13 else "type", 1, kind, clause),
        ("legacy_record_version", 2, "frozen; nobody looks at it", clause),
        ("length", 2, "length in bytes of the fragment", clause),
        *parts,
    ]
    return _laid_out(name, raw, meaning, clause, rows)


def opaque_record_fields(raw: bytes) -> tuple[Field, ...]:
    """The fields of a protected record whose suite is not known here."""
    rows = [
        ("type", 1, "what the fragment is", "RFC 5246 6.2.3"),
        ("legacy_record_version", 2, "frozen; nobody looks at it", "RFC 5246 6.2.3"),
        ("length", 2, "length in bytes of the fragment", "RFC 5246 6.2.3"),
        ("fragment", len(raw) - HEADER_LENGTH, "protected, in a way that is not known here", "RFC 5246 6.2.3"),
    ]
    return _laid_out("TLSCiphertext", raw, "a protected record", "RFC 5246 6.2.3", rows)


def inner_fields(plaintext: bytes, content_length: int, sealing: Sealing) -> tuple[Field, ...]:
    """The fields of what was inside a protected record. plaintext: as ``inner_plaintext`` makes it."""
    if not sealing.is_tls13:
        return unexplained("content", plaintext, "what the record protects", "RFC 5246 6.2.1")
    rows = [
        ("content", content_length, "what the record protects", "RFC 8446 5.2"),
        ("type", 1, "what the content is", "RFC 8446 5.2"),
        ("zeros", len(plaintext) - content_length - 1, "padding, which hides the length", "RFC 8446 5.4"),
    ]
    return _laid_out("TLSInnerPlaintext", plaintext, "the plaintext of a record", "RFC 8446 5.2", rows)


def inner_plaintext(raw: bytes, content_type: int, content: bytes, sealing: Sealing) -> bytes:
    """What was inside a protected record: in TLS 1.3 content, type and padding, whose length follows from the record's
    (RFC 8446 5.4); in TLS 1.2 the content.
    """
    if not sealing.is_tls13:
        return content
    length = len(raw) - HEADER_LENGTH - sealing.suite.cipher.tag_length
    return (content + bytes((content_type,))).ljust(length, b"\0")


def _laid_out(
    name: str, raw: bytes, meaning: str, clause: str, rows: Sequence[tuple[str, int, str, str]]
) -> tuple[Field, ...]:
    """A structure whose parts follow each other; those beyond its end, and empty ones, have no field."""
    fields = [Field(name, 0, len(raw), 0, "", meaning, clause)]
    at = 0
    for part, length, phrase, where in rows:
        end = min(at + max(length, 0), len(raw))
        if end > at:
            fields.append(Field(f"{name}.{part}", at, end, 1, _part_text(part, raw[at:end]), phrase, where))
        at = end
    return tuple(fields)


def _part_text(part: str, octets: bytes) -> str:
    """A part's value: its registry's name where it has one."""
    number = int.from_bytes(octets, "big")
    if part in _REGISTRIES:
        return value_text(number, _REGISTRIES[part])
    return str(number) if part == "length" else value_text(octets)
