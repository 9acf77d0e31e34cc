"""The only door to python-ecdsa: arithmetic on the NIST curves.

Theory of operation: nothing is imported before it is used. Points cross this door as octets only, uncompressed (SEC 1
2.3.3). Every point from outside is checked here against its curve's equation by a comparison that no interpreter switch
removes. The library's affine arithmetic, which returns wrong results for points whose tangent has slope zero, is never
entered: all multiplication is in its projective class. The library keeps a table of multiples of each generator, built
once per process at the first use of a curve. No exception of the library leaves this module.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any


@dataclass(frozen=True)
class Weierstrass:
    """A curve y² = x³ − 3x + b over GF(p) with p ≡ 3 (mod 4) and cofactor 1 (FIPS 186-4 D.1.2).

    size: octets of a coordinate. group, generator: the library's objects.
    """

    p: int
    b: int
    order: int
    size: int
    group: Any
    generator: Any


@cache
def _module(name: str) -> Any:
    """The module ``ecdsa.<name>``, imported once, at first use."""
    return importlib.import_module(f"ecdsa.{name}")


@cache
def weierstrass(curve: str) -> Weierstrass:
    """The curve by its SEC name (``secp256r1``)."""
    row = getattr(_module("curves"), _LIBRARY_NAMES[curve])
    p = int(row.curve.p())
    return Weierstrass(p, int(row.curve.b()), int(row.order), (p.bit_length() + 7) // 8, row.curve, row.generator)


_LIBRARY_NAMES = {"secp256r1": "NIST256p", "secp384r1": "NIST384p", "secp521r1": "NIST521p"}


def decode_point(curve: str, octets: bytes) -> bytes | None:
    """A point in either encoding of SEC 1 2.3.4 as uncompressed octets; None if it is no point of the curve.

    The point at infinity and the hybrid encoding are refused, as RFC 5480 2.2 and RFC 8422 5.4 do not allow them.
    """
    row = weierstrass(curve)
    if len(octets) == 1 + 2 * row.size and octets[0] == 4:
        x, y = _coordinates(row, octets)
        on_curve = x < row.p and y < row.p and (y * y - _right_side(row, x)) % row.p == 0
        return bytes(octets) if on_curve else None
    if len(octets) == 1 + row.size and octets[0] in (2, 3):
        return _decompress(row, octets)
    return None


def _coordinates(row: Weierstrass, octets: bytes) -> tuple[int, int]:
    return int.from_bytes(octets[1 : 1 + row.size], "big"), int.from_bytes(octets[1 + row.size :], "big")


def _right_side(row: Weierstrass, x: int) -> int:
    """x³ − 3x + b."""
    return ((x * x - 3) * x + row.b) % row.p


def _decompress(row: Weierstrass, octets: bytes) -> bytes | None:
    x = int.from_bytes(octets[1:], "big")
    if x >= row.p:
        return None
    square = _right_side(row, x)
    y = pow(square, (row.p + 1) // 4, row.p)  # a root of every square, as p ≡ 3 (mod 4)
    if y * y % row.p != square:
        return None
    if y & 1 != octets[0] & 1:
        y = row.p - y
    return b"\x04" + x.to_bytes(row.size, "big") + y.to_bytes(row.size, "big")


def public_point(curve: str, scalar: int) -> bytes:
    """scalar·G, uncompressed, for a scalar of 1 to order − 1."""
    row = weierstrass(curve)
    point = (row.generator * (scalar + row.order)).scale()  # of one length, whatever the scalar's
    return b"\x04" + int(point.x()).to_bytes(row.size, "big") + int(point.y()).to_bytes(row.size, "big")


def shared_coordinate(curve: str, scalar: int, octets: bytes) -> bytes | None:
    """The x-coordinate of scalar·P with its leading zeros (RFC 8446 7.4.2); None unless P is an uncompressed point of
    the curve.
    """
    row = weierstrass(curve)
    if octets[:1] != b"\x04" or decode_point(curve, octets) is None:
        return None
    # The cofactor is 1, so a point on the curve has the full order and the product is never the point at infinity.
    product = _point(row, octets) * (scalar + row.order)
    return int(product.x()).to_bytes(row.size, "big")


def _point(row: Weierstrass, octets: bytes) -> Any:
    x, y = _coordinates(row, octets)
    return _module("ellipticcurve").PointJacobi(row.group, x, y, 1, row.order)


def ecdsa_sign(curve: str, scalar: int, digest: bytes, new_hash: Callable[..., Any]) -> tuple[int, int]:
    """ECDSA (FIPS 186-5 6.4.1) with the deterministic nonce of RFC 6979 3.2.

    new_hash: the hash that made the digest. Result: (r, s).
    """
    row = weierstrass(curve)
    number = _leftmost_bits(digest, row.order)
    retries = 0
    while True:
        nonce = int(_module("rfc6979").generate_k(row.order, scalar, new_hash, digest, retry_gen=retries))
        # A multiplier of one length for all nonces: a nonce's length would leak through the time and, collected, give
        # the key away.
        r = int((row.generator * (nonce + row.order)).x()) % row.order
        s = pow(nonce, -1, row.order) * (number + r * scalar) % row.order
        if r and s:
            return r, s
        retries += 1


def ecdsa_verify(curve: str, octets: bytes, digest: bytes, r: int, s: int) -> bool:
    """Whether (r, s) is a signature of the digest by the point's owner (FIPS 186-5 6.4.2).

    octets: a point checked by ``decode_point``.
    """
    row = weierstrass(curve)
    if not (1 <= r < row.order and 1 <= s < row.order):
        return False
    inverse = pow(s, -1, row.order)
    u1 = _leftmost_bits(digest, row.order) * inverse % row.order
    u2 = r * inverse % row.order
    try:
        x = row.generator.mul_add(u1, _point(row, octets), u2).x()
    except Exception:  # crafted signatures lead the library into sums it has no case for
        return False
    return x is not None and int(x) % row.order == r  # None: the point at infinity


def _leftmost_bits(digest: bytes, order: int) -> int:
    excess = max(0, 8 * len(digest) - order.bit_length())
    return int.from_bytes(digest, "big") >> excess
