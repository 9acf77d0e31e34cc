"""Certificate extensions as plain values (RFC 5280 4.2).

Theory of operation: an extension that path validation reads has a class here and is decoded with the certificate; of
any other only its identifier and criticality are kept, in ``Extensions.present``. Whether a value is *legal* is for
``rules.py`` and ``constraints.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntFlag

from puressl.x509.distinguished_name import Name

AUTHORITY_INFORMATION_ACCESS = "1.3.6.1.5.5.7.1.1"
AUTHORITY_KEY_IDENTIFIER = "2.5.29.35"
BASIC_CONSTRAINTS = "2.5.29.19"
CERTIFICATE_POLICIES = "2.5.29.32"
CRL_DISTRIBUTION_POINTS = "2.5.29.31"
EXTENDED_KEY_USAGE = "2.5.29.37"
FRESHEST_CRL = "2.5.29.46"
INHIBIT_ANY_POLICY = "2.5.29.54"
KEY_USAGE = "2.5.29.15"
NAME_CONSTRAINTS = "2.5.29.30"
OCSP_NO_CHECK = "1.3.6.1.5.5.7.48.1.5"
POLICY_CONSTRAINTS = "2.5.29.36"
POLICY_MAPPINGS = "2.5.29.33"
SUBJECT_ALT_NAME = "2.5.29.17"
SUBJECT_KEY_IDENTIFIER = "2.5.29.14"
TLS_FEATURE = "1.3.6.1.5.5.7.1.24"

SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0"
ANY_POLICY = "2.5.29.32.0"
#: The access method of an OCSP responder (RFC 5280 4.2.2.1).
OCSP = "1.3.6.1.5.5.7.48.1"
#: The TLS feature of a server that must staple: the number of status_request (RFC 7633 4.1).
STATUS_REQUEST = 5


class KeyUsage(IntFlag):
    """RFC 5280 4.2.1.3; the value is two to the bit's number."""

    DIGITAL_SIGNATURE = 1 << 0
    NON_REPUDIATION = 1 << 1
    KEY_ENCIPHERMENT = 1 << 2
    DATA_ENCIPHERMENT = 1 << 3
    KEY_AGREEMENT = 1 << 4
    KEY_CERT_SIGN = 1 << 5
    CRL_SIGN = 1 << 6
    ENCIPHER_ONLY = 1 << 7
    DECIPHER_ONLY = 1 << 8


class GeneralNameKind(Enum):
    """The alternatives of GeneralName (RFC 5280 4.2.1.6); the value is the context tag."""

    OTHER_NAME = 0
    RFC822 = 1
    DNS = 2
    X400_ADDRESS = 3
    DIRECTORY = 4
    EDI_PARTY = 5
    URI = 6
    IP = 7
    REGISTERED_ID = 8

    @property
    def label(self) -> str:
        """As it is written before a name: ``DNS:a.example``."""
        return _KIND_LABELS.get(self, self.name)


_KIND_LABELS = {GeneralNameKind.RFC822: "email", GeneralNameKind.DIRECTORY: "DirName"}


@dataclass(frozen=True, slots=True)
class GeneralName:
    """One name of a certificate, or the base of a name constraint.

    value: the octets of the string or address, unchecked; for ``DIRECTORY`` the DER of ``name``, for the kinds without
    rules of ours the content's DER.
    """

    kind: GeneralNameKind
    value: bytes
    name: Name | None = None

    @property
    def text(self) -> str:
        """For people: ``DNS:a.example``, ``IP:192.0.2.1``."""
        return f"{self.kind.label}:{self._value_text()}"

    def _value_text(self) -> str:
        if self.name is not None:
            return self.name.text
        if self.kind is GeneralNameKind.IP:
            return _octets_as_address(self.value)
        if self.kind in (GeneralNameKind.DNS, GeneralNameKind.RFC822, GeneralNameKind.URI):
            return self.value.decode("ascii", "backslashreplace")
        return self.value.hex()


def _octets_as_address(octets: bytes) -> str:
    if len(octets) == 4:
        return ".".join(map(str, octets))
    if len(octets) == 16:
        return ":".join(f"{octets[at] << 8 | octets[at + 1]:x}" for at in range(0, 16, 2))
    return octets.hex()


@dataclass(frozen=True, slots=True)
class BasicConstraints:
    """RFC 5280 4.2.1.9. path_length: pathLenConstraint, or None for no bound."""

    ca: bool
    path_length: int | None


@dataclass(frozen=True, slots=True)
class AuthorityKeyIdentifier:
    """RFC 5280 4.2.1.1. has_issuer: authorityCertIssuer is present."""

    key_identifier: bytes | None
    has_issuer: bool
    serial: int | None


@dataclass(frozen=True, slots=True)
class NameConstraints:
    """RFC 5280 4.2.1.10: the subtrees' bases, as they stand."""

    permitted: tuple[GeneralName, ...]
    excluded: tuple[GeneralName, ...]


@dataclass(frozen=True, slots=True)
class PolicyConstraints:
    """RFC 5280 4.2.1.11: how many more certificates may follow before the constraint holds; None where it is absent."""

    require_explicit_policy: int | None
    inhibit_policy_mapping: int | None


class Reasons(IntFlag):
    """Why certificates are revoked, as sets of reasons (ReasonFlags, RFC 5280 4.2.1.13); two to the bit's number."""

    KEY_COMPROMISE = 1 << 1
    CA_COMPROMISE = 1 << 2
    AFFILIATION_CHANGED = 1 << 3
    SUPERSEDED = 1 << 4
    CESSATION_OF_OPERATION = 1 << 5
    CERTIFICATE_HOLD = 1 << 6
    PRIVILEGE_WITHDRAWN = 1 << 7
    AA_COMPROMISE = 1 << 8


ALL_REASONS = Reasons(0x1FE)


@dataclass(frozen=True, slots=True)
class DistributionPoint:
    """Where a CRL is, and which (RFC 5280 4.2.1.13).

    names: of fullName. relative: the RDN of nameRelativeToCRLIssuer, DER. Without either there is no name. reasons:
    what its CRLs cover; all where nothing is said. crl_issuer: who signs them, if not the certificate's issuer.
    """

    names: tuple[GeneralName, ...] = ()
    relative: bytes | None = None
    reasons: Reasons = ALL_REASONS
    crl_issuer: tuple[GeneralName, ...] = ()


@dataclass(frozen=True, slots=True)
class Extensions:
    """The extensions of one certificate. present: every identifier, dotted, with its criticality, in the certificate's
    order. policy_mappings: pairs of the issuer's policy and the subject's. access: accessMethod and accessLocation of
    authorityInfoAccess. tls_feature: numbers of TLS extensions that the server must support (RFC 7633).
    """

    present: tuple[tuple[str, bool], ...] = ()
    basic_constraints: BasicConstraints | None = None
    key_usage: KeyUsage | None = None
    extended_key_usage: tuple[str, ...] | None = None
    subject_alt_name: tuple[GeneralName, ...] | None = None
    authority_key_identifier: AuthorityKeyIdentifier | None = None
    subject_key_identifier: bytes | None = None
    name_constraints: NameConstraints | None = None
    certificate_policies: tuple[str, ...] | None = None
    policy_mappings: tuple[tuple[str, str], ...] | None = None
    policy_constraints: PolicyConstraints | None = None
    inhibit_any_policy: int | None = None
    crl_distribution_points: tuple[DistributionPoint, ...] | None = None
    freshest_crl: tuple[DistributionPoint, ...] | None = None
    access: tuple[tuple[str, GeneralName], ...] | None = None
    tls_feature: tuple[int, ...] | None = None

    @property
    def must_staple(self) -> bool:
        """Whether the server promises to staple an OCSP response (RFC 7633 4.2.3.1)."""
        return STATUS_REQUEST in (self.tls_feature or ())

    def critical(self, identifier: str) -> bool | None:
        """Whether the extension is critical; None if it is absent."""
        for present, critical in self.present:
            if present == identifier:
                return critical
        return None
