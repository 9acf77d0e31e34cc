"""X25519 and X448 (RFC 7748).

Theory of operation: a peer's point goes through the Montgomery ladder of RFC 7748 section 5 on Python's integers, one
loop for both curves. Sums and differences are left unreduced where the next product is reduced anyway: ten products and
eight reductions a step, every step the same whatever the scalar's bits are. One's own public key is a multiple of a
fixed point, which the table of the birationally equivalent (for X448: isogenous) Edwards curve gives five times as fast
(RFC 7748 4.1, 4.2).
"""

from __future__ import annotations

from dataclasses import dataclass

from puressl.crypto import edwards


@dataclass(frozen=True)
class Curve:
    """One of the two curves.

    size: octets of a scalar and of a coordinate. top: the scalar's highest bit, always set. a24: (A − 2) / 4. mask: a
    coordinate's bits. edwards: the curve that multiples of the base point are mapped from.
    """

    size: int
    p: int
    a24: int
    top: int
    cofactor: int
    mask: int
    edwards: edwards.Curve


CURVE25519 = Curve(32, 2**255 - 19, 121665, 254, 8, 2**255 - 1, edwards.ED25519)
CURVE448 = Curve(56, 2**448 - 2**224 - 1, 39081, 447, 4, 2**448 - 1, edwards.ED448)


def public_key(curve: Curve, scalar: bytes) -> bytes:
    """The function of the scalar and the base point 9 or 5 (RFC 7748 6). scalar: ``size`` octets, clamped here."""
    x, y, z, _ = edwards.multiply_base(curve.edwards, _clamp(curve, scalar))
    if curve is CURVE25519:
        # (1 + y) / (1 − y), where y is not 1, as no clamped scalar is a multiple of the order.
        u = (z + y) * pow(z - y, -1, curve.p)
    else:
        # y² / x², and 0 for the one clamped scalar that is a multiple of the order, as the ladder gives.
        u = y * y * pow(x, 2 * (curve.p - 2), curve.p)
    return (u % curve.p).to_bytes(curve.size, "little")


def multiply(curve: Curve, scalar: bytes, coordinate: bytes) -> bytes:
    """The function X25519 or X448 (RFC 7748 5).

    scalar: ``size`` octets as they come from the generator; clamped here. coordinate: ``size`` octets, non-canonical
    ones taken modulo p. Result: ``size`` octets, all zero for a point of small order. Errors: none; lengths are the
    caller's to check.
    """
    u = (int.from_bytes(coordinate, "little") & curve.mask) % curve.p
    return _ladder(curve, _clamp(curve, scalar), u).to_bytes(curve.size, "little")


def _clamp(curve: Curve, scalar: bytes) -> int:
    return int.from_bytes(scalar, "little") & ((1 << curve.top) - curve.cofactor) | 1 << curve.top


def _ladder(curve: Curve, k: int, u: int) -> int:
    p, a24 = curve.p, curve.a24
    points = (1, 0), (u, 1)
    swapped = 0
    for t in range(curve.top, -1, -1):
        bit = k >> t & 1
        swap = swapped ^ bit
        swapped = bit
        (x2, z2), (x3, z3) = points[swap], points[1 - swap]  # indexing selects without a branch on the secret bit
        a, b = x2 + z2, x2 - z2
        da, cb = (x3 - z3) * a, (x3 + z3) * b
        aa, bb = a * a % p, b * b % p
        e = aa - bb
        s, d = (da + cb) % p, (da - cb) % p
        points = (aa * bb % p, e * (aa + a24 * e) % p), (s * s % p, u * (d * d % p) % p)
    x, z = points[swapped]
    return x * pow(z, p - 2, p) % p  # p - 2, not -1: 0 must give 0
