"""What is measured: the workloads, by family, with what is promised of each.

Theory of operation: every contestant of a workload does the same, with the same suite, group, kind of key and hash, and
tlslite-ng with its pure Python ciphers. Records are sealed and opened by the cipher alone, without a connection; bulk
data and handshakes run both ends of a connection in one thread over memory, so that neither sockets nor the scheduler
are measured. tlslite-ng verifies no chain, so puressl's handshakes do not either in what is compared.
"""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any, Protocol

from puressl.bench import ciphers, ssl_peer
from puressl.bench.identity import KEY_TYPES
from puressl.bench.measure import (
    AtLeast,
    AtMost,
    Contestant,
    Effort,
    Family,
    Figures,
    Promise,
    Runs,
    Unit,
    Workload,
    megabytes_per_second,
    milliseconds,
)
from puressl.bench.own import OwnPeers
from puressl.bench.ssl_peer import StandardPeers
from puressl.bench.tlslite_peer import TlslitePeers
from puressl.codes import ProtocolVersion

TLS13, TLS12 = VERSIONS = (ProtocolVersion.TLSv1_3, ProtocolVersion.TLSv1_2)
#: Octets of a full record, and of a message as people send them.
FULL_RECORD, SMALL_RECORD = 16_384, 256
#: What is sealed.
CONTENT = bytes(range(256)) * (FULL_RECORD // 256)

#: What is promised of a full record's speed …
_FULL_RECORD_PROMISES = {
    "chacha20-poly1305": AtLeast(20),
    "aes-128-gcm": AtLeast(20),
    "aes-256-gcm": AtLeast(15),
}
#: … of a small one's …
_SMALL_RECORD_PROMISE = AtLeast(3)
#: … of AES-CBC, whose decryption alone can be done for all blocks at once …
_CBC_PROMISE = AtLeast(8)
#: … of a whole connection's …
_BULK_PROMISE = AtLeast(15)
#: … of TLS 1.3's handshakes, by kind of key and whether resumed …
_HANDSHAKE_PROMISES = {
    ("P-256", False): AtLeast(3),
    ("RSA-2048", False): AtLeast(2),
    ("P-256", True): AtLeast(4, Contestant.TLSLITE_FULL),
}
#: … and of the memory that sealing a full record takes at its peak, and an idle connection at both ends, in KiB.
_SEALING_LIMIT = AtMost(2048)
_IDLE_LIMIT = AtMost(64)


class Pair(Protocol):
    client: Any
    server: Any

    @property
    def resumed(self) -> bool: ...

    def transfer(self, data: bytes) -> int: ...


class Peers(Protocol):
    def connect(self) -> Any: ...


def workloads(families: Sequence[Family] = tuple(Family)) -> list[Workload]:
    """The workloads of some families, in their order."""
    return [workload for family in Family if family in families for workload in _FAMILIES[family]()]


def _records() -> Iterator[Workload]:
    """Sealing and opening one record, by cipher and size; decryption in CBC mode."""
    for size, (cipher, promise) in product((FULL_RECORD, SMALL_RECORD), _FULL_RECORD_PROMISES.items()):
        for operation in ciphers.AEAD_OPERATIONS:
            yield _record(operation, cipher, size, promise if size == FULL_RECORD else _SMALL_RECORD_PROMISE)
    for cipher in ("aes-128-cbc", "aes-256-cbc"):
        yield _record("decrypt", cipher, FULL_RECORD, _CBC_PROMISE)


def _record(operation: str, cipher: str, size: int, promise: Promise) -> Workload:
    def measure(effort: Effort) -> Figures:
        runs = {
            Contestant.PURESSL: ciphers.own(operation, cipher, CONTENT[:size]),
            Contestant.TLSLITE: ciphers.tlslite(operation, cipher, CONTENT[:size]),
        }
        return megabytes_per_second(size, runs, effort)

    return Workload(Family.RECORDS, f"{operation} {size} B, {cipher}", Unit.MEGABYTES_PER_SECOND, measure, promise)


def _bulk() -> Iterator[Workload]:
    """Data from one end to the other, sealed and opened in the same thread, by cipher."""
    for cipher in ciphers.AEADS:
        measure = partial(_measure_bulk, cipher)
        yield Workload(Family.BULK, f"transfer, {cipher}", Unit.MEGABYTES_PER_SECOND, measure, _BULK_PROMISE)


def _measure_bulk(cipher: str, effort: Effort) -> Figures:
    data = CONTENT * (effort.transfer // FULL_RECORD)
    return megabytes_per_second(len(data), transfers(cipher, data), effort)


def transfers(cipher: str, data: bytes) -> Runs:
    """What sends data over a connection of each contestant's. ``ssl``'s speaks TLS 1.2: see ``ssl_peer``."""
    peers: dict[Contestant, Peers] = {
        Contestant.PURESSL: OwnPeers(TLS13, "P-256", cipher),
        Contestant.TLSLITE: TlslitePeers(TLS13, "P-256", cipher),
    }
    if ssl_peer.library():
        peers[Contestant.SSL] = StandardPeers(TLS12, "P-256", cipher)
    return {contestant: partial(each.connect().transfer, data) for contestant, each in peers.items()}


def _handshakes() -> Iterator[Workload]:
    """Full and resumed handshakes, both ends, by version and kind of key."""
    for version, key_type, resume in product(VERSIONS, KEY_TYPES, (False, True)):
        yield Workload(
            Family.HANDSHAKES,
            f"{'resumed' if resume else 'full'} handshake, {version.label}, {key_type}",
            Unit.MILLISECONDS,
            partial(_measure_handshake, version, key_type, resume),
            _HANDSHAKE_PROMISES.get((key_type, resume)) if version is TLS13 else None,
        )


def _measure_handshake(version: ProtocolVersion, key_type: str, resume: bool, effort: Effort) -> Figures:
    peers: dict[Contestant, Peers] = {
        Contestant.PURESSL: OwnPeers(version, key_type, resume=resume),
        Contestant.TLSLITE: TlslitePeers(version, key_type, resume=resume),
        Contestant.VERIFIED: OwnPeers(version, key_type, resume=resume, verify=True),
    }
    if resume:
        peers[Contestant.TLSLITE_FULL] = TlslitePeers(version, key_type)
    if ssl_peer.library():
        peers[Contestant.SSL] = StandardPeers(version, key_type, resume=resume)
    return milliseconds({contestant: each.connect for contestant, each in peers.items()}, effort)


def _memory() -> Iterator[Workload]:
    """The peak of sealing a full record, key set-up included, by cipher; what an idle connection holds."""
    for cipher in ciphers.AEADS:
        yield Workload(
            Family.MEMORY,
            f"sealing {FULL_RECORD} B, {cipher}",
            Unit.KIBIBYTES,
            partial(_measure_sealing, cipher),
            _SEALING_LIMIT,
        )
    for version, key_type in product(VERSIONS, KEY_TYPES):
        yield Workload(
            Family.MEMORY,
            f"idle connection, {version.label}, {key_type}",
            Unit.KIBIBYTES,
            partial(_measure_idle, version, key_type),
            _IDLE_LIMIT,
        )


def _measure_sealing(cipher: str, effort: Effort) -> Figures:
    makers = {Contestant.PURESSL: ciphers.own, Contestant.TLSLITE: ciphers.tlslite}
    return {contestant: _peak(partial(_seal, make, cipher)) for contestant, make in makers.items()}


def _seal(make: Callable[[str, str, bytes], Callable[[], object]], cipher: str) -> None:
    make("seal", cipher, CONTENT)()


def _peak(run: Callable[[], object]) -> float:
    """KiB that a run takes at its peak, after one that fills what is kept."""
    run()
    tracemalloc.start()
    try:
        before = _traced()
        run()
        return (tracemalloc.get_traced_memory()[1] - before) / 1024
    finally:
        tracemalloc.stop()


def _measure_idle(version: ProtocolVersion, key_type: str, effort: Effort) -> Figures:
    own, other = OwnPeers(version, key_type, verify=True), TlslitePeers(version, key_type)
    return {Contestant.PURESSL: _idle_memory(own, effort.connections), Contestant.TLSLITE: _idle_memory(other, 1)}


def _idle_memory(peers: Peers, count: int) -> float:
    """KiB that an established connection holds at both its ends, the mean of ``count``."""
    _connected(peers)
    tracemalloc.start()
    try:
        pairs = [_connected(peers) for _ in range(count)]
        held = _traced()
        pairs.clear()
        return (held - _traced()) / count / 1024
    finally:
        tracemalloc.stop()


def _traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def _connected(peers: Peers) -> Pair:
    """A connection that has carried data both ways, if only tickets and little else: tracing is slow."""
    pair: Pair = peers.connect()
    pair.transfer(b"first")
    return pair


_FAMILIES: dict[Family, Callable[[], Iterator[Workload]]] = {
    Family.RECORDS: _records,
    Family.BULK: _bulk,
    Family.HANDSHAKES: _handshakes,
    Family.MEMORY: _memory,
}
