"""Extension values in the form ``ssl``: a table from extension to ASN.1 type (RFC 5280 4.2, RFC 6962, RFC 7633).

Theory of operation: a row of ``_VALUES`` is an extension's type, declared of the same parts as everything else. What
has no row stays the octets that extnValue holds.
"""
# ruff: noqa: N815 - the fields have RFC 5280's names.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from puressl.x509 import der, identifiers
from puressl.x509.forms.codec import (
    ANY,
    BOOLEAN,
    INTEGER,
    NULL_TYPE,
    OCTET_STRING,
    Bits,
    Choice,
    Codec,
    Field,
    Identifier,
    ListOf,
    NamedBits,
    Structure,
    Tagged,
    Wrapped,
    explicit,
)
from puressl.x509.forms.general_names import (
    ATTRIBUTE_TYPE,
    ATTRIBUTE_VALUE,
    GENERAL_NAME,
    GENERAL_NAMES,
    IA5_STRING,
    NAME,
    STRING,
    GeneralName,
    String,
)
from puressl.x509.forms.structure import TimeMoment
from puressl.x509.forms.tls_structures import SignedCertificateTimestampList


@dataclass(frozen=True, slots=True)
class AuthorityKeyIdentifier:
    """RFC 5280 4.2.1.1."""

    keyIdentifier: bytes | None = None
    authorityCertIssuer: tuple[GeneralName, ...] | None = None
    authorityCertSerialNumber: int | None = None


@dataclass(frozen=True, slots=True)
class PolicyQualifierInfo:
    """RFC 5280 4.2.1.4. policyQualifierId: "cps", "unotice" or dotted. qualifier: text, ``UserNotice``, DER."""

    policyQualifierId: str
    qualifier: Any


@dataclass(frozen=True, slots=True)
class NoticeReference:
    """RFC 5280 4.2.1.4."""

    organization: String
    noticeNumbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class UserNotice:
    """RFC 5280 4.2.1.4."""

    noticeRef: NoticeReference | None = None
    explicitText: String | None = None


@dataclass(frozen=True, slots=True)
class PolicyInformation:
    """RFC 5280 4.2.1.4. policyIdentifier: "anyPolicy" or dotted."""

    policyIdentifier: str
    policyQualifiers: tuple[PolicyQualifierInfo, ...] | None = None


@dataclass(frozen=True, slots=True)
class PolicyMapping:
    """RFC 5280 4.2.1.5."""

    issuerDomainPolicy: str
    subjectDomainPolicy: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """RFC 5280 4.2.1.8. values: each a ``String``, or DER."""

    type: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class BasicConstraints:
    """RFC 5280 4.2.1.9. written: "cA" if false was written out."""

    cA: bool = False
    pathLenConstraint: int | None = None
    written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GeneralSubtree:
    """RFC 5280 4.2.1.10. written: "minimum" if 0 was written out."""

    base: GeneralName
    minimum: int = 0
    maximum: int | None = None
    written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NameConstraints:
    """RFC 5280 4.2.1.10."""

    permittedSubtrees: tuple[GeneralSubtree, ...] | None = None
    excludedSubtrees: tuple[GeneralSubtree, ...] | None = None


@dataclass(frozen=True, slots=True)
class PolicyConstraints:
    """RFC 5280 4.2.1.11."""

    requireExplicitPolicy: int | None = None
    inhibitPolicyMapping: int | None = None


@dataclass(frozen=True, slots=True)
class DistributionPointName:
    """RFC 5280 4.2.1.13. type: "fullName" or "nameRelativeToCRLIssuer". value: GeneralNames, or the attributes of one
    relative name.
    """

    type: str
    value: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class DistributionPoint:
    """RFC 5280 4.2.1.13."""

    distributionPoint: DistributionPointName | None = None
    reasons: NamedBits | None = None
    cRLIssuer: tuple[GeneralName, ...] | None = None


@dataclass(frozen=True, slots=True)
class AccessDescription:
    """RFC 5280 4.2.2.1, 4.2.2.2. accessMethod: a name, or dotted."""

    accessMethod: str
    accessLocation: GeneralName


@dataclass(frozen=True, slots=True)
class PrivateKeyUsagePeriod:
    """RFC 3280 4.2.1.4."""

    notBefore: datetime | None = None
    notAfter: datetime | None = None


def _qualifier(before: Sequence[Any]) -> Codec[Any]:
    return _QUALIFIERS.get(before[0], ANY)


_QUALIFIERS: dict[str, Codec[Any]] = {
    "cps": IA5_STRING,
    "unotice": Structure(
        UserNotice,
        Field(
            "noticeRef",
            Structure(NoticeReference, Field("organization", STRING), Field("noticeNumbers", ListOf(INTEGER, least=0))),
            None,
        ),
        Field("explicitText", STRING, None),
    ),
}
_POLICY = Identifier(identifiers.POLICIES)
_KEY_USAGE = Bits(
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
)
_REASONS = Bits(
    "unused",
    "keyCompromise",
    "cACompromise",
    "affiliationChanged",
    "superseded",
    "cessationOfOperation",
    "certificateHold",
    "privilegeWithdrawn",
    "aACompromise",
)
_SUBTREES = ListOf(
    Structure(
        GeneralSubtree,
        Field("base", GENERAL_NAME),
        Field("minimum", Tagged(0, INTEGER), 0),
        Field("maximum", Tagged(1, INTEGER), None),
    )
)
_POINT_NAME = Choice(
    DistributionPointName,
    {"fullName": Tagged(0, GENERAL_NAMES), "nameRelativeToCRLIssuer": Tagged(1, NAME.relative)},
)
_POINTS = ListOf(
    Structure(
        DistributionPoint,
        Field("distributionPoint", explicit(0, _POINT_NAME), None),
        Field("reasons", Tagged(1, _REASONS), None),
        Field("cRLIssuer", Tagged(2, GENERAL_NAMES), None),
    )
)
_ACCESS = ListOf(
    Structure(
        AccessDescription,
        Field("accessMethod", Identifier(identifiers.ACCESS_METHODS)),
        Field("accessLocation", GENERAL_NAME),
    )
)
_MOMENT = TimeMoment(der.GENERALIZED_TIME, 14)

_VALUES: dict[str, Codec[Any]] = {
    "authorityInfoAccess": _ACCESS,
    "authorityKeyIdentifier": Structure(
        AuthorityKeyIdentifier,
        Field("keyIdentifier", Tagged(0, OCTET_STRING), None),
        Field("authorityCertIssuer", Tagged(1, GENERAL_NAMES), None),
        Field("authorityCertSerialNumber", Tagged(2, INTEGER), None),
    ),
    "basicConstraints": Structure(
        BasicConstraints, Field("cA", BOOLEAN, False), Field("pathLenConstraint", INTEGER, None)
    ),
    "cRLDistributionPoints": _POINTS,
    "certificatePolicies": ListOf(
        Structure(
            PolicyInformation,
            Field("policyIdentifier", _POLICY),
            Field(
                "policyQualifiers",
                ListOf(
                    Structure(
                        PolicyQualifierInfo,
                        Field("policyQualifierId", Identifier(identifiers.POLICY_QUALIFIERS)),
                        Field("qualifier", _qualifier),
                    )
                ),
                None,
            ),
        )
    ),
    "extKeyUsage": ListOf(Identifier(identifiers.KEY_PURPOSES)),
    "freshestCRL": _POINTS,
    "id-pkix-ocsp-nocheck": NULL_TYPE,
    "inhibitAnyPolicy": INTEGER,
    "issuerAltName": GENERAL_NAMES,
    "keyUsage": _KEY_USAGE,
    "nameConstraints": Structure(
        NameConstraints,
        Field("permittedSubtrees", Tagged(0, _SUBTREES), None),
        Field("excludedSubtrees", Tagged(1, _SUBTREES), None),
    ),
    "policyConstraints": Structure(
        PolicyConstraints,
        Field("requireExplicitPolicy", Tagged(0, INTEGER), None),
        Field("inhibitPolicyMapping", Tagged(1, INTEGER), None),
    ),
    "policyMappings": ListOf(
        Structure(PolicyMapping, Field("issuerDomainPolicy", _POLICY), Field("subjectDomainPolicy", _POLICY))
    ),
    "precertificatePoison": NULL_TYPE,  # RFC 6962 3.1
    "privateKeyUsagePeriod": Structure(
        PrivateKeyUsagePeriod,
        Field("notBefore", Tagged(0, _MOMENT), None),
        Field("notAfter", Tagged(1, _MOMENT), None),
    ),
    "signedCertificateTimestampList": SignedCertificateTimestampList(),
    "subjectAltName": GENERAL_NAMES,
    "subjectDirectoryAttributes": ListOf(
        Structure(Attribute, Field("type", ATTRIBUTE_TYPE), Field("values", ListOf(ATTRIBUTE_VALUE, tag=der.SET)))
    ),
    "subjectInfoAccess": _ACCESS,
    "subjectKeyIdentifier": OCTET_STRING,
    "tlsFeature": ListOf(INTEGER),
}
_IN_OCTETS = {name: Wrapped(der.OCTET_STRING, codec, name) for name, codec in _VALUES.items()}


def extension_value(before: Sequence[Any]) -> Codec[Any]:
    """extnValue, by the identifier before it."""
    return _IN_OCTETS.get(before[0], OCTET_STRING)
