"""TLS in pure Python: no OpenSSL, no compiled code, certificates verified.

Three ways to use it. For each, ``help`` of the names has arguments, results and errors.

- ``puressl.io.blocking``: ``connect``, ``accept`` and ``upgrade`` give a connection with ``read`` and ``write``. What
  they are to do is a ``ClientConfig`` or a ``ServerConfig``, with ``Credential`` and ``TrustStore``; times are in
  seconds.
- The functions of this module, after Erlang/OTP's ssl(3): ``start``, then ``connect``, or ``listen``,
  ``transport_accept`` and ``ssl_accept``; data by ``recv`` or as messages in a ``Mailbox``. What they are to do is a
  mapping of options (``help("puressl.sockets.options")``); times are in milliseconds, and without the option ``verify``
  no certificate is asked for.
- ``ClientConnection`` and ``ServerConnection``: the protocol alone, bytes in and bytes out, for event loops and
  transports of one's own.

All errors are ``SSLError``: ``reason`` is what to branch on, ``str`` what to show.

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
    from puressl.sockets.application import Version, start, stop, version
    from puressl.sockets.calls import (
        InsecureDefaultWarning,
        ciphers,
        close,
        connect,
        connection_info,
        controlling_process,
        format_error,
        getopts,
        listen,
        negotiated_protocol,
        peercert,
        peername,
        pid,
        port,
        recv,
        seed,
        send,
        setopts,
        sockname,
        ssl_accept,
        transport_accept,
    )
    from puressl.sockets.mailbox import Mailbox, mailbox
    from puressl.sockets.messages import Closed, Data, Error, Exit, ListenSocket, Passive, Pid, SSLSocket
    from puressl.x509.credential import Credential
    from puressl.x509.forms import decode_certificate, encode_certificate
    from puressl.x509.store import TrustStore

#: Where each public name is defined.
_HOMES = {
    "CertificateError": "puressl.errors",
    "ClientConfig": "puressl.config",
    "ClientConnection": "puressl.connection",
    "Closed": "puressl.sockets.messages",
    "Connection": "puressl.connection",
    "Credential": "puressl.x509.credential",
    "Data": "puressl.sockets.messages",
    "Error": "puressl.sockets.messages",
    "Exit": "puressl.sockets.messages",
    "InsecureDefaultWarning": "puressl.sockets.calls",
    "ListenSocket": "puressl.sockets.messages",
    "Mailbox": "puressl.sockets.mailbox",
    "MemorySessionStore": "puressl.session",
    "Passive": "puressl.sockets.messages",
    "Pid": "puressl.sockets.messages",
    "ProtocolError": "puressl.errors",
    "Reason": "puressl.errors",
    "SSLError": "puressl.errors",
    "SSLSocket": "puressl.sockets.messages",
    "SeededEnv": "puressl.env",
    "ServerConfig": "puressl.config",
    "ServerConnection": "puressl.connection",
    "Session": "puressl.session",
    "SystemEnv": "puressl.env",
    "TicketKeys": "puressl.session",
    "TrustStore": "puressl.x509.store",
    "Verify": "puressl.config",
    "Version": "puressl.sockets.application",
    "ciphers": "puressl.sockets.calls",
    "close": "puressl.sockets.calls",
    "connect": "puressl.sockets.calls",
    "connection_info": "puressl.sockets.calls",
    "controlling_process": "puressl.sockets.calls",
    "decode_certificate": "puressl.x509.forms",
    "encode_certificate": "puressl.x509.forms",
    "format_error": "puressl.sockets.calls",
    "getopts": "puressl.sockets.calls",
    "listen": "puressl.sockets.calls",
    "mailbox": "puressl.sockets.mailbox",
    "negotiated_protocol": "puressl.sockets.calls",
    "peercert": "puressl.sockets.calls",
    "peername": "puressl.sockets.calls",
    "pid": "puressl.sockets.calls",
    "port": "puressl.sockets.calls",
    "recv": "puressl.sockets.calls",
    "seed": "puressl.sockets.calls",
    "send": "puressl.sockets.calls",
    "setopts": "puressl.sockets.calls",
    "sockname": "puressl.sockets.calls",
    "ssl_accept": "puressl.sockets.calls",
    "start": "puressl.sockets.application",
    "stop": "puressl.sockets.application",
    "transport_accept": "puressl.sockets.calls",
    "version": "puressl.sockets.application",
}

__all__ = [
    "CertificateError",
    "ClientConfig",
    "ClientConnection",
    "Closed",
    "Connection",
    "Credential",
    "Data",
    "Error",
    "Exit",
    "InsecureDefaultWarning",
    "ListenSocket",
    "Mailbox",
    "MemorySessionStore",
    "Passive",
    "Pid",
    "ProtocolError",
    "Reason",
    "SSLError",
    "SSLSocket",
    "SeededEnv",
    "ServerConfig",
    "ServerConnection",
    "Session",
    "SystemEnv",
    "TicketKeys",
    "TrustStore",
    "Verify",
    "Version",
    "__version__",
    "ciphers",
    "close",
    "connect",
    "connection_info",
    "controlling_process",
    "decode_certificate",
    "encode_certificate",
    "format_error",
    "getopts",
    "listen",
    "mailbox",
    "negotiated_protocol",
    "peercert",
    "peername",
    "pid",
    "port",
    "recv",
    "seed",
    "send",
    "setopts",
    "sockname",
    "ssl_accept",
    "start",
    "stop",
    "transport_accept",
    "version",
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
