"""GHASH: against its definition, bit by bit, in both ways and over their border."""

from __future__ import annotations

import random

import pytest

from puressl.crypto import ghash
from puressl.crypto.ghash import FOLD, TABLES_AFTER, Ghash


def product(left: int, right: int) -> int:
    """SP 800-38D 6.3, algorithm 1."""
    total = 0
    for bit in range(127, -1, -1):
        if left >> bit & 1:
            total ^= right
        right = right >> 1 ^ (0xE1 << 120 if right & 1 else 0)
    return total


def defined(key: bytes, message: bytes) -> bytes:
    """SP 800-38D 6.4, algorithm 2."""
    factor, total = int.from_bytes(key, "big"), 0
    for start in range(0, len(message), 16):
        total = product(total ^ int.from_bytes(message[start : start + 16], "big"), factor)
    return total.to_bytes(16, "big")


def folding(key: bytes) -> Ghash:
    """A hash that has hashed enough to fold from now on."""
    made = Ghash(key)
    made.digests([bytes(16 * TABLES_AFTER)])
    assert made._folding is not None
    return made


def test_two_blocks_give_the_hash_of_the_specifications_example() -> None:
    # McGrew and Viega's specification of GCM, appendix B, test case 2
    message = bytes.fromhex("0388dace60b6a392f328c2b971b2fe7800000000000000000000000000000080")
    key = bytes.fromhex("66e94bd4ef8a2c3b884cfa59ca342b2e")
    assert Ghash(key).digests([message]) == [bytes.fromhex("f38cbb1ad69223dcc3457ae5b6b0f885")]


@pytest.mark.parametrize("blocks", [1, 2, 3, FOLD - 1, FOLD, FOLD + 1, 2 * FOLD, 2 * FOLD + 1, 131])
def test_any_number_of_blocks_gives_the_hash_that_is_defined(blocks: int) -> None:
    source = random.Random(blocks)
    key, message = source.randbytes(16), source.randbytes(16 * blocks)
    expected = defined(key, message)
    assert Ghash(key).digests([message]) == [expected]
    assert folding(key).digests([message]) == [expected]


@pytest.mark.parametrize("key", [bytes(16), bytes(15) + b"\1", b"\x80" + bytes(15), b"\xff" * 16], ids=bytes.hex)
def test_extreme_keys_and_blocks_give_the_hash_that_is_defined(key: bytes) -> None:
    for octet in (b"\0", b"\1", b"\x80", b"\xff"):
        message = octet * 16 * 2 * FOLD
        expected = defined(key, message)
        assert Ghash(key).digests([message, message[:16]])[0] == expected
        assert folding(key).digests([message]) == [expected]


def test_messages_hashed_together_give_what_each_gives_alone() -> None:
    source = random.Random(7)
    key = source.randbytes(16)
    messages = [source.randbytes(16 * blocks) for blocks in (1, FOLD, 40, 2, FOLD + 1, 3 * FOLD - 1, 0, 150, 1)]
    expected = [Ghash(key).digests([message])[0] for message in messages]
    assert folding(key).digests(messages) == expected
    assert Ghash(key).digests([]) == []


def test_tables_are_built_when_a_key_has_hashed_enough_and_not_before() -> None:
    made = Ghash(bytes(range(16)))
    for _ in range(TABLES_AFTER // FOLD):
        made.digests([bytes(16 * FOLD)])
    assert made._folding is None  # short messages never need them
    many = Ghash(bytes(range(16)))
    many.digests([bytes(16 * (TABLES_AFTER - 1))])
    assert many._folding is None
    many.digests([bytes(16)] * TABLES_AFTER)
    assert many._folding is None
    many.digests([bytes(16 * FOLD)] * 2)
    assert many._folding is not None


def test_every_table_entry_is_an_octet_of_a_product() -> None:
    block = random.Random(1).randbytes(16)
    table = ghash._table(block)
    assert {len(octets) for octets in table} == {256}
    for octet in (0, 1, 2, 0x80, 0xA5, 0xFF):
        expected = 0
        for bit in range(8):
            expected ^= (int.from_bytes(block, "big") << bit + 1) * (octet >> bit & 1)
        assert bytes(octets[octet] for octets in table) == expected.to_bytes(17, "big")


def test_powers_that_two_threads_make_at_once_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second thread comes while the first one multiplies."""
    key, message = bytes(range(16)), bytes(range(256))
    shared, reduced = Ghash(key), ghash._reduced

    def interrupted(value: int) -> int:
        monkeypatch.setattr(ghash, "_reduced", reduced)
        shared.digests([message])
        return reduced(value)

    monkeypatch.setattr(ghash, "_reduced", interrupted)
    for blocks in (message, message + message[::-1]):
        assert shared.digests([blocks]) == [defined(key, blocks)]
