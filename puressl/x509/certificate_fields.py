"""The fields of a certificate, from DER to plain values (RFC 5280 4.1).

Theory of operation: the whole is found to be distinguished encoding first (``strict.py``). ``outline`` then cuts it
into its fields in one pass, and each function below reads one of them to its end; ``structures.py`` has the parts that
CRLs and OCSP responses share. What is wrong in a field becomes one ``CertificateError`` that names it; what is wrong
with the frame is "Certificate". An extension's value is another encoding inside an OCTET STRING, and is checked by
itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from puressl.crypto.signatures import Algorithm
from puressl.errors import CertificateError, Problem
from puressl.x509 import algorithms, der, strict, structures
from puressl.x509 import extensions as ext
from puressl.x509.der import DERError, Reader
from puressl.x509.distinguished_name import Name
from puressl.x509.extensions import Extensions

_Value = TypeVar("_Value")

_VERSIONS = (1, 2, 3)


class Outline(NamedTuple):
    """A certificate's fields as they stand, whole elements of whatever type: that is for the reader of each to check.

    tbs_start: where the signed part begins. version, extensions: what is in the explicit tag, None where it is absent.
    """

    tbs: bytes
    tbs_start: int
    version: bytes | None
    serial: bytes
    inner_algorithm: bytes
    issuer: bytes
    validity: bytes
    subject: bytes
    public_key_info: bytes
    extensions: bytes | None
    signature_algorithm: bytes
    signature: bytes


def outline(data: bytes) -> Outline:
    """Cuts a certificate into its fields. Raises ``CertificateError``, as every function here."""
    return _named("Certificate", _outline, data)


def _outline(data: bytes) -> Outline:
    strict.check(data)
    content = Reader.of_single(data, der.SEQUENCE).rest()
    certificate = Reader(content)
    tbs = certificate.take_raw(der.SEQUENCE)
    signature_algorithm = certificate.take_any()
    signature = certificate.take_any()
    certificate.end()
    reader = Reader.of_single(tbs, der.SEQUENCE)
    cut = Outline(
        tbs=tbs,
        tbs_start=len(data) - len(content),
        version=reader.optional(der.context(0)),
        serial=reader.take_any(),
        inner_algorithm=reader.take_any(),
        issuer=reader.take_any(),
        validity=reader.take_any(),
        subject=reader.take_any(),
        public_key_info=reader.take_any(),
        extensions=_skip_unique_identifiers(reader).optional(der.context(3)),
        signature_algorithm=signature_algorithm,
        signature=signature,
    )
    reader.end()
    return cut


def _skip_unique_identifiers(reader: Reader) -> Reader:
    """issuerUniqueID and subjectUniqueID, which nobody uses (RFC 5280 4.1.2.8)."""
    for number in (1, 2):
        reader.optional(der.context(number, constructed=False))
    return reader


def _named(
    field: str, read: Callable[..., _Value], *arguments: Any, problem: Problem = Problem.CERTIFICATE_MALFORMED
) -> _Value:
    """Makes every fault of a reader one ``CertificateError`` that names the field."""
    try:
        return read(*arguments)
    except ValueError as error:
        raise CertificateError(problem, f"{field}: {error}", check=field) from None


# --- Fields ---------------------------------------------------------------------------------------


def version(cut: Outline) -> int:
    """1, 2 or 3."""
    return _named("version", _version, cut)


def _version(cut: Outline) -> int:
    number = 1 if cut.version is None else structures.integer(cut.version) + 1
    if number not in _VERSIONS:
        raise DERError(f"v{number}")
    if number < 3 and cut.extensions is not None:
        raise DERError(f"extensions in v{number}")  # RFC 5280 4.1.2.9
    return number


def serial(cut: Outline) -> int:
    return _named("serialNumber", _serial, cut.serial)


def _serial(data: bytes) -> int:
    return structures.serial_number(Reader.of_single(data, der.INTEGER).rest())


def issuer(cut: Outline) -> Name:
    return _named("issuer", structures.name, cut.issuer)


def subject(cut: Outline) -> Name:
    return _named("subject", structures.name, cut.subject)


def validity(cut: Outline) -> tuple[int, int]:
    """notBefore and notAfter, POSIX seconds."""
    return _named("validity", _validity, cut.validity, problem=Problem.CERTIFICATE_BAD_VALIDITY)


def _validity(data: bytes) -> tuple[int, int]:
    reader = Reader.of_single(data, der.SEQUENCE)
    not_before, not_after = structures.time(reader), structures.time(reader)
    reader.end()
    return not_before, not_after


def signature_algorithm(cut: Outline) -> tuple[str, Algorithm | None]:
    """Its object identifier, and what we call it, None if unsupported."""
    return _named("signatureAlgorithm", _signature_algorithm, cut)


def _signature_algorithm(cut: Outline) -> tuple[str, Algorithm | None]:
    if cut.signature_algorithm != cut.inner_algorithm:
        raise DERError("differs from the signature field inside")  # RFC 5280 4.1.1.2
    return algorithms.decode_signature_algorithm(cut.signature_algorithm)


def signature(cut: Outline) -> bytes:
    return _named("signatureValue", _signature, cut.signature)


def _signature(data: bytes) -> bytes:
    return Reader(data).octets_of_bit_string()


# --- Extensions -----------------------------------------------------------------------------------


class _Row(NamedTuple):
    """How an extension is decoded. name: RFC 5280's. field: of ``Extensions``. read: from DER to a plain value."""

    name: str
    field: str
    read: Callable[[bytes], Any]


_EXTENSIONS = {
    ext.AUTHORITY_INFORMATION_ACCESS: _Row("authorityInfoAccess", "access", structures.access_descriptions),
    ext.AUTHORITY_KEY_IDENTIFIER: _Row(
        "authorityKeyIdentifier", "authority_key_identifier", structures.authority_key_identifier
    ),
    ext.BASIC_CONSTRAINTS: _Row("basicConstraints", "basic_constraints", structures.basic_constraints),
    ext.CERTIFICATE_POLICIES: _Row("certificatePolicies", "certificate_policies", structures.certificate_policies),
    ext.CRL_DISTRIBUTION_POINTS: _Row(
        "cRLDistributionPoints", "crl_distribution_points", structures.distribution_points
    ),
    ext.EXTENDED_KEY_USAGE: _Row("extKeyUsage", "extended_key_usage", structures.extended_key_usage),
    ext.FRESHEST_CRL: _Row("freshestCRL", "freshest_crl", structures.distribution_points),
    ext.INHIBIT_ANY_POLICY: _Row("inhibitAnyPolicy", "inhibit_any_policy", structures.integer),
    ext.KEY_USAGE: _Row("keyUsage", "key_usage", structures.key_usage),
    ext.NAME_CONSTRAINTS: _Row("nameConstraints", "name_constraints", structures.name_constraints),
    ext.POLICY_CONSTRAINTS: _Row("policyConstraints", "policy_constraints", structures.policy_constraints),
    ext.POLICY_MAPPINGS: _Row("policyMappings", "policy_mappings", structures.policy_mappings),
    ext.SUBJECT_ALT_NAME: _Row("subjectAltName", "subject_alt_name", structures.subject_alt_name),
    ext.SUBJECT_KEY_IDENTIFIER: _Row("subjectKeyIdentifier", "subject_key_identifier", structures.octet_string),
    ext.TLS_FEATURE: _Row("tlsFeature", "tls_feature", structures.tls_feature),
}


def extensions(cut: Outline) -> Extensions:
    """All of them; those that path validation reads decoded."""
    if cut.extensions is None:
        return Extensions()
    present = _named("extensions", structures.extensions, cut.extensions)
    decoded = {}
    for identifier, extension in present.items():
        row = _EXTENSIONS.get(identifier)
        if row is not None:
            decoded[row.field] = _named(row.name, _value, row, extension.value)
    return Extensions(tuple((identifier, extension.critical) for identifier, extension in present.items()), **decoded)


def _value(row: _Row, data: bytes) -> Any:
    strict.check(data)
    return row.read(data)
