"""Certificate policies: the policy part of path validation (RFC 5280 6.1, with the graph of RFC 9618).

Theory of operation: RFC 5280's tree of valid policies can double with every certificate, since a policy that two others
are mapped to stands in it twice. RFC 9618 joins the nodes of one depth that are for one policy: a graph no larger than
the certificates that it is made of. ``PolicyState`` walks from the trust anchor down and keeps one ``_Level`` per
certificate: for each valid policy the policies it is mapped to, and its parents one level up. Only the last level
decides what comes next; a node whose children all vanish is not taken away at once, it is just not met on the way back
up, at the end. An empty level means that no policy is valid any more ("valid_policy_tree is NULL").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from puressl.x509.certificate import Certificate
from puressl.x509.extensions import ANY_POLICY
from puressl.x509.policy import Policy


class PolicyError(Exception):
    """A path that its policies do not allow. args: the clause and what is wrong. It never leaves ``puressl.x509``."""

    def __init__(self, clause: str, finding: str) -> None:
        super().__init__(clause, finding)
        self.clause = clause
        self.finding = finding


@dataclass(frozen=True, slots=True)
class _Level:
    """The nodes of one depth. parents: valid policy to the policies above it that it continues. mapped: valid policy to
    its expected policies, where these are not just itself.
    """

    parents: dict[str, tuple[str, ...]]
    mapped: dict[str, frozenset[str]]

    def expected(self) -> dict[str, tuple[str, ...]]:
        """For every expected policy the valid policies that expect it."""
        found: dict[str, list[str]] = {}
        for policy in self.parents:
            for expected in self.mapped.get(policy, (policy,)):
                found.setdefault(expected, []).append(policy)
        return {policy: tuple(parents) for policy, parents in found.items()}


class PolicyState:
    """The policies in force at one point of a path. length: certificates of the path, the trust anchor not counted."""

    def __init__(self, policy: Policy, length: int) -> None:
        self._initial = policy.initial_policy_set
        # RFC 5280 6.1.2 d to f: how many more certificates may come before each rule holds.
        self._explicit = 0 if policy.initial_explicit_policy else length + 1
        self._inhibit_any = 0 if policy.initial_any_policy_inhibit else length + 1
        self._mapping = 0 if policy.initial_policy_mapping_inhibit else length + 1
        self._levels: list[_Level] = [_Level({ANY_POLICY: ()}, {})]

    def start(self, anchor: Certificate) -> None:
        """A trust anchor's constraints hold for what is below it (RFC 5937 3.2)."""
        self._constrain(anchor)

    def enter(self, certificate: Certificate, *, is_leaf: bool) -> None:
        """The next certificate down (RFC 5280 6.1.3 d to f). Raises ``PolicyError``."""
        policies = certificate.extensions.certificate_policies
        if policies is None or not self._levels[-1].parents:
            self._levels.append(_Level({}, {}))
        else:
            allows_any = self._inhibit_any > 0 or (not is_leaf and certificate.is_self_issued)
            self._levels.append(self._next_level(policies, allows_any and ANY_POLICY in policies))
        self._demand(self._levels[-1].parents)

    def leave(self, certificate: Certificate) -> None:
        """Prepares for the certificate that this one issued (RFC 5280 6.1.4 a, b, h to j). Raises ``PolicyError``."""
        self._map(certificate.extensions.policy_mappings or ())
        if not certificate.is_self_issued:
            self._explicit = max(self._explicit - 1, 0)
            self._mapping = max(self._mapping - 1, 0)
            self._inhibit_any = max(self._inhibit_any - 1, 0)
        self._constrain(certificate)

    def finish(self, leaf: Certificate) -> frozenset[str]:
        """The user-constrained policy set (RFC 5280 6.1.5 a, b, g). Raises ``PolicyError``."""
        self._explicit = max(self._explicit - 1, 0)
        constraints = leaf.extensions.policy_constraints
        if constraints is not None and constraints.require_explicit_policy == 0:
            self._explicit = 0
        policies = self._user_constrained()
        self._demand(policies)
        return policies

    def _next_level(self, policies: tuple[str, ...], any_allowed: bool) -> _Level:
        """RFC 9618 5.2: RFC 5280 6.1.3 d 1 and 2."""
        above = self._levels[-1]
        expected = above.expected()
        parents: dict[str, tuple[str, ...]] = {}
        for policy in policies:
            if policy == ANY_POLICY:
                continue
            if policy in expected:
                parents[policy] = expected[policy]
            elif ANY_POLICY in above.parents:
                parents[policy] = (ANY_POLICY,)
        if any_allowed:
            parents.update((policy, valid) for policy, valid in expected.items() if policy not in parents)
        return _Level(parents, {})

    def _map(self, mappings: Iterable[tuple[str, str]]) -> None:
        """RFC 5280 6.1.4 a and b, RFC 9618 5.3."""
        level = self._levels[-1]
        mapped: dict[str, set[str]] = {}
        for issuer, subject in mappings:
            if ANY_POLICY in (issuer, subject):
                raise PolicyError("RFC 5280 6.1.4 a", "policyMappings maps anyPolicy")
            mapped.setdefault(issuer, set()).add(subject)
        for policy, subjects in mapped.items():
            if self._mapping == 0:
                level.parents.pop(policy, None)
            elif policy in level.parents:
                level.mapped[policy] = frozenset(subjects)
            elif ANY_POLICY in level.parents:
                level.parents[policy] = (ANY_POLICY,)
                level.mapped[policy] = frozenset(subjects)

    def _constrain(self, certificate: Certificate) -> None:
        extensions = certificate.extensions
        constraints = extensions.policy_constraints
        if constraints is not None:
            self._explicit = _least(self._explicit, constraints.require_explicit_policy)
            self._mapping = _least(self._mapping, constraints.inhibit_policy_mapping)
        self._inhibit_any = _least(self._inhibit_any, extensions.inhibit_any_policy)

    def _user_constrained(self) -> frozenset[str]:
        """RFC 9618 5.4: what the authority allows, in the terms of the trust anchor, and the user accepts."""
        allowed = self._authority_constrained()
        if ANY_POLICY in self._initial:
            return allowed
        return self._initial if ANY_POLICY in allowed else allowed & self._initial

    def _authority_constrained(self) -> frozenset[str]:
        """The policies that hang below anyPolicy and lead to the leaf, and anyPolicy if the leaf has it."""
        reached = set(self._levels[-1].parents)
        allowed = reached & {ANY_POLICY}
        for level in reversed(self._levels[1:]):
            reached = reached & level.parents.keys()
            allowed |= {policy for policy in reached if policy != ANY_POLICY and level.parents[policy] == (ANY_POLICY,)}
            reached = {parent for policy in reached for parent in level.parents[policy]}
        return frozenset(allowed)

    def _demand(self, policies: Iterable[str]) -> None:
        if self._explicit == 0 and not policies:
            raise PolicyError("RFC 5280 6.1.3 f", "an explicit policy is required and none is valid for the path")


def _least(current: int, given: int | None) -> int:
    return current if given is None else min(current, given)
