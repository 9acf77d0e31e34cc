"""The TLS 1.2 key schedule, against tlslite-ng."""

from __future__ import annotations

from typing import Any

import pytest

from puressl.codes import CipherSuite, ProtocolVersion
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.schedule12 import (
    KeyBlock,
    export,
    extended_master_secret,
    finished_verify_data,
    key_block,
    master_secret,
)
from puressl.crypto.suites import SUITES, CipherKind, Suite
from puressl.errors import Reason, SSLError

PREMASTER = bytes(range(48))
CLIENT_RANDOM = b"\xc1" * 32
SERVER_RANDOM = b"\x5e" * 32
MASTER = bytes(range(100, 148))
SHA256, SHA384 = HashAlgorithm.SHA256, HashAlgorithm.SHA384

#: One suite of each PRF hash, for functions that know only the hash.
SUITE_OF = {
    SHA256: CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    SHA384: CipherSuite.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
}

each_hash = pytest.mark.parametrize("algorithm", [SHA256, SHA384])


class Digests:
    """What tlslite-ng's calc_key asks of a transcript: its digest under a hash's name."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def digest(self, name: str | None = None) -> bytearray:
        return bytearray(HashAlgorithm(name or "sha256").digest(self.data))


def calc_key(algorithm: HashAlgorithm, label: bytes, length: int, **arguments: Any) -> bytes:
    from tlslite.mathtls import calc_key as theirs

    secret = bytearray(arguments.pop("secret"))
    return bytes(theirs((3, 3), secret, SUITE_OF[algorithm], bytearray(label), output_length=length, **arguments))


@each_hash
def test_master_secret_is_that_of_tlslite(algorithm: HashAlgorithm) -> None:
    expected = calc_key(
        algorithm, b"master secret", 48,
        secret=PREMASTER, client_random=bytearray(CLIENT_RANDOM), server_random=bytearray(SERVER_RANDOM),
    )  # fmt: skip
    assert master_secret(algorithm, PREMASTER, CLIENT_RANDOM, SERVER_RANDOM) == expected


@each_hash
def test_extended_master_secret_is_that_of_tlslite(algorithm: HashAlgorithm) -> None:
    expected = calc_key(
        algorithm, b"extended master secret", 48, secret=PREMASTER, handshake_hashes=Digests(b"messages")
    )
    assert extended_master_secret(algorithm, PREMASTER, algorithm.digest(b"messages")) == expected


@each_hash
@pytest.mark.parametrize("label", [b"client finished", b"server finished"])
def test_verify_data_is_that_of_tlslite(algorithm: HashAlgorithm, label: bytes) -> None:
    expected = calc_key(algorithm, label, 12, secret=MASTER, handshake_hashes=Digests(b"messages"))
    assert finished_verify_data(algorithm, MASTER, label, algorithm.digest(b"messages")) == expected


TLS12_SUITES = [suite for suite in SUITES.values() if suite.version is ProtocolVersion.TLSv1_2]


@pytest.mark.parametrize("suite", TLS12_SUITES, ids=lambda suite: suite.name)
def test_key_block_is_cut_as_rfc5246_orders(suite: Suite) -> None:
    mac_length = suite.mac.size if suite.mac else 0
    key_length, iv_length = suite.cipher.key_length, suite.cipher.fixed_iv_length
    block = calc_key(
        suite.hash, b"key expansion", 2 * (mac_length + key_length + iv_length),
        secret=MASTER, client_random=bytearray(CLIENT_RANDOM), server_random=bytearray(SERVER_RANDOM),
    )  # fmt: skip
    keys = key_block(suite, MASTER, CLIENT_RANDOM, SERVER_RANDOM, encrypt_then_mac=True)
    client, server = keys.client, keys.server
    assert client.mac_key + server.mac_key + client.key + server.key + client.iv + server.iv == block
    for side in (client, server):
        assert (len(side.mac_key), len(side.key), len(side.iv)) == (mac_length, key_length, iv_length)
        assert (side.suite, side.encrypt_then_mac) == (suite, True)
    assert (client.iv == b"") is (suite.cipher.kind is CipherKind.CBC)


@each_hash
def test_export_without_context_is_that_of_tlslite(algorithm: HashAlgorithm) -> None:
    from tlslite.mathtls import PRF_1_2, PRF_1_2_SHA384

    oracle = PRF_1_2 if algorithm is SHA256 else PRF_1_2_SHA384
    expected = oracle(bytearray(MASTER), b"EXPORTER-test", bytearray(CLIENT_RANDOM + SERVER_RANDOM), 77)
    ours = export(algorithm, MASTER, b"EXPORTER-test", CLIENT_RANDOM, SERVER_RANDOM, None, 77)
    assert ours == bytes(expected)


def test_an_empty_export_context_is_not_the_same_as_none() -> None:
    values = {
        export(SHA256, MASTER, b"EXPORTER-test", CLIENT_RANDOM, SERVER_RANDOM, context, 32)
        for context in (None, b"", b"\0", b"\0\0")
    }
    assert len(values) == 4


@pytest.mark.parametrize(
    "label",
    [b"client finished", b"server finished", b"master secret", b"key expansion", b"extended master secret"],
)
def test_export_refuses_the_labels_of_the_handshake(label: bytes) -> None:
    with pytest.raises(SSLError) as refused:
        export(SHA256, MASTER, label, CLIENT_RANDOM, SERVER_RANDOM, None, 32)
    assert refused.value.reason is Reason.BADARG


def test_export_refuses_a_context_longer_than_its_length_field() -> None:
    assert export(SHA256, MASTER, b"EXPORTER-test", CLIENT_RANDOM, SERVER_RANDOM, bytes(0xFFFF), 32)
    with pytest.raises(SSLError) as refused:
        export(SHA256, MASTER, b"EXPORTER-test", CLIENT_RANDOM, SERVER_RANDOM, bytes(0x10000), 32)
    assert refused.value.reason is Reason.BADARG


def test_no_key_is_in_a_repr() -> None:
    keys = key_block(SUITES[SUITE_OF[SHA256]], MASTER, CLIENT_RANDOM, SERVER_RANDOM, encrypt_then_mac=False)
    assert isinstance(keys, KeyBlock)
    assert repr(keys.client.key) not in repr(keys)
    assert repr(keys.client.iv) not in repr(keys)
