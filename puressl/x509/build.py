"""Issuing certificates: for tests, for conformance vectors, and for ``puressl certs make``.

Theory of operation: a ``CertificateTemplate`` is what will be signed, said in plain values; its extensions are a
tuple in which order, duplicates and criticality are free, made by one function per extension or by hand. ``issue``
writes the TBSCertificate (RFC 5280 4.1), signs it and returns DER. Nothing is checked against RFC 5280's rules:
certificates that break them must be made too, to see them refused. All randomness comes from an ``Env``, so a seeded
one gives the same bytes again.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import PrivateKey, PublicKey
from puressl.crypto.signatures import Algorithm, sign_algorithm
from puressl.env import Env, Purpose
from puressl.errors import Reason, SSLError
from puressl.x509 import der
from puressl.x509.algorithms import default_algorithm, encode_public_key, public_octets, signature_algorithm

X509_V1, X509_V3 = 0, 2

#: RFC 5280 4.1.2.2: positive and at most 20 octets; 16 random ones never meet twice.
_SERIAL_OCTETS = 16
_KEY_IDENTIFIER_OCTETS = 20

#: Attribute types by the names of RFC 4514 3, and the string type each is written in (RFC 5280 4.1.2.4, A.1).
_ATTRIBUTES = {
    "CN": ("2.5.4.3", der.UTF8_STRING),
    "C": ("2.5.4.6", der.PRINTABLE_STRING),
    "L": ("2.5.4.7", der.UTF8_STRING),
    "ST": ("2.5.4.8", der.UTF8_STRING),
    "O": ("2.5.4.10", der.UTF8_STRING),
    "OU": ("2.5.4.11", der.UTF8_STRING),
    "DC": ("0.9.2342.19200300.100.1.25", der.IA5_STRING),
}

#: The bits of KeyUsage (RFC 5280 4.2.1.3).
_KEY_USAGES = {
    "digitalSignature": 0,
    "nonRepudiation": 1,
    "keyEncipherment": 2,
    "dataEncipherment": 3,
    "keyAgreement": 4,
    "keyCertSign": 5,
    "cRLSign": 6,
    "encipherOnly": 7,
    "decipherOnly": 8,
}

#: The purposes of ExtKeyUsageSyntax (RFC 5280 4.2.1.12). Any other is given dotted.
_EXTENDED_KEY_USAGES = {
    "anyExtendedKeyUsage": "2.5.29.37.0",
    "serverAuth": "1.3.6.1.5.5.7.3.1",
    "clientAuth": "1.3.6.1.5.5.7.3.2",
    "codeSigning": "1.3.6.1.5.5.7.3.3",
    "emailProtection": "1.3.6.1.5.5.7.3.4",
    "OCSPSigning": "1.3.6.1.5.5.7.3.9",
}

#: The choices of GeneralName (RFC 5280 4.2.1.6).
_EMAIL, _DNS, _DIRECTORY, _URI, _IP = 1, 2, 4, 6, 7

_Row = TypeVar("_Row")


def distinguished_name(*attributes: tuple[str, str]) -> bytes:
    """A Name of one attribute per RDN, DER: ``distinguished_name(("O", "Example"), ("CN", "Root"))``.

    Raises ``SSLError(badarg)`` for an attribute type that is not in the table.
    """
    return der.sequence(*(der.set_of(_attribute(name, value)) for name, value in attributes))


def _attribute(name: str, value: str) -> bytes:
    identifier, tag = _known(_ATTRIBUTES, name, "attribute type")
    return der.sequence(der.oid(identifier), der.element(tag, value.encode()))


@dataclass(frozen=True, slots=True)
class Extension:
    """One extension (RFC 5280 4.2). oid: dotted. value: the DER that goes into extnValue, or any other bytes."""

    oid: str
    value: bytes
    critical: bool = False

    def encode(self) -> bytes:
        """DER; ``critical`` is left out where it is the default, false (X.690 11.5)."""
        critical = der.boolean(True) if self.critical else b""
        return der.sequence(der.oid(self.oid), critical, der.octet_string(self.value))


@dataclass(frozen=True, slots=True)
class GeneralNames:
    """Names of several kinds, for subjectAltName and name constraints (RFC 5280 4.2.1.6, 4.2.1.10).

    dns, emails, uris: as ASCII. ips: addresses, or in constraints networks (``10.0.0.0/8``). directories: Names, DER.
    """

    dns: Sequence[str] = ()
    ips: Sequence[str] = ()
    emails: Sequence[str] = ()
    uris: Sequence[str] = ()
    directories: Sequence[bytes] = ()

    def encode(self) -> list[bytes]:
        """Each GeneralName's DER."""
        return [
            *(_general_name(_DNS, name.encode()) for name in self.dns),
            *(_general_name(_IP, _ip_octets(text)) for text in self.ips),
            *(_general_name(_EMAIL, name.encode()) for name in self.emails),
            *(_general_name(_URI, name.encode()) for name in self.uris),
            *(der.element(der.context(_DIRECTORY), name) for name in self.directories),
        ]


def _general_name(choice: int, content: bytes) -> bytes:
    return der.element(der.context(choice, constructed=False), content)


def _ip_octets(text: str) -> bytes:
    """An address's octets; a network's are followed by its mask (RFC 5280 4.2.1.10)."""
    if "/" not in text:
        return ipaddress.ip_address(text).packed
    network = ipaddress.ip_network(text)
    return network.network_address.packed + network.netmask.packed


def basic_constraints(ca: bool, path_length: int | None = None, *, critical: bool = True) -> Extension:
    """RFC 5280 4.2.1.9."""
    flag = der.boolean(True) if ca else b""
    limit = b"" if path_length is None else der.integer(path_length)
    return Extension("2.5.29.19", der.sequence(flag, limit), critical)


def key_usage(*usages: str, critical: bool = True) -> Extension:
    """RFC 5280 4.2.1.3; usages by its names: ``key_usage("digitalSignature")``."""
    bits = frozenset(_known(_KEY_USAGES, usage, "key usage") for usage in usages)
    return Extension("2.5.29.15", der.named_bits(bits), critical)


def extended_key_usage(*purposes: str, critical: bool = False) -> Extension:
    """RFC 5280 4.2.1.12; purposes by its names without ``id-kp-``, or dotted."""
    identifiers = (
        purpose if "." in purpose else _known(_EXTENDED_KEY_USAGES, purpose, "purpose") for purpose in purposes
    )
    return Extension("2.5.29.37", der.sequence(*map(der.oid, identifiers)), critical)


def subject_alt_name(names: GeneralNames, *, critical: bool = False) -> Extension:
    """RFC 5280 4.2.1.6."""
    return Extension("2.5.29.17", der.sequence(*names.encode()), critical)


def name_constraints(
    permitted: GeneralNames | None = None, excluded: GeneralNames | None = None, *, critical: bool = True
) -> Extension:
    """RFC 5280 4.2.1.10; a subtree is its base alone, minimum 0."""
    parts = [
        der.element(der.context(number), *map(der.sequence, names.encode()))
        for number, names in ((0, permitted), (1, excluded))
        if names is not None
    ]
    return Extension("2.5.29.30", der.sequence(*parts), critical)


def certificate_policies(*policies: str, critical: bool = False) -> Extension:
    """RFC 5280 4.2.1.4; policies dotted, without qualifiers."""
    return Extension("2.5.29.32", der.sequence(*(der.sequence(der.oid(policy)) for policy in policies)), critical)


def policy_mappings(*pairs: tuple[str, str], critical: bool = True) -> Extension:
    """RFC 5280 4.2.1.5; pairs of the issuer's policy and the subject's."""
    mappings = (der.sequence(der.oid(issuer), der.oid(subject)) for issuer, subject in pairs)
    return Extension("2.5.29.33", der.sequence(*mappings), critical)


def policy_constraints(explicit: int | None = None, mapping: int | None = None, *, critical: bool = True) -> Extension:
    """RFC 5280 4.2.1.11; after how many certificates each constraint holds."""
    parts = (
        _general_name(number, der.integer(value)[2:])
        for number, value in ((0, explicit), (1, mapping))
        if value is not None
    )
    return Extension("2.5.29.36", der.sequence(*parts), critical)


def inhibit_any_policy(skip: int, *, critical: bool = True) -> Extension:
    """RFC 5280 4.2.1.14."""
    return Extension("2.5.29.54", der.integer(skip), critical)


def crl_distribution_points(*points: bytes, critical: bool = False) -> Extension:
    """RFC 5280 4.2.1.13; each from ``distribution_point``."""
    return Extension("2.5.29.31", der.sequence(*points), critical)


def distribution_point(
    names: GeneralNames | None = None,
    *,
    relative: bytes | None = None,
    reasons: frozenset[int] | None = None,
    crl_issuer: bytes | None = None,
) -> bytes:
    """A DistributionPoint, DER. relative: content of an RDN. reasons: bits of ReasonFlags. crl_issuer: a Name, DER."""
    issuer = (
        b"" if crl_issuer is None else der.element(der.context(2), *GeneralNames(directories=(crl_issuer,)).encode())
    )
    return der.sequence(distribution_point_name(names, relative), reason_flags(1, reasons), issuer)


def distribution_point_name(names: GeneralNames | None, relative: bytes | None = None) -> bytes:
    """The ``[0]`` DistributionPointName of a certificate's or a CRL's distribution point, DER; empty for neither."""
    if relative is not None:
        return der.element(der.context(0), der.element(der.context(1), relative))
    return b"" if names is None else der.element(der.context(0), der.element(der.context(0), *names.encode()))


def reason_flags(number: int, reasons: frozenset[int] | None) -> bytes:
    """An optional ReasonFlags with a context tag, DER."""
    return b"" if reasons is None else _general_name(number, der.named_bits(reasons)[2:])


def authority_information_access(ocsp: Sequence[str], *, critical: bool = False) -> Extension:
    """RFC 5280 4.2.2.1; URLs of OCSP responders."""
    method = der.oid("1.3.6.1.5.5.7.48.1")
    return Extension(
        "1.3.6.1.5.5.7.1.1",
        der.sequence(*(der.sequence(method, name) for name in GeneralNames(uris=ocsp).encode())),
        critical,
    )


def key_identifier(key: PublicKey) -> bytes:
    """The first 160 bits of the SHA-256 of the public key (RFC 7093 2, method 1)."""
    return HashAlgorithm.SHA256.digest(public_octets(key))[:_KEY_IDENTIFIER_OCTETS]


def subject_key_identifier(key: PublicKey) -> Extension:
    """RFC 5280 4.2.1.2, of the key that is certified."""
    return Extension("2.5.29.14", der.octet_string(key_identifier(key)))


def authority_key_identifier(key: PublicKey) -> Extension:
    """RFC 5280 4.2.1.1, of the issuer's key; keyIdentifier only."""
    return Extension("2.5.29.35", der.sequence(_general_name(0, key_identifier(key))))


@dataclass(frozen=True, slots=True)
class CertificateTemplate:
    """What a certificate will say.

    subject, issuer: Names, DER (``distinguished_name``). public_key: the subject's, a key object or the DER of a
    SubjectPublicKeyInfo. not_before, not_after: POSIX seconds. extensions: in this order; none leaves the field out.
    serial: any integer; None for 16 random octets. version: 0 for v1, 2 for v3. inner_algorithm: the DER of
    ``tbsCertificate.signature``, where it is to differ from ``signatureAlgorithm``.
    """

    subject: bytes
    issuer: bytes
    public_key: PublicKey | bytes
    not_before: int
    not_after: int
    extensions: tuple[Extension, ...] = ()
    serial: int | None = None
    version: int = X509_V3
    inner_algorithm: bytes | None = field(default=None, repr=False)


def issue(
    template: CertificateTemplate,
    issuer_key: PrivateKey,
    env: Env,
    *,
    algorithm: Algorithm | None = None,
    signature: bytes | None = None,
) -> bytes:
    """The certificate, signed by the issuer's key: DER.

    issuer_key: the subject's own for a self-signed certificate. env: the serial number, and whatever signing needs.
    algorithm: how to sign, None for ``default_algorithm``. signature: stands there in place of a computed one.
    Raises ``SSLError(badarg)``, and ``ProtocolError`` where the algorithm does not fit the key. RFC 5280 4.1.
    """
    chosen = algorithm or default_algorithm(issuer_key.public)
    identifier = signature_algorithm(chosen, issuer_key.key_type)
    tbs = encode_tbs(template, identifier, env)
    if signature is None:
        signature = sign_algorithm(issuer_key, chosen, tbs, env)
    return der.sequence(tbs, identifier, der.bit_string(signature))


def encode_tbs(template: CertificateTemplate, algorithm: bytes, env: Env) -> bytes:
    """The TBSCertificate, DER. algorithm: the signature's AlgorithmIdentifier, DER."""
    serial = template.serial
    if serial is None:
        serial = _random_serial(env)
    key = template.public_key
    return der.sequence(
        _version(template.version),
        der.integer(serial),
        template.inner_algorithm or algorithm,
        template.issuer,
        der.sequence(der.time(template.not_before), der.time(template.not_after)),
        template.subject,
        key if isinstance(key, bytes) else encode_public_key(key),
        _extensions(template.extensions),
    )


def _version(version: int) -> bytes:
    """``[0]``, left out where it is the default, v1 (X.690 11.5)."""
    return b"" if version == X509_V1 else der.element(der.context(0), der.integer(version))


def _extensions(extensions: Iterable[Extension]) -> bytes:
    encoded = [extension.encode() for extension in extensions]
    return der.element(der.context(3), der.sequence(*encoded)) if encoded else b""


def _random_serial(env: Env) -> int:
    """Positive, and of the same length always: the highest two bits are 01."""
    serial = int.from_bytes(env.random(_SERIAL_OCTETS, Purpose.CERTIFICATE_SERIAL), "big")
    top = 8 * _SERIAL_OCTETS - 2
    return serial & ((1 << top) - 1) | 1 << top


def _known(table: dict[str, _Row], name: str, what: str) -> _Row:
    if name not in table:
        raise SSLError(Reason.BADARG, f"{what} {name} is not known; known are {', '.join(table)}")
    return table[name]
