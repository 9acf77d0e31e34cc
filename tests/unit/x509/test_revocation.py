"""Revocation: what counts as evidence, about whom, and what follows from it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from puressl.crypto.hashes import HashAlgorithm
from puressl.env import SeededEnv
from puressl.errors import CertificateError, Problem, Reason, SSLError
from puressl.x509 import build, der, verify
from puressl.x509 import build_revocation as issuing
from puressl.x509.build import GeneralNames
from puressl.x509.build_revocation import CRLTemplate, OCSPAnswer, RevokedEntry, crl_number
from puressl.x509.extensions import OCSP_NO_CHECK
from puressl.x509.ocsp import Status
from puressl.x509.policy import Policy, Profile, Purpose, Revocation
from puressl.x509.revocation import MAX_EVIDENCE, MAX_FETCHES, Evidence, FetchRequest
from puressl.x509.verify import verify_chain

URL = GeneralNames(uris=("http://crl.example/one",))
OTHER_URL = GeneralNames(uris=("http://crl.example/two",))
UNKNOWN_CRITICAL = build.Extension("1.3.6.1.4.1.99999.9", der.null(), critical=True)
RANDOM = SeededEnv(b"revocation", 0)
NO_CHECK = build.Extension(OCSP_NO_CHECK, der.null())


@pytest.fixture(scope="module")
def root(ca):
    return ca.issue("root")


@pytest.fixture(scope="module")
def leaf(ca, root):
    return ca.leaf(root)


class Judge:
    """Verifies with evidence."""

    def __init__(self, ca, *anchors):
        self.ca, self.trust = ca, ca.store(*anchors)

    def verify(self, chain, crls=(), ocsp=(), fetch=None, **policy):
        terms = {"purpose": Purpose.SERVER_AUTH, "revocation": Revocation.REQUIRED, "time": self.ca.now, **policy}
        evidence = Evidence(tuple(crls), tuple(ocsp), fetch)
        return verify_chain([one.der for one in chain], trust=self.trust, policy=Policy(**terms), evidence=evidence)

    def refuse(self, problem, chain, crls=(), ocsp=(), fetch=None, **policy):
        with pytest.raises(CertificateError) as caught:
            self.verify(chain, crls, ocsp, fetch, **policy)
        assert caught.value.problem is problem, str(caught.value)
        return caught.value

    def unknown(self, *arguments, **policy):
        return self.refuse(Problem.CERTIFICATE_STATUS_UNKNOWN, *arguments, **policy)

    def revoked(self, *arguments, **policy):
        return self.refuse(Problem.CERTIFICATE_REVOKED, *arguments, **policy)


@pytest.fixture
def judge(ca, root):
    return Judge(ca, root)


@pytest.fixture(scope="module")
def crl(ca):
    """A current CRL of an issuer's over some certificates."""

    def make(issuer, *revoked, extensions=(), number=1, key=None, reason=None, **fields):
        entries = tuple(RevokedEntry(one.certificate.serial, ca.now - 60, reason) for one in revoked)
        numbered = () if number is None else (crl_number(number),)
        terms = {"this_update": ca.now - 60, "next_update": ca.now + 60, "entries": entries, **fields}
        template = CRLTemplate(issuer.subject, extensions=(*numbered, *extensions), **terms)
        return issuing.issue_crl(template, key or issuer.key, RANDOM)

    return make


@pytest.fixture(scope="module")
def ocsp(ca):
    """A current OCSP response of an issuer's about a certificate."""

    def make(issuer, about, status=Status.GOOD, *, signer=None, certificates=(), by_key=False, extensions=(), **fields):
        terms = {"this_update": ca.now - 60, "next_update": ca.now + 60, "revoked_at": ca.now - 90, **fields}
        answer = OCSPAnswer(about.certificate, issuer.certificate, status=status, **terms)
        by = signer or issuer
        chain = tuple(one.der for one in certificates)
        return issuing.issue_ocsp(
            (answer,), by.certificate, by.key, RANDOM, by_key=by_key, certificates=chain, extensions=extensions
        )

    return make


# --- Modes ----------------------------------------------------------------------------------------


def test_revoked_is_its_own_problem_with_when_and_why(judge, ca, root, leaf, crl):
    error = judge.revoked([leaf], [crl(root, leaf, reason=1)])
    assert (error.reason, error.place) == (Reason.EPEERCERT, 0)
    assert error.values == (ca.now - 60, "keyCompromise")
    assert error.alert.name == "CERTIFICATE_REVOKED"


def test_required_wants_evidence_for_every_certificate_below_the_anchor(judge, ca, root, crl):
    middle = ca.issue("middle", root)
    chain = [ca.leaf(middle), middle]
    assert judge.unknown(chain).place == 1
    assert judge.unknown(chain, [crl(root)]).place == 0
    assert judge.unknown(chain, [crl(middle)]).place == 1
    judge.verify(chain, [crl(root), crl(middle)])
    assert judge.revoked(chain, [crl(root, middle), crl(middle)]).place == 1


def test_if_present_passes_without_evidence_and_not_with_bad_evidence(judge, ca, root, leaf, crl):
    mode = {"revocation": Revocation.IF_PRESENT}
    judge.verify([leaf], **mode)
    judge.verify([leaf], [crl(ca.issue("stranger"))], **mode)
    judge.verify([leaf], [crl(root)], **mode)
    judge.revoked([leaf], [crl(root, leaf)], **mode)
    judge.unknown([leaf], [crl(root, next_update=ca.now - 1)], **mode)
    judge.unknown([leaf], [b"junk"], **mode)


def test_off_looks_at_nothing(judge, leaf, root, crl):
    judge.verify([leaf], [crl(root, leaf), b"junk"], [b"junk"], revocation="off")


def test_no_list_is_left_out_in_silence(judge, ca, root, leaf, crl):
    strangers = [crl(ca.issue("stranger"))] * MAX_EVIDENCE
    judge.revoked([leaf], [*strangers[1:], crl(root, leaf)])
    with pytest.raises(SSLError, match="crls: 257 lists") as caught:
        judge.verify([leaf], [*strangers, crl(root, leaf)])
    assert caught.value.reason is Reason.EOPTIONS


def test_evidence_that_there_is_no_work_left_for_is_not_passed_over(judge, root, leaf, crl, ocsp, monkeypatch):
    """A peer decides how much work its chain is, and has an old response that calls it good."""
    base, delta = crl(root, number=4), crl(root, leaf, number=5, extensions=[issuing.delta_crl_indicator(4)])
    cases = [([crl(root, leaf)], [ocsp(root, leaf)]), ([base, delta], [])]
    for crls, responses in cases:
        judge.revoked([leaf], crls, responses)
    monkeypatch.setattr(verify, "MAX_SIGNATURE_CHECKS", 2)
    judge.verify([leaf], [base])
    for crls, responses in cases:
        assert judge.unknown([leaf], crls, responses).check == "work limit"


def test_revoked_path_gives_way_to_another(ca, crl):
    old, new = ca.issue("old root"), ca.issue("new root")
    key = ca.key_of("shared")
    by_old, by_new = ca.issue("bridge", old, key=key), ca.issue("bridge", new, key=key)
    judge = Judge(ca, old, new)
    lists = [crl(old, by_old), crl(new), crl(by_new)]
    assert judge.verify([ca.leaf(by_old), by_old, by_new], lists).path[-1].der == new.der


# --- CRLs -----------------------------------------------------------------------------------------


def test_serial_on_another_issuers_list_is_nothing(judge, ca, root, leaf, crl):
    stranger = ca.issue("stranger")
    judge.verify([leaf], [crl(root), crl(stranger, leaf)])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"this_update": "later"}, "thisUpdate"),
        ({"next_update": "earlier"}, "nextUpdate"),
        ({"next_update": None}, "nextUpdate is missing"),
        ({"number": None}, "cRLNumber"),
        ({"number": None, "extensions": (crl_number(1, critical=True),)}, "cRLNumber"),
        ({"extensions": (UNKNOWN_CRITICAL,)}, "unknown critical"),
        ({"entries": (RevokedEntry(5, 0, extensions=(UNKNOWN_CRITICAL,)),)}, "unknown critical"),
        ({"entries": (RevokedEntry(5, 0, issuer=build.distinguished_name(("CN", "x"))),)}, "not indirect"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_list_that_breaks_a_rule_proves_nothing(judge, ca, root, leaf, crl, change, said):
    times = {"later": ca.now + 1, "earlier": ca.now - 1}
    change = {name: times.get(value, value) if isinstance(value, str) else value for name, value in change.items()}
    assert said in str(judge.unknown([leaf], [crl(root, **change)]))


def test_bounds_of_a_list_are_inclusive(judge, ca, root, leaf, crl):
    judge.verify([leaf], [crl(root, this_update=ca.now, next_update=ca.now)])


def test_path_profile_takes_a_list_without_number_as_openssl_makes_it(judge, root, leaf, crl):
    judge.verify([leaf], [crl(root, number=None, version=None)], profile=Profile.PATH)


def test_list_signed_by_another_key_proves_nothing(judge, ca, root, leaf, crl):
    judge.unknown([leaf], [crl(root, key=ca.key_of("thief"))])


@pytest.mark.parametrize(
    ("usage", "good"), [(["keyCertSign"], False), (["keyCertSign", "cRLSign"], True), (None, True)]
)
def test_signer_with_key_usage_needs_crl_sign(ca, crl, usage, good):
    change = {"without": ["2.5.29.15"]} if usage is None else {"extra": [build.key_usage(*usage)]}
    anchor = ca.issue("signer", **change)
    judge = Judge(ca, anchor)
    if good:
        judge.verify([ca.leaf(anchor)], [crl(anchor)])
    else:
        assert "cRLSign" in str(judge.unknown([ca.leaf(anchor)], [crl(anchor)]))


def test_separate_crl_key_needs_a_path_to_the_same_anchor(ca, root, leaf, judge, crl):
    own = ca.issue("root", root, key=ca.key_of("crl key"), extra=[build.key_usage("cRLSign")], ca=False)
    lists = [crl(root, own, key=root.key), crl(own, leaf)]
    judge.revoked([leaf, own], [crl(own, leaf), crl(root, key=ca.key_of("thief"))])
    foreign = ca.issue("root", ca.issue("elsewhere"), key=ca.key_of("crl key"), extra=[build.key_usage("cRLSign")])
    judge.unknown([leaf, foreign], [crl(foreign)])
    judge.verify([leaf, own], lists)  # the one that says so is by a revoked signer
    judge.verify([leaf, own], reversed(lists))


def test_newest_list_counts(judge, ca, root, leaf, crl):
    older, newer = crl(root), crl(root, leaf, number=2, this_update=ca.now - 30)
    for lists in ([older, newer], [newer, older]):
        judge.revoked([leaf], lists)
    held, freed = crl(root, leaf, reason=6), crl(root, number=2, this_update=ca.now - 30)
    for lists in ([held, freed], [freed, held]):
        judge.verify([leaf], lists)


def test_of_lists_made_in_one_second_the_higher_number_counts(judge, root, leaf, crl):
    first, second, twin = crl(root), crl(root, leaf, number=2), crl(root, leaf)
    for lists in ([first, second], [second, first], [first, twin], [twin, first]):
        judge.revoked([leaf], lists)
    held, freed = crl(root, leaf, reason=6), crl(root, number=2)
    for lists in ([held, freed], [freed, held]):
        judge.verify([leaf], lists)


def test_revoked_crl_signer_is_not_believed(ca, root, leaf, judge, crl):
    own = ca.issue("root", root, key=ca.key_of("crl key"), extra=[build.key_usage("cRLSign")], ca=False)
    judge.verify([leaf, own], [crl(own)])  # the list is about its own signer, too
    judge.unknown([leaf, own], [crl(own, own)])


def test_signer_certified_by_the_certificate_in_question_is_not_believed(ca, root, judge, crl):
    """A CA whose key was stolen could make itself a namesake of its issuer, and that a list without itself."""
    stolen = ca.issue("stolen", root)
    namesake = ca.issue("root", stolen, key=ca.key_of("thief"))
    chain = [ca.leaf(stolen), stolen, namesake]
    judge.unknown(chain, [crl(namesake, this_update=ca.now - 30), crl(stolen)])
    judge.verify(chain, [crl(root), crl(stolen)])
    judge.revoked(chain, [crl(root, stolen), crl(stolen)])


def test_authority_elsewhere_clears_no_certificate_of_a_namesakes(ca, root, judge, crl):
    """Any CA can certify a namesake of another, whose lists it would be believed."""
    middle, other = ca.issue("middle", root), ca.issue("other", root)
    crl_key = {"key": ca.key_of("crl key"), "extra": [build.key_usage("cRLSign")], "ca": False}
    namesake, by_parent, by_itself = (ca.issue("middle", issuer, **crl_key) for issuer in (other, root, middle))
    lists = [crl(root), crl(other), crl(namesake)]
    judge.unknown([ca.leaf(middle), middle, other, namesake], lists)
    for own in (by_parent, by_itself):
        judge.verify([ca.leaf(middle), middle, other, own], lists)


def test_delta_adds_and_removes(judge, root, leaf, crl):
    delta = issuing.delta_crl_indicator(3)
    base = crl(root, number=4)
    judge.verify([leaf], [base, crl(root, number=5, extensions=[delta])])
    judge.revoked([leaf], [base, crl(root, leaf, number=5, extensions=[delta])])
    held = crl(root, leaf, number=4, reason=6)
    judge.revoked([leaf], [held])
    judge.verify([leaf], [held, crl(root, leaf, number=5, reason=8, extensions=[delta])])


def test_delta_is_by_the_key_of_its_base(judge, ca, root, leaf, crl):
    """RFC 5280 6.3.3 h."""
    delta, own = issuing.delta_crl_indicator(3), [build.key_usage("cRLSign")]
    namesake = ca.issue("root", root, key=ca.key_of("crl key"), extra=own, ca=False)
    about_namesake = crl(root, number=3, this_update=ca.now - 90)
    held = crl(root, leaf, number=4, reason=6)
    freed = crl(namesake, leaf, number=5, reason=8, extensions=[delta])
    judge.revoked([leaf, namesake], [about_namesake, held, freed])


def test_delta_of_another_base_or_scope_is_not_combined(judge, root, leaf, crl):
    base = crl(root, number=2)
    judge.verify([leaf], [base, crl(root, leaf, number=5, extensions=[issuing.delta_crl_indicator(3)])])
    scope = issuing.issuing_distribution_point(URL)
    judge.verify([leaf], [base, crl(root, leaf, number=5, extensions=[issuing.delta_crl_indicator(1), scope])])
    judge.unknown([leaf], [crl(root, number=5, extensions=[issuing.delta_crl_indicator(1)])])


@pytest.mark.parametrize(
    ("flags", "is_ca", "good"),
    [({1}, False, True), ({2}, False, False), ({1}, True, False), ({2}, True, True), ({5}, True, False)],
)
def test_list_for_one_kind_of_certificate_is_for_that_kind(ca, root, judge, crl, flags, is_ca, good):
    scope = issuing.issuing_distribution_point(flags=frozenset(flags))
    end = ca.issue("end", root) if is_ca else ca.leaf(root)
    terms = {"purpose": None}
    if good:
        judge.verify([end], [crl(root, extensions=[scope])], **terms)
    else:
        judge.unknown([end], [crl(root, extensions=[scope])], **terms)


def test_list_of_a_distribution_point_is_for_certificates_that_name_it(ca, root, leaf, judge, crl):
    scope = issuing.issuing_distribution_point(URL)
    here, there = (ca.leaf(root, extra=[_points(build.distribution_point(url))]) for url in (URL, OTHER_URL))
    judge.verify([here], [crl(root, extensions=[scope])])
    judge.unknown([there], [crl(root, extensions=[scope])])
    judge.unknown([leaf], [crl(root, extensions=[scope])])
    judge.verify([there], [crl(root)])


def test_relative_name_is_below_the_crl_issuers(ca, root, judge, crl):
    relative = der.sequence(der.oid("2.5.4.3"), der.element(der.UTF8_STRING, b"one"))
    whole = der.sequence(*_rdns(root.subject), der.set_of(relative))
    end = ca.leaf(root, extra=[_points(build.distribution_point(relative=relative))])
    for scope in (
        issuing.issuing_distribution_point(relative=relative),
        issuing.issuing_distribution_point(GeneralNames(directories=(whole,))),
    ):
        judge.verify([end], [crl(root, extensions=[scope])])
    other = relative.replace(b"one", b"two")
    judge.unknown([end], [crl(root, extensions=[issuing.issuing_distribution_point(relative=other)])])


def test_lists_for_some_reasons_must_cover_all_together(judge, root, leaf, crl):
    first, second = frozenset({1, 2}), frozenset({3, 4, 5, 6, 7, 8})
    lists = [crl(root, extensions=[issuing.issuing_distribution_point(reasons=one)]) for one in (first, second)]
    judge.unknown([leaf], lists[:1])
    judge.verify([leaf], lists)
    some = crl(root, leaf, reason=1, extensions=[issuing.issuing_distribution_point(reasons=first)])
    judge.revoked([leaf], [some])


def test_indirect_list_speaks_for_the_issuer_it_names(ca, root, judge, crl):
    signer = ca.issue("crl signer", root, extra=[build.key_usage("cRLSign")], ca=False)
    point = build.distribution_point(URL, crl_issuer=signer.subject)
    end = ca.leaf(root, extra=[_points(point)])
    scope = issuing.issuing_distribution_point(URL, flags=frozenset({4}))
    about_signer = crl(root)

    def listed(issuer):
        entry = RevokedEntry(end.certificate.serial, ca.now - 60, issuer=issuer)
        return crl(signer, extensions=[scope], entries=(entry,))

    judge.verify([end, signer], [about_signer, listed(None)])
    judge.revoked([end, signer], [about_signer, listed(root.subject)])
    judge.unknown([end, signer], [crl(signer, extensions=[issuing.issuing_distribution_point(URL)])])


def test_issuer_named_by_an_indirect_entry_holds_for_those_after_it(ca, root, judge, crl):
    signer = ca.issue("crl signer", root, extra=[build.key_usage("cRLSign")], ca=False)
    end = ca.leaf(root, extra=[_points(build.distribution_point(URL, crl_issuer=signer.subject))])
    entries = (RevokedEntry(1, ca.now, issuer=root.subject), RevokedEntry(end.certificate.serial, ca.now))
    scope = issuing.issuing_distribution_point(URL, flags=frozenset({4}))
    judge.revoked([end, signer], [crl(root), crl(signer, extensions=[scope], entries=entries)])


# --- OCSP -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("hash_", [HashAlgorithm.SHA1, HashAlgorithm.SHA256])
@pytest.mark.parametrize("by_key", [False, True])
def test_issuer_answers_for_its_certificates(judge, root, leaf, ocsp, hash_, by_key):
    judge.verify([leaf], ocsp=[ocsp(root, leaf, by_key=by_key, hash=hash_)])
    error = judge.revoked([leaf], ocsp=[ocsp(root, leaf, Status.REVOKED, by_key=by_key, hash=hash_, reason=4)])
    assert "superseded" in str(error)
    assert "does not know" in str(judge.unknown([leaf], ocsp=[ocsp(root, leaf, Status.UNKNOWN)]))


def test_answer_about_another_certificate_is_nothing(judge, ca, root, leaf, ocsp):
    judge.unknown([leaf], ocsp=[ocsp(root, ca.leaf(root, "another"))])
    stranger = ca.issue("root", key=ca.key_of("stranger"))
    judge.unknown([leaf], ocsp=[ocsp(stranger, leaf)])


def test_stale_or_future_answer_proves_nothing(judge, ca, root, leaf, ocsp):
    judge.unknown([leaf], ocsp=[ocsp(root, leaf, next_update=ca.now - 1)])
    judge.unknown([leaf], ocsp=[ocsp(root, leaf, this_update=ca.now + 1)])
    judge.verify([leaf], ocsp=[ocsp(root, leaf, next_update=None)])
    judge.unknown([leaf], ocsp=[ocsp(root, leaf, this_update=ca.now - 2 * ca.day, next_update=None)])


def test_nonce_is_tolerated_and_an_unknown_critical_extension_is_not(judge, root, leaf, ocsp):
    nonce = build.Extension("1.3.6.1.5.5.7.48.1.2", der.octet_string(bytes(16)), critical=True)
    judge.verify([leaf], ocsp=[ocsp(root, leaf, extensions=(nonce,))])
    judge.unknown([leaf], ocsp=[ocsp(root, leaf, extensions=(UNKNOWN_CRITICAL,))])


def test_delegated_responder_is_issued_by_the_issuer_for_ocsp_signing(judge, ca, root, leaf, ocsp):
    purpose = build.extended_key_usage("OCSPSigning")
    delegate = ca.leaf(root, "responder", extra=[purpose, NO_CHECK])
    for by_key in (False, True):
        judge.verify([leaf], ocsp=[ocsp(root, leaf, signer=delegate, certificates=[delegate], by_key=by_key)])
    judge.unknown([leaf], ocsp=[ocsp(root, leaf, signer=delegate)])
    for impostor in (
        ca.leaf(root, "responder", extra=[build.extended_key_usage("serverAuth"), NO_CHECK]),
        ca.leaf(ca.issue("root", key=ca.key_of("stranger")), "responder", extra=[purpose, NO_CHECK]),
        ca.leaf(root, "responder", extra=[purpose, NO_CHECK], not_after=ca.now - 1),
        ca.leaf(root, "responder", extra=[purpose, NO_CHECK, build.key_usage("keyAgreement")]),
        ca.leaf(replace(root, subject=ca.name("another name")), "responder", extra=[purpose, NO_CHECK]),
    ):
        judge.unknown([leaf], ocsp=[ocsp(root, leaf, signer=impostor, certificates=[impostor])])


def test_delegated_responder_may_have_the_name_of_its_issuer(judge, ca, root, leaf, ocsp):
    extra = [build.extended_key_usage("OCSPSigning"), NO_CHECK]
    delegate = ca.leaf(root, "responder", subject=root.subject, extra=extra)
    judge.verify([leaf], ocsp=[ocsp(root, leaf, signer=delegate, certificates=[delegate])])


def test_responder_without_nocheck_must_itself_be_good(judge, ca, root, leaf, ocsp, crl):
    delegate = ca.leaf(root, "responder", extra=[build.extended_key_usage("OCSPSigning")])
    response = ocsp(root, leaf, signer=delegate, certificates=[delegate])
    own = ocsp(root, delegate, signer=delegate, certificates=[delegate])
    judge.unknown([leaf], ocsp=[response])
    judge.unknown([leaf], ocsp=[response, own])
    judge.verify([leaf], ocsp=[response], revocation="if-present")
    judge.verify([leaf], ocsp=[response, ocsp(root, delegate)])
    judge.unknown([leaf], [crl(root, delegate, next_update=0)], [response])


def test_unsuccessful_response_is_no_evidence(judge, leaf):
    try_later = der.sequence(der.element(der.ENUMERATED, b"\x03"))
    judge.verify([leaf], ocsp=[try_later], revocation="if-present")
    judge.unknown([leaf], ocsp=[try_later])


def test_revoked_outweighs_good(judge, root, leaf, crl, ocsp):
    judge.revoked([leaf], [crl(root, leaf)], [ocsp(root, leaf)])
    judge.revoked([leaf], [crl(root)], [ocsp(root, leaf, Status.REVOKED)])


# --- Fetching -------------------------------------------------------------------------------------


def test_fetch_is_asked_only_for_what_is_not_decided(judge, ca, root, crl, ocsp):
    extra = [build.authority_information_access(["http://ocsp.example"]), _points(build.distribution_point(URL))]
    end = ca.leaf(root, extra=extra)
    asked: list[FetchRequest] = []

    def fetch(answers):
        return lambda request: asked.append(request) or answers.get(request.kind)

    judge.verify([end], fetch=fetch({"ocsp": ocsp(root, end)}))
    assert [(one.kind, one.urls) for one in asked] == [("ocsp", ("http://ocsp.example",))]
    assert asked[0].body
    judge.verify([end], fetch=fetch({"crl": crl(root)}))
    assert [one.kind for one in asked[1:]] == ["ocsp", "crl"]
    judge.revoked([end], fetch=fetch({"crl": crl(root, end)}))
    judge.unknown([end], fetch=fetch({}))
    judge.unknown([end], fetch=fetch({"ocsp": b"junk"}))
    asked.clear()
    judge.verify([end], [crl(root)], fetch=fetch({}))
    judge.verify([end], fetch=fetch({}), revocation="off")
    assert asked == []


def test_fetches_are_bounded_and_what_is_left_out_counts(judge, ca, root):
    points = [
        build.distribution_point(GeneralNames(uris=(f"http://crl.example/{number}",)))
        for number in range(MAX_FETCHES + 1)
    ]
    asked: list[FetchRequest] = []
    within, beyond = (ca.leaf(root, extra=[_points(*points[:most])]) for most in (MAX_FETCHES, MAX_FETCHES + 1))
    judge.verify([within], fetch=asked.append, revocation="if-present")
    assert len(asked) == MAX_FETCHES
    error = judge.unknown([beyond], fetch=asked.append, revocation="if-present")
    assert "16 requests" in str(error)
    assert len(asked) == 2 * MAX_FETCHES


def test_what_fetch_raises_passes(judge, ca, root):
    end = ca.leaf(root, extra=[build.authority_information_access(["http://ocsp.example"])])

    def fetch(_):
        raise TimeoutError

    with pytest.raises(TimeoutError):
        judge.verify([end], fetch=fetch)


def test_verdict_does_not_outlive_the_time_of_the_policy(judge, ca, root, leaf, crl):
    one = crl(root)
    judge.verify([leaf], [one])
    judge.unknown([leaf], [one], time=ca.now + 61)


def test_errors_name_the_list_and_the_certificate(judge, root, leaf, crl):
    error = judge.revoked([leaf], [crl(root, leaf)])
    assert "CRL of CN=root" in str(error)
    assert error.subject == "CN=leaf"
    assert "RFC 5280 6.1.3" in error.check
    assert replace(Policy(0, None), revocation="off").revocation is Revocation.OFF


def _points(*points):
    return build.crl_distribution_points(*points)


def _rdns(name):
    reader = der.Reader.of_single(name, der.SEQUENCE)
    return [reader.take_raw(der.SET)]
