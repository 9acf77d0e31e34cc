"""Every packet type against ``erlang:decode_packet/3``: whole streams, valid, odd, mutated and truncated."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from interop.erlang_packets import Decoded, Stream, decode

from puressl.sockets.packets import Decoder, PacketType

from support.packets import STREAMS, drain

pytestmark = pytest.mark.interop

SIZES = (5, 16, 40, 1_000)
MUTATIONS = 60
#: What mutations put in: bytes that some type gives a meaning.
TELLING = b"\x00\x01\x02\x03\x1f\x7f\x80\x81\x84\x85\xff\r\n\t :/.*-aAGHTP09"


def mutated(octets: bytes, dice: random.Random) -> bytes:
    damaged = bytearray(octets)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(damaged) + 1)
        damaged[at : at + dice.randint(0, 2)] = dice.choices(TELLING, k=dice.randint(0, 2))
    return bytes(damaged)


def streams() -> Iterator[Stream]:
    dice = random.Random(1)
    for packet, given in STREAMS.items():
        for octets in given:
            for size in SIZES:
                yield Stream(packet, size, octets)
            for _ in range(MUTATIONS):
                yield Stream(packet, dice.choice(SIZES), mutated(octets, dice))


def decode_here(packet: PacketType, size: int, octets: bytes) -> Decoded:
    buffer = bytearray(octets)
    packets, refused = drain(Decoder(packet, size), buffer)
    return Decoded(tuple(packets), "invalid" if refused else "more", bytes(buffer))


def refused_early(stream: Stream, rest: bytes) -> bool:
    """Where Erlang waits for more of what it will refuse in any case, or this side bounds what Erlang does not."""
    if stream.packet == "line":
        return len(rest) >= stream.size
    return stream.packet == "asn1"


def test_packets_are_those_of_erlang(tmp_path: Path) -> None:
    tried = list(streams())
    agreed = 0
    for stream, theirs in zip(tried, decode(tried, tmp_path), strict=True):
        ours = decode_here(*stream)
        if ours.end == "invalid" and theirs.end == "more" and refused_early(stream, theirs.rest):
            ours = ours._replace(end="more")
        assert ours == theirs, stream
        agreed += 1
    assert agreed > 5_000
