"""Ed25519 and Ed448 (RFC 8032), and multiples of their base points for X25519 and X448.

Theory of operation: both curves are a·x² + y² = 1 + d·x²·y² with a square and d not a square, where one addition
formula holds for every pair of points, so no case is special; each curve has the cheapest form of it. Points are
(X, Y, Z, T) with x = X/Z, y = Y/Z, x·y = T/Z. Multiples of a base point come from a table of j·1024^i·B for −16 ≤ j <
16, built once per process at first use: five doublings, and the same additions whatever the scalar is. A verification
computes S·B − k·A and compares its encoding with R, which demands a canonical R without decoding it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

Point = tuple[int, int, int, int]
#: An addend with Z = 1, in the form that its curve's ``Addition`` wants.
Addend = tuple[int, ...]

_NEUTRAL: Point = (0, 1, 1, 0)

#: Decoded keys kept between operations: a handshake uses one or two, and they are public.
_CACHED_KEYS = 64
#: Bits of a window of the variable-base multiplication: 5 balances the table's 8 points against the additions saved.
_WINDOW = 5
#: Bits of a digit of the fixed-base multiplication. With six, eight additions more of 52 would be saved, and a table of
#: 1,400 addends, not 830, be filled before the first handshake.
_DIGIT = 5
_PAIR = 2 * _DIGIT
_HALF = 1 << (_DIGIT - 1)


@dataclass(frozen=True, eq=False)
class Addition:
    """How two points are added, the second with Z = 1: for every pair of points the same.

    addend: the second operand, of x and y. negative: of an addend.
    """

    addend: Callable[[int, int], Addend]
    negative: Callable[[Addend], Addend]
    add: Callable[[Point, Addend], Point]


@dataclass(frozen=True, eq=False)
class Curve:
    """One of the two curves with its signature system.

    p, a, d, order, cofactor: RFC 7748 4, RFC 8032 5. base: affine. size: octets of a key and of half a signature. hash:
    over all its argument; domain: what stands before that argument in signatures (dom4, RFC 8032 5.2).
    """

    addition: Addition
    p: int
    a: int
    d: int
    order: int
    cofactor: int
    base: tuple[int, int]
    size: int
    hash: Callable[[bytes], bytes]
    domain: bytes


def _sha512(data: bytes) -> bytes:
    return hashlib.sha512(data).digest()


def _shake256(data: bytes) -> bytes:
    return hashlib.shake_256(data).digest(114)


_P25519 = 2**255 - 19
_D25519 = -121665 * pow(121666, -1, _P25519) % _P25519
_MASK25519 = 2**255 - 1
_P448 = 2**448 - 2**224 - 1
_D448 = -39081 % _P448


def _addend25519(x: int, y: int) -> Addend:
    """y − x, y + x, 2·d·x·y."""
    return (y - x) % _P25519, (y + x) % _P25519, 2 * _D25519 * x * y % _P25519


def _negative25519(addend: Addend) -> Addend:
    minus, plus, dt = addend
    return plus, minus, _P25519 - dt


def _add25519(left: Point, addend: Addend) -> Point:
    """For a = −1 (Hisil, Wong, Carter, Dawson 2008, 3.1; the addend as in RFC 8032 5.1.4).

    Products are folded, as 2^255 is 19 modulo p, at half the price of a division: to below 2^262, which is enough where
    another product follows. Those of the result are folded, too, so that the division is short.
    """
    mask, p = _MASK25519, _P25519
    x, y, z, t = left
    minus, plus, dt = addend
    a, b, c = (y - x) * minus, (y + x) * plus, t * dt
    a, b, c = (a & mask) + 19 * (a >> 255), (b & mask) + 19 * (b >> 255), (c & mask) + 19 * (c >> 255)
    z += z
    e, f, g, h = b - a, z - c, z + c, b + a
    x, y, z, t = e * f, g * h, f * g, e * h
    x, y = ((x & mask) + 19 * (x >> 255)) % p, ((y & mask) + 19 * (y >> 255)) % p
    return x, y, ((z & mask) + 19 * (z >> 255)) % p, ((t & mask) + 19 * (t >> 255)) % p


def _addend448(x: int, y: int) -> Addend:
    """x, y, x + y, d·x·y."""
    return x, y, x + y, _D448 * x * y % _P448


def _negative448(addend: Addend) -> Addend:
    x, y, _, dt = addend
    return _P448 - x, y, _P448 - x + y, _P448 - dt


def _add448(left: Point, addend: Addend) -> Point:
    """For a = 1 (the same, 3.1)."""
    p = _P448
    x1, y1, z1, t1 = left
    x2, y2, sum2, dt2 = addend
    a, b, c = x1 * x2 % p, y1 * y2 % p, t1 * dt2 % p
    e, f, g, h = ((x1 + y1) * sum2 - a - b) % p, z1 - c, z1 + c, b - a
    return e * f % p, g * h % p, f * g % p, e * h % p


ED25519 = Curve(
    addition=Addition(_addend25519, _negative25519, _add25519),
    p=_P25519,
    a=-1,
    d=_D25519,
    order=2**252 + 27742317777372353535851937790883648493,
    cofactor=8,
    base=(
        15112221349535400772501151409588531511454012693041857206046113283949847762202,
        4 * pow(5, -1, _P25519) % _P25519,
    ),
    size=32,
    hash=_sha512,
    domain=b"",
)

ED448 = Curve(
    addition=Addition(_addend448, _negative448, _add448),
    p=_P448,
    a=1,
    d=_D448,
    order=2**446 - 13818066809895115352007386748515426880336692474882178609894547503885,
    cofactor=4,
    base=(
        int(
            "224580040295924300187604334099896036246789641632564134246125461"
            "686950415467406032909029192869357953282578032075146446173674602635247710"
        ),
        int(
            "298819210078481492676017930443930673437544040154080242095928241"
            "372331506189835876003536878655418784733982303233503462500531545062832660"
        ),
    ),
    size=57,
    hash=_shake256,
    domain=b"SigEd448\x00\x00",
)


def _double(curve: Curve, point: Point, times: int = 1) -> Point:
    """2^times · P (Hisil, Wong, Carter, Dawson 2008, 3.3).

    T is no input of a doubling, so only the last one's is computed.
    """
    p, minus = curve.p, curve.a == -1
    x, y, z, _ = point
    e = h = 0
    for _ in range(times):
        a, b, e = x * x % p, y * y % p, 2 * x * y % p
        g, h = (b - a, -a - b) if minus else (a + b, a - b)
        f = (g - 2 * z * z) % p
        x, y, z = e * f % p, g * h % p, f * g % p
    return x, y, z, e * h % p


def _addends(curve: Curve, points: list[Point]) -> list[Addend]:
    """The points with Z = 1, by one inversion for all (Montgomery's trick)."""
    p = curve.p
    products = [1]
    for point in points:
        products.append(products[-1] * point[2] % p)
    inverse = pow(products.pop(), -1, p)
    result: list[Addend] = []
    for (x, y, z, _), product in zip(reversed(points), reversed(products), strict=True):
        z_inverse, inverse = inverse * product % p, inverse * z % p
        result.append(curve.addition.addend(x * z_inverse % p, y * z_inverse % p))
    result.reverse()
    return result


@cache
def _base_rows(curve: Curve) -> list[list[Addend]]:
    """Row i holds (j − 16)·1024^i·B for j from 0 to 31; as many rows as the order has pairs of digits."""
    x, y = curve.base
    firsts: list[Point] = [(x, y, 1, x * y % curve.p)]
    while len(firsts) < -(-curve.order.bit_length() // _PAIR):
        firsts.append(_double(curve, firsts[-1], _PAIR))
    points: list[Point] = []
    for first, addend in zip(firsts, _addends(curve, firsts), strict=True):
        points += _sums(curve, first, addend, _HALF)
    addends = _addends(curve, points)
    return [_signed_row(curve, addends[place : place + _HALF]) for place in range(0, len(addends), _HALF)]


def _sums(curve: Curve, point: Point, addend: Addend, count: int) -> list[Point]:
    """``count`` points: P, P + Q, P + 2Q …"""
    points = [point]
    while len(points) < count:
        points.append(curve.addition.add(points[-1], addend))
    return points


def _signed_row(curve: Curve, multiples: list[Addend]) -> list[Addend]:
    negatives = [curve.addition.negative(addend) for addend in reversed(multiples)]
    return [*negatives, curve.addition.addend(0, 1), *multiples[:-1]]


def multiply_base(curve: Curve, scalar: int) -> Point:
    """scalar·B, for any scalar."""
    rows = _base_rows(curve)
    bits = _PAIR * len(rows)
    # Sixteen added to every digit turns −16 … 15 into 0 … 31; the orders leave room for the carry.
    digits = scalar % curve.order + _HALF * (((1 << bits) - 1) // (2 * _HALF - 1))
    pairs = [digits >> place & (1 << _PAIR) - 1 for place in range(0, bits, _PAIR)]
    add = curve.addition.add
    point = _NEUTRAL
    for row, pair in zip(rows, pairs, strict=True):
        point = add(point, row[pair >> _DIGIT])
    point = _double(curve, point, _DIGIT)
    for row, pair in zip(rows, pairs, strict=True):
        point = add(point, row[pair & 2 * _HALF - 1])
    return point


def _multiply(curve: Curve, x: int, y: int, scalar: int) -> Point:
    """scalar·(x, y) for a public scalar, by signed windows."""
    addition, multiples = curve.addition, _odd_multiples(curve, x, y)
    point = _NEUTRAL
    for digit, doublings in reversed(_windows(scalar)):
        odd = multiples[abs(digit) // 2]
        point = _double(curve, addition.add(point, odd if digit > 0 else addition.negative(odd)), doublings)
    return point


def _odd_multiples(curve: Curve, x: int, y: int) -> list[Addend]:
    """P, 3P, 5P … 15P, of P = (x, y)."""
    point: Point = (x, y, 1, x * y % curve.p)
    twice = _addends(curve, [_double(curve, point)])[0]
    return _addends(curve, _sums(curve, point, twice, 1 << (_WINDOW - 2)))


def _windows(scalar: int) -> list[tuple[int, int]]:
    """The scalar as odd digits within ±15, lowest first, each with the doublings that follow its addition."""
    digits = []
    doublings = 0
    while scalar:
        zeros = (scalar & -scalar).bit_length() - 1
        scalar >>= zeros
        doublings += zeros
        digit = scalar & ((1 << _WINDOW) - 1)
        digit -= (digit >> (_WINDOW - 1)) << _WINDOW
        digits.append((digit, doublings))
        scalar -= digit
        doublings = 0
    return digits


def _encode(curve: Curve, point: Point) -> bytes:
    """RFC 8032 5.1.2, 5.2.2: y, with the lowest bit of x as the highest."""
    x, y, z, _ = point
    inverse = pow(z, -1, curve.p)  # Z is never 0: the formulas are complete
    x, y = x * inverse % curve.p, y * inverse % curve.p
    return (y | (x & 1) << (8 * curve.size - 1)).to_bytes(curve.size, "little")


@lru_cache(maxsize=_CACHED_KEYS)
def _decode(curve: Curve, octets: bytes) -> tuple[int, int] | None:
    """x and y of a canonical encoding, or None (RFC 8032 5.1.3, 5.2.3)."""
    if len(octets) != curve.size:
        return None
    p = curve.p
    y = int.from_bytes(octets, "little")
    sign = y >> (8 * curve.size - 1)
    y -= sign << (8 * curve.size - 1)
    if y >= p:
        return None
    square = (y * y - 1) * pow(curve.d * y * y - curve.a, -1, p) % p  # never 0, as a / d is not a square
    x = _square_root(square, p)
    if x is None or (x == 0 and sign):
        return None
    return (x if x & 1 == sign else p - x), y


def _square_root(square: int, p: int) -> int | None:
    if p % 4 == 3:
        root = pow(square, (p + 1) // 4, p)
    else:  # p % 8 == 5
        root = pow(square, (p + 3) // 8, p)
        if root * root % p != square:
            root = root * _root_of_minus_one(p) % p
    return root if root * root % p == square else None


@cache
def _root_of_minus_one(p: int) -> int:
    return pow(2, (p - 1) // 4, p)


def is_point(curve: Curve, octets: bytes) -> bool:
    """Whether octets are the canonical encoding of a point."""
    return _decode(curve, octets) is not None


def public_key(curve: Curve, seed: bytes) -> bytes:
    """The public key of a seed of ``size`` octets (RFC 8032 5.1.5, 5.2.5)."""
    scalar, _ = _expand(curve, seed)
    return _encode(curve, multiply_base(curve, scalar))


def sign(curve: Curve, seed: bytes, public: bytes, message: bytes) -> bytes:
    """A pure EdDSA signature, 2·``size`` octets (RFC 8032 5.1.6, 5.2.6). public: ``public_key(curve, seed)``."""
    scalar, prefix = _expand(curve, seed)
    nonce = _challenge(curve, prefix + message)
    commitment = _encode(curve, multiply_base(curve, nonce))
    challenge = _challenge(curve, commitment + public + message)
    return commitment + ((nonce + challenge * scalar) % curve.order).to_bytes(curve.size, "little")


def _challenge(curve: Curve, data: bytes) -> int:
    return int.from_bytes(curve.hash(curve.domain + data), "little") % curve.order


def _expand(curve: Curve, seed: bytes) -> tuple[int, bytes]:
    """The pruned secret scalar and the nonce prefix of a seed."""
    expanded = curve.hash(seed)
    top = 1 << (curve.p.bit_length() - 1)
    scalar = int.from_bytes(expanded[: curve.size], "little") & (top - curve.cofactor) | top
    return scalar, expanded[curve.size :]


def verify(curve: Curve, public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a pure EdDSA signature is right (RFC 8032 5.1.7, 5.2.7), by the equation without the cofactor:

    S·B = R + k·A.
    """
    if len(signature) != 2 * curve.size:
        return False
    commitment, response = signature[: curve.size], int.from_bytes(signature[curve.size :], "little")
    if response >= curve.order:  # else S + L would be a second signature of the same message
        return False
    key = _decode(curve, public)
    if key is None:
        return False
    challenge = _challenge(curve, commitment + public + message)
    x, y = key
    subtrahend = _multiply(curve, curve.p - x, y, challenge)
    difference = curve.addition.add(multiply_base(curve, response), _addends(curve, [subtrahend])[0])
    return _encode(curve, difference) == commitment
