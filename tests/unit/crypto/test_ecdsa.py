"""ECDSA beside the ecdsa package, whose nonces are deterministic, too, and on the example of RFC 6979."""

from __future__ import annotations

import hashlib
import random

import pytest
from ecdsa import SigningKey, curves
from ecdsa.util import sigencode_strings

from puressl.crypto import ecdsa, weierstrass
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.weierstrass import CURVES

PEERS = {"secp256r1": curves.NIST256p, "secp384r1": curves.NIST384p, "secp521r1": curves.NIST521p}
EACH = pytest.mark.parametrize("name", list(CURVES))
HASHES = (HashAlgorithm.SHA1, HashAlgorithm.SHA256, HashAlgorithm.SHA384, HashAlgorithm.SHA512)
P256 = CURVES["secp256r1"]


def test_example_of_rfc_6979() -> None:
    """A.2.5, SHA-256, message "sample"."""
    scalar = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    digest = hashlib.sha256(b"sample").digest()
    assert ecdsa.sign(P256, scalar, digest, HashAlgorithm.SHA256) == (
        0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
        0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
    )


@EACH
@pytest.mark.parametrize("algorithm", HASHES)
def test_signatures_are_those_of_the_peer(name: str, algorithm: HashAlgorithm) -> None:
    curve, source = CURVES[name], random.Random(name)
    for scalar in (1, curve.order - 1, source.randrange(1, curve.order), source.randrange(1, curve.order)):
        key = SigningKey.from_secret_exponent(scalar, PEERS[name])
        for digest in (algorithm.digest(scalar.to_bytes(curve.size, "big")), b"\xff" * algorithm.size):
            theirs = key.sign_digest_deterministic(
                digest, getattr(hashlib, algorithm.value), sigencode_strings, allow_truncate=True
            )
            numbers = tuple(int.from_bytes(part, "big") for part in theirs)
            assert ecdsa.sign(curve, scalar, digest, algorithm) == numbers
            assert ecdsa.verify(curve, weierstrass.public_point(curve, scalar), digest, *numbers)


@EACH
def test_signature_verifies_only_with_its_digest_and_key(name: str) -> None:
    curve = CURVES[name]
    digest = hashlib.sha512(b"message").digest()
    r, s = ecdsa.sign(curve, 12345, digest, HashAlgorithm.SHA512)
    key, other = weierstrass.public_point(curve, 12345), weierstrass.public_point(curve, 12346)
    assert ecdsa.verify(curve, key, digest, r, s)
    assert ecdsa.verify(curve, key, digest, r, curve.order - s)  # malleable by itself; no rule against it in TLS
    assert not ecdsa.verify(curve, other, digest, r, s)
    assert not ecdsa.verify(curve, key, digest[::-1], r, s)
    for wrong_r, wrong_s in ((0, s), (r, 0), (r + curve.order, s), (r, s + curve.order), (-r, s), (r, -s), (s, r)):
        assert not ecdsa.verify(curve, key, digest, wrong_r, wrong_s)


def test_sum_at_infinity_is_a_wrong_signature() -> None:
    """u1·G + u2·Q = 0 where Q = −(u1 / u2)·G."""
    key = weierstrass.public_point(P256, -5 * pow(7, -1, P256.order) % P256.order)
    assert not ecdsa.verify(P256, key, (5).to_bytes(32, "big"), 7, 1)


def test_digest_of_zero_signs_and_verifies() -> None:
    """u1 = 0: nothing of the generator is in the sum."""
    for digest in (bytes(32), P256.order.to_bytes(32, "big")):
        r, s = ecdsa.sign(P256, 99, digest, HashAlgorithm.SHA256)
        assert ecdsa.verify(P256, weierstrass.public_point(P256, 99), digest, r, s)


def test_key_equal_to_the_base_point_or_its_negative_verifies() -> None:
    digest = hashlib.sha256(b"message").digest()
    for scalar in (1, P256.order - 1):
        r, s = ecdsa.sign(P256, scalar, digest, HashAlgorithm.SHA256)
        assert ecdsa.verify(P256, weierstrass.public_point(P256, scalar), digest, r, s)


@EACH
def test_coordinate_above_the_order_counts_only_when_it_is_reduced(name: str) -> None:
    """With a digest of zero and s = r the sum is the key itself: here a point whose x is the order and some."""
    curve = CURVES[name]
    encodings = (b"\x02" + (curve.order + r).to_bytes(curve.size, "big") for r in range(1, 100))
    key = next(point for encoding in encodings if (point := weierstrass.decode_point(curve, encoding)))
    r = int.from_bytes(key[1 : 1 + curve.size], "big") - curve.order
    assert ecdsa.verify(curve, key, bytes(curve.size), r, r)
    assert not ecdsa.verify(curve, key, bytes(curve.size), r + curve.order, r)
