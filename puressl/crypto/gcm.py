"""AES in Galois/counter mode with a nonce of 96 bits (NIST SP 800-38D; RFC 5116 5.1, 5.2; RFC 5288).

Theory of operation: the counter blocks of a message, or of several, are encrypted in one pass (``aes``). Counter 1
masks the tag, the message begins with counter 2, and the first pass under a key also encrypts the zero block, which
gives the hash key. Counter blocks are made as bit planes from the start: a nonce gives all blocks of its message the
same bits, and the bits that count are the same whatever key and nonce. Tags are hashes of what all the world may see
(``ghash``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from puressl.crypto.aes import BLOCKS_PER_PASS, Aes
from puressl.crypto.aes_planes import BLOCK_LENGTH, CELLS, PLACES, from_planes, rounded
from puressl.crypto.ghash import Ghash
from puressl.crypto.kdf import equal
from puressl.errors import Problem, ProtocolError, Reason, SSLError

if TYPE_CHECKING:
    from puressl.crypto.aead import Message, Octets

#: RFC 5116 5.1, 5.2.
NONCE_LENGTH = 12
TAG_LENGTH = 16

#: The bits of so many counters are kept in planes, a power of two; a message is cut at multiples of it.
_COUNTERS = 4096

#: For each bit of a block read as one big-endian number, the lowest first: its cell.
_CELL_OF_BIT = tuple(
    bit % 8 * BLOCK_LENGTH + PLACES.index(BLOCK_LENGTH - 1 - bit // 8) for bit in range(8 * BLOCK_LENGTH)
)

#: The bits of a block as text, the top one first, in the order of cells.
_IN_CELL_ORDER = itemgetter(*(CELLS - 1 - _CELL_OF_BIT.index(cell) for cell in range(CELLS)))

_Item = TypeVar("_Item")


class AesGcm:
    """AES-GCM under one key."""

    __slots__ = ("_aes", "_ghash")

    def __init__(self, key: bytes) -> None:
        self._aes = Aes(key)
        self._ghash: Ghash | None = None

    def seal(self, nonce: bytes, plaintext: Octets, aad: bytes) -> bytes:
        """The ciphertext with its tag."""
        return self.seal_batch([(nonce, plaintext, aad)])[0]

    def open(self, nonce: bytes, ciphertext: Octets, aad: bytes) -> bytes:
        """The plaintext, or ProtocolError(BAD_RECORD_MAC)."""
        opened = self.open_batch([(nonce, ciphertext, aad)])
        if not opened:
            raise ProtocolError(Problem.BAD_RECORD_MAC)
        return opened[0]

    def seal_batch(self, messages: Sequence[Message]) -> list[bytes]:
        """The ciphertext of each message with its tag."""
        sealed: list[bytes] = []
        for group in _parted(messages, _message_blocks):
            streams, ghash = self._streams([(nonce, len(plaintext)) for nonce, plaintext, _ in group])
            bodies = [
                _mixed(plaintext, stream[BLOCK_LENGTH:])
                for (_, plaintext, _), stream in zip(group, streams, strict=True)
            ]
            tags = _tags(ghash, bodies, [aad for _, _, aad in group], streams)
            sealed += [body + tag for body, tag in zip(bodies, tags, strict=True)]
        return sealed

    def open_batch(self, messages: Sequence[Message]) -> list[bytes]:
        """The plaintexts of the messages before the first that is not authentic."""
        opened: list[bytes] = []
        for group in _parted(messages, _message_blocks):
            # What is shorter than a tag has no body, and all of it is compared with the tag.
            bodies = [bytes(sealed[:-TAG_LENGTH]) for _, sealed, _ in group]
            streams, ghash = self._streams(
                [(nonce, len(body)) for (nonce, _, _), body in zip(group, bodies, strict=True)]
            )
            tags = _tags(ghash, bodies, [aad for _, _, aad in group], streams)
            for (_, sealed, _), body, tag, stream in zip(group, bodies, tags, streams, strict=True):
                if not equal(tag, bytes(sealed[-TAG_LENGTH:])):
                    return opened
                opened.append(_mixed(body, stream[BLOCK_LENGTH:]))
        return opened

    def _streams(self, requests: Sequence[tuple[bytes, int]]) -> tuple[list[memoryview], Ghash]:
        """For each nonce and number of octets the cipher's output from counter 1 on: a block and as many as they take.

        With it the hash, whose key comes from the first pass of all.
        """
        lengths = [1 + _blocks(length) for _, length in requests]
        spans = [span for (nonce, _), blocks in zip(requests, lengths, strict=True) for span in _spans(nonce, blocks)]
        if self._ghash is None:
            spans.append(_Span(0, 1))
        output = memoryview(b"".join([self._encrypted(part) for part in _parted(spans, _span_blocks)]))
        if self._ghash is None:
            self._ghash = Ghash(bytes(output[-BLOCK_LENGTH:]))
        ends = list(accumulate(lengths))
        streams = [
            output[(end - blocks) * BLOCK_LENGTH : end * BLOCK_LENGTH]
            for blocks, end in zip(lengths, ends, strict=True)
        ]
        return streams, self._ghash

    def _encrypted(self, spans: Sequence[_Span]) -> bytes:
        """The cipher's output for some spans of counter blocks."""
        blocks = sum(span.blocks for span in spans)
        return from_planes(self._aes.encrypt_planes(_counter_planes(spans)))[: blocks * BLOCK_LENGTH]


class _Span(NamedTuple):
    """Counter blocks in a row: the first, as a big-endian number, and how many."""

    first: int
    blocks: int


_span_blocks = attrgetter("blocks")


def _spans(nonce: bytes, blocks: int) -> Iterator[_Span]:
    """So many counter blocks of a nonce from counter 1 on, cut where the counter is a multiple of ``_COUNTERS``."""
    if len(nonce) != NONCE_LENGTH:
        raise SSLError(Reason.BADARG, f"nonce of {len(nonce)} octets, not {NONCE_LENGTH}")
    prefix, counter, end = int.from_bytes(nonce, "big") << 32, 1, 1 + blocks
    while counter < end:
        size = min(_COUNTERS - counter % _COUNTERS, end - counter)
        yield _Span(prefix + counter, size)
        counter += size


def _message_blocks(message: Message) -> int:
    """Blocks that a message takes in a pass, its tag's among them."""
    return 1 + _blocks(len(message[1]))


def _parted(items: Iterable[_Item], blocks: Callable[[_Item], int]) -> Iterator[list[_Item]]:
    """As many items in a row as a pass has room for, at least one."""
    part: list[_Item] = []
    total = 0
    for item in items:
        size = blocks(item)
        if part and total + size > BLOCKS_PER_PASS:
            yield part
            part, total = [], 0
        part.append(item)
        total += size
    if part:
        yield part


def _counter_planes(spans: Sequence[_Span]) -> bytes:
    """The planes of some spans of counter blocks.

    Most bits are those of the first block everywhere. What is otherwise in a span is exchanged there: the bits of
    another nonce, and those that count.
    """
    count = rounded(sum(span.blocks for span in spans))
    common = spans[0].first & -_COUNTERS
    exchanged: dict[int, int] = defaultdict(int)
    offset = 0
    for first, blocks in spans:
        everywhere = (1 << blocks) - 1
        for bit in _ones(first & -_COUNTERS ^ common):
            exchanged[_CELL_OF_BIT[bit]] ^= everywhere << offset
        start = first % _COUNTERS
        for bit in range((start + blocks - 1).bit_length()):
            exchanged[_CELL_OF_BIT[bit]] ^= (_counting()[bit] >> start & everywhere) << offset
        offset += blocks
    size = count // 8
    bits = "".join(_IN_CELL_ORDER(f"{common:0128b}")).encode()
    planes = bytearray(bits.replace(b"0", bytes(size)).replace(b"1", b"\xff" * size))
    for cell, change in exchanged.items():
        place = slice(cell * size, (cell + 1) * size)
        planes[place] = (int.from_bytes(planes[place], "little") ^ change).to_bytes(size, "little")
    return bytes(planes)


def _ones(number: int) -> Iterator[int]:
    """The places of the ones in a number."""
    while number:
        place = number.bit_length() - 1
        yield place
        number ^= 1 << place


@cache
def _counting() -> Sequence[int]:
    """For each bit of a counter, the lowest first, its value in every one from 0 to ``_COUNTERS`` - 1."""
    patterns = []
    for bit in range(_COUNTERS.bit_length() - 1):
        half = 1 << bit
        period = ((1 << half) - 1) << half
        patterns.append(sum(period << start for start in range(0, _COUNTERS, 2 * half)))
    return patterns


def _tags(
    ghash: Ghash, bodies: Sequence[bytes], aads: Sequence[bytes], streams: Sequence[memoryview]
) -> Iterator[bytes]:
    """The tags of ciphertexts with associated data: hashes, masked by the streams' first blocks (SP 800-38D 7.1)."""
    return map(_mixed, ghash.digests(list(map(_hashed, bodies, aads))), streams)


def _hashed(body: bytes, aad: bytes) -> bytes:
    """What GHASH hashes: both, each completed to whole blocks, and their lengths in bits (SP 800-38D 7.1)."""
    lengths = (8 * len(aad)).to_bytes(8, "big") + (8 * len(body)).to_bytes(8, "big")
    return b"".join((aad, bytes(-len(aad) % BLOCK_LENGTH), body, bytes(-len(body) % BLOCK_LENGTH), lengths))


def _blocks(length: int) -> int:
    """Blocks that so many octets take."""
    return -(-length // BLOCK_LENGTH)


def _mixed(data: Octets, stream: memoryview) -> bytes:
    """Data exclusive-or the beginning of the stream."""
    size = len(data)
    return (int.from_bytes(data, "little") ^ int.from_bytes(stream[:size], "little")).to_bytes(size, "little")
