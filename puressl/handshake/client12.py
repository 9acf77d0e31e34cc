"""The client's states of TLS 1.2 from ServerHello to its own second flight (RFC 5246 7.3).

Theory of operation: ``server_hello`` holds the server's choices to the offer and decides between a full and an
abbreviated handshake. The states that follow carry one ``Client12``; which comes after Certificate is the suite's to
say. At ServerHelloDone ``client_flight12`` sends the second flight, and ``client_finish12`` has what comes after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from puressl.codes import SignatureScheme, name_of
from puressl.config import ClientConfig
from puressl.crypto.suites import KeyExchange
from puressl.crypto.transcript import Transcript
from puressl.errors import CertificateError, Problem
from puressl.events import VerifyPeer
from puressl.handshake.client_finish12 import Closing12, after_our_flight
from puressl.handshake.client_flight12 import SecondFlight
from puressl.handshake.client_hello import Offer
from puressl.handshake.hello_request12 import HelloRequests, ignoring_hello_request
from puressl.handshake.key_exchange12 import (
    ClientExchange,
    ServerKeyExchange,
    answer_dhe,
    answer_ecdhe,
    answer_rsa,
    key_fits,
    may_encipher,
    offered_schemes,
    signed_content,
    supported_groups,
)
from puressl.handshake.machine import State, dispatch_content, on
from puressl.handshake.offer import report_chain, stapled_response
from puressl.handshake.output import Output
from puressl.handshake.parameters12 import TLS12, Parameters12, Secrets12, agree_record_size
from puressl.handshake.proofs import PeerProof, ResumedPeer, RsaKeyExchangePeer, SignedPeer
from puressl.handshake.server_choice12 import server_choice
from puressl.wire import (
    Certificate12,
    CertificateRequest12,
    CertificateStatus12,
    RecordSizeLimit,
    ServerHello,
    ServerHelloDone,
    ServerKeyExchangeDHE,
    ServerKeyExchangeECDHE,
    SessionTicket,
    StatusRequest,
    StatusRequestAck,
)
from puressl.x509.certificate import Certificate
from puressl.x509.verifier import VerifiedPeer

#: The states that ``server_hello`` may lead to.
AFTER_SERVER_HELLO = ("ClientWaitCertificate12", "ClientWaitNewSessionTicket12", "ClientWaitChangeCipherSpec12")

#: What ``VerifyPeer`` is told when the server was asked to staple and did not.
_NOTHING_STAPLED = (b"",)


@dataclass(slots=True)
class Client12:
    """What every state after ServerHello carries. status_promised: the server may send CertificateStatus. closing: what
    the states after our flight need.
    """

    config: ClientConfig
    offer: Offer
    transcript: Transcript
    parameters: Parameters12
    session_id: bytes
    ticket_promised: bool
    status_promised: bool
    requests: HelloRequests = field(default_factory=HelloRequests)

    def closing(self, secrets: Secrets12, proof: PeerProof, group: int | None) -> Closing12:
        return Closing12(
            config=self.config,
            messages=self.transcript,
            parameters=self.parameters,
            secrets=secrets,
            proof=proof,
            group=group,
            session_id=self.session_id,
            requests=self.requests,
        )


# ServerHello ----------------------------------------------------------------------------------------------------------


def server_hello(
    config: ClientConfig, offer: Offer, transcript: Transcript, message: ServerHello, output: Output
) -> State:
    """Takes a ServerHello that selected TLS 1.2 (RFC 5246 7.4.1.3)."""
    parameters, session = server_choice(config, offer, message, output)
    transcript.start(parameters.suite.hash)
    _agree_record_size(offer, message, output)
    ticket = message.extensions.get(SessionTicket) is not None
    status = message.extensions.get(StatusRequestAck) is not None
    shared = Client12(config, offer, transcript, parameters, message.session_id, ticket, status)
    if session is None:
        return ClientWaitCertificate12(shared)
    secrets = parameters.resumed(session.secret, output)
    return after_our_flight(shared.closing(secrets, ResumedPeer(session), None), ticket_promised=ticket)


def _agree_record_size(offer: Offer, message: ServerHello, output: Output) -> None:
    ours, theirs = offer.hello.extensions.get(RecordSizeLimit), message.extensions.get(RecordSizeLimit)
    agree_record_size(ours.limit if ours is not None else None, theirs.limit if theirs is not None else None, output)


# The server's first flight --------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Client12State(State):
    shared: Client12

    @property
    def transcript(self) -> Transcript:
        return self.shared.transcript

    @property
    def requests(self) -> HelloRequests:
        return self.shared.requests


class ClientWaitCertificate12(_Client12State):
    """The server's Certificate must come: all suites authenticate the server."""

    __slots__ = ()

    def certificate(self, message: Certificate12, output: Output) -> State:
        """RFC 5246 7.4.2."""
        output.check(
            bool(message.certificates),
            "the server's certificate_list is not empty",
            "RFC 5246 7.4.2",
            Problem.MALFORMED_MESSAGE,
            "Certificate.certificate_list of a server is empty",
        )
        report_chain(message.certificates, output)
        shared = self.shared
        if shared.status_promised:
            return _STATUS_STATES[shared.parameters.suite.key_exchange](shared, message.certificates)
        asked = shared.offer.hello.extensions.get(StatusRequest) is not None
        need = VerifyPeer(message.certificates, _NOTHING_STAPLED if asked else ())
        return output.ask(need, partial(_certificate_judged, shared))

    expects = (
        on(
            Certificate12,
            certificate,
            "ClientWaitCertificateStatusEcdhe12",
            "ClientWaitCertificateStatusDhe12",
            "ClientWaitCertificateStatusRsa12",
            "ClientWaitServerKeyExchangeEcdhe12",
            "ClientWaitServerKeyExchangeDhe12",
            "ClientWaitCertificateRequest12",
        ),
        ignoring_hello_request("ClientWaitCertificate12"),
    )


def _certificate_judged(shared: Client12, peer: VerifiedPeer, output: Output) -> State:
    suite, hello = shared.parameters.suite, shared.offer.hello
    output.check(
        key_fits(suite, peer.public_key, supported_groups(hello)),
        "the certificate's key is of the kind the cipher suite needs",
        "RFC 5246 7.4.2, RFC 8422 5.3",
        Problem.ILLEGAL_PARAMETER,
        f"{suite.name} with a certificate whose key is {peer.public_key.key_type.value}",
    )
    if suite.key_exchange is KeyExchange.ECDHE:
        return ClientWaitServerKeyExchangeEcdhe12(shared, peer)
    if suite.key_exchange is KeyExchange.DHE:
        return ClientWaitServerKeyExchangeDhe12(shared, peer)
    with output.checking("keyUsage lets the certificate's key encipher", "RFC 5246 7.4.2"):
        _check_encipherment(peer)
    config = shared.config
    exchange = answer_rsa(peer.public_key, hello.legacy_version, config.provider, config.env)
    return ClientWaitCertificateRequest12(shared, RsaKeyExchangePeer(peer), exchange)


def _check_encipherment(peer: VerifiedPeer) -> None:
    leaf = Certificate.decode(peer.chain[0])
    if not may_encipher(leaf):
        raise CertificateError(
            Problem.CERTIFICATE_USAGE,
            "keyUsage lacks keyEncipherment, which RSA key exchange needs",
            check="key usage (RFC 5246 7.4.2)",
            subject=leaf.subject.text,
            place=0,
            der=leaf.der,
        )


@dataclass(slots=True)
class _WaitCertificateStatus(_Client12State):
    """The server said that it may staple. It may also let it be, and go on at once (RFC 6066 8): only then is it known
    by what the chain is to be judged.
    """

    chain: tuple[bytes, ...]

    def certificate_status(self, message: CertificateStatus12, output: Output) -> State:
        with output.checking("the status is of the type asked for", "RFC 6066 8"):
            need = VerifyPeer(self.chain, (stapled_response(message),))
        return output.ask(need, partial(_certificate_judged, self.shared))

    def without_status(self, message: Any, output: Output) -> State:
        """The message is one for the state that follows."""
        return output.ask(VerifyPeer(self.chain, _NOTHING_STAPLED), partial(self._go_on, message))

    def _go_on(self, message: Any, peer: VerifiedPeer, output: Output) -> State:
        return dispatch_content(_certificate_judged(self.shared, peer, output), message, output)


class ClientWaitCertificateStatusEcdhe12(_WaitCertificateStatus):
    """CertificateStatus may come, or the server's point at once."""

    __slots__ = ()

    expects = (
        on(CertificateStatus12, _WaitCertificateStatus.certificate_status, "ClientWaitServerKeyExchangeEcdhe12"),
        on(ServerKeyExchangeECDHE, _WaitCertificateStatus.without_status, "ClientWaitCertificateRequest12"),
        ignoring_hello_request("ClientWaitCertificateStatusEcdhe12"),
    )


class ClientWaitCertificateStatusDhe12(_WaitCertificateStatus):
    """CertificateStatus may come, or the server's group and public value at once."""

    __slots__ = ()

    expects = (
        on(CertificateStatus12, _WaitCertificateStatus.certificate_status, "ClientWaitServerKeyExchangeDhe12"),
        on(ServerKeyExchangeDHE, _WaitCertificateStatus.without_status, "ClientWaitCertificateRequest12"),
        ignoring_hello_request("ClientWaitCertificateStatusDhe12"),
    )


class ClientWaitCertificateStatusRsa12(_WaitCertificateStatus):
    """CertificateStatus may come, or at once what follows a certificate whose key enciphers."""

    __slots__ = ()

    expects = (
        on(CertificateStatus12, _WaitCertificateStatus.certificate_status, "ClientWaitCertificateRequest12"),
        on(CertificateRequest12, _WaitCertificateStatus.without_status, "ClientWaitServerHelloDone12"),
        on(
            ServerHelloDone,
            _WaitCertificateStatus.without_status,
            "ClientWaitNewSessionTicket12",
            "ClientWaitChangeCipherSpec12",
        ),
        ignoring_hello_request("ClientWaitCertificateStatusRsa12"),
    )


_STATUS_STATES: Mapping[KeyExchange, type[_WaitCertificateStatus]] = {
    KeyExchange.ECDHE: ClientWaitCertificateStatusEcdhe12,
    KeyExchange.DHE: ClientWaitCertificateStatusDhe12,
    KeyExchange.RSA: ClientWaitCertificateStatusRsa12,
}


@dataclass(slots=True)
class _WaitServerKeyExchange(_Client12State):
    peer: VerifiedPeer

    def signed(self, message: ServerKeyExchange, output: Output) -> SignedPeer:
        """RFC 5246 7.4.3: a scheme that was offered, and a signature that verifies."""
        shared, agreed = self.shared, self.shared.parameters
        output.check(
            message.scheme in offered_schemes(shared.offer.hello),
            "the signature scheme is one that was offered",
            "RFC 5246 7.4.3",
            Problem.ILLEGAL_PARAMETER,
            f"ServerKeyExchange with {name_of(SignatureScheme, message.scheme)}, which was not offered",
        )
        content = signed_content(agreed.client_random, agreed.server_random, message)
        verify = shared.config.provider.verify
        with output.checking("the certificate's key signed the randoms and the parameters", "RFC 5246 7.4.3"):
            valid = verify(self.peer.public_key, message.scheme, message.signature, content, TLS12)
        return SignedPeer(self.peer, valid, message.scheme)


class ClientWaitServerKeyExchangeEcdhe12(_WaitServerKeyExchange):
    """The server's point must come."""

    __slots__ = ()

    def server_key_exchange(self, message: ServerKeyExchangeECDHE, output: Output) -> State:
        proof = self.signed(message, output)
        config = self.shared.config
        with output.checking("the curve was offered, and the server's point is on it", "RFC 8422 5.4, 5.11"):
            exchange = answer_ecdhe(message, self.shared.offer.hello, config.provider, config.env)
        return ClientWaitCertificateRequest12(self.shared, proof, exchange)

    expects = (
        on(ServerKeyExchangeECDHE, server_key_exchange, "ClientWaitCertificateRequest12"),
        ignoring_hello_request("ClientWaitServerKeyExchangeEcdhe12"),
    )


class ClientWaitServerKeyExchangeDhe12(_WaitServerKeyExchange):
    """The server's group and public value must come."""

    __slots__ = ()

    def server_key_exchange(self, message: ServerKeyExchangeDHE, output: Output) -> State:
        """RFC 7919 3: first the signature, then the group."""
        proof = self.signed(message, output)
        config = self.shared.config
        with output.checking("the group is large enough, and the public value in its range", "RFC 7919 3, 3.1"):
            exchange = answer_dhe(message, config.provider, config.env)
        return ClientWaitCertificateRequest12(self.shared, proof, exchange)

    expects = (
        on(ServerKeyExchangeDHE, server_key_exchange, "ClientWaitCertificateRequest12"),
        ignoring_hello_request("ClientWaitServerKeyExchangeDhe12"),
    )


@dataclass(slots=True)
class ClientWaitCertificateRequest12(_Client12State):
    """CertificateRequest may come, or ServerHelloDone at once."""

    proof: PeerProof
    exchange: ClientExchange

    def certificate_request(self, message: CertificateRequest12, output: Output) -> State:
        return ClientWaitServerHelloDone12(self.shared, self.proof, self.exchange, message)

    def server_hello_done(self, message: ServerHelloDone, output: Output) -> State:
        return SecondFlight(self.shared, self.proof, self.exchange, None).start(output)

    expects = (
        on(CertificateRequest12, certificate_request, "ClientWaitServerHelloDone12"),
        on(ServerHelloDone, server_hello_done, "ClientWaitNewSessionTicket12", "ClientWaitChangeCipherSpec12"),
        ignoring_hello_request("ClientWaitCertificateRequest12"),
    )


@dataclass(slots=True)
class ClientWaitServerHelloDone12(_Client12State):
    """The server has asked for our certificate, too."""

    proof: PeerProof
    exchange: ClientExchange
    request: CertificateRequest12

    def server_hello_done(self, message: ServerHelloDone, output: Output) -> State:
        return SecondFlight(self.shared, self.proof, self.exchange, self.request).start(output)

    expects = (
        on(ServerHelloDone, server_hello_done, "ClientWaitNewSessionTicket12", "ClientWaitChangeCipherSpec12"),
        ignoring_hello_request("ClientWaitServerHelloDone12"),
    )
