"""How an end is configured, as a document says it.

Theory of operation: a row for each setting: its name is that of ``ClientConfig``'s or ``ServerConfig``'s field, its
value is JSON, with code points by name. What is negotiated about is always given, so that nothing depends on anybody's
defaults; everything else is there where it differs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from puressl.codes import CipherSuite, ExtensionType, NamedGroup, ProtocolVersion, SignatureScheme
from puressl.config import ClientConfig, ServerConfig, Verify
from puressl.env import Env
from puressl.session import MemorySessionStore, TicketKeys
from puressl.trace import Tracer
from puressl.vectors import names, schema
from puressl.vectors.documents import Json
from puressl.vectors.identities import SERVER_NAME, Identities
from puressl.wire import ClientHello, Extensions

Settings = Mapping[str, Json]

#: Every extension we write in a hello, by its code point, as a setting names it.
_EXTENSIONS = {member.name.lower(): member for member in ExtensionType}


def _as_it_is(value: Json) -> Any:
    return value


def _codes(registry: Any) -> Callable[[Json], Any]:
    return lambda value: names.codes(registry, value)


_READERS: Mapping[str, Callable[[Json], Any]] = {
    "versions": lambda value: tuple(names.VERSIONS[name] for name in value),
    "cipher_suites": _codes(CipherSuite),
    "groups": _codes(NamedGroup),
    "key_share_groups": _codes(NamedGroup),
    "advertised_groups": _codes(NamedGroup),
    "signature_schemes": _codes(SignatureScheme),
    "certificate_request_schemes": _codes(SignatureScheme),
    "alpn": lambda value: tuple(name.encode() for name in value),
    "verify": lambda value: Verify[value.upper()],
    **dict.fromkeys(
        (
            "server_name",
            "send_server_name",
            "session_tickets",
            "session_cache",
            "ticket_count",
            "record_size_limit",
            "middlebox_compatibility",
            "cookie",
            "secure_renegotiate",
            "allow_mac_then_encrypt",
            "require_known_name",
            "status_request",
        ),
        _as_it_is,
    ),
}
#: Settings that name an identity of the document, or that change a hello.
_OTHERS = ("identity", "trust", "omit_extensions", "staple")

SCHEMA = schema.obj({}, dict.fromkeys((*_READERS, *_OTHERS), schema.ANY))


@dataclass(frozen=True, slots=True)
class World:
    """What an end lives in, over all connections of a case. sessions and ticket keys are made when it is."""

    env: Env
    sessions: MemorySessionStore
    ticket_keys: TicketKeys

    @classmethod
    def of(cls, env: Env) -> World:
        return cls(env, MemorySessionStore(env), TicketKeys(env))


def client_config(
    settings: Settings, identities: Identities, world: World, tracer: Tracer, **more: Any
) -> ClientConfig:
    """A client's configuration. more: fields that are no settings."""
    fields = _fields(settings)
    if "identity" in settings:
        fields["credential"] = identities.credential(settings["identity"], "client")
    if "omit_extensions" in settings:
        fields["shape_hello"] = _omitting(settings["omit_extensions"])
    fields["trust"] = identities.trust(settings["trust"])
    return ClientConfig(**{**fields, "env": world.env, "sessions": world.sessions, "tracer": tracer, **more})


def server_config(
    settings: Settings, identities: Identities, world: World, tracer: Tracer, **more: Any
) -> ServerConfig:
    """A server's configuration. more: fields that are no settings."""
    fields = _fields(settings)
    credential = identities.credential(settings["identity"], "server")
    if "staple" in settings:
        credential = replace(credential, ocsp_response=bytes.fromhex(settings["staple"]))
    fields["credentials"] = (credential,)
    if "trust" in settings:
        fields["trust"] = identities.trust(settings["trust"])
    own = {"env": world.env, "sessions": world.sessions, "ticket_keys": world.ticket_keys, "tracer": tracer}
    return ServerConfig(**{**fields, **own, **more})


def _fields(settings: Settings) -> dict[str, Any]:
    return {name: _READERS[name](value) for name, value in settings.items() if name not in _OTHERS}


def _omitting(extensions: list[str]) -> Callable[[ClientHello], ClientHello]:
    types = {int(_EXTENSIONS[name]) for name in extensions}

    def shape(hello: ClientHello) -> ClientHello:
        kept = tuple(each for each in hello.extensions if each.extension_type not in types)
        return replace(hello, extensions=Extensions(kept))

    return shape


# Rows begin from these -------------------------------------------------------------------------------------------

_SCHEMES13 = ("ecdsa_secp256r1_sha256", "rsa_pss_rsae_sha256", "ed25519", "ecdsa_secp384r1_sha384")
_COMMON: Mapping[str, Settings] = {
    "tlsv1.3": {
        "versions": ["tlsv1.3"],
        "cipher_suites": ["tls_chacha20_poly1305_sha256", "tls_aes_128_gcm_sha256", "tls_aes_256_gcm_sha384"],
        "groups": ["x25519", "secp256r1"],
        "signature_schemes": [*_SCHEMES13],
    },
    "tlsv1.2": {
        "versions": ["tlsv1.2"],
        "cipher_suites": [
            "tls_ecdhe_ecdsa_with_chacha20_poly1305_sha256",
            "tls_ecdhe_rsa_with_chacha20_poly1305_sha256",
        ],
        "groups": ["x25519", "secp256r1"],
        "signature_schemes": [*_SCHEMES13, "rsa_pkcs1_sha256"],
    },
}


def client(version: str, kind: str = "p256", **settings: Json) -> dict[str, Json]:
    """A client of one version that trusts an authority. kind: of identity."""
    return {**_COMMON[version], "server_name": SERVER_NAME, "trust": kind, "status_request": False, **settings}


def server(version: str, kind: str = "p256", **settings: Json) -> dict[str, Json]:
    """A server of one version with an identity."""
    return {**_COMMON[version], "identity": kind, **settings}


def identities_of(*settings: Settings) -> list[str]:
    """The identities that settings name."""
    return [each[key] for each in settings for key in ("identity", "trust") if key in each]


def version_of(settings: Settings) -> ProtocolVersion:
    """The newest version of an end."""
    return max(names.VERSIONS[name] for name in settings["versions"])
