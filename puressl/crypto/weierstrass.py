"""The NIST curves P-256, P-384 and P-521: multiples of points (FIPS 186-4 D.1.2, SEC 1).

Theory of operation: a sum of multiples is laid out as *levels*. Level i holds the points to be added 2^i times, and one
chain of doublings from the highest level down serves all of them (Straus 1964). A point comes with a table: row i holds
odd multiples of 2^(spacing·i)·P, so that a scalar's digit at any place finds its level below the spacing, and a wider
table costs memory to save doublings (Lim and Lee 1994). A point seen for the first time has a table of one row; keys
that come back, and the generator, get wide ones, so that a process that does little pays for little. Halving the
doublings by halving u2 (Antipa et al. 2005) does not pay: r gives its point only up to the sign, and both signs would
have to be tried.

The chain is in the coordinates X, Y, ZZ, ZZZ with x = X/ZZ, y = Y/ZZZ and ZZ³ = ZZZ² (Explicit-Formulas Database,
"xyzz"): against Jacobian ones an addition saves a product and a doubling costs one more, which pays where tables are
wide. The tables are affine, which makes additions cheapest, and built by affine additions that share an inversion. A
reduction costs as much as two products, so sums and differences stay unreduced, and products that are added are reduced
once. The addition formula holds for points of different x only; for others it makes ZZ zero, and no later step makes it
anything else. Such a sum, which only crafted input and one or two scalars of a curve bring about, is done again by the
schoolbook.

Secret scalars are cut into windows of one width whose digits are all odd: the same number of digits at the same places,
and never a zero among them (Joye and Tunstall 2009). So the operations are the same ones whatever the scalar; which
entries of the tables they read, and what time Python takes for the numbers in them, depends on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

#: x and y, reduced.
Affine = tuple[int, int]
#: X, Y, ZZ, ZZZ, reduced; ZZ = 0 for the point at infinity.
Point = tuple[int, int, int, int]
_INFINITY: Point = (1, 1, 0, 0)
#: Place and value of an odd digit of a scalar: it stands for digit · 2^place.
Digit = tuple[int, int]
#: Levels[i] are the points that count 2^i times.
Levels = list[list[Affine]]

#: Keys whose tables are kept: some authorities and some peers. One takes 90 kB for P-256, 240 kB for P-521.
_CACHED_KEYS = 32


@dataclass(frozen=True, eq=False)
class Curve:
    """A curve y² = x³ − 3x + b over GF(p) with p ≡ 3 (mod 4) and cofactor 1.

    base: the generator. size: octets of a coordinate. eq=False: a curve is itself and hashes fast.
    """

    p: int
    b: int
    order: int
    base: Affine
    size: int

    @property
    def places(self) -> int:
        """Bits of the longest scalar, which is three times the order (``_regular_digits``)."""
        return self.order.bit_length() + 2


@dataclass(frozen=True)
class Shape:
    """How many places a row serves, and how wide its digits are. The number of rows follows from the order.

    after: uses of a point before this table is built for it: as many as cost, by the narrowest table, what building
    costs.
    """

    spacing: int
    width: int
    after: int = 0


#: For a point met for the first time: one row for all places of any curve. Fewer or more points cost as much.
_FRESH = Shape(spacing=1024, width=4)
#: For a key that came back. It saves three quarters of a verification.
_KEY = Shape(spacing=16, width=5, after=1)
#: For the generator, 370 kB for P-256 and 1 MB for P-521: twice the size saves less than a twentieth of a use.
_GENERATOR = Shape(spacing=16, width=7, after=5)


@dataclass(frozen=True, eq=False)
class Table:
    """Odd multiples of a point: rows[i][d >> 1] is d·2^(spacing·i)·P for odd d within ±2^width.

    The second half of a row holds the negative multiples, so that a negative index finds them.
    """

    shape: Shape
    rows: list[list[Affine]]


CURVES = {
    "secp256r1": Curve(
        p=2**256 - 2**224 + 2**192 + 2**96 - 1,
        b=0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B,
        order=0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
        base=(
            0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
            0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
        ),
        size=32,
    ),
    "secp384r1": Curve(
        p=2**384 - 2**128 - 2**96 + 2**32 - 1,
        b=int(
            "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe814112"  # wrapped
            "0314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
            16,
        ),
        order=2**384 - 0x389CB27E0BC8D220A7E5F24DB74F58851313E695333AD68D,
        base=(
            int(
                "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b98"  # wrapped
                "59f741e082542a385502f25dbf55296c3a545e3872760ab7",
                16,
            ),
            int(
                "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147c"  # wrapped
                "e9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
                16,
            ),
        ),
        size=48,
    ),
    "secp521r1": Curve(
        p=2**521 - 1,
        b=int(
            "51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e1"
            "56193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
            16,
        ),
        order=2**521 - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7,
        base=(
            int(
                "c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dba"
                "a14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
                16,
            ),
            int(
                "11839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662"
                "c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
                16,
            ),
        ),
        size=66,
    ),
}


def decode_point(curve: Curve, octets: bytes) -> bytes | None:
    """A point in either encoding of SEC 1 2.3.4 as uncompressed octets; None if it is no point of the curve.

    The point at infinity and the hybrid encoding are refused, as RFC 5480 2.2 and RFC 8422 5.4 do not allow them.
    """
    if len(octets) == 1 + 2 * curve.size and octets[0] == 4:
        return bytes(octets) if _is_on(curve, *_coordinates(curve, octets)) else None
    if len(octets) == 1 + curve.size and octets[0] in (2, 3):
        return _decompress(curve, octets)
    return None


def _coordinates(curve: Curve, octets: bytes) -> Affine:
    return int.from_bytes(octets[1 : 1 + curve.size], "big"), int.from_bytes(octets[1 + curve.size :], "big")


def _is_on(curve: Curve, x: int, y: int) -> bool:
    return x < curve.p and y < curve.p and (y * y - _right_side(curve, x)) % curve.p == 0


def _right_side(curve: Curve, x: int) -> int:
    """x³ − 3x + b."""
    return ((x * x - 3) * x + curve.b) % curve.p


def _decompress(curve: Curve, octets: bytes) -> bytes | None:
    x = int.from_bytes(octets[1:], "big")
    if x >= curve.p:
        return None
    square = _right_side(curve, x)
    y = pow(square, (curve.p + 1) // 4, curve.p)  # a root of every square, as p ≡ 3 (mod 4)
    if y * y % curve.p != square:
        return None
    if y & 1 != octets[0] & 1:
        y = curve.p - y
    return _encode(curve, (x, y))


def _encode(curve: Curve, point: Affine) -> bytes:
    x, y = point
    return b"\x04" + x.to_bytes(curve.size, "big") + y.to_bytes(curve.size, "big")


def public_point(curve: Curve, scalar: int) -> bytes:
    """scalar·G, uncompressed, for a secret scalar of 1 to order − 1."""
    return _encode(curve, multiply_base(curve, scalar))


def multiply_base(curve: Curve, scalar: int) -> Affine:
    """scalar·G for a secret scalar of 1 to order − 1."""
    return _multiply(curve, _generator(curve).table(), scalar)


def shared_coordinate(curve: Curve, scalar: int, octets: bytes) -> bytes | None:
    """The x-coordinate of scalar·P with its leading zeros (RFC 8446 7.4.2); None unless P is an uncompressed point of
    the curve.

    scalar: secret, 1 to order − 1. The cofactor is 1, so P has the full order and the product is never infinite.
    """
    if octets[:1] != b"\x04" or decode_point(curve, octets) is None:
        return None
    table = _build(curve, _coordinates(curve, octets), _FRESH)
    return _multiply(curve, table, scalar)[0].to_bytes(curve.size, "big")


def _multiply(curve: Curve, table: Table, scalar: int) -> Affine:
    levels = _empty_levels(curve, table)
    _place(levels, table, _regular_digits(curve, table.shape.width, scalar))
    return _normalise(curve.p, [_total(curve.p, levels)])[0]


def has_coordinate(curve: Curve, u1: int, u2: int, octets: bytes, r: int) -> bool:
    """Whether u1·G + u2·P is a point whose x-coordinate is r modulo the order (FIPS 186-5 6.4.2).

    All public. u1, u2: 0 to order − 1. octets: P, checked by ``decode_point``. r: 1 to order − 1.
    """
    p, base, table = curve.p, _generator(curve).table(), _key(curve, octets).table()
    levels = _empty_levels(curve, base, table)
    _place(levels, base, _sparse_digits(base.shape.width, u1))
    _place(levels, table, _sparse_digits(table.shape.width, u2))
    x, _, zz, _ = _total(p, levels)
    # Compared without a division. The coordinate may be r, or r + order where that is below p.
    return zz != 0 and any(x == candidate * zz % p for candidate in range(r, p, curve.order))


def _regular_digits(curve: Curve, width: int, scalar: int) -> Iterator[Digit]:
    """As many odd digits within ±2^width, one every ``width`` places, for every scalar.

    The scalar is made odd and of one length by multiples of the order. Each of its bits is then taken for +1 or −1, as
    Σ ±2^i gives every odd number once: bits b of (scalar + Σ 2^i) / 2 stand for 2b − 1.
    """
    count = -(-curve.places // width)
    scalar += curve.order << (scalar & 1)
    signs = (scalar + (1 << (count * width))) >> 1
    most = (1 << width) - 1
    for place in range(0, count * width, width):
        yield place, 2 * (signs >> place & most) - most


def _sparse_digits(width: int, scalar: int) -> Iterator[Digit]:
    """Odd digits within ±2^width, at least width + 1 places apart, for a public scalar (its width-(w + 1) NAF)."""
    modulus = 2 << width
    place = 0
    while scalar:
        zeros = (scalar & -scalar).bit_length() - 1
        scalar >>= zeros
        place += zeros
        digit = scalar & (modulus - 1)
        if digit > modulus >> 1:
            digit -= modulus
        yield place, digit
        scalar -= digit


def _empty_levels(curve: Curve, *tables: Table) -> Levels:
    return [[] for _ in range(min(curve.places, max(table.shape.spacing for table in tables)))]


def _place(levels: Levels, table: Table, digits: Iterable[Digit]) -> None:
    """Puts the points that a scalar's digits stand for on their levels."""
    spacing, rows = table.shape.spacing, table.rows
    for place, digit in digits:
        levels[place % spacing].append(rows[place // spacing][digit >> 1])


def _total(p: int, levels: Levels) -> Point:
    """The sum of all levels."""
    occupied = [level for level, points in enumerate(levels) if points]
    if not occupied:
        return _INFINITY
    level = occupied.pop()
    (x, y), *others = levels[level]
    total = _add(p, (x, y, 1, 1), others)
    for lower in reversed(occupied):
        total = _add(p, _double(p, total, level - lower), levels[lower])
        level = lower
    total = _double(p, total, level)
    return total if total[2] else _total_of_any(p, levels)


def _double(p: int, point: Point, times: int) -> Point:
    """2^times · P (Bernstein and Lange, dbl-2008-s-1 with a = −3): nine products and eight reductions a doubling."""
    x, y, zz, zzz = point
    for _ in range(times):
        u = y + y
        v = u * u % p
        w, s = u * v % p, x * v % p
        m = 3 * (x - zz) * (x + zz) % p
        x = (m * m - 2 * s) % p
        y = (m * (s - x) - w * y) % p
        zz, zzz = zz * v % p, zzz * w % p
    return x, y, zz, zzz


def _add(p: int, point: Point, addends: Sequence[Affine]) -> Point:
    """The sum of all, none of which may have the x of the sum before it (the same, madd-2008-s).

    Ten products and nine reductions an addition.
    """
    x, y, zz, zzz = point
    for x2, y2 in addends:
        h, r = (x2 * zz - x) % p, (y2 * zzz - y) % p
        hh = h * h % p
        hhh, v = h * hh % p, x * hh % p
        x = (r * r - hhh - 2 * v) % p
        y = (r * (v - x) - y * hhh) % p
        zz, zzz = zz * hh % p, zzz * hhh % p
    return x, y, zz, zzz


def _total_of_any(p: int, levels: Levels) -> Point:
    """``_total`` with each of the cases that affine addition has: five times as slow."""
    total: Affine | None = None
    for points in reversed(levels):
        for addend in (total, *points):
            total = _sum_of_any(p, total, addend)
    return _INFINITY if total is None else (*total, 1, 1)


def _sum_of_any(p: int, left: Affine | None, right: Affine | None) -> Affine | None:
    """None is the point at infinity. No point has y = 0, as it would be of order two."""
    if left is None or right is None:
        return left or right
    if left[0] == right[0] and left != right:
        return None
    return _sums(p, [(left, right)])[0]


def _sums(p: int, pairs: Sequence[tuple[Affine, Affine]]) -> list[Affine]:
    """The sum of each pair, two points of different x or the same one twice, all by one inversion."""
    bottoms = [x2 - x1 or 2 * y1 for (x1, y1), (x2, _) in pairs]
    result = []
    for ((x1, y1), (x2, y2)), inverse in zip(pairs, _inverses(p, bottoms), strict=True):
        slope = (y2 - y1 if x1 != x2 else 3 * x1 * x1 - 3) * inverse % p
        x = (slope * slope - x1 - x2) % p
        result.append((x, (slope * (x1 - x) - y1) % p))
    return result


def _inverses(p: int, numbers: Sequence[int]) -> list[int]:
    """The inverses of numbers that have one, by one inversion (Montgomery 1987)."""
    products = [1]
    for number in numbers:
        products.append(products[-1] * number % p)
    inverse = pow(products.pop(), -1, p)
    result = []
    for number, product in zip(reversed(numbers), reversed(products), strict=True):
        result.append(inverse * product % p)
        inverse = inverse * number % p
    result.reverse()
    return result


def _normalise(p: int, points: Sequence[Point]) -> list[Affine]:
    """x and y of points that are not at infinity, by one inversion."""
    result = []
    for (x, y, zz, _), inverse in zip(points, _inverses(p, [point[3] for point in points]), strict=True):
        z = zz * inverse % p  # 1 / Z
        result.append((x * z * z % p, y * inverse % p))
    return result


def _build(curve: Curve, point: Affine, shape: Shape) -> Table:
    """The rows' first points by doubling; then all rows at once, d·P for d < 2^i making those for d < 2^(i + 1)."""
    p = curve.p
    firsts: list[Point] = [(*point, 1, 1)]
    while len(firsts) * shape.spacing < curve.places:
        firsts.append(_double(p, firsts[-1], shape.spacing))
    columns = [_normalise(p, firsts)]  # column k: (2k + 1) times each row's first
    step = _sums(p, [(first, first) for first in columns[0]])
    while len(columns) < 1 << (shape.width - 1):
        pairs = [pair for column in columns for pair in zip(column, step, strict=True)]
        sums = _sums(p, [*pairs, *((point, point) for point in step)])
        columns += [sums[place : place + len(firsts)] for place in range(0, len(pairs), len(firsts))]
        step = sums[len(pairs) :]
    return Table(shape, [_with_negatives(p, row) for row in zip(*columns, strict=True)])


def _with_negatives(p: int, row: tuple[Affine, ...]) -> list[Affine]:
    return [*row, *((x, p - y) for x, y in reversed(row))]


class _Multiples:
    """A public point with the table that pays: one row at first, the wide one when the point has proved to recur."""

    def __init__(self, curve: Curve, point: Affine, wide: Shape) -> None:
        self._curve, self._point, self._wide = curve, point, wide
        self._uses = 0
        self._table: Table | None = None

    def table(self) -> Table:
        """Threads that meet here build the same table twice at worst."""
        shape = _FRESH if self._uses < self._wide.after else self._wide
        self._uses += 1
        table = self._table
        if table is None or table.shape is not shape:
            table = self._table = _build(self._curve, self._point, shape)
        return table


@cache
def _generator(curve: Curve) -> _Multiples:
    return _Multiples(curve, curve.base, _GENERATOR)


@lru_cache(maxsize=_CACHED_KEYS)
def _key(curve: Curve, octets: bytes) -> _Multiples:
    return _Multiples(curve, _coordinates(curve, octets), _KEY)
