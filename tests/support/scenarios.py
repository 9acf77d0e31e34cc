"""Every kind of handshake there is, by name: what tests of all states, all bytes or all randomness walk through.

A scenario makes the same two ends each time it is asked, so that whatever happens to them can be repeated. A new kind
of handshake gets a row here, and all those tests cover it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from puressl.codes import CipherSuite, NamedGroup, ProtocolVersion
from puressl.config import Verify
from puressl.connection import ClientConnection, ServerConnection
from puressl.env import SeededEnv
from puressl.session import MemorySessionStore, TicketKeys
from puressl.wire import ClientHello, SessionTicket

from support import status
from support.altered import without_extension
from support.bad_peer import Watcher
from support.configs import TIME, client_config, credential, server_config, trust
from support.link import End, Link

Fields = dict[str, Any]


@dataclass(frozen=True)
class Scenario:
    """One kind of handshake. client, server: fields of the configurations. resumes: whether it is the second one."""

    name: str
    version: ProtocolVersion
    client: Fields = field(default_factory=dict)
    server: Fields = field(default_factory=dict)
    key_type: str = "p256"
    resumes: bool = False

    def join(self, *, client: Fields | None = None, server: Fields | None = None) -> Link:
        """Two fresh ends, watched, not yet started. client, server: fields to change."""
        env = SeededEnv(b"kept", TIME)
        kept: tuple[Fields, Fields] = (
            {"sessions": MemorySessionStore(env)},
            {"sessions": MemorySessionStore(env), "ticket_keys": TicketKeys(env)},
        )
        if self.resumes:
            self._link(*kept).handshake().raise_errors()
        return self._link({**kept[0], **(client or {})}, {**kept[1], **(server or {})})

    def _link(self, client: Fields, server: Fields) -> Link:
        both = {"versions": (self.version,), "tracer": Watcher()}
        return Link(
            ClientConnection(client_config(self.key_type, **{**both, **self.client, **client})),
            ServerConnection(server_config(self.key_type, **{**both, "tracer": Watcher(), **self.server, **server})),
        )


TLS12, TLS13 = ProtocolVersion.TLSv1_2, ProtocolVersion.TLSv1_3
_RETRY: tuple[Fields, Fields] = (
    {"groups": (NamedGroup.X25519, NamedGroup.SECP256R1)},
    {"groups": (NamedGroup.SECP256R1,), "cookie": True},
)
_OWN = {"credential": credential("p256", "client")}
_ASK: Fields = {"verify": Verify.PEER, "trust": trust("p256")}
_NO_TICKETS: Fields = {"session_tickets": False}
_OWN_RSA = {"credential": credential("rsa2048", "client")}
_ASK_RSA: Fields = {"verify": Verify.REQUIRED, "trust": trust("rsa2048")}


def _without_ticket(hello: ClientHello) -> ClientHello:
    return replace(hello, extensions=without_extension(SessionTicket)(hello.extensions))


def _suite(suite: CipherSuite) -> Fields:
    return {"cipher_suites": (suite,)}


_STAPLING: tuple[Fields, Fields] = (
    {"trust": status.trust()},
    {"credentials": (status.stapling(status.server()),)},
)
_STAPLING_RSA: tuple[Fields, Fields] = (
    {"trust": status.trust()},
    {"credentials": (status.stapling(status.server("rsa")),)},
)
_DHE = _suite(CipherSuite.TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256)
_RSA = _suite(CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA)

SCENARIOS = (
    Scenario("tls13", TLS13),
    Scenario("tls13 with hello retry", TLS13, *_RETRY),
    Scenario("tls13 with a client certificate", TLS13, _OWN, _ASK),
    Scenario("tls13 asked for a certificate and without", TLS13, {}, _ASK),
    Scenario("tls13 resumed", TLS13, resumes=True),
    Scenario("tls13 resumed with hello retry", TLS13, *_RETRY, resumes=True),
    Scenario("tls13 with hello retry and a client certificate", TLS13, {**_RETRY[0], **_OWN}, {**_RETRY[1], **_ASK}),
    Scenario("tls13 without compatibility", TLS13, {"middlebox_compatibility": False}),
    Scenario("tls13 with AES-256 and RSA", TLS13, _suite(CipherSuite.TLS_AES_256_GCM_SHA384), key_type="rsa2048"),
    Scenario("tls12 ECDHE", TLS12),
    Scenario("tls12 ECDHE with a client certificate", TLS12, _OWN, _ASK),
    Scenario("tls12 ECDHE asked for a certificate and without", TLS12, {}, _ASK),
    Scenario("tls12 DHE", TLS12, _DHE, _DHE, key_type="rsa2048"),
    Scenario("tls12 DHE with a client certificate", TLS12, {**_DHE, **_OWN_RSA}, {**_DHE, **_ASK_RSA}, "rsa2048"),
    Scenario("tls12 RSA", TLS12, _RSA, _RSA, "rsa2048"),
    Scenario("tls12 RSA with a client certificate", TLS12, {**_RSA, **_OWN_RSA}, {**_RSA, **_ASK_RSA}, "rsa2048"),
    Scenario("tls12 resumed by ticket", TLS12, resumes=True),
    Scenario("tls12 resumed by session id", TLS12, {"shape_hello": _without_ticket}, resumes=True),
    Scenario("tls12 without tickets", TLS12, _NO_TICKETS, _NO_TICKETS),
    Scenario(
        "tls12 without tickets, with a client certificate", TLS12, {**_NO_TICKETS, **_OWN}, {**_NO_TICKETS, **_ASK}
    ),
    Scenario("tls13 with a stapled response", TLS13, *_STAPLING),
    Scenario("tls12 ECDHE with a stapled response", TLS12, *_STAPLING),
    Scenario("tls12 DHE with a stapled response", TLS12, {**_DHE, **_STAPLING_RSA[0]}, {**_DHE, **_STAPLING_RSA[1]}),
    Scenario("tls12 RSA with a stapled response", TLS12, {**_RSA, **_STAPLING_RSA[0]}, {**_RSA, **_STAPLING_RSA[1]}),
)


def steps(joined: Link) -> Iterator[End]:
    """Starts the client and yields an end each time it has taken one message; every state is met."""
    joined.client.connection.start()
    yield joined.client
    moved = True
    while moved:
        moved = False
        for source, target in ((joined.client, joined.server), (joined.server, joined.client)):
            data = source.connection.data_to_send()
            source.sent += data
            if data:
                target.connection.receive_data(data)
            while target.connection._step():
                moved = True
                yield target
