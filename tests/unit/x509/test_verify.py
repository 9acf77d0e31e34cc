"""verify_chain: paths found, rules kept, and the reason given when they are not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import RSAPublicKey, generate_rsa
from puressl.crypto.signatures import Algorithm, Kind
from puressl.env import SeededEnv
from puressl.errors import CertificateError, Problem, ProtocolError, Reason
from puressl.x509 import build, der, verify
from puressl.x509.algorithms import encode_public_key
from puressl.x509.extensions import TLS_FEATURE, KeyUsage
from puressl.x509.policy import Policy, Profile, Purpose
from puressl.x509.verify import VerifiedChain, verify_chain


@pytest.fixture(scope="module")
def root(ca):
    return ca.issue("root")


@pytest.fixture(scope="module")
def intermediate(ca, root):
    return ca.issue("intermediate", root)


def names_of(verified):
    return [certificate.subject.text for certificate in verified.path]


# --- Paths ----------------------------------------------------------------------------------------


def test_path_is_leaf_first_anchor_last(ca, root, intermediate):
    verified = ca.verify([ca.leaf(intermediate), intermediate], root)
    assert names_of(verified) == ["CN=leaf", "CN=intermediate", "CN=root"]


def test_pool_order_and_strangers_do_not_matter(ca, root, intermediate):
    second, stranger = ca.issue("second", intermediate), ca.issue("stranger")
    verified = ca.verify([ca.leaf(second), root, stranger, intermediate, second], root)
    assert names_of(verified) == ["CN=leaf", "CN=second", "CN=intermediate", "CN=root"]


def test_intermediate_can_be_the_anchor(ca, root, intermediate):
    assert names_of(ca.verify([ca.leaf(intermediate), root], intermediate)) == ["CN=leaf", "CN=intermediate"]


def test_malformed_certificate_in_the_pool_is_passed_over(ca, root, intermediate):
    chain = [ca.leaf(intermediate).der, b"\x30\x03\x02\x01", intermediate.der]
    verified = verify_chain(chain, trust=ca.store(root), policy=_policy(ca))
    assert len(verified.path) == 3


def test_malformed_certificate_is_named_when_the_issuer_is_missing(ca, root, intermediate):
    with pytest.raises(CertificateError, match="presented certificate 1 is malformed") as caught:
        verify_chain([ca.leaf(intermediate).der, intermediate.der[:-1]], trust=ca.store(root), policy=_policy(ca))
    assert caught.value.reason is Reason.ENOISSUERCERT


def test_malformed_leaf_is_refused_with_its_place(ca, root):
    with pytest.raises(CertificateError) as caught:
        verify_chain([ca.leaf(root).der + b"\x00"], trust=ca.store(root), policy=_policy(ca))
    assert (caught.value.problem, caught.value.place) == (Problem.CERTIFICATE_MALFORMED, 0)


def test_empty_chain_is_refused(ca, root):
    with pytest.raises(ProtocolError) as caught:
        verify_chain([], trust=ca.store(root), policy=_policy(ca))
    assert caught.value.problem is Problem.NO_CERTIFICATE


def test_expired_cross_certificate_is_passed_over_for_a_valid_one(ca, root):
    old_root = ca.issue("old root")
    key = ca.key_of("shared")
    expired = ca.issue("bridge", old_root, key=key, not_after=ca.now - 1)
    valid = ca.issue("bridge", root, key=key)
    for pool in ([expired, valid], [valid, expired]):
        verified = ca.verify([ca.leaf(valid), *pool], root, old_root)
        assert names_of(verified)[-1] == "CN=root"


def test_issuer_with_the_same_name_and_another_key_is_passed_over(ca, root):
    right, wrong = ca.issue("twin", root, key=ca.key_of("right")), ca.issue("twin", root, key=ca.key_of("wrong"))
    # A key identifier that lies puts the wrong one first: only the signature tells them apart then.
    misled = ca.leaf(right, extra=[build.authority_key_identifier(wrong.key.public)])
    for chain in ([misled, wrong, right], [ca.leaf(right), right, wrong]):
        assert ca.verify(chain, root).path[1].der == right.der


def test_cross_signed_cycle_ends(ca):
    a, b = ca.issue("a"), ca.issue("b")
    a_by_b, b_by_a = ca.issue("a", b), ca.issue("b", a)
    ca.refuse(Problem.CERTIFICATE_NO_ISSUER, [ca.leaf(a), a_by_b, b_by_a], ca.issue("elsewhere"))
    assert names_of(ca.verify([ca.leaf(a), a_by_b, b_by_a], b))[-1] == "CN=b"


def test_names_compare_without_case_spaces_and_string_type(ca):
    authority = ca.issue("x", subject=der.sequence(der.set_of(_common_name(der.PRINTABLE_STRING, b"Test  Root"))))
    respelled = replace(authority, subject=der.sequence(der.set_of(_common_name(der.UTF8_STRING, b" test root "))))
    child = ca.leaf(respelled)
    assert len(ca.verify([child], authority).path) == 2


def test_signature_checks_are_bounded(ca, root, monkeypatch):
    monkeypatch.setattr(verify, "MAX_SIGNATURE_CHECKS", 5)
    twins = [ca.issue("twin", root, key=ca.key_of(f"twin {number}")) for number in range(8)]
    other = ca.issue("twin", root, key=ca.key_of("the one nobody has"))
    error = ca.refuse(Problem.CERTIFICATE_BAD_SIGNATURE, [ca.leaf(other), *twins], root)
    assert 0 < len(error.others) <= 5


def test_proof_is_made_by_verification_only(ca):
    with pytest.raises(TypeError):
        VerifiedChain(object(), (), _policy(ca))


# --- A trusted leaf -------------------------------------------------------------------------------


def test_trusted_leaf_is_a_path_of_one(ca, root):
    leaf = ca.leaf(root)
    assert names_of(ca.verify([leaf], leaf)) == ["CN=leaf"]


def test_trusted_self_signed_leaf_is_a_path_of_one_even_at_depth_zero(ca):
    leaf = ca.leaf(None)
    assert names_of(ca.verify([leaf], leaf, depth=0)) == ["CN=leaf"]


def test_trusted_leaf_is_still_held_to_time_usage_and_name(ca):
    leaf = ca.leaf(None)
    ca.refuse(Problem.CERTIFICATE_EXPIRED, [leaf], leaf, time=ca.now + 2 * ca.day)
    ca.refuse(Problem.CERTIFICATE_USAGE, [leaf], leaf, purpose=Purpose.CLIENT_AUTH)
    ca.refuse(Problem.CERTIFICATE_NAME, [leaf], leaf, server_name="other.example")


# --- No path --------------------------------------------------------------------------------------


def test_untrusted_self_signed_leaf_is_self_signed(ca, root):
    error = ca.refuse(Problem.CERTIFICATE_SELF_SIGNED, [ca.leaf(None)], root)
    assert (error.reason, error.place) == (Reason.ESELFSIGNEDCERT, 0)


def test_chain_to_an_untrusted_root_is_self_signed_at_the_root(ca, root, intermediate):
    error = ca.refuse(
        Problem.CERTIFICATE_SELF_SIGNED, [ca.leaf(intermediate), intermediate, root], ca.issue("elsewhere")
    )
    assert (error.place, error.subject) == (2, "CN=root")


def test_missing_intermediate_is_no_issuer(ca, root, intermediate):
    error = ca.refuse(Problem.CERTIFICATE_NO_ISSUER, [ca.leaf(intermediate)], root)
    assert error.reason is Reason.ENOISSUERCERT
    assert "CN=intermediate" in str(error)


# --- Depth ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("depth", "good"), [(0, False), (1, False), (2, True)])
def test_depth_counts_the_certificates_between_leaf_and_anchor(ca, root, intermediate, depth, good):
    second = ca.issue("second", intermediate)
    chain = [ca.leaf(second), second, intermediate]
    if good:
        assert len(ca.verify(chain, root, depth=depth).path) == depth + 2
    else:
        error = ca.refuse(Problem.CERTIFICATE_CHAIN_TOO_LONG, chain, root, depth=depth)
        assert (error.reason, error.values) == (Reason.ECHAINTOOLONG, (4, depth + 2))


def test_depth_concerns_the_path_not_what_was_presented(ca, root):
    strangers = [ca.issue(f"stranger {number}") for number in range(5)]
    assert len(ca.verify([ca.leaf(root), *strangers], root, depth=0).path) == 2


def test_depth_is_judged_before_validity(ca, root, intermediate):
    ca.refuse(
        Problem.CERTIFICATE_CHAIN_TOO_LONG,
        [ca.leaf(intermediate, not_after=ca.now - 1), intermediate],
        root,
        depth=0,
    )


@pytest.mark.parametrize(("most", "good"), [(0, False), (1, True), (None, True)])
def test_max_intermediates_does_not_count_the_self_issued(ca, root, most, good):
    first = ca.issue("same", root)
    second = ca.issue("same", first, key=ca.key_of("new"))
    chain = [ca.leaf(second), first, second]
    if good:
        assert len(ca.verify(chain, root, max_intermediates=most).path) == 4
    else:
        error = ca.refuse(Problem.CERTIFICATE_CHAIN_TOO_LONG, chain, root, max_intermediates=most)
        assert (error.reason, error.values) == (Reason.ECHAINTOOLONG, (0,))


# --- Which error ----------------------------------------------------------------------------------


def _bridges(ca, *changes):
    """Anchors, and cross-certificates for one CA by each, changed as given; and a leaf of that CA's."""
    key = ca.key_of("bridge")
    anchors = [ca.issue(f"anchor {number}") for number in range(len(changes))]
    pool = [ca.issue("bridge", anchor, key=key, **change) for anchor, change in zip(anchors, changes, strict=True)]
    return anchors, pool


def test_error_of_the_path_that_held_longest_is_raised_and_the_others_listed(ca):
    excluded = build.name_constraints(None, build.GeneralNames(dns=("example",)))
    anchors, pool = _bridges(ca, {"not_after": ca.now - 1}, {"extra": [excluded]})
    for order in (pool, pool[::-1]):
        error = ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [ca.leaf(pool[0]), *order], *anchors)
        assert error.place == 0
        assert error.values == ("DNS:server.example", "DNS:example")
        assert [other.problem for other in error.others] == [Problem.CERTIFICATE_EXPIRED]


def test_wrong_guess_at_the_issuer_says_less_than_a_failure_of_the_right_one(ca, root):
    right = ca.issue("twin", root, not_after=ca.now - 1, key=ca.key_of("right"))
    wrong = ca.issue("twin", root, key=ca.key_of("wrong"))
    misled = ca.leaf(right, extra=[build.authority_key_identifier(wrong.key.public)])
    error = ca.refuse(Problem.CERTIFICATE_EXPIRED, [misled, wrong, right], root)
    assert (error.place, error.subject) == (1, "CN=twin")
    assert [other.problem for other in error.others] == [Problem.CERTIFICATE_BAD_SIGNATURE]


@pytest.mark.parametrize(
    ("change", "terms", "values"),
    [
        ({"serial": 0}, {}, (0,)),
        ({"extra": [build.extended_key_usage("clientAuth")]}, {}, (("1.3.6.1.5.5.7.3.2",), Purpose.SERVER_AUTH)),
        ({}, {"server_name": "x.example"}, (("DNS:server.example",), "x.example")),
        ({"version": build.X509_V1, "extensions": ()}, {}, (1,)),
    ],
    ids=["serial", "usage", "name", "version"],
)
def test_errors_carry_what_was_compared(ca, root, change, terms, values):
    with pytest.raises(CertificateError) as caught:
        ca.verify([ca.leaf(root, **change)], root, **terms)
    error = caught.value
    assert error.values == values
    assert (error.place, bool(error.check), error.subject) == (0, True, "CN=leaf")


@pytest.mark.parametrize("sign", [1, -1])
def test_serial_too_long_for_any_text_is_malformed(ca, root, sign):
    key = ca.key_of("leaf")
    template = build.CertificateTemplate(
        ca.name("leaf"), root.subject, key.public, ca.now, ca.now, serial=sign * (1 << 40_000)
    )
    leaf = build.issue(template, root.key, SeededEnv(b"", 0))
    with pytest.raises(CertificateError, match="serialNumber: serial number of 5001 octets"):
        verify_chain([leaf], trust=ca.store(root), policy=_policy(ca))


def test_cross_signed_anchor_without_key_identifier_is_good_for_the_web_only(ca, root):
    anchor = ca.issue("cross-signed", root, without=[AUTHORITY_KEY])
    ca.verify([ca.leaf(anchor)], anchor, profile=Profile.WEBPKI)
    ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [ca.leaf(anchor)], anchor, profile=Profile.RFC5280)


# --- Validity -------------------------------------------------------------------------------------


def test_bounds_are_inclusive_and_fractions_dropped(ca, root):
    leaf = ca.leaf(root, not_before=ca.now, not_after=ca.now)
    ca.verify([leaf], root, time=ca.now + 0.999)
    ca.refuse(Problem.CERTIFICATE_EXPIRED, [leaf], root, time=ca.now + 1)
    early = ca.refuse(Problem.CERTIFICATE_NOT_YET_VALID, [leaf], root, time=ca.now - 0.001)
    assert early.alert.name == "CERTIFICATE_EXPIRED"  # RFC 8446 6.2: "or is not currently valid"


def test_expired_error_says_which_certificate_and_what_was_compared(ca, root):
    middle = ca.issue("Test Intermediate", root, not_after=1_714_521_600, not_before=0)
    error = ca.refuse(Problem.CERTIFICATE_EXPIRED, [ca.leaf(middle), middle], root)
    assert str(error).startswith(
        "Certificate provided by peer has expired. certificate 1 (CN=Test Intermediate): "
        "notAfter 2024-05-01T00:00:00Z is before 2026-11-23T07:41:00Z"
    )
    assert (error.reason, error.values) == (Reason.EPEERCERTEXPIRED, (1_714_521_600, ca.now))


def test_anchor_expires_too(ca):
    anchor = ca.issue("old", not_after=ca.now - 1)
    error = ca.refuse(Problem.CERTIFICATE_EXPIRED, [ca.leaf(anchor)], anchor)
    assert error.place == 1


def test_failures_are_reported_from_the_anchor_down(ca, root):
    middle = ca.issue("middle", root, not_after=ca.now - 1)
    leaf = ca.leaf(middle, not_before=ca.now + 1, dns=("other.example",))
    assert ca.refuse(Problem.CERTIFICATE_EXPIRED, [leaf, middle], root).place == 1


# --- Signatures and keys --------------------------------------------------------------------------


def test_bad_signature_is_refused(ca, root):
    forged = ca.leaf(root)
    forged = type(forged)(forged.der[:-1] + bytes((forged.der[-1] ^ 1,)), forged.key, forged.subject)
    error = ca.refuse(Problem.CERTIFICATE_BAD_SIGNATURE, [forged], root)
    assert (error.reason, error.place) == (Reason.EPEERCERT, 0)


def test_sha1_signature_is_weak(ca, root):
    leaf = ca.leaf(root, algorithm=Algorithm(Kind.ECDSA, HashAlgorithm.SHA1))
    assert "sha1" in str(ca.refuse(Problem.CERTIFICATE_WEAK, [leaf], root)).lower()


def test_sha1_on_the_anchor_itself_does_not_matter(ca):
    anchor = ca.issue("anchor", algorithm=Algorithm(Kind.ECDSA, HashAlgorithm.SHA1))
    ca.verify([ca.leaf(anchor)], anchor)


def test_rsa_key_below_the_minimum_is_weak_and_the_minimum_can_be_lowered(ca, root):
    weak = _rsa_info(1024)
    leaf = ca.leaf(root, public_key=weak)
    assert "1024" in str(ca.refuse(Problem.CERTIFICATE_WEAK, [leaf], root))
    ca.verify([leaf], root, minimum_rsa_bits=1024)


@pytest.mark.parametrize("profile", list(Profile), ids=lambda profile: profile.name)
def test_rsa_key_of_broken_octets_is_refused_by_the_webs_rules_only(ca, root, profile):
    odd = encode_public_key(RSAPublicKey((1 << 2049) + 1, 65537))
    leaf = ca.leaf(root, public_key=odd)
    if profile is Profile.WEBPKI:
        assert "2050 bits is no whole number" in str(ca.refuse(Problem.CERTIFICATE_WEAK, [leaf], root, profile=profile))
    else:
        ca.verify([leaf], root, profile=profile)


def test_unsupported_key_in_the_leaf_says_why(ca, root):
    leaf = ca.leaf(root, public_key=_ec_info("1.2.840.10045.3.1.1", b"\x04" + bytes(48)))
    assert "unsupported curve 1.2.840.10045.3.1.1" in str(ca.refuse(Problem.CERTIFICATE_UNSUPPORTED, [leaf], root))


# --- CA rules -------------------------------------------------------------------------------------

BASIC_CONSTRAINTS, KEY_USAGE, SUBJECT_KEY, AUTHORITY_KEY = "2.5.29.19", "2.5.29.15", "2.5.29.14", "2.5.29.35"


@pytest.mark.parametrize(
    "change",
    [
        {"without": [BASIC_CONSTRAINTS]},
        {"extra": [build.basic_constraints(False)]},
        {"extra": [build.basic_constraints(True, critical=False)]},
        {"extra": [build.key_usage("digitalSignature")]},
        {"extra": [build.extended_key_usage("clientAuth")]},
        {"extra": [build.Extension("1.2.3.4", b"", critical=True)]},
        {"without": [SUBJECT_KEY]},
        {"without": [AUTHORITY_KEY]},
        {"serial": 0},
        {"serial": -1},
        {"serial": 1 << 160},
    ],
    ids=lambda change: str(change)[:60],
)
def test_intermediate_that_breaks_a_rule_is_refused(ca, root, change):
    middle = ca.issue("middle", root, **change)
    assert ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [ca.leaf(middle), middle], root).place == 1


@pytest.mark.parametrize("extra", [build.extended_key_usage("anyExtendedKeyUsage"), build.Extension("1.2.3.4", b"")])
def test_harmless_extension_of_an_intermediate_is_accepted(ca, root, extra):
    middle = ca.issue("middle", root, extra=[extra])
    ca.verify([ca.leaf(middle), middle], root)


def test_anchor_is_held_to_the_rules_of_a_ca(ca):
    anchor = ca.issue("anchor", without=[BASIC_CONSTRAINTS])
    ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [ca.leaf(anchor)], anchor)


def test_anchor_may_have_serial_zero(ca):
    anchor = ca.issue("anchor", serial=0)
    ca.verify([ca.leaf(anchor)], anchor)


def test_leaf_cannot_issue(ca, root):
    fake_ca = ca.leaf(root, "fake")
    ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [ca.leaf(fake_ca), fake_ca], root)


def test_path_length_counts_no_leaf_and_no_self_issued(ca):
    anchor = ca.issue("anchor", path_length=0)
    ca.verify([ca.leaf(anchor)], anchor)
    rolled = ca.issue("anchor", anchor, key=ca.key_of("new"))
    ca.verify([ca.leaf(rolled), rolled], anchor)
    middle = ca.issue("middle", anchor)
    ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [ca.leaf(middle), middle], anchor)


def test_larger_path_length_below_does_not_widen(ca):
    anchor = ca.issue("anchor", path_length=1)
    first = ca.issue("first", anchor, path_length=5)
    second = ca.issue("second", first)
    ca.verify([ca.leaf(first), first], anchor)
    error = ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [ca.leaf(second), second, first], anchor)
    assert "pathLenConstraint" in str(error)


# --- Leaf usage and profiles ----------------------------------------------------------------------


@pytest.mark.parametrize("at", ["anchor", "intermediate"])
def test_tls_features_of_an_authority_bind_what_it_issues(ca, at):
    def features(*numbers):
        return build.Extension(TLS_FEATURE, der.sequence(*map(der.integer, numbers)))

    one, more, other = (features(5),), (features(17, 5),), (features(17),)
    root = ca.issue("root", extra=one if at == "anchor" else ())
    middle = ca.issue("middle", root, extra=one)
    ca.verify([ca.leaf(middle, extra=one), middle], root)
    ca.verify([ca.leaf(middle, extra=more), middle], root)
    for own in ((), other):
        error = ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [ca.leaf(middle, extra=own), middle], root)
        assert (error.check, error.place) == ("RFC 7633 4.2.2", 0)
    if at == "anchor":
        forgetful = ca.issue("middle", root)
        assert ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [ca.leaf(forgetful), forgetful], root).place == 1


def test_client_certificate_is_not_good_for_a_server(ca, root):
    leaf = ca.leaf(root, extra=[build.extended_key_usage("clientAuth")])
    assert "lacks serverAuth: it has clientAuth" in str(ca.refuse(Problem.CERTIFICATE_USAGE, [leaf], root))
    ca.verify([leaf], root, purpose=Purpose.CLIENT_AUTH, server_name=None)


def test_leaf_that_may_not_sign_is_refused(ca, root):
    ca.refuse(Problem.CERTIFICATE_USAGE, [ca.leaf(root, extra=[build.key_usage("keyEncipherment")])], root)


def test_key_usage_wanted_is_the_policys(ca, root):
    leaf = ca.leaf(root, extra=[build.key_usage("keyEncipherment")])
    ca.verify([leaf], root, key_usage=KeyUsage.KEY_ENCIPHERMENT)
    authority = ca.issue("leaf", root, extra=[build.subject_alt_name(build.GeneralNames(dns=("server.example",)))])
    ca.verify([authority], root, key_usage=KeyUsage(0))
    assert "lacks digitalSignature" in str(ca.refuse(Problem.CERTIFICATE_USAGE, [authority], root))


def test_usage_is_judged_before_name(ca, root):
    leaf = ca.leaf(root, extra=[build.extended_key_usage("clientAuth")], dns=("other.example",))
    ca.refuse(Problem.CERTIFICATE_USAGE, [leaf], root)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"without": ["2.5.29.37"]}, Problem.CERTIFICATE_USAGE),
        ({"extra": [build.extended_key_usage("anyExtendedKeyUsage")]}, Problem.CERTIFICATE_USAGE),
        ({"extra": [build.extended_key_usage("serverAuth", critical=True)]}, Problem.CERTIFICATE_USAGE),
        ({"extra": [build.basic_constraints(True)]}, Problem.CERTIFICATE_CONSTRAINTS),
    ],
)
def test_web_profile_is_stricter_with_leaves(ca, root, change, problem):
    leaf = ca.leaf(root, **change)
    ca.verify([leaf], root)
    ca.refuse(problem, [leaf], root, profile=Profile.WEBPKI)


def test_only_the_web_profile_takes_name_constraints_that_are_not_critical(ca, root):
    constraints = build.name_constraints(build.GeneralNames(dns=("example",)), critical=False)
    middle = ca.issue("middle", root, extra=[constraints])
    ca.verify([ca.leaf(middle), middle], root, profile=Profile.WEBPKI)
    ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [ca.leaf(middle), middle], root)


@pytest.mark.parametrize(
    "change",
    [
        {"without": [AUTHORITY_KEY]},
        {"without": [SUBJECT_KEY]},
        {"extra": [build.basic_constraints(True, critical=False)]},
        {"serial": 0},
    ],
    ids=str,
)
def test_path_profile_asks_for_nothing_but_a_valid_path(ca, root, change):
    middle = ca.issue("middle", root, **change)
    ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [ca.leaf(middle), middle], root)
    ca.verify([ca.leaf(middle), middle], root, profile=Profile.PATH)


def test_path_profile_still_wants_a_ca(ca, root):
    middle = ca.issue("middle", root, without=[BASIC_CONSTRAINTS])
    ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [ca.leaf(middle), middle], root, profile=Profile.PATH)


def test_path_profile_takes_no_issuer_from_an_anchor_that_says_it_is_no_ca(ca):
    pinned = ca.issue("pinned", extra=[build.basic_constraints(False)], without=[KEY_USAGE])
    ca.verify([pinned], pinned, profile=Profile.PATH, server_name=None)
    ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [ca.leaf(pinned)], pinned, profile=Profile.PATH)
    silent = ca.issue("silent", without=[BASIC_CONSTRAINTS, KEY_USAGE])
    ca.verify([ca.leaf(silent)], silent, profile=Profile.PATH)


def test_path_profile_takes_a_version_1_anchor_and_leaf(ca):
    anchor = ca.issue("old", version=build.X509_V1, extensions=())
    leaf = ca.leaf(anchor, version=build.X509_V1, extensions=())
    ca.verify([leaf], anchor, profile=Profile.PATH, server_name=None)
    ca.refuse(Problem.CERTIFICATE_UNSUPPORTED, [leaf], anchor, server_name=None)


@pytest.mark.parametrize("common_name", ["SERVER.example", "sérver.example", "192.0.2.01", "0xC0000201", "192.0.2.1"])
def test_web_profile_wants_a_common_name_that_copies_an_alternative_name(ca, root, common_name):
    leaf = ca.leaf(root, common_name)
    ca.verify([leaf], root)
    ca.refuse(Problem.CERTIFICATE_NAME, [leaf], root, profile=Profile.WEBPKI)


def test_web_profile_takes_a_common_name_that_is_an_address_as_rfc_5952_writes_it(ca, root):
    leaf = ca.leaf(root, "2001:db8::1", ips=("2001:db8::1",))
    ca.verify([leaf], root, profile=Profile.WEBPKI)


@pytest.mark.parametrize(("name", "good"), [("*.co.uk", False), ("*.com.au", False), ("*.example.uk", True)])
def test_web_profile_refuses_a_wildcard_for_a_registry(ca, root, name, good):
    leaf = ca.leaf(root, dns=("server.example", name))
    ca.verify([leaf], root)
    if good:
        ca.verify([leaf], root, profile=Profile.WEBPKI)
    else:
        ca.refuse(Problem.CERTIFICATE_CONSTRAINTS, [leaf], root, profile=Profile.WEBPKI)


# --- Names ----------------------------------------------------------------------------------------


def test_common_name_never_stands_in_for_an_alternative_name(ca, root):
    error = ca.refuse(Problem.CERTIFICATE_NAME, [ca.leaf(root, "server.example", dns=())], root)
    assert "subjectAltName is missing" in str(error)


def test_wrong_name_error_lists_what_the_certificate_is_for(ca, root):
    error = ca.refuse(Problem.CERTIFICATE_NAME, [ca.leaf(root, dns=("a.example",), ips=("192.0.2.1",))], root)
    assert "not for server.example: subjectAltName is DNS:a.example, IP:192.0.2.1" in str(error)


def test_no_server_name_checks_no_name(ca, root):
    ca.verify([ca.leaf(root, dns=("other.example",))], root, server_name=None)


def test_address_matches_its_octets_only(ca, root):
    leaf = ca.leaf(root, dns=("x.example",), ips=("192.0.2.1", "2001:db8::1"))
    for address in ("192.0.2.1", "2001:DB8:0::1", "[2001:db8::1]"):
        ca.verify([leaf], root, server_name=address)
    ca.refuse(Problem.CERTIFICATE_NAME, [leaf], root, server_name="192.0.2.2")


def _policy(ca):
    return Policy(time=ca.now, purpose=Purpose.SERVER_AUTH, server_name="server.example")


def _common_name(tag, value):
    return der.sequence(der.oid("2.5.4.3"), der.element(tag, value))


def _rsa_info(bits):
    return encode_public_key(generate_rsa(bits, SeededEnv(b"weak", 0)).public)


def _ec_info(curve, point):
    return der.sequence(der.sequence(der.oid("1.2.840.10045.2.1"), der.oid(curve)), der.bit_string(point))
