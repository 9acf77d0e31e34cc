"""HMAC_DRBG: a known answer of NIST's, and every path against the standard's pseudocode written out."""

from __future__ import annotations

import copy
import hashlib
import hmac
import pickle

import pytest

from puressl.drbg import (
    ENTROPY_LENGTH,
    MAX_REQUEST,
    NONCE_LENGTH,
    RESEED_INTERVAL,
    HmacDrbg,
)

ENTROPY, NONCE = bytes(range(32)), bytes(range(100, 116))


class Written:
    """SP 800-90A Rev. 1, 10.1.2, step by step and without an interval."""

    def __init__(self, seed: bytes) -> None:
        self.key, self.value = b"\x00" * 32, b"\x01" * 32
        self.update(seed)

    def mac(self, data: bytes) -> bytes:
        return hmac.new(self.key, data, hashlib.sha256).digest()

    def update(self, provided: bytes) -> None:
        self.key = self.mac(self.value + b"\x00" + provided)
        self.value = self.mac(self.value)
        if provided == b"":
            return
        self.key = self.mac(self.value + b"\x01" + provided)
        self.value = self.mac(self.value)

    def generate(self, length: int, additional: bytes = b"") -> bytes:
        if additional != b"":
            self.update(additional)
        temporary = b""
        while len(temporary) < length:
            self.value = self.mac(self.value)
            temporary = temporary + self.value
        self.update(additional)
        return temporary[:length]


def test_known_answer_of_the_validation_suite() -> None:
    """CAVP's HMAC_DRBG, SHA-256, no reseed, no personalization string, no additional input, count 0."""
    generator = HmacDrbg(
        bytes.fromhex("ca851911349384bffe89de1cbdc46e6831e44d34a4fb935ee285dd14b71a7488"),
        bytes.fromhex("659ba96c601dc69fc902940805ec0ca8"),
    )
    generator.generate(128)
    answer = generator.generate(128)
    assert answer is not None
    assert answer.hex() == (
        "e528e9abf2dece54d47c7e75e5fe302149f817ea9fb4bee6f4199697d04d5b89d54fbb978a15b5c443c9ec21036d2460"
        "b6f73ebad0dc2aba6e624abf07745bc107694bb7547bb0995f70de25d6b29e2d3011bb19d27676c07162c8b5ccde0668"
        "961df86803482cb37ed6d5c0bb8d50cf1f50d476aa0458bdaba806f48be9dcb8"
    )


def test_every_path_is_the_standards() -> None:
    ours, theirs = HmacDrbg(ENTROPY, NONCE, b"person"), Written(ENTROPY + NONCE + b"person")
    for length in (0, 1, 31, 32, 33, 1_000, MAX_REQUEST):
        assert ours.generate(length) == theirs.generate(length)
        assert ours.generate(length, b"additional") == theirs.generate(length, b"additional")
    for additional in (b"", b"mixed in"):
        ours.reseed(ENTROPY[::-1], additional)
        theirs.update(ENTROPY[::-1] + additional)
        assert ours.generate(100) == theirs.generate(100)


def test_reseed_is_demanded_after_the_interval() -> None:
    generator = HmacDrbg(ENTROPY, NONCE)
    assert all(generator.generate(0) is not None for _ in range(RESEED_INTERVAL))
    assert generator.generate(0) is None
    generator.reseed(ENTROPY)
    assert generator.generate(1)
    generator.expire()
    assert generator.generate(1) is None


def test_state_that_leaks_does_not_give_away_what_was_generated() -> None:
    """After a request neither key nor value is what its output was made with or is."""
    generator = HmacDrbg(ENTROPY, NONCE)
    before = generator._key
    generated = generator.generate(64)
    assert generated is not None
    assert generator._key != before
    assert generator._value not in generated


@pytest.mark.parametrize(("entropy", "nonce"), [(ENTROPY_LENGTH - 1, NONCE_LENGTH), (ENTROPY_LENGTH, NONCE_LENGTH - 1)])
def test_too_little_entropy_is_refused(entropy: int, nonce: int) -> None:
    with pytest.raises(ValueError, match="not enough"):
        HmacDrbg(bytes(entropy), bytes(nonce))
    if entropy < ENTROPY_LENGTH:
        with pytest.raises(ValueError, match="not enough"):
            HmacDrbg(ENTROPY, NONCE).reseed(bytes(entropy), b"a lot of additional input does not help here")


def test_longer_request_than_the_standard_allows_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        HmacDrbg(ENTROPY, NONCE).generate(MAX_REQUEST + 1)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_generator_is_not_copied(duplicate) -> None:
    with pytest.raises(TypeError, match="same bytes again"):
        duplicate(HmacDrbg(ENTROPY, NONCE))
