"""The only door to python-ecdsa: arithmetic on the NIST curves and on the two Edwards curves.

Theory of operation: nothing is imported before it is used. Points cross this door as octets only: uncompressed (SEC 1
2.3.3) for the NIST curves, 32 or 57 octets (RFC 8032 5.1.2, 5.2.2) for the Edwards curves. Every point from outside is
checked here against its curve's equation by a comparison that no interpreter switch removes; the library's affine
arithmetic, which returns wrong results for points whose tangent has slope zero, is never entered: all multiplication is
in its projective classes. The library keeps a table of multiples of each generator; they are built once per process, at
the first use of a curve. No exception of the library leaves this module.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

#: Decoded Edwards points kept between operations. A handshake uses one or two; the keys are public.
_EDWARDS_POINTS = 64


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


@dataclass(frozen=True)
class Edwards:
    """Ed25519 or Ed448 (RFC 8032 5.1, 5.2).

    size: octets of a key, and half of a signature's. hash: the curve's, with its domain prefix. generator, group: the
    library's.
    """

    p: int
    order: int
    size: int
    cofactor: int
    hash: Callable[[bytes], bytes]
    group: Any
    generator: Any


@cache
def edwards(name: str) -> Edwards:
    """The signature system by its name (``ed25519`` or ``ed448``)."""
    eddsa = _module("eddsa")
    generator = eddsa.generator_ed25519 if name == "ed25519" else eddsa.generator_ed448
    group = generator.curve()
    p = int(group.p())
    size = p.bit_length() // 8 + 1
    return Edwards(p, int(generator.order()), size, int(group.cofactor()), _EDWARDS_HASHES[name], group, generator)


def _ed25519_hash(data: bytes) -> bytes:
    return hashlib.sha512(data).digest()


def _ed448_hash(data: bytes) -> bytes:
    return hashlib.shake_256(data).digest(114)


_EDWARDS_HASHES = {"ed25519": _ed25519_hash, "ed448": _ed448_hash}
#: dom4(0, "") of RFC 8032 5.2; Ed25519 has none.
_DOMAINS = {"ed25519": b"", "ed448": b"SigEd448\x00\x00"}


@lru_cache(maxsize=_EDWARDS_POINTS)
def _edwards_point(name: str, octets: bytes) -> Any:
    """The point of an encoding, or None.

    Only the canonical encoding counts (RFC 8032 5.1.3, 5.2.3), which the library does not check.
    """
    row = edwards(name)
    if len(octets) != row.size:
        return None
    y = int.from_bytes(octets, "little")
    sign = y >> (8 * row.size - 1)
    y &= (1 << (8 * row.size - 1)) - 1
    if y >= row.p or (sign and y in (1, row.p - 1)):  # x is 0 there: it has no odd sign
        return None
    try:
        return _module("ellipticcurve").PointEdwards.from_bytes(row.group, octets)
    except Exception:  # its several kinds of "no such point"
        return None


def is_edwards_point(name: str, octets: bytes) -> bool:
    """Whether octets are the canonical encoding of a point."""
    return _edwards_point(name, octets) is not None


def ed_public(name: str, seed: bytes) -> bytes:
    """The public key of a seed (RFC 8032 5.1.5, 5.2.5)."""
    row = edwards(name)
    scalar, _ = _expand(row, seed)
    return bytes((row.generator * scalar).to_bytes())


def ed_sign(name: str, seed: bytes, public: bytes, message: bytes) -> bytes:
    """A pure EdDSA signature (RFC 8032 5.1.6, 5.2.6). public: ``ed_public(name, seed)``."""
    row = edwards(name)
    scalar, prefix = _expand(row, seed)
    domain = _DOMAINS[name]
    nonce = int.from_bytes(row.hash(domain + prefix + message), "little") % row.order
    commitment = bytes((row.generator * nonce).to_bytes())
    challenge = int.from_bytes(row.hash(domain + commitment + public + message), "little") % row.order
    return commitment + ((nonce + challenge * scalar) % row.order).to_bytes(row.size, "little")


def _expand(row: Edwards, seed: bytes) -> tuple[int, bytes]:
    """The pruned secret scalar and the nonce prefix of a seed."""
    expanded = row.hash(seed)
    scalar = int.from_bytes(expanded[: row.size], "little")
    top = row.p.bit_length() - 1
    scalar = scalar & ((1 << top) - row.cofactor) | 1 << top
    return scalar, expanded[row.size :]


def ed_verify(name: str, public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether a pure EdDSA signature is right (RFC 8032 5.1.7, 5.2.7), by the equation without cofactor:

    S·B = R + k·A.
    """
    row = edwards(name)
    if len(signature) != 2 * row.size:
        return False
    commitment, response = signature[: row.size], int.from_bytes(signature[row.size :], "little")
    if response >= row.order:  # else S + L would be a second signature of the same message
        return False
    key, point = _edwards_point(name, public), _edwards_point_once(name, commitment)
    if key is None or point is None:
        return False
    challenge = int.from_bytes(row.hash(_DOMAINS[name] + commitment + public + message), "little") % row.order
    try:
        return bool(row.generator * response == point + key * challenge)
    except Exception:  # sums of special points that the library has no case for
        return False


_edwards_point_once = _edwards_point.__wrapped__
