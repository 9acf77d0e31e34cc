"""The only importer of asn1crypto: DER of a certificate to plain values.

Theory of operation: asn1crypto decodes lazily, so that damage shows wherever a field happens to be read, as
``ValueError``, ``UnicodeDecodeError``, ``KeyError`` or worse, and it forgives what DER forbids. Therefore the whole is
checked for distinguished encoding first (``strict.py``), every reader below yields plain values at once, and whatever
goes wrong in one becomes a ``CertificateError`` that names the field. Strings and addresses are taken as octets:
asn1crypto's own reading of them (IDNA, IRIs, masks) is not wanted here. No object of asn1crypto is returned. The import
costs about 0.1 s, so it is made on first use.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, wraps
from sys import intern
from typing import Any, NamedTuple, TypeVar

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import ECPublicKey, EdPublicKey, KeyType, PssParameters, PublicKey, RSAPublicKey
from puressl.crypto.signatures import Algorithm, Kind
from puressl.errors import CertificateError, Problem, ProtocolError
from puressl.x509 import algorithms, der, strict, structures
from puressl.x509.distinguished_name import Name
from puressl.x509.extensions import (
    AUTHORITY_INFORMATION_ACCESS,
    AUTHORITY_KEY_IDENTIFIER,
    BASIC_CONSTRAINTS,
    CERTIFICATE_POLICIES,
    CRL_DISTRIBUTION_POINTS,
    EXTENDED_KEY_USAGE,
    FRESHEST_CRL,
    INHIBIT_ANY_POLICY,
    KEY_USAGE,
    NAME_CONSTRAINTS,
    POLICY_CONSTRAINTS,
    POLICY_MAPPINGS,
    SUBJECT_ALT_NAME,
    SUBJECT_KEY_IDENTIFIER,
    Extensions,
)

T = TypeVar("T")


class _Schemas(NamedTuple):
    """asn1crypto's modules, and structures of RFC 5280 4.1 left open where asn1crypto's own tie identifiers to types.

    Its own would refuse a whole certificate for a common name in an odd string type, or for a key nobody asks for.
    """

    x509: Any
    core: Any
    keys: Any
    certificate: Any
    name: Any
    public_key_info: Any


@lru_cache(maxsize=1)
def _schemas() -> _Schemas:
    from asn1crypto import core, keys, x509

    def structure(name: str, *fields: tuple[Any, ...]) -> Any:
        return type(name, (core.Sequence,), {"_fields": list(fields)})

    def many(name: str, base: Any, child: Any) -> Any:
        return type(name, (base,), {"_child_spec": child})

    optional = {"optional": True}
    attribute = structure("AttributeTypeAndValue", ("type", core.ObjectIdentifier), ("value", core.Any))
    name = many("RDNSequence", core.SequenceOf, many("RelativeDistinguishedName", core.SetOf, attribute))
    algorithm = structure(
        "AlgorithmIdentifier", ("algorithm", core.ObjectIdentifier), ("parameters", core.Any, optional)
    )
    public_key_info = structure("SubjectPublicKeyInfo", ("algorithm", algorithm), ("public_key", core.OctetBitString))
    extension = structure(
        "Extension",
        ("extn_id", core.ObjectIdentifier),
        ("critical", core.Boolean, {"default": False}),
        ("extn_value", core.OctetString),
    )
    tbs = structure(
        "TBSCertificate",
        ("version", core.Integer, {"explicit": 0, "default": 0}),
        ("serial_number", core.Integer),
        ("signature", algorithm),
        ("issuer", name),
        ("validity", x509.Validity),
        ("subject", name),
        ("subject_public_key_info", core.Any),
        ("issuer_unique_id", core.OctetBitString, {"implicit": 1, "optional": True}),
        ("subject_unique_id", core.OctetBitString, {"implicit": 2, "optional": True}),
        ("extensions", many("Extensions", core.SequenceOf, extension), {"explicit": 3, "optional": True}),
    )
    certificate = structure(
        "Certificate",
        ("tbs_certificate", tbs),
        ("signature_algorithm", algorithm),
        ("signature_value", core.OctetBitString),
    )
    return _Schemas(x509, core, keys, certificate, name, public_key_info)


# --- Failures -------------------------------------------------------------------------------------


def _reads(
    field: str, problem: Problem = Problem.CERTIFICATE_MALFORMED
) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Makes every exception of a reader one ``CertificateError`` that names the field."""

    def decorate(reader: Callable[..., T]) -> Callable[..., T]:
        @wraps(reader)
        def guarded(*arguments: Any) -> T:
            try:
                return reader(*arguments)
            except CertificateError:
                raise
            except Exception as error:  # whatever asn1crypto raises: it has no base class of its own
                raise CertificateError(problem, f"{field}: {_one_line(error)}", check=field) from None

        return guarded

    return decorate


#: asn1crypto appends the stack of structures it was in; the field's name says it better.
_WHERE = re.compile(r" while parsing asn1crypto\..*|asn1crypto\.(?:x509|core|keys)\.")


def _one_line(error: Exception) -> str:
    text = _WHERE.sub("", " ".join(str(error).split()))
    return text or type(error).__name__


def _closed(sequence: Any) -> Any:
    """A SEQUENCE without elements after its last field: asn1crypto lets them pass, RFC 5280 foresees none."""
    if len(sequence) > len(sequence._fields):
        raise ValueError("element after the last field")
    return sequence


def _some(sequence_of: Any) -> Any:
    """A SEQUENCE OF with the SIZE (1..MAX) that RFC 5280 demands."""
    if not len(sequence_of):
        raise ValueError("empty sequence")
    return sequence_of


# --- Certificates ---------------------------------------------------------------------------------


class CertificateReader:
    """Reads the fields of one certificate (RFC 5280 4.1). Every method raises ``CertificateError`` that names its
    field.
    """

    def __init__(self, data: bytes) -> None:
        self._certificate, self._tbs = self._load(data)

    @staticmethod
    @_reads("Certificate")
    def _load(data: bytes) -> tuple[Any, Any]:
        strict.check(data)
        certificate = _closed(_schemas().certificate.load(data, strict=True))
        return certificate, _closed(certificate["tbs_certificate"])

    @_reads("tbsCertificate")
    def tbs(self) -> bytes:
        """The signed bytes."""
        return bytes(self._tbs.dump())

    @_reads("version")
    def version(self) -> int:
        """1, 2 or 3."""
        version = int(self._tbs["version"].native) + 1
        if version not in (1, 2, 3):
            raise ValueError(f"v{version}")
        if version < 3 and len(self._tbs["extensions"]):
            raise ValueError(f"extensions in v{version}")  # RFC 5280 4.1.2.9
        return version

    @_reads("serialNumber")
    def serial(self) -> int:
        return structures.serial_number(bytes(self._tbs["serial_number"].contents))

    @_reads("issuer")
    def issuer(self) -> Name:
        return structures.name(self._tbs["issuer"].dump())

    @_reads("subject")
    def subject(self) -> Name:
        return structures.name(self._tbs["subject"].dump())

    @_reads("validity", Problem.CERTIFICATE_BAD_VALIDITY)
    def validity(self) -> tuple[int, int]:
        """notBefore and notAfter, POSIX seconds."""
        validity = _closed(self._tbs["validity"])
        return _time(validity["not_before"].chosen), _time(validity["not_after"].chosen)

    @_reads("subjectPublicKeyInfo")
    def public_key_info(self) -> bytes:
        """DER; what is inside is for ``decode_public_key``."""
        return bytes(self._tbs["subject_public_key_info"].dump())

    @_reads("signatureAlgorithm")
    def signature_algorithm(self) -> tuple[str, Algorithm | None]:
        """Its object identifier, and what we call it, None if unsupported."""
        outer = _closed(self._certificate["signature_algorithm"])
        if outer.dump() != self._tbs["signature"].dump():
            raise ValueError("differs from the signature field inside")  # RFC 5280 4.1.1.2
        identifier = outer["algorithm"].dotted
        return intern(identifier), signature_algorithm(identifier, outer["parameters"].dump())

    @_reads("signatureValue")
    def signature(self) -> bytes:
        return _whole_octets(self._certificate["signature_value"])

    @_reads("extensions")
    def extensions(self) -> Extensions:
        field = self._tbs["extensions"]
        if isinstance(field, _schemas().core.Void):
            return Extensions()
        present: dict[str, bool] = {}
        decoded: dict[str, Any] = {}
        for extension in structures.extensions(field.untag().dump()).values():
            present[extension.identifier] = extension.critical
            decoded |= _extension(extension.identifier, extension.value)
        return Extensions(tuple(present.items()), **decoded)


# --- Fields ---------------------------------------------------------------------------------------


def _time(value: Any) -> int:
    """POSIX seconds of a UTCTime or GeneralizedTime."""
    return structures.seconds(der.UTC_TIME if value.tag == 0x17 else der.GENERALIZED_TIME, value.contents)


def _whole_octets(bits: Any) -> bytes:
    """A BIT STRING of whole octets."""
    contents: bytes = bits.contents
    if contents[:1] != b"\x00":
        raise ValueError("not a whole number of octets")
    return contents[1:]


# --- Extensions -----------------------------------------------------------------------------------


class _Row(NamedTuple):
    """How an extension is decoded. name: RFC 5280's. field: of ``Extensions``. read: from DER to a plain value."""

    name: str
    field: str
    read: Callable[[bytes], Any]


_EXTENSIONS = {
    AUTHORITY_INFORMATION_ACCESS: _Row("authorityInfoAccess", "access", structures.access_descriptions),
    AUTHORITY_KEY_IDENTIFIER: _Row(
        "authorityKeyIdentifier", "authority_key_identifier", structures.authority_key_identifier
    ),
    BASIC_CONSTRAINTS: _Row("basicConstraints", "basic_constraints", structures.basic_constraints),
    CERTIFICATE_POLICIES: _Row("certificatePolicies", "certificate_policies", structures.certificate_policies),
    CRL_DISTRIBUTION_POINTS: _Row("cRLDistributionPoints", "crl_distribution_points", structures.distribution_points),
    EXTENDED_KEY_USAGE: _Row("extKeyUsage", "extended_key_usage", structures.extended_key_usage),
    FRESHEST_CRL: _Row("freshestCRL", "freshest_crl", structures.distribution_points),
    INHIBIT_ANY_POLICY: _Row("inhibitAnyPolicy", "inhibit_any_policy", structures.integer),
    KEY_USAGE: _Row("keyUsage", "key_usage", structures.key_usage),
    NAME_CONSTRAINTS: _Row("nameConstraints", "name_constraints", structures.name_constraints),
    POLICY_CONSTRAINTS: _Row("policyConstraints", "policy_constraints", structures.policy_constraints),
    POLICY_MAPPINGS: _Row("policyMappings", "policy_mappings", structures.policy_mappings),
    SUBJECT_ALT_NAME: _Row("subjectAltName", "subject_alt_name", structures.subject_alt_name),
    SUBJECT_KEY_IDENTIFIER: _Row("subjectKeyIdentifier", "subject_key_identifier", structures.octet_string),
}


def _extension(identifier: str, data: bytes) -> dict[str, Any]:
    """The decoded value by its field's name; nothing for an extension that path validation does not read."""
    row = _EXTENSIONS.get(identifier)
    if row is None:
        return {}
    return {row.field: _reads(row.name)(_extension_value)(row, data)}


def _extension_value(row: _Row, data: bytes) -> Any:
    strict.check(data)
    return row.read(data)


# --- Algorithms and public keys -------------------------------------------------------------------

_SIGNATURES = {
    "1.2.840.113549.1.1.4": Algorithm(Kind.RSA_PKCS1, HashAlgorithm.MD5),
    "1.2.840.113549.1.1.5": Algorithm(Kind.RSA_PKCS1, HashAlgorithm.SHA1),
    "1.2.840.113549.1.1.11": Algorithm(Kind.RSA_PKCS1, HashAlgorithm.SHA256),
    "1.2.840.113549.1.1.12": Algorithm(Kind.RSA_PKCS1, HashAlgorithm.SHA384),
    "1.2.840.113549.1.1.13": Algorithm(Kind.RSA_PKCS1, HashAlgorithm.SHA512),
    "1.2.840.10045.4.1": Algorithm(Kind.ECDSA, HashAlgorithm.SHA1),
    "1.2.840.10045.4.3.2": Algorithm(Kind.ECDSA, HashAlgorithm.SHA256),
    "1.2.840.10045.4.3.3": Algorithm(Kind.ECDSA, HashAlgorithm.SHA384),
    "1.2.840.10045.4.3.4": Algorithm(Kind.ECDSA, HashAlgorithm.SHA512),
    algorithms.EDWARDS[KeyType.ED25519]: Algorithm(Kind.EDDSA),
    algorithms.EDWARDS[KeyType.ED448]: Algorithm(Kind.EDDSA),
}
_EDWARDS_BY_OID = {identifier: key_type for key_type, identifier in algorithms.EDWARDS.items()}
_NULL = b"\x05\x00"


def signature_algorithm(identifier: str, parameters: bytes) -> Algorithm | None:
    """What we call an algorithm, None if it is unsupported. parameters: DER, empty where absent.

    Raises ``ValueError`` for parameters where none belong.
    """
    if identifier == algorithms.RSASSA_PSS:
        return _pss_algorithm(parameters)
    algorithm = _SIGNATURES.get(identifier)
    # RFC 4055 5: NULL, and absence is accepted; RFC 5758 3.2, RFC 8410 3: absent.
    allowed = (b"", _NULL) if algorithm is not None and algorithm.kind is Kind.RSA_PKCS1 else (b"",)
    if algorithm is not None and parameters not in allowed:
        raise ValueError("parameters where none belong")
    return algorithm


def _pss_algorithm(parameters: bytes) -> Algorithm | None:
    """None for parameters that are absent or that no signature scheme of TLS has."""
    try:
        pss = algorithms.decode_pss(der.Reader(parameters))
    except der.DERError:
        return None
    return None if pss.hash is None else Algorithm(Kind.RSA_PSS, pss.hash, pss.salt_length)


def decode_public_key(info: bytes) -> tuple[PublicKey | None, str]:
    """The key of a SubjectPublicKeyInfo, or None and why not: an odd key in a certificate nobody uses must not stop
    anything.
    """
    try:
        value = _closed(_schemas().public_key_info.load(info, strict=True))
        identifier = _closed(value["algorithm"])["algorithm"].dotted
        reader = _PUBLIC_KEYS.get(identifier)
        if reader is None:
            return None, f"unsupported public key algorithm {_key_algorithm_name(identifier)}"
        octets = _whole_octets(value["public_key"])
        return reader(identifier, value["algorithm"]["parameters"].dump(), octets), ""
    except ProtocolError as error:
        return None, error.detail or ""
    except Exception as error:  # as in ``_reads``
        return None, f"malformed public key: {_one_line(error)}"


def _key_algorithm_name(identifier: str) -> str:
    name = _schemas().keys.PublicKeyAlgorithmId(identifier).native
    return identifier if name == identifier else f"{name} ({identifier})"


def _rsa(_: str, parameters: bytes, octets: bytes) -> RSAPublicKey:
    if parameters not in (_NULL, b""):
        raise ValueError("parameters are not NULL")  # RFC 3279 2.3.1
    return _rsa_public_key(octets, None)


def _rsa_pss(_: str, parameters: bytes, octets: bytes) -> RSAPublicKey:
    return _rsa_public_key(octets, algorithms.decode_pss(der.Reader(parameters)))


def _rsa_public_key(octets: bytes, pss: PssParameters | None) -> RSAPublicKey:
    strict.check(octets)
    key = _closed(_schemas().keys.RSAPublicKey.load(octets, strict=True))
    return RSAPublicKey(key["modulus"].native, key["public_exponent"].native, pss)


def _ec(_: str, parameters: bytes, octets: bytes) -> ECPublicKey:
    strict.check(parameters)
    if parameters[0] != der.OBJECT_IDENTIFIER:
        raise ValueError("the curve is not named")  # RFC 5480 2.1.1
    identifier = _schemas().core.ObjectIdentifier.load(parameters, strict=True).dotted
    curve = algorithms.CURVES_BY_OID.get(identifier)
    if curve is None:
        raise ValueError(f"unsupported curve {identifier}")
    return ECPublicKey.decode(curve, octets)


def _edwards(identifier: str, parameters: bytes, octets: bytes) -> EdPublicKey:
    if parameters:
        raise ValueError("parameters where none belong")  # RFC 8410 3
    return EdPublicKey(_EDWARDS_BY_OID[identifier], octets)


_PUBLIC_KEYS: dict[str, Callable[[str, bytes, bytes], PublicKey]] = {
    algorithms.RSA_ENCRYPTION: _rsa,
    algorithms.RSASSA_PSS: _rsa_pss,
    algorithms.EC_PUBLIC_KEY: _ec,
    **dict.fromkeys(_EDWARDS_BY_OID, _edwards),
}
