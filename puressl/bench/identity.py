"""Keys and certificates for measuring: a server's chain of leaf and intermediate, and the root that it leads to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from puressl.crypto.keys import Curve, PrivateKey, generate_ec, generate_rsa
from puressl.env import Env, SeededEnv
from puressl.x509 import build
from puressl.x509.certificate import Certificate
from puressl.x509.credential import Credential
from puressl.x509.store import TrustStore

SERVER_NAME = "server.example"
#: 2026-01-01T00:00:00Z; the certificates are good for a day before and after.
TIME = 1_767_225_600
_DAY = 86_400

_GENERATORS: dict[str, Callable[[Env], PrivateKey]] = {
    "P-256": lambda env: generate_ec(Curve.SECP256R1, env),
    "RSA-2048": lambda env: generate_rsa(2048, env),
}
#: The kinds of key that handshakes are measured with.
KEY_TYPES = tuple(_GENERATORS)


@dataclass(frozen=True, slots=True)
class Identity:
    """A server's key with its chain as a credential, and what a client trusts to verify it."""

    key: PrivateKey = field(repr=False)
    credential: Credential = field(repr=False)
    trust: TrustStore


@cache
def identity(key_type: str) -> Identity:
    """The identity of a kind of key (``KEY_TYPES``), the same in every run."""
    env = SeededEnv(key_type.encode(), TIME)
    root, intermediate, leaf = (_GENERATORS[key_type](env) for _ in range(3))
    authority = (build.basic_constraints(True), build.key_usage("keyCertSign"))
    end_entity = (
        build.basic_constraints(False),
        build.key_usage("digitalSignature"),
        build.extended_key_usage("serverAuth"),
        build.subject_alt_name(build.GeneralNames(dns=(SERVER_NAME,))),
    )
    anchor = _issue("Root", root, "Root", root, authority, env)
    issuer = _issue("Intermediate", intermediate, "Root", root, authority, env)
    own = _issue(SERVER_NAME, leaf, "Intermediate", intermediate, end_entity, env)
    return Identity(leaf, Credential.of((own, issuer), leaf), TrustStore([anchor]))


def _issue(
    name: str,
    key: PrivateKey,
    issuer: str,
    issuer_key: PrivateKey,
    extensions: tuple[build.Extension, ...],
    env: SeededEnv,
) -> Certificate:
    identifiers = (
        build.subject_key_identifier(key.public),
        build.authority_key_identifier(issuer_key.public),
    )
    template = build.CertificateTemplate(
        build.distinguished_name(("CN", name)),
        build.distinguished_name(("CN", issuer)),
        key.public,
        TIME - _DAY,
        TIME + _DAY,
        (*extensions, *identifiers),
    )
    return Certificate.decode(build.issue(template, issuer_key, env))
