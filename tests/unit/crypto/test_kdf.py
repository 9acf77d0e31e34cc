"""HMAC, HKDF, the TLS 1.2 PRF and PBKDF2, against published vectors and against tlslite-ng and ``hashlib``."""

from __future__ import annotations

import hashlib
import hmac
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puressl.crypto import kdf
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.kdf import Hmac, equal, hkdf_expand, hkdf_expand_label, hkdf_extract, hmac_digest, pbkdf2, prf12
from puressl.errors import Reason, SSLError

SHA1, SHA256, SHA384 = HashAlgorithm.SHA1, HashAlgorithm.SHA256, HashAlgorithm.SHA384
ALGORITHMS = st.sampled_from(list(HashAlgorithm))


@settings(deadline=None)
@given(ALGORITHMS, st.binary(max_size=300), st.binary(max_size=300))
def test_hmac_is_that_of_the_standard_library(algorithm: HashAlgorithm, key: bytes, data: bytes) -> None:
    expected = hmac.new(key, data, algorithm.value).digest()
    mac = Hmac(algorithm, key)
    assert hmac_digest(algorithm, key, data) == mac.digest(data) == expected
    assert mac.digest(data) == expected  # using a keyed state leaves it as it was


# RFC 5869 A.1 and A.3
@pytest.mark.parametrize(
    ("ikm", "salt", "info", "prk", "okm"),
    [
        (
            "0b" * 22,
            "000102030405060708090a0b0c",
            "f0f1f2f3f4f5f6f7f8f9",
            "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        ),
        (
            "0b" * 22,
            "",
            "",
            "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        ),
    ],
)
def test_hkdf_gives_the_outputs_of_rfc5869(ikm: str, salt: str, info: str, prk: str, okm: str) -> None:
    extracted = hkdf_extract(SHA256, bytes.fromhex(salt), bytes.fromhex(ikm))
    assert extracted == bytes.fromhex(prk)
    assert hkdf_expand(SHA256, extracted, bytes.fromhex(info), 42) == bytes.fromhex(okm)


@pytest.mark.parametrize("algorithm", list(HashAlgorithm))
def test_hkdf_expand_ends_exactly_at_255_blocks(algorithm: HashAlgorithm) -> None:
    most = 255 * algorithm.size
    longest = hkdf_expand(algorithm, b"prk", b"info", most)
    assert len(longest) == most
    assert hkdf_expand(algorithm, b"prk", b"info", 0) == b""
    assert hkdf_expand(algorithm, b"prk", b"info", algorithm.size + 1) == longest[: algorithm.size + 1]
    for length in (most + 1, -1):
        with pytest.raises(SSLError) as refused:
            hkdf_expand(algorithm, b"prk", b"info", length)
        assert refused.value.reason is Reason.BADARG


@settings(deadline=None)
@given(
    st.sampled_from([SHA256, SHA384]), st.binary(max_size=64), st.binary(max_size=40), st.binary(max_size=64),
    st.integers(1, 200),
)  # fmt: skip
def test_hkdf_expand_label_agrees_with_tlslite(
    algorithm: HashAlgorithm, secret: bytes, label: bytes, context: bytes, length: int
) -> None:
    from tlslite.utils.cryptomath import HKDF_expand_label

    expected = HKDF_expand_label(bytearray(secret), bytearray(label), bytearray(context), length, algorithm.value)
    assert hkdf_expand_label(algorithm, secret, label, context, length) == bytes(expected)


def test_hkdf_label_takes_text_as_well_as_octets() -> None:
    assert hkdf_expand_label(SHA256, b"s", "key", b"", 16) == hkdf_expand_label(SHA256, b"s", b"key", b"", 16)


def test_hkdf_label_refuses_what_its_length_fields_cannot_hold() -> None:
    assert len(hkdf_expand_label(SHA256, b"s", bytes(249), bytes(255), 32)) == 32
    for label, context, length in ((bytes(250), b"", 32), (b"", bytes(256), 32), (b"", b"", 1 << 16), (b"", b"", -1)):
        with pytest.raises(SSLError) as refused:
            hkdf_expand_label(SHA256, b"s", label, context, length)
        assert refused.value.reason is Reason.BADARG


# The P_SHA256 and P_SHA384 vectors published on the IETF TLS mailing list, which many libraries use.
@pytest.mark.parametrize(
    ("algorithm", "secret", "seed", "output"),
    [
        (
            SHA256,
            "9bbe436ba940f017b17652849a71db35",
            "a0ba9f936cda311827a6f796ffd5198c",
            "e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a"
            "6b301791e90d35c9c9a46b4e14baf9af0fa022f7077def17abfd3797c0564bab"
            "4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701"
            "87347b66",
        ),
        (
            SHA384,
            "b80b733d6ceefcdc71566ea48e5567df",
            "cd665cf6a8447dd6ff8b27555edb7465",
            "7b0c18e9ced410ed1804f2cfa34a336a1c14dffb4900bb5fd7942107e81c83cd"
            "e9ca0faa60be9fe34f82b1233c9146a0e534cb400fed2700884f9dc236f80edd"
            "8bfa961144c9e8d792eca722a7b32fc3d416d473ebc2c5fd4abfdad05d918425"
            "9b5bf8cd4d90fa0d31e2dec479e4f1a26066f2eea9a69236a3e52655c9e9aee6"
            "91c8f3a26854308d5eaa3be85e0990703d73e56f",
        ),
    ],
    ids=["P_SHA256", "P_SHA384"],
)
def test_prf_gives_the_published_output(algorithm: HashAlgorithm, secret: str, seed: str, output: str) -> None:
    expected = bytes.fromhex(output)
    ours = prf12(algorithm, bytes.fromhex(secret), b"test label", bytes.fromhex(seed), len(expected))
    assert ours == expected


@settings(deadline=None)
@given(st.binary(max_size=200), st.binary(min_size=1, max_size=30), st.binary(max_size=64), st.integers(1, 200))
def test_prf_agrees_with_tlslite(secret: bytes, label: bytes, seed: bytes, length: int) -> None:
    from tlslite.mathtls import PRF_1_2, PRF_1_2_SHA384

    for algorithm, oracle in ((SHA256, PRF_1_2), (SHA384, PRF_1_2_SHA384)):
        expected = oracle(bytearray(secret), bytearray(label), bytearray(seed), length)
        assert prf12(algorithm, secret, label, seed, length) == bytes(expected)


@settings(deadline=None)
@given(ALGORITHMS, st.binary(max_size=200), st.binary(max_size=64), st.integers(1, 20), st.integers(1, 200))
def test_pbkdf2_is_that_of_hashlib(
    algorithm: HashAlgorithm, password: bytes, salt: bytes, iterations: int, length: int
) -> None:
    expected = hashlib.pbkdf2_hmac(algorithm.value, password, salt, iterations, length)
    assert pbkdf2(algorithm, password, salt, iterations, length) == expected


def test_pbkdf2_gives_the_output_of_rfc6070() -> None:
    assert pbkdf2(SHA1, b"password", b"salt", 4096, 20).hex() == "4b007901b765489abead49d926f721d065a429c1"


@pytest.mark.parametrize(
    ("iterations", "length"),
    [
        (0, 32),
        (-1, 32),
        (kdf.PBKDF2_MAX_ITERATIONS + 1, 32),
        (1 << 200, 32),
        (1, 0),
        (1, -1),
        (1, kdf.PBKDF2_MAX_LENGTH + 1),
    ],
)
def test_pbkdf2_refuses_parameters_beyond_its_limits_at_once(iterations: int, length: int) -> None:
    started = time.perf_counter()
    with pytest.raises(SSLError) as refused:
        pbkdf2(SHA256, b"password", b"salt", iterations, length)
    assert refused.value.reason is Reason.BADARG
    assert time.perf_counter() - started < 1


def test_equal_tells_equal_from_different_and_from_longer() -> None:
    assert equal(b"", b"")
    assert equal(b"abc", b"abc")
    assert not equal(b"abc", b"abd")
    assert not equal(b"abc", b"abcd")
