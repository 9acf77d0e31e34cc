"""What a caller demands of a peer's certificate chain.

Theory of operation: a ``Policy`` is a value that is complete in itself: verification reads no clock, no environment and
no other configuration. Its profile says how much is asked of whoever issued the certificates; each row of ``rules.py``
names the profiles it is for. Where RFC 5280 and the CA/Browser Forum contradict each other (a CA as leaf, extKeyUsage
in a leaf, criticality of nameConstraints, the key identifier of a cross-signed anchor), RFC5280 and WEBPKI do.

Which profile fits depends on who issues. WEBPKI is for the public web, whose CAs are bound to these rules. Certificates
that people make themselves mostly break some of them without harm: no authorityKeyIdentifier or extKeyUsage in a leaf,
a common name that is in no subjectAltName, a self-signed certificate with cA TRUE that is presented as it is. PATH
takes all of these and is no weaker where it matters: signatures, validity, CA flags, path lengths, name constraints,
usages, key strength, names.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import Enum, Flag, auto

from puressl.errors import Reason, SSLError
from puressl.x509.extensions import ANY_POLICY, CLIENT_AUTH, SERVER_AUTH, KeyUsage
from puressl.x509.names import ServerName, parse_server_name

#: ``depth`` is 0 to 255, as in ssl(3).
MAX_DEPTH = 255
#: The years that a certificate can name (RFC 5280 4.1.2.5.2), as POSIX seconds.
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799


class Purpose(Enum):
    """What the peer uses its certificate for; the value is the extended key usage it needs (RFC 5280 4.2.1.12)."""

    SERVER_AUTH = SERVER_AUTH
    CLIENT_AUTH = CLIENT_AUTH


class Profile(Flag):
    """How much a chain must keep.

    PATH: the path validation algorithm of RFC 5280 6 alone. RFC5280: besides, what RFC 5280 4 demands of whoever issues
    certificates. WEBPKI: besides, the CA/Browser Forum's rules for the public web.
    """

    PATH = auto()
    RFC5280 = auto()
    WEBPKI = auto()

    @classmethod
    def of(cls, profile: Profile | str) -> Profile:
        """One of the three, or its name: ``path``, ``rfc5280``, ``webpki``. Raises ``SSLError(eoptions)``."""
        found = _PROFILES.get(profile.lower()) if isinstance(profile, str) else profile
        if found is None or found not in _PROFILES.values():
            raise SSLError(Reason.EOPTIONS, f"profile: {profile!r} is none of {', '.join(_PROFILES)}")
        return found


_PROFILES = {"path": Profile.PATH, "rfc5280": Profile.RFC5280, "webpki": Profile.WEBPKI}


class Revocation(Enum):
    """How much is asked about revocation.

    OFF: nothing is looked at. IF_PRESENT: CRLs and OCSP responses at hand that are about a certificate must be good:
    neither may it be revoked in them, nor may they be unusable. REQUIRED: besides, every certificate below the trust
    anchor must be known not to be revoked.
    """

    OFF = "off"
    IF_PRESENT = "if-present"
    REQUIRED = "required"

    @classmethod
    def of(cls, mode: Revocation | str) -> Revocation:
        """One of the three, or its name. Raises ``SSLError(eoptions)``."""
        try:
            return cls(mode)
        except ValueError:
            known = ", ".join(one.value for one in cls)
            raise SSLError(Reason.EOPTIONS, f"revocation: {mode!r} is none of {known}") from None


@dataclass(frozen=True, slots=True)
class Policy:
    """The terms of one verification.

    time: the moment the chain must be valid at, POSIX seconds; a fraction is dropped, as certificates have none.
    purpose: what the leaf must be good for, None for anything. key_usage: what its keyUsage must allow where it has
    one; all that TLS 1.3 does with a certificate is sign (RFC 8446 4.4.2.2). server_name: DNS name or IP address the
    leaf must be for, None for no check. depth: CA certificates that may stand between the leaf and the trust anchor.
    max_intermediates: the same without those that are self-issued, as pathLenConstraint counts. minimum_rsa_bits: the
    least RSA modulus. profile: whose rules, or its name. revocation: how much is asked, or its name.
    initial_policy_set, initial_explicit_policy, initial_policy_mapping_inhibit, initial_any_policy_inhibit: the policy
    inputs of RFC 5280 6.1.1 c to f, policies dotted. Raises ``SSLError(eoptions)`` for a name that is none or a value
    out of range.
    """

    time: float
    purpose: Purpose | None
    server_name: str | None = None
    depth: int = 10
    minimum_rsa_bits: int = 2048
    profile: Profile = Profile.RFC5280
    key_usage: KeyUsage = KeyUsage.DIGITAL_SIGNATURE
    max_intermediates: int | None = None
    revocation: Revocation = Revocation.IF_PRESENT
    initial_policy_set: frozenset[str] = frozenset({ANY_POLICY})
    initial_explicit_policy: bool = False
    initial_policy_mapping_inhibit: bool = False
    initial_any_policy_inhibit: bool = False
    reference: ServerName | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        if not FIRST_SECOND <= self.time < LAST_SECOND + 1:
            raise SSLError(Reason.EOPTIONS, f"time: {self.time} is not in the years 1 to 9999")
        if not 0 <= self.depth <= MAX_DEPTH:
            raise SSLError(Reason.EOPTIONS, f"depth: {self.depth} is not in 0…{MAX_DEPTH}")
        object.__setattr__(self, "profile", Profile.of(self.profile))
        object.__setattr__(self, "revocation", Revocation.of(self.revocation))
        object.__setattr__(self, "initial_policy_set", frozenset(self.initial_policy_set))
        if self.server_name is not None:
            object.__setattr__(self, "reference", parse_server_name(self.server_name))

    @property
    def seconds(self) -> int:
        """The time in whole seconds."""
        return math.floor(self.time)

    @property
    def longest_path(self) -> int:
        """Certificates of a path at most: the leaf, ``depth`` CAs, the trust anchor."""
        return self.depth + 2
