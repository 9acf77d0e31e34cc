"""The rounds of AES over many blocks: each plane of each row is one integer (FIPS 197 5.1, 5.3).

Theory of operation: with many blocks an operation's cost is that of the integers, above all of shifts, so the fewest
shifts win. A row's plane holds four cells, one a column, as ``aes_planes`` says. ShiftRows turns such an integer as a
whole, MixColumns adds rows to one another and multiplies by x by renaming planes: neither needs a mask or a shift more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import xor

from puressl.crypto.sbox import Planes, substitute, substitute_inverse

#: One row of the state, or of a round key: its eight planes.
Row = Sequence[int]

#: A state, or a round key: its four rows.
Rows = Sequence[Row]


class WideRounds:
    """AES under one key over ``count`` blocks, a multiple of eight.

    round_keys: as bits, an octet for each cell.
    """

    __slots__ = ("_count", "_keys")

    def __init__(self, round_keys: Sequence[bytes], count: int) -> None:
        self._count = count
        self._keys = [self._repeated(bits) for bits in round_keys]

    def encrypt(self, planes: bytes) -> bytes:
        """Planes of plaintext to planes of ciphertext."""
        first, *middle, last = self._keys
        state = _add(self._rows(planes), first)
        for key in middle:
            state = _mix_columns(self._turned(_each_octet(substitute, state), 1), key)
        return self._planes(_add(self._turned(_each_octet(substitute, state), 1), last))

    def decrypt(self, planes: bytes) -> bytes:
        """Planes of ciphertext to planes of plaintext."""
        first, *middle, last = self._keys
        state = self._turned(_add(self._rows(planes), last), 3)
        for key in reversed(middle):
            state = self._turned(_unmix_columns(_add(_each_octet(substitute_inverse, state), key)), 3)
        return self._planes(_add(_each_octet(substitute_inverse, state), first))

    def _turned(self, state: Rows, columns: int) -> Rows:
        """Row r turned by r times so many columns: ShiftRows by 1, InvShiftRows by 3."""
        return [state[0], *(self._turned_row(state[row], row * columns % 4) for row in (1, 2, 3))]

    def _turned_row(self, row: Row, columns: int) -> Row:
        """One row turned towards column 0."""
        down, up = columns * self._count, (4 - columns) * self._count
        leaving = (1 << down) - 1
        return [plane >> down | (plane & leaving) << up for plane in row]

    def _repeated(self, bits: bytes) -> Rows:
        """The rows of one block in all places: a cell's ones are one above its end less one at its start."""
        count = self._count
        rows: list[list[int]] = [[], [], [], []]
        for start in range(0, len(bits), 4):
            first, second, third, fourth = bits[start : start + 4]
            starts = first | second << count | third << 2 * count | fourth << 3 * count
            rows[start // 4 % 4].append((starts << count) - starts)
        return rows

    def _rows(self, planes: bytes) -> Rows:
        """The rows' integers: in the order of cells, a row of one plane is one piece."""
        size = self._count // 2
        pieces = [int.from_bytes(planes[start : start + size], "little") for start in range(0, len(planes), size)]
        return [pieces[row::4] for row in range(4)]

    def _planes(self, state: Rows) -> bytes:
        size = self._count // 2
        return b"".join([row[plane].to_bytes(size, "little") for plane in range(8) for row in state])


def _each_octet(circuit: Callable[..., Planes], state: Rows) -> Rows:
    """SubBytes or its inverse."""
    return [circuit(*row) for row in state]


def _add(left: Rows, right: Rows) -> Rows:
    """AddRoundKey."""
    return [_sum(*rows) for rows in zip(left, right, strict=True)]


def _sum(left: Row, right: Row) -> Row:
    return list(map(xor, left, right))


def _mix_columns(state: Rows, key: Rows) -> Rows:
    """MixColumns and AddRoundKey.

    Of the octets a, b, c, d down from each place, 2a + 3b + c + d = 2(a + b) + b + (c + d).
    """
    a, b, c, d = state
    ab, bc, cd, da = _sum(a, b), _sum(b, c), _sum(c, d), _sum(d, a)
    return [_mixed(ab, b, cd, key[0]), _mixed(bc, c, da, key[1]), _mixed(cd, d, ab, key[2]), _mixed(da, a, bc, key[3])]


def _mixed(doubled: Row, p: Row, q: Row, r: Row) -> Row:
    """Each octet of one row times x in GF(2^8), plus three others: plane 7 becomes x^8 = x^4 + x^3 + x + 1."""
    d0, d1, d2, d3, d4, d5, d6, d7 = doubled
    p0, p1, p2, p3, p4, p5, p6, p7 = p
    q0, q1, q2, q3, q4, q5, q6, q7 = q
    r0, r1, r2, r3, r4, r5, r6, r7 = r
    return (
        d7 ^ p0 ^ q0 ^ r0,
        d0 ^ d7 ^ p1 ^ q1 ^ r1,
        d1 ^ p2 ^ q2 ^ r2,
        d2 ^ d7 ^ p3 ^ q3 ^ r3,
        d3 ^ d7 ^ p4 ^ q4 ^ r4,
        d4 ^ p5 ^ q5 ^ r5,
        d5 ^ p6 ^ q6 ^ r6,
        d6 ^ p7 ^ q7 ^ r7,
    )


def _unmix_columns(state: Rows) -> Rows:
    """InvMixColumns, which is MixColumns of a + 4(a + c), b + 4(b + d), and so on."""
    a, b, c, d = state
    ac, bd = _quadrupled(_sum(a, c)), _quadrupled(_sum(b, d))
    return _mix_columns([_sum(a, ac), _sum(b, bd), _sum(c, ac), _sum(d, bd)], _NOTHING)


def _quadrupled(row: Row) -> Row:
    """Each octet times x^2: planes 6 and 7 become x^8 = x^4 + x^3 + x + 1 and x^9 = x^5 + x^4 + x^2 + x."""
    p0, p1, p2, p3, p4, p5, p6, p7 = row
    p67 = p6 ^ p7
    return (p6, p67, p0 ^ p7, p1 ^ p6, p2 ^ p67, p3 ^ p7, p4, p5)


#: A round key of zeros.
_NOTHING = ((0,) * 8,) * 4
