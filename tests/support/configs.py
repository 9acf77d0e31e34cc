"""Configurations for tests, from the bundled certificates; deterministic unless a test says otherwise."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from puressl.config import ClientConfig, ServerConfig
from puressl.env import SeededEnv
from puressl.x509.credential import Credential
from puressl.x509.store import TrustStore

CERTS = Path(__file__).resolve().parents[2] / "certs"
KEY_TYPES = ("rsa2048", "p256", "p384", "ed25519")
#: Within the validity of the bundled certificates.
TIME = 1_790_000_000.0
SERVER_NAME = "server.example"


@cache
def trust(key_type: str = "p256") -> TrustStore:
    """The root of a key type."""
    return TrustStore.from_file(str(CERTS / key_type / "root.pem"))


@cache
def credential(key_type: str = "p256", role: str = "server") -> Credential:
    """The bundled server's or client's certificate with its chain and key."""
    folder = CERTS / key_type
    return Credential.load(str(folder / f"{role}-chain.pem"), str(folder / f"{role}.key"))


def client_config(key_type: str = "p256", **fields: Any) -> ClientConfig:
    """A client that trusts the root of ``key_type``."""
    defaults: dict[str, Any] = {
        "server_name": SERVER_NAME,
        "trust": trust(key_type),
        "env": SeededEnv(b"client", TIME),
    }
    return ClientConfig(**{**defaults, **fields})


def server_config(key_type: str = "p256", **fields: Any) -> ServerConfig:
    """A server with the certificate of ``key_type``."""
    defaults: dict[str, Any] = {"credentials": (credential(key_type),), "env": SeededEnv(b"server", TIME)}
    return ServerConfig(**{**defaults, **fields})
