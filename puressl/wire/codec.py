"""Messages as rows: a class whose fields are declared with their codec, meaning and clause.

Theory of operation::

    @struct("A key share", "RFC 8446 4.2.8")
    class KeyShareEntry(Structure):
        group: int = row(uint16(NamedGroup), "the group", "RFC 8446 4.2.8")
        key_exchange: bytes = row(Opaque(2, 1), "the public value", "RFC 8446 4.2.8")

``struct`` makes it a frozen, slotted dataclass and compiles its rows once into a ``StructCodec``, kept as the class's
``wire``. Everything else is derived from those rows: strict decoding, encoding with the same bounds, and the spans that
show which byte is which. A ``ClassVar`` that is a row is a constant on the wire and no field of the class.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from inspect import get_annotations
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from puressl.errors import Problem
from puressl.wire.fields import Chosen, Codec, Constant, Fault
from puressl.wire.spans import Recorder, Span

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: Any) -> Callable[[T], T]:
        return lambda decorator: decorator


__all__ = [
    "Row",
    "Span",
    "StructCodec",
    "Structure",
    "constant",
    "decode",
    "decode_with_spans",
    "encode",
    "row",
    "struct",
]

T = TypeVar("T")
S = TypeVar("S", bound="Structure")

_NO_DEFAULT = object()


@dataclass(frozen=True, slots=True)
class Row:
    """One field of a structure: its name, codec, meaning for a person, and the clause that defines it.

    choose: gives the codec where that depends on the fields before, from their values.
    """

    name: str
    codec: Codec[Any]
    meaning: str
    clause: str
    is_field: bool = True
    choose: Callable[[Sequence[Any]], Codec[Any]] | None = None

    @property
    def bound(self) -> str:
        """The field's bound as the presentation language writes it: ``<0..32>``."""
        return self.codec.bound

    @property
    def declaration(self) -> str:
        """The field in the presentation language: ``opaque session_id<0..32>``."""
        separator = "" if self.bound[0] in "<[" else " "
        return f"{self.codec.type_name} {self.name}{separator}{self.bound}"


class Structure:
    """The base of every class made by ``struct``. wire: its codec, with the rows, meaning and clause."""

    __slots__ = ()
    wire: ClassVar[StructCodec[Any]]


@dataclass(frozen=True, slots=True)
class _Declared:
    """What ``row`` and ``constant`` leave in the class body for ``struct`` to collect."""

    codec: Codec[Any]
    meaning: str
    clause: str
    default: object = _NO_DEFAULT


def row(codec: Codec[Any], meaning: str, clause: str, *, default: Any = _NO_DEFAULT) -> Any:
    """Declare a field of a structure.

    codec: its type and bound. meaning: one phrase. clause: "RFC 8446 4.1.2". default: its value where none is given.
    """
    return _Declared(codec, meaning, clause, default)


def constant(
    size: int,
    value: int,
    meaning: str,
    clause: str,
    registry: type[IntEnum] | None = None,
    problem: Problem = Problem.ILLEGAL_PARAMETER,
) -> Any:
    """Declare an integer of ``size`` bytes with one legal value; the class has it as a ``ClassVar``."""
    return _Declared(Constant(size, value, registry, problem), meaning, clause, value)


class StructCodec(Codec[S]):
    """The codec of a structure: its rows one after the other, and nothing behind them."""

    __slots__ = ("check", "clause", "cls", "meaning", "rows")

    def __init__(
        self,
        cls: type[S],
        rows: tuple[Row, ...],
        meaning: str,
        clause: str,
        check: Callable[[S], str | None] | None,
    ) -> None:
        self.cls = cls
        self.rows = rows
        self.meaning = meaning
        self.clause = clause
        self.check = check
        super().__init__(cls.__name__, "struct")

    def decode(self, data: bytes, at: int, end: int, recorder: Recorder | None) -> tuple[S, int]:
        start = at
        values: list[Any] = []
        for row in self.rows:
            codec = row.codec if row.choose is None else row.choose(values)
            try:
                if recorder is None:
                    value, at = codec.decode(data, at, end, None)
                else:
                    value, at = _decode_recorded(row, codec, data, at, end, recorder)
            except Fault as fault:
                fault.inside(f".{row.name}")
                raise
            if row.is_field:
                values.append(value)
        message = self.cls(*values)
        text = self.check(message) if self.check else None
        if text:
            raise Fault(text, start, Problem.ILLEGAL_PARAMETER)
        return message, at

    def encode(self, value: S, out: bytearray) -> None:
        text = self.check(value) if self.check else None
        if text:
            raise Fault(text)
        self._encode_rows(value, self.rows, out)

    def encode_until(self, value: S, name: str) -> bytes:
        """The rows before the one named ``name``: what is signed is often a part of a message."""
        names = [row.name for row in self.rows]
        out = bytearray()
        try:
            self._encode_rows(value, self.rows[: names.index(name)], out)
        except Fault as fault:
            raise fault.usage_error(self.type_name) from None
        return bytes(out)

    def _encode_rows(self, value: S, rows: Sequence[Row], out: bytearray) -> None:
        values: list[Any] = []
        for row in rows:
            field = getattr(value, row.name)
            codec = row.codec if row.choose is None else row.choose(values)
            try:
                codec.encode(field, out)
            except Fault as fault:
                fault.inside(f".{row.name}")
                raise
            if row.is_field:
                values.append(field)


def _decode_recorded(
    row: Row, codec: Codec[Any], data: bytes, at: int, end: int, recorder: Recorder
) -> tuple[Any, int]:
    recorder.begin(f".{row.name}", at, row.meaning, row.clause)
    value, stop = codec.decode(data, at, end, recorder)
    recorder.end(stop, value, row.codec.registry)
    return value, stop


@dataclass_transform(frozen_default=True, field_specifiers=(row,))
def struct(
    meaning: str, clause: str, *, check: Callable[[Any], str | None] | None = None
) -> Callable[[type[S]], type[S]]:
    """Make a class of rows a frozen, slotted dataclass with a codec.

    meaning: one phrase for the whole. clause: where it is defined. check: a rule across fields, from the value to a
    sentence on what is wrong (an illegal parameter), or None.
    """

    def decorate(cls: type[S]) -> type[S]:
        rows: list[Row] = []
        for name in get_annotations(cls):
            declared = cls.__dict__.get(name)
            if not isinstance(declared, _Declared):
                continue
            is_field = not isinstance(declared.codec, Constant)
            choose = declared.codec.choose if isinstance(declared.codec, Chosen) else None
            rows.append(Row(name, declared.codec, declared.meaning, declared.clause, is_field, choose))
            if declared.default is _NO_DEFAULT:
                delattr(cls, name)
            else:
                setattr(cls, name, declared.default)
        made = dataclass(frozen=True, slots=True)(cls)
        made.wire = StructCodec(made, tuple(rows), meaning, clause, check)
        return made

    return decorate


def encode(message: Structure) -> bytes:
    """A structure's bytes, without any header around it. Raises ``SSLError`` (``einval``) for a value out of bounds."""
    out = bytearray()
    try:
        message.wire.encode(message, out)
    except Fault as fault:
        raise fault.usage_error(type(message).__name__) from None
    return bytes(out)


def decode(cls: type[S], raw: bytes) -> S:
    """The structure that ``raw`` is, exactly. Raises ``ProtocolError``."""
    return decode_whole(cls, bytes(raw), 0)


def decode_with_spans(cls: type[S], raw: bytes) -> tuple[S, list[Span]]:
    """As ``decode``, and the spans of every byte, parents before their parts. Raises ``ProtocolError``."""
    message, spans = decode_partly(cls, raw)
    if isinstance(message, Fault):
        raise message.protocol_error(cls.__name__) from None
    return message, spans


def decode_partly(cls: type[S], raw: bytes) -> tuple[S | Fault, list[Span]]:
    """As ``decode_with_spans``, but as far as it goes: a complaint is returned, with the spans up to there."""
    recorder = Recorder()
    recorder.begin(cls.__name__, 0, cls.wire.meaning, cls.wire.clause)
    message = decode_recorded(cls, bytes(raw), 0, recorder)
    return message, recorder.spans()


def decode_recorded(cls: type[S], data: bytes, start: int, recorder: Recorder) -> S | Fault:
    """The structure that fills ``data`` from ``start`` on, and ends the one open span; or the complaint about it."""
    try:
        message = _decode_whole(cls, data, start, recorder)
    except Fault as fault:
        recorder.break_off(data, start)
        return fault
    recorder.end(len(data), message)
    return message


def decode_whole(cls: type[S], data: bytes, start: int) -> S:
    """The structure that fills ``data`` from ``start`` on; offsets in complaints count from the start of data."""
    try:
        return _decode_whole(cls, data, start, None)
    except Fault as fault:
        raise fault.protocol_error(cls.__name__) from None


def _decode_whole(cls: type[S], data: bytes, start: int, recorder: Recorder | None) -> S:
    end = len(data)
    message, stop = cls.wire.decode(data, start, end, recorder)
    if stop != end:
        raise Fault(f"{end - stop} bytes follow its end", stop, Problem.TRAILING_BYTES)
    return message  # type: ignore[no-any-return]
