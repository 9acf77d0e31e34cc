"""Altering flights: at the level of bytes, of records, of messages and of fields, or splicing two flights together.

Every mutation draws on the ``random.Random`` it is given and on nothing else, so a case is found again by its number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from puressl.codes import ContentType, ProtocolVersion
from puressl.errors import ProtocolError
from puressl.wire import (
    Certificate,
    Certificate12,
    CertificateRequest,
    CertificateRequest12,
    CertificateStatus12,
    CertificateVerify,
    ClientHello,
    ClientKeyExchangeDHE,
    ClientKeyExchangeECDHE,
    EncryptedExtensions,
    Finished,
    KeyUpdate,
    NewSessionTicket,
    NewSessionTicket12,
    ServerHello,
    ServerKeyExchangeDHE,
    ServerKeyExchangeECDHE,
    decode_handshake_with_spans,
)

Record = tuple[int, bytes, bytes]  # content type, version, fragment

_COMMON = (ClientHello, ServerHello, CertificateVerify, Finished)
_CLASSES = {
    ProtocolVersion.TLSv1_3: (
        *_COMMON,
        EncryptedExtensions,
        Certificate,
        CertificateRequest,
        NewSessionTicket,
        KeyUpdate,
    ),
    ProtocolVersion.TLSv1_2: (
        *_COMMON,
        Certificate12,
        CertificateRequest12,
        CertificateStatus12,
        NewSessionTicket12,
        ServerKeyExchangeECDHE,
        ServerKeyExchangeDHE,
        ClientKeyExchangeECDHE,
        ClientKeyExchangeDHE,
    ),
}
#: Values at which lengths and code points turn.
_EDGES = (b"", b"\x00", b"\x01", b"\x7f", b"\x80", b"\xff", b"\x00\x00", b"\xff\xff", b"\x03\x04", b"\x0a\x0a")


def mutate(rng: Random, flight: bytes, others: Sequence[bytes], version: ProtocolVersion) -> bytes:
    """The flight with one to three mutations. others: flights to splice with."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        flight = rng.choice(_MUTATIONS)(rng, flight, rng.choice(others), version)
    return flight


# Bytes ---------------------------------------------------------------------------------------------------------------


def change(rng: Random, data: bytes) -> bytes:
    """Some bytes flipped, cut out, doubled, put in or replaced."""
    at = rng.randrange(len(data) + 1)
    end = min(len(data), at + rng.choice((1, 1, 2, 4, 16, 64)))
    middle = data[at:end]
    kind = rng.randrange(5)
    if kind == 0:
        middle = bytes(byte ^ 1 << rng.randrange(8) for byte in middle[:1]) + middle[1:]
    elif kind == 1:
        middle = b""
    elif kind == 2:
        middle = middle * rng.choice((2, 3))
    elif kind == 3:
        middle = rng.choice(_EDGES) + middle
    else:
        middle = rng.randbytes(len(middle))
    return data[:at] + middle + data[end:]


def _bytes(rng: Random, flight: bytes, other: bytes, version: ProtocolVersion) -> bytes:
    return change(rng, flight)


def _cut(rng: Random, flight: bytes, other: bytes, version: ProtocolVersion) -> bytes:
    return flight[: rng.randrange(len(flight) + 1)]


# Records -------------------------------------------------------------------------------------------------------------


def split(flight: bytes) -> list[Record]:
    """The records of a flight; what is no whole record is left out."""
    records = []
    while len(flight) >= 5:
        end = 5 + int.from_bytes(flight[3:5], "big")
        records.append((flight[0], flight[1:3], flight[5:end]))
        flight = flight[end:]
    return records


def join(records: Sequence[Record]) -> bytes:
    return b"".join(
        bytes([content_type & 0xFF]) + version + (len(fragment) & 0xFFFF).to_bytes(2, "big") + fragment
        for content_type, version, fragment in records
    )


def _records(rng: Random, flight: bytes, other: bytes, version: ProtocolVersion) -> bytes:
    """Records dropped, doubled, swapped, split, joined, emptied or of another type; or those of another flight."""
    records = split(flight) or [(22, b"\x03\x03", b"")]
    at = rng.randrange(len(records))
    content_type, record_version, fragment = records[at]
    half = rng.randrange(len(fragment) + 1)
    parts = [(content_type, record_version, fragment[:half]), (content_type, record_version, fragment[half:])]
    foreign = split(other)
    changed: list[list[Record]] = [
        [],
        [records[at]] * 2,
        parts,
        [parts[0], (20, record_version, b"\x01"), parts[1]],
        [(content_type, record_version, b""), records[at]],
        [(rng.choice((20, 21, 22, 23, 24, rng.randrange(256))), record_version, fragment)],
        [(content_type, rng.randbytes(2), fragment)],
        [(content_type, record_version, change(rng, fragment))],
        [*rng.sample(foreign, min(len(foreign), 2)), records[at]],
        [(21, record_version, rng.randbytes(rng.choice((1, 2, 2, 3)))), records[at]],
        [(content_type, record_version, b"".join(each[2] for each in records[at:]))],
    ]
    records[at : at + 1] = rng.choice(changed)
    if rng.randrange(8) == 0:
        rng.shuffle(records)
    return join(records)


# Messages ------------------------------------------------------------------------------------------------------------


def messages(fragment: bytes) -> list[bytes]:
    """The handshake messages of a record in the clear."""
    found = []
    while fragment:
        end = 4 + int.from_bytes(fragment[1:4], "big")
        found.append(fragment[:end])
        fragment = fragment[end:]
    return found


def _in_a_handshake_record(rng: Random, flight: bytes, alter: Callable[[list[bytes], int], list[bytes]]) -> bytes:
    """The flight with the messages of one handshake record altered at one place."""
    records = split(flight)
    places = [at for at, record in enumerate(records) if record[0] == ContentType.HANDSHAKE and record[2]]
    if not places:
        return change(rng, flight)
    at = rng.choice(places)
    found = messages(records[at][2])
    altered = alter(found, rng.randrange(len(found)))
    records[at] = (records[at][0], records[at][1], b"".join(altered))
    return join(records)


def _messages(rng: Random, flight: bytes, other: bytes, version: ProtocolVersion) -> bytes:
    """Messages dropped, doubled, swapped, of another type or length, with altered bodies, or from another flight."""
    foreign = [m for kind, _, fragment in split(other) if kind == ContentType.HANDSHAKE for m in messages(fragment)]

    def alter(found: list[bytes], at: int) -> list[bytes]:
        message = found[at]
        body = change(rng, message[4:])
        changed = [
            [],
            [message] * 2,
            [bytes([rng.randrange(256)]) + message[1:]],
            [message[:1] + rng.randbytes(3) + message[4:]],
            [message[:1] + len(body).to_bytes(3, "big") + body],
            [message[:1] + len(body).to_bytes(3, "big") + body],
            [rng.choice(foreign or [message]), message],
            [rng.choice(foreign or [message])],
            [message[: rng.randrange(len(message) + 1)]],
        ]
        found[at : at + 1] = rng.choice(changed)
        return found

    return _in_a_handshake_record(rng, flight, alter)


# Fields --------------------------------------------------------------------------------------------------------------


def _fields(rng: Random, flight: bytes, other: bytes, version: ProtocolVersion) -> bytes:
    """One field of one message altered; the lengths around it follow or do not."""

    def alter(found: list[bytes], at: int) -> list[bytes]:
        found[at] = field_altered(rng, found[at], version)
        return found

    return _in_a_handshake_record(rng, flight, alter)


def field_altered(rng: Random, message: bytes, version: ProtocolVersion) -> bytes:
    """A message with another value in one of its fields."""
    spans = _spans(message, version)
    if not spans:
        return message[:4] + change(rng, message[4:])
    start, end = rng.choice(spans)
    value = message[start:end]
    new = rng.choice(
        (
            rng.randbytes(len(value)),
            bytes(len(value)),
            b"\xff" * len(value),
            b"",
            value * 2,
            value + rng.choice(_EDGES),
            value[:-1],
            change(rng, value),
            rng.choice(_EDGES),
            value[::-1],
        )
    )
    body = bytearray(message[4:start] + new + message[end:])
    grown = len(new) - len(value)
    if grown and rng.randrange(4):
        _follow(body, message, spans, start, end, grown)
    return message[:1] + len(body).to_bytes(3, "big") + bytes(body)


def _follow(
    body: bytearray, message: bytes, spans: Sequence[tuple[int, int]], start: int, end: int, grown: int
) -> None:
    """Makes every length that stood for a range around the field stand for it still."""
    for low, high in spans:
        if high > start or high - low not in (1, 2, 3):
            continue
        length = int.from_bytes(message[low:high], "big")
        if high <= start and end <= high + length <= len(message):
            follows = max(length + grown, 0) & (1 << 8 * (high - low)) - 1
            body[low - 4 : high - 4] = follows.to_bytes(high - low, "big")


def _spans(message: bytes, version: ProtocolVersion) -> list[tuple[int, int]]:
    """Where the fields of a message's body stand, as far as it is one."""
    for kind in _CLASSES[version]:
        if message[:1] == bytes([kind.handshake_type]):
            try:
                _, spans = decode_handshake_with_spans(kind, message)
            except ProtocolError:
                continue
            return sorted({(span.start, span.end) for span in spans if span.start >= 4})
    return []


_MUTATIONS = (_bytes, _cut, _records, _records, _messages, _messages, _fields, _fields, _fields)
