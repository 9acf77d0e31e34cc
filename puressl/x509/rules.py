"""The rules that one certificate of a path must keep by itself (RFC 5280 4, CA/Browser Forum Baseline Requirements).

Theory of operation: each rule is a row of ``RULES``: the clause, for which places of a path and which profiles it is,
and a function that returns what is wrong, or None. The order of the rows is the order in which failures are reported.
What depends on the rest of the path (signatures, path lengths, name constraints) is in ``verify.py``, what the leaf is
for in ``leaf_rules.py``; a certificate is held against these rules once, however many paths it is tried in. A trust
anchor is held to them like any other certificate: trusted is its key, not its contents. Rows for RFC5280 and WEBPKI
bind whoever issues; certificates that people make themselves often break some without harm, which is why there is the
profile PATH (see ``policy.py``).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache

from puressl.crypto.keys import RSAPublicKey
from puressl.errors import CertificateError, Problem
from puressl.x509 import extensions as ext
from puressl.x509 import names
from puressl.x509.certificate import Certificate, certificate_error
from puressl.x509.extensions import GeneralNameKind, KeyUsage
from puressl.x509.policy import Policy, Profile
from puressl.x509.rule import (
    BELOW_ANCHOR,
    CA,
    ISSUING,
    Role,
    Rule,
    Subject,
    hold,
    key_usage_values,
    name_values,
    purpose_values,
)

_EPOCH = datetime(1970, 1, 1)  # everything here is UTC

#: RFC 5280 4.1.2.2.
MAX_SERIAL_OCTETS = 20


def check(certificate: Certificate, place: int, role: Role, policy: Policy) -> None:
    """Raises ``CertificateError`` for the first rule that the certificate breaks at this place of a path."""
    hold(_rules(role, policy.profile), certificate, place, role, policy)


@cache  # four roles, three profiles
def _rules(role: Role, profile: Profile) -> tuple[Rule, ...]:
    return tuple(rule for rule in RULES if rule.roles & role and rule.profiles & profile)


def check_validity(certificate: Certificate, place: int, policy: Policy) -> CertificateError | None:
    """Both bounds are inclusive (RFC 5280 4.1.2.5)."""
    now = policy.seconds
    if now > certificate.not_after:
        bound, text, problem = certificate.not_after, "notAfter {} is before {}", Problem.CERTIFICATE_EXPIRED
    elif now < certificate.not_before:
        bound, text, problem = certificate.not_before, "notBefore {} is after {}", Problem.CERTIFICATE_NOT_YET_VALID
    else:
        return None
    finding = text.format(time_text(bound), time_text(now))
    return certificate_error(certificate, place, problem, "RFC 5280 4.1.2.5", finding, (bound, now))


def time_text(seconds: int) -> str:
    """``2026-11-23T07:41:00Z``. seconds: POSIX, of the years 1 to 9999."""
    moment = _EPOCH + timedelta(seconds=seconds)
    return f"{moment.year:04}{moment:-%m-%dT%H:%M:%SZ}"


# --- Fields ---------------------------------------------------------------------------------------


def _version(subject: Subject) -> str | None:
    version = subject.certificate.version
    return None if version == 3 else f"version {version}, 3 is needed"


def _supported_key(subject: Subject) -> str | None:
    return subject.certificate.public_key_problem or None


def _strong_key(subject: Subject) -> str | None:
    key, least = subject.certificate.public_key, subject.policy.minimum_rsa_bits
    if not isinstance(key, RSAPublicKey):
        return None  # every curve that is supported is strong
    return f"RSA modulus of {key.bits} bits, at least {least} needed" if key.bits < least else None


def _whole_octets(subject: Subject) -> str | None:
    key = subject.certificate.public_key
    if isinstance(key, RSAPublicKey) and key.bits % 8:
        return f"RSA modulus of {key.bits} bits is no whole number of octets"
    return None


def _serial(subject: Subject) -> str | None:
    serial = subject.certificate.serial
    if serial <= 0:
        return "serialNumber is zero" if serial == 0 else "serialNumber is negative"
    octets = serial.bit_length() // 8 + 1
    return f"serialNumber of {octets} octets, at most {MAX_SERIAL_OCTETS}" if octets > MAX_SERIAL_OCTETS else None


def _issuer(subject: Subject) -> str | None:
    return None if subject.certificate.issuer else "issuer is empty"


def _ca_subject(subject: Subject) -> str | None:
    return None if subject.certificate.subject else "subject of a CA is empty"


# --- Extensions -----------------------------------------------------------------------------------

#: What is processed when it is critical, here and in the rest of verification.
_PROCESSED = frozenset(
    {
        ext.BASIC_CONSTRAINTS,
        ext.CERTIFICATE_POLICIES,
        ext.CRL_DISTRIBUTION_POINTS,
        ext.EXTENDED_KEY_USAGE,
        ext.INHIBIT_ANY_POLICY,
        ext.KEY_USAGE,
        ext.NAME_CONSTRAINTS,
        ext.OCSP_NO_CHECK,
        ext.POLICY_CONSTRAINTS,
        ext.POLICY_MAPPINGS,
        ext.SUBJECT_ALT_NAME,
        ext.TLS_FEATURE,
    }
)
_NEVER_CRITICAL = {
    ext.AUTHORITY_INFORMATION_ACCESS: "authorityInfoAccess",
    ext.AUTHORITY_KEY_IDENTIFIER: "authorityKeyIdentifier",
    ext.FRESHEST_CRL: "freshestCRL",
    ext.SUBJECT_KEY_IDENTIFIER: "subjectKeyIdentifier",
}


def _unknown_critical(subject: Subject) -> str | None:
    for identifier, critical in subject.extensions.present:
        if critical and identifier not in _PROCESSED and identifier not in _NEVER_CRITICAL:
            return f"unknown critical extension {identifier}"
    return None


def _wrongly_critical(subject: Subject) -> str | None:
    wrong = {identifier for identifier, critical in subject.extensions.present if critical} & _NEVER_CRITICAL.keys()
    return next((f"{name} is critical" for identifier, name in _NEVER_CRITICAL.items() if identifier in wrong), None)


def _authority_key_identifier(subject: Subject) -> str | None:
    identifier = subject.extensions.authority_key_identifier
    if (identifier is not None and identifier.key_identifier is not None) or subject.certificate.is_self_signed:
        return None
    return "authorityKeyIdentifier with a keyIdentifier is missing"


def _anchor_key_identifiers(subject: Subject) -> str | None:
    identifier = subject.extensions.authority_key_identifier
    if identifier is None:
        return None
    if identifier.has_issuer or identifier.serial is not None:
        return "authorityKeyIdentifier of a root has more than a keyIdentifier"
    if subject.certificate.is_self_issued and identifier.key_identifier != subject.extensions.subject_key_identifier:
        return "authorityKeyIdentifier of a root differs from its subjectKeyIdentifier"
    return None


def _subject_key_identifier(subject: Subject) -> str | None:
    return None if subject.extensions.subject_key_identifier else "subjectKeyIdentifier of a CA is missing"


def _basic_constraints(subject: Subject) -> str | None:
    constraints = subject.extensions.basic_constraints
    if constraints is None:
        return "basicConstraints is missing, so it is no CA"
    return None if constraints.ca else "basicConstraints says it is no CA"


def _denies_ca(subject: Subject) -> str | None:
    """An anchor of one's own may lack the extension, of version 1 it must; one that has it means what it says."""
    return None if subject.extensions.basic_constraints is None else _basic_constraints(subject)


def _basic_constraints_critical(subject: Subject) -> str | None:
    return None if subject.extensions.critical(ext.BASIC_CONSTRAINTS) else "basicConstraints of a CA is not critical"


def _leaf_is_ca(subject: Subject) -> str | None:
    return "a CA certificate is used as the peer's own" if subject.is_ca else None


def _ca_key_usage(subject: Subject) -> str | None:
    usage = subject.extensions.key_usage
    return "keyUsage of a CA lacks keyCertSign" if usage is not None and not usage & KeyUsage.KEY_CERT_SIGN else None


def _leaf_key_cert_sign(subject: Subject) -> str | None:
    usage = subject.extensions.key_usage or KeyUsage(0)
    return (
        "keyUsage has keyCertSign though it is no CA" if usage & KeyUsage.KEY_CERT_SIGN and not subject.is_ca else None
    )


def _ca_extended_key_usage(subject: Subject) -> str | None:
    missing = subject.missing_purpose
    return f"extKeyUsage of a CA lacks {missing}" if missing else None


def _anchor_extended_key_usage(subject: Subject) -> str | None:
    return "extKeyUsage in a root" if subject.extensions.extended_key_usage is not None else None


def _name_constraints_in_leaf(subject: Subject) -> str | None:
    return (
        "nameConstraints in a certificate that is no CA"
        if subject.extensions.name_constraints and not subject.is_ca
        else None
    )


def _name_constraints_critical(subject: Subject) -> str | None:
    return "nameConstraints is not critical" if subject.extensions.critical(ext.NAME_CONSTRAINTS) is False else None


def _policy_constraints_critical(subject: Subject) -> str | None:
    return "policyConstraints is not critical" if subject.extensions.critical(ext.POLICY_CONSTRAINTS) is False else None


def _inhibit_any_policy_critical(subject: Subject) -> str | None:
    return "inhibitAnyPolicy is not critical" if subject.extensions.critical(ext.INHIBIT_ANY_POLICY) is False else None


def _alt_name_critical(subject: Subject) -> str | None:
    critical = subject.extensions.critical(ext.SUBJECT_ALT_NAME)
    return (
        "subjectAltName is not critical though the subject is empty"
        if critical is False and not subject.certificate.subject
        else None
    )


def _alt_name_not_critical(subject: Subject) -> str | None:
    critical = subject.extensions.critical(ext.SUBJECT_ALT_NAME)
    return "subjectAltName is critical though there is a subject" if critical and subject.certificate.subject else None


def _alt_name_syntax(subject: Subject) -> str | None:
    for name in subject.extensions.subject_alt_name or ():
        if name.kind is GeneralNameKind.DNS and names.DNSPattern.parse(name.value) is None:
            return f"subjectAltName {name.text} is no DNS name"
        if name.kind is GeneralNameKind.IP and len(name.value) not in (4, 16):
            return f"subjectAltName {name.text} is no address"
    return None


#: Second-level labels that the registries of most countries keep for themselves. The whole list of public suffixes is
#: data that a library does not bring along; private suffixes are none by these rules (github.io has its wildcard).
_REGISTRY_LABELS = frozenset({"ac", "co", "com", "edu", "gov", "mil", "net", "org"})


def _alt_name_registry(subject: Subject) -> str | None:
    """No wildcard for all names of a registry; ``*.tld`` is no name at all for us."""
    for name in subject.extensions.subject_alt_name or ():
        if name.kind is not GeneralNameKind.DNS or not name.value.startswith(b"*."):
            continue
        pattern = names.DNSPattern.parse(name.value)
        if pattern is None or len(pattern.name.labels) != 2:
            continue
        second, top = pattern.name.labels
        if second in _REGISTRY_LABELS and len(top) == 2:
            return f"subjectAltName {name.text} stands for all names of a registry"
    return None


# --- What errors carry ----------------------------------------------------------------------------


def _key_bits(subject: Subject) -> tuple[object, ...]:
    key = subject.certificate.public_key
    return (key.bits, subject.policy.minimum_rsa_bits) if isinstance(key, RSAPublicKey) else ()


def _key_identifiers(subject: Subject) -> tuple[object, ...]:
    identifier = subject.extensions.authority_key_identifier
    return (identifier and identifier.key_identifier, subject.extensions.subject_key_identifier)


RULES = (
    Rule(
        "RFC 5280 4.1.2.1",
        _version,
        profiles=ISSUING,
        problem=Problem.CERTIFICATE_UNSUPPORTED,
        values=lambda subject: (subject.certificate.version,),
    ),
    Rule("RFC 5280 4.1.2.7", _supported_key, problem=Problem.CERTIFICATE_UNSUPPORTED),
    Rule("CA/Browser Forum 6.1.5", _strong_key, problem=Problem.CERTIFICATE_WEAK, values=_key_bits),
    Rule(
        "CA/Browser Forum 6.1.5",
        _whole_octets,
        profiles=Profile.WEBPKI,
        problem=Problem.CERTIFICATE_WEAK,
        values=_key_bits,
    ),
    Rule(  # roots with serial 0 are in use
        "RFC 5280 4.1.2.2", _serial, BELOW_ANCHOR, ISSUING, values=lambda subject: (subject.certificate.serial,)
    ),
    Rule("RFC 5280 4.1.2.4", _issuer, profiles=ISSUING),
    Rule("RFC 5280 4.1.2.6", _ca_subject, CA, ISSUING),
    Rule("RFC 5280 4.2", _unknown_critical, values=lambda subject: subject.extensions.present),
    Rule("RFC 5280 4.2.1.1, 4.2.1.2, 4.2.1.15, 4.2.2.1", _wrongly_critical, profiles=ISSUING),
    # An anchor that another root signed: RFC 5280 wants the identifier in it too, the Baseline Requirements only
    # recommend it in a root.
    Rule("RFC 5280 4.2.1.1", _authority_key_identifier, profiles=Profile.RFC5280),
    Rule("RFC 5280 4.2.1.1", _authority_key_identifier, BELOW_ANCHOR, Profile.WEBPKI),
    Rule(
        "CA/Browser Forum 7.1.2.1.3",
        _anchor_key_identifiers,
        Role.ANCHOR,
        Profile.WEBPKI,
        values=_key_identifiers,
    ),
    Rule("RFC 5280 4.2.1.2", _subject_key_identifier, CA, Profile.RFC5280),
    Rule("RFC 5280 4.2.1.2", _subject_key_identifier, Role.INTERMEDIATE, Profile.WEBPKI),  # a root in use has none
    Rule("RFC 5280 6.1.4 k", _basic_constraints, Role.INTERMEDIATE),
    Rule("RFC 5280 4.2.1.9", _basic_constraints, Role.ANCHOR, ISSUING),
    Rule("RFC 5280 4.2.1.9", _denies_ca, Role.ANCHOR, Profile.PATH),
    Rule("RFC 5280 4.2.1.9", _basic_constraints_critical, CA, ISSUING),
    Rule("CA/Browser Forum 7.1.2.7.6", _leaf_is_ca, Role.LEAF, Profile.WEBPKI),
    Rule("RFC 5280 6.1.4 n", _ca_key_usage, CA, values=key_usage_values),
    Rule("RFC 5280 4.2.1.9", _leaf_key_cert_sign, Role.LEAF, ISSUING, values=key_usage_values),
    Rule("RFC 5280 4.2.1.12", _ca_extended_key_usage, CA, values=purpose_values),
    Rule("CA/Browser Forum 7.1.2.1.2", _anchor_extended_key_usage, Role.ANCHOR, Profile.WEBPKI, values=purpose_values),
    Rule("RFC 5280 4.2.1.10", _name_constraints_in_leaf, Role.LEAF, ISSUING),
    Rule("RFC 5280 4.2.1.10", _name_constraints_critical, profiles=Profile.RFC5280),
    Rule("RFC 5280 4.2.1.11", _policy_constraints_critical, profiles=ISSUING),
    Rule("RFC 5280 4.2.1.14", _inhibit_any_policy_critical, profiles=ISSUING),
    Rule("RFC 5280 4.2.1.6", _alt_name_critical, profiles=ISSUING),
    Rule("CA/Browser Forum 7.1.2.7.12", _alt_name_not_critical, Role.LEAF, Profile.WEBPKI),
    Rule("RFC 5280 4.2.1.6", _alt_name_syntax, Role.LEAF, ISSUING, values=name_values),
    Rule("CA/Browser Forum 3.2.2.6", _alt_name_registry, Role.LEAF, Profile.WEBPKI, values=name_values),
)
