"""How blocks of AES lie in bit planes, and the way there and back.

Theory of operation: AES is computed on all blocks at once, one integer holding the same bit of many octets. The state
of ``count`` blocks, a multiple of eight, is cut into cells of ``count`` bits: the cell (plane, row, column) holds, for
every block, bit ``plane`` of the octet in that row and column of the state (FIPS 197 3.4), block 0 in the lowest bit.
The cells follow each other in this order, as one integer or as its octets in little-endian order:

    cell   = plane * 16 + row * 4 + column
    bit    = cell * count + block

Gathering the octets of one place of all blocks is a slice with a step; what remains is to transpose squares of eight
octets by eight bits, which three exchanges of halves, quarters and eighths do in all squares at once (Henry S. Warren,
"Hacker's Delight", 7-3).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

BLOCK_LENGTH = 16

#: Blocks go into planes in whole octets of eight.
GRANULE = 8

#: The places of a block's octets in the order of cells: a block fills the state column by column (FIPS 197 3.4).
PLACES = tuple(4 * column + row for row in range(4) for column in range(4))

#: Cells of all planes.
CELLS = 8 * BLOCK_LENGTH

#: The exchanges' distances, and which bits of a square of 64 are the lower ones that take part.
_EXCHANGES = ((7, 0x00AA00AA00AA00AA), (14, 0x0000CCCC0000CCCC), (28, 0x00000000F0F0F0F0))


def rounded(blocks: int) -> int:
    """The number of blocks in planes that hold this many."""
    return -(-blocks // GRANULE) * GRANULE


def to_planes(blocks: bytes) -> bytes:
    """The planes of a whole number of blocks; the last ones are completed with zeros."""
    count = rounded(len(blocks) // BLOCK_LENGTH)
    blocks = blocks.ljust(count * BLOCK_LENGTH, b"\0")
    squares = _transposed(b"".join([blocks[place::BLOCK_LENGTH] for place in PLACES]))
    return b"".join([squares[plane::8] for plane in range(8)])


def from_planes(planes: bytes | bytearray) -> bytes:
    """The blocks again, completing ones included."""
    size, count = len(planes) // 8, len(planes) // BLOCK_LENGTH
    blocks = bytearray(len(planes))
    for plane in range(8):
        blocks[plane::8] = planes[plane * size : (plane + 1) * size]
    squares = _transposed(blocks)
    for cell, place in enumerate(PLACES):
        blocks[place::BLOCK_LENGTH] = squares[cell * count : (cell + 1) * count]
    return bytes(blocks)


def repeated(bits: bytes, count: int) -> int:
    """The planes of one block in ``count`` copies.

    bits: an octet 0 or 1 for each cell. A cell's ones are the difference of a one above its end and one at its start.
    """
    starts = bytearray(CELLS * count // 8)
    starts[:: count // 8] = bits
    lowest = int.from_bytes(starts, "little")
    return (lowest << count) - lowest


def _transposed(squares: bytes | bytearray) -> bytes:
    """Each eight octets by eight bits with rows and columns exchanged."""
    value = int.from_bytes(squares, "little")
    for distance, lower in _exchanges(len(squares) // 8):
        change = (value ^ value >> distance) & lower
        value ^= change ^ change << distance
    return value.to_bytes(len(squares), "little")


@lru_cache(maxsize=16)
def _exchanges(squares: int) -> Sequence[tuple[int, int]]:
    """The exchanges in so many squares."""
    return [
        (distance, int.from_bytes(lower.to_bytes(8, "little") * squares, "little")) for distance, lower in _EXCHANGES
    ]
