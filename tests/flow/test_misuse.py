"""Resolvers, stores and callers that do what they should not: the connection fails closed, once, and for good."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from puressl.codes import AlertDescription, CipherSuite, ContentType, ProtocolVersion
from puressl.config import ClientConfig, ServerConfig, Verify
from puressl.connection import MAX_EXPORT, ClientConnection, Connection, ServerConnection
from puressl.env import SeededEnv
from puressl.errors import Problem, ProtocolError, Reason, SSLError
from puressl.events import (
    PENDING,
    DecryptPremaster,
    HandshakeCompleted,
    IssueTicket,
    Needed,
    Sign,
    Ticket,
    TicketReceived,
    VerifyPeer,
)
from puressl.session import MAX_TICKET, MemorySessionStore, Session, TicketKeys
from puressl.x509.verifier import danger_accept_unverified

from support.configs import TIME, client_config, credential, server_config, trust
from support.joined import TLS12, TLS13, join
from support.link import Link

VERSIONS = pytest.mark.parametrize("version", [TLS13, TLS12], ids=lambda version: version.label)


def test_numbers_of_verify_and_versions_are_taken_for_their_members() -> None:
    config = server_config(verify=2, trust=trust(), versions=(0x0304, 0x0303))
    assert config.verify is Verify.REQUIRED
    assert config.versions == (ProtocolVersion.TLSv1_3, ProtocolVersion.TLSv1_2)
    for wrong in ({"verify": 7}, {"versions": (0x0999,)}):
        with pytest.raises(SSLError) as caught:
            server_config(trust=trust(), **wrong)
        assert caught.value.reason is Reason.EOPTIONS


@VERSIONS
def test_client_without_certificate_is_refused_where_the_number_2_asks_for_one(version: ProtocolVersion) -> None:
    joined = join(versions=(version,), server={"verify": 2, "trust": trust()}).handshake()
    assert joined.server.error.problem in {Problem.NO_CERTIFICATE, Problem.NO_CLIENT_CERTIFICATE}
    assert "(the peer " in str(joined.client.error)


@VERSIONS
@pytest.mark.parametrize("role", ["client", "server"])
@pytest.mark.parametrize("answer", [None, True, danger_accept_unverified(credential("p384").chain)], ids=type)
def test_answer_that_proves_nothing_of_this_chain_does_not_authenticate(
    version: ProtocolVersion, role: str, answer: Any
) -> None:
    fields: dict[str, dict[str, Any]] = {
        "client": {"credential": credential("p256", "client")},
        "server": {"verify": Verify.REQUIRED, "trust": trust()},
    }
    fields[role]["resolvers"] = {VerifyPeer: lambda need: answer}
    joined = join(versions=(version,), **fields).handshake()
    failed = getattr(joined, role)
    assert failed.error.problem is Problem.INTERNAL_ERROR
    assert not failed.of(HandshakeCompleted)


def test_answer_after_a_failure_changes_nothing() -> None:
    joined = join(server={"resolvers": {Sign: lambda need: PENDING}}).handshake()
    (needed,) = joined.server.of(Needed)
    joined.server.connection.resolve(needed.need, RuntimeError("the signer is out"))
    joined.run()
    failure = joined.server.error
    assert failure.problem is Problem.INTERNAL_ERROR
    with pytest.raises(ProtocolError) as caught:
        joined.server.connection.resolve(needed.need, b"signature")
    assert caught.value is failure
    with pytest.raises(ProtocolError) as caught:
        joined.server.connection.next_event()
    assert caught.value is failure
    assert joined.client.error.received == AlertDescription.INTERNAL_ERROR


class BrokenStore(MemorySessionStore):
    """Cannot forget."""

    def discard(self, key: bytes) -> None:
        raise OSError("disk full")


def test_store_that_fails_while_a_connection_fails_does_not_hide_why() -> None:
    store = BrokenStore(SeededEnv(b"store", TIME))
    joined = join(versions=(TLS12,), client={"sessions": store}).handshake()
    joined.client.connection.receive_data(b"\x17\x03\x03\x00\x20" + bytes(32))
    joined.run()
    assert joined.client.error.problem is Problem.BAD_RECORD_MAC
    assert joined.client.connection.failure is joined.client.error


@VERSIONS
def test_ticket_too_large_for_a_later_hello_is_not_kept(version: ProtocolVersion) -> None:
    store = MemorySessionStore(SeededEnv(b"store", TIME))
    for length, kept in ((MAX_TICKET, True), (MAX_TICKET + 1, False)):
        ticket = Ticket(3600, bytes(length))
        joined = join(
            versions=(version,),
            client={"sessions": store},
            server={"resolvers": {IssueTicket: lambda need, ticket=ticket: ticket}},
        ).handshake()
        assert bool(joined.client.of(TicketReceived)) is kept
        while store.take(joined.client.connection.config.scope):
            pass


def test_session_that_does_not_fit_a_ticket_gets_none() -> None:
    keys = TicketKeys(SeededEnv(b"keys", TIME))
    config = server_config(ticket_keys=keys)
    from puressl.handshake.resolve import resolve

    def session(size: int) -> Session:
        return Session(TLS13, 0x1301, bytes(32), config.scope, TIME, TIME + 60, peer_chain=(bytes(size),))

    assert resolve(config, IssueTicket(session(1000))) is not None
    assert resolve(config, IssueTicket(session(20_000))) is None


@VERSIONS
def test_session_of_another_judge_is_not_resumed(version: ProtocolVersion) -> None:
    store = MemorySessionStore(SeededEnv(b"store", TIME))
    lenient = {"resolvers": {VerifyPeer: lambda need: danger_accept_unverified(need.chain)}, "sessions": store}
    for _ in range(2):
        joined = join(versions=(version,), client=lenient).handshake().raise_errors()
        assert not joined.client.connection.negotiated.resumed
        assert not joined.client.of(TicketReceived)
    named = {**lenient, "resumption_context": b"lenient"}
    resumed = [
        join(versions=(version,), client=named, server={"ticket_keys": KEYS}).handshake().raise_errors()
        for _ in range(2)
    ]
    assert resumed[1].client.connection.negotiated.resumed
    strict = join(versions=(version,), client={"sessions": store}, server={"ticket_keys": KEYS}).handshake()
    assert not strict.client.connection.negotiated.resumed


KEYS = TicketKeys(SeededEnv(b"keys", TIME))
STATIC_RSA = int(CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256)


@pytest.mark.parametrize("answer", [None, b"", b"short", bytes(49), OSError("bad padding")], ids=repr)
@pytest.mark.parametrize("later", [False, True], ids=["at once", "later"])
def test_premaster_that_cannot_be_decrypted_shows_only_at_finished(answer: Any, later: bool) -> None:
    """RFC 5246 7.4.7.1: Bleichenbacher's attack lives on any difference before."""

    def resolve(need: DecryptPremaster) -> Any:
        if later:
            return PENDING
        if isinstance(answer, Exception):
            raise answer
        return answer

    joined = join(
        "rsa2048", versions=(TLS12,), cipher_suites=(STATIC_RSA,), server={"resolvers": {DecryptPremaster: resolve}}
    ).handshake()
    for needed in joined.server.of(Needed):
        joined.server.connection.resolve(needed.need, answer)
    joined.run()
    assert joined.server.error.problem is Problem.BAD_RECORD_MAC
    assert joined.client.error.received == AlertDescription.BAD_RECORD_MAC


@VERSIONS
def test_close_before_the_handshake_is_complete_ends_it(version: ProtocolVersion) -> None:
    joined = join(versions=(version,))
    joined.client.connection.start()
    joined.client.connection.close()
    joined.client.connection.close()
    joined.run()
    assert joined.client.error.reason is Reason.CLOSED
    assert not joined.client.of(HandshakeCompleted)
    assert joined.server.error.received == AlertDescription.CLOSE_NOTIFY
    with pytest.raises(SSLError) as caught:
        joined.client.connection.send_data(b"x")
    assert caught.value.reason is Reason.CLOSED


def test_connection_closed_before_it_began_sends_nothing_and_cannot_be_started() -> None:
    client = ClientConnection(client_config())
    client.close()
    assert client.data_to_send() == b""
    with pytest.raises(SSLError) as caught:
        client.start()
    assert caught.value.reason is Reason.CLOSED


@VERSIONS
def test_integer_is_no_data(version: ProtocolVersion) -> None:
    joined = join(versions=(version,)).handshake()
    for call in (joined.client.connection.send_data, joined.client.connection.receive_data):
        with pytest.raises(TypeError):
            call(5)  # type: ignore[arg-type]


def test_failed_connection_keeps_nothing_of_what_it_still_receives() -> None:
    server = ServerConnection(server_config())
    server.receive_data(b"GET / HTTP/1.1\r\n")
    with pytest.raises(ProtocolError):
        server.next_event()
    server.receive_data(bytes(1 << 20))
    assert len(server._receiver.take_unread()) < 100


@VERSIONS
@pytest.mark.parametrize(
    ("label", "context", "length"),
    [(b"l", None, 0), (b"l", None, -1), (b"l", None, MAX_EXPORT + 1), ("l", None, 16), (b"l", "context", 16)],
)
def test_exporter_refuses_what_is_out_of_bounds(
    version: ProtocolVersion, label: Any, context: Any, length: int
) -> None:
    joined = join(versions=(version,)).handshake()
    with pytest.raises(SSLError) as caught:
        joined.client.connection.export_keying_material(label, context, length)
    assert caught.value.reason is Reason.BADARG


def test_change_cipher_spec_before_the_server_hello_of_tls_12_is_refused() -> None:
    early = bytes([ContentType.CHANGE_CIPHER_SPEC, 3, 3, 0, 1, 1])
    for versions in ((TLS12,), (TLS13, TLS12)):
        sent: list[bytes] = []

        def prefix(data: bytes, sent: list[bytes] = sent) -> bytes:
            sent.append(data)
            return early + data if len(sent) == 1 else data

        client = ClientConnection(client_config(versions=versions))
        joined = Link(client, ServerConnection(server_config(versions=(TLS12,))), to_client=prefix).handshake()
        assert joined.client.error.problem is Problem.UNEXPECTED_MESSAGE


@pytest.mark.parametrize(
    ("role", "fields"),
    [
        ("client", {"alpn": tuple(b"%04d" % number + b"x" * 200 for number in range(100))}),
        ("client", {"signature_schemes": (0x0401,)}),
        ("client", {"trust": "root.pem"}),
        ("client", {"credential": ("chain.pem", "key.pem")}),
        ("client", {"crls": "ca.crl"}),
        ("client", {"crls": b"one"}),
        ("client", {"depth": "3"}),
        ("client", {"minimum_rsa_bits": True}),
        ("client", {"keylog": "keys.log"}),
        ("client", {"versions": ("tlsv1.3",)}),
        ("server", {"certificate_request_schemes": ()}),
    ],
    ids=str,
)
def test_configuration_that_no_handshake_could_keep_is_refused_at_once(role: str, fields: dict[str, Any]) -> None:
    make: Any = {"client": client_config, "server": server_config}[role]
    with pytest.raises(SSLError) as caught:
        make(**fields)
    assert caught.value.reason is Reason.EOPTIONS
    assert next(iter(fields)) in str(caught.value)


def test_second_certificate_is_presented_where_the_first_has_no_scheme_of_ours() -> None:
    both = (credential("ed25519"), credential("p256"))
    joined = join(server={"credentials": both, "signature_schemes": (0x0403,)}).handshake().raise_errors()
    assert joined.client.connection.negotiated.signature_scheme == 0x0403


def test_configuration_of_the_other_role_is_refused() -> None:
    for make, config in ((ClientConnection, server_config()), (ServerConnection, client_config())):
        with pytest.raises(SSLError, match="Config is needed") as caught:
            make(config)
        assert caught.value.reason is Reason.EOPTIONS


@pytest.mark.parametrize("make", [lambda: ServerConnection(server_config()), lambda: ClientConnection(client_config())])
def test_end_of_the_transport_in_a_handshake_says_where(make: Callable[[], Connection]) -> None:
    connection = make()
    connection.start()
    connection.receive_data(b"")
    with pytest.raises(ProtocolError, match=f"during the handshake, in {connection.state}") as caught:
        connection.next_event()
    assert caught.value.problem is Problem.TRUNCATED


def test_configurations_are_of_their_classes() -> None:
    assert isinstance(client_config(), ClientConfig)
    assert isinstance(server_config(), ServerConfig)
