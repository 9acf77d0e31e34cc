"""Chains that served real sites, at a time when they did, and the roots that the web trusts."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from puressl.errors import CertificateError, Reason
from puressl.x509 import pem, rules
from puressl.x509.policy import Policy, Profile, Purpose
from puressl.x509.rule import Role
from puressl.x509.store import TrustStore
from puressl.x509.verify import verify_chain

REAL = Path(__file__).resolve().parents[3] / "shared" / "x509" / "real"
CHAINS = json.loads((REAL / "chains.json").read_text()) if (REAL / "chains.json").is_file() else []


def _der(name):
    return pem.blocks(next(REAL.rglob(name)).read_bytes())[0].decode()


@pytest.mark.skipif(not CHAINS, reason="no shared real chains beside the repository")
@pytest.mark.parametrize("profile", list(Profile))
@pytest.mark.parametrize("case", CHAINS, ids=lambda case: case["server_name"])
def test_real_chain_verifies_at_its_time_and_not_today(case, profile):
    chain = [_der(case["leaf"]), *map(_der, case["untrusted"])]
    trust = TrustStore.from_bytes(b"".join(pem.encode("CERTIFICATE", _der(name)) for name in case["trusted"]))
    then = datetime.strptime(case["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()
    terms = {"purpose": Purpose.SERVER_AUTH, "server_name": case["server_name"], "profile": profile}
    assert len(verify_chain(chain, trust=trust, policy=Policy(time=then, **terms)).path) == 3
    with pytest.raises(CertificateError) as caught:
        verify_chain(chain, trust=trust, policy=Policy(time=then + 40 * 365 * 86_400, **terms))
    assert caught.value.reason is Reason.EPEERCERTEXPIRED


@pytest.mark.parametrize("profile", [Profile.PATH, Profile.WEBPKI])
def test_every_root_of_the_web_is_an_anchor_by_the_rules_of_the_web(profile):
    certifi = pytest.importorskip("certifi")
    trust = TrustStore.from_file(certifi.where(), strict=True)
    assert len(trust) > 50
    for root in trust.anchors:
        policy = Policy(time=root.not_after, purpose=Purpose.SERVER_AUTH, profile=profile)
        assert rules.check_validity(root, 1, policy) is None
        rules.check(root, 1, Role.ANCHOR, policy)
        alone = Policy(time=root.not_after, purpose=None, profile=Profile.PATH)
        assert verify_chain([root.der], trust=trust, policy=alone).path == (root,)
