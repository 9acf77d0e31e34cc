"""The codecs of single fields: integers, opaque bytes, vectors, and what combines them.

Theory of operation: a codec is an immutable object that stands for one type of the presentation language of RFC 8446
section 3 and its bounds. ``decode(data, at, end, recorder)`` reads one value that begins at ``at`` and may not go
beyond ``end``, and returns it with the offset behind it; ``encode(value, out)`` appends it. Both hold the same bounds,
so what one side refuses to read the other refuses to write. A complaint is a ``Fault``; it gathers the path to the
field on its way up, and the top turns it into ``ProtocolError`` (the peer's bytes) or ``SSLError`` with ``einval`` (our
values).
"""

from __future__ import annotations

import struct as packing
from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import Any, Generic, TypeVar

from puressl.errors import Problem, ProtocolError, Reason, SSLError
from puressl.wire.spans import Recorder

T = TypeVar("T")
U = TypeVar("U")

#: The clause that defines a vector's length prefix.
VECTOR_CLAUSE = "RFC 8446 3.4"

_UNPACK_CODES = {1: "B", 2: "H", 4: "I"}


class Fault(Exception):
    """A complaint on its way up: the sentence, the offset where known, the kind, and the path so far."""

    def __init__(self, text: str, at: int | None = None, problem: Problem = Problem.MALFORMED_MESSAGE) -> None:
        super().__init__(text)
        self.text = text
        self.at = at
        self.problem = problem
        self.path = ""

    def inside(self, name: str) -> None:
        """Note that the complaint arose in the part ``name`` of what is being read."""
        self.path = name + self.path

    def protocol_error(self, root: str) -> ProtocolError:
        where = "" if self.at is None else f" (at byte {self.at})"
        return ProtocolError(self.problem, f"{root}{self.path}: {self.text}{where}")

    def usage_error(self, root: str) -> SSLError:
        return SSLError(Reason.EINVAL, f"{root}{self.path}: {self.text}")


class Codec(Generic[T]):
    """One type of the presentation language. type_name and bound are its notation, for people."""

    __slots__ = ("bound", "registry", "type_name")

    def __init__(self, type_name: str, bound: str, registry: type[IntEnum] | None = None) -> None:
        self.type_name = type_name
        self.bound = bound
        self.registry = registry

    def decode(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> tuple[T, int]:
        """The value that begins at ``at`` and the offset behind it; raises ``Fault``."""
        raise NotImplementedError

    def encode(self, value: T, out: bytearray) -> None:
        """Append the value to ``out``; raises ``Fault``."""
        raise NotImplementedError


def _power(limit: int) -> str:
    """A bound as the RFCs print it: 2^16-1 for 65535."""
    for bits in (16, 24, 32):
        if 0 <= (1 << bits) - limit <= 2:
            return f"2^{bits}-{(1 << bits) - limit}"
    return str(limit)


class Uint(Codec[int]):
    """uint8 … uint32, with a range. A value outside the range is well-formed but wrong, so by default illegal."""

    __slots__ = ("high", "low", "problem", "size")

    def __init__(
        self,
        size: int,
        registry: type[IntEnum] | None = None,
        *,
        low: int = 0,
        high: int | None = None,
        problem: Problem = Problem.ILLEGAL_PARAMETER,
    ) -> None:
        self.size = size
        self.low = low
        self.high = (1 << 8 * size) - 1 if high is None else high
        self.problem = problem
        super().__init__(registry.__name__ if registry else f"uint{8 * size}", f"{low}..{_power(self.high)}", registry)

    def decode(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> tuple[int, int]:
        stop = at + self.size
        if stop > end:
            raise Fault(f"needs {self.size} bytes, {end - at} are left", at)
        value = int.from_bytes(data[at:stop], "big")
        if not self.low <= value <= self.high:
            raise Fault(f"{value} is not in {self.bound}", at, self.problem)
        return value, stop

    def encode(self, value: int, out: bytearray) -> None:
        if not self.low <= value <= self.high:
            raise Fault(f"{value} is not in {self.bound}")
        out += value.to_bytes(self.size, "big")


class Constant(Codec[int]):
    """An integer with one legal value."""

    __slots__ = ("problem", "size", "value")

    def __init__(
        self, size: int, value: int, registry: type[IntEnum] | None = None, problem: Problem = Problem.ILLEGAL_PARAMETER
    ) -> None:
        self.size = size
        self.value = value
        self.problem = problem
        super().__init__(registry.__name__ if registry else f"uint{8 * size}", f"= {value}", registry)

    def decode(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> tuple[int, int]:
        stop = at + self.size
        if stop > end:
            raise Fault(f"needs {self.size} bytes, {end - at} are left", at)
        value = int.from_bytes(data[at:stop], "big")
        if value != self.value:
            raise Fault(f"{value} is not {self.value}", at, self.problem)
        return value, stop

    def encode(self, value: int, out: bytearray) -> None:
        out += self.value.to_bytes(self.size, "big")


class Fixed(Codec[bytes]):
    """opaque[n]."""

    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__("opaque", f"[{size}]")

    def decode(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> tuple[bytes, int]:
        stop = at + self.size
        if stop > end:
            raise Fault(f"needs {self.size} bytes, {end - at} are left", at)
        return data[at:stop], stop

    def encode(self, value: bytes, out: bytearray) -> None:
        if len(value) != self.size:
            raise Fault(f"{len(value)} bytes instead of {self.size}")
        out += value


class Rest(Codec[bytes]):
    """opaque bytes up to the end of the structure."""

    __slots__ = ("high", "low")

    def __init__(self, low: int = 0, high: int = 0xFFFF) -> None:
        self.low = low
        self.high = high
        super().__init__("opaque", f"[{low}..{_power(high)}, the rest]")

    def decode(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> tuple[bytes, int]:
        if not self.low <= end - at <= self.high:
            raise Fault(f"{end - at} bytes are not {self.bound}", at)
        return data[at:end], end

    def encode(self, value: bytes, out: bytearray) -> None:
        if not self.low <= len(value) <= self.high:
            raise Fault(f"{len(value)} bytes are not {self.bound}")
        out += value


class Prefixed(Codec[T]):
    """A vector: its length in bytes, then its content. low and high bound that length (RFC 8446 3.4)."""

    __slots__ = ("high", "low", "prefix")

    def __init__(
        self, type_name: str, prefix: int, low: int, high: int | None, registry: type[IntEnum] | None = None
    ) -> None:
        self.prefix = prefix
        self.low = low
        self.high = (1 << 8 * prefix) - 1 if high is None else high
        super().__init__(type_name, f"<{low}..{_power(self.high)}>", registry)

    def decode(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> tuple[T, int]:
        start = at + self.prefix
        if start > end:
            raise Fault(f"needs a length of {self.prefix} bytes, {end - at} are left", at)
        length = int.from_bytes(data[at:start], "big")
        stop = start + length
        if not self.low <= length <= self.high:
            raise Fault(f"length {length} is not in {self.bound}", at)
        if stop > end:
            raise Fault(f"length {length} exceeds the {end - start} bytes that are left", at)
        if recorder is not None:
            recorder.leaf(".length", at, start, "length in bytes of what follows", length, clause=VECTOR_CLAUSE)
        return self.decode_content(data, start, stop, recorder), stop

    def encode(self, value: T, out: bytearray) -> None:
        mark = len(out)
        out += bytes(self.prefix)
        start = len(out)
        self.encode_content(value, out)
        length = len(out) - start
        if not self.low <= length <= self.high:
            raise Fault(f"length {length} is not in {self.bound}")
        out[mark:start] = length.to_bytes(self.prefix, "big")

    def decode_content(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> T:
        """The content, which is exactly ``data[at:end]``."""
        raise NotImplementedError

    def encode_content(self, value: T, out: bytearray) -> None:
        """Append the content without its length."""
        raise NotImplementedError


class Opaque(Prefixed[bytes]):
    """opaque<low..high>."""

    __slots__ = ("meaning",)

    def __init__(self, prefix: int, low: int = 0, high: int | None = None, meaning: str = "the bytes") -> None:
        self.meaning = meaning
        super().__init__("opaque", prefix, low, high)

    def decode_content(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> bytes:
        value = data[at:end]
        if recorder is not None:
            recorder.leaf(".content", at, end, self.meaning, value)
        return value

    def encode(self, value: bytes, out: bytearray) -> None:
        length = len(value)
        if not self.low <= length <= self.high:
            raise Fault(f"length {length} is not in {self.bound}")
        out += length.to_bytes(self.prefix, "big")
        out += value


class UintVector(Prefixed["tuple[int, ...]"]):
    """A vector of integers of one size."""

    __slots__ = ("item", "size")

    def __init__(
        self, size: int, prefix: int, low: int, high: int | None, item: str, registry: type[IntEnum] | None = None
    ) -> None:
        self.size = size
        self.item = item
        super().__init__(registry.__name__ if registry else f"uint{8 * size}", prefix, low, high, registry)

    def decode_content(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> tuple[int, ...]:
        count, odd = divmod(end - at, self.size)
        if odd:
            raise Fault(f"length {end - at} is not a multiple of {self.size}", at - self.prefix)
        values = packing.unpack_from(f">{count}{_UNPACK_CODES[self.size]}", data, at)
        if recorder is not None:
            for index, value in enumerate(values):
                start = at + index * self.size
                recorder.leaf(f"[{index}]", start, start + self.size, self.item, value, registry=self.registry)
        return values

    def encode_content(self, value: tuple[int, ...], out: bytearray) -> None:
        limit = 1 << 8 * self.size
        if value and not 0 <= min(value) <= max(value) < limit:
            raise Fault(f"one of {value} does not fit {self.size} bytes")
        out += packing.pack(f">{len(value)}{_UNPACK_CODES[self.size]}", *value)


class Vector(Prefixed["tuple[T, ...]"]):
    """A vector of structures or of vectors. item and clause describe an element."""

    __slots__ = ("clause", "element", "item")

    def __init__(
        self, element: Codec[T], prefix: int, low: int, high: int | None, item: str, clause: str | None = None
    ) -> None:
        self.element = element
        self.item = item
        self.clause = clause
        super().__init__(element.type_name, prefix, low, high)

    def decode_content(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> tuple[T, ...]:
        values: list[T] = []
        try:
            while at < end:
                if recorder is None:
                    value, at = self.element.decode(data, at, end, None)
                else:
                    value, at = self._decode_recorded(data, at, end, len(values), recorder)
                values.append(value)
        except Fault as fault:
            fault.inside(f"[{len(values)}]")
            raise
        return tuple(values)

    def _decode_recorded(self, data: bytes, at: int, end: int, index: int, recorder: Recorder) -> tuple[T, int]:
        recorder.begin(f"[{index}]", at, self.item, self.clause or VECTOR_CLAUSE)
        value, stop = self.element.decode(data, at, end, recorder)
        recorder.end(stop, value)
        return value, stop

    def encode_content(self, value: tuple[T, ...], out: bytearray) -> None:
        for index, element in enumerate(value):
            try:
                self.element.encode(element, out)
            except Fault as fault:
                fault.inside(f"[{index}]")
                raise


class OrAbsent(Codec[T]):
    """A last field that may be left out: nothing at all stands for ``empty``, and ``empty`` is written as nothing."""

    __slots__ = ("empty", "inner")

    def __init__(self, inner: Codec[T], empty: T) -> None:
        self.inner = inner
        self.empty = empty
        super().__init__(inner.type_name, f"{inner.bound} or absent", inner.registry)

    def decode(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> tuple[T, int]:
        return (self.empty, at) if at == end else self.inner.decode(data, at, end, recorder)

    def encode(self, value: T, out: bytearray) -> None:
        if value != self.empty:
            self.inner.encode(value, out)


class Checked(Codec[T]):
    """A codec with a rule beyond syntax. complaint: the value to a sentence on what is wrong with it, or None."""

    __slots__ = ("complaint", "inner", "problem")

    def __init__(
        self, inner: Codec[T], complaint: Callable[[T], str | None], problem: Problem = Problem.ILLEGAL_PARAMETER
    ) -> None:
        self.inner = inner
        self.complaint = complaint
        self.problem = problem
        super().__init__(inner.type_name, inner.bound, inner.registry)

    def decode(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> tuple[T, int]:
        value, stop = self.inner.decode(data, at, end, recorder)
        text = self.complaint(value)
        if text:
            raise Fault(text, at, self.problem)
        return value, stop

    def encode(self, value: T, out: bytearray) -> None:
        text = self.complaint(value)
        if text:
            raise Fault(text)
        self.inner.encode(value, out)


class Adapted(Codec[U], Generic[T, U]):
    """A codec whose values have another shape in the message than on the wire. Both functions are total."""

    __slots__ = ("from_wire", "inner", "to_wire")

    def __init__(self, inner: Codec[T], from_wire: Callable[[T], U], to_wire: Callable[[U], T]) -> None:
        self.inner = inner
        self.from_wire = from_wire
        self.to_wire = to_wire
        super().__init__(inner.type_name, inner.bound, inner.registry)

    def decode(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> tuple[U, int]:
        value, stop = self.inner.decode(data, at, end, recorder)
        return self.from_wire(value), stop

    def encode(self, value: U, out: bytearray) -> None:
        self.inner.encode(self.to_wire(value), out)


class Chosen(Codec[Any]):
    """A field whose type depends on fields before it. choose: those fields' values to a codec. It must be total."""

    __slots__ = ("choose",)

    def __init__(self, type_name: str, bound: str, choose: Callable[[Sequence[Any]], Codec[Any]]) -> None:
        self.choose = choose
        super().__init__(type_name, bound)


def uint8(registry: type[IntEnum] | None = None, *, low: int = 0, high: int = 0xFF) -> Uint:
    return Uint(1, registry, low=low, high=high)


def uint16(registry: type[IntEnum] | None = None, *, low: int = 0, high: int = 0xFFFF) -> Uint:
    return Uint(2, registry, low=low, high=high)


def uint32() -> Uint:
    return Uint(4)
