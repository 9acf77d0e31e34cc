"""The keystream of ChaCha20, for many blocks at once (RFC 8439 2.1 to 2.4).

Theory of operation: an integer holds one word of the state for every block, each in a lane of five octets, so that the
interpreter is paid once per operation and not once per block. Four octets of a lane are the word. The fifth takes the
carries, which are never cleared: in 20 rounds and the final addition a lane adds up at most 42 words, less than 2^38,
so none leaves it; exclusive-or carries them along, and the masks of the next rotation drop them::

    (x << n & high) ^ (x >> 32 - n & low)    high keeps bits n to 31 of each lane, low bits 0 to n - 1

The lanes have two layouts. *By row*, an integer is a row of the state: four words, the lanes of each beside each other.
A round is one quarter round on the four columns; rotating the rows by whole words brings the diagonals under each other
and back. *By word* there are 16 integers and nothing to rotate: four times as many steps for the interpreter, but a
third less arithmetic, which pays once the integers are long. In octets both layouts are the words one after the other,
which is how they enter and leave.

Nothing is looked up or decided by key or keystream. What remains is how Python's integers behave: they drop leading
zeros, so whether the topmost word is very small shows in the time of an operation.

Sources: RFC 8439; D. J. Bernstein, "ChaCha, a variant of Salsa20" (2008), whose rows are those of vector registers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from struct import unpack

from puressl.errors import Reason, SSLError

BLOCK_LENGTH = 64
NONCE_LENGTH = 12
#: The block counter is one word, and it must not wrap (RFC 8439 2.3).
MAX_COUNTER = 1 << 32

#: What ``keystreams`` is asked for: the first block's counter, the nonce, and how many blocks.
Stream = tuple[int, bytes, int]

#: Streams share a pass up to this many blocks: four of the longest TLS records. A pass takes 500 octets a block, half a
#: megabyte here; a block costs a fifth less time than in a pass of one such record, and longer passes gain no more.
PASS_BLOCKS = 4 * 260

#: Up to this many blocks rows are faster.
_ROW_BLOCKS = 128

_CONSTANTS = b"expand 32-byte k"
_WORDS = 16
_LANE = 5
_NO_CARRY = bytes(1)
_LANE_BITS = 8 * _LANE
_ROTATIONS = (16, 12, 8, 7)
_DOUBLE_ROUNDS = 10

#: The words of each quarter round of a double round: four columns, four diagonals (RFC 8439 2.3).
_QUARTER_ROUNDS = (
    *((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15)),
    *((0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)),
)


def keystreams(key: bytes, streams: Iterable[Stream]) -> Iterator[memoryview]:
    """The octets of each stream in turn, computed several streams at a time.

    key: 32 octets. streams: nonces have 12 octets. They share passes of up to ``PASS_BLOCKS``; one that is longer has
    its own, with memory in proportion. Raises SSLError(``badarg``) where a counter would exceed its 32 bits.
    """
    for group in _passes(streams):
        octets = memoryview(_blocks(key, group))
        start = 0
        for _, _, blocks in group:
            end = start + BLOCK_LENGTH * blocks
            yield octets[start:end]
            start = end


def _passes(streams: Iterable[Stream]) -> Iterator[list[Stream]]:
    """The streams in groups of at most ``PASS_BLOCKS``, or of one."""
    group: list[Stream] = []
    total = 0
    for stream in streams:
        counter, _, blocks = stream
        if not 0 <= counter <= MAX_COUNTER - blocks:
            raise SSLError(Reason.BADARG, f"{blocks} blocks of ChaCha20 from counter {counter}: it has 32 bits")
        if group and total + blocks > PASS_BLOCKS:
            yield group
            group, total = [], 0
        group.append(stream)
        total += blocks
    if group:
        yield group


def _blocks(key: bytes, streams: list[Stream]) -> bytearray:
    """All blocks of some streams, one after the other (RFC 8439 2.3)."""
    lanes = sum([blocks for _, _, blocks in streams])
    if not lanes:
        return bytearray()
    words = _initial_state(key, streams, lanes)
    if lanes <= _ROW_BLOCKS:
        rows = [b"".join(words[first : first + 4]) for first in (0, 4, 8, 12)]
        sums = _sums(rows, _rounds_by_row, lanes)
    else:
        sums = _sums(words, _rounds_by_word, lanes)
    return _interleaved(sums, lanes)


def _initial_state(key: bytes, streams: list[Stream], lanes: int) -> list[bytes]:
    """The state before the rounds, the lanes of each word: constants, key, counter, nonce (RFC 8439 2.3)."""
    words = [(word + _NO_CARRY) * lanes for word in unpack("4s" * 12, _CONSTANTS + key)]
    words.append(b"".join([_counters(counter, blocks) for counter, _, blocks in streams]))
    for place in (0, 4, 8):
        words.append(b"".join([(nonce[place : place + 4] + _NO_CARRY) * blocks for _, nonce, blocks in streams]))
    return words


def _sums(state: list[bytes], rounds: Callable[[list[int], int], list[int]], lanes: int) -> bytes:
    """The state after the rounds added to the one before (RFC 8439 2.3)."""
    start = [int.from_bytes(part, "little") for part in state]
    length = len(state[0])
    end = rounds(start, lanes)
    return b"".join([(before + after).to_bytes(length, "little") for before, after in zip(start, end, strict=True)])


def _rounds_by_word(start: list[int], lanes: int) -> list[int]:
    """Twenty rounds on 16 words."""
    state, masks = start.copy(), _masks(lanes)
    for a, b, c, d in _QUARTER_ROUNDS * _DOUBLE_ROUNDS:
        state[a], state[b], state[c], state[d] = _quarter_round(state[a], state[b], state[c], state[d], masks)
    return state


def _rounds_by_row(start: list[int], lanes: int) -> list[int]:
    """Twenty rounds on four rows of four words.

    The quarter round is written out: a call costs a tenth of it. Its last rotation and the turn of b are made at once,
    out of two copies of the row side by side.
    """
    a, b, c, d = start
    high16, low16, high12, low12, high8, low8, high7, low7 = _masks(4 * lanes)
    one, two, three, row = (_LANE_BITS * lanes * words for words in (1, 2, 3, 4))
    low_one, low_two, low_three = ((1 << bits) - 1 for bits in (one, two, three))
    columns = (one - 7, one + 25, three, low_three, one)
    diagonals = (three - 7, three + 25, one, low_one, three)
    for b_left, b_right, d_right, d_low, d_left in (columns, diagonals) * _DOUBLE_ROUNDS:
        a += b
        d ^= a
        d = d << 16 & high16 ^ d >> 16 & low16
        c += d
        b ^= c
        b = b << 12 & high12 ^ b >> 20 & low12
        a += b
        d ^= a
        d = d << 8 & high8 ^ d >> 24 & low8
        c += d
        b ^= c
        b |= b << row
        b = b >> b_left & high7 ^ b >> b_right & low7
        c = c >> two ^ (c & low_two) << two
        d = d >> d_right ^ (d & d_low) << d_left
    return [a, b, c, d]


def _quarter_round(a: int, b: int, c: int, d: int, masks: tuple[int, ...]) -> tuple[int, int, int, int]:
    """RFC 8439 2.1, on lanes. b and d have no carries above them, before and after."""
    high16, low16, high12, low12, high8, low8, high7, low7 = masks
    a += b
    d ^= a
    d = d << 16 & high16 ^ d >> 16 & low16
    c += d
    b ^= c
    b = b << 12 & high12 ^ b >> 20 & low12
    a += b
    d ^= a
    d = d << 8 & high8 ^ d >> 24 & low8
    c += d
    b ^= c
    b = b << 7 & high7 ^ b >> 25 & low7
    return a, b, c, d


def _interleaved(lanes: bytes, blocks: int) -> bytearray:
    """Lanes by word as words by block (RFC 8439 2.3, "serialize"); the carries stay behind."""
    words, stream = bytearray(BLOCK_LENGTH * blocks), bytearray(BLOCK_LENGTH * blocks)
    for octet in range(4):
        words[octet::4] = lanes[octet::_LANE]
    source, target = memoryview(words).cast("I"), memoryview(stream).cast("I")
    if blocks < _WORDS:
        for block in range(blocks):
            target[block * _WORDS : (block + 1) * _WORDS] = source[block::blocks]
    else:
        for word in range(_WORDS):
            target[word::_WORDS] = source[word * blocks : (word + 1) * blocks]
    return stream


@lru_cache(maxsize=8)
def _ones(lanes: int) -> int:
    """1 in each lane: times a word, that word in each."""
    return int.from_bytes((1).to_bytes(_LANE, "little") * lanes, "little")


@lru_cache(maxsize=8)
def _masks(lanes: int) -> tuple[int, ...]:
    """``high`` and ``low`` of each rotation."""
    ones = _ones(lanes)
    lows = [(1 << rotation) - 1 for rotation in _ROTATIONS]
    return tuple(mask * ones for low in lows for mask in (0xFFFFFFFF ^ low, low))


@lru_cache(maxsize=8)
def _counters(start: int, blocks: int) -> bytes:
    """The lanes of the counter."""
    return b"".join([counter.to_bytes(_LANE, "little") for counter in range(start, start + blocks)])
