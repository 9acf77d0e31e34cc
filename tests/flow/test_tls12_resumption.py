"""Resumption in TLS 1.2: by ticket (RFC 5077) and by session identifier (RFC 5246 7.3), and what forbids it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from puressl.codes import AlertDescription, CipherSuite, Epoch, ProtocolVersion
from puressl.config import ClientConfig, ServerConfig, Verify
from puressl.connection import ClientConnection, ServerConnection
from puressl.env import SeededEnv
from puressl.errors import Problem, ProtocolError
from puressl.events import HandshakeCompleted, IssueTicket, Ticket, TicketReceived
from puressl.session import MemorySessionStore, Session, TicketKeys
from puressl.wire import (
    ClientHello,
    EncryptThenMac,
    ExtendedMasterSecret,
    Finished,
    NewSessionTicket12,
    ServerHello,
    ServerNameAck,
    SessionTicket,
)

from support.altered import Alter, AlteredClient, AlteredServer, changing, with_extension, without_extension
from support.configs import TIME, client_config, credential, server_config, trust
from support.link import Link

TLS12, TLS13 = ProtocolVersion.TLSv1_2, ProtocolVersion.TLSv1_3
CHACHA = CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
AES = CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
CBC = CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256
A = AlertDescription


class World:
    """What two configurations share across connections: the stores, the ticket keys and the clock."""

    def __init__(self, *, by_ticket: bool = True) -> None:
        self.client_env, self.server_env = SeededEnv(b"client", TIME), SeededEnv(b"server", TIME)
        self.client_sessions = MemorySessionStore(self.client_env)
        self.server_sessions = MemorySessionStore(self.server_env)
        self.ticket_keys = TicketKeys(self.server_env)
        self.by_ticket = by_ticket

    def client(self, **fields: Any) -> ClientConfig:
        shape = None if self.by_ticket else dropping(SessionTicket)
        settings = {"versions": (TLS12,), "env": self.client_env, "sessions": self.client_sessions}
        return client_config(**{**settings, "shape_hello": shape, **fields})

    def server(self, **fields: Any) -> ServerConfig:
        settings = {"env": self.server_env, "sessions": self.server_sessions, "ticket_keys": self.ticket_keys}
        return server_config(**{**settings, "versions": (TLS12,), **fields})

    def connect(self, *, client: dict[str, Any] | None = None, server: dict[str, Any] | None = None) -> Link:
        ends = ClientConnection(self.client(**(client or {}))), ServerConnection(self.server(**(server or {})))
        return Link(*ends).handshake()

    def against_server(self, alter: Alter, **client: Any) -> Link:
        return Link(ClientConnection(self.client(**client)), AlteredServer(self.server(), alter)).handshake()

    def against_client(self, alter: Alter, **server: Any) -> Link:
        return Link(AlteredClient(self.client(), alter), ServerConnection(self.server(**server))).handshake()

    def forward(self, seconds: float) -> None:
        self.client_env.clock += seconds
        self.server_env.clock += seconds

    @property
    def stored(self) -> Session | None:
        return self.client_sessions.find(self.client().scope)


def dropping(*kinds: type) -> Any:
    return lambda hello: replace(hello, extensions=without_extension(*kinds)(hello.extensions))


def is_resumed(joined: Link) -> bool:
    joined.raise_errors()
    resumed = {end.connection.negotiated.resumed for end in (joined.client, joined.server)}
    assert len(resumed) == 1
    joined.client.connection.send_data(b"ping")
    joined.server.connection.send_data(b"pong")
    joined.run().raise_errors()
    assert (joined.client.data, joined.server.data) == (b"pong", b"ping")
    return resumed.pop()


def problem_of(end: Any) -> Problem | None:
    return end.error.problem if isinstance(end.error, ProtocolError) else None


@pytest.fixture(params=[True, False], ids=["ticket", "identifier"])
def world(request: pytest.FixtureRequest) -> World:
    return World(by_ticket=request.param)


def test_a_session_is_resumed_again_and_again(world: World) -> None:
    first = world.connect()
    assert not is_resumed(first)
    assert len(first.client.of(TicketReceived)) == 1
    for _ in range(3):
        joined = world.connect()
        assert is_resumed(joined)
        agreed, before = joined.client.connection.negotiated, first.client.connection.negotiated
        assert agreed.peer_chain == before.peer_chain
        assert agreed.suite == before.suite
        assert agreed.group is None
        assert agreed.extended_master_secret
        assert len(joined.client.of(HandshakeCompleted)) == len(joined.server.of(HandshakeCompleted)) == 1


def test_a_ticket_comes_with_no_identifier_and_an_identifier_with_no_ticket(world: World) -> None:
    world.connect().raise_errors()
    session = world.stored
    assert session is not None
    assert bool(session.ticket) is world.by_ticket
    assert len(session.session_id) == (0 if world.by_ticket else 32)
    assert session.peer_chain == credential().chain
    assert session.extended_master_secret


@pytest.mark.parametrize("suite", [CHACHA, AES, CBC, CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384])
def test_every_kind_of_cipher_is_resumed(world: World, suite: CipherSuite) -> None:
    suites = {"cipher_suites": (suite,)}
    assert not is_resumed(world.connect(client=suites, server=suites))
    joined = world.connect(client=suites, server=suites)
    assert is_resumed(joined)
    assert joined.client.connection.negotiated.encrypt_then_mac is (suite is CBC)


def test_the_traffic_keys_of_a_resumption_are_new(world: World) -> None:
    logs: list[str] = []
    first, second = (world.connect(client={"keylog": logs.append}) for _ in range(2))
    assert not is_resumed(first)
    assert is_resumed(second)
    randoms, secrets = zip(*(line.split()[1:] for line in logs), strict=True)
    assert len(set(randoms)) == 2
    assert len(set(secrets)) == 1
    exported = {each.client.connection.export_keying_material(b"EXPORTER-x", None, 32) for each in (first, second)}
    assert len(exported) == 2


def test_a_client_that_also_speaks_tls13_resumes_a_tls12_session(world: World) -> None:
    both = {"versions": (TLS13, TLS12)}
    assert not is_resumed(world.connect(client=both))
    assert is_resumed(world.connect(client=both))


def test_an_authenticated_client_stays_authenticated(world: World) -> None:
    client = {"credential": credential("p256", "client")}
    server = {"verify": Verify.REQUIRED, "trust": trust()}
    assert not is_resumed(world.connect(client=client, server=server))
    joined = world.connect(client=client, server=server)
    assert is_resumed(joined)
    assert joined.server.connection.negotiated.peer_chain == credential("p256", "client").chain


def test_server_name_is_not_acknowledged_in_a_resumption(world: World) -> None:
    """RFC 6066 3."""
    hellos: list[ServerHello] = []

    def observe(message: Any) -> tuple[Any]:
        if isinstance(message, ServerHello):
            hellos.append(message)
        return (message,)

    for _ in range(2):
        world.against_server(observe).raise_errors()
    assert [hello.extensions.get(ServerNameAck) is not None for hello in hellos] == [True, False]


# What brings a full handshake -----------------------------------------------------------------------------------------


def offering(session: Session | None) -> Any:
    """A resolver-free way to offer one session under any settings: the client's store answers every scope."""

    class Store(MemorySessionStore):
        def __init__(self) -> None:
            super().__init__(SeededEnv(b"store", TIME))

        def take(self, key: bytes) -> Session | None:
            return None if session is None else replace(session, scope=key)

    return Store()


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "another server name": ({"server_name": "other.example", "verify": Verify.NONE}, {}),
    "another protocol": ({"alpn": (b"h2",)}, {"alpn": (b"h2",)}),
    "another trust on the server": ({}, {"verify": Verify.PEER, "trust": trust("rsa2048")}),
    "a required client certificate": (
        {"credential": credential("p256", "client")},
        {"verify": Verify.REQUIRED, "trust": trust()},
    ),
    "tickets off": ({}, {"session_tickets": False}),
    "suite no longer ours": ({}, {"cipher_suites": (AES,)}),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_full_handshake_is_made_under(world: World, case: str) -> None:
    client, server = CHANGES[case]
    world.connect().raise_errors()
    store = offering(world.stored)
    assert is_resumed(world.connect(client={"sessions": store}))
    assert not is_resumed(world.connect(client={**client, "sessions": store}, server=server))


def test_a_client_offers_no_session_of_other_settings(world: World) -> None:
    world.connect().raise_errors()
    hellos: list[ClientHello] = []

    def observe(hello: ClientHello) -> ClientHello:
        hellos.append(hello)
        return hello

    for fields in ({}, {"alpn": (b"h2",)}, {"server_name": "other.example"}, {"trust": trust("rsa2048")}):
        connection = ClientConnection(world.client(shape_hello=observe, **fields))
        connection.start()
    assert [bool(hello.session_id) for hello in hellos] == [True, False, False, False]


def test_a_client_that_no_longer_offers_the_suite_gets_a_full_handshake(world: World) -> None:
    world.connect().raise_errors()
    session = world.stored
    assert session is not None
    assert session.suite == CHACHA
    hello_without = {"cipher_suites": (AES,)}
    assert not is_resumed(world.connect(client=hello_without))


def test_a_stale_session_is_not_resumed(world: World) -> None:
    world.connect().raise_errors()
    world.forward(86_401)
    assert not is_resumed(world.connect())


def test_a_session_does_not_outlive_its_certificates() -> None:
    world = World()
    world.connect().raise_errors()
    session = world.stored
    assert session is not None
    assert session.expires - session.created <= 7_200


def test_a_ticket_of_unknown_keys_brings_a_full_handshake_and_a_new_ticket() -> None:
    world = World()
    world.connect().raise_errors()
    world.ticket_keys = TicketKeys(world.server_env)
    joined = world.connect()
    assert not is_resumed(joined)
    assert joined.client.of(TicketReceived)
    assert is_resumed(world.connect())


def test_an_unknown_identifier_brings_a_full_handshake() -> None:
    world = World(by_ticket=False)
    world.connect().raise_errors()
    world.server_sessions = MemorySessionStore(world.server_env)
    assert not is_resumed(world.connect())


def test_identifiers_are_given_only_with_a_session_cache() -> None:
    world = World(by_ticket=False)
    world.connect(server={"session_cache": False}).raise_errors()
    assert world.stored is None


def test_an_empty_ticket_says_that_there_is_none() -> None:
    """RFC 5077 3.3."""
    world = World()
    joined = world.connect(server={"resolvers": {IssueTicket: lambda need: None}}).raise_errors()
    assert not joined.client.of(TicketReceived)
    assert world.stored is None


def test_an_unspecified_lifetime_is_a_day_at_most() -> None:
    """RFC 5077 3.3: 0 leaves it to the client; RFC 5246 F.1.4 suggests 24 hours."""
    for lifetime, kept in ((0, 86_400), (60, 60), (604_800, 86_400)):
        world = World()
        issue = {IssueTicket: lambda need, lifetime=lifetime: Ticket(lifetime, b"ticket")}
        world.connect(server={"resolvers": issue}).raise_errors()
        session = world.stored
        assert session is not None
        assert session.expires - session.created == kept


def test_a_new_ticket_in_a_resumption_takes_the_place_of_the_old_one() -> None:
    """RFC 5077 3.3: NewSessionTicket before the server's ChangeCipherSpec."""
    world = World()
    world.connect().raise_errors()
    before = world.stored
    promise = changing(ServerHello, extensions=with_extension(SessionTicket(b"")))
    joined = Link(ClientConnection(world.client()), RenewingServer(world.server(), promise)).handshake()
    assert is_resumed(joined)
    session = world.stored
    assert session is not None
    assert before is not None
    assert session.ticket == b"renewed"
    assert session.secret == before.secret
    assert session.expires <= before.expires


class RenewingServer(AlteredServer):
    """Sends a ticket in a resumption, right after ServerHello, so that its Finished covers it."""

    def send(self, epoch: Epoch, message: Any) -> bytes:
        sent = super().send(epoch, message)
        if isinstance(message, ServerHello):
            sent += super().send(epoch, NewSessionTicket12(300, b"renewed"))
        return sent


# What ends the handshake ----------------------------------------------------------------------------------------------


def test_client_refuses_another_suite_than_the_sessions(world: World) -> None:
    world.connect().raise_errors()
    joined = world.against_server(changing(ServerHello, cipher_suite=int(AES)))
    assert problem_of(joined.client) is Problem.ILLEGAL_PARAMETER
    assert joined.server.error.received == A.ILLEGAL_PARAMETER


def test_client_refuses_a_resumption_without_the_sessions_extended_master_secret(world: World) -> None:
    """RFC 7627 5.3."""
    world.connect().raise_errors()
    joined = world.against_server(changing(ServerHello, extensions=without_extension(ExtendedMasterSecret)))
    assert problem_of(joined.client) is Problem.EXTENDED_MASTER_SECRET_CHANGED
    assert joined.server.error.received == A.HANDSHAKE_FAILURE


def test_server_refuses_to_resume_without_the_sessions_extended_master_secret(world: World) -> None:
    """RFC 7627 5.3."""
    world.connect().raise_errors()
    joined = world.against_client(changing(ClientHello, extensions=without_extension(ExtendedMasterSecret)))
    assert problem_of(joined.server) is Problem.EXTENDED_MASTER_SECRET_CHANGED
    assert joined.client.error.received == A.HANDSHAKE_FAILURE


def test_server_makes_a_full_handshake_for_a_session_without_extended_master_secret() -> None:
    """RFC 7627 5.3."""
    world = World(by_ticket=False)
    world.connect().raise_errors()
    session = world.stored
    assert session is not None
    kept = world.server_sessions.find(session.session_id)
    assert kept is not None
    world.server_sessions.put(session.session_id, replace(kept, extended_master_secret=False))
    assert not is_resumed(world.connect())


def test_client_refuses_a_resumption_that_drops_encrypt_then_mac(world: World) -> None:
    """RFC 7366 3.1."""
    suites = {"cipher_suites": (CBC,), "allow_mac_then_encrypt": True}
    world.connect(client=suites, server=suites).raise_errors()
    alter = changing(ServerHello, extensions=without_extension(EncryptThenMac))
    server = AlteredServer(world.server(**suites), alter)
    joined = Link(ClientConnection(world.client(**suites)), server).handshake()
    assert problem_of(joined.client) is Problem.ILLEGAL_PARAMETER


def test_server_makes_a_full_handshake_when_the_client_drops_encrypt_then_mac(world: World) -> None:
    suites = {"cipher_suites": (CBC,), "allow_mac_then_encrypt": True}
    world.connect(client=suites, server=suites).raise_errors()
    dropped = (EncryptThenMac,) if world.by_ticket else (EncryptThenMac, SessionTicket)
    joined = world.connect(client={**suites, "shape_hello": dropping(*dropped)}, server=suites)
    assert not is_resumed(joined)


@pytest.mark.parametrize("role", ["client", "server"])
def test_a_wrong_finished_ends_a_resumption_and_the_session(world: World, role: str) -> None:
    """RFC 5246 7.2.2: else every new attempt would fail the same way."""
    world.connect().raise_errors()
    session = world.stored
    assert session is not None
    wrong = changing(Finished, verify_data=bytes(12))
    joined = world.against_client(wrong) if role == "client" else world.against_server(wrong)
    judge = joined.server if role == "client" else joined.client
    assert problem_of(judge) is Problem.BAD_FINISHED
    assert world.stored is None
    if not world.by_ticket:
        assert world.server_sessions.find(session.session_id) is None
    assert not is_resumed(world.connect())


def test_an_alert_after_the_handshake_forgets_the_session(world: World) -> None:
    joined = world.connect().raise_errors()
    joined.client.connection.send_data(b"x")
    joined.client.connection.receive_data(b"\x17\x03\x03\x00\x20" + bytes(32))
    joined.client.drain()
    assert problem_of(joined.client) is Problem.BAD_RECORD_MAC
    joined.run()
    assert joined.server.error.received == A.BAD_RECORD_MAC
    assert world.stored is None
    assert not is_resumed(world.connect())


def test_a_truncated_connection_keeps_its_session(world: World) -> None:
    """RFC 5246 7.2.1: since TLS 1.1 a missing close_notify no longer makes a session unresumable."""
    joined = world.connect().raise_errors()
    for end in (joined.client, joined.server):
        end.connection.receive_data(b"")
        end.drain()
        assert problem_of(end) is Problem.TRUNCATED
    assert is_resumed(world.connect())
