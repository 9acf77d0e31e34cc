"""The measured workloads, beside tlslite-ng's. Only memory is asserted: times depend on the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from puressl.bench.identity import KEY_TYPES
from puressl.bench.own import OwnPeers
from puressl.bench.tlslite_peer import TlslitePeers
from puressl.bench.workloads import VERSIONS, Row, handshakes, memory, table, throughput
from puressl.codes import ProtocolVersion

pytestmark = [pytest.mark.bench]

#: KiB that an idle connection may hold at one end.
IDLE_LIMIT = 64
TLS13 = ProtocolVersion.TLSv1_3

each_version = pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.label)
each_key = pytest.mark.parametrize("key_type", KEY_TYPES)


def show(rows: list[Row], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print("\n" + table(rows))


@pytest.mark.slow
def test_idle_connection_holds_little_memory(capsys: pytest.CaptureFixture[str]) -> None:
    rows = list(memory())
    show(rows, capsys)
    assert max(row.own for row in rows) <= IDLE_LIMIT


@pytest.mark.parametrize("workload", [handshakes, throughput], ids=lambda each: each.__name__)
def test_comparison_with_tlslite(
    workload: Callable[[], Iterator[Row]], capsys: pytest.CaptureFixture[str], pytestconfig: pytest.Config
) -> None:
    if not pytestconfig.getoption("benchmark_enable"):
        pytest.skip("measures only with --benchmark-enable")
    rows = list(workload())
    show(rows, capsys)
    assert all(row.own > 0 for row in rows)


@pytest.mark.parametrize("resume", [False, True], ids=["full", "resumed"])
@each_version
@each_key
def test_peers_do_the_same(version: ProtocolVersion, key_type: str, resume: bool) -> None:
    """The comparison is fair: version, suite, group and resumption are the same."""
    own, other = OwnPeers(version, key_type, resume=resume), TlslitePeers(version, key_type, resume=resume)
    for _ in range(1 + resume):
        ours, theirs = own.connect(), other.connect()
    assert ours.resumed == theirs.resumed == resume
    assert ours.client.negotiated.version is version
    assert theirs.client.version == (3, version & 0xFF)
    assert theirs.client.session.cipherSuite == ours.client.negotiated.suite
    if not resume:
        assert theirs.client.ecdhCurve == ours.client.negotiated.group
    assert theirs.client.encryptThenMAC is ours.client.negotiated.encrypt_then_mac


@pytest.mark.parametrize("peers", [OwnPeers, TlslitePeers], ids=["puressl", "tlslite-ng"])
@pytest.mark.parametrize("resume", [False, True], ids=["full", "resumed"])
@each_version
@each_key
def test_handshake(benchmark: Any, peers: Any, version: ProtocolVersion, key_type: str, resume: bool) -> None:
    both = peers(version, key_type, resume=resume)
    both.connect()
    assert benchmark(both.connect).resumed == resume


@each_version
@each_key
def test_handshake_with_verified_chain(benchmark: Any, version: ProtocolVersion, key_type: str) -> None:
    both = OwnPeers(version, key_type, verify=True)
    assert benchmark(both.connect).client.negotiated.verified_path


@pytest.mark.parametrize("peers", [OwnPeers, TlslitePeers], ids=["puressl", "tlslite-ng"])
@pytest.mark.parametrize("cipher", ["chacha20-poly1305", "aes-128-gcm"])
def test_transfer(benchmark: Any, peers: Any, cipher: str) -> None:
    pair = peers(TLS13, "P-256", cipher).connect()
    data = bytes(16_384)
    assert benchmark(pair.transfer, data) == len(data)
