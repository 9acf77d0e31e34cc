"""The rounds of AES over few blocks: the whole state is one integer (FIPS 197 5.1, 5.3).

Theory of operation: with few blocks an operation costs what the interpreter takes for it, whatever the integers' size,
so the fewest operations win. Everything linear works on all planes at once; only the S-box takes the state apart. Cells
lie as ``aes_planes`` says: a plane has 16 cells, a row 4, so rows and planes are reached by shifts, and masks stop what
would cross into a neighbour. The masks depend on the number of blocks alone: each number has its ``Steps``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

from puressl.crypto.aes_planes import BLOCK_LENGTH, repeated
from puressl.crypto.sbox import Planes, substitute, substitute_inverse


class NarrowRounds:
    """AES under one key over ``count`` blocks, a multiple of eight.

    round_keys: as bits, an octet for each cell.
    """

    __slots__ = ("_keys", "_steps")

    def __init__(self, round_keys: Sequence[bytes], count: int) -> None:
        self._keys = [repeated(bits, count) for bits in round_keys]
        self._steps = steps_over(count)

    def encrypt(self, planes: bytes) -> bytes:
        """Planes of plaintext to planes of ciphertext."""
        first, *middle, last = self._keys
        steps = self._steps
        state = int.from_bytes(planes, "little") ^ first
        for key in middle:
            state = steps.mix_columns(steps.shift_rows(steps.each_octet(substitute, state))) ^ key
        state = steps.shift_rows(steps.each_octet(substitute, state)) ^ last
        return state.to_bytes(len(planes), "little")

    def decrypt(self, planes: bytes) -> bytes:
        """Planes of ciphertext to planes of plaintext."""
        first, *middle, last = self._keys
        steps = self._steps
        state = steps.unshift_rows(int.from_bytes(planes, "little") ^ last)
        for key in reversed(middle):
            state = steps.unshift_rows(steps.unmix_columns(steps.each_octet(substitute_inverse, state) ^ key))
        state = steps.each_octet(substitute_inverse, state) ^ first
        return state.to_bytes(len(planes), "little")


class Steps:
    """The steps of a round over ``count`` blocks, their masks and distances made ready."""

    __slots__ = (
        "_all_but_last_row",
        "_column_0_of_odd_rows",
        "_columns_0_and_1_of_late_rows",
        "_columns_0_to_2_of_odd_rows",
        "_count",
        "_even_rows",
        "_first_row",
        "_first_two_rows",
        "_plane",
        "_planes_0_to_6",
        "_size",
    )

    def __init__(self, count: int) -> None:
        def cells(rows: Sequence[int], columns: Sequence[int] = range(4)) -> int:
            """All bits of some cells, in every plane."""
            return repeated(
                bytes([row in rows and column in columns for row in range(4) for column in range(4)] * 8), count
            )

        self._count = count
        self._size = BLOCK_LENGTH * count
        self._plane = (1 << self._size) - 1
        self._planes_0_to_6 = (1 << 7 * self._size) - 1
        self._first_row = cells((0,))
        self._first_two_rows = cells((0, 1))
        self._all_but_last_row = cells((0, 1, 2))
        self._even_rows = cells((0, 2))
        self._column_0_of_odd_rows = cells((1, 3), (0,))
        self._columns_0_to_2_of_odd_rows = cells((1, 3), (0, 1, 2))
        self._columns_0_and_1_of_late_rows = cells((2, 3), (0, 1))

    def each_octet(self, circuit: Callable[..., Planes], state: int) -> int:
        """SubBytes or its inverse."""
        size, plane = self._size, self._plane
        p0, p1, p2, p3, p4, p5, p6, p7 = circuit(
            state & plane,
            state >> size & plane,
            state >> 2 * size & plane,
            state >> 3 * size & plane,
            state >> 4 * size & plane,
            state >> 5 * size & plane,
            state >> 6 * size & plane,
            state >> 7 * size,
        )
        low = p0 | p1 << size | p2 << 2 * size | p3 << 3 * size
        high = p4 | p5 << size | p6 << 2 * size | p7 << 3 * size
        return low | high << 4 * size

    def shift_rows(self, state: int) -> int:
        """ShiftRows: the late rows by two columns, then the odd ones by one."""
        state, count = self._late_rows_by_two(state), self._count
        return (
            state & self._even_rows
            | state >> count & self._columns_0_to_2_of_odd_rows
            | (state & self._column_0_of_odd_rows) << 3 * count
        )

    def unshift_rows(self, state: int) -> int:
        """InvShiftRows: the same with the odd rows turned the other way."""
        state, count = self._late_rows_by_two(state), self._count
        return (
            state & self._even_rows
            | (state & self._columns_0_to_2_of_odd_rows) << count
            | state >> 3 * count & self._column_0_of_odd_rows
        )

    def mix_columns(self, state: int) -> int:
        """MixColumns: of the octets a, b, c, d down from each place, 2a + 3b + c + d = 2(a + b) + b + (c + d)."""
        count = self._count
        below = state >> 4 * count & self._all_but_last_row | (state & self._first_row) << 12 * count
        pairs = state ^ below
        return self._doubled(pairs) ^ below ^ self._by_two_rows(pairs)

    def unmix_columns(self, state: int) -> int:
        """InvMixColumns, which is MixColumns of a + 4(a + c), b + 4(b + d), and so on."""
        opposite = state ^ self._by_two_rows(state)
        return self.mix_columns(state ^ self._doubled(self._doubled(opposite)))

    def _doubled(self, state: int) -> int:
        """Each octet times x in GF(2^8): plane 7 becomes x^8 = x^4 + x^3 + x + 1."""
        size = self._size
        carry = state >> 7 * size
        carry |= carry << size
        return (state & self._planes_0_to_6) << size ^ carry ^ carry << 3 * size

    def _late_rows_by_two(self, state: int) -> int:
        """Rows 2 and 3 turned by two columns."""
        change = (state ^ state >> 2 * self._count) & self._columns_0_and_1_of_late_rows
        return state ^ change ^ change << 2 * self._count

    def _by_two_rows(self, state: int) -> int:
        """Each octet replaced by the one two rows away."""
        rows = 8 * self._count
        return state >> rows & self._first_two_rows | (state & self._first_two_rows) << rows


@lru_cache(maxsize=16)
def steps_over(count: int) -> Steps:
    """The steps over so many blocks."""
    return Steps(count)
