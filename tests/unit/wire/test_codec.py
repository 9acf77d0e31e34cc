"""Rows and spans: every row says what it is, and the spans of every sample form a tree that covers every byte."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from puressl import wire
from puressl.errors import ProtocolError
from puressl.wire.codec import Row, StructCodec
from puressl.wire.messages import HEADER_LENGTH

CLAUSE = re.compile(r"RFC \d{4} [A-D\d][\d.]*(, RFC \d{4} [A-D\d][\d.]*)*")


def structures() -> list[type[wire.Structure]]:
    found: list[type[wire.Structure]] = []
    pending: list[type[Any]] = [wire.Structure]
    while pending:
        cls = pending.pop()
        pending += cls.__subclasses__()
        if "wire" in vars(cls):
            found.append(cls)
    return sorted(set(found), key=lambda cls: cls.__name__)


ROWS = [pytest.param(row, id=f"{cls.__name__}.{row.name}") for cls in structures() for row in cls.wire.rows]


@pytest.mark.parametrize("row", ROWS)
def test_every_row_says_what_it_is_and_who_says_so(row: Row) -> None:
    assert row.name
    assert row.codec
    assert row.bound
    assert row.meaning
    assert CLAUSE.fullmatch(row.clause)
    assert row.name in row.declaration


@pytest.mark.parametrize("cls", structures())
def test_every_structure_says_what_it_is(cls: type[wire.Structure]) -> None:
    codec = cls.wire
    assert isinstance(codec, StructCodec)
    assert codec.meaning
    assert CLAUSE.fullmatch(codec.clause)
    fields = [row.name for row in codec.rows if row.is_field]
    assert fields == [field.name for field in dataclasses.fields(cls)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cls", "name", "declaration"),
    [
        (wire.ClientHello, "session_id", "opaque session_id<0..32>"),
        (wire.ClientHello, "random", "opaque random[32]"),
        (wire.ClientHello, "cipher_suites", "CipherSuite cipher_suites<2..2^16-2>"),
        (wire.KeyShareEntry, "key_exchange", "opaque key_exchange<1..2^16-1>"),
        (wire.PreSharedKeyOffer, "identities", "PskIdentity identities<7..2^16-1>"),
        (wire.PreSharedKeyOffer, "binders", "opaque binders<33..2^16-1>"),
        (wire.SupportedVersionsOffer, "versions", "ProtocolVersion versions<2..254>"),
        (wire.Certificate, "entries", "CertificateEntry entries<0..2^24-1>"),
        (wire.NewSessionTicket, "ticket", "opaque ticket<1..2^16-1>"),
        (wire.NewSessionTicket, "extensions", "Extension extensions<0..2^16-2>"),
        (wire.CertificateRequest, "extensions", "Extension extensions<2..2^16-1>"),
    ],
)
def test_bounds_are_those_of_the_presentation_language(cls: type[wire.Structure], name: str, declaration: str) -> None:
    assert next(row for row in cls.wire.rows if row.name == name).declaration == declaration


def check_spans(raw: bytes, spans: list[wire.Span], root: str) -> None:
    """Parents before children, siblings in order without a gap, and leaves that cover every byte once."""
    top = spans[0]
    assert (top.path, top.start, top.end, top.depth) == (root, 0, len(raw), 0)
    covered = 0
    stack = [top]
    reached = {id(top): 0}
    for index, span in enumerate(spans):
        assert span.meaning
        assert CLAUSE.fullmatch(span.clause)
        assert span.end > span.start
        if index == 0:
            continue
        while stack[-1].depth >= span.depth:
            done = stack.pop()
            assert reached[id(done)] in (done.start, done.end), "children leave a gap at the end"
        parent = stack[-1]
        assert span.depth == parent.depth + 1
        assert span.path.startswith(parent.path)
        assert span.start == reached[id(parent)], "children leave a gap"
        assert span.end <= parent.end
        reached[id(parent)] = span.end
        reached[id(span)] = span.start
        stack.append(span)
    while stack:
        done = stack.pop()
        assert reached[id(done)] in (done.start, done.end)
    for index, span in enumerate(spans):
        if index + 1 == len(spans) or spans[index + 1].depth <= span.depth:
            assert span.start == covered, "a byte without a leaf"
            covered = span.end
    assert covered == len(raw)
    assert len({span.path for span in spans}) == len(spans)


def test_spans_of_a_message_cover_every_byte(message: wire.HandshakeMessage) -> None:
    raw = wire.encode_handshake(message)
    value, spans = wire.decode_handshake_with_spans(type(message), raw)
    assert value == message
    check_spans(raw, spans, type(message).__name__)
    assert spans[1].path.endswith(".msg_type")
    assert spans[2].end == HEADER_LENGTH


def test_spans_of_a_structure_cover_every_byte(structure: wire.Structure) -> None:
    raw = wire.encode(structure)
    value, spans = wire.decode_with_spans(type(structure), raw)
    assert value == structure
    if raw:
        check_spans(raw, spans, type(structure).__name__)
    else:
        assert spans == []


def test_span_has_path_value_and_registry() -> None:
    hello = wire.ClientHello(0x0303, bytes(32), b"", (0x1301, 0x1303), b"\0", wire.Extensions())
    _, spans = wire.decode_handshake_with_spans(wire.ClientHello, wire.encode_handshake(hello))
    span = next(span for span in spans if span.path == "ClientHello.cipher_suites[1]")
    assert (span.start, span.end, span.value) == (43, 45, 0x1303)
    assert span.registry is not None
    assert span.registry.__name__ == "CipherSuite"
    assert span.clause == "RFC 8446 4.1.2"


def test_with_and_without_spans_refuse_the_same(structure: wire.Structure) -> None:
    raw = wire.encode(structure)
    for at in range(min(len(raw), 60)):
        for value in {0, 255, raw[at] ^ 1}:
            changed = raw[:at] + bytes((value,)) + raw[at + 1 :]
            assert outcome(wire.decode, structure, changed) == outcome(wire.decode_with_spans, structure, changed)


def outcome(function: Any, structure: wire.Structure, raw: bytes) -> object:
    try:
        value = function(type(structure), raw)
    except ProtocolError as error:
        return str(error)
    return value[0] if isinstance(value, tuple) else value
