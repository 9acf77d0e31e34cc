"""Issued certificates: what OpenSSL and puressl's own decoder read in them, and that wrong ones can be made."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

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
from puressl.crypto.signatures import Algorithm, Kind, verify_algorithm
from puressl.env import SeededEnv
from puressl.errors import SSLError
from puressl.x509 import build, der, pem
from puressl.x509.algorithms import default_algorithm, signature_algorithm
from puressl.x509.build import CertificateTemplate, Extension, GeneralNames, issue
from puressl.x509.certificate import Certificate
from puressl.x509.extensions import GeneralNameKind, KeyUsage

ENV = SeededEnv(b"issuing", 0)
RSA = generate_rsa(1024, ENV)
KEYS: dict[str, PrivateKey] = {
    "rsa": RSA,
    "rsa-pss": RSAPrivateKey.from_primes(RSA.p, RSA.q, pss=PssParameters()),
    "rsa-pss-sha384": RSAPrivateKey.from_primes(RSA.p, RSA.q, pss=PssParameters(HashAlgorithm.SHA384, 48)),
    "p256": generate_ec(Curve.SECP256R1, ENV),
    "p384": generate_ec(Curve.SECP384R1, ENV),
    "p521": generate_ec(Curve.SECP521R1, ENV),
    "ed25519": generate_ed(KeyType.ED25519, ENV),
    "ed448": generate_ed(KeyType.ED448, ENV),
}
KEY = KEYS["p256"]
NAME = build.distinguished_name(("C", "CH"), ("O", "Müller"), ("CN", "Test Root"))
FROM, UNTIL = 1767225600, 2398377600  # 2026-01-01 and 2046-01-01
CA = (
    build.basic_constraints(True, 0),
    build.key_usage("keyCertSign", "cRLSign", "decipherOnly"),
    build.extended_key_usage("serverAuth", "1.2.3.4"),
    build.subject_alt_name(
        GeneralNames(dns=["a.example"], ips=["192.0.2.1", "::1"], emails=["a@b.example"], uris=["http://c.example/"])
    ),
    build.name_constraints(GeneralNames(dns=["example"], ips=["10.0.0.0/8"]), GeneralNames(directories=[NAME])),
    build.subject_key_identifier(KEY.public),
    build.authority_key_identifier(KEY.public),
)


def template(key: PrivateKey = KEY, **changes: object) -> CertificateTemplate:
    fields: dict[str, object] = {
        "subject": NAME,
        "issuer": NAME,
        "public_key": key.public,
        "not_before": FROM,
        "not_after": UNTIL,
        "extensions": CA,
        **changes,
    }
    return CertificateTemplate(**fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", KEYS)
def test_signature_of_every_key_type_verifies(name: str) -> None:
    key = KEYS[name]
    certificate = Certificate.decode(issue(template(key), key, ENV))
    assert certificate.public_key == key.public
    assert certificate.signature_algorithm == default_algorithm(key.public)
    verify_algorithm(key.public, default_algorithm(key.public), certificate.signature, certificate.tbs)


@pytest.mark.parametrize("name", KEYS)
def test_openssl_verifies_every_key_type(name: str, tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("the openssl program is not installed")
    path = tmp_path / "root.pem"
    path.write_bytes(pem.encode("CERTIFICATE", issue(template(KEYS[name]), KEYS[name], ENV)))
    command = ("openssl", "verify", "-check_ss_sig", "-x509_strict", "-auth_level", "0", "-attime", str(FROM))
    done = subprocess.run((*command, "-CAfile", path, path), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_decoder_reads_what_the_template_says() -> None:
    certificate = Certificate.decode(issue(template(serial=0x1234), KEY, ENV))
    assert (certificate.version, certificate.serial) == (3, 0x1234)
    assert (certificate.not_before, certificate.not_after) == (FROM, UNTIL)
    assert certificate.subject.der == certificate.issuer.der == NAME
    extensions = certificate.extensions
    assert extensions.basic_constraints is not None
    assert (extensions.basic_constraints.ca, extensions.basic_constraints.path_length) == (True, 0)
    assert extensions.key_usage == KeyUsage.KEY_CERT_SIGN | KeyUsage.CRL_SIGN | KeyUsage.DECIPHER_ONLY
    assert extensions.extended_key_usage == ("1.3.6.1.5.5.7.3.1", "1.2.3.4")
    assert extensions.subject_key_identifier == build.key_identifier(KEY.public)
    assert extensions.authority_key_identifier is not None
    assert extensions.authority_key_identifier.key_identifier == build.key_identifier(KEY.public)
    kinds = [name.kind for name in extensions.subject_alt_name or ()]
    assert kinds[:3] == [GeneralNameKind.DNS, GeneralNameKind.IP, GeneralNameKind.IP]
    assert extensions.name_constraints is not None


def test_equal_seeds_make_equal_bytes() -> None:
    def made(seed: bytes) -> bytes:
        return issue(template(RSA), RSA, SeededEnv(seed, 0))

    assert made(b"one") == made(b"one") != made(b"two")


def test_random_serials_are_positive_and_of_one_length() -> None:
    for _ in range(50):
        serial = Certificate.decode(issue(template(), KEY, ENV, signature=b"")).serial
        assert serial.bit_length() == 127


def test_version_1_has_neither_version_nor_extensions() -> None:
    certificate = Certificate.decode(issue(template(version=build.X509_V1, extensions=()), KEY, ENV))
    assert certificate.version == 1
    assert not certificate.extensions.present


def test_duplicate_extension_can_be_made() -> None:
    one = Extension("1.2.3.4", b"\x05\x00", critical=True)
    data = issue(template(extensions=(one, one)), KEY, ENV)
    assert data.count(one.encode()) == 2
    with pytest.raises(SSLError):
        Certificate.decode(data)


def test_inner_algorithm_can_differ_from_the_outer() -> None:
    other = signature_algorithm(Algorithm(Kind.ECDSA, HashAlgorithm.SHA512), KeyType.EC)
    data = issue(template(inner_algorithm=other), KEY, ENV)
    assert data.count(other) == 1
    with pytest.raises(SSLError):
        Certificate.decode(data)


def test_signature_can_be_replaced() -> None:
    certificate = Certificate.decode(issue(template(), KEY, ENV, signature=b"no signature"))
    assert certificate.signature == b"no signature"


def test_sha1_signature_can_be_made() -> None:
    algorithm = Algorithm(Kind.RSA_PKCS1, HashAlgorithm.SHA1)
    certificate = Certificate.decode(issue(template(RSA), RSA, ENV, algorithm=algorithm))
    assert certificate.signature_oid == "1.2.840.113549.1.1.5"


def test_public_key_can_be_any_der() -> None:
    info = der.sequence(der.sequence(der.oid("1.3.101.110")), der.bit_string(bytes(32)))
    assert Certificate.decode(issue(template(public_key=info), KEY, ENV)).public_key is None


def test_algorithm_that_does_not_fit_the_key_is_refused() -> None:
    with pytest.raises(SSLError):
        issue(template(), KEY, ENV, algorithm=Algorithm(Kind.RSA_PKCS1, HashAlgorithm.SHA256))


@pytest.mark.parametrize(
    "make",
    [
        lambda: build.key_usage("digitalsignature"),
        lambda: build.extended_key_usage("webServer"),
        lambda: build.distinguished_name(("XX", "y")),
        lambda: signature_algorithm(Algorithm(Kind.ECDSA, HashAlgorithm.MD5), KeyType.EC),
    ],
)
def test_unknown_names_are_refused_with_the_known_ones(make: object) -> None:
    with pytest.raises(SSLError, match=r"known are|no identifier"):
        make()  # type: ignore[operator]
