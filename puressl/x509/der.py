"""DER (X.690 section 10): a strict reader and a writer of single elements.

Theory of operation: certificates, what revokes them and private-key files are a few structures, read front to back.
``Reader`` walks the elements of one level: the caller says which tag must come next, and enters a level by making a
``Reader`` of its content. An element is known by its identifier octet, so tags above 30 are refused. Lengths must be
definite and minimal. The writer's functions return whole elements, which are concatenated by their callers: any
structure can be built, a wrong one too.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache

BOOLEAN = 0x01
INTEGER = 0x02
BIT_STRING = 0x03
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
ENUMERATED = 0x0A
UTF8_STRING = 0x0C
PRINTABLE_STRING = 0x13
IA5_STRING = 0x16
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31

_EPOCH = datetime(1970, 1, 1)  # everything here is UTC
_CONTEXT = 0x80
_CONSTRUCTED = 0x20
_HIGH_TAG = 0x1F

#: An arc must not become a number of megabytes; the longest in use, UUIDs of 128 bits, need 19 octets.
MAX_OID_LENGTH = 64


class DERError(ValueError):
    """The bytes are not the DER structure that was asked for. It never leaves ``puressl.x509``.

    offset: of the byte where the fault is, None where that is not known.
    """

    def __init__(self, text: str, offset: int | None = None) -> None:
        super().__init__(text if offset is None else f"{text} at byte {offset}")
        self.text = text
        self.offset = offset


def context(number: int, *, constructed: bool = True) -> int:
    """The identifier octet of the context-specific tag ``[number]``, 0..30."""
    return _CONTEXT | (_CONSTRUCTED if constructed else 0) | number


class Reader:
    """The elements of one level, front to back. Every method raises ``DERError`` for what it does not want."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @classmethod
    def of_single(cls, data: bytes, tag: int) -> Reader:
        """A reader of the content of the one element that ``data`` is."""
        outer = cls(data)
        content = outer.take(tag)
        outer.end()
        return cls(content)

    def next_tag(self) -> int | None:
        """The identifier octet of the next element; None at the end."""
        return self._data[self._at] if self._at < len(self._data) else None

    def take(self, tag: int) -> bytes:
        """The content of the next element, which must have this identifier octet."""
        start, end = self._bounds(tag)
        self._at = end
        return self._data[start:end]

    def take_raw(self, tag: int) -> bytes:
        """As ``take``, but the whole element."""
        begin, (_, end) = self._at, self._bounds(tag)
        self._at = end
        return self._data[begin:end]

    def take_any(self) -> bytes:
        """The next element, whole, whatever it is."""
        tag = self.next_tag()
        if tag is None:
            raise DERError("element is missing")
        return self.take_raw(tag)

    def optional(self, tag: int) -> bytes | None:
        """The content of the next element if it has this identifier octet, else None and nothing is consumed."""
        return self.take(tag) if self.next_tag() == tag else None

    def sequence(self) -> Reader:
        return Reader(self.take(SEQUENCE))

    def integer(self) -> int:
        content = self.take(INTEGER)
        if not content:
            raise DERError("INTEGER without content")
        if len(content) > 1 and content[0] in (0x00, 0xFF) and (content[0] ^ content[1]) < 0x80:
            raise DERError("INTEGER is not minimal")  # X.690 8.3.2
        return int.from_bytes(content, "big", signed=True)

    def oid(self) -> str:
        """An OBJECT IDENTIFIER in dotted form."""
        return dotted(self.take(OBJECT_IDENTIFIER))

    def octets_of_bit_string(self) -> bytes:
        """A BIT STRING of whole octets."""
        content = self.take(BIT_STRING)
        if not content or content[0] != 0:
            raise DERError("BIT STRING is not a whole number of octets")
        return content[1:]

    def rest(self) -> bytes:
        """All that is left of this level."""
        begin, self._at = self._at, len(self._data)
        return self._data[begin:]

    def end(self) -> None:
        """Nothing may follow."""
        if self._at != len(self._data):
            raise DERError(f"{len(self._data) - self._at} bytes after the end of a structure")

    def _bounds(self, tag: int) -> tuple[int, int]:
        """Start and end of the next element's content."""
        data, at = self._data, self._at
        size = len(data)
        if at >= size:
            raise DERError(f"element 0x{tag:02x} is missing")
        found = data[at]
        if found != tag or found & _HIGH_TAG == _HIGH_TAG:
            raise DERError(f"element 0x{found:02x} where 0x{tag:02x} must stand")
        start = at + 2
        if start <= size and data[at + 1] < 0x80:
            end = start + data[at + 1]
        else:
            length, start = self._length(at + 1)
            end = start + length
        if end > size:
            raise DERError(f"element 0x{tag:02x} is longer than what holds it")
        return start, end

    def _length(self, at: int) -> tuple[int, int]:
        """A definite, minimal length (X.690 10.1) and where its element's content begins."""
        first = self._data[at : at + 1]
        if not first:
            raise DERError("length is missing")
        if first[0] < 0x80:
            return first[0], at + 1
        size = first[0] & 0x7F
        octets = self._data[at + 1 : at + 1 + size]
        length = int.from_bytes(octets, "big")
        if size == 0 or len(octets) != size or octets[0] == 0 or length < 0x80:
            raise DERError("length is not definite and minimal")
        return length, at + 1 + size


@lru_cache(maxsize=256)  # certificates use the same few dozen over and over
def dotted(content: bytes) -> str:
    """The content of an OBJECT IDENTIFIER in dotted form. Raises ``DERError``."""
    if not content or len(content) > MAX_OID_LENGTH or content[-1] & 0x80:
        raise DERError("OBJECT IDENTIFIER is malformed")
    arcs: list[int] = []
    arc = 0
    for octet in content:
        if arc == 0 and octet == 0x80:
            raise DERError("OBJECT IDENTIFIER is not minimal")  # X.690 8.19.2
        arc = arc << 7 | octet & 0x7F
        if octet < 0x80:
            arcs.append(arc)
            arc = 0
    root = min(arcs[0] // 40, 2)
    return ".".join(map(str, (root, arcs[0] - 40 * root, *arcs[1:])))


def element(tag: int, *parts: bytes) -> bytes:
    """One element: identifier octet, length, and the parts as its content."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def sequence(*parts: bytes) -> bytes:
    return element(SEQUENCE, *parts)


def set_of(*parts: bytes) -> bytes:
    """SET OF, its elements in DER's order (X.690 11.6)."""
    return element(SET, *sorted(parts))


def integer(value: int) -> bytes:
    return element(INTEGER, value.to_bytes((value + (value < 0)).bit_length() // 8 + 1, "big", signed=True))


def boolean(value: bool) -> bytes:
    return element(BOOLEAN, b"\xff" if value else b"\x00")


def null() -> bytes:
    return element(NULL)


def oid(identifier: str) -> bytes:
    """OBJECT IDENTIFIER from its dotted form."""
    first, second, *rest = map(int, identifier.split("."))
    return element(OBJECT_IDENTIFIER, *map(_base128, (40 * first + second, *rest)))


def _base128(arc: int) -> bytes:
    octets = [arc & 0x7F]
    while arc := arc >> 7:
        octets.append(0x80 | arc & 0x7F)
    return bytes(reversed(octets))


def octet_string(content: bytes) -> bytes:
    return element(OCTET_STRING, content)


def bit_string(content: bytes, unused: int = 0) -> bytes:
    """BIT STRING; unused: how many of the last octet's low bits do not count, 0..7."""
    return element(BIT_STRING, bytes((unused,)), content)


def named_bits(numbers: frozenset[int]) -> bytes:
    """A BIT STRING with named bits: bit 0 is the first, trailing zero bits are dropped (X.690 11.2.2)."""
    length = max(numbers, default=-1) + 1
    unused = -length % 8
    value = sum(1 << (length - 1 - number) for number in numbers) << unused
    return bit_string(value.to_bytes((length + 7) // 8, "big"), unused)


def time(seconds: int) -> bytes:
    """Time of RFC 5280 4.1.2.5: UTCTime from 1950 through 2049, else GeneralizedTime. seconds: POSIX."""
    moment = _EPOCH + timedelta(seconds=seconds)
    text = f"{moment.year:04}{moment:%m%d%H%M%S}Z".encode()
    if 1950 <= moment.year < 2050:
        return element(UTC_TIME, text[2:])
    return element(GENERALIZED_TIME, text)
