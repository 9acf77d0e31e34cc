"""The AEADs: against tlslite-ng, against published vectors, and against damage of every kind."""

from __future__ import annotations

import random
import tracemalloc
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from puressl.crypto.aead import new_aead
from puressl.crypto.suites import AES_128_CBC, AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305, BulkCipher
from puressl.errors import Problem, ProtocolError, Reason, SSLError

AEADS = (AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305)
NONCE = bytes(range(12))

each_aead = pytest.mark.parametrize("cipher", AEADS, ids=lambda cipher: cipher.name)


def key_of(cipher: BulkCipher) -> bytes:
    return bytes(range(cipher.key_length))


def theirs(cipher: BulkCipher, key: bytes) -> Any:
    from tlslite.utils.cipherfactory import createAESGCM, createCHACHA20

    return (createCHACHA20 if cipher is CHACHA20_POLY1305 else createAESGCM)(bytearray(key), ["python"])


def agrees_with_tlslite(cipher: BulkCipher, key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> None:
    ours, oracle = new_aead(cipher, key), theirs(cipher, key)
    sealed = ours.seal(nonce, plaintext, aad)
    assert sealed == bytes(oracle.seal(bytearray(nonce), bytearray(plaintext), bytearray(aad)))
    assert ours.open(nonce, sealed, aad) == plaintext


@each_aead
@settings(deadline=None, max_examples=25)
@given(st.binary(min_size=12, max_size=12), st.binary(max_size=200), st.binary(max_size=40))
def test_output_is_that_of_tlslite(cipher: BulkCipher, nonce: bytes, plaintext: bytes, aad: bytes) -> None:
    agrees_with_tlslite(cipher, key_of(cipher), nonce, plaintext, aad)


def test_chacha20_poly1305_of_random_lengths_is_that_of_tlslite() -> None:
    source = random.Random(40_000)
    for length in [*(source.randrange(40_000) for _ in range(5)), 40_000]:
        key, nonce, plaintext = source.randbytes(32), source.randbytes(12), source.randbytes(length)
        agrees_with_tlslite(CHACHA20_POLY1305, key, nonce, plaintext, source.randbytes(source.randrange(40)))


def test_chacha20_poly1305_of_every_length_about_a_boundary_is_that_of_tlslite() -> None:
    data = random.Random(64).randbytes(400)
    for length in sorted({edge + around for edge in range(0, 400, 16) for around in (-1, 0, 1)} - {-1}):
        agrees_with_tlslite(CHACHA20_POLY1305, data[:32], NONCE, data[:length], data[: length % 19])


@each_aead
def test_a_whole_record_goes_through(cipher: BulkCipher) -> None:
    key, plaintext = key_of(cipher), bytes(range(256)) * 64 + b"\x17"
    sealed = new_aead(cipher, key).seal(NONCE, plaintext, b"header")
    assert len(sealed) == len(plaintext) + cipher.tag_length
    assert new_aead(cipher.name, key).open(NONCE, sealed, b"header") == plaintext


@each_aead
def test_every_damaged_bit_and_every_truncation_is_refused_alike(cipher: BulkCipher) -> None:
    aead = new_aead(cipher, key_of(cipher))
    sealed = aead.seal(NONCE, b"plain", b"aad")
    damaged = [
        sealed[:place] + bytes((sealed[place] ^ 1 << bit,)) + sealed[place + 1 :]
        for place in range(len(sealed))
        for bit in range(8)
    ]
    truncated = [sealed[:length] for length in range(len(sealed))]
    details = set()
    for ciphertext in (*damaged, *truncated, sealed + b"\0"):
        with pytest.raises(ProtocolError) as failure:
            aead.open(NONCE, ciphertext, b"aad")
        assert failure.value.problem is Problem.BAD_RECORD_MAC
        details.add(str(failure.value))
    assert len(details) == 1


@each_aead
def test_another_nonce_or_other_associated_data_is_refused(cipher: BulkCipher) -> None:
    aead = new_aead(cipher, key_of(cipher))
    sealed = aead.seal(NONCE, b"plain", b"aad")
    for nonce, aad in ((NONCE[::-1], b"aad"), (NONCE, b"aae"), (NONCE, b""), (NONCE, b"aad\0")):
        with pytest.raises(ProtocolError) as failure:
            aead.open(nonce, sealed, aad)
        assert failure.value.problem is Problem.BAD_RECORD_MAC


@each_aead
def test_inputs_may_be_any_bytes_like_object_and_are_left_alone(cipher: BulkCipher) -> None:
    aead = new_aead(cipher, bytearray(key_of(cipher)))
    nonce, plaintext, aad = bytearray(NONCE), bytearray(b"plain"), bytearray(b"aad")
    sealed = aead.seal(nonce, plaintext, aad)
    opened = aead.open(memoryview(nonce), memoryview(sealed), memoryview(aad))
    assert (type(sealed), type(opened)) == (bytes, bytes)
    assert (nonce, plaintext, aad, opened) == (NONCE, b"plain", b"aad", b"plain")


def messages(source: random.Random, lengths: list[int]) -> list[tuple[bytes, bytes, bytes]]:
    return [(source.randbytes(12), source.randbytes(length), source.randbytes(length % 14)) for length in lengths]


@each_aead
@pytest.mark.parametrize("lengths", [[], [0], [5, 0, 64, 63, 300], [16] * 20], ids=str)
def test_a_batch_is_its_messages_one_by_one(cipher: BulkCipher, lengths: list[int]) -> None:
    aead, batch = new_aead(cipher, key_of(cipher)), messages(random.Random(1), lengths)
    sealed = aead.seal_batch(batch)
    assert sealed == [aead.seal(*message) for message in batch]
    received = [(nonce, ciphertext, aad) for (nonce, _, aad), ciphertext in zip(batch, sealed, strict=True)]
    assert aead.open_batch(received) == [plaintext for _, plaintext, _ in batch]


def test_a_batch_of_chacha20_poly1305_over_several_passes_is_its_messages_one_by_one() -> None:
    aead = new_aead(CHACHA20_POLY1305, bytes(32))
    batch = messages(random.Random(2), [16_385, 1, 16_384, 17_000, 0, 70_000, 20_000, 8_000, 4_000])
    sealed = aead.seal_batch(batch)
    assert sealed == [aead.seal(*message) for message in batch]
    received = [(nonce, ciphertext, aad) for (nonce, _, aad), ciphertext in zip(batch, sealed, strict=True)]
    assert aead.open_batch(received) == [plaintext for _, plaintext, _ in batch]


@each_aead
def test_opening_a_batch_ends_before_the_first_forgery(cipher: BulkCipher) -> None:
    aead, batch = new_aead(cipher, key_of(cipher)), messages(random.Random(3), [20, 0, 70, 5])
    received = [(message[0], aead.seal(*message), message[2]) for message in batch]
    for place, (nonce, ciphertext, aad) in enumerate(received):
        for forged in (ciphertext[:-1] + bytes((ciphertext[-1] ^ 1,)), ciphertext[:15], b""):
            forgery = [*received[:place], (nonce, forged, aad), *received[place + 1 :]]
            assert aead.open_batch(forgery) == [plaintext for _, plaintext, _ in batch[:place]]


@each_aead
def test_a_batch_takes_views_of_a_larger_buffer(cipher: BulkCipher) -> None:
    aead, buffer = new_aead(cipher, key_of(cipher)), bytearray(range(200))
    view = memoryview(buffer)
    batch = [(NONCE, view[:100], b""), (NONCE[::-1], view[100:], b"aad")]
    sealed = aead.seal_batch(batch)
    assert sealed == [aead.seal(nonce, bytes(plaintext), aad) for nonce, plaintext, aad in batch]
    received = [
        (nonce, memoryview(bytearray(octets)), aad) for (nonce, _, aad), octets in zip(batch, sealed, strict=True)
    ]
    opened = aead.open_batch(received)
    assert b"".join(opened) == buffer == bytes(range(200))
    assert {type(octets) for octets in (*sealed, *opened)} == {bytes}


@each_aead
def test_a_batch_with_a_wrong_nonce_is_a_bad_argument(cipher: BulkCipher) -> None:
    aead = new_aead(cipher, key_of(cipher))
    good = (NONCE, aead.seal(NONCE, b"plain", b""), b"")
    for operation in (aead.seal_batch, aead.open_batch):
        with pytest.raises(SSLError) as refused:
            operation([good, (bytes(11), bytes(32), b"")])
        assert refused.value.reason is Reason.BADARG


def test_a_record_of_chacha20_poly1305_is_sealed_and_opened_in_under_two_mebibytes() -> None:
    aead, plaintext = new_aead(CHACHA20_POLY1305, bytes(32)), bytes((1 << 14) + 1)
    sealed = aead.seal(NONCE, plaintext, b"")
    tracemalloc.start()
    aead.seal(NONCE, plaintext, b"")
    aead.open(NONCE, sealed, b"")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 << 20


@each_aead
@pytest.mark.parametrize("length", [0, 8, 11, 13, 16])
def test_a_nonce_of_other_than_96_bits_is_a_bad_argument(cipher: BulkCipher, length: int) -> None:
    aead = new_aead(cipher, key_of(cipher))
    for operation in (aead.seal, aead.open):
        with pytest.raises(SSLError) as refused:
            operation(bytes(length), bytes(32), b"")
        assert refused.value.reason is Reason.BADARG


@each_aead
def test_a_key_of_any_other_length_is_a_bad_argument(cipher: BulkCipher) -> None:
    for length in {0, 15, 16, 17, 24, 31, 32, 33} - {cipher.key_length}:
        with pytest.raises(SSLError) as refused:
            new_aead(cipher, bytes(length))
        assert refused.value.reason is Reason.BADARG


@pytest.mark.parametrize("cipher", ["", "aes-128-cbc", "aes-192-gcm", "AES-128-GCM", AES_128_CBC])
def test_what_is_no_aead_is_a_bad_argument(cipher: BulkCipher | str) -> None:
    with pytest.raises(SSLError) as refused:
        new_aead(cipher, bytes(16))
    assert refused.value.reason is Reason.BADARG


def test_chacha20_poly1305_gives_the_output_of_rfc8439() -> None:
    key = bytes(range(0x80, 0xA0))
    plaintext = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip "
        b"for the future, sunscreen would be it."
    )
    sealed = new_aead(CHACHA20_POLY1305, key).seal(
        bytes.fromhex("070000004041424344454647"), plaintext, bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    )
    assert sealed[:16].hex() == "d31a8d34648e60db7b86afbc53ef7ec2"
    assert sealed[-16:].hex() == "1ae10b594f09e26a7e902ecbd0600691"


def test_no_key_is_in_a_repr() -> None:
    key = b"\xaa\xbb\xcc\xdd" * 8
    assert "aabb" not in repr(new_aead(AES_256_GCM, key))
    assert "\\xaa" not in repr((new_aead(AES_256_GCM, key), new_aead(CHACHA20_POLY1305, key)))
