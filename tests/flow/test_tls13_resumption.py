"""Resumption in TLS 1.3 (RFC 8446 2.2, 4.2.11, 4.6.1): when it happens, and all that must prevent it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from puressl.codes import CipherSuite, NamedGroup
from puressl.config import Verify
from puressl.connection import ClientConnection, ServerConnection
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.schedule13 import EarlySecret, finished_verify_data
from puressl.env import SeededEnv
from puressl.errors import Problem, Reason, SSLError
from puressl.events import FindSession, IssueTicket, TicketReceived, VerifyPeer
from puressl.handshake.server13 import MAX_PSK_IDENTITIES
from puressl.session import MAX_SESSIONS_PER_KEY, MAX_TICKET_LIFETIME, MemorySessionStore, Session, TicketKeys
from puressl.wire import (
    Certificate,
    ClientHello,
    EncryptedExtensions,
    Extensions,
    NewSessionTicket,
    PreSharedKeyOffer,
    PreSharedKeySelected,
    PskIdentity,
    PskKeyExchangeModes,
    ServerHello,
    ServerNameAck,
    binders_length,
    encode_handshake,
)
from puressl.x509.verifier import danger_accept_unverified

from support.altered import changing, with_extension, without_extension
from support.authority import issued, roots
from support.bad_peer import BadClient, Watcher, assert_refused
from support.configs import TIME, client_config, credential, server_config, trust
from support.joined import TLS12, TLS13, exchange_data, join
from support.link import Link

AES_128, AES_256 = CipherSuite.TLS_AES_128_GCM_SHA256, CipherSuite.TLS_AES_256_GCM_SHA384
SHA256 = HashAlgorithm.SHA256
CHACHA = CipherSuite.TLS_CHACHA20_POLY1305_SHA256


class Pair:
    """A client and a server whose settings change from connection to connection, and what they keep in between."""

    def __init__(self, *, lifetime: int = 7_200, rotation: int = 3_600, **fields: dict[str, Any]) -> None:
        self.client_env, self.server_env = SeededEnv(b"client", TIME), SeededEnv(b"server", TIME)
        self.sessions = MemorySessionStore(self.client_env)
        self.ticket_keys = TicketKeys(self.server_env, lifetime=lifetime, rotation=rotation)
        self.fields = fields

    def join(self, **fields: dict[str, Any]) -> Link:
        client = {**self.fields.get("client", {}), **fields.get("client", {})}
        server = {**self.fields.get("server", {}), **fields.get("server", {})}
        return Link(
            ClientConnection(
                client_config(env=self.client_env, sessions=self.sessions, tracer=Watcher(), **versions(client))
            ),
            ServerConnection(
                server_config(env=self.server_env, ticket_keys=self.ticket_keys, tracer=Watcher(), **versions(server))
            ),
        )

    def connect(self, **fields: dict[str, Any]) -> Link:
        return self.join(**fields).handshake().raise_errors()

    def wait(self, seconds: float) -> None:
        self.client_env.clock += seconds
        self.server_env.clock += seconds


def versions(fields: dict[str, Any]) -> dict[str, Any]:
    return {"versions": (TLS13,), **fields}


def offers(joined: Link) -> bool:
    """Whether the (last) ClientHello offers a session."""
    hello = joined.client.connection.config.tracer.of(ClientHello)[-1]
    return hello.extensions.get(PreSharedKeyOffer) is not None


def is_resumed(joined: Link) -> bool:
    ends = (joined.client, joined.server)
    resumed = {end.connection.negotiated.resumed for end in ends}
    assert len(resumed) == 1
    return resumed.pop()


@pytest.mark.parametrize("suite", [AES_128, AES_256, CHACHA])
def test_a_session_is_resumed_without_certificates(suite: CipherSuite) -> None:
    pair = Pair(client={"cipher_suites": (suite,)})
    first = pair.connect()
    assert not is_resumed(first)
    second = pair.connect()
    assert is_resumed(second)
    assert second.server.connection.config.tracer.of(Certificate) == []
    agreed = second.client.connection.negotiated
    assert agreed.peer_chain == first.client.connection.negotiated.peer_chain == credential("p256").chain
    assert agreed.signature_scheme is None
    assert agreed.verified_path == ()
    assert agreed.group == NamedGroup.X25519  # psk_dhe_ke: secrecy does not hang on the ticket
    exchange_data(second)


def test_a_resumed_connection_gives_new_tickets_that_resume_again() -> None:
    pair = Pair()
    pair.connect()
    for _ in range(3):
        assert is_resumed(pair.connect())


def test_server_name_is_not_acknowledged_again() -> None:
    """RFC 6066 3: not in a resumed handshake."""
    pair = Pair()
    pair.connect()
    (answer,) = pair.connect().server.connection.config.tracer.of(EncryptedExtensions)
    assert answer.extensions.get(ServerNameAck) is None


def test_a_client_certificate_is_remembered_and_not_asked_for_again() -> None:
    own = credential("p256", "client")
    pair = Pair(client={"credential": own}, server={"verify": Verify.REQUIRED, "trust": trust("p256")})
    pair.connect()
    second = pair.connect()
    assert is_resumed(second)
    assert second.server.connection.negotiated.peer_chain == own.chain


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_the_server_sends_as_many_tickets_as_configured(count: int) -> None:
    pair = Pair(server={"ticket_count": count})
    joined = pair.connect()
    tickets = joined.server.connection.config.tracer.of(NewSessionTicket)
    assert len(tickets) == len(joined.client.of(TicketReceived)) == count
    assert len({ticket.ticket for ticket in tickets}) == len({ticket.ticket_nonce for ticket in tickets}) == count
    taken = [pair.sessions.take(joined.client.connection.config.scope) for _ in range(count)]
    assert len({session.secret for session in taken}) == count


def test_a_ticket_is_used_once() -> None:
    """RFC 8446 C.4: a ticket used twice lets others link the connections."""
    pair = Pair(server={"ticket_count": 1})
    pair.connect()
    pair.fields["server"] = {"ticket_count": 0}
    assert is_resumed(pair.connect())
    third = pair.connect()
    assert not offers(third)
    assert not is_resumed(third)


def test_a_client_keeps_only_so_many_tickets_for_one_peer() -> None:
    pair = Pair(server={"ticket_count": MAX_SESSIONS_PER_KEY + 2})
    joined = pair.connect()
    scope = joined.client.connection.config.scope
    taken = [pair.sessions.take(scope) for _ in range(MAX_SESSIONS_PER_KEY + 1)]
    assert None not in taken[:-1]
    assert taken[-1] is None


# What prevents it ----------------------------------------------------------------------------------------------------


def test_an_expired_ticket_is_not_offered() -> None:
    pair = Pair(lifetime=100)
    pair.connect()
    pair.wait(99.5)
    assert offers(pair.connect())
    pair.wait(100)
    assert not offers(pair.connect())


def test_an_expired_ticket_is_not_accepted_whatever_the_client_thinks() -> None:
    pair = Pair(lifetime=100)
    pair.connect()
    pair.server_env.clock += 100
    joined = pair.connect()
    assert offers(joined)
    assert not is_resumed(joined)


def test_a_ticket_from_the_future_is_not_accepted() -> None:
    """A clock set back makes ages negative."""
    pair = Pair()
    pair.connect()
    pair.server_env.clock -= 10
    assert not is_resumed(pair.connect())


def test_resuming_does_not_prolong_what_the_first_handshake_proved() -> None:
    pair = Pair(lifetime=100)
    pair.connect()
    for _ in range(2):
        pair.wait(40)
        assert is_resumed(pair.connect())
    pair.wait(40)
    assert not is_resumed(pair.connect())


def test_no_session_outlives_the_certificate_it_rests_on() -> None:
    short = issued("p256", "server.example", lifetime=50)
    pair = Pair(client={"trust": roots()}, server={"credentials": (short,)})
    (ticket, *_) = pair.connect().client.of(TicketReceived)
    assert ticket.session.expires == TIME + 50


def test_a_ticket_survives_a_rotation_of_keys() -> None:
    pair = Pair(lifetime=1_000, rotation=300)
    pair.connect()
    old, pair.sessions = pair.sessions, MemorySessionStore(pair.client_env)
    pair.wait(900)
    pair.connect()  # seals under a new key
    pair.sessions = old
    assert is_resumed(pair.connect())


def test_a_key_is_forgotten_when_no_ticket_under_it_can_be_alive() -> None:
    """RFC 5077 5.5: what it protected goes with it."""
    env = SeededEnv(b"x", TIME)
    keys = TicketKeys(env, lifetime=1_000, rotation=300)
    session = Session(TLS13, int(AES_128), bytes(32), b"scope", TIME, TIME + MAX_TICKET_LIFETIME)
    ticket = keys.seal(session)
    env.clock += 1_299
    assert keys.open(ticket) == session
    env.clock += 1
    assert keys.open(ticket) is None
    assert keys._keys == []


def test_a_ticket_whose_key_is_gone_is_ignored() -> None:
    pair = Pair()
    pair.connect()
    pair.ticket_keys = TicketKeys(pair.server_env)
    joined = pair.connect()
    assert offers(joined)
    assert not is_resumed(joined)


@pytest.mark.parametrize("at", [0, 16, 28, -1])
def test_an_altered_ticket_is_ignored(at: int) -> None:
    pair = Pair()
    store, scope = pair.sessions, pair.connect().client.connection.config.scope
    session = store.take(scope)
    altered = bytearray(session.ticket)
    altered[at] ^= 1
    store.put(scope, replace(session, ticket=bytes(altered)))
    joined = pair.connect()
    assert offers(joined)
    assert not is_resumed(joined)


def test_what_is_sealed_but_no_session_is_ignored() -> None:
    """Keys may be shared with another version of this program, which seals other things."""
    keys = TicketKeys(SeededEnv(b"x", TIME))
    session = Session(TLS13, int(AES_128), bytes(32), b"scope", TIME, TIME + 1)
    ticket = keys.seal(session)
    assert keys.open(ticket) == session
    (key,) = keys._keys
    for content in (b"", b"{}", b"[]", b'{"version":1}', b"\xff"):
        nonce = bytes(12)
        assert keys.open(key.name + nonce + key.aead.seal(nonce, content, key.name)) is None
    for length in (0, 15, 16, 28, 43):
        assert keys.open(ticket[:length]) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"server_name": "localhost"},
        {"alpn": (b"h2",)},
        {"trust": trust("ed25519"), "verify": Verify.NONE},
        {"verify": Verify.NONE},
        {"verify": Verify.PEER},
        {"depth": 3},
        {"minimum_rsa_bits": 3_072},
        {"credential": credential("p256", "client")},
        {"resolvers": {VerifyPeer: lambda need: danger_accept_unverified(need.chain)}},
        {"session_tickets": False},
    ],
    ids=lambda fields: "-".join(fields),
)
def test_a_client_offers_no_session_made_under_other_settings(fields: dict[str, Any]) -> None:
    for first, second in ((fields, {}), ({}, fields)):
        pair = Pair()
        pair.connect(client=first)
        joined = pair.connect(client=second)
        assert not offers(joined)
        assert not is_resumed(joined)


@pytest.mark.parametrize(
    "fields",
    [
        {"alpn": (b"h2",)},
        {"verify": Verify.PEER, "trust": trust("p256")},
        {"verify": Verify.PEER, "trust": trust("ed25519")},
        {"depth": 3},
        {"session_tickets": False},
    ],
    ids=lambda fields: "-".join(fields),
)
def test_a_server_accepts_no_session_made_under_other_settings(fields: dict[str, Any]) -> None:
    for first, second in ((fields, {}), ({}, fields)):
        pair = Pair()
        made = pair.connect(server=first).client.of(TicketReceived)
        joined = pair.connect(server=second)
        assert offers(joined) is bool(made)
        assert not is_resumed(joined)


def move_session(pair: Pair, joined: Link, **fields: Any) -> None:
    """Lets a client offer a session where its own rules would not: the server must not rely on them."""
    session = pair.sessions.take(joined.client.connection.config.scope)
    scope = client_config(**versions(fields)).scope
    pair.sessions.put(scope, replace(session, scope=scope))


def test_a_server_resumes_for_no_other_name() -> None:
    """RFC 8446 4.6.1, RFC 6066 3."""
    pair = Pair()
    move_session(pair, pair.connect(), server_name="localhost")
    joined = pair.connect(client={"server_name": "localhost"})
    assert offers(joined)
    assert not is_resumed(joined)


def test_a_server_resumes_for_no_other_protocol() -> None:
    pair = Pair(server={"alpn": (b"h2", b"h3")})
    move_session(pair, pair.connect(client={"alpn": (b"h2",)}), alpn=(b"h3",))
    joined = pair.connect(client={"alpn": (b"h3",)})
    assert offers(joined)
    assert not is_resumed(joined)
    assert joined.client.connection.negotiated.alpn == b"h3"


def test_a_server_that_now_requires_a_certificate_resumes_nobody_without() -> None:
    pair = Pair(server={"verify": Verify.REQUIRED, "trust": trust("p256"), "ticket_count": 1})
    first = pair.connect(client={"credential": credential("p256", "client")})
    ticket = first.client.of(TicketReceived)[0].session
    sealed = pair.ticket_keys.open(ticket.ticket)
    scope = first.client.connection.config.scope
    pair.sessions.take(scope)
    pair.sessions.put(scope, replace(ticket, ticket=pair.ticket_keys.seal(replace(sealed, peer_chain=()))))
    joined = pair.connect(client={"credential": credential("p256", "client")})
    assert offers(joined)
    assert not is_resumed(joined)


def test_a_suite_of_the_same_hash_resumes_and_one_of_another_does_not() -> None:
    pair = Pair(server={"cipher_suites": (AES_128,)})
    pair.connect()
    pair.fields["server"] = {"cipher_suites": (CHACHA, AES_256)}
    assert is_resumed(pair.connect())
    pair.fields["server"] = {"cipher_suites": (AES_256,)}
    joined = pair.connect()
    assert offers(joined)
    assert not is_resumed(joined)


def test_a_client_that_dropped_the_suite_offers_nothing() -> None:
    pair = Pair(client={"cipher_suites": (AES_128, CHACHA)}, server={"cipher_suites": (AES_128,)})
    pair.connect()
    assert not offers(pair.connect(client={"cipher_suites": (CHACHA,)}, server={"cipher_suites": (CHACHA,)}))


def test_a_tls13_session_is_of_no_use_to_a_tls12_connection() -> None:
    pair = Pair()
    pair.connect()
    both = {"versions": (TLS12,)}
    joined = pair.connect(client=both, server=both)
    assert not joined.client.connection.negotiated.resumed
    assert not joined.server.connection.negotiated.resumed


# Binders ----------------------------------------------------------------------------------------------------


def test_a_wrong_binder_is_refused() -> None:
    """RFC 8446 4.2.11.2: decrypt_error, even though a full handshake would be possible."""
    pair = Pair()
    joined = pair.connect()
    scope = joined.client.connection.config.scope
    session = pair.sessions.take(scope)
    pair.sessions.put(scope, replace(session, secret=bytes(32)))
    second = pair.join().handshake()
    assert_refused(second.server, Problem.BAD_BINDER, peer=second.client)


def test_a_session_is_resumed_through_a_hello_retry() -> None:
    pair = Pair(server={"groups": (NamedGroup.SECP256R1,), "cookie": True})
    pair.connect()
    joined = pair.connect()
    assert is_resumed(joined)
    assert joined.client.connection.negotiated.hello_retry
    hellos = joined.client.connection.config.tracer.of(ClientHello)
    binders = [hello.extensions.get(PreSharedKeyOffer).binders for hello in hellos]
    assert len(set(binders)) == 2


def test_a_retry_with_another_hash_drops_the_session() -> None:
    """RFC 8446 4.1.4."""
    pair = Pair(server={"cipher_suites": (AES_128,), "groups": (NamedGroup.SECP256R1,)})
    pair.connect()
    pair.fields["server"]["cipher_suites"] = (AES_256,)
    joined = pair.connect()
    hellos = joined.client.connection.config.tracer.of(ClientHello)
    assert [hello.extensions.get(PreSharedKeyOffer) is not None for hello in hellos] == [True, False]
    assert not is_resumed(joined)


@pytest.mark.parametrize("strangers", [1, MAX_PSK_IDENTITIES - 1, MAX_PSK_IDENTITIES])
def test_unknown_identities_are_passed_over_up_to_a_cap(strangers: int) -> None:
    """RFC 8446 4.2.11: several may be offered; each look-up costs a decryption."""
    pair = Pair()
    store, scope = pair.sessions, pair.connect().client.connection.config.scope
    session = store.take(scope)
    store.put(scope, session)
    asked: list[FindSession] = []

    def find(need: FindSession) -> Session | None:
        asked.append(need)
        return pair.ticket_keys.open(need.ticket)

    plain = pair.join(server={"resolvers": {FindSession: find}})
    client = BadClient(plain.client.connection.config, lambda message: (crowded(message, session, strangers),))
    joined = Link(client, plain.server.connection).handshake()
    (answer,) = joined.server.connection.config.tracer.of(ServerHello)
    selected = answer.extensions.get(PreSharedKeySelected)
    assert selected == (PreSharedKeySelected(strangers) if strangers < MAX_PSK_IDENTITIES else None)
    assert len(asked) == min(strangers + 1, MAX_PSK_IDENTITIES)


def crowded(message: Any, session: Session, strangers: int) -> Any:
    """A ClientHello with other identities before the session's own."""
    if not isinstance(message, ClientHello):
        return message
    (own,) = message.extensions.get(PreSharedKeyOffer).identities
    identities = (*(PskIdentity(bytes([number]) * 50, number) for number in range(strangers)), own)
    others = tuple(message.extensions)[:-1]

    def bound(binder: bytes) -> ClientHello:
        psk = PreSharedKeyOffer(identities, (*(bytes(32) for _ in range(strangers)), binder))
        return replace(message, extensions=Extensions((*others, psk)))

    raw = encode_handshake(bound(bytes(32)))
    truncated = raw[: len(raw) - binders_length(bound(bytes(32)))]
    binder_key = EarlySecret(SHA256, session.secret).binder_key()
    return bound(finished_verify_data(SHA256, binder_key, SHA256.digest(truncated)))


# Tickets ----------------------------------------------------------------------------------------------------


def test_a_client_that_can_use_no_ticket_gets_none() -> None:
    """RFC 8446 4.2.9."""

    def hide(hello: ClientHello) -> ClientHello:
        return replace(hello, extensions=without_extension(PskKeyExchangeModes)(hello.extensions))

    joined = Pair().connect(client={"shape_hello": hide})
    assert joined.server.connection.config.tracer.of(NewSessionTicket) == []


def test_psk_without_diffie_hellman_is_not_spoken() -> None:
    """RFC 8446 4.2.9: a client that offers psk_ke alone gets a full handshake."""
    pair = Pair()
    pair.connect()

    def shape(hello: ClientHello) -> ClientHello:
        last = tuple(hello.extensions)[-1]
        others = with_extension(PskKeyExchangeModes((0,)))(Extensions(tuple(hello.extensions)[:-1]))
        return replace(hello, extensions=Extensions((*others, last)))

    joined = pair.connect(client={"shape_hello": shape})
    assert offers(joined)
    assert not is_resumed(joined)


def test_a_server_may_decline_to_send_tickets() -> None:
    joined = Pair(server={"resolvers": {IssueTicket: lambda need: None}}).connect()
    assert joined.server.connection.config.tracer.of(NewSessionTicket) == []
    assert joined.client.of(TicketReceived) == []


@pytest.mark.parametrize(("sent", "kept"), [(0, None), (10, 10.0), (2**32 - 1, float(MAX_TICKET_LIFETIME))])
def test_the_client_keeps_a_ticket_for_its_lifetime_at_most_seven_days(sent: int, kept: float | None) -> None:
    """RFC 8446 4.6.1; zero: discard at once."""
    rewrite = changing(NewSessionTicket, ticket_lifetime=sent)
    joined = join(bad_server=rewrite, server={"ticket_count": 1}).handshake().raise_errors()
    assert [event.session.expires - TIME for event in joined.client.of(TicketReceived)] == ([kept] if kept else [])


@pytest.mark.parametrize("lifetime", [0, -1, MAX_TICKET_LIFETIME + 1])
def test_a_ticket_lifetime_that_no_ticket_may_have_is_refused(lifetime: int) -> None:
    with pytest.raises(SSLError) as caught:
        TicketKeys(SeededEnv(b"x", TIME), lifetime=lifetime)
    assert caught.value.reason is Reason.EOPTIONS


def test_a_saved_session_resumes_in_another_process() -> None:
    pair = Pair()
    scope = pair.connect().client.connection.config.scope
    saved = pair.sessions.take(scope).encode()
    pair.sessions = MemorySessionStore(pair.client_env)
    pair.sessions.put(scope, Session.decode(saved))
    assert is_resumed(pair.connect())


def test_the_age_of_a_ticket_is_obfuscated() -> None:
    """RFC 8446 4.2.11.1."""
    pair = Pair(server={"ticket_count": 1})
    session = pair.connect().client.of(TicketReceived)[0].session
    assert session.age_add != 0
    pair.wait(1.25)
    hello = pair.connect().client.connection.config.tracer.of(ClientHello)[0]
    (identity,) = hello.extensions.get(PreSharedKeyOffer).identities
    assert identity.obfuscated_ticket_age == (session.age_add + 1_250) % 2**32
