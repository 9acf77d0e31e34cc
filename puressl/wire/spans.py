"""Spans: which bytes of a message are which field.

Theory of operation: the codecs that decode a message also describe it. Given a ``Recorder`` they open a span before
they read a piece and close it after, so the spans form a tree that mirrors the structure: parents stand before their
children, children tile their parent, and the leaves together cover every byte exactly once. Without a recorder decoding
costs nothing extra. Empty pieces (an absent extension block) have no span.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


@dataclass(frozen=True, slots=True)
class Span:
    """One piece of a message.

    path: where in the structure, ``ClientHello.cipher_suites[0]``. start, end: byte offsets into what was decoded.
    meaning: one phrase for a person. clause: the RFC and section that define it. depth: 0 for the whole message.
    value: the decoded value. registry: the registry a number belongs to, if any.
    """

    path: str
    start: int
    end: int
    meaning: str
    clause: str
    depth: int = 0
    value: object = None
    registry: type[IntEnum] | None = None


@dataclass(slots=True)
class _Open:
    place: int
    path: str
    start: int
    meaning: str
    clause: str


class Recorder:
    """Collects the spans of one decoding, in the order of the bytes."""

    __slots__ = ("_open", "_spans")

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._spans: list[Span | None] = []

    def begin(self, name: str, start: int, meaning: str, clause: str) -> None:
        """Open a span named ``name`` (with its separator: ``.random``, ``[0]``) inside the one that is open."""
        path = self._open[-1].path + name if self._open else name
        self._open.append(_Open(len(self._spans), path, start, meaning, clause))
        self._spans.append(None)

    def end(self, end: int, value: object = None, registry: type[IntEnum] | None = None) -> None:
        """Close the innermost open span before offset ``end``; an empty one vanishes."""
        top = self._open.pop()
        if end > top.start:
            depth = len(self._open)
            self._spans[top.place] = Span(top.path, top.start, end, top.meaning, top.clause, depth, value, registry)

    def leaf(
        self,
        name: str,
        start: int,
        end: int,
        meaning: str,
        value: object,
        *,
        clause: str | None = None,
        registry: type[IntEnum] | None = None,
    ) -> None:
        """A span without parts; its clause is that of the open one where none is given."""
        self.begin(name, start, meaning, clause or self._open[-1].clause)
        self.end(end, value, registry)

    def break_off(self, data: bytes, start: int) -> None:
        """Close all spans that a complaint left open; what was not reached of ``data[start:]`` becomes one leaf."""
        at = max((span.end for span in self._spans if span is not None), default=start)
        if self._open and at < len(data):
            self.leaf(".undecoded", at, len(data), "not decoded", data[at:])
        while self._open:
            self.end(len(data))

    def spans(self) -> list[Span]:
        """What was collected: parents before children, in the order of the bytes."""
        return [span for span in self._spans if span is not None]
