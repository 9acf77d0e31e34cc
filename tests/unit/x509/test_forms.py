"""The structured forms of a certificate: what is in them, that they are written back exactly, and where faults are."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import FrozenInstanceError, replace
from datetime import datetime, timezone
from pathlib import Path

import pytest

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import Curve, KeyType, PssParameters, generate_ec, generate_ed, generate_rsa
from puressl.env import SeededEnv
from puressl.errors import CertificateError, Problem, Reason, SSLError
from puressl.x509 import build, der, pem
from puressl.x509.build import Extension
from puressl.x509.certificate import Certificate, certificate_blocks
from puressl.x509.forms import decode_certificate, encode_certificate, identifiers
from puressl.x509.forms.algorithms import EcpkParameters, RSAPublicKey
from puressl.x509.forms.codec import NULL, BitString, NamedBits
from puressl.x509.forms.extension_values import (
    AccessDescription,
    AuthorityKeyIdentifier,
    BasicConstraints,
    GeneralSubtree,
    NameConstraints,
    PolicyInformation,
    PolicyQualifierInfo,
)
from puressl.x509.forms.general_names import GeneralName, OtherName, String
from puressl.x509.forms.structure import AttributeTypeAndValue, Name, Time
from puressl.x509.forms.tls_structures import DigitallySigned, SignedCertificateTimestamp

REPOSITORY = Path(__file__).resolve().parents[3]
SHARED = REPOSITORY.parent / "shared" / "x509"
ENV = SeededEnv(b"forms", 0)
STRUCTURED = ("pkix", "ssl")


def body(value: bytes) -> bytes:
    return der.octet_string(value)


def extension_of(ca, oid: str, value: bytes, form: str = "ssl"):
    """One extension as a form has it, of a certificate that is written back exactly."""
    data = ca.leaf(None, extra=[Extension(oid, value)]).der
    certificate = decode_certificate(data, form)
    assert encode_certificate(certificate) == data
    return next(one for one in certificate.tbsCertificate.extensions if one.extnID not in KNOWN_TO_LEAF[form])


KNOWN_TO_LEAF = {
    "ssl": {"keyUsage", "extKeyUsage", "subjectAltName", "subjectKeyIdentifier"},
    "pkix": {"2.5.29.15", "2.5.29.37", "2.5.29.17", "2.5.29.14"},
}


def malformed(data: bytes, form: str = "ssl") -> CertificateError:
    with pytest.raises(CertificateError) as caught:
        decode_certificate(data, form)
    assert caught.value.reason in (Reason.EPEERCERT, Reason.EPEERCERTINVALID)
    return caught.value


@pytest.fixture(scope="module")
def leaf(ca):
    names = build.GeneralNames(("a.example",), ("192.0.2.1", "2001:db8::1"), ("m@example",), ("http://a.example/",))
    return ca.leaf(ca.issue("root"), extra=[build.subject_alt_name(names)], serial=7)


# --- What is in them ------------------------------------------------------------------------------


def test_der_is_the_bytes(leaf):
    assert decode_certificate(leaf.der) == decode_certificate(leaf.der, "der") == leaf.der
    assert encode_certificate(leaf.der) == leaf.der


def test_pkix_has_dotted_identifiers_and_values_as_der(leaf):
    tbs = decode_certificate(leaf.der, "pkix").tbsCertificate
    assert (tbs.version, tbs.serialNumber, tbs.signature.algorithm) == ("v3", 7, "1.2.840.10045.4.3.2")
    assert tbs.subject == Name(((AttributeTypeAndValue("2.5.4.3", b"\x0c\x04leaf"),),))
    assert tbs.validity.notBefore == Time("utcTime", "261122074100Z")
    assert tbs.subjectPublicKeyInfo.algorithm.parameters == der.oid("1.2.840.10045.3.1.7")
    assert isinstance(tbs.subjectPublicKeyInfo.subjectPublicKey, BitString)
    usage = next(one for one in tbs.extensions if one.extnID == "2.5.29.15")
    assert (usage.critical, usage.extnValue) == (True, b"\x03\x02\x07\x80")


def test_ssl_has_names_and_decoded_values(leaf):
    certificate = decode_certificate(leaf.der, "ssl")
    tbs = certificate.tbsCertificate
    assert certificate.signatureAlgorithm.algorithm == tbs.signature.algorithm == "ecdsa-with-SHA256"
    assert tbs.subject == Name(((AttributeTypeAndValue("commonName", String("UTF8String", "leaf")),),))
    assert tbs.validity.notAfter == Time("utcTime", datetime(2026, 11, 24, 7, 41, tzinfo=timezone.utc))
    assert tbs.subjectPublicKeyInfo.algorithm.parameters == EcpkParameters("namedCurve", "secp256r1")
    assert tbs.subjectPublicKeyInfo.subjectPublicKey == leaf.key.public.point
    values = {one.extnID: one.extnValue for one in tbs.extensions}
    assert values["keyUsage"] == NamedBits(("digitalSignature",))
    assert values["extKeyUsage"] == ("serverAuth",)
    assert values["subjectAltName"] == (
        GeneralName("dNSName", "a.example"),
        GeneralName("iPAddress", "192.0.2.1"),
        GeneralName("iPAddress", "2001:db8::1"),
        GeneralName("rfc822Name", "m@example"),
        GeneralName("uniformResourceIdentifier", "http://a.example/"),
    )
    assert isinstance(values["authorityKeyIdentifier"], AuthorityKeyIdentifier)


def test_values_are_frozen(leaf):
    certificate = decode_certificate(leaf.der, "ssl")
    with pytest.raises(FrozenInstanceError):
        certificate.tbsCertificate.serialNumber = 8
    hash(certificate)


@pytest.mark.parametrize("form", STRUCTURED)
def test_subject_is_the_subject_of_the_form(leaf, form):
    name = decode_certificate(leaf.der, form, subject=True)
    assert name == decode_certificate(leaf.der, form).tbsCertificate.subject
    assert encode_certificate(name) == leaf.certificate.subject.der


@pytest.mark.parametrize(("form", "subject"), [("der", True), ("", False), ("both", False), ("PKIX", True)])
def test_other_forms_are_eoptions(leaf, form, subject):
    with pytest.raises(SSLError) as caught:
        decode_certificate(leaf.der, form, subject)
    assert caught.value.reason is Reason.EOPTIONS


def test_field_changed_is_written_changed(leaf):
    certificate = decode_certificate(leaf.der, "ssl")
    tbs = replace(certificate.tbsCertificate, serialNumber=-300)
    assert Certificate.decode(encode_certificate(replace(certificate, tbsCertificate=tbs))).serial == -300


def test_names_of_identifiers_are_unambiguous():
    tables = [value for name, value in vars(identifiers).items() if name.isupper() and isinstance(value, dict)]
    assert len(tables) == 11
    for table in tables:
        assert len(set(table.values())) == len(table)
        assert not any(name[0].isdigit() for name in table.values())


# --- Keys and signatures --------------------------------------------------------------------------

RSA = generate_rsa(1024, ENV)
KEYS = {
    "rsaEncryption": RSA.public,
    "id-RSASSA-PSS": replace(RSA.public, pss=PssParameters(HashAlgorithm.SHA384, 48)),
    "id-ecPublicKey": generate_ec(Curve.SECP384R1, ENV).public,
    "id-Ed25519": generate_ed(KeyType.ED25519, ENV).public,
    "id-Ed448": generate_ed(KeyType.ED448, ENV).public,
}


def key_info(ca, info):
    data = ca.leaf(None, public_key=info).der
    certificate = decode_certificate(data, "ssl")
    assert encode_certificate(certificate) == data
    return certificate.tbsCertificate.subjectPublicKeyInfo


@pytest.mark.parametrize("name", KEYS)
def test_keys_of_tls_are_decoded(ca, name):
    info = key_info(ca, KEYS[name])
    assert info.algorithm.algorithm == name
    if name in ("rsaEncryption", "id-RSASSA-PSS"):
        assert info.subjectPublicKey == RSAPublicKey(RSA.public.modulus, RSA.public.exponent)
    else:
        assert isinstance(info.subjectPublicKey, bytes)


def test_pss_parameters_are_decoded(ca):
    pss = key_info(ca, KEYS["id-RSASSA-PSS"]).algorithm.parameters
    assert (pss.hashAlgorithm.algorithm, pss.hashAlgorithm.parameters) == ("id-sha384", NULL)
    assert pss.maskGenAlgorithm.parameters.algorithm == "id-sha384"
    assert (pss.saltLength, pss.trailerField, pss.written) == (48, 1, ())


def test_default_of_pss_that_is_written_out_stays(ca):
    trailer = der.element(der.context(3), der.integer(1))
    info = der.sequence(
        der.sequence(der.oid("1.2.840.113549.1.1.10"), der.sequence(trailer)),
        der.bit_string(der.sequence(der.integer(15), der.integer(3))),
    )
    assert key_info(ca, info).algorithm.parameters.written == ("trailerField",)


@pytest.mark.parametrize(
    ("identifier", "parameters", "key", "expected"),
    [
        ("1.2.840.10040.4.1", [der.sequence(*map(der.integer, (23, 11, 4)))], der.integer(8), 8),
        ("1.2.840.10040.4.1", [], der.integer(8), 8),
        ("1.2.840.10046.2.1", [der.sequence(*map(der.integer, (23, 4, 11)))], der.integer(8), 8),
        ("1.2.840.113549.1.3.1", [der.sequence(*map(der.integer, (23, 5)))], der.integer(8), 8),
        ("1.3.101.110", [], bytes(32), bytes(32)),
        ("1.3.101.111", [], bytes(56), bytes(56)),
        ("2.16.840.1.101.3.4.3.18", [], bytes(99), bytes(99)),
        ("1.2.3.4.5", [der.sequence()], b"\xff\x00", BitString(b"\xff\x00")),
        ("1.2.840.10045.2.1", [der.sequence(der.integer(1))], b"\x04", b"\x04"),
        ("1.2.840.10045.2.1", [der.null()], b"\x04", b"\x04"),
    ],
)
def test_keys_of_other_kinds_are_decoded_or_kept(ca, identifier, parameters, key, expected):
    info = der.sequence(der.sequence(der.oid(identifier), *parameters), der.bit_string(key))
    assert key_info(ca, info).subjectPublicKey == expected


def test_null_and_absent_parameters_are_not_the_same(ca):
    for parameters, expected in (([der.null()], NULL), ([], None), ([der.integer(1)], der.integer(1))):
        key = der.bit_string(der.sequence(der.integer(15), der.integer(3)))
        info = der.sequence(der.sequence(der.oid("1.2.840.113549.1.1.1"), *parameters), key)
        assert key_info(ca, info).algorithm.parameters == expected


# --- Extensions -----------------------------------------------------------------------------------

URI = der.element(0x86, b"http://a.example/")
SCT = bytes((0,)) + b"L" * 32 + (1_700_000_000_123).to_bytes(8, "big") + b"\x00\x00" + b"\x04\x03" + b"\x00\x02ab"
VALUES = {
    "basicConstraints": ("2.5.29.19", der.sequence(der.boolean(True), der.integer(2)), BasicConstraints(True, 2)),
    "authorityInfoAccess": (
        "1.3.6.1.5.5.7.1.1",
        der.sequence(der.sequence(der.oid("1.3.6.1.5.5.7.48.1"), URI)),
        (AccessDescription("ocsp", GeneralName("uniformResourceIdentifier", "http://a.example/")),),
    ),
    "subjectInfoAccess": (
        "1.3.6.1.5.5.7.1.11",
        der.sequence(der.sequence(der.oid("1.3.6.1.5.5.7.48.5"), URI)),
        (AccessDescription("caRepository", GeneralName("uniformResourceIdentifier", "http://a.example/")),),
    ),
    "inhibitAnyPolicy": ("2.5.29.54", der.integer(3), 3),
    "tlsFeature": ("1.3.6.1.5.5.7.1.24", der.sequence(der.integer(5), der.integer(17)), (5, 17)),
    "precertificatePoison": ("1.3.6.1.4.1.11129.2.4.3", der.null(), NULL),
    "certificatePolicies": (
        "2.5.29.32",
        der.sequence(
            der.sequence(der.oid("2.5.29.32.0")),
            der.sequence(
                der.oid("1.2.3"),
                der.sequence(
                    der.sequence(der.oid("1.3.6.1.5.5.7.2.1"), der.element(der.IA5_STRING, b"http://a.example/")),
                    der.sequence(der.oid("1.2.4"), der.integer(9)),
                ),
            ),
        ),
        (
            PolicyInformation("anyPolicy"),
            PolicyInformation(
                "1.2.3",
                (PolicyQualifierInfo("cps", "http://a.example/"), PolicyQualifierInfo("1.2.4", der.integer(9))),
            ),
        ),
    ),
    "nameConstraints": (
        "2.5.29.30",
        build.name_constraints(build.GeneralNames(dns=("a.example",), ips=("10.0.0.0/8",))).value,
        NameConstraints(
            (
                GeneralSubtree(GeneralName("dNSName", "a.example")),
                GeneralSubtree(GeneralName("iPAddress", "10.0.0.0/255.0.0.0")),
            )
        ),
    ),
    "signedCertificateTimestampList": (
        "1.3.6.1.4.1.11129.2.4.2",
        der.octet_string(
            (len(SCT) + 6).to_bytes(2, "big") + len(SCT).to_bytes(2, "big") + SCT + b"\x00\x02" + b"\x01?"
        ),
        (
            SignedCertificateTimestamp(b"L" * 32, 1_700_000_000_123, b"", DigitallySigned("sha256", "ecdsa", b"ab")),
            b"\x01?",
        ),
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_extension_is_decoded_and_written_back(ca, name):
    oid, value, expected = VALUES[name]
    found = extension_of(ca, oid, value)
    assert (found.extnID, found.extnValue) == (name, expected)
    assert extension_of(ca, oid, value, "pkix").extnValue == value


def test_unknown_extension_keeps_identifier_and_octets(ca):
    found = extension_of(ca, "1.2.3.4", b"\xff anything")
    assert (found.extnID, found.critical, found.extnValue) == ("1.2.3.4", False, b"\xff anything")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (der.element(0xA0, der.oid("1.2.3"), der.element(0xA0, der.null())), OtherName("1.2.3", der.null())),
        (der.element(0x88, b"\x2a\x03"), "1.2.3"),
        (der.element(0x87, b"\x01\x02\x03"), b"\x01\x02\x03"),
        (der.element(0xA3, der.integer(1)), der.integer(1)),
    ],
)
def test_general_names_of_rare_kinds_are_kept(ca, name, expected):
    data = ca.leaf(None, extra=[Extension("2.5.29.18", der.sequence(name))]).der
    certificate = decode_certificate(data, "ssl")
    assert encode_certificate(certificate) == data
    (found,) = [one for one in certificate.tbsCertificate.extensions if one.extnID == "issuerAltName"]
    assert found.extnValue[0].value == expected


@pytest.mark.parametrize("tag", [0x0C, 0x12, 0x13, 0x14, 0x16, 0x1A])
def test_string_type_of_a_name_is_kept(ca, tag):
    subject = der.sequence(der.set_of(der.sequence(der.oid("2.5.4.10"), der.element(tag, b"123"))))
    data = ca.leaf(None, subject=subject).der
    (((attribute,),)) = decode_certificate(data, "ssl", subject=True).rdnSequence
    assert attribute.type == "organizationName"
    assert attribute.value.value == "123"
    assert encode_certificate(decode_certificate(data, "ssl")) == data


# --- What DER forbids and certificates have -------------------------------------------------------


@pytest.mark.parametrize("form", STRUCTURED)
def test_default_written_out_is_written_back(ca, form):
    flag = der.sequence(der.boolean(False))
    extensions = der.sequence(der.sequence(der.oid("2.5.29.19"), der.boolean(False), der.octet_string(flag)))
    data = ca.leaf(None, extra=[]).der
    certificate = decode_certificate(data, form)
    odd = decode_certificate(with_extensions(data, extensions), form)
    assert odd.tbsCertificate.extensions[0].written == ("critical",)
    assert encode_certificate(odd) == with_extensions(data, extensions)
    assert certificate.tbsCertificate.extensions[0].written == ()


def with_extensions(data: bytes, extensions: bytes) -> bytes:
    """The certificate with other extensions; its signature is wrong."""
    outer = der.Reader.of_single(data, der.SEQUENCE)
    tbs = der.Reader(outer.take(der.SEQUENCE))
    parts = []
    while (tag := tbs.next_tag()) not in (None, der.context(3)):
        parts.append(tbs.take_raw(tag))
    rest = (outer.take_raw(der.SEQUENCE), outer.take_raw(der.BIT_STRING))
    return der.sequence(der.sequence(*parts, der.element(der.context(3), extensions)), *rest)


@pytest.mark.parametrize("form", STRUCTURED)
def test_set_in_another_order_is_written_back(ca, form):
    attributes = [
        der.sequence(der.oid(oid), der.element(der.UTF8_STRING, b"x")) for oid in ("2.5.4.11", "2.5.4.10", "2.5.4.3")
    ]
    data = ca.leaf(None, subject=der.sequence(der.element(der.SET, *attributes))).der
    assert encode_certificate(decode_certificate(data, form)) == data


def test_named_bits_with_trailing_zeros_are_written_back(ca):
    data = ca.leaf(None, extra=[Extension("2.5.29.15", b"\x03\x02\x00\x80")]).der
    certificate = decode_certificate(data, "ssl")
    assert encode_certificate(certificate) == data
    values = [one.extnValue for one in certificate.tbsCertificate.extensions if one.extnID == "keyUsage"]
    assert values == [NamedBits(("digitalSignature",), 8)]


def test_bit_without_a_meaning_is_refused(ca):
    for value in (b"\x03\x03\x06\x80\x40", b"\x03\x04\x00\x80\x00\x01"):
        error = malformed(ca.leaf(None, extra=[Extension("2.5.29.15", value)]).der)
        assert error.values[0].endswith("extnValue.keyUsage")


# --- Faults ---------------------------------------------------------------------------------------


def test_fault_has_path_and_offset(ca):
    data = ca.leaf(None, extra=[Extension("2.5.29.19", der.sequence(der.element(der.BOOLEAN, b"\x01")))]).der
    error = malformed(data)
    path, offset = error.values
    assert path.endswith("extnValue.basicConstraints.cA")
    assert path.startswith("tbsCertificate.extensions[")
    assert data[offset : offset + 3] == b"\x01\x01\x01"
    assert str(error).endswith(f"{path} at byte {offset}: BOOLEAN is neither 00 nor ff")
    decode_certificate(data, "pkix")


def test_fault_of_a_time_is_a_fault_of_the_validity(leaf):
    data = leaf.der.replace(b"261122074100Z", b"261322074100Z")
    for form in ("der", *STRUCTURED):
        error = malformed(data, form)
        assert error.problem is Problem.CERTIFICATE_BAD_VALIDITY
        assert error.values[0] == "tbsCertificate.validity.notBefore.utcTime"


def test_decoder_of_the_verification_says_the_place_too(leaf):
    data = leaf.der.replace(b"261122074100Z", b"261322074100Z")
    with pytest.raises(CertificateError, match=r"tbsCertificate\.validity\.notBefore\.utcTime, byte \d+\)"):
        Certificate.decode(data)


@pytest.mark.parametrize("form", ["der", *STRUCTURED])
def test_every_truncation_is_refused(leaf, form):
    for length in range(len(leaf.der)):
        assert malformed(leaf.der[:length], form).values[1] is not None


@pytest.mark.parametrize("version", [3, -1, 1 << 20_000], ids=["4", "0", "huge"])
def test_unknown_version_is_refused(leaf, version):
    wrong = der.element(der.context(0), der.integer(version))
    outer = der.Reader.of_single(leaf.der, der.SEQUENCE)
    tbs = der.Reader(outer.take(der.SEQUENCE))
    tbs.take(der.context(0))
    data = der.sequence(der.sequence(wrong, tbs.rest()), outer.rest())
    for form in STRUCTURED:
        assert malformed(data, form).values[0] == "tbsCertificate.version"


@pytest.mark.parametrize("form", ["der", *STRUCTURED])
def test_trailing_bytes_are_refused(leaf, form):
    assert malformed(leaf.der + b"\x00", form).values == ("", len(leaf.der))


def test_deep_nesting_is_refused():
    data = b""
    while len(data) < 40_000:
        data = der.sequence(data)
    malformed(data)
    info = der.sequence(der.sequence(der.oid("1.2.3"), data), der.bit_string(b""))
    malformed(info)


@pytest.mark.parametrize("form", STRUCTURED)
def test_mutations_are_refused_or_written_back(leaf, form):
    dice = random.Random(2)
    for _ in range(3000):
        data = bytearray(leaf.der)
        for _ in range(dice.choice((1, 1, 2, 3))):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            certificate = decode_certificate(bytes(data), form)
        except CertificateError:
            continue
        assert encode_certificate(certificate) == data


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"serialNumber": "7"}, "tbsCertificate.serialNumber"),
        ({"version": "v9"}, "tbsCertificate.version"),
        ({"validity": None}, "tbsCertificate.validity.notBefore"),
        ({"issuer": Name(((AttributeTypeAndValue("noSuchName", b"\x05\x00"),),))}, "tbsCertificate.issuer.type"),
        ({"issuer": Name(((AttributeTypeAndValue("1.2.3", b"\x05"),),))}, "tbsCertificate.issuer.value"),
        ({"extensions": 3}, "tbsCertificate.extensions"),
    ],
)
def test_value_that_cannot_be_written_is_badarg_with_its_field(leaf, change, where):
    certificate = decode_certificate(leaf.der, "ssl")
    wrong = replace(certificate, tbsCertificate=replace(certificate.tbsCertificate, **change))
    with pytest.raises(SSLError, match=where) as caught:
        encode_certificate(wrong)
    assert caught.value.reason is Reason.BADARG


@pytest.mark.parametrize("value", [None, "text", 5, Name(None), ()])
def test_what_is_no_form_is_badarg(value):
    with pytest.raises(SSLError) as caught:
        encode_certificate(value)
    assert caught.value.reason is Reason.BADARG


# --- Certificates of others -----------------------------------------------------------------------


def limbo() -> Iterator[bytes]:
    for case in json.loads((SHARED / "limbo-dev.json").read_text())["testcases"]:
        for text in (case["peer_certificate"], *case["untrusted_intermediates"], *case["trusted_certs"]):
            yield pem.blocks(text.encode())[0].decode()


def files(*directories: Path) -> Iterator[bytes]:
    for directory in directories:
        for path in sorted(directory.rglob("*")):
            if path.suffix not in (".pem", ".der", ".crt", ".cer"):
                continue
            try:
                yield from certificate_blocks(path.read_bytes(), path.name, Reason.ECERTFILE)
            except SSLError:
                continue  # no PEM of a certificate


def roots() -> Iterator[bytes]:
    certifi = pytest.importorskip("certifi")
    return iter(certificate_blocks(Path(certifi.where()).read_bytes(), "certifi", Reason.ECACERTFILE))


#: Where certificates are, and what share of them the forms must read: others are malformed on purpose.
SUITES = {
    "limbo": (limbo, 0.97),
    "pkits": (lambda: files(SHARED / "pkits"), 0.9),
    "real": (lambda: files(SHARED / "real"), 0.4),
    "certifi": (roots, 1),
    "bundled": (lambda: files(REPOSITORY / "certs"), 0.9),
}


@pytest.mark.parametrize("suite", SUITES)
def test_certificates_of_others_are_written_back_exactly_or_refused(suite):
    if suite in ("limbo", "pkits", "real") and not SHARED.is_dir():
        pytest.skip("the folder shared/x509 is not there")
    certificates, share = SUITES[suite]
    read = dict.fromkeys(STRUCTURED, 0)
    tried = set(certificates())
    for data in tried:
        for form in STRUCTURED:
            try:
                certificate = decode_certificate(data, form)
            except CertificateError:
                continue
            read[form] += 1
            assert encode_certificate(certificate) == data
    assert tried
    assert read["pkix"] >= read["ssl"] >= share * len(tried), (read, len(tried))
