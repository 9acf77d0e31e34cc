"""X25519 and X448 (RFC 7748).

Theory of operation: a peer's point goes through the Montgomery ladder of RFC 7748 section 5 on Python's integers: ten
products a step, every step the same whatever the scalar's bits are. Sums and differences are left unreduced where the
next product is reduced anyway. X448 reduces by ``%``; for X25519, which nearly every handshake uses, the loop is
written out once more with folding: 2^255 is 19 modulo p, so (w mod 2^255) + 19 · ⌊w / 2^255⌋ is w in fewer bits, at
half the price of a division. One's own public key is a multiple of a fixed point, which the table of the birationally
equivalent (for X448: isogenous) Edwards curve gives five times as fast (RFC 7748 4.1, 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass

from puressl.crypto import edwards


@dataclass(frozen=True)
class Curve:
    """One of the two curves.

    size: octets of a scalar and of a coordinate. top: the scalar's highest bit, always set. mask: a coordinate's bits.
    edwards: the curve that multiples of the base point are mapped from.
    """

    size: int
    p: int
    top: int
    cofactor: int
    mask: int
    edwards: edwards.Curve


CURVE25519 = Curve(32, 2**255 - 19, 254, 8, 2**255 - 1, edwards.ED25519)
CURVE448 = Curve(56, 2**448 - 2**224 - 1, 447, 4, 2**448 - 1, edwards.ED448)
#: (A − 2) / 4 (RFC 7748 5).
_A24_25519, _A24_448 = 121665, 39081


def public_key(curve: Curve, scalar: bytes) -> bytes:
    """The function of the scalar and the base point 9 or 5 (RFC 7748 6). scalar: ``size`` octets, clamped here."""
    x, y, z, _ = edwards.multiply_base(curve.edwards, _clamp(curve, scalar))
    if curve is CURVE25519:
        u = _quotient(z + y, z - y, curve.p)  # (1 + y) / (1 − y)
    else:
        u = _quotient(y * y, x * x, curve.p)
    return u.to_bytes(curve.size, "little")


def multiply(curve: Curve, scalar: bytes, coordinate: bytes) -> bytes:
    """The function X25519 or X448 (RFC 7748 5).

    scalar: ``size`` octets as they come from the generator; clamped here. coordinate: ``size`` octets, non-canonical
    ones taken modulo p. Result: ``size`` octets, all zero for a point of small order. Errors: none; lengths are the
    caller's to check.
    """
    u = (int.from_bytes(coordinate, "little") & curve.mask) % curve.p
    ladder = _ladder25519 if curve is CURVE25519 else _ladder448
    x, z = ladder(_clamp(curve, scalar), u)
    return _quotient(x, z, curve.p).to_bytes(curve.size, "little")


def _clamp(curve: Curve, scalar: bytes) -> int:
    return int.from_bytes(scalar, "little") & ((1 << curve.top) - curve.cofactor) | 1 << curve.top


def _quotient(numerator: int, denominator: int, p: int) -> int:
    """The quotient modulo p; 0 where the denominator is 0, as RFC 7748 5 has it."""
    denominator %= p
    return numerator * pow(denominator, -1, p) % p if denominator else 0


#: By whether the two points change places: a slice of X and Z of the one, the other, and the one again. Slicing selects
#: without a branch on the secret bit.
_ORDER = {"0": slice(0, 4), "1": slice(2, 6)}


def _orders(curve: Curve, k: int) -> list[slice]:
    """The order of every step, the highest bit first: places change where a bit differs from the one above it."""
    return [_ORDER[bit] for bit in f"{k ^ k >> 1:0{curve.top + 1}b}"]


def _ladder25519(k: int, u: int) -> tuple[int, int]:
    """X and Z of k times the point at u.

    What enters a step is below p, a sum of two of its products, folded, below 2^262. The products of these, folded, are
    below 2^291, so that the division has little left to do.
    """
    mask, p = CURVE25519.mask, CURVE25519.p
    points: tuple[int, ...] = (1, 0, u, 1, 1, 0)
    for order in _orders(CURVE25519, k):
        x2, z2, x3, z3 = points[order]
        a, b = x2 + z2, x2 - z2
        da, cb = (x3 - z3) * a, (x3 + z3) * b
        aa, bb = a * a, b * b
        aa, bb = (aa & mask) + 19 * (aa >> 255), (bb & mask) + 19 * (bb >> 255)
        s, d = da + cb, da - cb
        s, d = (s & mask) + 19 * (s >> 255), (d & mask) + 19 * (d >> 255)
        dd = d * d
        e = aa - bb
        x2, z2 = aa * bb, e * (aa + _A24_25519 * e)
        x3, z3 = s * s, u * ((dd & mask) + 19 * (dd >> 255))
        x2, z2 = ((x2 & mask) + 19 * (x2 >> 255)) % p, ((z2 & mask) + 19 * (z2 >> 255)) % p
        x3, z3 = ((x3 & mask) + 19 * (x3 >> 255)) % p, ((z3 & mask) + 19 * (z3 >> 255)) % p
        points = x2, z2, x3, z3, x2, z2
    return points[0], points[1]  # the lowest bit of a clamped scalar is 0: they have changed back


def _ladder448(k: int, u: int) -> tuple[int, int]:
    """X and Z of k times the point at u."""
    p = CURVE448.p
    points: tuple[int, ...] = (1, 0, u, 1, 1, 0)
    for order in _orders(CURVE448, k):
        x2, z2, x3, z3 = points[order]
        a, b = x2 + z2, x2 - z2
        da, cb = (x3 - z3) * a, (x3 + z3) * b
        aa, bb = a * a % p, b * b % p
        e = aa - bb
        s, d = (da + cb) % p, (da - cb) % p
        x2, z2, x3, z3 = aa * bb % p, e * (aa + _A24_448 * e) % p, s * s % p, u * (d * d % p) % p
        points = x2, z2, x3, z3, x2, z2
    return points[0], points[1]
