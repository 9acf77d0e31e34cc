"""Credentials that the bundled certificates do not have: every key type, any name, any date; made when asked for."""

from __future__ import annotations

from functools import cache

from puressl.crypto.keys import Curve, KeyType, PrivateKey, PssParameters, generate_ec, generate_ed, generate_rsa
from puressl.env import SeededEnv
from puressl.x509 import build
from puressl.x509.certificate import Certificate
from puressl.x509.credential import Credential
from puressl.x509.store import TrustStore

from support.configs import SERVER_NAME, TIME

_DAY = 86_400
_YEAR = 365 * _DAY
_MAKERS = {
    "p256": lambda env: generate_ec(Curve.SECP256R1, env),
    "p384": lambda env: generate_ec(Curve.SECP384R1, env),
    "p521": lambda env: generate_ec(Curve.SECP521R1, env),
    "ed25519": lambda env: generate_ed(KeyType.ED25519, env),
    "ed448": lambda env: generate_ed(KeyType.ED448, env),
    "rsa": lambda env: generate_rsa(2048, env),
    "rsa-pss": lambda env: generate_rsa(2048, env, PssParameters()),
}
KEY_KINDS = tuple(_MAKERS)


@cache
def key(kind: str, name: str) -> PrivateKey:
    """The same key in every run."""
    return _MAKERS[kind](SeededEnv(f"{kind} {name}".encode(), TIME))


@cache
def root() -> bytes:
    """A P-256 root, DER."""
    subject = build.distinguished_name(("CN", "Flow Root"))
    own = key("p256", "root")
    extensions = (
        build.basic_constraints(True),
        build.key_usage("keyCertSign"),
        build.subject_key_identifier(own.public),
    )
    template = build.CertificateTemplate(
        subject, subject, own.public, int(TIME) - _YEAR, int(TIME) + 10 * _YEAR, extensions
    )
    return build.issue(template, own, SeededEnv(b"root", TIME))


@cache
def roots() -> TrustStore:
    return TrustStore((Certificate.decode(root()),))


@cache
def issued(
    kind: str = "p256", *names: str, purpose: str = "serverAuth", lifetime: int = _YEAR, padding: int = 0
) -> Credential:
    """A leaf of the root for DNS names, ``server.example`` if none; its key is of ``kind``.

    lifetime: seconds after the tests' time. padding: octets of an extension that nobody reads.
    """
    names = names or (SERVER_NAME,)
    own, issuer = key(kind, names[0]), key("p256", "root")
    extensions = [
        build.key_usage("digitalSignature"),
        build.extended_key_usage(purpose),
        build.subject_alt_name(build.GeneralNames(dns=names)),
        build.authority_key_identifier(issuer.public),
    ]
    if padding:
        extensions.append(build.Extension("1.3.6.1.4.1.99999.1", bytes(padding)))
    template = build.CertificateTemplate(
        subject=build.distinguished_name(("CN", names[0])),
        issuer=build.distinguished_name(("CN", "Flow Root")),
        public_key=own.public,
        not_before=int(TIME) - _DAY,
        not_after=int(TIME) + lifetime,
        extensions=tuple(extensions),
    )
    der = build.issue(template, issuer, SeededEnv(f"{kind} {names} {purpose}".encode(), TIME))
    return Credential.of((Certificate.decode(der),), own)
