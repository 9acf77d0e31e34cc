"""Multiples of points on the NIST curves, beside the ecdsa package and schoolbook formulas."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from ecdsa import curves
from hypothesis import given, settings
from hypothesis import strategies as st

from puressl.crypto import weierstrass
from puressl.crypto.weierstrass import CURVES, Affine, Curve

PEERS = {"secp256r1": curves.NIST256p, "secp384r1": curves.NIST384p, "secp521r1": curves.NIST521p}
EACH = pytest.mark.parametrize("name", list(CURVES))
P256 = CURVES["secp256r1"]


def peer_multiple(name: str, scalar: int) -> Any:
    return (PEERS[name].generator * (scalar % CURVES[name].order)).to_affine()


def affine(point: Any) -> Affine:
    return int(point.x()), int(point.y())


def encoded(curve: Curve, point: Affine) -> bytes:
    return b"\x04" + b"".join(coordinate.to_bytes(curve.size, "big") for coordinate in point)


def add(curve: Curve, left: Affine | None, right: Affine | None) -> Affine | None:
    """The schoolbook, one case after the other."""
    if left is None or right is None:
        return left or right
    (x1, y1), (x2, y2) = left, right
    if x1 == x2 and (y1 + y2) % curve.p == 0:
        return None
    if left == right:
        slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, curve.p)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, curve.p)
    x3 = (slope * slope - x1 - x2) % curve.p
    return x3, (slope * (x1 - x3) - y1) % curve.p


def multiply(curve: Curve, point: Affine | None, scalar: int) -> Affine | None:
    result = None
    while scalar:
        if scalar & 1:
            result = add(curve, result, point)
        point = add(curve, point, point)
        scalar >>= 1
    return result


def scalars(curve: Curve) -> Iterator[int]:
    """The ends of the range, where one scalar or two make the last addition a doubling, and some from between."""
    order, source = curve.order, random.Random(curve.size)
    yield from (*range(1, 24), *range(order - 24, order), order // 2, order // 2 + 1)
    for bits in (31, 32, 33, curve.order.bit_length() - 1):
        yield from ((1 << bits) - 1, 1 << bits, (1 << bits) + 1)
    for _ in range(6):
        yield source.randrange(1, order)


@EACH
def test_parameters_are_those_of_fips_186(name: str) -> None:
    curve, peer = CURVES[name], PEERS[name]
    assert (curve.p, curve.b, curve.order) == (peer.curve.p(), peer.curve.b() % curve.p, peer.order)
    assert curve.base == affine(peer.generator)
    assert curve.p % 4 == 3
    assert curve.size == (curve.p.bit_length() + 7) // 8


@EACH
@pytest.mark.usefixtures("_generators")
def test_public_points(name: str) -> None:
    curve = CURVES[name]
    for scalar in scalars(curve):
        assert weierstrass.public_point(curve, scalar) == encoded(curve, affine(peer_multiple(name, scalar))), scalar


@EACH
def test_shared_coordinates(name: str) -> None:
    curve = CURVES[name]
    octets = weierstrass.public_point(curve, 0xC0FFEE)
    for scalar in scalars(curve):
        expected = affine(peer_multiple(name, scalar * 0xC0FFEE))[0].to_bytes(curve.size, "big")
        assert weierstrass.shared_coordinate(curve, scalar, octets) == expected, scalar


@EACH
def test_doubling_where_the_tangent_is_flat(name: str) -> None:
    """x² = 1 makes the slope of the tangent 0."""
    curve = CURVES[name]
    for x in (1, curve.p - 1):
        for sign in (2, 3):
            octets = weierstrass.decode_point(curve, bytes([sign]) + x.to_bytes(curve.size, "big"))
            if octets is None:
                continue
            point = x, int.from_bytes(octets[1 + curve.size :], "big")
            for scalar in (2, 3, 4, 5, curve.order - 2):
                product = multiply(curve, point, scalar)
                assert product is not None
                expected = product[0].to_bytes(curve.size, "big")
                assert weierstrass.shared_coordinate(curve, scalar, octets) == expected


@EACH
def test_points_are_decoded_strictly(name: str) -> None:
    curve = CURVES[name]
    x, y = curve.base
    octets = encoded(curve, curve.base)
    compressed = bytes([2 + y % 2]) + octets[1 : 1 + curve.size]
    assert weierstrass.decode_point(curve, octets) == octets
    assert weierstrass.decode_point(curve, compressed) == octets
    negative = weierstrass.decode_point(curve, bytes([3 - y % 2]) + compressed[1:])
    assert negative == encoded(curve, (x, curve.p - y))
    wrong = [b"", b"\x00", octets[:-1], octets + b"\0", compressed + b"\0", b"\x06" + octets[1:], b"\x05" + octets[1:]]
    wrong += [encoded(curve, (x, y ^ 1)), encoded(curve, (0, 0)), encoded(curve, (x, curve.p)), bytes(len(octets))]
    wrong.append(b"\x02" + curve.p.to_bytes(curve.size, "big"))
    for refused in wrong:
        assert weierstrass.decode_point(curve, refused) is None
        assert weierstrass.shared_coordinate(curve, 5, refused) is None
    assert weierstrass.shared_coordinate(curve, 5, compressed) is None  # RFC 8446 4.2.8.2 wants it uncompressed


@EACH
def test_coordinates_that_are_not_reduced_are_no_point(name: str) -> None:
    curve = CURVES[name]
    encodings = (b"\x02" + x.to_bytes(curve.size, "big") for x in range(100))
    octets = next(point for encoding in encodings if (point := weierstrass.decode_point(curve, encoding)))
    x, y = (int.from_bytes(part, "big") for part in (octets[1 : 1 + curve.size], octets[1 + curve.size :]))
    assert weierstrass.decode_point(curve, encoded(curve, (x + curve.p, y))) is None
    if (y + curve.p).bit_length() <= 8 * curve.size:  # P-521
        assert weierstrass.decode_point(curve, encoded(curve, (x, y + curve.p))) is None


def test_no_compressed_point_has_the_x_of_none() -> None:
    for x in range(40):
        octets = weierstrass.decode_point(P256, b"\x02" + x.to_bytes(32, "big"))
        square = (x**3 - 3 * x + P256.b) % P256.p
        assert (octets is not None) == (pow(square, (P256.p - 1) // 2, P256.p) in (0, 1))


@pytest.fixture(params=["new", "used"])
def _generators(request: pytest.FixtureRequest) -> None:
    """Generators with a table of one row each, or with their wide ones."""
    weierstrass._generator.cache_clear()
    if request.param == "used":
        for curve in CURVES.values():
            for _ in range(weierstrass._GENERATOR.after + 1):
                weierstrass._generator(curve).table()


def check_sum(name: str, u1: int, u2: int, multiple: int) -> None:
    """u1·G + u2·(multiple·G) by the table of a new key and by that of a known one, as the peer has it."""
    curve = CURVES[name]
    octets = weierstrass.public_point(curve, multiple)
    total = (u1 + u2 * multiple) % curve.order
    x = affine(peer_multiple(name, total))[0] % curve.order if total else None
    weierstrass._key.cache_clear()
    for _ in ("new", "known", "known"):
        if x is not None:
            assert weierstrass.has_coordinate(curve, u1, u2, octets, x)
        assert not weierstrass.has_coordinate(curve, u1, u2, octets, curve.base[0] % curve.order ^ 1)


@EACH
@pytest.mark.usefixtures("_generators")
def test_sums_of_two_multiples(name: str) -> None:
    order, source = CURVES[name].order, random.Random(name)
    for _ in range(4):
        check_sum(name, source.randrange(order), source.randrange(1, order), source.randrange(1, order))


@EACH
@pytest.mark.parametrize("multiple", [1, 2, 3, -1, -2])
@pytest.mark.parametrize(("u1", "u2"), [(0, 1), (1, 1), (2, 1), (1, 2), (3, 3), (5, 5), (255, 255), (-1, 1), (-1, -1)])
def test_sums_where_addition_meets_a_point_or_its_negative(name: str, multiple: int, u1: int, u2: int) -> None:
    """Doublings inside additions, infinity on the way, and infinity as the result."""
    order = CURVES[name].order
    check_sum(name, u1 % order, u2 % order, multiple % order)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 40) | st.integers(P256.order - 40, P256.order - 1) | st.integers(0, P256.order - 1),
    st.integers(1, 40) | st.integers(P256.order - 40, P256.order - 1) | st.integers(1, P256.order - 1),
    st.integers(1, 40) | st.integers(P256.order - 40, P256.order - 1) | st.sampled_from([2**32, 2**64, 2**128]),
)
def test_sums_of_crafted_multiples(u1: int, u2: int, multiple: int) -> None:
    check_sum("secp256r1", u1, u2, multiple)


def test_infinity_has_no_coordinate() -> None:
    """u1·G + u2·Q = 0 where Q = −(u1 / u2)·G."""
    octets = weierstrass.public_point(P256, -5 * pow(7, -1, P256.order) % P256.order)
    for r in (1, P256.order - 1, P256.p - P256.order):
        assert not weierstrass.has_coordinate(P256, 5, 7, octets, r)


def test_coordinate_between_the_order_and_the_prime() -> None:
    """About one point in 2^128 has an x that the order divides down; SEC 1 makes one from x = order + r."""
    r = next(r for r in range(40) if weierstrass.decode_point(P256, b"\x02" + (P256.order + r).to_bytes(32, "big")))
    octets = weierstrass.decode_point(P256, b"\x02" + (P256.order + r).to_bytes(32, "big"))
    assert octets is not None
    assert weierstrass.has_coordinate(P256, 0, 1, octets, r)
    assert not weierstrass.has_coordinate(P256, 0, 1, octets, r + 1)


@EACH
def test_every_secret_scalar_costs_the_same_operations(name: str) -> None:
    curve = CURVES[name]
    for width in (4, 7):
        places = {tuple(place for place, _ in weierstrass._regular_digits(curve, width, k)) for k in scalars(curve)}
        assert len(places) == 1
        for scalar in scalars(curve):
            digits = list(weierstrass._regular_digits(curve, width, scalar))
            assert all(digit % 2 and abs(digit) < 1 << width for _, digit in digits)
            assert (sum(digit << place for place, digit in digits) - scalar) % curve.order == 0


def test_wide_tables_are_built_for_few_keys_and_only_for_those_that_return() -> None:
    weierstrass._key.cache_clear()
    octets = weierstrass.public_point(P256, 2)
    first = weierstrass._key(P256, octets).table()
    second = weierstrass._key(P256, octets).table()
    assert len(first.rows) == 1 < len(second.rows)
    assert weierstrass._key(P256, octets).table() is second
    for multiple in range(3, 3 + weierstrass._CACHED_KEYS):
        weierstrass._key(P256, weierstrass.public_point(P256, multiple))
    assert weierstrass._key.cache_info().currsize == weierstrass._CACHED_KEYS
    assert len(weierstrass._key(P256, octets).table().rows) == 1


def test_generators_wide_table_is_built_once_when_it_has_been_used_a_few_times() -> None:
    weierstrass._generator.cache_clear()
    tables = [weierstrass._generator(P256).table() for _ in range(weierstrass._GENERATOR.after + 3)]
    assert all(table is tables[0] for table in tables[: weierstrass._GENERATOR.after])
    assert len(tables[0].rows) == 1 < len(tables[-1].rows)
    assert all(table is tables[-1] for table in tables[weierstrass._GENERATOR.after :])


def test_threads_share_tables() -> None:
    """Eight threads that begin with nothing built."""
    weierstrass._generator.cache_clear()
    weierstrass._key.cache_clear()
    octets = weierstrass.public_point(P256, 7)
    r = affine(peer_multiple("secp256r1", 3 + 5 * 7))[0] % P256.order

    def verify(_: int) -> bool:
        return weierstrass.has_coordinate(P256, 3, 5, octets, r)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(verify, range(64)))
