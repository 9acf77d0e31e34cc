"""x509-limbo's sample: its core cases one by one, BetterTLS's as one slow run.

The suite fixes two profiles that contradict each other; a case is verified under the one its namespace names. ``SKIPS``
holds the cases that go wrong, with the reason; one that goes right fails the run, so that the list stays true.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from puressl.errors import CertificateError, SSLError
from puressl.x509 import pem
from puressl.x509.certificate import Certificate
from puressl.x509.policy import Policy, Profile, Purpose
from puressl.x509.store import TrustStore
from puressl.x509.verify import verify_chain

SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "x509" / "limbo-dev.json"
#: For the cases whose time is "now": within the validity of the sample, which begins on the day it was made.
NOW = datetime(2026, 11, 23, 12, tzinfo=timezone.utc).timestamp()
BETTERTLS = "bettertls::"

SKIPS = {
    "crl::revoked-certificate-with-crl": "revocation lists are not read yet",
    "crl::issuer-missing-crlsign": "revocation lists are not read yet",
    "rfc5280::aki::cross-signed-root-missing-aki": "an anchor need not name its issuer: cve::cve-2024-0567 wants that",
}


@cache
def cases() -> dict[str, dict[str, Any]]:
    if not SAMPLE.is_file():
        return {}
    return {case["id"]: case for case in json.loads(SAMPLE.read_text())["testcases"]}


def verdict(case: dict[str, Any]) -> tuple[str, str]:
    """SUCCESS or FAILURE, and the error's text."""
    peer, *_ = chain = [_der(text) for text in (case["peer_certificate"], *case["untrusted_intermediates"])]
    name, time, depth = case["expected_peer_name"], case["validation_time"], case["max_chain_depth"]
    try:
        policy = Policy(
            time=datetime.fromisoformat(time).timestamp() if time else NOW,
            purpose=Purpose.SERVER_AUTH if case["validation_kind"] == "SERVER" else Purpose.CLIENT_AUTH,
            server_name=name["value"] if name and name["kind"] != "RFC822" else None,
            depth=10 if depth is None else depth,
            profile=Profile.WEBPKI if case["id"].startswith("webpki::") else Profile.RFC5280,
        )
        trust = TrustStore([Certificate.decode(_der(text)) for text in case["trusted_certs"]])
        verified = verify_chain(chain, trust=trust, policy=policy)
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
    if identifier in SKIPS:
        assert result != case["expected_result"], f"passes now, no reason to skip it: {SKIPS[identifier]}"
        pytest.skip(SKIPS[identifier])
    assert result == case["expected_result"], text or case["description"]


def test_skips_name_cases_of_the_sample():
    assert SKIPS.keys() <= cases().keys()


@pytest.mark.slow
def test_every_bettertls_case(capsys):
    counts: Counter[str] = Counter()
    wrong = []
    for identifier, case in cases().items():
        if identifier.startswith(BETTERTLS):
            result, text = verdict(case)
            kind = "pass" if result == case["expected_result"] else f"false {result}"
            counts[kind] += 1
            wrong += [] if kind == "pass" else [f"{identifier}: {kind} {text}"]
    with capsys.disabled():
        print(f"\nBetterTLS: {dict(counts)}")
    assert not wrong


def test_failures_name_a_certificate_a_check_and_a_reason():
    for identifier in ("rfc5280::validity::expired-intermediate", "rfc5280::unknown-critical-extension-root"):
        case = cases()[identifier]
        chain = [_der(text) for text in (case["peer_certificate"], *case["untrusted_intermediates"])]
        trust = TrustStore([Certificate.decode(_der(text)) for text in case["trusted_certs"]])
        time = datetime.fromisoformat(case["validation_time"]).timestamp() if case["validation_time"] else NOW
        with pytest.raises(CertificateError) as caught:
            verify_chain(chain, trust=trust, policy=Policy(time=time, purpose=Purpose.SERVER_AUTH))
        assert caught.value.place
        assert caught.value.subject
        assert "RFC 5280" in caught.value.check
