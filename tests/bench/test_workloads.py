"""The measured workloads, beside tlslite-ng's and the standard ``ssl``. Only memory is asserted: times depend on the
machine.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from puressl.bench import ciphers, report, ssl_peer
from puressl.bench.identity import KEY_TYPES
from puressl.bench.measure import USUAL, Family
from puressl.bench.own import OwnPeers
from puressl.bench.ssl_peer import StandardPeers
from puressl.bench.tlslite_peer import TlslitePeers
from puressl.bench.workloads import CONTENT, FULL_RECORD, SMALL_RECORD, TLS13, VERSIONS, workloads
from puressl.codes import ProtocolVersion

pytestmark = [pytest.mark.bench]

each_version = pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.label)
each_key = pytest.mark.parametrize("key_type", KEY_TYPES)
each_maker = pytest.mark.parametrize("make", [ciphers.own, ciphers.tlslite], ids=["puressl", "tlslite-ng"])


@pytest.mark.slow
def test_memory_is_as_promised(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [workload.row(USUAL) for workload in workloads([Family.MEMORY])]
    with capsys.disabled():
        print("\n" + report.text(rows))
    assert [row.workload for row in rows if not row.kept] == []


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


@pytest.mark.skipif(not ssl_peer.library(), reason="this interpreter has no ssl")
@pytest.mark.parametrize("resume", [False, True], ids=["full", "resumed"])
@each_version
@each_key
def test_outer_limit_does_the_same(version: ProtocolVersion, key_type: str, resume: bool) -> None:
    """As far as ``ssl`` lets itself be told: it cannot choose the suite in TLS 1.3."""
    peers = StandardPeers(version, key_type, resume=resume)
    for _ in range(1 + resume):
        pair = peers.connect()
    assert pair.resumed == resume
    assert pair.client.version() == version.label.replace("tls", "TLS")
    assert version is TLS13 or "CHACHA20-POLY1305" in pair.client.cipher()[0]
    assert pair.transfer(CONTENT) == len(CONTENT)


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
@pytest.mark.parametrize("cipher", ciphers.AEADS)
def test_transfer(benchmark: Any, peers: Any, cipher: str) -> None:
    pair = peers(TLS13, "P-256", cipher).connect()
    assert benchmark(pair.transfer, CONTENT) == len(CONTENT)


@pytest.mark.parametrize("size", [FULL_RECORD, SMALL_RECORD])
@pytest.mark.parametrize("operation", ciphers.AEAD_OPERATIONS)
@pytest.mark.parametrize("cipher", ciphers.AEADS)
@each_maker
def test_record(benchmark: Any, make: Callable[..., Any], cipher: str, operation: str, size: int) -> None:
    assert len(benchmark(make(operation, cipher, CONTENT[:size]))) == size + 16 * (operation == "seal")


@pytest.mark.parametrize("cipher", ["aes-128-cbc", "aes-256-cbc"])
@each_maker
def test_decryption_in_cbc_mode(benchmark: Any, make: Callable[..., Any], cipher: str) -> None:
    assert len(benchmark(make("decrypt", cipher, CONTENT))) == len(CONTENT)
