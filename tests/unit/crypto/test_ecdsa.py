"""The wrapper of the NIST curves' arithmetic, against schoolbook formulas."""

from __future__ import annotations

import hashlib
import random

import pytest

from puressl.crypto import _ecdsa
from puressl.crypto._ecdsa import Weierstrass

CURVES = pytest.mark.parametrize("curve", ["secp256r1", "secp384r1", "secp521r1"])
Affine = tuple[int, int] | None


def add(row: Weierstrass, left: Affine, right: Affine) -> Affine:
    if left is None or right is None:
        return left or right
    (x1, y1), (x2, y2) = left, right
    if x1 == x2 and (y1 + y2) % row.p == 0:
        return None
    if left == right:
        slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, row.p)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, row.p)
    x3 = (slope * slope - x1 - x2) % row.p
    return x3, (slope * (x1 - x3) - y1) % row.p


def multiply(row: Weierstrass, point: Affine, scalar: int) -> Affine:
    result = None
    while scalar:
        if scalar & 1:
            result = add(row, result, point)
        point = add(row, point, point)
        scalar >>= 1
    return result


def affine(row: Weierstrass, octets: bytes) -> Affine:
    return int.from_bytes(octets[1 : 1 + row.size], "big"), int.from_bytes(octets[1 + row.size :], "big")


def scalars(row: Weierstrass) -> list[int]:
    source = random.Random(row.size)
    edges = [1, 2, 3, 7, 8, row.order // 2, row.order // 2 + 1, row.order - 2, row.order - 1]
    return edges + [source.randrange(1, row.order) for _ in range(4)]


@CURVES
def test_parameters_are_those_of_fips_186(curve: str) -> None:
    row = _ecdsa.weierstrass(curve)
    assert row.p % 4 == 3
    assert row.size == {"secp256r1": 32, "secp384r1": 48, "secp521r1": 66}[curve]
    base = affine(row, _ecdsa.public_point(curve, 1))
    assert multiply(row, base, row.order) is None
    assert row is _ecdsa.weierstrass(curve)  # built once


@CURVES
def test_public_points(curve: str) -> None:
    row = _ecdsa.weierstrass(curve)
    base = affine(row, _ecdsa.public_point(curve, 1))
    for scalar in scalars(row):
        assert affine(row, _ecdsa.public_point(curve, scalar)) == multiply(row, base, scalar)


@CURVES
def test_shared_coordinates(curve: str) -> None:
    row = _ecdsa.weierstrass(curve)
    octets = _ecdsa.public_point(curve, 0xC0FFEE)
    for scalar in scalars(row):
        product = multiply(row, affine(row, octets), scalar)
        assert product is not None
        assert _ecdsa.shared_coordinate(curve, scalar, octets) == product[0].to_bytes(row.size, "big")


@CURVES
def test_doubling_where_the_tangent_is_flat(curve: str) -> None:
    """x² = 1 makes the slope of the tangent 0, which the library's affine arithmetic takes for infinity."""
    row = _ecdsa.weierstrass(curve)
    for x in (1, row.p - 1):
        for sign in (2, 3):
            octets = _ecdsa.decode_point(curve, bytes([sign]) + x.to_bytes(row.size, "big"))
            if octets is None:
                continue
            doubled = add(row, affine(row, octets), affine(row, octets))
            assert doubled is not None
            assert _ecdsa.shared_coordinate(curve, 2, octets) == doubled[0].to_bytes(row.size, "big")


@CURVES
def test_signature_verifies_only_with_its_digest_and_key(curve: str) -> None:
    row = _ecdsa.weierstrass(curve)
    digest = hashlib.sha512(b"message").digest()
    r, s = _ecdsa.ecdsa_sign(curve, 12345, digest, hashlib.sha512)
    key, other = _ecdsa.public_point(curve, 12345), _ecdsa.public_point(curve, 12346)
    assert _ecdsa.ecdsa_verify(curve, key, digest, r, s)
    assert _ecdsa.ecdsa_verify(
        curve, key, digest, r, row.order - s
    )  # ECDSA's own malleability; no rule against it in TLS
    assert not _ecdsa.ecdsa_verify(curve, other, digest, r, s)
    assert not _ecdsa.ecdsa_verify(curve, key, digest[::-1], r, s)
    for wrong_r, wrong_s in ((0, s), (r, 0), (r + row.order, s), (r, s + row.order), (-r, s), (r, -s), (s, r)):
        assert not _ecdsa.ecdsa_verify(curve, key, digest, wrong_r, wrong_s)


def test_sum_at_infinity_is_a_wrong_signature() -> None:
    """u1·G + u2·Q = 0 where Q = −(u1 / u2)·G: the library has no coordinate to return."""
    row = _ecdsa.weierstrass("secp256r1")
    digest = (5).to_bytes(32, "big")
    key = _ecdsa.public_point("secp256r1", -5 * pow(7, -1, row.order) % row.order)
    assert not _ecdsa.ecdsa_verify("secp256r1", key, digest, 7, 1)


def test_key_equal_to_the_base_point_verifies() -> None:
    digest = hashlib.sha256(b"message").digest()
    for scalar in (1, _ecdsa.weierstrass("secp256r1").order - 1):
        r, s = _ecdsa.ecdsa_sign("secp256r1", scalar, digest, hashlib.sha256)
        assert _ecdsa.ecdsa_verify("secp256r1", _ecdsa.public_point("secp256r1", scalar), digest, r, s)
