"""Mutated certificates, CRLs and OCSP responses: only ``CertificateError`` comes out, in bounded time."""

from __future__ import annotations

import random
import time

import pytest

from puressl.env import SeededEnv
from puressl.errors import CertificateError
from puressl.x509 import build, build_revocation, der
from puressl.x509.build import GeneralNames
from puressl.x509.build_revocation import CRLTemplate, OCSPAnswer, RevokedEntry
from puressl.x509.certificate import Certificate
from puressl.x509.crl import RevocationList
from puressl.x509.extensions import ANY_POLICY
from puressl.x509.ocsp import OCSPResponse
from puressl.x509.policy import Policy, Purpose
from puressl.x509.revocation import Evidence
from puressl.x509.verify import verify_chain

#: Seconds for one mutant: a thousand times what it takes.
TIME_LIMIT = 5
RANDOM = SeededEnv(b"mutated", 0)


@pytest.fixture(scope="module")
def seeds(ca):
    """A chain, CRLs and an OCSP response that use every structure there is."""
    root = ca.issue("root")
    names = GeneralNames(("example",), ("10.0.0.0/8",), ("a@example.com",), (), (ca.name("x"),))
    middle = ca.issue(
        "middle",
        root,
        path_length=3,
        extra=[
            build.name_constraints(None, names),
            build.certificate_policies(ANY_POLICY, "1.2.3"),
            build.policy_mappings(("1.2.3", "1.2.4")),
            build.policy_constraints(5, 5),
            build.inhibit_any_policy(5),
        ],
    )
    relative = der.sequence(der.oid("2.5.4.3"), der.element(der.UTF8_STRING, b"one"))
    leaf = ca.leaf(
        middle,
        dns=("server.example.com",),
        extra=[
            build.crl_distribution_points(
                build.distribution_point(GeneralNames(uris=("http://a",)), reasons=frozenset({1})),
                build.distribution_point(relative=relative, crl_issuer=root.subject),
            ),
            build.authority_information_access(["http://ocsp.example"]),
        ],
    )
    times = {"this_update": ca.now, "next_update": ca.now + 9}
    entries = (RevokedEntry(7, ca.now, 1, root.subject), RevokedEntry(8, ca.now))
    scope = build_revocation.issuing_distribution_point(
        GeneralNames(uris=("http://a",)), reasons=frozenset({1}), flags=frozenset({4})
    )
    lists = [
        build_revocation.issue_crl(
            CRLTemplate(issuer.subject, entries=entries, extensions=(build_revocation.crl_number(1), *more), **times),
            issuer.key,
            RANDOM,
        )
        for issuer in (root, middle)
        for more in ((), (scope,), (build_revocation.delta_crl_indicator(1),))
    ]
    delegate = ca.leaf(middle, "responder", extra=[build.extended_key_usage("OCSPSigning")])
    answer = OCSPAnswer(leaf.certificate, middle.certificate, **times)
    response = build_revocation.issue_ocsp(
        (answer,), delegate.certificate, delegate.key, RANDOM, certificates=(delegate.der,)
    )
    return root, [leaf.der, middle.der], lists, [response]


def mutate(data: bytes, dice: random.Random) -> bytes:
    """One to three changes: a bit, an octet, a cut, a copy, a length."""
    mutant = bytearray(data)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(mutant))
        kind = dice.randrange(6)
        if kind == 0:
            mutant[at] ^= 1 << dice.randrange(8)
        elif kind == 1:
            mutant[at] = dice.randrange(256)
        elif kind == 2:
            del mutant[at : at + dice.randint(1, 8)]
        elif kind == 3:
            mutant[at:at] = mutant[at : at + dice.randint(1, 32)]
        elif kind == 4:
            mutant[at] = dice.choice((0x00, 0x30, 0x31, 0x7F, 0x80, 0x81, 0x84, 0xA0, 0xFF))
        else:
            del mutant[at:]
        if not mutant:
            return b"\x30"
    return bytes(mutant)


def run(ca, seeds, count):
    root, chain, lists, responses = seeds
    dice = random.Random(20_261_123)
    trust, outcomes = ca.store(root), 0
    policy = Policy(ca.now, Purpose.SERVER_AUTH, "server.example.com", revocation="required")
    everything = [*chain, *lists, *responses]
    decoders = (Certificate.decode,) * 2 + (RevocationList.decode,) * 6 + (OCSPResponse.decode,)
    for number in range(count):
        victim = number % len(everything)
        mutants = [mutate(one, dice) if at == victim else one for at, one in enumerate(everything)]
        begin = time.perf_counter()
        try:
            decoders[victim](mutants[victim])
            evidence = Evidence(mutants[2:8], mutants[8:])
            verify_chain(mutants[:2], trust=trust, policy=policy, evidence=evidence)
        except CertificateError:
            outcomes += 1
        assert time.perf_counter() - begin < TIME_LIMIT
    assert outcomes == count  # the chain's status is unknown with all of the seeds as they are


def test_mutants_raise_certificate_errors_only(ca, seeds):
    run(ca, seeds, 200)


@pytest.mark.slow
def test_many_mutants_raise_certificate_errors_only(ca, seeds):
    run(ca, seeds, 20_000)


def test_unmutated_seeds_are_read(seeds):
    _, chain, lists, responses = seeds
    assert all(Certificate.decode(one) for one in chain)
    assert all(len(RevocationList.decode(one)) == 2 for one in lists if b"\x55\x1d\x1c" in one)
    assert all(OCSPResponse.decode(one) for one in responses)
