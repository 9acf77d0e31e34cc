"""What is said of files that hold no certificate."""

from __future__ import annotations

import pytest

from puressl.crypto.keys import Curve, generate_ec
from puressl.env import SeededEnv
from puressl.errors import Reason, SSLError
from puressl.x509 import build, der, pem
from puressl.x509.certificate import load_certificates
from puressl.x509.crl import crl_blocks
from puressl.x509.file_kinds import other_kind
from puressl.x509.keys import encode_private_key
from puressl.x509.store import TrustStore

KEY = generate_ec(Curve.SECP256R1, SeededEnv(b"key", 0))
NAME = build.distinguished_name(("CN", "x.example"))
PKCS7_SIGNED, PBES2 = der.oid("1.2.840.113549.1.7.2"), der.oid("1.2.840.113549.1.5.13")


def pkcs12(length: int) -> bytes:
    return der.sequence(der.integer(3), der.sequence(bytes(length)))


KINDS = {
    b"": "it is empty",
    b" \r\n": "it is empty",
    b"hello": "neither PEM nor DER",
    b"-----BEGIN CERTIFICATE": "neither PEM nor DER",
    pem.encode("CERTIFICATE", b"x").decode().encode("utf-16"): "UTF-16 text",
    pem.encode("PRIVATE KEY", b"x") + pem.encode("CERTIFICATE REQUEST", b"x"): "only PRIVATE KEY, CERTIFICATE REQUEST",
    encode_private_key(KEY): "a private key",
    der.sequence(der.sequence(PBES2), der.octet_string(b"x")): "an encrypted private key",
    der.sequence(der.sequence(der.integer(0), NAME, der.sequence())): "a certificate request",
    der.sequence(PKCS7_SIGNED, der.element(der.context(0), b"x")): "a PKCS#7 file",
    der.sequence(der.element(0x0A, b"\x00")): "an OCSP response",
    **{pkcs12(length): "a PKCS#12 file" for length in (1, 200, 300, 70_000)},
}


@pytest.mark.parametrize(("data", "kind"), KINDS.items(), ids=[f"{n} {kind}" for n, kind in enumerate(KINDS.values())])
def test_other_files_are_named_for_what_they_are(data: bytes, kind: str) -> None:
    for load in (load_certificates, TrustStore.from_bytes):
        with pytest.raises(SSLError, match=f"some/file: no certificate in it: {kind}"):
            load(data, "some/file")
    with pytest.raises(SSLError, match=f"some/file: no CRL in it: {kind}") as caught:
        crl_blocks(data, "some/file", Reason.EINVAL)
    assert caught.value.reason is Reason.EINVAL


@pytest.mark.parametrize("version", [build.X509_V1, build.X509_V3])
@pytest.mark.parametrize("serial", [0, 1, 3, 1 << 100])
def test_certificate_is_taken_for_nothing_else(version: int, serial: int) -> None:
    template = build.CertificateTemplate(NAME, NAME, KEY.public, 0, 1, (), version=version, serial=serial)
    assert other_kind(build.issue(template, KEY, SeededEnv(b"it", 0))) == ""


def test_der_that_contains_a_begin_line_is_der() -> None:
    name = build.distinguished_name(("CN", "-----BEGIN CERTIFICATE-----"))
    template = build.CertificateTemplate(name, name, KEY.public, 0, 1, ())
    (certificate,) = load_certificates(build.issue(template, KEY, SeededEnv(b"it", 0)), "file")
    assert certificate.subject.text == "CN=-----BEGIN CERTIFICATE-----"
