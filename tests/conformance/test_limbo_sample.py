"""x509-limbo's sample: its core cases one by one, and the whole with BetterTLS's as one slow run.

The suite fixes two profiles that contradict each other; a case is verified under the one its namespace is written for:
``webpki`` and ``cve`` (the CA/Browser Forum's), all else RFC 5280. Revocation is required where a case has CRLs.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import datetime, timezone
from functools import cache, reduce
from operator import or_
from pathlib import Path
from typing import Any

import pytest

from puressl.errors import CertificateError, SSLError
from puressl.x509 import pem
from puressl.x509.certificate import Certificate
from puressl.x509.extensions import KeyUsage
from puressl.x509.policy import Policy, Profile, Purpose, Revocation
from puressl.x509.revocation import Evidence
from puressl.x509.store import TrustStore
from puressl.x509.verify import verify_chain

from support.skips import judge, skips

SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "x509" / "limbo-dev.json"
#: For the cases whose time is "now": within the validity of the sample, which begins on the day it was made.
NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc).timestamp()
BETTERTLS = "bettertls::"
WEB = ("webpki::", "cve::")
#: What a case may ask of the leaf's keyUsage; without, nothing is asked.
USAGES = {"digitalSignature": KeyUsage.DIGITAL_SIGNATURE, "keyEncipherment": KeyUsage.KEY_ENCIPHERMENT}
#: Seconds for the whole sample on one core.
TIME_LIMIT = 120


@cache
def cases() -> dict[str, dict[str, Any]]:
    if not SAMPLE.is_file():
        return {}
    return {case["id"]: case for case in json.loads(SAMPLE.read_text())["testcases"]}


def verdict(case: dict[str, Any]) -> tuple[str, str]:
    """SUCCESS or FAILURE, and the error's text."""
    peer, *_ = chain = [_der(text) for text in (case["peer_certificate"], *case["untrusted_intermediates"])]
    name, moment = case["expected_peer_name"], case["validation_time"]
    try:
        policy = Policy(
            time=datetime.fromisoformat(moment).timestamp() if moment else NOW,
            purpose=Purpose.SERVER_AUTH if case["validation_kind"] == "SERVER" else Purpose.CLIENT_AUTH,
            key_usage=reduce(or_, (USAGES[usage] for usage in case["key_usage"]), KeyUsage(0)),
            server_name=name["value"] if name and name["kind"] != "RFC822" else None,
            max_intermediates=case["max_chain_depth"],
            profile=Profile.WEBPKI if case["id"].startswith(WEB) else Profile.RFC5280,
            revocation=Revocation.REQUIRED if case["crls"] else Revocation.OFF,
        )
        trust = TrustStore([Certificate.decode(_der(text)) for text in case["trusted_certs"]])
        evidence = Evidence(crls=[_der(text) for text in case["crls"]])
        verified = verify_chain(chain, trust=trust, policy=policy, evidence=evidence)
    except SSLError as error:
        return "FAILURE", str(error)
    assert verified.path[0].der == peer
    return "SUCCESS", ""


def _der(text: str) -> bytes:
    return pem.blocks(text.encode())[0].decode()


pytestmark = pytest.mark.skipif(not SAMPLE.is_file(), reason="no shared x509-limbo sample beside the repository")


@pytest.mark.parametrize("identifier", [name for name in cases() if not name.startswith(BETTERTLS)])
def test_core_case(identifier):
    case = cases()[identifier]
    result, text = verdict(case)
    judge("limbo", identifier, result == case["expected_result"], text or case["description"])


def test_skips_name_cases_of_the_sample():
    assert skips("limbo").keys() <= cases().keys()


@pytest.mark.slow
def test_whole_sample_in_time(capsys):
    counts: Counter[str] = Counter()
    wrong = []
    begin = time.perf_counter()
    for identifier, case in cases().items():
        result, text = verdict(case)
        good = result == case["expected_result"]
        kind = "passes" if good else "false accepts" if result == "SUCCESS" else "false rejects"
        counts[kind] += 1
        wrong += [] if good else [f"{identifier}: {kind} {text}"]
    took = time.perf_counter() - begin
    with capsys.disabled():
        shown = ", ".join(f"{counts[kind]} {kind}" for kind in ("passes", "false accepts", "false rejects"))
        print(f"\nx509-limbo, {len(cases())} cases: {shown}, in {took:.1f} s")
    assert {line.split(": ")[0] for line in wrong} == skips("limbo").keys(), wrong
    assert counts["false accepts"] == 0
    assert took < TIME_LIMIT


def test_failures_name_a_certificate_a_check_and_a_reason():
    for identifier in ("rfc5280::validity::expired-intermediate", "rfc5280::unknown-critical-extension-root"):
        case = cases()[identifier]
        chain = [_der(text) for text in (case["peer_certificate"], *case["untrusted_intermediates"])]
        trust = TrustStore([Certificate.decode(_der(text)) for text in case["trusted_certs"]])
        moment = datetime.fromisoformat(case["validation_time"]).timestamp() if case["validation_time"] else NOW
        with pytest.raises(CertificateError) as caught:
            verify_chain(chain, trust=trust, policy=Policy(time=moment, purpose=Purpose.SERVER_AUTH))
        assert caught.value.place
        assert caught.value.subject
        assert "RFC 5280" in caught.value.check
