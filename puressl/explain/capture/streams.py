"""TCP conversations, and the bytes that both ends sent in the order in which they happened.

Theory of operation: segments fall into conversations by their two ends; a SYN with a new sequence number begins another
one between the same ends. They are numbered from 0, as Wireshark's ``tcp.stream`` is. Of each direction a list of
chunks is made that do not overlap: of bytes that came more than once the first stay. Up to its first gap that list is
the stream. Both streams are joined by time, the order of the file, but no chunk comes before what it acknowledges, so
that answers follow questions even where segments were lost and sent again.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from puressl.errors import Reason, SSLError
from puressl.explain.capture.packets import Endpoint, Segment
from puressl.explain.model import CLIENT, SERVER

#: Conversations of a file. More are a scan, or need a capture filter.
MAX_CONVERSATIONS = 65_536
#: Bytes of one direction that are put together. A story holds each several times, and nobody reads more.
MAX_STREAM = 1 << 24
#: Chunks that came again and are compared with the first: real networks repeat few.
MAX_OVERLAPS = 1 << 19

_SEQUENCE_NUMBERS = 1 << 32
#: A ClientHello's record header and its own, at the start of what a client sends (RFC 8446 5.1, 4).
_CLIENT_HELLO = re.compile(rb"\x16\x03[\x00-\x04]..\x01\x00", re.DOTALL)
_OTHER = {CLIENT: SERVER, SERVER: CLIENT}


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of one direction. start: offset in it. frame: which brought them. acknowledged: of the other direction."""

    start: int
    data: bytes = field(repr=False)
    frame: int
    acknowledged: int

    @property
    def end(self) -> int:
        return self.start + len(self.data)


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes as they happened. sender: CLIENT or SERVER."""

    sender: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What two ends said. notes: what is missing or doubtful in it."""

    client: Endpoint
    server: Endpoint
    pieces: tuple[Piece, ...]
    notes: tuple[str, ...]

    def sent(self, sender: str) -> bytes:
        """All bytes of one of them."""
        return b"".join(piece.data for piece in self.pieces if piece.sender == sender)


@dataclass(slots=True)
class Conversation:
    """The segments between two ends, from either, in order. number: from 0."""

    number: int
    segments: list[Segment] = field(default_factory=list)

    def dialogue(self) -> Dialogue:
        """Puts both streams together."""
        client, server = self._ends()
        ends = {CLIENT: client, SERVER: server}
        streams = {role: _Stream([each for each in self.segments if each.source == end]) for role, end in ends.items()}
        chunks, notes = {}, []
        for role, stream in streams.items():
            stream.put_together(streams[_OTHER[role]].base)
            chunks[role] = stream.whole()
            notes += [f"the {role}'s stream: {note}" for note in stream.notes]
        return Dialogue(client, server, tuple(_joined(chunks)), tuple(notes))

    def _ends(self) -> tuple[Endpoint, Endpoint]:
        """Client and server: by who began, who says ClientHello, or who was heard first."""
        first = self.segments[0]
        for segment in self.segments:
            if segment.syn:
                ends = segment.source, segment.target
                return ends if segment.acknowledged is None else ends[::-1]
        for segment in self.segments:
            if _CLIENT_HELLO.match(segment.payload):
                return segment.source, segment.target
        return first.source, first.target


def conversations(segments: Iterable[Segment]) -> list[Conversation]:
    """All conversations, in the order of their first segments. Raises ``SSLError(einval)`` for too many."""
    found: list[Conversation] = []
    current: dict[frozenset[Endpoint], tuple[Conversation, int | None]] = {}
    for segment in segments:
        ends = frozenset((segment.source, segment.target))
        conversation, began = current.get(ends, (None, None))
        opens = segment.syn and segment.acknowledged is None
        if conversation is None or (opens and segment.sequence != began):
            if len(found) == MAX_CONVERSATIONS:
                raise SSLError(Reason.EINVAL, f"more than {MAX_CONVERSATIONS} TCP conversations")
            conversation = Conversation(len(found))
            found.append(conversation)
            current[ends] = conversation, segment.sequence if opens else None
        conversation.segments.append(segment)
    return found


class _Stream:
    """One direction. base: the sequence number of its first byte, None while nothing is known of it."""

    def __init__(self, segments: Sequence[Segment]) -> None:
        self._segments = segments
        self._chunks: list[Chunk] = []
        self._end = 0  # of what is known to have travelled
        self._again = self._differing = self._beyond = self._overlaps = 0
        self.base = _base(segments)
        self.notes: list[str] = []

    def put_together(self, other_base: int | None) -> None:
        """other_base: of the other direction, whose bytes are acknowledged."""
        for segment in self._segments:
            if self.base is None or (segment.syn and not segment.length):
                continue
            if self._overlaps > MAX_OVERLAPS:
                self.notes.append(f"frames from {segment.frame} on are left out, as too many overlap")
                break
            start = _signed(segment.sequence + segment.syn - self.base)
            acknowledged = 0
            if segment.acknowledged is not None and other_base is not None:
                acknowledged = max(_signed(segment.acknowledged - other_base), 0)
            self._place(segment, start, acknowledged)
        if self._again:
            self.notes.append(f"{self._again} bytes came more than once")
        if self._differing:
            self.notes.append(f"{self._differing} of them differed; the first that came are shown")
        if self._beyond:
            self.notes.append(f"{self._beyond} bytes beyond the first {MAX_STREAM} are not explained")

    def whole(self) -> list[Chunk]:
        """The chunks before the first gap."""
        at = number = 0
        while number < len(self._chunks) and self._chunks[number].start == at:
            at = self._chunks[number].end
            number += 1
        if at < self._end:
            missing = (self._chunks[number].start if number < len(self._chunks) else self._end) - at
            rest = sum(len(chunk.data) for chunk in self._chunks[number:])
            note = f"{missing} bytes at offset {at} are missing from the capture"
            self.notes.append(f"{note}; the {rest} bytes behind them are not explained" if rest else note)
        return self._chunks[:number]

    def _place(self, segment: Segment, start: int, acknowledged: int) -> None:
        """Adds what is new in a segment."""
        first = max(-start, 0)
        data = segment.payload[first : max(MAX_STREAM - start, 0)]
        self._beyond += max(len(segment.payload) - first - len(data), 0)
        at, end = max(start, 0), max(start, 0) + len(data)
        if segment.length:  # acknowledgements behind a FIN count it
            self._end = max(self._end, min(start + segment.length, MAX_STREAM))
        chunks = self._chunks
        place = bisect_right(chunks, at, key=lambda chunk: chunk.start)
        place -= place > 0 and chunks[place - 1].end > at
        offset = at
        while at < end:
            if place < len(chunks) and chunks[place].start <= at:
                known = chunks[place]
                stop = min(known.end, end)
                self._overlaps += 1
                self._again += stop - at
                theirs, ours = known.data[at - known.start : stop - known.start], data[at - offset : stop - offset]
                self._differing += 0 if theirs == ours else stop - at
            else:
                stop = min(end, chunks[place].start) if place < len(chunks) else end
                chunks.insert(place, Chunk(at, data[at - offset : stop - offset], segment.frame, acknowledged))
            at = stop
            place += 1


def _base(segments: Sequence[Segment]) -> int | None:
    """The number behind a SYN's, else the lowest there is."""
    for segment in segments:
        if segment.syn:
            return (segment.sequence + 1) % _SEQUENCE_NUMBERS
    if not segments:
        return None
    first = segments[0].sequence
    return (first + min(_signed(each.sequence - first) for each in segments)) % _SEQUENCE_NUMBERS


def _signed(difference: int) -> int:
    """A difference of sequence numbers, which wrap (RFC 9293 3.4)."""
    half = _SEQUENCE_NUMBERS >> 1
    return (difference + half) % _SEQUENCE_NUMBERS - half


def _joined(chunks: dict[str, list[Chunk]]) -> Iterable[Piece]:
    """Both directions as one: the chunk that came first of those whose acknowledged bytes were there."""
    next_of, done = {CLIENT: 0, SERVER: 0}, {CLIENT: 0, SERVER: 0}
    ends = {role: each[-1].end if each else 0 for role, each in chunks.items()}
    while True:
        heads = [(role, chunks[role][number]) for role, number in next_of.items() if number < len(chunks[role])]
        if not heads:
            return
        ready = [head for head in heads if min(head[1].acknowledged, ends[_OTHER[head[0]]]) <= done[_OTHER[head[0]]]]
        role, chunk = min(ready or heads, key=lambda head: head[1].frame)
        next_of[role] += 1
        done[role] = chunk.end
        yield Piece(role, chunk.data)
