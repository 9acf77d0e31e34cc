"""The states of TLS 1.2 as declared, and as they are entered."""

from __future__ import annotations

import re
from typing import Any

import pytest

from puressl.codes import CipherSuite, ContentType, HandshakeType, ProtocolVersion
from puressl.config import Verify
from puressl.connection import ClientConnection, ServerConnection
from puressl.env import SeededEnv
from puressl.errors import Problem, ProtocolError
from puressl.handshake import (
    client,
    client12,
    client_finish12,
    server,
    server12,
    server_finish12,
    server_flight12,
    traffic12,
)
from puressl.handshake.machine import State, expect, transitions
from puressl.session import MemorySessionStore, TicketKeys
from puressl.trace import NullTracer
from puressl.wire import CertificateStatus12, HelloRequest

from support import status
from support.altered import Alter, AlteredServer, dropping
from support.configs import TIME, client_config, credential, server_config, trust
from support.link import Link

MODULES = (client12, client_finish12, server12, server_finish12, server_flight12, traffic12)
STATES: dict[str, type[State]] = {
    name: value
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, State) and re.fullmatch("(Client|Server).*12", name)
}
KINDS = [(ContentType.HANDSHAKE, int(kind)) for kind in HandshakeType] + [
    (ContentType.CHANGE_CIPHER_SPEC, None),
    (ContentType.APPLICATION_DATA, None),
]
SUITES = (
    CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    CipherSuite.TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256,
)


def test_every_state_that_is_led_to_exists() -> None:
    led_to = {following for state in STATES.values() for _, _, following in transitions(state)}
    led_to |= {*client12.AFTER_SERVER_HELLO, *server12.AFTER_CLIENT_HELLO}
    assert led_to == set(STATES)


def test_the_first_states_lead_to_those_of_tls12() -> None:
    assert set(client12.AFTER_SERVER_HELLO) <= {to for _, _, to in transitions(client.ClientWaitServerHello)}
    assert set(server12.AFTER_CLIENT_HELLO) <= {to for _, _, to in transitions(server.ServerStart)}


@pytest.mark.parametrize("name", sorted(STATES))
def test_a_state_refuses_every_message_it_does_not_declare(name: str) -> None:
    state = STATES[name]
    instance = state.__new__(state)
    declared = {transition.kind for transition in state.expects}
    assert declared
    for kind in KINDS:
        if kind in declared:
            assert expect(instance, kind).kind == kind
            continue
        with pytest.raises(ProtocolError) as caught:
            expect(instance, kind)
        assert caught.value.problem is Problem.UNEXPECTED_MESSAGE


@pytest.mark.parametrize("name", sorted(STATES))
def test_only_a_client_ignores_hello_request_and_never_hashes_it(name: str) -> None:
    """RFC 5246 7.4.1.1."""
    transition = STATES[name].transition((ContentType.HANDSHAKE, int(HandshakeType.HELLO_REQUEST)))
    assert (transition is not None) is name.startswith("Client")
    if transition is not None:
        assert transition.message is HelloRequest
        assert transition.leads_to == (name,)
        assert not transition.hashed or STATES[name].connected


class Recorder(NullTracer):
    """Which state followed which."""

    def __init__(self) -> None:
        self.steps: set[tuple[str, str]] = set()

    def state(self, left: str, entered: str) -> None:
        self.steps.add((left, entered))


def test_every_declared_step_is_taken_by_some_handshake_and_no_other() -> None:
    recorder = Recorder()
    for suite in SUITES:
        for verify in (Verify.NONE, Verify.PEER):
            for with_certificate in (True, False):
                for tickets in (True, False):
                    handshakes(recorder, suite, verify, with_certificate, tickets)
        stapling(recorder, suite)
        stapling(recorder, suite, dropping(CertificateStatus12))
        for verify in (Verify.NONE, Verify.PEER):
            stapling(recorder, suite, dropping(CertificateStatus12), verify=verify, session_tickets=False)
    declared = {(state, to) for state, _, to in transitions(*STATES.values()) if state != to}
    # A resumption whose server sends a new ticket is not made by our server.
    taken = {(left, to) for left, to in recorder.steps if left in STATES}
    assert taken == declared
    entered = {to for left, to in recorder.steps if left == "ClientWaitServerHello"}
    assert entered == set(client12.AFTER_SERVER_HELLO) - {"ClientWaitNewSessionTicket12"}
    assert {to for left, to in recorder.steps if left == "ServerStart"} == set(server12.AFTER_CLIENT_HELLO)
    assert not [step for step in recorder.steps if any(re.search("13|EncryptedExtensions", name) for name in step)]


def stapling(recorder: Recorder, suite: CipherSuite, alter: Alter = lambda message: (message,), **server: Any) -> None:
    """A full handshake with a server that has a response to staple."""
    both: dict[str, Any] = {
        "versions": (ProtocolVersion.TLSv1_2,),
        "cipher_suites": (suite,),
        "tracer": recorder,
    }
    ours = client_config(**{**both, "trust": status.trust()})
    credentials = (status.stapling(status.server("rsa")),)
    theirs = server_config(**{**both, "credentials": credentials, "trust": status.trust(), **server})
    Link(ClientConnection(ours), AlteredServer(theirs, alter)).handshake().raise_errors()


def handshakes(recorder: Recorder, suite: CipherSuite, verify: Verify, with_certificate: bool, tickets: bool) -> None:
    """A full handshake and, where tickets are on, a resumption."""
    client_env, server_env = SeededEnv(b"client", TIME), SeededEnv(b"server", TIME)
    both: dict[str, Any] = {
        "versions": (ProtocolVersion.TLSv1_2,),
        "cipher_suites": (suite,),
        "tracer": recorder,
        "session_tickets": tickets,
    }
    ours = client_config(
        "rsa2048",
        env=client_env,
        sessions=MemorySessionStore(client_env),
        credential=credential("rsa2048", "client") if with_certificate else None,
        **both,
    )
    theirs = server_config(
        "rsa2048",
        env=server_env,
        ticket_keys=TicketKeys(server_env),
        verify=verify,
        trust=trust("rsa2048"),
        **both,
    )
    for _ in range(2):
        Link(ClientConnection(ours), ServerConnection(theirs)).handshake().raise_errors()
