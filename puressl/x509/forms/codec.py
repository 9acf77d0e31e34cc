"""ASN.1 types that read and write DER, and the combinators that build structures of them.

Theory of operation: a ``Codec`` stands for an ASN.1 type. It reads an element in place, out of the whole certificate,
so that every fault knows its byte offset; and it writes the same element again. A structure is declared once, as rows
of name, codec and default, and both directions follow from the rows. What is read is exactly what would be written:
lengths minimal, values in their distinguished form, nothing left over. Two things that X.690 11 forbids but
certificates in use have are kept as they stand, to be written again: a SET OF in another order, and a DEFAULT value
written out, whose field's name is noted in ``written``. A fault collects the names of the fields it passes on its way
out; a success pays nothing for that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Final, Generic, NamedTuple, TypeVar

from puressl.errors import Problem
from puressl.x509 import der, strict
from puressl.x509.der import DERError

T = TypeVar("T")

#: What a value of the wrong kind makes the writers raise.
_UNFIT = (TypeError, ValueError, AttributeError, LookupError, OverflowError)


class Fault(ValueError):
    """What is wrong, and where. offset: of the byte, None when writing. path: field names, the innermost first."""

    def __init__(self, offset: int | None, text: str, problem: Problem = Problem.CERTIFICATE_MALFORMED) -> None:
        super().__init__(text)
        self.offset = offset
        self.text = text
        self.problem = problem
        self.path: list[str] = []

    @property
    def where(self) -> str:
        """The path as text: ``tbsCertificate.extensions[2].extnValue``."""
        return ".".join(reversed(self.path)).replace(".[", "[")


class _Required(Enum):
    REQUIRED = "required"


REQUIRED: Final = _Required.REQUIRED


class Null(Enum):
    """ASN.1's NULL, which is not the absence of a value."""

    NULL = "NULL"


NULL: Final = Null.NULL


def bounds(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Where the content of the element at ``at`` begins and ends; it must end by ``end`` (X.690 10.1)."""
    start = at + 2
    if start > end:
        raise Fault(at, "element cut short")
    length = data[at + 1]
    if length >= 0x80:
        size = length & 0x7F
        start += size
        if size == 0 or start > end:
            raise Fault(at + 1, "length is indefinite or cut short")
        length = int.from_bytes(data[at + 2 : start], "big")
        if data[at + 2] == 0 or length < 0x80:
            raise Fault(at + 1, "length is not minimal")
    if start + length > end:
        raise Fault(at, f"element of {length} bytes is longer than what holds it")
    return start, start + length


class Codec(Generic[T]):
    """An ASN.1 type. tags: the identifier octets an element may begin with, None for any."""

    tags: frozenset[int] | None

    def decode(self, data: bytes, at: int, start: int, stop: int) -> T:
        """The value of the element at ``at`` whose content is ``data[start:stop]``. Raises ``Fault``."""
        raise NotImplementedError

    def encode(self, value: T) -> bytes:
        """The element of a value. Raises ``Fault``, or any of Python's errors for a value of another kind."""
        raise NotImplementedError

    def only(self, data: bytes, start: int, stop: int) -> T:
        """The value of the one element that fills ``data[start:stop]``. Raises ``Fault``."""
        if start < stop and self.tags is not None and data[start] not in self.tags:
            raise Fault(start, f"element 0x{data[start]:02x} where {self.expected} must stand")
        begin, end = bounds(data, start, stop)
        if end != stop:
            raise Fault(end, f"{stop - end} bytes after the end of a structure")
        return self.decode(data, start, begin, end)

    @property
    def expected(self) -> str:
        """The identifier octets, for messages."""
        return " or ".join(f"0x{tag:02x}" for tag in sorted(self.tags or ())) or "an element"


# --- Simple types ---------------------------------------------------------------------------------


class _Integer(Codec[int]):
    tags = frozenset({der.INTEGER})

    def decode(self, data: bytes, at: int, start: int, stop: int) -> int:
        if start == stop:
            raise Fault(at, "INTEGER without content")
        if stop - start > 1 and data[start] in (0x00, 0xFF) and (data[start] ^ data[start + 1]) < 0x80:
            raise Fault(at, "INTEGER is not minimal")  # X.690 8.3.2
        return int.from_bytes(data[start:stop], "big", signed=True)

    def encode(self, value: int) -> bytes:
        return der.integer(value)


class _Boolean(Codec[bool]):
    tags = frozenset({der.BOOLEAN})

    def decode(self, data: bytes, at: int, start: int, stop: int) -> bool:
        content = data[start:stop]
        if content == b"\xff":
            return True
        if content == b"\x00":
            return False
        raise Fault(at, "BOOLEAN is neither 00 nor ff")  # X.690 11.1

    def encode(self, value: bool) -> bytes:
        if not isinstance(value, bool):
            raise TypeError(f"{value!r} is no bool")
        return der.boolean(value)


class _Null(Codec[Null]):
    tags = frozenset({der.NULL})

    def decode(self, data: bytes, at: int, start: int, stop: int) -> Null:
        if start != stop:
            raise Fault(at, "NULL with content")
        return NULL

    def encode(self, value: Null) -> bytes:
        if value is not NULL:
            raise TypeError(f"{value!r} is not NULL")
        return der.null()


class _OctetString(Codec[bytes]):
    tags = frozenset({der.OCTET_STRING})

    def decode(self, data: bytes, at: int, start: int, stop: int) -> bytes:
        return data[start:stop]

    def encode(self, value: bytes) -> bytes:
        return der.octet_string(value)


@dataclass(frozen=True, slots=True)
class BitString:
    """octets: the bits, the first in the highest place. unused: bits of the last octet that do not count, 0 to 7."""

    octets: bytes
    unused: int = 0


class _BitString(Codec[BitString]):
    tags = frozenset({der.BIT_STRING})

    def decode(self, data: bytes, at: int, start: int, stop: int) -> BitString:
        if start == stop:
            raise Fault(at, "BIT STRING without content")
        unused = data[start]
        # X.690 8.6.2, 11.2.1: at most 7, none where there is no octet, and zero.
        if unused and (unused > 7 or stop - start == 1 or data[stop - 1] & ((1 << unused) - 1)):
            raise Fault(at, "BIT STRING has unused bits that are too many or not zero")
        return BitString(data[start + 1 : stop], unused)

    def encode(self, value: BitString) -> bytes:
        if not 0 <= value.unused <= 7:
            raise ValueError(f"{value.unused} unused bits")
        return der.bit_string(value.octets, value.unused)


class _WholeOctets(Codec[bytes]):
    """A BIT STRING of whole octets."""

    tags = frozenset({der.BIT_STRING})

    def decode(self, data: bytes, at: int, start: int, stop: int) -> bytes:
        if data[start:stop][:1] != b"\x00":
            raise Fault(at, "BIT STRING is not a whole number of octets")
        return data[start + 1 : stop]

    def encode(self, value: bytes) -> bytes:
        return der.bit_string(value)


class _Any(Codec[bytes]):
    """Any one element, kept as DER; checked for its form."""

    tags = None

    def decode(self, data: bytes, at: int, start: int, stop: int) -> bytes:
        try:
            strict.check_element(data, at, stop)
        except DERError as error:
            raise Fault(error.offset, error.text) from None
        return data[at:stop]

    def encode(self, value: bytes) -> bytes:
        return checked(value)


def checked(value: bytes) -> bytes:
    """A value that is to stand as it is: one element of DER."""
    strict.check(value)
    return bytes(value)


class _ObjectIdentifier(Codec[str]):
    """Dotted."""

    tags = frozenset({der.OBJECT_IDENTIFIER})

    def decode(self, data: bytes, at: int, start: int, stop: int) -> str:
        try:
            return _dotted(data[start:stop])
        except DERError as error:
            raise Fault(at, error.text) from None

    def encode(self, value: str) -> bytes:
        return der.oid(value)


#: The identifiers of all certificates in use are some hundreds; a peer's own ones only push out others.
_MAX_IDENTIFIERS = 1024
_dotted = lru_cache(_MAX_IDENTIFIERS)(der.dotted)

INTEGER = _Integer()
BOOLEAN = _Boolean()
NULL_TYPE = _Null()
OCTET_STRING = _OctetString()
BIT_STRING = _BitString()
WHOLE_OCTETS = _WholeOctets()
ANY = _Any()
OBJECT_IDENTIFIER = _ObjectIdentifier()


class Identifier(Codec[str]):
    """An OBJECT IDENTIFIER by its name in a table, dotted if it has none there."""

    tags = OBJECT_IDENTIFIER.tags

    def __init__(self, names: Mapping[str, str]) -> None:
        """names: by dotted identifier; each name once."""
        self._names = names
        self._identifiers = {name: identifier for identifier, name in names.items()}

    def decode(self, data: bytes, at: int, start: int, stop: int) -> str:
        dotted = OBJECT_IDENTIFIER.decode(data, at, start, stop)
        return self._names.get(dotted, dotted)

    def encode(self, value: str) -> bytes:
        return der.oid(self._identifiers.get(value, value))


class Text(Codec[str]):
    """A string of one type."""

    def __init__(self, tag: int, encoding: str) -> None:
        self.tags = frozenset({tag})
        self._tag = tag
        self._encoding = encoding

    def decode(self, data: bytes, at: int, start: int, stop: int) -> str:
        try:
            return data[start:stop].decode(self._encoding)
        except UnicodeDecodeError as error:
            raise Fault(start + error.start, f"string is not {self._encoding}") from None

    def encode(self, value: str) -> bytes:
        return der.element(self._tag, value.encode(self._encoding))


@dataclass(frozen=True, slots=True)
class NamedBits:
    """A BIT STRING whose bits have names. names: of the bits that are set, in their order. size: bits written, None for
    as few as needed, as X.690 11.2.2 demands.
    """

    names: tuple[str, ...]
    size: int | None = None


class Bits(Codec[NamedBits]):
    """A BIT STRING with named bits; a bit without a name is a fault."""

    tags = BIT_STRING.tags

    def __init__(self, *names: str) -> None:
        """names: of bit 0, bit 1, …"""
        self._names = names
        self._octets = (len(names) + 7) // 8

    def decode(self, data: bytes, at: int, start: int, stop: int) -> NamedBits:
        bits = BIT_STRING.decode(data, at, start, stop)
        size = 8 * len(bits.octets) - bits.unused
        named = range(min(size, 8 * self._octets))
        numbers = [number for number in named if bits.octets[number // 8] & 0x80 >> number % 8]
        minimal = numbers[-1] + 1 if numbers else 0
        if minimal > len(self._names) or any(bits.octets[self._octets :]):
            raise Fault(at, "a bit is set that has no meaning")
        return NamedBits(tuple(self._names[number] for number in numbers), None if size == minimal else size)

    def encode(self, value: NamedBits) -> bytes:
        numbers = frozenset(self._names.index(name) for name in value.names)
        size = max(numbers, default=-1) + 1 if value.size is None else value.size
        if any(number >= size for number in numbers):
            raise ValueError(f"size {size} is too small")
        unused = -size % 8
        octets = sum(1 << (size - 1 - number) for number in numbers) << unused
        return der.bit_string(octets.to_bytes((size + 7) // 8, "big"), unused)


# --- Structures -----------------------------------------------------------------------------------

#: Chooses a field's codec by the values of the fields before it: what ASN.1 calls an open type.
Choose = Callable[["Sequence[Any]"], Codec[Any]]


class Field(NamedTuple):
    """One field of a SEQUENCE. codec: or what chooses it. default: the DEFAULT; None for OPTIONAL."""

    name: str
    codec: Codec[Any] | Choose
    default: object = REQUIRED


class Structure(Codec[T]):
    """A SEQUENCE, as instances of a dataclass with its fields in order, and ``written`` after them where some have a
    DEFAULT.
    """

    tags = frozenset({der.SEQUENCE})

    def __init__(self, make: Callable[..., T], *fields: Field) -> None:
        self._make = make
        self._rows = tuple(
            (name, codec, _always(codec), default) if isinstance(codec, Codec) else (name, None, codec, default)
            for name, codec, default in fields
        )
        self._has_defaults = any(field.default not in (REQUIRED, None) for field in fields)

    def decode(self, data: bytes, at: int, start: int, stop: int) -> T:
        values: list[Any] = []
        written: list[str] = []
        name = ""
        try:
            for name, codec, choose, default in self._rows:
                if codec is None:
                    codec = choose(values)
                tags = codec.tags
                if start < stop and (tags is None or data[start] in tags):
                    begin, end = bounds(data, start, stop)
                    value = codec.decode(data, start, begin, end)
                    start = end
                    if default is not REQUIRED and default is not None and value == default:
                        written.append(name)
                elif default is REQUIRED:
                    raise _missing(data, start, stop, codec)
                else:
                    value = default
                values.append(value)
        except Fault as fault:
            fault.path.append(name)
            raise
        if start != stop:
            raise Fault(start, "element after the last field")
        if self._has_defaults:
            values.append(tuple(written))
        return self._make(*values)

    def encode(self, value: T) -> bytes:
        parts: list[bytes] = []
        before: list[Any] = []
        name = ""
        try:
            written: tuple[str, ...] = value.written if self._has_defaults else ()  # type: ignore[attr-defined]
            for name, codec, choose, default in self._rows:
                content = getattr(value, name)
                if default is REQUIRED or content != default or name in written:
                    parts.append((codec or choose(before)).encode(content))
                before.append(content)
        except Fault as fault:
            fault.path.append(name)
            raise
        except _UNFIT as error:
            raise _unfit(error, name) from None
        return der.sequence(*parts)


def _always(codec: Codec[Any]) -> Choose:
    return lambda _: codec


def _unfit(error: Exception, field: str) -> Fault:
    fault = Fault(None, " ".join(str(error).split()) or type(error).__name__)
    fault.path.append(field)
    return fault


def _missing(data: bytes, at: int, stop: int, codec: Codec[Any]) -> Fault:
    if at >= stop:
        return Fault(at, "missing")
    return Fault(at, f"element 0x{data[at]:02x} where {codec.expected} must stand")


class ListOf(Codec["tuple[T, ...]"]):
    """A SEQUENCE OF or SET OF, in the order it stands in."""

    def __init__(self, child: Codec[T], *, tag: int = der.SEQUENCE, least: int = 1) -> None:
        """least: elements, 1 for RFC 5280's SIZE (1..MAX)."""
        self.tags = frozenset({tag})
        self._child = child
        self._tag = tag
        self._least = least

    def decode(self, data: bytes, at: int, start: int, stop: int) -> tuple[T, ...]:
        child = self._child
        tags, decode = child.tags, child.decode
        values: list[T] = []
        try:
            while start < stop:
                if tags is not None and data[start] not in tags:
                    raise _missing(data, start, stop, child)
                begin, end = bounds(data, start, stop)
                values.append(decode(data, start, begin, end))
                start = end
        except Fault as fault:
            fault.path.append(f"[{len(values)}]")
            raise
        if len(values) < self._least:
            raise Fault(at, "empty, at least one element must be there")
        return tuple(values)

    def encode(self, value: tuple[T, ...]) -> bytes:
        return der.element(self._tag, *map(self._child.encode, value))


class Tagged(Codec[T]):
    """A context tag in place of the type's own (IMPLICIT)."""

    def __init__(self, number: int, codec: Codec[T]) -> None:
        """codec: of one identifier octet."""
        (own,) = codec.tags or frozenset[int]()
        self._tag = der.context(number, constructed=bool(own & 0x20))
        self.tags = frozenset({self._tag})
        self._codec = codec

    def decode(self, data: bytes, at: int, start: int, stop: int) -> T:
        return self._codec.decode(data, at, start, stop)

    def encode(self, value: T) -> bytes:
        return bytes((self._tag,)) + self._codec.encode(value)[1:]


class Wrapped(Codec[T]):
    """An element inside another: in a context tag (EXPLICIT), an OCTET STRING or a BIT STRING."""

    def __init__(self, tag: int, codec: Codec[T], name: str = "") -> None:
        """name: of what is inside, for the path of a fault."""
        self.tags = frozenset({tag})
        self._tag = tag
        self._prefix = b"\x00" if tag == der.BIT_STRING else b""
        self._codec = codec
        self._name = name

    def decode(self, data: bytes, at: int, start: int, stop: int) -> T:
        try:
            if not data.startswith(self._prefix, start, stop):
                raise Fault(at, "BIT STRING is not a whole number of octets")
            return self._codec.only(data, start + len(self._prefix), stop)
        except Fault as fault:
            if self._name:
                fault.path.append(self._name)
            raise

    def encode(self, value: T) -> bytes:
        return der.element(self._tag, self._prefix, self._codec.encode(value))


def explicit(number: int, codec: Codec[T]) -> Wrapped[T]:
    """``[number] EXPLICIT``."""
    return Wrapped(der.context(number), codec)


class Choice(Codec[T]):
    """A CHOICE, as instances of a dataclass with the fields ``type``, the name of what was chosen, and ``value``."""

    def __init__(self, make: Callable[[str, Any], T], alternatives: Mapping[str, Codec[Any]]) -> None:
        self._make = make
        self._by_name = alternatives
        self._by_tag = {tag: (name, codec) for name, codec in alternatives.items() for tag in codec.tags or ()}
        self.tags = frozenset(self._by_tag)

    def decode(self, data: bytes, at: int, start: int, stop: int) -> T:
        name, codec = self._by_tag[data[at]]
        try:
            return self._make(name, codec.decode(data, at, start, stop))
        except Fault as fault:
            fault.path.append(name)
            raise

    def encode(self, value: T) -> bytes:
        return self._by_name[value.type].encode(value.value)  # type: ignore[attr-defined]


class Either(Codec[Any]):
    """The value of one of two types, told apart when reading by the identifier octet and when writing by what accepts
    it: ``first`` takes values of ``kind``, ``second`` all others.
    """

    def __init__(self, kind: type[Any], first: Codec[Any], second: Codec[Any]) -> None:
        self._kind = kind
        self._first = first
        self._second = second
        self.tags = None if first.tags is None or second.tags is None else first.tags | second.tags

    def decode(self, data: bytes, at: int, start: int, stop: int) -> Any:
        tags = self._first.tags
        codec = self._first if tags is None or data[at] in tags else self._second
        return codec.decode(data, at, start, stop)

    def encode(self, value: Any) -> bytes:
        return (self._first if isinstance(value, self._kind) else self._second).encode(value)
