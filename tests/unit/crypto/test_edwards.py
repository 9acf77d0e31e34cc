"""Ed25519 and Ed448: RFC 8032's vectors, encodings, and points that other formulas stumble over."""

from __future__ import annotations

import pytest

from puressl.crypto import edwards
from puressl.crypto.edwards import ED448, ED25519, Curve
from puressl.env import Purpose, SeededEnv

ENV = SeededEnv(b"test_edwards", 0)

VECTORS = [  # RFC 8032 7.1 (TEST 1, TEST 3) and 7.4 (Blank, 1 octet): seed, public key, message, signature
    (
        ED25519,
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        ED25519,
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
        "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        ED448,
        "6c82a562cb808d10d632be89c8513ebf6c929f34ddfa8c9f63c9960ef6e348a3"
        "528c8a3fcc2f044e39a3fc5b94492f8f032e7549a20098f95b",
        "5fd7449b59b461fd2ce787ec616ad46a1da1342485a70e1f8a0ea75d80e96778"
        "edf124769b46c7061bd6783df1e50f6cd1fa1abeafe8256180",
        "",
        "533a37f6bbe457251f023c0d88f976ae2dfb504a843e34d2074fd823d41a591f"
        "2b233f034f628281f2fd7a22ddd47d7828c59bd0a21bfd3980ff0d2028d4b18a"
        "9df63e006c5d1c2d345b925d8dc00b4104852db99ac5c7cdda8530a113a0f4db"
        "b61149f05a7363268c71d95808ff2e652600",
    ),
    (
        ED448,
        "c4eab05d357007c632f3dbb48489924d552b08fe0c353a0d4a1f00acda2c463a"
        "fbea67c5e8d2877c5e3bc397a659949ef8021e954e0a12274e",
        "43ba28f430cdff456ae531545f7ecd0ac834a55d9358c0372bfa0c6c6798c086"
        "6aea01eb00742802b8438ea4cb82169c235160627b4c3a9480",
        "03",
        "26b8f91727bd62897af15e41eb43c377efb9c610d48f2335cb0bd0087810f435"
        "2541b143c4b981b7e18f62de8ccdf633fc1bf037ab7cd779805e0dbcc0aae1cb"
        "cee1afb2e027df36bc04dcecbf154336c19f0af7e0a6472905e799f1953d2a0f"
        "f3348ab21aa4adafd1d234441cf807c03a00",
    ),
]
CURVES = pytest.mark.parametrize("curve", [ED25519, ED448], ids=["ed25519", "ed448"])


@pytest.mark.parametrize(("curve", "seed", "public", "message", "signature"), VECTORS)
def test_rfc_8032(curve: Curve, seed: str, public: str, message: str, signature: str) -> None:
    secret, key, text, signed = (bytes.fromhex(value) for value in (seed, public, message, signature))
    assert edwards.public_key(curve, secret) == key
    assert edwards.sign(curve, secret, key, text) == signed
    assert edwards.verify(curve, key, signed, text)
    assert not edwards.verify(curve, key, signed, text + b"\x00")


def signed(curve: Curve) -> tuple[bytes, bytes, bytes]:
    seed = ENV.random(curve.size, Purpose.KEY_GENERATION)
    public = edwards.public_key(curve, seed)
    return public, edwards.sign(curve, seed, public, b"message"), b"message"


@CURVES
def test_signature_is_refused_after_every_change(curve: Curve) -> None:
    public, signature, message = signed(curve)
    for length in [*range(0, len(signature), 9), len(signature) - 1]:
        assert not edwards.verify(curve, public, signature[:length], message)
    assert not edwards.verify(curve, public, signature + b"\x00", message)
    for place in range(0, len(signature), 11):
        changed = bytearray(signature)
        changed[place] ^= 0x40
        assert not edwards.verify(curve, public, bytes(changed), message)


@CURVES
def test_second_form_of_the_same_signature_is_refused(curve: Curve) -> None:
    public, signature, message = signed(curve)
    response = int.from_bytes(signature[curve.size :], "little") + curve.order
    malleated = signature[: curve.size] + response.to_bytes(curve.size, "little")
    assert not edwards.verify(curve, public, malleated, message)


@CURVES
def test_only_canonical_encodings_are_points(curve: Curve) -> None:
    sign_bit = 1 << (8 * curve.size - 1)

    def is_point(number: int) -> bool:
        return edwards.is_point(curve, number.to_bytes(curve.size, "little"))

    assert is_point(1)
    assert is_point(curve.p - 1)
    assert not is_point(1 | sign_bit)  # x is 0, which has no odd form
    assert not is_point((curve.p - 1) | sign_bit)
    assert not is_point(curve.p)
    assert not is_point(curve.p + 1)
    assert not is_point(sign_bit - 1)
    assert not edwards.is_point(curve, b"")
    assert not edwards.is_point(curve, bytes(curve.size - 1))
    assert not edwards.is_point(curve, bytes(curve.size + 1))


@CURVES
def test_half_of_all_coordinates_are_points(curve: Curve) -> None:
    exist = sum(edwards.is_point(curve, y.to_bytes(curve.size, "little")) for y in range(2, 102))
    assert 30 < exist < 70


@CURVES
def test_base_point_has_its_order(curve: Curve) -> None:
    x, y, z, _ = edwards.multiply_base(curve, 0)
    assert x == 0
    assert y == z
    for scalar in (1, 2, 7, 8, 9, 15, 16, 17, 255, 256, curve.order // 2, curve.order - 1, curve.order + 5):
        x, y, z, t = edwards.multiply_base(curve, scalar)
        minus_x, minus_y, minus_z, _ = edwards.multiply_base(curve, curve.order - scalar)
        assert (x * minus_z + minus_x * z) % curve.p == 0
        assert (y * minus_z - minus_y * z) % curve.p == 0
        assert (t * z - x * y) % curve.p == 0
        assert (curve.a * x * x * z * z + y * y * z * z - z**4 - curve.d * x * x * y * y) % curve.p == 0


def encoded(curve: Curve, x: int, y: int, z: int) -> bytes:
    inverse = pow(z, -1, curve.p)
    sign = (x * inverse % curve.p & 1) << (8 * curve.size - 1)
    return (y * inverse % curve.p | sign).to_bytes(curve.size, "little")


def small_order_keys(curve: Curve) -> list[bytes]:
    """The neutral point, the one of order two, and those of order four with y = 0."""
    sign_bit = 1 << (8 * curve.size - 1)
    return [y.to_bytes(curve.size, "little") for y in (1, curve.p - 1, 0, sign_bit)]


@CURVES
def test_keys_of_small_order_follow_the_equation(curve: Curve) -> None:
    """With the neutral point as key every message is signed by R = S·B; sums with the others come out right as well."""
    response = 12345
    x, y, z, _ = edwards.multiply_base(curve, response)
    signature = encoded(curve, x, y, z) + response.to_bytes(curve.size, "little")
    assert edwards.verify(curve, small_order_keys(curve)[0], signature, b"any")
    for key in small_order_keys(curve)[1:]:
        verdicts = {edwards.verify(curve, key, signature, bytes([n])) for n in range(40)}
        assert verdicts == {True, False}  # k·A is neutral for every second or fourth k


@CURVES
def test_a_commitment_that_is_off_by_a_point_of_order_two_is_refused(curve: Curve) -> None:
    """Multiplied by the cofactor the equation would hold, which RFC 8032 5.1.7 and 5.2.7 allow; here it must itself."""
    for response in (0, 12345):
        x, y, z, _ = edwards.multiply_base(curve, response)
        neutral = small_order_keys(curve)[0]
        right, off = (encoded(curve, *point) for point in ((x, y, z), (-x, -y, z)))  # (0, -1) added
        assert edwards.verify(curve, neutral, right + response.to_bytes(curve.size, "little"), b"any")
        assert not edwards.verify(curve, neutral, off + response.to_bytes(curve.size, "little"), b"any")


def test_key_that_is_no_point_verifies_nothing() -> None:
    assert not edwards.verify(ED25519, (2).to_bytes(32, "little"), bytes(64), b"")
