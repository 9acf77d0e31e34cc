"""The structure of a certificate with RFC 5280's field names, for both structured forms (RFC 5280 4.1).

Theory of operation: the two forms are one structure. They differ in its open types, whose content depends on an object
identifier beside them: attribute values, algorithm parameters, public keys and extension values. In the form ``pkix``
identifiers are dotted and open types hold DER; in the form ``ssl`` an identifier that is known has its name, and the
type is opened. ``OpenTypes`` is that difference. Whoever opens a type knows it by name, so what is dotted is written as
the DER it holds, and one writer serves both forms.
"""
# ruff: noqa: N815 - the fields have RFC 5280's names.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from puressl.errors import Problem
from puressl.x509 import der
from puressl.x509.forms.codec import (
    ANY,
    BIT_STRING,
    BOOLEAN,
    INTEGER,
    OBJECT_IDENTIFIER,
    OCTET_STRING,
    BitString,
    Choice,
    Choose,
    Codec,
    Fault,
    Field,
    ListOf,
    Structure,
    Tagged,
    explicit,
)


@dataclass(frozen=True, slots=True)
class AlgorithmIdentifier:
    """RFC 5280 4.1.1.2. algorithm: a name, or dotted. parameters: decoded for a name, else DER; None if absent."""

    algorithm: str
    parameters: Any = None


@dataclass(frozen=True, slots=True)
class AttributeTypeAndValue:
    """RFC 5280 4.1.2.4. type: a name, or dotted. value: in the form ssl a ``String`` if it is one, else DER."""

    type: str
    value: Any


@dataclass(frozen=True, slots=True)
class Name:
    """A distinguished name (RFC 5280 4.1.2.4): relative names, the most significant first, each a set of attributes."""

    rdnSequence: tuple[tuple[AttributeTypeAndValue, ...], ...]


@dataclass(frozen=True, slots=True)
class Time:
    """RFC 5280 4.1.2.5. type: "utcTime" or "generalTime". value: as it stands (pkix), or as a moment in UTC (ssl)."""

    type: str
    value: str | datetime


@dataclass(frozen=True, slots=True)
class Validity:
    """RFC 5280 4.1.2.5: both ends belong to it."""

    notBefore: Time
    notAfter: Time


@dataclass(frozen=True, slots=True)
class SubjectPublicKeyInfo:
    """RFC 5280 4.1.2.7. subjectPublicKey: the decoded key of a named algorithm, else the ``BitString``."""

    algorithm: AlgorithmIdentifier
    subjectPublicKey: Any


@dataclass(frozen=True, slots=True)
class Extension:
    """RFC 5280 4.1.2.9. extnID: a name, or dotted. extnValue: the decoded value of a name, else what the OCTET STRING
    holds. written: "critical" if false was written out.
    """

    extnID: str
    critical: bool
    extnValue: Any
    written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TBSCertificate:
    """RFC 5280 4.1.2. version: "v1", "v2" or "v3". written: "version" if v1 was written out."""

    version: str
    serialNumber: int
    signature: AlgorithmIdentifier
    issuer: Name
    validity: Validity
    subject: Name
    subjectPublicKeyInfo: SubjectPublicKeyInfo
    issuerUniqueID: BitString | None = None
    subjectUniqueID: BitString | None = None
    extensions: tuple[Extension, ...] | None = None
    written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """RFC 5280 4.1.1."""

    tbsCertificate: TBSCertificate
    signatureAlgorithm: AlgorithmIdentifier
    signature: BitString


class _Version(Codec[str]):
    """RFC 5280 4.1.2.1."""

    tags = INTEGER.tags
    _NAMES = ("v1", "v2", "v3")

    def decode(self, data: bytes, at: int, start: int, stop: int) -> str:
        number = INTEGER.decode(data, at, start, stop)
        if not 0 <= number < len(self._NAMES):
            raise Fault(at, "version is none of v1, v2 and v3")
        return self._NAMES[number]

    def encode(self, value: str) -> bytes:
        return der.integer(self._NAMES.index(value))


class _TimeText(Codec[str]):
    """A time to the second in Zulu (RFC 5280 4.1.2.5.1, 4.1.2.5.2), as it stands."""

    def __init__(self, tag: int, digits: int) -> None:
        self.tags = frozenset({tag})
        self._tag = tag
        self._digits = digits

    def decode(self, data: bytes, at: int, start: int, stop: int) -> str:
        text = data[start:stop].decode("latin-1")
        try:
            self.moment(text)
        except ValueError:
            finding = f"{text!r} is not a time in the form of RFC 5280 4.1.2.5"
            raise Fault(at, finding, Problem.CERTIFICATE_BAD_VALIDITY) from None
        return text

    def moment(self, text: str) -> datetime:
        """Raises ``ValueError``."""
        digits = text[:-1]
        if len(digits) != self._digits or text[-1] != "Z" or not (digits.isascii() and digits.isdigit()):
            raise ValueError(f"{text!r} is no time")
        if self._tag == der.UTC_TIME:
            digits = ("19" if digits >= "50" else "20") + digits  # RFC 5280 4.1.2.5.1
        return datetime.fromisoformat(
            f"{digits[:4]}-{digits[4:6]}-{digits[6:8]}T{digits[8:10]}:{digits[10:12]}:{digits[12:]}+00:00"
        )

    def encode(self, value: str) -> bytes:
        self.moment(value)
        return der.element(self._tag, value.encode())


class TimeMoment(_TimeText):
    """The same as a moment; also writes what ``_TimeText`` reads."""

    def decode(self, data: bytes, at: int, start: int, stop: int) -> Any:
        return self.moment(super().decode(data, at, start, stop))

    def encode(self, value: Any) -> bytes:
        if isinstance(value, datetime):
            text = f"{value.year:04}{value:%m%d%H%M%S}Z"
            moment, value = value, text[-self._digits - 1 :]
            if self.moment(value) != moment:
                raise ValueError(f"{moment} is not a time of this type in UTC")
        return super().encode(value)


class OpenTypes(NamedTuple):
    """How a form reads what depends on an object identifier.

    attribute, algorithm, extension: the identifiers. value, parameters, key, extension_value: chosen by them. time: of
    a tag and a number of digits.
    """

    attribute: Codec[str]
    value: Codec[Any]
    algorithm: Codec[str]
    parameters: Choose
    key: Choose
    extension: Codec[str]
    extension_value: Choose
    time: type[_TimeText]


class NameCodec(Codec[Name]):
    """Name, a CHOICE of one alternative, which has no encoding of its own."""

    def __init__(self, attribute: Codec[AttributeTypeAndValue]) -> None:
        self.relative: Codec[tuple[AttributeTypeAndValue, ...]] = ListOf(attribute, tag=der.SET)
        self._sequence = ListOf(self.relative, least=0)
        self.tags = self._sequence.tags

    def decode(self, data: bytes, at: int, start: int, stop: int) -> Name:
        return Name(self._sequence.decode(data, at, start, stop))

    def encode(self, value: Name) -> bytes:
        return self._sequence.encode(value.rdnSequence)


def algorithm_identifier(algorithm: Codec[str], parameters: Choose) -> Codec[AlgorithmIdentifier]:
    """RFC 5280 4.1.1.2."""
    return Structure(AlgorithmIdentifier, Field("algorithm", algorithm), Field("parameters", parameters, default=None))


def name_codec(attribute: Codec[str], value: Codec[Any]) -> NameCodec:
    """RFC 5280 4.1.2.4."""
    return NameCodec(Structure(AttributeTypeAndValue, Field("type", attribute), Field("value", value)))


def certificate_codec(types: OpenTypes, name: NameCodec) -> Codec[Certificate]:
    """RFC 5280 4.1."""
    algorithm = algorithm_identifier(types.algorithm, types.parameters)
    time = Choice(Time, {"utcTime": types.time(der.UTC_TIME, 12), "generalTime": types.time(der.GENERALIZED_TIME, 14)})
    extension = Structure(
        Extension,
        Field("extnID", types.extension),
        Field("critical", BOOLEAN, default=False),
        Field("extnValue", types.extension_value),
    )
    tbs = Structure(
        TBSCertificate,
        Field("version", explicit(0, _Version()), default="v1"),
        Field("serialNumber", INTEGER),
        Field("signature", algorithm),
        Field("issuer", name),
        Field("validity", Structure(Validity, Field("notBefore", time), Field("notAfter", time))),
        Field("subject", name),
        Field(
            "subjectPublicKeyInfo",
            Structure(SubjectPublicKeyInfo, Field("algorithm", algorithm), Field("subjectPublicKey", types.key)),
        ),
        Field("issuerUniqueID", Tagged(1, BIT_STRING), default=None),
        Field("subjectUniqueID", Tagged(2, BIT_STRING), default=None),
        Field("extensions", explicit(3, ListOf(extension)), default=None),
    )
    return Structure(
        Certificate,
        Field("tbsCertificate", tbs),
        Field("signatureAlgorithm", algorithm),
        Field("signature", BIT_STRING),
    )


def _closed(codec: Codec[Any]) -> Choose:
    def choose(_: Sequence[Any]) -> Codec[Any]:
        return codec

    return choose


#: The form ``pkix``: nothing is opened.
PKIX_TYPES = OpenTypes(
    attribute=OBJECT_IDENTIFIER,
    value=ANY,
    algorithm=OBJECT_IDENTIFIER,
    parameters=_closed(ANY),
    key=_closed(BIT_STRING),
    extension=OBJECT_IDENTIFIER,
    extension_value=_closed(OCTET_STRING),
    time=_TimeText,
)
PKIX_NAME = name_codec(PKIX_TYPES.attribute, PKIX_TYPES.value)
PKIX_CERTIFICATE = certificate_codec(PKIX_TYPES, PKIX_NAME)
