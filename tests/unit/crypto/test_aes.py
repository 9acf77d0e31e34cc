"""AES: FIPS 197's examples, tlslite-ng as a second opinion, and every way of taking the blocks together."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from puressl.crypto import aes
from puressl.crypto.aes import BLOCKS_PER_PASS, WIDE_FROM, Aes
from puressl.crypto.aes_narrow import NarrowRounds
from puressl.crypto.aes_planes import from_planes, repeated, rounded, to_planes
from puressl.crypto.aes_wide import WideRounds
from puressl.crypto.sbox import CONSTANT, Planes, substitute, substitute_inverse
from puressl.errors import Reason, SSLError

each_key_length = pytest.mark.parametrize("key_length", aes.KEY_LENGTHS, ids=lambda length: f"aes-{8 * length}")


def theirs(key: bytes, blocks: bytes) -> bytes:
    from tlslite.utils.rijndael import Rijndael

    cipher = Rijndael(bytearray(key), 16)
    places = range(0, len(blocks), 16)
    return b"".join([bytes(cipher.encrypt(bytearray(blocks[place : place + 16]))) for place in places])


# FIPS 197 (2001) appendix C
@pytest.mark.parametrize(
    ("key_length", "ciphertext"),
    [
        (16, "69c4e0d86a7b0430d8cdb78070b4c55a"),
        (24, "dda97ca4864cdfe06eaf70a0ec0d7191"),
        (32, "8ea2b7ca516745bfeafc49904b496089"),
    ],
)
def test_a_block_becomes_that_of_fips_197_and_comes_back(key_length: int, ciphertext: str) -> None:
    cipher, plaintext = Aes(bytes(range(key_length))), bytes.fromhex("00112233445566778899aabbccddeeff")
    assert cipher.encrypt(plaintext).hex() == ciphertext
    assert cipher.decrypt(bytes.fromhex(ciphertext)) == plaintext


# FIPS 197 (2001) appendix A: the last round key of each example
@pytest.mark.parametrize(
    ("key", "rounds", "last"),
    [
        ("2b7e151628aed2a6abf7158809cf4f3c", 10, "d014f9a8c9ee2589e13f0cc8b6630ca6"),
        ("8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", 12, "e98ba06f448c773c8ecc720401002202"),
        (
            "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
            14,
            "fe4890d1e6188d0b046df344706c631e",
        ),
    ],
)
def test_the_key_schedule_is_that_of_fips_197(key: str, rounds: int, last: str) -> None:
    schedule = Aes(bytes.fromhex(key))._round_keys
    assert len(schedule) == rounds + 1
    assert bytes(octet ^ CONSTANT for octet in from_planes(schedule[-1])[:16]).hex() == last


@each_key_length
@pytest.mark.parametrize("blocks", [1, 2, 7, 8, 9, 33, WIDE_FROM - 8, WIDE_FROM - 7, WIDE_FROM + 1])
def test_blocks_are_those_of_tlslite_and_come_back(key_length: int, blocks: int) -> None:
    source = random.Random(blocks)
    key, data = source.randbytes(key_length), source.randbytes(16 * blocks)
    cipher = Aes(key)
    encrypted = cipher.encrypt(data)
    sample = sorted({0, 1, blocks // 2, blocks - 1} & set(range(blocks)))
    for place in sample:
        assert encrypted[16 * place : 16 * place + 16] == theirs(key, data[16 * place : 16 * place + 16])
    assert len(encrypted) == len(data)
    assert cipher.decrypt(encrypted) == data


@each_key_length
def test_both_forms_of_the_rounds_agree(key_length: int) -> None:
    source = random.Random(key_length)
    round_keys = Aes(source.randbytes(key_length))._round_keys
    for count in (8, 16, 40):
        planes = source.randbytes(16 * count)
        narrow, wide = NarrowRounds(round_keys, count), WideRounds(round_keys, count)
        assert narrow.encrypt(planes) == wide.encrypt(planes)
        assert narrow.decrypt(planes) == wide.decrypt(planes)
        assert narrow.decrypt(narrow.encrypt(planes)) == planes


def test_round_keys_are_kept_for_a_bounded_number_of_blocks() -> None:
    cipher = Aes(bytes(16))
    for blocks in (8, 400, 8, BLOCKS_PER_PASS, 1032, 16, 1040, 1048):
        cipher.encrypt(bytes(16 * blocks))
        assert rounded(blocks) in cipher._rounds
        assert sum(cipher._rounds) <= aes._KEPT_BLOCKS


def test_round_keys_given_up_while_another_thread_makes_its_own_do_no_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second thread comes while the first one repeats its round keys, and gives up all that is kept."""
    cipher = Aes(bytes(16))
    cipher.encrypt(bytes(16 * 400))

    def interrupted(round_keys: Sequence[bytes], count: int) -> WideRounds:
        monkeypatch.setattr(aes, "WideRounds", WideRounds)
        cipher.encrypt(bytes(16 * BLOCKS_PER_PASS))
        return WideRounds(round_keys, count)

    monkeypatch.setattr(aes, "WideRounds", interrupted)
    data = bytes(16 * BLOCKS_PER_PASS)
    assert cipher.encrypt(data[: 16 * 4000]) == Aes(bytes(16)).encrypt(data)[: 16 * 4000]
    assert sum(cipher._rounds) <= aes._KEPT_BLOCKS


def test_no_key_is_in_a_repr() -> None:
    cipher = Aes(b"\xaa\xbb" * 8)
    cipher.encrypt(bytes(16))
    assert "aabb" not in repr(cipher)
    assert "\\xaa" not in repr((cipher, *cipher._rounds.values()))


@pytest.mark.parametrize("length", [0, 8, 15, 17, 31, 33])
def test_a_key_of_another_length_is_a_bad_argument(length: int) -> None:
    with pytest.raises(SSLError) as refused:
        Aes(bytes(length))
    assert refused.value.reason is Reason.BADARG


def planes_of(octets: bytes) -> Planes:
    p0, p1, p2, p3, p4, p5, p6, p7 = (
        sum((octet >> plane & 1) << place for place, octet in enumerate(octets)) for plane in range(8)
    )
    return p0, p1, p2, p3, p4, p5, p6, p7


def octets_of(planes: Planes, count: int) -> bytes:
    return bytes(sum((bits >> place & 1) << plane for plane, bits in enumerate(planes)) for place in range(count))


def test_the_circuit_is_the_table_of_the_standard() -> None:
    from tlslite.utils import rijndael

    every_octet = bytes(range(256))
    found = octets_of(substitute(*planes_of(every_octet)), 256)
    assert bytes(octet ^ CONSTANT for octet in found) == bytes(rijndael.S)
    assert octets_of(substitute_inverse(*planes_of(found)), 256) == every_octet


@pytest.mark.parametrize("blocks", [0, 1, 7, 8, 9, 24, 1000])
def test_planes_hold_the_blocks_bits_cell_by_cell(blocks: int) -> None:
    data = random.Random(blocks).randbytes(16 * blocks)
    planes, count = to_planes(data), rounded(blocks)
    assert from_planes(planes) == data.ljust(16 * count, b"\0")
    value = int.from_bytes(planes, "little")
    for block in {0, 5, blocks - 1} & set(range(blocks)):
        for plane, row, column in ((0, 0, 0), (3, 1, 2), (7, 3, 3), (4, 2, 0)):
            bit = (plane * 16 + row * 4 + column) * count + block
            assert value >> bit & 1 == data[16 * block + 4 * column + row] >> plane & 1


@pytest.mark.parametrize("count", [8, 24, 400])
def test_one_block_is_repeated_in_all_places(count: int) -> None:
    block = random.Random(count).randbytes(16)
    assert repeated(to_planes(block), count) == int.from_bytes(to_planes(block * count), "little")
