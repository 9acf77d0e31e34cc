"""Poly1305, the one-time authenticator (RFC 8439 2.5).

Theory of operation: let m[0] … m[n-1] be the message's blocks of 16 octets, each with a bit put on top. The tag is
m[0]·r^n + m[1]·r^(n-1) + … + m[n-1]·r mod 2^130 - 5, plus s, mod 2^128. Horner's rule takes a multiplication and a
reduction a block; short messages, and what is left over of long ones, go that way.

A long message is cut into rows of k blocks. The rows are added up, weighted with powers of r^k, and the sum is one row
whose polynomial has the value of the whole::

    Σ Σ m[i·k + j] · r^(k·(rows-1-i) + k-j)  =  Σ (Σ m[i·k + j] · w[i]) · r^(k-j),   w[i] = (r^k)^(rows-1-i)
    i j                                         j  i

The inner sums are made for a third of the columns at once: an integer holds every third block of a row, in lanes of
384 bits. A block times a weight has 258, so 2^126 rows could be added before a lane is full, and nothing is reduced but
the weights and, at the end, the row: about k + rows reductions in place of k · rows. The bits on top of the blocks are
the same in every row, and are added at the end.

Nothing is looked up or decided by the key. What remains is how Python's integers behave: they drop leading zeros, so
how many a value has shows in the time of an operation. The key is used once.
"""

from __future__ import annotations

from functools import lru_cache
from math import isqrt
from operator import mul
from struct import iter_unpack
from typing import Union

KEY_LENGTH = 32

_P = (1 << 130) - 5
_BLOCK = 16
_TOP_BIT = 1 << 8 * _BLOCK

#: The bits of r that are not cleared (RFC 8439 2.5).
_CLAMP = 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF

#: The width of a lane in blocks: a product, of 258 bits, is just too long for two.
_LANE_BLOCKS = 3
_LANE = _LANE_BLOCKS * _BLOCK

#: From this many blocks on rows are faster than Horner's rule alone.
_ROWS_FROM = 48


def tag(key: Union[bytes, memoryview], message: bytes) -> bytes:
    """The tag of a message: 16 octets.

    key: 32 octets, r and s, never the same for two messages. message: any length.
    """
    r = int.from_bytes(key[:_BLOCK], "little") & _CLAMP
    s = int.from_bytes(key[_BLOCK:], "little")
    blocks = len(message) // _BLOCK
    total, start, end = 0, 0, blocks * _BLOCK
    if blocks >= _ROWS_FROM:
        columns = isqrt(blocks) // 2 * _LANE_BLOCKS  # fastest with about twice as many columns as rows
        start = end - blocks % columns * _BLOCK
        total = _sum_of_rows(r, message[:start], columns)
    for (block,) in iter_unpack("16s", message[start:end]):
        total = (total + int.from_bytes(block, "little") + _TOP_BIT) * r % _P
    if end < len(message):
        total = (total + int.from_bytes(message[end:] + b"\1", "little")) * r % _P
    return ((total + s) % _TOP_BIT).to_bytes(_BLOCK, "little")


def _sum_of_rows(r: int, message: bytes, columns: int) -> int:
    """The polynomial of a message that is whole rows. columns: blocks in a row, whole lanes."""
    length = columns * _BLOCK
    rows = [int.from_bytes(message[place : place + length], "little") for place in range(0, len(message), length)]
    weights, step = [1], pow(r, columns, _P)
    while len(weights) < len(rows):
        weights.append(weights[-1] * step % _P)
    weights.reverse()
    mask = _first_of_lane(columns // _LANE_BLOCKS)
    firsts, seconds, thirds = (
        sum(map(mul, [row >> shift & mask for row in rows], weights)).to_bytes(length, "little")
        for shift in (0, 8 * _BLOCK, 16 * _BLOCK)
    )
    square, cube = r * r % _P, r * r * r % _P
    top_bits = (square + r + 1) * _TOP_BIT * sum(weights) % _P
    total = 0
    for place in range(0, length, _LANE):
        first = int.from_bytes(firsts[place : place + _LANE], "little")
        second = int.from_bytes(seconds[place : place + _LANE], "little")
        third = int.from_bytes(thirds[place : place + _LANE], "little")
        total = (total * cube + first * square + second * r + third + top_bits) % _P
    return total * r % _P


@lru_cache(maxsize=32)
def _first_of_lane(lanes: int) -> int:
    """The bits of each lane's first block."""
    return int.from_bytes((b"\xff" * _BLOCK + bytes(_LANE - _BLOCK)) * lanes, "little")
