"""Poly1305: RFC 8439's vectors, tlslite-ng's tags, and sums at the edges of the field, for every length and cut."""

from __future__ import annotations

import random

import pytest
from tlslite.utils.poly1305 import Poly1305

from puressl.crypto import poly1305

P = (1 << 130) - 5
R_MAX = 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
FULL = "ff" * 16

#: RFC 8439 2.5.2 and A.3, 4 to 11: r, s, message, tag.
VECTORS = {
    "2.5.2": (
        "85d6be7857556d337f4452fe42d506a8",
        "0103808afb0db2fd4abff6af4149f51b",
        b"Cryptographic Forum Research Group".hex(),
        "a8061dc1305136c6c22b8baf0c0127a9",
    ),
    "verse": (
        "1c9240a5eb55d38af333888604f6b5f0",
        "473917c1402b80099dca5cbc207075c0",
        (
            b"'Twas brillig, and the slithy toves\nDid gyre and gimble in the wabe:\n"
            b"All mimsy were the borogoves,\nAnd the mome raths outgrabe."
        ).hex(),
        "4541669a7eaaee61e708dc7cbcc5eb62",
    ),
    "not fully reduced": ("02" + "00" * 15, "00" * 16, FULL, "03" + "00" * 15),
    "addition of s overflows": ("02" + "00" * 15, FULL, "02" + "00" * 15, "03" + "00" * 15),
    "carry from the lower limb": (
        "01" + "00" * 15,
        "00" * 16,
        FULL + "f0" + "ff" * 15 + "11" + "00" * 15,
        "05" + "00" * 15,
    ),
    "sum is p": ("01" + "00" * 15, "00" * 16, FULL + "fb" + "fe" * 15 + "01" * 16, "00" * 16),
    "sum is p - 1": ("02" + "00" * 15, "00" * 16, "fd" + "ff" * 15, "fa" + "ff" * 15),
    "131 bits on the way": (
        "01000000000000000400000000000000",
        "00" * 16,
        "e33594d7505e43b900000000000000003394d7505e4379cd01000000000000000000000000000000000000000000000001"
        "000000000000000000000000000000",
        "14000000000000005500000000000000",
    ),
    "131 bits at the end": (
        "01000000000000000400000000000000",
        "00" * 16,
        "e33594d7505e43b900000000000000003394d7505e4379cd010000000000000000000000000000000000000000000000",
        "13" + "00" * 15,
    ),
}


def polynomial(r: int, message: bytes) -> int:
    """What RFC 8439 2.5.1 adds s to, as it stands there."""
    total = 0
    for start in range(0, len(message), 16):
        total = (total + int.from_bytes(message[start : start + 16] + b"\1", "little")) * r % P
    return total


def definition(key: bytes, message: bytes) -> bytes:
    r, s = int.from_bytes(key[:16], "little") & R_MAX, int.from_bytes(key[16:], "little")
    return (polynomial(r, message) + s).to_bytes(17, "little")[:16]


def key_of(r: int, s: int) -> bytes:
    return r.to_bytes(16, "little") + s.to_bytes(16, "little")


@pytest.mark.parametrize("name", VECTORS)
def test_tag_is_that_of_rfc8439(name: str) -> None:
    r, s, message, tag = VECTORS[name]
    assert poly1305.tag(bytes.fromhex(r + s), bytes.fromhex(message)).hex() == tag


def test_tags_of_random_messages_are_those_of_tlslite() -> None:
    source = random.Random(1305)
    for length in [0, 1, 15, 16, 17, *(source.randrange(40_000) for _ in range(6)), 40_000]:
        key, message = source.randbytes(32), source.randbytes(length)
        assert poly1305.tag(key, message) == bytes(Poly1305(bytearray(key)).create_tag(bytearray(message)))


def test_every_length_over_several_rows_is_cut_right() -> None:
    key, message = random.Random(16).randbytes(32), bytes(range(256)) * 8
    for length in range(1200):
        assert poly1305.tag(key, message[:length]) == definition(key, message[:length]), length


@pytest.mark.parametrize("blocks", [1, 2, 3, 47, 48, 49, 96, 333, 1024])
def test_extreme_keys_and_messages_lose_no_carry(blocks: int) -> None:
    messages = [bytes(16), b"\xff" * 16, b"\xfb" + b"\xff" * 15, b"\xff" * 15 + b"\0"]
    for r in (0, 1, 2, 4, R_MAX, R_MAX - 3, (1 << 128) - 1):
        for s in (0, 1, (1 << 128) - 1):
            key = key_of(r, s)
            for block in messages:
                for message in (block * blocks, block * blocks + b"\xff" * 15):
                    assert poly1305.tag(key, message) == definition(key, message)


@pytest.mark.parametrize("blocks", [2, 100])
@pytest.mark.parametrize("total", [0, 1, P - 1, (1 << 128) - 1, 1 << 128, (1 << 129) + 5, P - (1 << 128)])
def test_a_sum_that_ends_at_an_edge_of_the_field_gives_its_tag(blocks: int, total: int) -> None:
    """The last two blocks are made such that the polynomial has that value."""
    r, top_bit = R_MAX, 1 << 128
    inverse = pow(r, -1, P)
    head = b"\xaa" * 16 * (blocks - 2)
    pairs = (((total * inverse - last) * inverse - polynomial(r, head), last) for last in range(top_bit, top_bit + 100))
    first, last = next((first % P, last) for first, last in pairs if first % P >> 128 == 1)
    message = head + (first - top_bit).to_bytes(16, "little") + (last - top_bit).to_bytes(16, "little")
    for s in (0, (1 << 128) - 1):
        expected = ((total + s) % (1 << 128)).to_bytes(16, "little")
        assert poly1305.tag(key_of(r, s), message) == expected == definition(key_of(r, s), message)


def test_a_view_serves_as_key() -> None:
    key = bytes(range(32))
    assert poly1305.tag(memoryview(key), b"message") == poly1305.tag(key, b"message")
