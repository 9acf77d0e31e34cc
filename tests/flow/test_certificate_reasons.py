"""Every chain of ``certs/reasons`` meets its reason: by itself, and through TLS, in both directions and versions."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from functools import cache
from typing import Any

import pytest

from puressl.codes import AlertDescription, ProtocolVersion
from puressl.config import Verify
from puressl.connection import ClientConnection, ServerConnection
from puressl.crypto.keys import PrivateKey
from puressl.env import SeededEnv
from puressl.errors import CertificateError, Problem, ProtocolError, Reason
from puressl.x509 import build, pem
from puressl.x509.certificate import Certificate
from puressl.x509.credential import Credential
from puressl.x509.keys import load_private_key
from puressl.x509.policy import Policy, Profile, Purpose
from puressl.x509.revocation import Evidence
from puressl.x509.store import TrustStore
from puressl.x509.verify import verify_chain

from support.configs import CERTS, client_config, server_config
from support.link import End, Link

REASONS = CERTS / "reasons"
MANIFEST = json.loads((REASONS / "manifest.json").read_text())
TIME = datetime.strptime(MANIFEST["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()
CASES = [pytest.param(case, role, id=f"{case['id']}-{role}") for case in MANIFEST["cases"] for role in case["roles"]]
VERSIONS = [ProtocolVersion.TLSv1_2, ProtocolVersion.TLSv1_3]
PURPOSES = {"server": Purpose.SERVER_AUTH, "client": Purpose.CLIENT_AUTH}
#: The peer certificate reasons of the socket interface.
PEER_REASONS = {
    "echaintoolong",
    "enoissuercert",
    "epeercert",
    "epeercertexpired",
    "epeercertinvalid",
    "eselfsignedcert",
}


def chain_of(case: dict[str, Any], role: str) -> tuple[bytes, ...]:
    data = (REASONS / case["roles"][role]["chain"]).read_bytes()
    return tuple(block.decode() for block in pem.blocks(data))


def policy_of(case: dict[str, Any], role: str, **fields: Any) -> Policy:
    name = case["server_name"] if role == "server" else None
    terms = {"server_name": name, "depth": case["depth"], "revocation": case["revocation"]}
    return Policy(TIME, PURPOSES[role], **terms, **fields)


def evidence_of(case: dict[str, Any]) -> Evidence:
    if case["crl"] is None:
        return Evidence()
    return Evidence(crls=[block.decode() for block in pem.blocks((REASONS / case["crl"]).read_bytes())])


@cache
def trust_of(path: str) -> TrustStore:
    return TrustStore.from_file(REASONS / path)


def presented(case: dict[str, Any], role: str) -> Credential:
    """The chain as it stands, malformed too: a conforming leaf for the same key stands in for what is never sent."""
    key = load_private_key((REASONS / case["roles"][role]["key"]).read_bytes(), None, "key")
    return Credential(chain_of(case, role), key, stand_in(key))


def stand_in(key: PrivateKey) -> Certificate:
    name = build.distinguished_name(("CN", "stand-in"))
    template = build.CertificateTemplate(name, name, key.public, int(TIME) - 1, int(TIME) + 1)
    return Certificate.decode(build.issue(template, key, SeededEnv(b"stand-in", TIME)))


def assert_meets(case: dict[str, Any], error: object) -> None:
    assert isinstance(error, CertificateError)
    found = (error.reason, error.problem, error.place)
    assert found == (Reason(case["reason"]), Problem(case["check"]), case["place"]), str(error)
    assert error.der


def test_every_reason_has_a_case() -> None:
    assert {case["reason"] for case in MANIFEST["cases"]} == PEER_REASONS
    assert len({case["id"] for case in MANIFEST["cases"]}) == len(MANIFEST["cases"])


def test_manifest_names_every_file() -> None:
    named = {REASONS / case["trust"] for case in MANIFEST["cases"]}
    named |= {REASONS / path for case in MANIFEST["cases"] for row in case["roles"].values() for path in row.values()}
    named |= {REASONS / case["crl"] for case in MANIFEST["cases"] if case["crl"]}
    named |= {REASONS / "manifest.json", REASONS / "README.md"}
    assert named == {path for path in REASONS.rglob("*") if path.is_file()}


@pytest.mark.parametrize("profile", [Profile.PATH, Profile.RFC5280, Profile.WEBPKI], ids=lambda profile: profile.name)
@pytest.mark.parametrize(("case", "role"), CASES)
def test_chain_meets_its_reason(case: dict[str, Any], role: str, profile: Profile) -> None:
    with pytest.raises(CertificateError) as caught:
        verify_chain(
            chain_of(case, role),
            trust=trust_of(case["trust"]),
            policy=policy_of(case, role, profile=profile),
            evidence=evidence_of(case),
        )
    assert_meets(case, caught.value)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.label)
@pytest.mark.parametrize(("case", "role"), CASES)
def test_chain_meets_its_reason_in_a_handshake(case: dict[str, Any], role: str, version: ProtocolVersion) -> None:
    judge, other = handshake(case, role, version)
    assert_meets(case, judge.error)
    alert = AlertDescription[case["alert"].upper()]
    assert isinstance(other.error, ProtocolError)
    assert other.error.problem is Problem.ALERT_RECEIVED
    assert other.error.received == alert


def handshake(case: dict[str, Any], role: str, version: ProtocolVersion) -> tuple[End, End]:
    """The end that judges the chain, and the one that presents it."""
    judging = {"verify": Verify.REQUIRED, "trust": trust_of(case["trust"]), "depth": case["depth"]}
    judging |= {"crls": tuple(evidence_of(case).crls), "revocation": case["revocation"]}
    both = {"versions": (version,)}
    if role == "server":
        client = client_config(**both, **judging, server_name=case["server_name"], env=SeededEnv(b"client", TIME))
        server = server_config(**both, credentials=(presented(case, role),), env=SeededEnv(b"server", TIME))
    else:
        client = client_config(**both, credential=presented(case, role), env=SeededEnv(b"client", TIME))
        server = server_config(**both, **judging, env=SeededEnv(b"server", TIME))
    joined = Link(ClientConnection(client), ServerConnection(server)).handshake()
    return (joined.client, joined.server) if role == "server" else (joined.server, joined.client)
