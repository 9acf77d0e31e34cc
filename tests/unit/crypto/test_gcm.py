"""AES-GCM: NIST's and the specification's examples, tlslite-ng, batches, and counters that carry."""

from __future__ import annotations

import random
import tracemalloc
from typing import Any

import pytest

from puressl.crypto import gcm
from puressl.crypto.aes import BLOCKS_PER_PASS, Aes
from puressl.crypto.aes_planes import from_planes
from puressl.crypto.gcm import AesGcm
from puressl.errors import Problem, ProtocolError, Reason, SSLError

each_key_length = pytest.mark.parametrize("key_length", [16, 32], ids=["aes-128", "aes-256"])

#: A record of TLS 1.3 at its longest, content type included.
RECORD = (1 << 14) + 1

Message = tuple[bytes, bytes, bytes]


def theirs(key: bytes) -> Any:
    from tlslite.utils.cipherfactory import createAESGCM

    return createAESGCM(bytearray(key), ["python"])


def sealed_by(oracle: Any, message: Message) -> bytes:
    return bytes(oracle.seal(*map(bytearray, message)))


def messages_of(source: random.Random, lengths: list[int]) -> list[Message]:
    return [(source.randbytes(12), source.randbytes(length), source.randbytes(length % 23)) for length in lengths]


# McGrew and Viega's specification of GCM, appendix B, test cases 1, 2, 4, 13, 14 and 16 (SP 800-38D's examples too)
PLAINTEXT = (
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)
AAD = "feedfacedeadbeeffeedfacedeadbeefabaddad2"
KEY = "feffe9928665731c6d6a8f9467308308"


@pytest.mark.parametrize(
    ("key", "nonce", "plaintext", "aad", "sealed"),
    [
        ("00" * 16, "00" * 12, "", "", "58e2fccefa7e3061367f1d57a4e7455a"),
        ("00" * 16, "00" * 12, "00" * 16, "", "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"),
        (
            KEY,
            "cafebabefacedbaddecaf888",
            PLAINTEXT,
            AAD,
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa05"
            "1ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47",
        ),
        ("00" * 32, "00" * 12, "", "", "530f8afbc74536b9a963b4f1c4cb738b"),
        ("00" * 32, "00" * 12, "00" * 16, "", "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"),
        (
            KEY * 2,
            "cafebabefacedbaddecaf888",
            PLAINTEXT,
            AAD,
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838"
            "c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b",
        ),
    ],
)
def test_output_is_that_of_the_specification(key: str, nonce: str, plaintext: str, aad: str, sealed: str) -> None:
    cipher = AesGcm(bytes.fromhex(key))
    assert cipher.seal(bytes.fromhex(nonce), bytes.fromhex(plaintext), bytes.fromhex(aad)).hex() == sealed
    assert cipher.open(bytes.fromhex(nonce), bytes.fromhex(sealed), bytes.fromhex(aad)).hex() == plaintext


@each_key_length
def test_output_is_that_of_tlslite_at_random_lengths(key_length: int) -> None:
    source = random.Random(key_length)
    key = source.randbytes(key_length)
    cipher, oracle = AesGcm(key), theirs(key)
    lengths = [0, 40_000, *(int(40_000 ** source.random()) for _ in range(24))]
    for message in messages_of(source, lengths):
        nonce, plaintext, aad = message
        sealed = cipher.seal(*message)
        assert sealed == sealed_by(oracle, message), len(plaintext)
        assert cipher.open(nonce, sealed, aad) == plaintext


def test_lengths_around_every_block_boundary_are_those_of_tlslite() -> None:
    source = random.Random(16)
    key = source.randbytes(16)
    cipher, oracle = AesGcm(key), theirs(key)
    lengths = [length for boundary in range(0, 320, 16) for length in (boundary - 1, boundary, boundary + 1)]
    messages = messages_of(source, lengths[1:])
    for message in messages:
        assert cipher.seal(*message) == sealed_by(oracle, message), len(message[1])
    # … and in one batch, in which tables are used
    assert cipher.seal_batch(messages) == [AesGcm(key).seal(*message) for message in messages]


@each_key_length
def test_a_batch_gives_what_its_messages_give_one_by_one(key_length: int) -> None:
    source = random.Random(key_length)
    key = source.randbytes(key_length)
    lengths = [0, 1, 16, RECORD, 300, RECORD, RECORD, 5, RECORD, RECORD, 16 * BLOCKS_PER_PASS + 3, 2]
    messages = messages_of(source, lengths)
    sealed = AesGcm(key).seal_batch(messages)
    one = AesGcm(key)
    assert sealed == [one.seal(*message) for message in messages]
    to_open = [(nonce, body, aad) for (nonce, _, aad), body in zip(messages, sealed, strict=True)]
    assert AesGcm(key).open_batch(to_open) == [plaintext for _, plaintext, _ in messages]
    assert one.seal_batch([]) == one.open_batch([]) == []


@pytest.mark.parametrize("bad", [0, 3, 6])
def test_opening_a_batch_ends_before_the_first_message_that_is_not_authentic(bad: int) -> None:
    cipher = AesGcm(bytes(16))
    messages = messages_of(random.Random(bad), [RECORD, 0, 17, RECORD, RECORD, RECORD, 40])
    sealed = cipher.seal_batch(messages)
    damaged = sealed[bad][:-1] + bytes((sealed[bad][-1] ^ 1,))
    for body in (damaged, sealed[bad][:15], b""):
        bodies = [*sealed[:bad], body, *sealed[bad + 1 :]]
        to_open = [(nonce, body, aad) for (nonce, _, aad), body in zip(messages, bodies, strict=True)]
        assert cipher.open_batch(to_open) == [plaintext for _, plaintext, _ in messages[:bad]]
    with pytest.raises(ProtocolError) as failure:
        cipher.open(messages[bad][0], damaged, messages[bad][2])
    assert failure.value.problem is Problem.BAD_RECORD_MAC


def test_a_batch_takes_any_bytes_like_object() -> None:
    cipher, message = AesGcm(bytes(16)), (bytes(12), b"plain text", b"aad")
    sealed = cipher.seal(*message)
    for kind in (bytearray, memoryview):
        assert cipher.seal_batch([(kind(message[0]), kind(message[1]), kind(message[2]))]) == [sealed]
        assert cipher.open_batch([(kind(message[0]), kind(sealed), kind(message[2]))]) == [message[1]]


def test_a_nonce_of_another_length_in_a_batch_is_a_bad_argument() -> None:
    cipher = AesGcm(bytes(16))
    for operation in (cipher.seal_batch, cipher.open_batch):
        with pytest.raises(SSLError) as refused:
            operation([(bytes(12), bytes(16), b""), (bytes(11), bytes(16), b"")])
        assert refused.value.reason is Reason.BADARG


@pytest.mark.parametrize("blocks", [1, 254, 255, 256, 1026, 4094, 4095, 4096, 4097, 9000])
def test_counter_blocks_are_the_nonce_and_a_counter_that_carries(blocks: int) -> None:
    nonce = random.Random(blocks).randbytes(12)
    other = bytes((nonce[0] ^ 0x81,)) + nonce[1:]
    found = b""
    for part in gcm._parted([*gcm._spans(nonce, blocks), *gcm._spans(other, 3)], gcm._span_blocks):
        found += from_planes(gcm._counter_planes(part))[: 16 * sum(span.blocks for span in part)]
    counted = ((nonce, blocks), (other, 3))
    assert found == b"".join([prefix + (1 + place).to_bytes(4, "big") for prefix, n in counted for place in range(n)])


def test_the_first_pass_under_a_key_gives_the_hash_key_whatever_it_is_for() -> None:
    key = bytes(range(16))
    sealed = AesGcm(key).seal(bytes(12), bytes(100), b"")
    fresh = AesGcm(key)
    assert fresh.open(bytes(12), sealed, b"") == bytes(100)
    assert fresh.seal(bytes(12), bytes(100), b"") == sealed
    with pytest.raises(ProtocolError):
        AesGcm(key).open(bytes(12), bytes(116), b"")
    assert Aes(key).encrypt(bytes(16)) != bytes(16)


def test_sealing_a_whole_record_takes_less_than_two_mebibytes() -> None:
    record = bytes(RECORD)
    tracemalloc.start()
    try:
        AesGcm(bytes(32)).seal(bytes(12), record, b"header")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 << 20


def test_no_key_is_in_a_repr() -> None:
    cipher = AesGcm(b"\xaa\xbb" * 8)
    cipher.seal(bytes(12), bytes(5000), b"")
    assert "aabb" not in repr(cipher)
    assert "\\xaa" not in repr((cipher, cipher._ghash))
