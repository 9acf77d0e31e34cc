"""Certificates with OCSP responses and CRLs about them: a root, an intermediate that answers for its leaf, a server."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from puressl.crypto.keys import Curve, PrivateKey, generate_ec, generate_rsa
from puressl.env import SeededEnv
from puressl.x509 import build, pem
from puressl.x509 import build_revocation as issuing
from puressl.x509.build_revocation import CRLTemplate, OCSPAnswer, RevokedEntry, crl_number
from puressl.x509.certificate import Certificate
from puressl.x509.credential import Credential
from puressl.x509.extensions import TLS_FEATURE
from puressl.x509.keys import encode_private_key
from puressl.x509.ocsp import Status
from puressl.x509.store import TrustStore

from support.configs import SERVER_NAME, TIME

NOW = int(TIME)
DAY = 86_400
#: Features ::= SEQUENCE OF INTEGER with status_request, 5 (RFC 7633 4.1).
MUST_STAPLE = bytes.fromhex("3003020105")
#: Where every server's certificate says that its issuer answers.
RESPONDER = "http://ocsp.example"
#: An OCSPResponse with the status tryLater (RFC 6960 4.2.1).
TRY_LATER = bytes.fromhex("30030a0103")


@dataclass(frozen=True)
class Authority:
    """A certificate that issues, with its key."""

    certificate: Certificate
    key: PrivateKey

    def issue(self, name: str, key: PrivateKey, *extensions: build.Extension) -> Certificate:
        template = build.CertificateTemplate(
            build.distinguished_name(("CN", name)),
            self.certificate.subject.der,
            key.public,
            NOW - DAY,
            NOW + 3650 * DAY,
            extensions,
        )
        return Certificate.decode(build.issue(template, self.key, SeededEnv(f"{name} {extensions}".encode(), TIME)))

    def answer(
        self, about: Certificate, status: Status = Status.GOOD, *, of: Certificate | None = None, at: int = NOW
    ) -> OCSPAnswer:
        """What it would say. of: the issuer it names, itself unless given. at: POSIX seconds."""
        issuer = self.certificate if of is None else of
        return OCSPAnswer(about, issuer, at - 60, at + DAY, status, revoked_at=NOW - DAY)

    def respond(self, *answers: OCSPAnswer, **fields: Any) -> bytes:
        return issuing.issue_ocsp(answers, self.certificate, self.key, SeededEnv(b"ocsp", TIME), **fields)

    def crl(self, *revoked: Certificate, at: int = NOW) -> bytes:
        entries = tuple(RevokedEntry(one.serial, NOW - DAY) for one in revoked)
        template = CRLTemplate(self.certificate.subject.der, at - 60, at + DAY, entries, (crl_number(1),))
        return issuing.issue_crl(template, self.key, SeededEnv(b"crl", TIME))


@cache
def root() -> Authority:
    own = _key("root", "p256")
    subject = build.distinguished_name(("CN", "Status Root"))
    extensions = (build.basic_constraints(True), build.key_usage("keyCertSign", "cRLSign"))
    template = build.CertificateTemplate(subject, subject, own.public, NOW - DAY, NOW + 3650 * DAY, extensions)
    return Authority(Certificate.decode(build.issue(template, own, SeededEnv(b"root", TIME))), own)


@cache
def intermediate() -> Authority:
    own = _key("intermediate", "p256")
    extensions = (build.basic_constraints(True), build.key_usage("keyCertSign", "cRLSign"))
    return Authority(root().issue("Status CA", own, *extensions), own)


@cache
def server(kind: str = "p256", *, must_staple: bool = False, critical: bool = False) -> Credential:
    """A server's chain of two, nothing stapled. kind: p256 or rsa."""
    own = _key("server", kind)
    extensions = [
        build.key_usage("digitalSignature", "keyEncipherment"),
        build.extended_key_usage("serverAuth"),
        build.subject_alt_name(build.GeneralNames(dns=(SERVER_NAME,))),
        build.authority_information_access((RESPONDER,)),
    ]
    if must_staple:
        extensions.append(build.Extension(TLS_FEATURE, MUST_STAPLE, critical))
    leaf = intermediate().issue(SERVER_NAME, own, *extensions)
    return Credential.of((leaf, intermediate().certificate), own)


def trust() -> TrustStore:
    return TrustStore((root().certificate,))


def good(credential: Credential) -> bytes:
    return intermediate().respond(intermediate().answer(credential.leaf))


def stapling(credential: Credential, response: bytes | None = None) -> Credential:
    """With a response to staple, a good one unless it is given."""
    return replace(credential, ocsp_response=good(credential) if response is None else response)


def write(folder: Path, credential: Credential) -> None:
    """For programs: ``root.pem``, ``leaf.pem``, ``chain.pem`` with the leaf first, ``key.pem``."""
    certificates = [pem.encode("CERTIFICATE", one) for one in credential.chain]
    assert credential.key is not None
    (folder / "root.pem").write_bytes(pem.encode("CERTIFICATE", root().certificate.der))
    (folder / "leaf.pem").write_bytes(certificates[0])
    (folder / "chain.pem").write_bytes(b"".join(certificates))
    (folder / "key.pem").write_bytes(pem.encode("PRIVATE KEY", encode_private_key(credential.key)))


@cache
def _key(name: str, kind: str) -> PrivateKey:
    env = SeededEnv(f"status {name} {kind}".encode(), TIME)
    return generate_rsa(2048, env) if kind == "rsa" else generate_ec(Curve.SECP256R1, env)
