"""A small certificate authority for the tests of this folder: conforming by default, broken by argument."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from puressl.crypto.keys import Curve, PrivateKey, generate_ec
from puressl.env import SeededEnv
from puressl.errors import CertificateError, Problem
from puressl.x509 import build
from puressl.x509.certificate import Certificate
from puressl.x509.policy import Policy, Purpose
from puressl.x509.store import TrustStore
from puressl.x509.verify import VerifiedChain, verify_chain

#: 2026-11-23T07:41:00Z
NOW = 1_795_419_660
DAY = 86_400


@cache
def key_of(name: str) -> PrivateKey:
    """One P-256 key per name, the same in every run."""
    return generate_ec(Curve.SECP256R1, SeededEnv(name.encode(), NOW))


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    der: bytes
    key: PrivateKey
    subject: bytes

    @property
    def certificate(self) -> Certificate:
        return Certificate.decode(self.der)


def name(common_name: str) -> bytes:
    return build.distinguished_name(("CN", common_name))


def issue(
    common_name: str,
    issuer: Issued | None = None,
    *,
    ca: bool = True,
    key: PrivateKey | None = None,
    dns: Iterable[str] = ("server.example",),
    ips: Iterable[str] = (),
    path_length: int | None = None,
    without: Iterable[str] = (),
    extra: Iterable[build.Extension] = (),
    algorithm: Any = None,
    subject: bytes | None = None,
    **fields: Any,
) -> Issued:
    """A CA or a leaf, self-signed without an issuer.

    without: identifiers of extensions to leave out. extra: extensions to add; one with the identifier of another
    replaces it. fields: any of the template's.
    """
    own = key or key_of(common_name)
    signer = issuer.key if issuer else own
    if ca:
        extensions = [build.basic_constraints(True, path_length), build.key_usage("keyCertSign", "cRLSign")]
    else:
        names = build.GeneralNames(dns=tuple(dns), ips=tuple(ips))
        extensions = [build.key_usage("digitalSignature"), build.extended_key_usage("serverAuth")]
        if names.dns or names.ips:
            extensions.append(build.subject_alt_name(names))
    extensions.append(build.subject_key_identifier(own.public))
    if issuer:
        extensions.append(build.authority_key_identifier(signer.public))
    added = tuple(extra)
    dropped = {*without, *(extension.oid for extension in added)}
    subject = name(common_name) if subject is None else subject
    template = build.CertificateTemplate(
        **{
            "subject": subject,
            "issuer": issuer.subject if issuer else subject,
            "public_key": own.public,
            "not_before": NOW - DAY,
            "not_after": NOW + DAY,
            "extensions": (*(one for one in extensions if one.oid not in dropped), *added),
            **fields,
        }
    )
    seed = SeededEnv(f"{common_name} {fields} {dropped}".encode(), NOW)
    return Issued(build.issue(template, signer, seed, algorithm=algorithm), own, subject)


def leaf(issuer: Issued | None, common_name: str = "leaf", **fields: Any) -> Issued:
    return issue(common_name, issuer, ca=False, **fields)


def store(*anchors: Issued) -> TrustStore:
    return TrustStore([anchor.certificate for anchor in anchors])


def verify(chain: Iterable[Issued], *anchors: Issued, **policy: Any) -> VerifiedChain:
    """Verifies for ``server.example`` now, unless ``policy`` says otherwise."""
    terms = {"time": NOW, "purpose": Purpose.SERVER_AUTH, "server_name": "server.example", **policy}
    return verify_chain([one.der for one in chain], trust=store(*anchors), policy=Policy(**terms))


def refuse(problem: Problem, chain: Iterable[Issued], *anchors: Issued, **policy: Any) -> CertificateError:
    """The error of a verification that must fail for this problem."""
    with pytest.raises(CertificateError) as caught:
        verify(chain, *anchors, **policy)
    assert caught.value.problem is problem, str(caught.value)
    return caught.value


@dataclass(frozen=True)
class Bench:
    """What the tests use, as one fixture: test folders are no packages, so they cannot import this file."""

    issue: Callable[..., Issued] = issue
    leaf: Callable[..., Issued] = leaf
    store: Callable[..., TrustStore] = store
    verify: Callable[..., VerifiedChain] = verify
    refuse: Callable[..., CertificateError] = refuse
    key_of: Callable[[str], PrivateKey] = key_of
    name: Callable[[str], bytes] = name
    now: int = NOW
    day: int = DAY


@pytest.fixture(scope="session")
def ca() -> Bench:
    return Bench()
