"""Credentials: chain and key belong together, and what they are good for."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from puressl.codes import ProtocolVersion, SignatureScheme
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import (
    Curve,
    KeyType,
    PrivateKey,
    PssParameters,
    RSAPrivateKey,
    generate_ec,
    generate_ed,
    generate_rsa,
)
from puressl.crypto.suites import Authentication
from puressl.env import SeededEnv
from puressl.errors import Reason, SSLError
from puressl.x509 import build, der, pem
from puressl.x509.build import CertificateTemplate, GeneralNames
from puressl.x509.credential import MAX_FILE, Credential
from puressl.x509.keys import encode_private_key

ENV = SeededEnv(b"credentials", 0)
KEY = generate_ec(Curve.SECP256R1, ENV)
OTHER = generate_ec(Curve.SECP256R1, ENV)
RSA = generate_rsa(1024, ENV)
NAMES = GeneralNames(dns=["server.example", "*.wild.example"], ips=["127.0.0.1", "::1"])


def certificate(key: PrivateKey, name: str = "server.example", public_key: bytes | None = None) -> bytes:
    subject = build.distinguished_name(("CN", name))
    template = CertificateTemplate(
        subject, subject, public_key or key.public, 0, 1, (build.subject_alt_name(NAMES),), serial=1
    )
    return build.issue(template, key, ENV)


LEAF, CA = certificate(KEY), certificate(OTHER, "Test CA")
CERTIFICATES = pem.encode("CERTIFICATE", LEAF) + pem.encode("CERTIFICATE", CA)
PRIVATE_KEY = pem.encode("PRIVATE KEY", encode_private_key(KEY))


def refusal(reason: Reason, *arguments: bytes | None) -> str:
    with pytest.raises(SSLError) as caught:
        Credential.from_bytes(*arguments)  # type: ignore[arg-type]
    assert caught.value.reason is reason
    return caught.value.detail or ""


def test_chain_is_kept_in_order_and_the_leaf_is_decoded() -> None:
    credential = Credential.from_bytes(CERTIFICATES, PRIVATE_KEY)
    assert credential.chain == (LEAF, CA)
    assert credential.leaf.der == LEAF
    assert credential.key == KEY


def test_der_and_one_file_for_both_load() -> None:
    assert Credential.from_bytes(LEAF, encode_private_key(KEY)).chain == (LEAF,)
    assert Credential.from_bytes(PRIVATE_KEY + CERTIFICATES).chain == (LEAF, CA)


def test_files_load_with_and_without_a_key_file(tmp_path: Path) -> None:
    chain, key, both = tmp_path / "chain.pem", tmp_path / "server.key", tmp_path / "both.pem"
    chain.write_bytes(CERTIFICATES)
    key.write_bytes(PRIVATE_KEY)
    both.write_bytes(CERTIFICATES + PRIVATE_KEY)
    assert Credential.load(chain, key) == Credential.load(str(both)) == Credential.from_bytes(CERTIFICATES, PRIVATE_KEY)


def test_missing_files_are_named_with_their_reason(tmp_path: Path) -> None:
    chain, missing = tmp_path / "chain.pem", tmp_path / "missing"
    chain.write_bytes(CERTIFICATES)
    with pytest.raises(SSLError, match="missing: No such file") as caught:
        Credential.load(missing)
    assert caught.value.reason is Reason.ECERTFILE
    with pytest.raises(SSLError, match="missing: No such file") as caught:
        Credential.load(chain, missing)
    assert caught.value.reason is Reason.EKEYFILE
    with pytest.raises(SSLError, match=r"chain\.pem: there is no private key in the file") as caught:
        Credential.load(chain)
    assert caught.value.reason is Reason.EKEYFILE
    with pytest.raises(SSLError, match=os.strerror(21)) as caught:
        Credential.load(tmp_path)
    assert caught.value.reason is Reason.ECERTFILE


def test_huge_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "huge").write_bytes(bytes(MAX_FILE + 1))
    with pytest.raises(SSLError, match="more than"):
        Credential.load(tmp_path / "huge")


def test_key_of_another_certificate_is_a_mismatch() -> None:
    detail = refusal(Reason.EKEYMISMATCH, pem.encode("CERTIFICATE", LEAF), encode_private_key(OTHER))
    assert detail == "cert with key: the certificate of CN=server.example is for another key"
    refusal(Reason.EKEYMISMATCH, LEAF, encode_private_key(RSA))


def test_chain_in_the_wrong_order_is_named_for_what_it_is() -> None:
    backwards = pem.encode("CERTIFICATE", CA) + pem.encode("CERTIFICATE", LEAF)
    assert "number 2 is the key's own and must be the first" in refusal(Reason.EKEYMISMATCH, backwards, PRIVATE_KEY)


def test_key_of_unsupported_kind_in_the_certificate_is_ecertfile() -> None:
    info = der.sequence(der.sequence(der.oid("1.3.101.110")), der.bit_string(bytes(32)))
    refusal(Reason.ECERTFILE, certificate(KEY, public_key=info), PRIVATE_KEY)


def test_damaged_certificate_is_ecertfile() -> None:
    refusal(Reason.ECERTFILE, LEAF[:-1], PRIVATE_KEY)
    refusal(Reason.ECERTFILE, PRIVATE_KEY, PRIVATE_KEY)


def pss(parameters: PssParameters | None) -> RSAPrivateKey:
    return replace(RSA, pss=parameters)


SHA256_ONLY = PssParameters(HashAlgorithm.SHA256, 32)


@pytest.mark.parametrize("in_file", [None, PssParameters(), SHA256_ONLY])
def test_restriction_of_the_certificate_binds_a_vaguer_key_file(in_file: PssParameters | None) -> None:
    credential = Credential.from_bytes(certificate(pss(SHA256_ONLY)), encode_private_key(pss(in_file)))
    assert credential.key == pss(SHA256_ONLY)
    assert credential.schemes(ProtocolVersion.TLSv1_3) == (SignatureScheme.RSA_PSS_PSS_SHA256,)


@pytest.mark.parametrize("in_file", [PssParameters(), SHA256_ONLY])
def test_key_file_for_pss_only_does_not_serve_an_unrestricted_certificate(in_file: PssParameters) -> None:
    refusal(Reason.EKEYMISMATCH, certificate(RSA), encode_private_key(pss(in_file)))


def test_names_match_by_subject_alt_name() -> None:
    credential = Credential.from_bytes(LEAF, PRIVATE_KEY)
    for name in ("server.example", "SERVER.example", "a.wild.example", "127.0.0.1", "::1"):
        assert credential.matches(name), name
    for name in ("wild.example", "a.b.wild.example", "other.example", "127.0.0.2", "", "*", "a b", "x" * 300, "ä\0"):
        assert not credential.matches(name), name


def test_authentication_and_schemes_follow_the_key() -> None:
    ed25519 = generate_ed(KeyType.ED25519, ENV)
    for key, authentication in (
        (KEY, Authentication.ECDSA),
        (RSA, Authentication.RSA),
        (ed25519, Authentication.ECDSA),
    ):
        credential = Credential.from_bytes(certificate(key), encode_private_key(key))
        assert credential.authentication is authentication
    assert credential.schemes(ProtocolVersion.TLSv1_3) == (SignatureScheme.ED25519,)


def test_repr_shows_no_key() -> None:
    text = repr(Credential.from_bytes(LEAF, PRIVATE_KEY))
    assert str(KEY.scalar) not in text
    assert "key" not in text
