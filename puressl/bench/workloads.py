"""What is measured, and how: each workload gives a row with puressl's figure and, where there is one, tlslite-ng's.

Theory of operation: the contestants take turns, round by round, so that whatever else the machine does falls on all of
them alike; of the rounds the median counts. A first round of each, which imports modules and fills tables, is not
counted.
"""

from __future__ import annotations

import gc
import statistics
import time
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, Protocol

from puressl.bench.identity import KEY_TYPES
from puressl.bench.own import OwnPeers
from puressl.bench.tlslite_peer import TlslitePeers
from puressl.codes import ProtocolVersion

VERSIONS = (ProtocolVersion.TLSv1_3, ProtocolVersion.TLSv1_2)
CIPHERS = ("chacha20-poly1305", "aes-128-gcm", "aes-256-gcm")
#: Rounds of a handshake workload: the median of fewer moves by more than a tenth.
ROUNDS = 15
#: Bytes transferred to measure throughput: 16 full records.
TRANSFER = 262_144
#: Connections kept open to measure their memory: they differ by little, and tracing is slow.
IDLE_CONNECTIONS = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One measured workload.

    unit: "ms" (less is better), "MB/s" or "KiB" (less is better). own, other: puressl's and tlslite-ng's figure, None
    where it has none. verified: puressl's with the server's chain verified.
    """

    workload: str
    unit: str
    own: float
    other: float | None = None
    verified: float | None = None

    @property
    def ratio(self) -> float | None:
        """How many times better puressl is."""
        if self.other is None:
            return None
        return self.own / self.other if self.unit == "MB/s" else self.other / self.own


class Pair(Protocol):
    client: Any
    server: Any

    @property
    def resumed(self) -> bool: ...

    def transfer(self, data: bytes) -> int: ...


class Peers(Protocol):
    def connect(self) -> Any: ...


def handshakes(rounds: int = ROUNDS) -> Iterator[Row]:
    """Full and resumed handshakes, both ends, by version and kind of key: milliseconds."""
    for version, key_type, resume in product(VERSIONS, KEY_TYPES, (False, True)):
        own, other, verified = taking_turns(
            rounds,
            OwnPeers(version, key_type, resume=resume),
            TlslitePeers(version, key_type, resume=resume),
            OwnPeers(version, key_type, resume=resume, verify=True),
        )
        kind = "resumed" if resume else "full"
        yield Row(f"{kind} handshake, {version.label}, {key_type}", "ms", own, other, verified)


def taking_turns(rounds: int, *contestants: Peers) -> list[float]:
    """The median time of a handshake of each, in milliseconds."""
    for contestant in contestants:
        contestant.connect()
    times: list[list[float]] = [[] for _ in contestants]
    gc.collect()
    for _ in range(rounds):
        for contestant, taken in zip(contestants, times, strict=True):
            start = time.perf_counter()
            contestant.connect()
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) * 1e3 for taken in times]


def throughput(size: int = TRANSFER) -> Iterator[Row]:
    """Data from one end to the other, sealed and opened in the same thread, by cipher: megabytes a second."""
    data = bytes(size)
    for cipher in CIPHERS:
        pairs: tuple[Pair, Pair] = (
            OwnPeers(ProtocolVersion.TLSv1_3, "P-256", cipher).connect(),
            TlslitePeers(ProtocolVersion.TLSv1_3, "P-256", cipher).connect(),
        )
        own, other = (size / _transfer_time(pair, data) / 1e6 for pair in pairs)
        yield Row(f"throughput, {cipher}", "MB/s", own, other)


def _transfer_time(pair: Pair, data: bytes) -> float:
    """Seconds."""
    start = time.perf_counter()
    pair.transfer(data)
    return time.perf_counter() - start


def memory(count: int = IDLE_CONNECTIONS) -> Iterator[Row]:
    """What an idle connection holds, by version, kind of key and end: KiB."""
    for version, key_type in product(VERSIONS, KEY_TYPES):
        own = idle_memory(OwnPeers(version, key_type, verify=True), count)
        other = idle_memory(TlslitePeers(version, key_type), count // 5)
        for end in own:
            yield Row(f"idle {end}, {version.label}, {key_type}", "KiB", own[end], other[end])


def idle_memory(peers: Peers, count: int = IDLE_CONNECTIONS) -> dict[str, float]:
    """KiB that an established connection holds at its ``client`` and its ``server`` end, the mean of ``count``.

    Measured while all are open, and again without the servers.
    """
    _connected(peers)
    tracemalloc.start()
    try:
        empty = _traced()
        pairs = [_connected(peers) for _ in range(count)]
        full = _traced()
        for pair in pairs:
            pair.server = None
        clients = _traced()
    finally:
        tracemalloc.stop()
    return {"client": (clients - empty) / count / 1024, "server": (full - clients) / count / 1024}


def _traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _connected(peers: Peers) -> Pair:
    """A connection that has carried data both ways, if only tickets and little else: tracing is slow."""
    pair: Pair = peers.connect()
    pair.transfer(b"first")
    return pair


def table(rows: list[Row]) -> str:
    """The rows as text, one line each."""
    lines = [f"{'workload':44}{'unit':>6}{'puressl':>10}{'tlslite-ng':>12}{'ratio':>8}{'verified':>10}"]
    for row in rows:
        cells = (row.other, row.ratio, row.verified)
        other, ratio, verified = ("-" if cell is None else f"{cell:.2f}" for cell in cells)
        lines.append(f"{row.workload:44}{row.unit:>6}{row.own:>10.2f}{other:>12}{ratio:>8}{verified:>10}")
    return "\n".join(lines)
