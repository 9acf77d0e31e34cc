"""TLS in pure Python: no OpenSSL, no compiled code, certificates verified.

Theory of operation: the names that users want are gathered here and loaded when they are first used (PEP 562), so that
``import puressl`` is quick and a program pays only for the layers it uses.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from puressl._version import __version__

if TYPE_CHECKING:
    from puressl.config import ClientConfig, ServerConfig, Verify
    from puressl.connection import ClientConnection, Connection, ServerConnection
    from puressl.env import SeededEnv, SystemEnv
    from puressl.errors import CertificateError, ProtocolError, Reason, SSLError
    from puressl.session import MemorySessionStore, Session, TicketKeys
    from puressl.x509.credential import Credential
    from puressl.x509.forms import decode_certificate, encode_certificate
    from puressl.x509.store import TrustStore

#: Where each public name is defined.
_HOMES = {
    "CertificateError": "puressl.errors",
    "ClientConfig": "puressl.config",
    "ClientConnection": "puressl.connection",
    "Connection": "puressl.connection",
    "Credential": "puressl.x509.credential",
    "MemorySessionStore": "puressl.session",
    "ProtocolError": "puressl.errors",
    "Reason": "puressl.errors",
    "SSLError": "puressl.errors",
    "SeededEnv": "puressl.env",
    "ServerConfig": "puressl.config",
    "ServerConnection": "puressl.connection",
    "Session": "puressl.session",
    "SystemEnv": "puressl.env",
    "TicketKeys": "puressl.session",
    "TrustStore": "puressl.x509.store",
    "Verify": "puressl.config",
    "decode_certificate": "puressl.x509.forms",
    "encode_certificate": "puressl.x509.forms",
}

__all__ = [
    "CertificateError",
    "ClientConfig",
    "ClientConnection",
    "Connection",
    "Credential",
    "MemorySessionStore",
    "ProtocolError",
    "Reason",
    "SSLError",
    "SeededEnv",
    "ServerConfig",
    "ServerConnection",
    "Session",
    "SystemEnv",
    "TicketKeys",
    "TrustStore",
    "Verify",
    "__version__",
    "decode_certificate",
    "encode_certificate",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
