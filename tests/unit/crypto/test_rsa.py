"""RSA: encodings as tlslite-ng has them, faults, blinding, and a decryption that tells nothing."""

from __future__ import annotations

import dataclasses

import pytest
from tlslite.utils.python_rsakey import Python_RSAKey

from puressl.crypto import rsa
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import RSAPrivateKey, RSAPublicKey, generate_rsa
from puressl.crypto.primes import random_prime
from puressl.env import Purpose, SeededEnv
from puressl.errors import Problem, ProtocolError

ENV = SeededEnv(b"test_rsa", 0)
KEY = generate_rsa(1024, ENV)
SHA1, SHA256, SHA384, SHA512 = HashAlgorithm.SHA1, HashAlgorithm.SHA256, HashAlgorithm.SHA384, HashAlgorithm.SHA512
VERSION = 0x0303
MESSAGE = b"a message"


def key_of(first: int, second: int) -> RSAPrivateKey:
    """A key of two primes of these lengths; its modulus has their sum."""
    while True:
        try:
            return RSAPrivateKey.from_primes(random_prime(first, ENV), random_prime(second, ENV))
        except ProtocolError:
            continue


def accepted_by_tlslite(key: RSAPublicKey, scheme: str, algorithm: HashAlgorithm, salt: int, signature: bytes) -> bool:
    peer = Python_RSAKey(key.modulus, key.exponent)
    return bool(peer.hashAndVerify(bytearray(signature), bytearray(MESSAGE), scheme, algorithm.value, salt))


@pytest.mark.parametrize("hash_algorithm", [SHA1, SHA256, SHA384, SHA512])
def test_signatures_are_encoded_as_tlslite_expects(hash_algorithm: HashAlgorithm) -> None:
    signature = rsa.sign_pkcs1(KEY, hash_algorithm, MESSAGE, ENV)
    assert accepted_by_tlslite(KEY.public, "PKCS1", hash_algorithm, 0, signature)
    for salt_length in (0, 20, 32):
        signature = rsa.sign_pss(KEY, hash_algorithm, salt_length, MESSAGE, ENV)
        assert accepted_by_tlslite(KEY.public, "PSS", hash_algorithm, salt_length, signature)


@pytest.mark.parametrize("hash_algorithm", [SHA256, SHA384, SHA512])
def test_pkcs1_signature_verifies_and_is_deterministic(hash_algorithm: HashAlgorithm) -> None:
    signature = rsa.sign_pkcs1(KEY, hash_algorithm, MESSAGE, ENV)
    assert signature == rsa.sign_pkcs1(KEY, hash_algorithm, MESSAGE, ENV)
    assert len(signature) == KEY.public.size
    assert rsa.verify_pkcs1(KEY.public, hash_algorithm, signature, MESSAGE)
    assert not rsa.verify_pkcs1(KEY.public, hash_algorithm, signature, MESSAGE + b".")


@pytest.mark.parametrize(("first", "second"), [(512, 512), (512, 513), (513, 513), (514, 515), (515, 516), (516, 516)])
def test_pss_works_for_every_remainder_of_the_modulus_length(first: int, second: int) -> None:
    key = key_of(first, second)
    assert key.public.bits == first + second
    signature = rsa.sign_pss(key, SHA256, 32, MESSAGE, ENV)
    assert len(signature) == key.public.size
    assert rsa.verify_pss(key.public, SHA256, 32, signature, MESSAGE)
    assert not rsa.verify_pss(key.public, SHA256, 32, signature, b"")
    if key.public.bits % 8 != 1:  # tlslite-ng knows no encoding that is shorter than the modulus
        assert accepted_by_tlslite(key.public, "PSS", SHA256, 32, signature)


def test_pss_octet_before_a_shorter_encoding_must_be_zero() -> None:
    """The modulus has 1025 bits, the encoding 1024, and the octet left over is not of what is encoded."""
    key = key_of(512, 513)
    signatures = (rsa.sign_pss(key, SHA256, 32, MESSAGE, ENV) for _ in range(1000))
    blocks = (pow(int.from_bytes(signature, "big"), key.e, key.n).to_bytes(129, "big") for signature in signatures)
    block = next(block for block in blocks if int.from_bytes(b"\1" + block[1:], "big") < key.n)
    assert rsa.verify_pss(key.public, SHA256, 32, signature_of(block, key), MESSAGE)
    assert not rsa.verify_pss(key.public, SHA256, 32, signature_of(b"\1" + block[1:], key), MESSAGE)


def test_pss_salt_comes_from_the_environment() -> None:
    first = rsa.sign_pss(KEY, SHA256, 32, MESSAGE, SeededEnv(b"salt", 0))
    assert first == rsa.sign_pss(KEY, SHA256, 32, MESSAGE, SeededEnv(b"salt", 0))
    assert first != rsa.sign_pss(KEY, SHA256, 32, MESSAGE, SeededEnv(b"pepper", 0))


def test_pss_salt_length_is_exact() -> None:
    signature = rsa.sign_pss(KEY, SHA256, 32, MESSAGE, ENV)
    for length in (0, 20, 31, 33, 62, 63, 10**9):
        assert not rsa.verify_pss(KEY.public, SHA256, length, signature, MESSAGE)


@pytest.mark.parametrize(
    "sign", [lambda: rsa.sign_pkcs1(KEY, SHA256, MESSAGE, ENV), lambda: rsa.sign_pss(KEY, SHA256, 32, MESSAGE, ENV)]
)
def test_signature_is_refused_after_every_change(sign) -> None:  # type: ignore[no-untyped-def]
    signature = sign()

    def verifies(octets: bytes) -> bool:
        return rsa.verify_pkcs1(KEY.public, SHA256, octets, MESSAGE) or rsa.verify_pss(
            KEY.public, SHA256, 32, octets, MESSAGE
        )

    assert verifies(signature)
    for length in range(len(signature)):
        assert not verifies(signature[:length])
    assert not verifies(signature + b"\x00")
    assert not verifies(b"\x00" + signature)
    for place in range(0, len(signature), 7):
        changed = bytearray(signature)
        changed[place] ^= 1
        assert not verifies(bytes(changed))
    beyond = int.from_bytes(signature, "big") + KEY.n
    assert beyond.bit_length() > 1024 or not verifies(beyond.to_bytes(128, "big"))
    for special in (0, 1, KEY.n - 1, KEY.n):
        assert not verifies(special.to_bytes(128, "big"))


def signature_of(block: bytes, key: RSAPrivateKey = KEY) -> bytes:
    """The signature that the public operation turns into the block."""
    return pow(int.from_bytes(block, "big"), key.d, key.n).to_bytes(key.public.size, "big")


def ciphertext_of(block: bytes) -> bytes:
    """The ciphertext that the private operation turns into the block."""
    return pow(int.from_bytes(block, "big"), KEY.e, KEY.n).to_bytes(KEY.public.size, "big")


def test_pkcs1_padding_must_be_exact() -> None:
    info = bytes.fromhex("3031300d060960864801650304020105000420") + SHA256.digest(MESSAGE)
    good = b"\x00\x01" + b"\xff" * (128 - 3 - len(info)) + b"\x00" + info
    assert rsa.verify_pkcs1(KEY.public, SHA256, signature_of(good), MESSAGE)
    short = b"\x00\x01" + b"\xff" * 8 + b"\x00" + info
    without_null = bytes.fromhex("302f300b0609608648016503040201" + "0420") + SHA256.digest(MESSAGE)
    for block in (
        b"\x00\x02" + good[2:],
        good[:5] + b"\xfe" + good[6:],
        short + bytes(128 - len(short)),  # Bleichenbacher 2006: digest early, rubbish behind
        b"\x00\x01" + b"\xff" * (128 - 3 - len(without_null)) + b"\x00" + without_null,
    ):
        assert not rsa.verify_pkcs1(KEY.public, SHA256, signature_of(block), MESSAGE)


def test_short_modulus_cannot_hold_sha512_pss() -> None:
    assert rsa.can_sign(KEY.public, SHA384, SHA384.size)
    assert not rsa.can_sign(KEY.public, SHA512, SHA512.size)
    assert rsa.can_sign(KEY.public, SHA512, None)
    with pytest.raises(ProtocolError) as caught:
        rsa.sign_pss(KEY, SHA512, 64, MESSAGE, ENV)
    assert caught.value.problem is Problem.WEAK_KEY


def test_result_of_a_faulty_private_operation_is_withheld() -> None:
    for name in ("dp", "dq", "qinv"):
        broken = dataclasses.replace(KEY)
        object.__setattr__(broken, name, getattr(KEY, name) ^ 2)  # a fault after the key was made
        for operation in (
            lambda key=broken: rsa.sign_pkcs1(key, SHA256, MESSAGE, ENV),
            lambda key=broken: rsa.sign_pss(key, SHA256, 32, MESSAGE, ENV),
        ):
            with pytest.raises(ProtocolError) as caught:
                operation()
            assert caught.value.problem is Problem.INTERNAL_ERROR


class Recording(SeededEnv):
    """A seeded environment that notes what it is asked for."""

    def __init__(self, seed: bytes) -> None:
        super().__init__(seed, 0)
        self.asked: list[tuple[Purpose, int]] = []

    def random(self, length: int, purpose: Purpose) -> bytes:
        self.asked.append((purpose, length))
        return super().random(length, purpose)


def test_every_private_operation_is_blinded_afresh() -> None:
    env = Recording(b"blind")
    rsa.sign_pkcs1(KEY, SHA256, MESSAGE, env)
    rsa.sign_pkcs1(KEY, SHA256, MESSAGE, env)
    assert env.asked == [(Purpose.RSA_BLINDING, 16)] * 2


def premaster(version: int = VERSION) -> bytes:
    return version.to_bytes(2, "big") + bytes(range(46))


def test_premaster_survives_encryption() -> None:
    ciphertext = rsa.encrypt(KEY.public, premaster(), ENV)
    assert len(ciphertext) == KEY.public.size
    assert rsa.decrypt_premaster(KEY, ciphertext, VERSION, ENV) == premaster()


def test_encryption_padding_is_random_and_holds_no_zero() -> None:
    env = SeededEnv(b"padding", 0)
    for _ in range(20):
        ciphertext = rsa.encrypt(KEY.public, b"x", env)
        block = pow(int.from_bytes(ciphertext, "big"), KEY.d, KEY.n).to_bytes(128, "big")
        assert block[:2] == b"\x00\x02"
        assert block.index(0, 2) == 126
    with pytest.raises(ProtocolError):
        rsa.encrypt(KEY.public, bytes(118), env)


PADDING = b"\x5a" * (128 - 3 - 48)


def test_a_well_formed_block_gives_its_premaster() -> None:
    block = b"\x00\x02" + PADDING + b"\x00" + premaster()
    assert rsa.decrypt_premaster(KEY, ciphertext_of(block), VERSION, ENV) == premaster()


def blocks() -> dict[str, bytes]:
    """Every way for a decrypted block of 128 octets to be wrong."""
    padding = PADDING
    good = b"\x00\x02" + padding + b"\x00" + premaster()
    wrong = {
        "first octet": b"\x01" + good[1:],
        "block type 1": b"\x00\x01" + good[2:],
        "block type 0": b"\x00\x00" + good[2:],
        "no separator": good[:79] + b"\x01" + good[80:],
        "message too short": b"\x00\x02" + padding + b"\x01\x00" + premaster()[1:],
        "message too long": b"\x00\x02" + padding[:-1] + b"\x00" + premaster()[:1] + premaster(),
        "message empty": b"\x00\x02" + b"\x5a" * 125 + b"\x00",
        "no message": b"\x00\x02" + b"\x5a" * 126,
        "all zero": bytes(128),
        "older version": b"\x00\x02" + padding + b"\x00" + premaster(0x0302),
        "newer version": b"\x00\x02" + padding + b"\x00" + premaster(0x0304),
        "other major version": b"\x00\x02" + padding + b"\x00" + premaster(0x0203),
    }
    for place in range(2, 79):
        wrong[f"zero at {place}"] = good[:place] + b"\x00" + good[place + 1 :]
    return wrong


@pytest.mark.parametrize("name", sorted(blocks()))
def test_malformed_premaster_is_replaced_in_silence(name: str) -> None:
    block = blocks()[name]
    env = Recording(b"replace")
    result = rsa.decrypt_premaster(KEY, ciphertext_of(block), VERSION, env)
    expected = SeededEnv(b"replace", 0).random(46, Purpose.PREMASTER_SECRET)
    assert result == VERSION.to_bytes(2, "big") + expected
    # The same randomness in the same order as a right one takes: nothing to tell them apart by.
    right = Recording(b"replace")
    assert rsa.decrypt_premaster(KEY, rsa.encrypt(KEY.public, premaster(), ENV), VERSION, right) == premaster()
    assert env.asked == right.asked


@pytest.mark.parametrize(
    "ciphertext",
    [b"", b"\x00", bytes(128), bytes(127), bytes(129), KEY.n.to_bytes(128, "big"), b"\xff" * 128, b"\xff" * 65535],
    ids=["empty", "one octet", "zero", "short", "long", "the modulus", "above the modulus", "very long"],
)
def test_ciphertext_of_wrong_length_or_range_is_replaced_too(ciphertext: bytes) -> None:
    result = rsa.decrypt_premaster(KEY, ciphertext, VERSION, SeededEnv(b"replace", 0))
    assert result == VERSION.to_bytes(2, "big") + SeededEnv(b"replace", 0).random(46, Purpose.PREMASTER_SECRET)


def test_right_ciphertext_with_the_modulus_added_is_replaced() -> None:
    numbers = (int.from_bytes(rsa.encrypt(KEY.public, premaster(), ENV), "big") + KEY.n for _ in range(1000))
    ciphertext = next(number for number in numbers if number < 1 << 1024).to_bytes(128, "big")
    assert rsa.decrypt_premaster(KEY, ciphertext, VERSION, ENV) != premaster()


def test_right_ciphertext_with_a_leading_zero_too_many_is_replaced() -> None:
    ciphertext = b"\x00" + rsa.encrypt(KEY.public, premaster(), ENV)
    assert rsa.decrypt_premaster(KEY, ciphertext, VERSION, ENV) != premaster()
