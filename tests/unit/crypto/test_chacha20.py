"""ChaCha20's keystream: RFC 8439's vectors, tlslite-ng's blocks, both layouts, and streams that share passes."""

from __future__ import annotations

import random
import tracemalloc

import pytest
from tlslite.utils.chacha import ChaCha

from puressl.crypto import chacha20
from puressl.errors import Reason, SSLError

KEY = bytes(range(32))
NONCE = bytes(range(100, 112))
ONES = b"\xff" * 32

#: RFC 8439 A.1: key, nonce, counter, keystream.
BLOCKS = {
    "zero": (
        bytes(32),
        bytes(12),
        0,
        "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
        "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586",
    ),
    "next block": (
        bytes(32),
        bytes(12),
        1,
        "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
        "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f",
    ),
    "key": (
        bytes(31) + b"\1",
        bytes(12),
        1,
        "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"
        "8eca00bbb4a73bdad192b5c42f73f2fd4e273644c8b36125a64addeb006c13a0",
    ),
    "second block": (
        b"\0\xff" + bytes(30),
        bytes(12),
        2,
        "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"
        "13b25aa26cb4a648cb9b9d1be65b2c0924a66c54d545ec1b7374f4872e99f096",
    ),
    "nonce": (
        bytes(32),
        bytes(11) + b"\2",
        0,
        "c2c64d378cd536374ae204b9ef933fcd1a8b2288b3dfa49672ab765b54ee27c7"
        "8a970e0e955c14f3a88e741b97c286f75f8fc299e8148362fa198a39531bed6d",
    ),
}


def ours(key: bytes, *streams: chacha20.Stream) -> list[bytes]:
    return [bytes(stream) for stream in chacha20.keystreams(key, streams)]


def theirs(key: bytes, counter: int, nonce: bytes, blocks: int) -> bytes:
    return bytes(ChaCha(bytearray(key), bytearray(nonce), counter).encrypt(bytearray(64 * blocks)))


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_is_that_of_rfc8439(name: str) -> None:
    key, nonce, counter, expected = BLOCKS[name]
    assert ours(key, (counter, nonce, 1)) == [bytes.fromhex(expected)]


def test_the_example_of_the_block_function_comes_out_in_either_layout() -> None:
    nonce = bytes.fromhex("000000090000004a00000000")
    for blocks in (1, 500):
        (stream,) = ours(KEY, (1, nonce, blocks))
        assert stream[:16].hex() == "10f1e7e4d13b5915500fdd1fa32071c4"  # RFC 8439 2.3.2


@pytest.mark.parametrize("blocks", [1, 2, 3, 4, 5, 127, 128, 129, 130, 257])
def test_so_many_blocks_are_those_of_tlslite(blocks: int) -> None:
    assert ours(KEY, (0, NONCE, blocks)) == [theirs(KEY, 0, NONCE, blocks)]


@pytest.mark.parametrize("beside", [0, 200], ids=["rows", "words"])
def test_extreme_words_carry_into_no_neighbour(beside: int) -> None:
    for key in (bytes(32), ONES, b"\xff\xff\xff\xff\0\0\0\0" * 4):
        for nonce in (bytes(12), ONES[:12], b"\0\0\0\0\xff\xff\xff\xff\0\0\0\0"):
            for counter in (0, 0x7FFFFFFF, 0xFFFFFFFE):
                expected = theirs(key, counter, nonce, 2)
                assert ours(key, (counter, nonce, 2), (0, NONCE, beside))[0] == expected


def test_random_states_agree_with_tlslite_in_either_layout() -> None:
    source = random.Random(8439)
    streams = [(source.randrange(1 << 32), source.randbytes(12), 1) for _ in range(200)]
    key = source.randbytes(32)
    expected = [theirs(key, *stream) for stream in streams]
    assert ours(key, *streams) == expected
    assert ours(key, *streams[:100]) == expected[:100]


def test_streams_of_any_lengths_come_out_in_order_however_they_share_passes() -> None:
    source = random.Random(20)
    lengths = [0, 1, 5, chacha20.PASS_BLOCKS - 6, 1, chacha20.PASS_BLOCKS + 1, 3, chacha20.PASS_BLOCKS, 0, 2]
    streams = [(source.randrange(1 << 31), source.randbytes(12), blocks) for blocks in lengths]
    together = ours(KEY, *streams)
    assert [len(stream) for stream in together] == [64 * blocks for blocks in lengths]
    for stream, octets in zip(streams, together, strict=True):
        counter, nonce, blocks = stream
        assert octets == b"".join(ours(KEY, stream))
        if blocks:
            assert octets[-64:] == theirs(KEY, counter + blocks - 1, nonce, 1)


def test_nothing_asked_for_is_nothing_given() -> None:
    assert ours(KEY) == []
    assert ours(KEY, (0, NONCE, 0)) == [b""]


def test_the_counter_does_not_wrap() -> None:
    last = chacha20.MAX_COUNTER - 1
    assert ours(KEY, (last, NONCE, 1)) == [theirs(KEY, last, NONCE, 1)]
    for counter, blocks in ((last, 2), (last + 1, 1), (-1, 1), (0, chacha20.MAX_COUNTER + 1)):
        with pytest.raises(SSLError) as refused:
            ours(KEY, (counter, NONCE, blocks))
        assert refused.value.reason is Reason.BADARG


def test_memory_is_that_of_one_pass_however_many_streams_there_are() -> None:
    def consume(count: int) -> int:
        tracemalloc.start()
        for _ in chacha20.keystreams(KEY, ((0, NONCE, 258) for _ in range(count))):
            pass
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    consume(4)  # fills the caches
    assert consume(40) < 2 * 500 * chacha20.PASS_BLOCKS
