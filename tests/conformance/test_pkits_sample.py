"""NIST's PKITS under the profile of RFC 5280 6 alone, with its policy inputs, and revocation required.

Most of PKITS's leaves have no subjectAltName and no extKeyUsage: neither a name nor a purpose is asked for.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from puressl.errors import SSLError
from puressl.x509.policy import Policy, Profile, Revocation
from puressl.x509.revocation import Evidence
from puressl.x509.store import TrustStore
from puressl.x509.verify import verify_chain

from support.skips import judge, skips

PKITS = Path(__file__).resolve().parents[3] / "shared" / "x509" / "pkits"
MANIFEST = json.loads((PKITS / "manifest.json").read_text()) if (PKITS / "manifest.json").is_file() else {"tests": []}
TESTS = {test["id"]: test for test in MANIFEST["tests"]}

pytestmark = pytest.mark.skipif(not TESTS, reason="no shared PKITS sample beside the repository")


@pytest.mark.parametrize("identifier", TESTS)
def test_pkits(identifier):
    test = TESTS[identifier]
    terms = Policy(
        time=datetime.fromisoformat(MANIFEST["validation_time"].replace("Z", "+00:00")).timestamp(),
        purpose=None,
        profile=Profile.PATH,
        revocation=Revocation.REQUIRED,
        initial_policy_set=frozenset(test["initial_policy_set"]),
        initial_explicit_policy=test["initial_explicit_policy"],
        initial_policy_mapping_inhibit=test["initial_policy_mapping_inhibit"],
        initial_any_policy_inhibit=test["initial_any_policy_inhibit"],
    )
    chain = [_read(test["target"]), *map(_read, test["untrusted"])]
    trust = TrustStore.from_bytes(_read(test["trust_anchor"]))
    evidence = Evidence(crls=[_read(name) for name in test["crls"]])
    try:
        verified = verify_chain(chain, trust=trust, policy=terms, evidence=evidence)
    except SSLError as error:
        judge("pkits", identifier, test["expected_result"] == "FAILURE", f"{error}: {test['title']}")
        return
    judge("pkits", identifier, test["expected_result"] == "SUCCESS", test["title"])
    assert verified.policies == set(test["user_constrained_policy_set"])


def test_skips_name_tests_of_the_sample():
    assert skips("pkits").keys() <= TESTS.keys()


def _read(name):
    path = PKITS / name
    return (path if path.is_file() else PKITS / "certs" / name).read_bytes()
