"""Throughput against the size of a record and against the number of records: the points of the plot.

Theory of operation: on the first axis one record is sealed by the cipher alone, on the second one write of n full
records crosses a whole connection from one end to the other. Both are measured like the rows, contestants in turns.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from puressl.bench import ciphers
from puressl.bench.measure import Contestant, Effort, Runs, megabytes_per_second
from puressl.bench.workloads import CONTENT, FULL_RECORD, transfers

#: AES-256 would run along AES-128.
CIPHERS = ("chacha20-poly1305", "aes-128-gcm")
CONTESTANTS = (Contestant.PURESSL, Contestant.TLSLITE)
#: A point needs less care than a row: what counts is the shape.
USUAL = Effort(seconds=0.3, least=3, most=25, turn=0.0)


class Axis(str, Enum):
    """What throughput is measured against."""

    SIZE = "octets in a record, sealed by the cipher alone"
    COUNT = "full records in one write, over a connection"


#: Where throughput is measured.
PLACES: dict[Axis, tuple[int, ...]] = {
    Axis.SIZE: (16, 64, 256, 1024, 4096, FULL_RECORD),
    Axis.COUNT: (1, 2, 4, 8, 16, 32),
}


@dataclass(frozen=True, slots=True)
class Point:
    """One measured throughput. at: the axis's value. speed: in MB/s."""

    axis: Axis
    contestant: Contestant
    cipher: str
    at: int
    speed: float


def how_many(effort: Effort = USUAL) -> int:
    """The number of ``points``."""
    return len(CIPHERS) * len(CONTESTANTS) * sum(len(places[: effort.places]) for places in PLACES.values())


def points(effort: Effort = USUAL) -> Iterator[Point]:
    """All points; those of one line in the order of its axis."""
    for axis, places in PLACES.items():
        for cipher in CIPHERS:
            for at in places[: effort.places]:
                size, runs = _sealing(cipher, at) if axis is Axis.SIZE else _transfer(cipher, at)
                speeds = megabytes_per_second(size, runs, effort)
                yield from (Point(axis, each, cipher, at, speeds[each]) for each in CONTESTANTS)


def _sealing(cipher: str, size: int) -> tuple[int, Runs]:
    content = CONTENT[:size]
    own, other = (make("seal", cipher, content) for make in (ciphers.own, ciphers.tlslite))
    return size, {Contestant.PURESSL: own, Contestant.TLSLITE: other}


def _transfer(cipher: str, count: int) -> tuple[int, Runs]:
    data = CONTENT * count
    runs = transfers(cipher, data)
    return len(data), {each: runs[each] for each in CONTESTANTS}
