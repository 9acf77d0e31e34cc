"""Keys and certificates for the vectors' connections: an authority for each kind of key, a server and a client of it.

Theory of operation: everything is made from fixed seeds and dates, in ``make`` alone; a document carries the
identities its cases name, as PEM, so it needs no other file. Their private keys are public.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache

from puressl.crypto.keys import (
    Curve,
    KeyType,
    PrivateKey,
    PssParameters,
    generate_ec,
    generate_ed,
    generate_rsa,
)
from puressl.env import Env, SeededEnv
from puressl.vectors import schema
from puressl.vectors.documents import Json
from puressl.x509 import build, pem
from puressl.x509.credential import Credential
from puressl.x509.keys import encode_private_key, load_private_key
from puressl.x509.store import TrustStore

SERVER_NAME = "server.example"
#: 2026-09-21T14:13:20Z, the time of every connection; and the validity of the certificates, POSIX seconds.
TIME = 1_790_000_000
_NOT_BEFORE, _NOT_AFTER = 1_704_067_200, 2_335_219_200  # 2024 to 2044

_KINDS: Mapping[str, Callable[[Env], PrivateKey]] = {
    "p256": lambda env: generate_ec(Curve.SECP256R1, env),
    "p384": lambda env: generate_ec(Curve.SECP384R1, env),
    "p521": lambda env: generate_ec(Curve.SECP521R1, env),
    "ed25519": lambda env: generate_ed(KeyType.ED25519, env),
    "ed448": lambda env: generate_ed(KeyType.ED448, env),
    "rsa": lambda env: generate_rsa(2048, env),
    "rsa-pss": lambda env: generate_rsa(2048, env, PssParameters()),
}
#: Who certifies a kind; itself unless it stands here: RSA keys are slow to make.
_ISSUERS: Mapping[str, str] = {"rsa-pss": "rsa"}
_PURPOSES: Mapping[str, str] = {"server": "serverAuth", "client": "clientAuth"}

SCHEMA = schema.mapping(
    schema.obj(
        {
            "root": schema.STRING,
            "server": schema.obj({"certificate": schema.STRING, "key": schema.STRING}),
            "client": schema.obj({"certificate": schema.STRING, "key": schema.STRING}),
        }
    )
)


def made(kinds: Iterable[str]) -> Json:
    """Identities as a document has them. kinds: their names, in the order wanted."""
    return {kind: _made(kind) for kind in kinds}


@cache
def _made(kind: str) -> Json:
    issuer = _ISSUERS.get(kind, kind)
    return {
        "root": pem.encode("CERTIFICATE", _root(issuer)).decode(),
        **{role: _leaf(kind, issuer, role) for role in _PURPOSES},
    }


def _env(*words: str) -> SeededEnv:
    return SeededEnv(b"puressl vector identities 1 " + " ".join(words).encode(), _NOT_BEFORE)


@cache
def _key(kind: str, role: str) -> PrivateKey:
    return _KINDS[kind](_env(kind, role))


@cache
def _root(kind: str) -> bytes:
    key = _key(kind, "root")
    name = build.distinguished_name(("CN", f"Vectors Root {kind}"))
    extensions = (
        build.basic_constraints(True),
        build.key_usage("keyCertSign", "cRLSign"),
        build.subject_key_identifier(key.public),
    )
    template = build.CertificateTemplate(name, name, key.public, _NOT_BEFORE, _NOT_AFTER, extensions)
    return build.issue(template, key, _env(kind, "root certificate"))


def _leaf(kind: str, issuer: str, role: str) -> Json:
    key, issuer_key = _key(kind, role), _key(issuer, "root")
    usages = ("digitalSignature", "keyEncipherment") if kind == "rsa" else ("digitalSignature",)
    template = build.CertificateTemplate(
        subject=build.distinguished_name(("CN", f"{role}.example")),
        issuer=build.distinguished_name(("CN", f"Vectors Root {issuer}")),
        public_key=key.public,
        not_before=_NOT_BEFORE,
        not_after=_NOT_AFTER,
        extensions=(
            build.basic_constraints(False),
            build.key_usage(*usages),
            build.extended_key_usage(_PURPOSES[role]),
            build.subject_alt_name(build.GeneralNames(dns=(f"{role}.example", "localhost"), ips=("127.0.0.1",))),
            build.subject_key_identifier(key.public),
            build.authority_key_identifier(issuer_key.public),
        ),
    )
    der = build.issue(template, issuer_key, _env(kind, role, "certificate"))
    return {
        "certificate": pem.encode("CERTIFICATE", der).decode(),
        "key": pem.encode("PRIVATE KEY", encode_private_key(key)).decode(),
    }


@dataclass(frozen=True, slots=True)
class Identities:
    """The identities of a document, decoded when they are asked for."""

    json: Json = field(repr=False)

    def credential(self, kind: str, role: str) -> Credential:
        """A certificate with its key. role: "server" or "client"."""
        read = self.json[kind][role]
        return Credential.from_bytes(read["certificate"].encode(), read["key"].encode(), source=kind)

    def trust(self, kind: str) -> TrustStore:
        """The authority of a kind as the only anchor."""
        return TrustStore.from_bytes(self.json[kind]["root"].encode(), kind)

    def key(self, kind: str, role: str) -> PrivateKey:
        return load_private_key(self.json[kind][role]["key"].encode(), None, kind)
