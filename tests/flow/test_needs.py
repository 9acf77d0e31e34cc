"""Questions to the configuration that are answered later, or refused: one door for all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from puressl.codes import AlertDescription, HandshakeType, NamedGroup
from puressl.config import Verify
from puressl.errors import CertificateError, Problem, ProtocolError, Reason, SSLError
from puressl.events import (
    PENDING,
    ChooseConfig,
    ChooseCookie,
    ChooseCredential,
    FindSession,
    HandshakeCompleted,
    IssueTicket,
    Needed,
    Sign,
    VerifyPeer,
)
from puressl.handshake.resolve import resolve

from support.bad_peer import assert_refused, assert_sticky, problem_of
from support.configs import credential, server_config, trust
from support.joined import TLS12, TLS13, exchange_data, join
from support.link import End, Link

NEEDS = (ChooseConfig, ChooseCredential, Sign, VerifyPeer, FindSession, IssueTicket, ChooseCookie)
CLIENT_NEEDS, SERVER_NEEDS = (ChooseCredential, Sign, VerifyPeer), NEEDS


def asking_everything(*pending: type, version: Any = TLS13, **fields: Any) -> Link:
    """A handshake with a retry and client authentication, in which the given needs are pending at both ends."""
    resolvers = {kind: lambda need: PENDING for kind in pending}
    return join(
        versions=(version,),
        resolvers=resolvers,
        resumption_context=b"answered later",
        client={
            "credential": credential("p256", "client"),
            "groups": (NamedGroup.X25519, NamedGroup.SECP256R1),
            **fields.get("client", {}),
        },
        server={
            "verify": Verify.REQUIRED,
            "trust": trust("p256"),
            "groups": (NamedGroup.SECP256R1,),
            **fields.get("server", {}),
        },
    )


def answer(joined: Link, asked: list[type]) -> None:
    """Answers what is asked, as the configuration would have, until nobody asks."""
    moved = True
    while moved:
        moved = False
        for end in (joined.client, joined.server):
            for event in end.of(Needed):
                end.events.remove(event)
                asked.append(type(event.need))
                assert end.connection.state.endswith(f"(waiting for {type(event.need).__name__})")
                assert not end.connection.state.startswith(" ")
                end.connection.resolve(event.need, answer_of(end.connection.config, event.need))
                moved = True
        joined.run()


def answer_of(config: Any, need: Any) -> Any:
    return config if isinstance(need, ChooseConfig) else resolve(replace(config, resolvers={}), need)


@pytest.mark.parametrize("kind", NEEDS)
def test_each_need_may_be_answered_later(kind: type) -> None:
    joined = asking_everything(kind).handshake()
    if kind is FindSession:
        joined.raise_errors()
        sessions = joined.client.connection.config.sessions
        joined = asking_everything(kind, client={"sessions": sessions}).handshake()
    asked: list[type] = []
    assert not joined.is_complete()
    answer(joined, asked)
    joined.raise_errors()
    assert joined.is_complete()
    assert set(asked) == {kind}
    exchange_data(joined)


@pytest.mark.parametrize("version", [TLS13, TLS12])
def test_all_needs_may_be_answered_later_with_the_same_outcome(version: Any) -> None:
    pending = asking_everything(*NEEDS, version=version).handshake()
    answer(pending, [])
    plain = asking_everything(version=version).handshake().raise_errors()
    pending.raise_errors()
    for end, other in ((pending.client, plain.client), (pending.server, plain.server)):
        assert end.connection.negotiated == other.connection.negotiated
        assert without_tickets(end) == without_tickets(other)
    exchange_data(pending)


def without_tickets(end: End) -> list[bytes]:
    """The messages but tickets, which hold the scope that resolvers change, and Finished, which covers them."""
    kinds = (HandshakeType.NEW_SESSION_TICKET, HandshakeType.FINISHED)
    return [raw for _, _, raw in end.connection.config.tracer.raw if raw[0] not in kinds]


def pend(kind: type) -> tuple[Link, Any, Any]:
    """The link, the end that asks, and the need."""
    joined = asking_everything(kind).handshake()
    for end in (joined.client, joined.server):
        for event in end.of(Needed):
            return joined, end, event.need
    raise AssertionError(f"nobody asks for {kind.__name__}")


@pytest.mark.parametrize("version", [TLS13, TLS12])
def test_the_configuration_chosen_for_a_name_is_the_whole_connections(version: Any) -> None:
    def strict(need: ChooseConfig) -> Any:
        asked.append(need.server_name)
        own = joined.server.connection.config
        return replace(own, resolvers={}, verify=Verify.REQUIRED, trust=trust("p256"), alpn=(b"inner",))

    asked: list[str | None] = []
    joined = join(
        versions=(version,),
        client={"credential": credential("p256", "client"), "alpn": (b"outer", b"inner")},
        server={"credentials": (credential("p256"),), "resolvers": {ChooseConfig: strict}, "alpn": (b"outer",)},
    )
    joined.handshake().raise_errors()
    assert joined.server.connection.negotiated.alpn == b"inner"
    assert joined.server.connection.peer_certificates == credential("p256", "client").chain
    assert asked == [joined.client.connection.config.server_name]
    exchange_data(joined)


def test_a_server_whose_names_have_the_certificates_needs_none_of_its_own() -> None:
    own = server_config()
    joined = join(server={"credentials": (), "resolvers": {ChooseConfig: lambda need: own}}).handshake()
    joined.raise_errors()
    assert joined.server.connection.config is own


def test_while_a_need_is_pending_nothing_is_read() -> None:
    joined, end, _ = pend(VerifyPeer)
    assert end is joined.client
    end.connection.receive_data(b"this is no TLS")
    assert end.connection.next_event() is None
    assert end.connection.next_event() is None
    with pytest.raises(SSLError) as caught:
        end.connection.send_data(b"x")
    assert caught.value.reason is Reason.EBADSTATE


def test_only_the_pending_need_can_be_answered_and_only_once() -> None:
    _, end, need = pend(Sign)
    for wrong in (replace(need, scheme=0), replace(need)):
        with pytest.raises(SSLError) as caught:
            end.connection.resolve(wrong, b"")
        assert caught.value.reason is Reason.EBADSTATE
    end.connection.resolve(need, resolve(replace(end.connection.config, resolvers={}), need))
    with pytest.raises(SSLError) as caught:
        end.connection.resolve(need, b"")
    assert caught.value.reason is Reason.EBADSTATE


@pytest.mark.parametrize("kind", [kind for kind in NEEDS if kind is not FindSession])
def test_a_refusal_with_a_protocol_error_ends_the_handshake_with_its_alert(kind: type) -> None:
    joined, end, need = pend(kind)
    other = joined.server if end is joined.client else joined.client
    before = len(end.events)
    end.connection.resolve(need, ProtocolError(Problem.UNRECOGNIZED_NAME, "not here"))
    joined.run()
    end.events = end.events[:before]
    assert_refused(end, Problem.UNRECOGNIZED_NAME, peer=other)
    assert end.error.reason in (Reason.ESSLACCEPT, Reason.ESSLCONNECT)


@pytest.mark.parametrize("at_once", [True, False])
def test_a_refused_chain_is_told_with_the_certificate_alert(at_once: bool) -> None:
    refusal = CertificateError(Problem.CERTIFICATE_REVOKED, "revoked by the user")

    def refuse(need: VerifyPeer) -> Any:
        raise refusal

    if at_once:
        joined = asking_everything(client={"resolvers": {VerifyPeer: refuse}}).handshake()
    else:
        joined, end, need = pend(VerifyPeer)
        end.connection.resolve(need, refusal)
        joined.run()
    assert_refused(joined.client, Problem.CERTIFICATE_REVOKED, peer=joined.server)
    assert joined.client.error is refusal


def test_an_error_that_is_not_ours_is_internal_error_and_keeps_its_cause() -> None:
    cause = KeyError("the signer is on holiday")
    joined, end, need = pend(Sign)
    end.connection.resolve(need, cause)
    joined.run()
    assert_refused(end, Problem.INTERNAL_ERROR, peer=None)
    assert end.error.__cause__ is cause


def test_an_ssl_error_of_a_resolver_is_kept_and_the_peer_told_internal_error() -> None:
    failure = SSLError(Reason.EKEYFILE, "the token was pulled out")
    joined, end, need = pend(Sign)
    end.connection.resolve(need, failure)
    joined.run()
    other = joined.server if end is joined.client else joined.client
    assert end.error is failure
    assert problem_of(other.error) is Problem.ALERT_RECEIVED
    assert other.error.received == AlertDescription.INTERNAL_ERROR
    assert_sticky(end)


def test_no_credential_is_handshake_failure_on_a_server() -> None:
    joined = join(server={"resolvers": {ChooseCredential: lambda need: None}}).handshake()
    assert_refused(joined.server, Problem.NO_COMMON_SIGNATURE_SCHEME, peer=joined.client)


def test_a_credential_that_cannot_sign_for_the_peer_is_not_used() -> None:
    resolvers = {ChooseCredential: lambda need: credential("ed25519")}
    joined = join(client={"signature_schemes": (0x0403,)}, server={"resolvers": resolvers}).handshake()
    assert_refused(joined.server, Problem.NO_COMMON_SIGNATURE_SCHEME, peer=None)


def test_the_handshake_is_complete_when_the_last_ticket_was_sealed() -> None:
    """Data may be sent from then on, not before."""
    joined, end, need = pend(IssueTicket)
    assert end is joined.server
    assert not end.of(HandshakeCompleted)
    end.connection.resolve(need, None)
    assert end.connection.next_event() == HandshakeCompleted(end.connection.negotiated)
    end.connection.send_data(b"x")
    joined.run().raise_errors()
    assert joined.client.data == b"x"
