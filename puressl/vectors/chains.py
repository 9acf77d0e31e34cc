"""Chains for the family ``x509``: how they are made.

Theory of operation: a conforming chain is a root, CAs and a leaf, each with a key of its own on P-256. ``Part`` says
how one of them differs; ``chain`` makes them from the root down. Keys and serial numbers come from seeds named after
place and name, dates are fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from puressl.crypto.keys import Curve, KeyType, PrivateKey, PssParameters, generate_ec, generate_ed, generate_rsa
from puressl.crypto.signatures import Algorithm
from puressl.env import Env, SeededEnv
from puressl.x509 import build
from puressl.x509.build import CertificateTemplate, Extension, GeneralNames

#: 2026-07-01T00:00:00Z, the time of every verification; and the validity of what is valid, POSIX seconds.
TIME = 1_782_864_000
VALID = (1_704_067_200, 2_335_219_200)
SERVER_NAME = "server.example"

_KEYS: dict[str, Callable[[Env], PrivateKey]] = {
    "p256": lambda env: generate_ec(Curve.SECP256R1, env),
    "p384": lambda env: generate_ec(Curve.SECP384R1, env),
    "p521": lambda env: generate_ec(Curve.SECP521R1, env),
    "ed25519": lambda env: generate_ed(KeyType.ED25519, env),
    "ed448": lambda env: generate_ed(KeyType.ED448, env),
    "rsa": lambda env: generate_rsa(2048, env),
    "rsa-pss": lambda env: generate_rsa(2048, env, PssParameters()),
    "rsa-1024": lambda env: generate_rsa(1024, env),
}


def _env(*words: str) -> SeededEnv:
    return SeededEnv(b"puressl vector chains 1 " + " ".join(words).encode(), TIME)


@cache
def key(kind: str, owner: str) -> PrivateKey:
    """The key of a kind that belongs to a name."""
    return _KEYS[kind](_env(kind, owner))


@dataclass(frozen=True, slots=True)
class Part:
    """How one certificate of a chain differs from a conforming one.

    extensions: added, or in place of those with the same identifier. without: identifiers of those left out. alter:
    changes the signed certificate. subject, issuer: other common names than the place has.
    """

    extensions: tuple[Extension, ...] = ()
    without: tuple[str, ...] = ()
    validity: tuple[int, int] = VALID
    kind: str = "p256"
    algorithm: Algorithm | None = None
    inner_algorithm: bytes | None = None
    version: int = build.X509_V3
    serial: int | None = None
    subject: str = ""
    issuer: str = ""
    alter: Callable[[bytes], bytes] = bytes


SOUND = Part()


class Issued(NamedTuple):
    """A certificate that was made, with what signs for it."""

    name: str
    key: PrivateKey
    der: bytes


def chain(root: Part, cas: Sequence[Part], leaf: Part) -> list[Issued]:
    """The leaf first, the root last."""
    made = [_authority("Root", None, root)]
    for number, part in enumerate(cas, 1):
        made.append(_authority(f"CA {number}", made[-1], part))
    made.append(_leaf(made[-1], leaf))
    return made[::-1]


def _authority(name: str, issuer: Issued | None, part: Part) -> Issued:
    conforming = (build.basic_constraints(True), build.key_usage("keyCertSign", "cRLSign"))
    return _issue(part.subject or name, issuer, part, conforming)


def _leaf(issuer: Issued, part: Part) -> Issued:
    conforming = (
        build.basic_constraints(False),
        build.key_usage("digitalSignature"),
        build.extended_key_usage("serverAuth"),
        build.subject_alt_name(GeneralNames(dns=(SERVER_NAME,))),
    )
    return _issue(part.subject or SERVER_NAME, issuer, part, conforming)


def _issue(name: str, issuer: Issued | None, part: Part, conforming: tuple[Extension, ...]) -> Issued:
    own = key(part.kind, name)
    signer = own if issuer is None else issuer.key
    identifiers = (build.subject_key_identifier(own.public), build.authority_key_identifier(signer.public))
    dropped = {*part.without, *(extension.oid for extension in part.extensions)}
    extensions = (*(each for each in (*conforming, *identifiers) if each.oid not in dropped), *part.extensions)
    template = CertificateTemplate(
        subject=subject(name),
        issuer=subject(part.issuer or (name if issuer is None else issuer.name)),
        public_key=own.public,
        not_before=part.validity[0],
        not_after=part.validity[1],
        extensions=() if part.version == build.X509_V1 else extensions,
        version=part.version,
        serial=part.serial,
        inner_algorithm=part.inner_algorithm,
    )
    env = _env(name, repr(part.validity), repr(extensions))
    return Issued(name, own, part.alter(build.issue(template, signer, env, algorithm=part.algorithm)))


def subject(name: str) -> bytes:
    return build.distinguished_name(("O", "puressl vectors"), ("CN", name))


def rich_certificate() -> bytes:
    """A certificate with an extension of every kind that can be built."""
    names = GeneralNames(
        dns=("a.example",),
        ips=("192.0.2.1", "2001:db8::1"),
        emails=("a@a.example",),
        uris=("https://a.example/",),
        directories=(subject("a"),),
    )
    extensions = (
        build.name_constraints(
            GeneralNames(dns=("example",), ips=("192.0.2.0/24",)), GeneralNames(emails=("b.example",))
        ),
        build.certificate_policies("2.5.29.32.0", "1.3.6.1.4.1.99999.1"),
        build.policy_mappings(("1.3.6.1.4.1.99999.1", "1.3.6.1.4.1.99999.2")),
        build.policy_constraints(1, 0),
        build.inhibit_any_policy(2),
        build.subject_alt_name(names),
        build.crl_distribution_points(build.distribution_point(GeneralNames(uris=("http://a.example/crl",)))),
        build.authority_information_access(["http://a.example/ocsp"]),
        build.extended_key_usage("serverAuth", "clientAuth", "1.3.6.1.4.1.99999.3"),
        Extension("1.3.6.1.4.1.99999.4", b"\x05\x00"),
    )
    return _authority("Rich", None, Part(extensions=extensions)).der
