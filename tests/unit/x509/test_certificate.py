"""Decoding certificates: every field read, nothing but CertificateError raised, DER and nothing else accepted."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import Curve, ECPublicKey, KeyType, generate_ed, generate_rsa
from puressl.crypto.signatures import Algorithm, Kind
from puressl.env import SeededEnv
from puressl.errors import CertificateError, Problem, Reason, SSLError
from puressl.x509 import build, der, pem
from puressl.x509.certificate import Certificate, load_certificates
from puressl.x509.extensions import GeneralNameKind, KeyUsage

DECODE = Path(__file__).resolve().parents[4] / "shared" / "x509" / "real" / "decode"


@pytest.fixture(scope="module")
def root(ca):
    return ca.issue("root", path_length=3)


@pytest.fixture(scope="module")
def leaf(ca, root):
    names = build.GeneralNames(
        ("a.example", "*.b.example"), ("192.0.2.1",), ("m@example",), ("http://a.example/",), (root.subject,)
    )
    return ca.leaf(root, extra=[build.subject_alt_name(names)], serial=7)


def refused(data: bytes) -> CertificateError:
    with pytest.raises(CertificateError) as caught:
        Certificate.decode(data)
    return caught.value


def test_fields_are_plain_values(ca, root, leaf):
    certificate = leaf.certificate
    assert (certificate.version, certificate.serial) == (3, 7)
    assert (certificate.issuer.text, certificate.subject.text) == ("CN=root", "CN=leaf")
    assert (certificate.not_before, certificate.not_after) == (ca.now - ca.day, ca.now + ca.day)
    assert isinstance(certificate.public_key, ECPublicKey)
    assert certificate.public_key.curve is Curve.SECP256R1
    assert certificate.signature_algorithm is not None
    assert certificate.signature_algorithm.kind is Kind.ECDSA
    assert certificate.tbs in certificate.der
    assert not certificate.is_self_issued
    assert root.certificate.is_self_signed


def test_extensions_are_plain_values(ca, root, leaf):
    extensions = leaf.certificate.extensions
    assert extensions.key_usage is KeyUsage.DIGITAL_SIGNATURE
    assert extensions.extended_key_usage == ("1.3.6.1.5.5.7.3.1",)
    assert extensions.authority_key_identifier.key_identifier == root.certificate.extensions.subject_key_identifier
    assert extensions.critical("2.5.29.15") is True
    assert extensions.critical("2.5.29.17") is False
    assert extensions.critical("1.2.3") is None
    assert root.certificate.extensions.basic_constraints.path_length == 3
    assert [(name.kind, name.text) for name in extensions.subject_alt_name] == [
        (GeneralNameKind.DNS, "DNS:a.example"),
        (GeneralNameKind.DNS, "DNS:*.b.example"),
        (GeneralNameKind.IP, "IP:192.0.2.1"),
        (GeneralNameKind.RFC822, "email:m@example"),
        (GeneralNameKind.URI, "URI:http://a.example/"),
        (GeneralNameKind.DIRECTORY, "DirName:CN=root"),
    ]


def test_certificates_are_equal_by_their_bytes(leaf):
    again = Certificate.decode(leaf.der)
    assert again == leaf.certificate
    assert len({again, leaf.certificate}) == 1


def test_every_truncation_is_refused(leaf):
    for length in range(len(leaf.der)):
        refused(leaf.der[:length])


def test_trailing_bytes_are_refused(leaf):
    assert refused(leaf.der + b"\x00").problem is Problem.CERTIFICATE_MALFORMED


def test_mutations_raise_nothing_but_certificate_errors(leaf):
    dice = random.Random(1)
    for _ in range(1500):
        data = bytearray(leaf.der)
        for _ in range(dice.choice((1, 1, 2))):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            certificate = Certificate.decode(bytes(data))
        except CertificateError:
            continue
        assert certificate.subject.text
        assert certificate.is_self_signed in (True, False)
        assert all(name.text for name in certificate.extensions.subject_alt_name or ())


def test_deep_nesting_is_refused_without_recursion_trouble():
    data = b""
    while len(data) < 40_000:
        data = der.sequence(data)
    assert "nested" in str(refused(data))


def test_decoding_needs_nothing_but_this_package(leaf):
    code = (
        "import sys; from puressl.x509.certificate import Certificate; Certificate.decode(bytes.fromhex(sys.argv[1]));"
        "sys.exit('asn1crypto' in sys.modules)"
    )
    command = [sys.executable, "-c", code, leaf.der.hex()]
    assert subprocess.run(command, check=False, cwd=Path(__file__).resolve().parents[3]).returncode == 0


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("version", {"version": der.element(der.context(0), der.octet_string(b"\x02"))}),
        ("version", {"version": der.element(der.context(0), der.integer(3))}),
        ("version", {"version": b""}),  # version 1 has no extensions
        ("serialNumber", {"serial": der.octet_string(b"\x07")}),
        ("issuer", {"issuer": der.set_of()}),
        ("validity", {"validity": der.set_of()}),
        ("validity", {"validity": der.sequence(der.time(0))}),
        ("validity", {"validity": der.sequence(der.time(0), der.time(0), der.time(0))}),
        ("subject", {"subject": der.sequence(der.sequence())}),
        ("extensions", {"extensions": der.element(der.context(3), der.sequence())}),
        ("signatureAlgorithm", {"outer": der.sequence()}),
        ("signatureValue", {"signature": der.octet_string(b"\x00")}),
        ("signatureValue", {"signature": der.bit_string(b"\x80", 7)}),
        ("Certificate", {"outer": b""}),
        ("Certificate", {"extensions": der.element(der.context(4), der.sequence())}),
        ("Certificate", {"signature": der.bit_string(b"") + der.null()}),
    ],
)
def test_field_at_fault_is_named(field, wrong):
    assert Certificate.decode(_assembled({})).version == 3
    error = refused(_assembled(wrong))
    assert error.check == field
    bad_validity = field == "validity"
    assert error.problem is (Problem.CERTIFICATE_BAD_VALIDITY if bad_validity else Problem.CERTIFICATE_MALFORMED)


def _assembled(changed: dict[str, bytes]) -> bytes:
    """A certificate of the smallest fields there are, some of them changed."""
    algorithm = der.sequence(der.oid("1.2.3"))
    parts = {
        "version": der.element(der.context(0), der.integer(2)),
        "serial": der.integer(7),
        "inner": algorithm,
        "issuer": der.sequence(),
        "validity": der.sequence(der.time(0), der.time(1)),
        "subject": der.sequence(),
        "key": der.sequence(algorithm, der.bit_string(b"")),
        "unique": der.element(der.context(1, constructed=False), b"\x00"),
        "extensions": der.element(der.context(3), der.sequence(der.sequence(der.oid("1.2.3"), der.octet_string(b"")))),
        "outer": algorithm,
        "signature": der.bit_string(b""),
    } | changed
    outer, signature = parts.pop("outer"), parts.pop("signature")
    return der.sequence(der.sequence(*parts.values()), outer, signature)


@pytest.mark.parametrize(
    ("extension", "field"),
    [
        (build.basic_constraints(True), "2.5.29.19 appears twice"),
        (build.Extension("2.5.29.17", der.sequence()), "subjectAltName: empty sequence"),
        (build.Extension("2.5.29.17", der.sequence(b"\x8f\x01x")), "subjectAltName"),
        (build.Extension("2.5.29.17", b"\x30\x80\x00\x00"), "subjectAltName"),
        (build.Extension("2.5.29.17", der.sequence(b"\x82\x03\xc3\xbc.")), "subjectAltName: IA5String"),
        (build.Extension("2.5.29.37", der.sequence()), "extKeyUsage: empty sequence"),
        (build.Extension("2.5.29.15", der.bit_string(b"\x00")), "keyUsage: no bit"),
        (build.Extension("2.5.29.14", b""), "subjectKeyIdentifier"),
        (build.Extension("2.5.29.35", der.sequence(b"\x82\x01\x05")), "authorityKeyIdentifier"),
        (build.Extension("2.5.29.30", der.sequence()), "nameConstraints: neither"),
        (build.Extension("2.5.29.36", der.sequence()), "policyConstraints: empty"),
        (build.Extension("1.3.6.1.5.5.7.1.1", b"junk"), "authorityInfoAccess"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_malformed_extension_is_named(ca, root, extension, field):
    doubled = [extension, extension] if "twice" in field else [extension]
    error = refused(ca.leaf(root, extra=doubled).der)
    assert error.problem is Problem.CERTIFICATE_MALFORMED
    assert field in str(error)


def test_inner_algorithm_that_differs_is_refused(ca, root):
    other = der.sequence(der.oid("1.2.840.10045.4.3.3"))
    assert "signatureAlgorithm: differs" in str(refused(ca.leaf(root, inner_algorithm=other).der))


@pytest.mark.parametrize(
    "text", [b"2611230741Z", b"26112307410\xb2Z", b"261332074100Z", b"261123074160Z", b"261123074100+"]
)
def test_malformed_time_is_an_invalid_certificate(leaf, text):
    good = b"\x17\x0d261122074100Z"
    assert good in leaf.der
    data = leaf.der.replace(good, b"\x17\x0d" + text.ljust(13, b"Z"))
    assert refused(data).reason is Reason.EPEERCERTINVALID


def test_key_of_an_unknown_kind_is_no_fault_of_the_certificate(ca, root):
    info = der.sequence(der.sequence(der.oid("1.2.3.4")), der.bit_string(b"key"))
    certificate = ca.leaf(root, public_key=info).certificate
    assert certificate.public_key is None
    assert "1.2.3.4" in certificate.public_key_problem


@pytest.mark.parametrize(
    ("algorithm", "octets", "problem"),
    [
        (
            der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7")),
            b"\x04" + bytes(64),
            "not a point",
        ),
        (der.sequence(der.oid("1.2.840.10045.2.1"), der.sequence()), b"\x04" + bytes(64), "curve is not named"),
        (der.sequence(der.oid("1.2.840.113549.1.1.1"), der.null()), b"\x30\x80\x00\x00", "malformed"),
        (
            der.sequence(der.oid("1.2.840.113549.1.1.1"), der.null()),
            der.sequence(der.integer(15), der.integer(3)),
            "4 bits",
        ),
        (der.sequence(der.oid("1.3.101.112"), der.null()), bytes(32), "parameters"),
        (der.sequence(der.oid("1.3.101.112")), bytes(31), ""),
    ],
)
def test_bad_key_has_a_reason(ca, root, algorithm, octets, problem):
    certificate = ca.leaf(root, public_key=der.sequence(algorithm, der.bit_string(octets))).certificate
    assert certificate.public_key is None
    assert problem in certificate.public_key_problem
    assert certificate.public_key_problem


def test_unknown_signature_algorithm_is_none_with_its_identifier(ca, root):
    plain = ca.leaf(root).der
    data = plain.replace(der.oid("1.2.840.10045.4.3.2"), der.oid("1.2.840.10045.4.3.7"))
    certificate = Certificate.decode(data)
    assert (certificate.signature_algorithm, certificate.signature_oid) == (None, "1.2.840.10045.4.3.7")


@pytest.mark.parametrize("kind", ["pss", "ed25519"])
def test_other_signature_algorithms_are_known(ca, kind):
    env = SeededEnv(b"keys", 0)
    key = generate_rsa(1024, env) if kind == "pss" else generate_ed(KeyType.ED25519, env)
    algorithm = Algorithm(Kind.RSA_PSS, HashAlgorithm.SHA256, 32) if kind == "pss" else Algorithm(Kind.EDDSA)
    assert ca.issue("root", key=key, algorithm=algorithm).certificate.signature_algorithm == algorithm


# --- Files ----------------------------------------------------------------------------------------


def test_bundle_is_loaded_in_its_order_other_blocks_passed_over(root, leaf):
    data = (
        b"comment\n"
        + pem.encode("CERTIFICATE", leaf.der)
        + pem.encode("EC PRIVATE KEY", b"x")
        + pem.encode("CERTIFICATE", root.der)
    )
    assert [one.subject.text for one in load_certificates(data, "bundle")] == ["CN=leaf", "CN=root"]
    assert load_certificates(leaf.der, "file") == (leaf.certificate,)


@pytest.mark.parametrize(
    "data", [b"", b"\n", b"no certificate", pem.encode("PUBLIC KEY", b"x"), b"-----BEGIN CERTIFICATE-----\n"]
)
def test_file_without_certificate_is_an_error_that_names_it(data):
    with pytest.raises(SSLError, match="some/file") as caught:
        load_certificates(data, "some/file")
    assert caught.value.reason is Reason.ECERTFILE


def test_file_with_a_bad_certificate_says_which(root):
    data = pem.encode("CERTIFICATE", root.der) + pem.encode("CERTIFICATE", root.der[:-1])
    with pytest.raises(SSLError, match="bundle: certificate 2: Certificate: "):
        load_certificates(data, "bundle")


@pytest.mark.skipif(not DECODE.is_dir(), reason="no shared certificate collection beside the repository")
def test_real_and_odd_certificates_decode_or_are_refused_properly():
    decoded = [_count(path) for path in sorted(DECODE.rglob("*")) if path.suffix in (".pem", ".der")]
    assert sum(decoded) > 60


def _count(path: Path) -> int:
    try:
        return len(load_certificates(path.read_bytes(), path.name))
    except SSLError:
        return 0
