"""What the peer's own certificate must be for: its usage, and its name.

Theory of operation: as ``rules.py``, for the leaf alone and after everything else of its path was found good, so that
a certificate that is not to be trusted at all is not reported as one for somebody else.
"""

from __future__ import annotations

import re
from functools import cache

from puressl.errors import Problem
from puressl.x509 import extensions as ext
from puressl.x509 import names
from puressl.x509.certificate import Certificate
from puressl.x509.distinguished_name import COMMON_NAME
from puressl.x509.extensions import GeneralNameKind, KeyUsage
from puressl.x509.policy import Policy, Profile
from puressl.x509.rule import Role, Rule, Subject, hold, key_usage_values, name_values, purpose_values


def check_usage(leaf: Certificate, policy: Policy) -> None:
    """Raises ``CertificateError`` for a leaf that is not for the policy's purpose or not for the name wanted."""
    hold(_rules(policy.profile), leaf, 0, Role.LEAF, policy)


@cache
def _rules(profile: Profile) -> tuple[Rule, ...]:
    return tuple(rule for rule in RULES if rule.profiles & profile)


# --- Usage ----------------------------------------------------------------------------------------


def _leaf_key_usage(subject: Subject) -> str | None:
    usage, wanted = subject.extensions.key_usage, subject.policy.key_usage
    if usage is None or subject.policy.purpose is None or usage & wanted == wanted:
        return None
    return f"keyUsage lacks {_usage_text(wanted & ~usage)}"


def _usage_text(usage: KeyUsage) -> str:
    """The bits by RFC 5280's names: ``digitalSignature``."""
    words = (bit.name.lower().split("_") for bit in KeyUsage if bit & usage and bit.name)
    return ", ".join(first + "".join(map(str.title, rest)) for first, *rest in words)


def _leaf_extended_key_usage(subject: Subject) -> str | None:
    missing = subject.missing_purpose
    return f"extKeyUsage lacks {missing}" if missing else None


def _web_extended_key_usage(subject: Subject) -> str | None:
    purposes = subject.extensions.extended_key_usage
    if purposes is None:
        return "extKeyUsage is missing"
    if ext.ANY_EXTENDED_KEY_USAGE in purposes:
        return "extKeyUsage has anyExtendedKeyUsage"
    return "extKeyUsage is critical" if subject.extensions.critical(ext.EXTENDED_KEY_USAGE) else None


# --- Name -----------------------------------------------------------------------------------------


def _alt_name_present(subject: Subject) -> str | None:
    return None if subject.extensions.subject_alt_name else "subjectAltName is missing"


def _server_name(subject: Subject) -> str | None:
    """RFC 9525 6.3: subjectAltName alone; a common name never counts."""
    reference = subject.policy.reference
    alternatives = subject.extensions.subject_alt_name or ()
    if reference is None or names.matches(reference, alternatives):
        return None
    shown = ", ".join(name.text for name in alternatives[:8]) + (", …" if len(alternatives) > 8 else "")
    return f"it is not for {reference}: subjectAltName is {shown or 'missing'}"


#: Numbers with dots, in the bases that inet_aton reads; a lone decimal number is no address to anybody who writes a
#: common name.
_LOOSE_IPV4 = re.compile(r"(?:0[xX][0-9a-fA-F]+|[0-9]+)(?:\.(?:0[xX][0-9a-fA-F]+|[0-9]+)){1,3}|0[xX][0-9a-fA-F]{8}")


def _common_name(subject: Subject) -> str | None:
    """A common name that reads as a host name or an address copies a subjectAltName (CA/Browser Forum 7.1.4.3)."""
    alternatives = subject.extensions.subject_alt_name or ()
    for text in subject.certificate.subject.values(COMMON_NAME):
        if _is_address_text(text):
            known = any(
                name.kind is GeneralNameKind.IP and names.address_text(name.value) == text for name in alternatives
            )
        else:
            hosts = [name.value.decode("ascii", "replace") for name in alternatives if name.kind is GeneralNameKind.DNS]
            known = not _is_host_text(text) or not hosts or text in hosts or _is_parent(text, hosts)
        if not known:
            return f"common name {text!r} is no copy of a subjectAltName"
    return None


def _is_address_text(text: str) -> bool:
    return names.parse_address(text) is not None or _LOOSE_IPV4.fullmatch(text) is not None


def _is_host_text(text: str) -> bool:
    return "." in text and not any(character.isspace() for character in text)


def _is_parent(text: str, hosts: list[str]) -> bool:
    """NOTE: not in the Baseline Requirements, but certificates in use name the domain that their hosts are of."""
    return any(host.endswith("." + text) for host in hosts)


def _common_names(subject: Subject) -> tuple[object, ...]:
    return (*name_values(subject)[:1], subject.certificate.subject.values(COMMON_NAME))


RULES = (
    Rule("RFC 8446 4.4.2.2", _leaf_key_usage, problem=Problem.CERTIFICATE_USAGE, values=key_usage_values),
    Rule("RFC 5280 4.2.1.12", _leaf_extended_key_usage, problem=Problem.CERTIFICATE_USAGE, values=purpose_values),
    Rule(
        "CA/Browser Forum 7.1.2.7.10",
        _web_extended_key_usage,
        profiles=Profile.WEBPKI,
        problem=Problem.CERTIFICATE_USAGE,
        values=purpose_values,
    ),
    Rule("CA/Browser Forum 7.1.2.7.12", _alt_name_present, profiles=Profile.WEBPKI, problem=Problem.CERTIFICATE_NAME),
    Rule(
        "CA/Browser Forum 7.1.4.3",
        _common_name,
        profiles=Profile.WEBPKI,
        problem=Problem.CERTIFICATE_NAME,
        values=_common_names,
    ),
    Rule("RFC 9525 6.3", _server_name, problem=Problem.CERTIFICATE_NAME, values=name_values),
)
