"""Which certificates a CRL speaks about, and which lists belong together (RFC 5280 5.2, 6.3.3).

Theory of operation: a list's issuingDistributionPoint and a certificate's distribution point say of each other whether
they meet; what is left is the reasons that the list covers. A delta list belongs to complete ones of its issuer, scope
and key identifier. All of it follows from the bytes alone: who signed a list, and when, is for ``revocation.py``.
"""

from __future__ import annotations

from puressl.x509 import structures
from puressl.x509.certificate import Certificate
from puressl.x509.crl import RevocationList
from puressl.x509.extensions import DistributionPoint, GeneralName, Reasons


def age(one: RevocationList) -> tuple[int, int]:
    """The newer, the greater; lists may be made in one second."""
    return one.this_update, one.number or 0


def covered(one: RevocationList, point: DistributionPoint, certificate: Certificate) -> Reasons:
    """For which reasons a complete list speaks about a certificate at a distribution point (RFC 5280 6.3.3 b, d)."""
    nothing, scope = Reasons(0), one.scope
    if one.base_number is not None:
        return nothing
    issuers = [name.name for name in point.crl_issuer if name.name is not None]
    if point.crl_issuer:
        if scope is None or not scope.indirect or not any(name.matches(one.issuer) for name in issuers):
            return nothing
    elif not one.issuer.matches(certificate.issuer):
        return nothing
    if scope is None:
        return point.reasons
    constraints = certificate.extensions.basic_constraints
    is_ca = constraints is not None and constraints.ca
    if scope.only_attribute or (scope.only_user and is_ca) or (scope.only_ca and not is_ca):
        return nothing
    published = structures.full_names(scope.names, scope.relative, one.issuer)
    if not published:
        return scope.reasons & point.reasons
    issuer = issuers[0] if issuers else certificate.issuer
    wanted = structures.full_names(point.names, point.relative, issuer) or point.crl_issuer
    return scope.reasons & point.reasons if any(_same(a, b) for a in published for b in wanted) else nothing


def _same(name: GeneralName, other: GeneralName) -> bool:
    if name.name is not None and other.name is not None:
        return name.name.matches(other.name)
    return name.kind is other.kind and name.value == other.value


def extends(delta: RevocationList, complete: RevocationList) -> bool:
    """Whether a delta list belongs to a complete one (RFC 5280 5.2.4, 6.3.3 c)."""
    if delta.base_number is None or delta.number is None or complete.number is None:
        return False
    scopes = [None if one.scope is None else one.scope.der for one in (delta, complete)]
    return (
        delta.issuer.matches(complete.issuer)
        and scopes[0] == scopes[1]
        and delta.authority_key_identifier == complete.authority_key_identifier
        and delta.base_number <= complete.number <= delta.number
    )
