"""Every row of the suite table, against tlslite-ng's lists and constants and against the names themselves."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from puressl.codes import CipherSuite, ProtocolVersion
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.suites import (
    AES_GCM_RECORD_LIMIT,
    BULK_CIPHERS,
    DEFAULT_SUITES,
    SUITES,
    Authentication,
    CipherKind,
    KeyExchange,
    Suite,
)

SIGNALLING = {CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV, CipherSuite.TLS_FALLBACK_SCSV}

each_suite = pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)


def test_every_suite_of_the_registry_but_the_signalling_values_has_a_row() -> None:
    assert set(SUITES) == set(CipherSuite) - SIGNALLING
    assert all(code == suite.id for code, suite in SUITES.items())


@each_suite
def test_code_point_and_name_are_those_of_tlslite(suite: Suite) -> None:
    from tlslite.constants import CipherSuite as Theirs

    assert getattr(Theirs, suite.name) == suite.id


@each_suite
def test_version_and_families_are_those_of_tlslite(suite: Suite) -> None:
    from tlslite.constants import CipherSuite as Theirs

    code = int(suite.id)
    assert (code in Theirs.tls13Suites) is (suite.version is ProtocolVersion.TLSv1_3)
    assert (code in Theirs.certSuites) is (suite.key_exchange is KeyExchange.RSA)
    assert (code in Theirs.dheCertSuites) is (suite.key_exchange is KeyExchange.DHE)
    assert (code in Theirs.ecdhAllSuites) is (suite.key_exchange is KeyExchange.ECDHE)
    assert (code in Theirs.ecdheEcdsaSuites) is (suite.authentication is Authentication.ECDSA)
    assert (suite.authentication is Authentication.ANY) is (suite.version is ProtocolVersion.TLSv1_3)


@each_suite
def test_cipher_hash_and_mac_are_those_of_tlslite(suite: Suite) -> None:
    from tlslite.constants import CipherSuite as Theirs

    code = int(suite.id)
    ciphers = {
        "aes-128-gcm": Theirs.aes128GcmSuites,
        "aes-256-gcm": Theirs.aes256GcmSuites,
        "chacha20-poly1305": Theirs.chacha20Suites,
        "aes-128-cbc": Theirs.aes128Suites,
        "aes-256-cbc": Theirs.aes256Suites,
    }
    assert [name for name, codes in ciphers.items() if code in codes] == [suite.cipher.name]
    macs = {
        HashAlgorithm.SHA1: Theirs.shaSuites,
        HashAlgorithm.SHA256: Theirs.sha256Suites,
        HashAlgorithm.SHA384: Theirs.sha384Suites,
        None: Theirs.aeadSuites,
    }
    # Their lists by MAC also hold AEAD suites of that hash, so an AEAD is told by its own list alone.
    found = None if code in macs[None] else next(mac for mac, codes in macs.items() if code in codes)
    assert found is suite.mac
    assert (code in Theirs.sha384PrfSuites) is (suite.hash is HashAlgorithm.SHA384)
    assert suite.hash in (HashAlgorithm.SHA256, HashAlgorithm.SHA384)


@each_suite
def test_record_parameters_are_those_tlslite_computes(suite: Suite) -> None:
    from tlslite.recordlayer import RecordLayer

    key_length, iv_length, _ = RecordLayer._getCipherSettings(suite.id)
    if suite.version is ProtocolVersion.TLSv1_3:  # theirs is TLS 1.2's split there too; RFC 8446 5.3 derives all of it
        assert (suite.cipher.key_length, suite.cipher.nonce_length) == (key_length, 12)
        return
    mac_length, _ = RecordLayer._getMacSettings(suite.id)
    assert suite.cipher.key_length == key_length
    assert (suite.mac.size if suite.mac else 0) == mac_length
    # Their CBC figure is the block that TLS 1.0 took from the key block; TLS 1.2 sends it (RFC 5246 6.2.3.2).
    assert iv_length == (
        suite.cipher.fixed_iv_length if suite.cipher.kind is CipherKind.AEAD else suite.cipher.record_iv_length
    )


@each_suite
def test_a_name_says_what_the_row_says(suite: Suite) -> None:
    words = suite.name.split("_")
    assert words[-1] == (suite.mac or suite.hash).name.removesuffix("1")
    assert ("GCM" in words or "POLY1305" in words) is (suite.cipher.kind is CipherKind.AEAD)
    assert (suite.mac is None) is (suite.cipher.kind is CipherKind.AEAD)
    if suite.version is ProtocolVersion.TLSv1_2:
        exchange = suite.name.removeprefix("TLS_").split("_WITH_")[0]
        expected = (
            "RSA" if suite.key_exchange is KeyExchange.RSA else f"{suite.key_exchange.name}_{suite.authentication.name}"
        )
        assert exchange == expected


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl program")
def test_openssl_knows_each_suite_by_the_stated_name() -> None:
    command = ["openssl", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    theirs = {}
    for line in listing.splitlines():
        code, _, standard, _, name = line.split()[:5]
        first, second = (int(octet, 16) for octet in code.split(","))
        theirs[first << 8 | second] = (standard, name)
    ours = {int(suite.id): (suite.name, suite.openssl_name) for suite in SUITES.values()}
    assert {code: theirs.get(code) for code in ours} == ours


def test_openssl_names_are_unique() -> None:
    assert len({suite.openssl_name for suite in SUITES.values()}) == len(SUITES)


def test_aead_nonces_have_96_bits_and_gcm_keys_a_record_limit() -> None:
    for cipher in BULK_CIPHERS.values():
        if cipher.kind is CipherKind.AEAD:
            assert (cipher.nonce_length, cipher.tag_length) == (12, 16)
        assert (cipher.record_limit is not None) is ("gcm" in cipher.name)
    assert int(2**24.5) == AES_GCM_RECORD_LIMIT


def test_default_suites_are_forward_secret_and_put_aead_first() -> None:
    rows = [SUITES[suite] for suite in DEFAULT_SUITES]
    assert len(set(DEFAULT_SUITES)) == len(DEFAULT_SUITES)
    assert {row.key_exchange for row in rows} == {KeyExchange.ANY, KeyExchange.ECDHE}
    for version in (ProtocolVersion.TLSv1_3, ProtocolVersion.TLSv1_2):
        kinds = [row.cipher.kind for row in rows if row.version is version]
        assert kinds == sorted(kinds)  # "aead" before "cbc"
        assert next(row for row in rows if row.version is version).cipher.name == "chacha20-poly1305"
    assert {row.authentication for row in rows if row.version is ProtocolVersion.TLSv1_2} == {
        Authentication.RSA,
        Authentication.ECDSA,
    }
