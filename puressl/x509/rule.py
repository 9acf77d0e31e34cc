"""What a rule is: a row that holds one certificate of a path against one clause.

Theory of operation: the rows are in ``rules.py`` and ``leaf_rules.py``, tables of ``Rule``. A rule looks at a
``Subject`` and says what is wrong with it, or None; ``hold`` raises the first failure as the error that names clause
and values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Flag, auto

from puressl.errors import Problem
from puressl.x509 import extensions as ext
from puressl.x509.certificate import Certificate, certificate_error
from puressl.x509.identifiers import KEY_PURPOSES
from puressl.x509.policy import Policy, Profile


class Role(Flag):
    """A certificate's place in its path. A leaf that is itself trusted is a LEAF. A SIGNER ends a path as a leaf does,
    but signs CRLs or OCSP responses.
    """

    LEAF = auto()
    INTERMEDIATE = auto()
    ANCHOR = auto()
    SIGNER = auto()


CA = Role.INTERMEDIATE | Role.ANCHOR
BELOW_ANCHOR = Role.LEAF | Role.INTERMEDIATE | Role.SIGNER
_ALL = BELOW_ANCHOR | CA
#: The profiles whose rules bind whoever issues.
ISSUING = Profile.RFC5280 | Profile.WEBPKI
_EVERY = Profile.PATH | ISSUING


@dataclass(frozen=True, slots=True)
class Subject:
    """What a rule looks at."""

    certificate: Certificate
    role: Role
    policy: Policy

    @property
    def extensions(self) -> ext.Extensions:
        return self.certificate.extensions

    @property
    def missing_purpose(self) -> str | None:
        """The purpose that the policy wants and extKeyUsage lacks, by RFC 5280's name, beside those it has."""
        purposes, wanted = self.extensions.extended_key_usage, self.policy.purpose
        if purposes is None or wanted is None or wanted.value in purposes or ext.ANY_EXTENDED_KEY_USAGE in purposes:
            return None
        return f"{KEY_PURPOSES[wanted.value]}: it has {', '.join(KEY_PURPOSES.get(one, one) for one in purposes)}"

    @property
    def is_ca(self) -> bool:
        constraints = self.certificate.extensions.basic_constraints
        return constraints is not None and constraints.ca


@dataclass(frozen=True, slots=True)
class Rule:
    """check: names the rule in errors, with its clause. find: what is wrong, or None. values: what was compared."""

    check: str
    find: Callable[[Subject], str | None]
    roles: Role = _ALL
    profiles: Profile = _EVERY
    problem: Problem = Problem.CERTIFICATE_CONSTRAINTS
    values: Callable[[Subject], tuple[object, ...]] = lambda _: ()


def hold(rules: Iterable[Rule], certificate: Certificate, place: int, role: Role, policy: Policy) -> None:
    """Raises ``CertificateError`` for the first of the rules that the certificate breaks at this place of a path."""
    subject = Subject(certificate, role, policy)
    for rule in rules:
        finding = rule.find(subject)
        if finding is not None:
            raise certificate_error(certificate, place, rule.problem, rule.check, finding, rule.values(subject))


# --- What errors carry ----------------------------------------------------------------------------


def key_usage_values(subject: Subject) -> tuple[object, ...]:
    return (subject.extensions.key_usage,)


def purpose_values(subject: Subject) -> tuple[object, ...]:
    return (subject.extensions.extended_key_usage or (), subject.policy.purpose)


def name_values(subject: Subject) -> tuple[object, ...]:
    alternatives = subject.extensions.subject_alt_name or ()
    return (tuple(name.text for name in alternatives), subject.policy.server_name)
