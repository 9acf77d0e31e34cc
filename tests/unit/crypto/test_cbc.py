"""AES-CBC, against NIST's examples and tlslite-ng."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puressl.crypto import cbc
from puressl.crypto.aes import BLOCKS_PER_PASS, Aes
from puressl.crypto.cbc import AesCbc
from puressl.errors import Problem, ProtocolError, Reason, SSLError

IV = bytes(range(16))
PLAINTEXT = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")


# NIST SP 800-38A F.2.1, F.2.3, F.2.5: the first two blocks
@pytest.mark.parametrize(
    ("key", "ciphertext"),
    [
        (
            "2b7e151628aed2a6abf7158809cf4f3c",
            "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2",
        ),
        (
            "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b",
            "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a",
        ),
        (
            "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d",
        ),
    ],
    ids=["aes-128", "aes-192", "aes-256"],
)
def test_output_is_that_of_sp800_38a(key: str, ciphertext: str) -> None:
    assert cbc.encrypt(bytes.fromhex(key), IV, PLAINTEXT).hex() == ciphertext
    assert cbc.decrypt(bytes.fromhex(key), IV, bytes.fromhex(ciphertext)) == PLAINTEXT


@settings(deadline=None, max_examples=30)
@given(st.sampled_from([16, 32]), st.binary(min_size=16, max_size=16), st.integers(0, 12), st.randoms())
def test_output_is_that_of_tlslite(key_length: int, iv: bytes, blocks: int, random: object) -> None:
    from tlslite.utils.cipherfactory import createAES

    key, data = random.randbytes(key_length), random.randbytes(16 * blocks)  # type: ignore[attr-defined]
    ours = AesCbc(key)
    sealed = ours.encrypt(iv, data)
    assert sealed == bytes(createAES(bytearray(key), bytearray(iv), ["python"]).encrypt(bytearray(data)))
    assert ours.decrypt(iv, sealed) == data
    assert ours.encrypt(iv, data) == sealed  # no chain is carried over


def test_inputs_may_be_any_bytes_like_object_and_are_left_alone() -> None:
    cipher, iv, data = AesCbc(bytearray(16)), bytearray(IV), bytearray(PLAINTEXT)
    sealed = cipher.encrypt(iv, data)
    opened = cipher.decrypt(memoryview(iv), memoryview(sealed))
    assert (type(sealed), type(opened)) == (bytes, bytes)
    assert (iv, data, opened) == (IV, PLAINTEXT, PLAINTEXT)


@pytest.mark.parametrize("length", [1, 15, 17, 31])
def test_partial_blocks_are_the_callers_fault_in_and_the_peers_fault_out(length: int) -> None:
    with pytest.raises(SSLError) as refused:
        cbc.encrypt(bytes(16), IV, bytes(length))
    assert refused.value.reason is Reason.BADARG
    with pytest.raises(ProtocolError) as failure:
        cbc.decrypt(bytes(16), IV, bytes(length))
    assert failure.value.problem is Problem.BAD_RECORD_MAC


@pytest.mark.parametrize("length", [0, 12, 15, 17])
def test_an_iv_of_another_length_is_a_bad_argument(length: int) -> None:
    for operation in (cbc.encrypt, cbc.decrypt):
        with pytest.raises(SSLError) as refused:
            operation(bytes(16), bytes(length), bytes(16))
        assert refused.value.reason is Reason.BADARG


@pytest.mark.parametrize("length", [0, 8, 15, 17, 31, 33])
def test_a_key_of_another_length_is_a_bad_argument(length: int) -> None:
    with pytest.raises(SSLError) as refused:
        AesCbc(bytes(length))
    assert refused.value.reason is Reason.BADARG


def chained(key: bytes, iv: bytes, data: bytes) -> bytes:
    """SP 800-38A 6.2, block by block."""
    cipher, blocks = Aes(key), [iv]
    for start in range(0, len(data), 16):
        mixed = int.from_bytes(data[start : start + 16], "big") ^ int.from_bytes(blocks[-1], "big")
        blocks.append(cipher.encrypt(mixed.to_bytes(16, "big")))
    return b"".join(blocks[1:])


@pytest.mark.parametrize(
    "lengths", [[48], [0, 16, 160], [16] * 8, [32, 0, 64] * 3, [16 * 140, 16, 0] + [16] * 14, [16] * 1030]
)
def test_a_batch_gives_what_its_messages_give_one_by_one(lengths: list[int]) -> None:
    source = random.Random(sum(lengths))
    key = source.randbytes(16)
    messages = [(source.randbytes(16), source.randbytes(length)) for length in lengths]
    cipher = AesCbc(key)
    sealed = cipher.encrypt_batch(messages)
    assert sealed == [chained(key, iv, data) for iv, data in messages]
    for (iv, data), ciphertext in zip(messages, sealed, strict=True):
        assert cipher.decrypt(iv, ciphertext) == data
    assert cipher.encrypt_batch([]) == []


def test_one_bad_message_of_a_batch_is_a_bad_argument() -> None:
    for message in ((bytes(15), bytes(16)), (IV, bytes(17))):
        with pytest.raises(SSLError) as refused:
            AesCbc(bytes(16)).encrypt_batch([(IV, bytes(16)), message])
        assert refused.value.reason is Reason.BADARG


@pytest.mark.parametrize("key_length", [16, 24, 32])
def test_long_ciphertexts_are_decrypted_as_tlslite_does(key_length: int) -> None:
    from tlslite.utils.cipherfactory import createAES

    source = random.Random(key_length)
    key = source.randbytes(key_length)
    for length in (40_000, 16 * (BLOCKS_PER_PASS + 1)):
        data = source.randbytes(length // 16 * 16)
        opened = AesCbc(key).decrypt(IV, data)
        assert len(opened) == len(data)
        for start in (0, 16 * 1000, len(data) - 64):  # a stretch is decrypted behind the block before it
            before = (IV + data)[start : start + 16]
            part = createAES(bytearray(key), bytearray(before), ["python"]).decrypt(bytearray(data[start : start + 64]))
            assert opened[start : start + 64] == bytes(part)
