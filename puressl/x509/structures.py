"""Structures that certificates, CRLs and OCSP responses share, from DER to plain values (RFC 5280 4.1, 4.2, 5.2).

Theory of operation: what is read here was found to be distinguished encoding already (``strict.py``); each function
takes one element's bytes, or a ``Reader`` that stands before it, and reads it to its end. Every fault is a
``ValueError``, which whoever decodes the whole makes its own error.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from sys import intern
from typing import NamedTuple

from puressl.x509 import der
from puressl.x509.der import DERError, Reader
from puressl.x509.distinguished_name import STRING_ENCODINGS, Attribute, Name
from puressl.x509.extensions import (
    ALL_REASONS,
    AuthorityKeyIdentifier,
    BasicConstraints,
    DistributionPoint,
    GeneralName,
    GeneralNameKind,
    KeyUsage,
    NameConstraints,
    PolicyConstraints,
    Reasons,
)

#: More extensions than any certificate, CRL or response has; 20 in the fullest certificates in use.
MAX_EXTENSIONS = 64

#: Octets of a serial number, of which RFC 5280 4.1.2.2 allows 20: Python makes no decimal text of numbers much longer.
MAX_SERIAL = 256

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
#: Digits of UTCTime YYMMDDHHMMSS and GeneralizedTime YYYYMMDDHHMMSS; always to the second, in Zulu (RFC 5280 4.1.2.5).
_TIME_DIGITS = {der.UTC_TIME: 12, der.GENERALIZED_TIME: 14}


# --- Times and names ------------------------------------------------------------------------------


def seconds(tag: int, content: bytes) -> int:
    """POSIX seconds of a UTCTime or GeneralizedTime."""
    text = content.decode("ascii")
    digits = text[:-1]
    if len(digits) != _TIME_DIGITS.get(tag) or not text.endswith("Z") or not digits.isdigit():
        raise ValueError(f"{text!r} is not a time in the form of RFC 5280 4.1.2.5")
    if tag == der.UTC_TIME:
        digits = ("19" if digits >= "50" else "20") + digits  # RFC 5280 4.1.2.5.1
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:8])
    hour, minute, second = int(digits[8:10]), int(digits[10:12]), int(digits[12:])
    moment = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
    return int((moment - _EPOCH).total_seconds())


def time(reader: Reader) -> int:
    """Time, which is a choice of the two (RFC 5280 4.1.2.5)."""
    tag = reader.next_tag()
    return seconds(tag or 0, reader.take(der.GENERALIZED_TIME if tag == der.GENERALIZED_TIME else der.UTC_TIME))


def optional_time(reader: Reader) -> int | None:
    return time(reader) if reader.next_tag() in _TIME_DIGITS else None


def name(data: bytes) -> Name:
    """A Name (RFC 5280 4.1.2.4)."""
    return Name(data, tuple(_rdn(rdn) for rdn in _each(data, der.SET)))


def _rdn(content: bytes) -> tuple[Attribute, ...]:
    reader = Reader(content)
    attributes = []
    while reader.next_tag() is not None:
        attributes.append(_attribute(reader.sequence()))
    if not attributes:
        raise DERError("relative name without attributes")
    return tuple(attributes)


def _attribute(reader: Reader) -> Attribute:
    identifier = intern(reader.oid())
    tag = reader.next_tag() or 0
    encoding = STRING_ENCODINGS.get(tag)
    value = reader.take(tag).decode(encoding) if encoding else reader.take_any()
    reader.end()
    return Attribute(identifier, value)


def general_name(reader: Reader) -> GeneralName:
    """One GeneralName (RFC 5280 4.2.1.6)."""
    tag = reader.next_tag() or 0
    kind = _KINDS.get(tag)
    if kind is None:
        raise DERError(f"element 0x{tag:02x} is no GeneralName")
    content = reader.take(tag)
    if kind is GeneralNameKind.DIRECTORY:
        directory = name(content)
        return GeneralName(kind, directory.der, directory)
    if kind in _IA5_KINDS and not content.isascii():
        raise DERError("IA5String is not ASCII")
    return GeneralName(kind, content)


_IA5_KINDS = (GeneralNameKind.RFC822, GeneralNameKind.DNS, GeneralNameKind.URI)
_CONSTRUCTED_KINDS = (
    GeneralNameKind.OTHER_NAME,
    GeneralNameKind.X400_ADDRESS,
    GeneralNameKind.DIRECTORY,
    GeneralNameKind.EDI_PARTY,
)
_KINDS = {der.context(kind.value, constructed=kind in _CONSTRUCTED_KINDS): kind for kind in GeneralNameKind}


def general_names(content: bytes) -> tuple[GeneralName, ...]:
    """The content of a GeneralNames, at least one."""
    reader = Reader(content)
    names = []
    while reader.next_tag() is not None:
        names.append(general_name(reader))
    if not names:
        raise DERError("empty sequence")
    return tuple(names)


def _each(data: bytes, tag: int) -> Iterator[bytes]:
    """The content of every element of a SEQUENCE OF."""
    reader = Reader.of_single(data, der.SEQUENCE)
    while reader.next_tag() is not None:
        yield reader.take(tag)


def _some(data: bytes) -> list[Reader]:
    """A reader for every SEQUENCE of a SEQUENCE OF, of which there must be one."""
    readers = [Reader(content) for content in _each(data, der.SEQUENCE)]
    if not readers:
        raise DERError("empty sequence")
    return readers


# --- Extensions -----------------------------------------------------------------------------------


class RawExtension(NamedTuple):
    """An extension as it stands (RFC 5280 4.1)."""

    identifier: str
    critical: bool
    value: bytes


def extensions(data: bytes) -> dict[str, RawExtension]:
    """Extensions by identifier, none of them twice (RFC 5280 4.2)."""
    found: dict[str, RawExtension] = {}
    for reader in _some(data):
        identifier = reader.oid()
        critical = (reader.optional(der.BOOLEAN) or b"\x00") != b"\x00"
        extension = RawExtension(identifier, critical, reader.take(der.OCTET_STRING))
        reader.end()
        if identifier in found:
            raise DERError(f"extension {identifier} appears twice")
        if len(found) >= MAX_EXTENSIONS:
            raise DERError(f"more than {MAX_EXTENSIONS} extensions")
        found[identifier] = extension
    return found


def integer(data: bytes) -> int:
    """An INTEGER that is not negative."""
    reader = Reader(data)
    value = reader.integer()
    reader.end()
    if value < 0:
        raise DERError("negative number")
    return value


def serial_number(content: bytes) -> int:
    """The content of a CertificateSerialNumber, possibly negative (RFC 5280 4.1.2.2)."""
    if not 1 <= len(content) <= MAX_SERIAL:
        raise DERError(f"serial number of {len(content)} octets")
    return int.from_bytes(content, "big", signed=True)


def octet_string(data: bytes) -> bytes:
    """RFC 5280 4.2.1.2."""
    return Reader.of_single(data, der.OCTET_STRING).rest()


def basic_constraints(data: bytes) -> BasicConstraints:
    """RFC 5280 4.2.1.9."""
    reader = Reader.of_single(data, der.SEQUENCE)
    ca = (reader.optional(der.BOOLEAN) or b"\x00") != b"\x00"
    length = reader.integer() if reader.next_tag() is not None else None
    reader.end()
    if length is not None and length < 0:
        raise DERError("pathLenConstraint is negative")
    return BasicConstraints(ca, length)


def key_usage(data: bytes) -> KeyUsage:
    """RFC 5280 4.2.1.3."""
    content = Reader.of_single(data, der.BIT_STRING).rest()
    bits = content[1:]
    # Judged before it is added up: a megabyte of bits makes a megabyte integer.
    numbers = (
        [number for number in range(8 * len(bits)) if bits[number // 8] & 0x80 >> number % 8] if len(bits) < 3 else ()
    )
    usage = sum(1 << number for number in numbers)
    if not usage or usage >= KeyUsage.DECIPHER_ONLY << 1:
        raise DERError("no bit or an unknown bit is set")
    return KeyUsage(usage)


def extended_key_usage(data: bytes) -> tuple[str, ...]:
    """RFC 5280 4.2.1.12."""
    purposes = tuple(intern(der.dotted(content)) for content in _each(data, der.OBJECT_IDENTIFIER))
    if not purposes:
        raise DERError("empty sequence")
    return purposes


def tls_feature(data: bytes) -> tuple[int, ...]:
    """RFC 7633 4.1: numbers of TLS extensions."""
    reader = Reader.of_single(data, der.SEQUENCE)
    features = []
    while reader.next_tag() is not None:
        features.append(reader.integer())
    return tuple(features)


def subject_alt_name(data: bytes) -> tuple[GeneralName, ...]:
    """RFC 5280 4.2.1.6."""
    return general_names(Reader.of_single(data, der.SEQUENCE).rest())


def name_constraints(data: bytes) -> NameConstraints:
    """RFC 5280 4.2.1.10."""
    reader = Reader.of_single(data, der.SEQUENCE)
    permitted, excluded = (_subtrees(reader.optional(der.context(number))) for number in (0, 1))
    reader.end()
    if not permitted and not excluded:
        raise DERError("neither permitted nor excluded subtrees")
    return NameConstraints(permitted, excluded)


def _subtrees(content: bytes | None) -> tuple[GeneralName, ...]:
    reader = Reader(content or b"")
    bases = []
    while reader.next_tag() is not None:
        subtree = reader.sequence()
        bases.append(general_name(subtree))
        minimum = subtree.optional(der.context(0, constructed=False))
        if subtree.next_tag() is not None or minimum not in (None, b"\x00"):
            raise DERError("minimum or maximum is used")  # with any name form of ours they are not
    return tuple(bases)


def policy_constraints(data: bytes) -> PolicyConstraints:
    """RFC 5280 4.2.1.11."""
    reader = Reader.of_single(data, der.SEQUENCE)
    explicit, mapping = (_skip(reader.optional(der.context(number, constructed=False))) for number in (0, 1))
    reader.end()
    if explicit is None and mapping is None:
        raise DERError("empty or negative")
    return PolicyConstraints(explicit, mapping)


def _skip(content: bytes | None) -> int | None:
    return None if content is None else integer(der.element(der.INTEGER, content))


def certificate_policies(data: bytes) -> tuple[str, ...]:
    """The policies of certificatePolicies; qualifiers are held to their frame (RFC 5280 4.2.1.4)."""
    policies = []
    for reader in _some(data):
        policies.append(intern(reader.oid()))
        if reader.next_tag() is not None:
            for qualifier in _some(reader.take_raw(der.SEQUENCE)):
                qualifier.oid()
                qualifier.take_raw(qualifier.next_tag() or 0)
                qualifier.end()
        reader.end()
    if len(set(policies)) != len(policies):
        raise DERError("a policy appears twice")  # RFC 5280 4.2.1.4
    return tuple(policies)


def policy_mappings(data: bytes) -> tuple[tuple[str, str], ...]:
    """Pairs of issuerDomainPolicy and subjectDomainPolicy (RFC 5280 4.2.1.5)."""
    mappings = []
    for reader in _some(data):
        mappings.append((intern(reader.oid()), intern(reader.oid())))
        reader.end()
    return tuple(mappings)


def access_descriptions(data: bytes) -> tuple[tuple[str, GeneralName], ...]:
    """accessMethod and accessLocation of each AccessDescription (RFC 5280 4.2.2.1)."""
    descriptions = []
    for reader in _some(data):
        descriptions.append((intern(reader.oid()), general_name(reader)))
        reader.end()
    return tuple(descriptions)


def authority_key_identifier(data: bytes) -> AuthorityKeyIdentifier:
    """RFC 5280 4.2.1.1."""
    reader = Reader.of_single(data, der.SEQUENCE)
    identifier = reader.optional(der.context(0, constructed=False))
    issuer = reader.optional(der.context(1))
    serial = reader.optional(der.context(2, constructed=False))
    reader.end()
    if issuer is not None:
        general_names(issuer)
    if (issuer is None) is not (serial is None):
        raise DERError("authorityCertIssuer and authorityCertSerialNumber go together")
    number = None if serial is None else serial_number(serial)
    return AuthorityKeyIdentifier(identifier, issuer is not None, number)


# --- Distribution points --------------------------------------------------------------------------


def distribution_points(data: bytes) -> tuple[DistributionPoint, ...]:
    """CRLDistributionPoints (RFC 5280 4.2.1.13)."""
    return tuple(map(_distribution_point, _some(data)))


def _distribution_point(reader: Reader) -> DistributionPoint:
    names, relative = distribution_point_name(reader)
    reasons = reason_flags(reader, 1)
    issuer = reader.optional(der.context(2))
    reader.end()
    crl_issuer = () if issuer is None else general_names(issuer)
    if not names and relative is None and not crl_issuer:
        raise DERError("distribution point with neither a name nor a cRLIssuer")  # RFC 5280 4.2.1.13
    return DistributionPoint(names, relative, reasons, crl_issuer)


def distribution_point_name(reader: Reader) -> tuple[tuple[GeneralName, ...], bytes | None]:
    """The optional ``[0]`` DistributionPointName: full names, or the DER of one relative name."""
    content = reader.optional(der.context(0))
    if content is None:
        return (), None
    choice = Reader(content)
    full = choice.optional(der.context(0))
    if full is not None:
        choice.end()
        return general_names(full), None
    relative = choice.take(der.context(1))
    choice.end()
    _rdn(relative)
    return (), der.element(der.SET, relative)


def reason_flags(reader: Reader, number: int) -> Reasons:
    """An optional ReasonFlags; all where it is absent."""
    content = reader.optional(der.context(number, constructed=False))
    if content is None:
        return ALL_REASONS
    if not content or content[0] > 7:
        raise DERError("malformed BIT STRING")
    bits = content[1:3]  # nine bits are named; more would only cost time
    flags = sum(1 << bit for bit in range(len(bits) * 8) if bits[bit // 8] & 0x80 >> bit % 8)
    return Reasons(flags & ALL_REASONS)


def full_names(names: tuple[GeneralName, ...], relative: bytes | None, issuer: Name) -> tuple[GeneralName, ...]:
    """The names of a distribution point; a relative one is the last RDN of its CRL issuer's (RFC 5280 4.2.1.13)."""
    if relative is None:
        return names
    rdns = Reader.of_single(issuer.der, der.SEQUENCE).rest()
    directory = name(der.sequence(rdns, relative))
    return (GeneralName(GeneralNameKind.DIRECTORY, directory.der, directory),)
