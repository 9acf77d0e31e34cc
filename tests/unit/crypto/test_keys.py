"""Key objects: what constructors refuse, what they compute, and that they keep their secrets."""

from __future__ import annotations

import dataclasses

import pytest

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import (
    Curve,
    ECPrivateKey,
    ECPublicKey,
    EdPrivateKey,
    EdPublicKey,
    KeyType,
    PrivateKey,
    PssParameters,
    RSAPrivateKey,
    RSAPublicKey,
    generate_ec,
    generate_ed,
    generate_rsa,
    random_scalar,
)
from puressl.env import Purpose, SeededEnv
from puressl.errors import Problem, ProtocolError

ENV = SeededEnv(b"test_keys", 0)
RSA = generate_rsa(1024, ENV)
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def test_generated_rsa_key_has_the_size_asked_for() -> None:
    assert RSA.public.bits == 1024
    assert RSA.public.size == 128
    assert RSA.e == 65537
    assert RSA.key_type is KeyType.RSA


def test_generation_is_a_function_of_the_environment() -> None:
    assert generate_rsa(1024, SeededEnv(b"a", 0)) == generate_rsa(1024, SeededEnv(b"a", 0))
    for curve in Curve:
        assert generate_ec(curve, SeededEnv(b"a", 0)) == generate_ec(curve, SeededEnv(b"a", 0))
        assert generate_ec(curve, SeededEnv(b"a", 0)) != generate_ec(curve, SeededEnv(b"b", 0))
    assert generate_ed(KeyType.ED25519, SeededEnv(b"a", 0)) == generate_ed(KeyType.ED25519, SeededEnv(b"a", 0))


@pytest.mark.parametrize("bits", [1022, 1023, 1025, 16386])
def test_rsa_generation_refuses_sizes_it_cannot_make(bits: int) -> None:
    with pytest.raises(ProtocolError):
        generate_rsa(bits, ENV)


@pytest.mark.parametrize(
    ("modulus", "exponent", "problem"),
    [
        (1 << 1022 | 1, 3, Problem.WEAK_KEY),
        (0, 3, Problem.WEAK_KEY),
        (1 << 16384 | 1, 3, Problem.ILLEGAL_PARAMETER),
        (1 << 1024, 3, Problem.ILLEGAL_PARAMETER),
        (1 << 1024 | 1, 0, Problem.ILLEGAL_PARAMETER),
        (1 << 1024 | 1, 1, Problem.ILLEGAL_PARAMETER),
        (1 << 1024 | 1, -3, Problem.ILLEGAL_PARAMETER),
        (1 << 1024 | 1, 65536, Problem.ILLEGAL_PARAMETER),
        (1 << 1024 | 1, 1 << 32 | 1, Problem.ILLEGAL_PARAMETER),
    ],
    ids=["1023", "0", "16385", "even", "e=0", "e=1", "e<0", "e even", "e long"],
)
def test_rsa_public_key_refuses_numbers_out_of_bounds(modulus: int, exponent: int, problem: Problem) -> None:
    with pytest.raises(ProtocolError) as caught:
        RSAPublicKey(modulus, exponent)
    assert caught.value.problem is problem


def test_largest_rsa_key_has_a_repr() -> None:
    assert "exponent=3" in repr(RSAPublicKey((1 << 16384) - 1, 3))


@pytest.mark.parametrize("name", ["n", "e", "d", "p", "q", "dp", "dq", "qinv"])
@pytest.mark.parametrize("difference", [-2, 2])
def test_rsa_private_key_refuses_a_number_that_does_not_belong(name: str, difference: int) -> None:
    with pytest.raises(ProtocolError) as caught:
        dataclasses.replace(RSA, **{name: getattr(RSA, name) + difference})
    assert caught.value.problem is Problem.ILLEGAL_PARAMETER


@pytest.mark.parametrize("p", [0, 1, -3])
def test_rsa_private_key_refuses_numbers_that_are_no_primes(p: int) -> None:
    with pytest.raises(ProtocolError):
        RSAPrivateKey.from_primes(p, RSA.q)
    with pytest.raises(ProtocolError):
        dataclasses.replace(RSA, p=p)


def test_rsa_key_from_primes_is_the_generated_one() -> None:
    assert RSAPrivateKey.from_primes(RSA.p, RSA.q) == RSA


def test_pss_parameters_make_an_rsa_pss_key() -> None:
    key = RSAPrivateKey.from_primes(RSA.p, RSA.q, pss=PssParameters(HashAlgorithm.SHA256, 32))
    assert key.key_type is key.public.key_type is KeyType.RSA_PSS
    assert key.public.pss == PssParameters(HashAlgorithm.SHA256, 32)


@pytest.mark.parametrize("curve", list(Curve))
def test_point_is_read_in_both_forms(curve: Curve) -> None:
    for seed in (b"a", b"b", b"c", b"d"):
        public = generate_ec(curve, SeededEnv(seed, 0)).public
        x, y = public.point[1 : 1 + curve.size], public.point[1 + curve.size :]
        assert ECPublicKey.decode(curve, public.point) == public
        assert ECPublicKey.decode(curve, bytes([2 + (y[-1] & 1)]) + x) == public
        assert ECPublicKey.decode(curve, bytes([3 - (y[-1] & 1)]) + x) != public


@pytest.mark.parametrize("curve", list(Curve))
def test_point_is_refused_in_every_other_form(curve: Curve) -> None:
    point = generate_ec(curve, ENV).public.point
    wrong = [point[:length] for length in range(len(point)) if length != 0]
    wrong += [
        b"",
        b"\x00",
        point + b"\x00",
        b"\x06" + point[1:],
        b"\x07" + point[1:],
        b"\x04" + b"\xff" * (len(point) - 1),
    ]
    wrong += [point[:-1] + bytes([point[-1] ^ 1]), b"\x04" + bytes(2 * curve.size), b"\x02" + b"\xff" * curve.size]
    for octets in wrong:
        with pytest.raises(ProtocolError) as caught:
            ECPublicKey.decode(curve, octets)
        assert caught.value.problem is Problem.ILLEGAL_PARAMETER


def test_half_of_all_compressed_points_do_not_exist() -> None:
    exist = 0
    for x in range(1, 101):
        try:
            ECPublicKey.decode(Curve.SECP256R1, b"\x02" + x.to_bytes(32, "big"))
        except ProtocolError:
            continue
        exist += 1
    assert 30 < exist < 70


def test_compressed_octets_are_no_point_of_a_key() -> None:
    point = generate_ec(Curve.SECP256R1, ENV).public.point
    with pytest.raises(ProtocolError):
        ECPublicKey(Curve.SECP256R1, bytes([2 + (point[-1] & 1)]) + point[1:33])


@pytest.mark.parametrize("scalar", [0, -1, P256_ORDER, P256_ORDER + 1])
def test_scalar_out_of_range_is_refused(scalar: int) -> None:
    with pytest.raises(ProtocolError):
        ECPrivateKey(Curve.SECP256R1, scalar)


def test_smallest_and_largest_scalar_have_mirrored_points() -> None:
    one, last = ECPrivateKey(Curve.SECP256R1, 1), ECPrivateKey(Curve.SECP256R1, P256_ORDER - 1)
    assert one.public.point[:33] == last.public.point[:33]
    assert one.public.point[33:] != last.public.point[33:]


class Octets:
    """An environment whose random bytes are given, one string for each request."""

    def __init__(self, *strings: bytes) -> None:
        self.strings = list(strings)

    def random(self, length: int, purpose: Purpose) -> bytes:
        string = self.strings.pop(0)
        assert len(string) == length
        assert purpose is Purpose.KEY_SHARE
        return string


def test_random_scalar_is_the_first_string_in_range() -> None:
    env = Octets(b"\xff" * 32, bytes(32), P256_ORDER.to_bytes(32, "big"), (5).to_bytes(32, "big"))
    assert random_scalar(Curve.SECP256R1, env, Purpose.KEY_SHARE) == 5


@pytest.mark.parametrize(("key_type", "size"), [(KeyType.ED25519, 32), (KeyType.ED448, 57)])
def test_eddsa_keys_have_one_length(key_type: KeyType, size: int) -> None:
    key = generate_ed(key_type, ENV)
    assert len(key.seed) == len(key.public.raw) == size
    for length in (0, size - 1, size + 1):
        with pytest.raises(ProtocolError):
            EdPrivateKey(key_type, bytes(length))
        with pytest.raises(ProtocolError):
            EdPublicKey(key_type, bytes(length))


def test_other_key_types_are_no_eddsa_keys() -> None:
    for key_type in (KeyType.RSA, KeyType.EC):
        with pytest.raises(ProtocolError):
            generate_ed(key_type, ENV)
        with pytest.raises(ProtocolError):
            EdPublicKey(key_type, bytes(32))


def numbers_of(key: PrivateKey) -> list[int | bytes]:
    if isinstance(key, RSAPrivateKey):
        return [key.d, key.p, key.q, key.dp, key.dq, key.qinv]
    return [key.scalar] if isinstance(key, ECPrivateKey) else [key.seed]


@pytest.mark.parametrize(
    "key", [RSA, generate_ec(Curve.SECP256R1, ENV), generate_ed(KeyType.ED25519, ENV)], ids=lambda key: key.key_type
)
def test_no_secret_is_printed(key: PrivateKey) -> None:
    for text in (repr(key), str(key), f"{key}"):
        for number in numbers_of(key):
            secret = number if isinstance(number, bytes) else number.to_bytes(128, "big").lstrip(b"\x00")
            assert repr(number) not in text
            assert repr(secret)[2:-1] not in text
            assert secret.hex() not in text.lower()
