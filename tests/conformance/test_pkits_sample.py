"""NIST's PKITS: the sections that need neither certificate policies nor revocation, under the profile of RFC 5280 6
alone.

Most of PKITS's leaves have no subjectAltName and no extKeyUsage: no name is asked for. ``SKIPS`` holds what goes wrong,
with the reason; a test that goes right all the same fails the run.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest

from puressl.errors import SSLError
from puressl.x509.policy import Policy, Profile, Purpose
from puressl.x509.store import TrustStore
from puressl.x509.verify import verify_chain

PKITS = Path(__file__).resolve().parents[3] / "shared" / "x509" / "pkits"
MANIFEST = json.loads((PKITS / "manifest.json").read_text()) if (PKITS / "manifest.json").is_file() else {"tests": []}
SECTIONS = ("4.1", "4.2", "4.3", "4.5", "4.6", "4.7", "4.13", "4.16")
TESTS = {test["number"]: test for test in MANIFEST["tests"] if test["section"].split()[0] in SECTIONS}

SKIPS = {
    "4.1.4": "DSA is no algorithm of TLS",
    "4.5.2": "it is invalid by revocation alone, which is not read yet",
    "4.7.4": "it is invalid by revocation alone, which is not read yet",
}


@pytest.mark.skipif(not TESTS, reason="no shared PKITS sample beside the repository")
@pytest.mark.parametrize("number", TESTS)
def test_pkits(number):
    test = TESTS[number]
    terms = Policy(
        time=datetime.fromisoformat(MANIFEST["validation_time"].replace("Z", "+00:00")).timestamp(),
        purpose=Purpose.SERVER_AUTH,
        profile=Profile.PATH,
    )
    chain = [_read(test["target"]), *map(_read, test["untrusted"])]
    try:
        verify_chain(chain, trust=TrustStore.from_bytes(_read(test["trust_anchor"])), policy=terms)
        result, text = "SUCCESS", ""
    except SSLError as error:
        result, text = "FAILURE", str(error)
    if number in SKIPS:
        assert result != test["expected_result"], f"passes now, no reason to skip it: {SKIPS[number]}"
        pytest.skip(SKIPS[number])
    assert result == test["expected_result"], text or test["title"]


def _read(name):
    path = PKITS / name
    return (path if path.is_file() else PKITS / "certs" / name).read_bytes()
