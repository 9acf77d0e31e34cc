"""Certificate policies: what stays valid on the way down, and that it takes no more room than the certificates."""

from __future__ import annotations

import pytest

from puressl.errors import Problem, Reason, SSLError
from puressl.x509 import build
from puressl.x509.extensions import ANY_POLICY
from puressl.x509.policies import PolicyState
from puressl.x509.policy import Policy, Profile, Revocation

GOLD, SILVER, BRONZE, TIN = (f"1.3.6.1.4.1.99999.1.{number}" for number in range(1, 5))
ANY = build.certificate_policies(ANY_POLICY)


@pytest.fixture(scope="module")
def root(ca):
    return ca.issue("root")


@pytest.fixture
def verified(ca, root):
    """Verifies a leaf below intermediates, given as their extensions from the top down."""

    def run(leaf, *intermediates, anchor=root, **policy):
        issuer, chain = anchor, []
        for number, extra in enumerate(intermediates):
            issuer = ca.issue(f"ca {number}", issuer, extra=extra)
            chain.append(issuer)
        return ca.verify([ca.leaf(issuer, extra=leaf), *chain], anchor, **policy).policies

    return run


@pytest.fixture
def refused(ca, root):
    def run(leaf, *intermediates, **policy):
        issuer, chain = root, []
        for number, extra in enumerate(intermediates):
            issuer = ca.issue(f"ca {number}", issuer, extra=extra)
            chain.append(issuer)
        problem = policy.pop("problem", Problem.CERTIFICATE_POLICY)
        return ca.refuse(problem, [ca.leaf(issuer, extra=leaf), *chain], root, **policy)

    return run


def has(*policies):
    return build.certificate_policies(*policies)


def test_path_without_policies_is_good_for_none_and_verifies(verified):
    assert verified([], []) == frozenset()


def test_policies_of_all_certificates_are_what_is_left(verified):
    assert verified([has(GOLD, SILVER)], [has(SILVER, BRONZE)]) == {SILVER}


def test_any_policy_stands_for_all(verified):
    assert verified([has(GOLD)], [ANY]) == {GOLD}
    assert verified([ANY], [has(GOLD)]) == {GOLD}
    assert verified([ANY], [ANY]) == {ANY_POLICY}
    assert verified([has(GOLD)]) == {GOLD}


def test_user_narrows_what_the_authority_allows(verified):
    assert verified([has(GOLD, SILVER)], [ANY], initial_policy_set={GOLD, TIN}) == {GOLD}
    assert verified([ANY], [ANY], initial_policy_set={GOLD}) == {GOLD}
    assert verified([has(GOLD)], [ANY], initial_policy_set={TIN}) == frozenset()


def test_explicit_policy_refuses_a_path_without(refused):
    error = refused([], [ANY], initial_explicit_policy=True)
    assert error.reason is Reason.EPEERCERT
    assert error.place == 0
    refused([has(GOLD)], [has(SILVER)], initial_explicit_policy=True)
    refused([has(GOLD)], [ANY], initial_explicit_policy=True, initial_policy_set={SILVER})


@pytest.mark.parametrize(("skip", "good"), [(0, False), (1, False), (2, False), (3, True)])
def test_require_explicit_policy_holds_after_so_many_certificates(verified, refused, skip, good):
    first = [build.policy_constraints(explicit=skip)]
    if good:
        assert verified([], first, []) == frozenset()
    else:
        refused([], first, [])


def test_require_explicit_policy_zero_in_the_leaf_holds_for_it(verified, refused):
    required = build.policy_constraints(explicit=0)
    refused([required], [ANY])
    assert verified([required, has(GOLD)], [ANY]) == {GOLD}


def test_require_explicit_policy_of_the_anchor_holds(ca):
    anchor = ca.issue("strict root", extra=[build.policy_constraints(explicit=0)])
    ca.refuse(Problem.CERTIFICATE_POLICY, [ca.leaf(anchor)], anchor)
    assert ca.verify([ca.leaf(anchor, extra=[has(GOLD)])], anchor).policies == {GOLD}


def test_inhibit_any_policy_ends_its_meaning(verified, refused):
    inhibits = [ANY, build.inhibit_any_policy(0)]
    refused([ANY], inhibits, initial_explicit_policy=True)
    assert verified([has(GOLD)], inhibits, initial_explicit_policy=True) == {GOLD}
    refused([ANY], [ANY], initial_any_policy_inhibit=True, initial_explicit_policy=True)


def test_inhibited_any_policy_still_counts_in_a_self_issued_ca(ca, root):
    first = ca.issue("same", root, extra=[ANY, build.inhibit_any_policy(0)])
    second = ca.issue("same", first, key=ca.key_of("new"), extra=[ANY])
    leaf = ca.leaf(second, extra=[has(GOLD)])
    assert ca.verify([leaf, first, second], root, initial_explicit_policy=True).policies == {GOLD}


def test_mapping_translates_to_the_authoritys_terms(verified):
    maps = [has(GOLD), build.policy_mappings((GOLD, BRONZE))]
    assert verified([has(BRONZE)], maps) == {GOLD}
    assert verified([has(GOLD)], maps) == frozenset()


def test_two_mappings_onto_one_policy_keep_both(verified):
    maps = [has(GOLD, SILVER), build.policy_mappings((GOLD, BRONZE), (SILVER, BRONZE))]
    assert verified([has(BRONZE)], maps) == {GOLD, SILVER}


def test_mapping_of_what_any_policy_stands_for_counts(verified):
    assert verified([has(BRONZE)], [ANY, build.policy_mappings((GOLD, BRONZE))]) == {GOLD}


@pytest.mark.parametrize(
    ("first", "policy"),
    [([ANY], {"initial_policy_mapping_inhibit": True}), ([ANY, build.policy_constraints(mapping=0)], {})],
)
def test_inhibited_mapping_takes_the_policy_away(refused, verified, first, policy):
    maps = [has(GOLD, SILVER), build.policy_mappings((GOLD, BRONZE))]
    refused([has(BRONZE)], first, maps, initial_explicit_policy=True, **policy)
    assert verified([has(SILVER)], first, maps, initial_explicit_policy=True, **policy) == {SILVER}


@pytest.mark.parametrize("pair", [(ANY_POLICY, GOLD), (GOLD, ANY_POLICY)])
def test_any_policy_cannot_be_mapped(refused, pair):
    assert "maps anyPolicy" in str(refused([has(GOLD)], [ANY, build.policy_mappings(pair)]))


def test_policy_twice_is_malformed(refused):
    error = refused([has(GOLD, GOLD)], problem=Problem.CERTIFICATE_MALFORMED)
    assert "certificatePolicies" in str(error)


def test_constraints_that_are_not_critical_are_refused_by_who_judges_issuers(refused, verified):
    for extension in (
        build.policy_constraints(explicit=5, critical=False),
        build.inhibit_any_policy(5, critical=False),
    ):
        refused([], [extension], problem=Problem.CERTIFICATE_CONSTRAINTS)
        assert verified([], [extension], profile=Profile.PATH) == frozenset()


def test_work_grows_with_the_certificates_and_not_with_the_paths_through_them(ca, root):
    """Twenty levels at which each of eight policies is mapped to all eight: 8^20 nodes in RFC 5280's tree."""
    policies = [f"1.3.6.1.4.1.99999.2.{number}" for number in range(8)]
    mappings = [(issuer, subject) for issuer in policies for subject in policies]
    middle = ca.issue("many", root, extra=[has(*policies), build.policy_mappings(*mappings)]).certificate
    leaf = ca.leaf(root, extra=[has(policies[0])]).certificate
    state = PolicyState(Policy(0, None, initial_explicit_policy=True), 21)
    for _ in range(20):
        state.enter(middle, is_leaf=False)
        state.leave(middle)
    state.enter(leaf, is_leaf=True)
    assert state.finish(leaf) == set(policies)


def test_profile_and_revocation_are_known_by_name():
    policy = Policy(0, None, profile="webpki", revocation="required")
    assert (policy.profile, policy.revocation) == (Profile.WEBPKI, Revocation.REQUIRED)


@pytest.mark.parametrize(
    "field", [{"profile": "browser"}, {"profile": Profile.PATH | Profile.WEBPKI}, {"revocation": "hard"}]
)
def test_unknown_profile_or_revocation_is_a_bad_option(field):
    with pytest.raises(SSLError) as caught:
        Policy(0, None, **field)
    assert caught.value.reason is Reason.EOPTIONS
