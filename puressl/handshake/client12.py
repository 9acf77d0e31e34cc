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

from puressl.codes import CipherSuite, ExtensionType, SignatureScheme, is_grease, name_of
from puressl.config import ClientConfig
from puressl.crypto.suites import CipherKind, KeyExchange, Suite
from puressl.crypto.transcript import Transcript
from puressl.errors import CertificateError, Problem, ProtocolError
from puressl.events import VerifyPeer
from puressl.handshake.client_finish12 import Closing12, after_our_flight
from puressl.handshake.client_flight12 import SecondFlight
from puressl.handshake.client_hello import Offer, sent_server_name
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
from puressl.handshake.offer import check_alpn, report_chain, stapled_response
from puressl.handshake.output import Output
from puressl.handshake.parameters12 import TLS12, Parameters12, Secrets12, agree_record_size, check_mac
from puressl.handshake.proofs import PeerProof, ResumedPeer, RsaKeyExchangePeer, SignedPeer
from puressl.session import Session
from puressl.wire import (
    ApplicationProtocols,
    Certificate12,
    CertificateRequest12,
    CertificateStatus12,
    ECPointFormats,
    EncryptThenMac,
    ExtendedMasterSecret,
    RawExtension,
    RecordSizeLimit,
    RenegotiationInfo,
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

_KNOWN_EXTENSIONS = frozenset(ExtensionType)
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
    _check_extensions(config, message)
    suite = _selected_suite(config, offer, message)
    session = _resumed_session(offer, message)
    parameters = _parameters(config, offer, suite, message)
    transcript.start(suite.hash)
    _agree_record_size(offer, message, output)
    ticket = message.extensions.get(SessionTicket) is not None
    status = message.extensions.get(StatusRequestAck) is not None
    shared = Client12(config, offer, transcript, parameters, message.session_id, ticket, status)
    if session is None:
        return ClientWaitCertificate12(shared)
    _check_resumption(session, parameters)
    secrets = parameters.resumed(session.secret, output)
    return after_our_flight(shared.closing(secrets, ResumedPeer(session), None), ticket_promised=ticket)


def _check_extensions(config: ClientConfig, message: ServerHello) -> None:
    """What the answers must be like whatever the suite; that they were asked for is checked already."""
    for extension in message.extensions:
        if isinstance(extension, RawExtension) and _is_misplaced(extension.extension_type):
            # RFC 8446 4.2: known, but not specified for this message. RFC 8701 3: GREASE is never answered.
            name = name_of(ExtensionType, extension.extension_type)
            raise ProtocolError(Problem.MISPLACED_EXTENSION, f"{name} in ServerHello of TLS 1.2")
    _check_renegotiation_info(config, message)
    formats = message.extensions.get(ECPointFormats)
    if formats is not None and 0 not in formats.formats:
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, "ec_point_formats without uncompressed (RFC 8422 5.1.2)")


def _is_misplaced(extension_type: int) -> bool:
    return extension_type in _KNOWN_EXTENSIONS or is_grease(extension_type)


def _check_renegotiation_info(config: ClientConfig, message: ServerHello) -> None:
    """RFC 5746 3.4: in an initial handshake it is empty; a server without it is open to the attack of its section 1."""
    info = message.extensions.get(RenegotiationInfo)
    if info is None and config.secure_renegotiate:
        raise ProtocolError(Problem.INSECURE_RENEGOTIATION, "no renegotiation_info in ServerHello")
    if info is not None and info.renegotiated_connection:
        raise ProtocolError(Problem.INSECURE_RENEGOTIATION, "renegotiation_info of an initial handshake is not empty")


def _selected_suite(config: ClientConfig, offer: Offer, message: ServerHello) -> Suite:
    """RFC 5246 7.4.1.3: one of those offered, and null compression."""
    if message.compression_method != 0:
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, f"compression_method {message.compression_method}")
    suite = config.provider.suites.get(message.cipher_suite)
    if suite is None or suite.version is not TLS12 or message.cipher_suite not in offer.hello.cipher_suites:
        name = name_of(CipherSuite, message.cipher_suite)
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, f"server selected {name}, which TLS 1.2 was not offered with")
    return suite


def _resumed_session(offer: Offer, message: ServerHello) -> Session | None:
    """The session the server resumes: it says so by echoing the session identifier (RFC 5246 7.4.1.3, RFC 5077 3.4)."""
    if not message.session_id or message.session_id != offer.hello.session_id:
        return None
    session = offer.session
    if session is None or session.version is not TLS12:
        # RFC 8446 D.4: the identifier was made up; no server can know a session by it.
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, "server resumes a session that was not offered")
    return session


def _parameters(config: ClientConfig, offer: Offer, suite: Suite, message: ServerHello) -> Parameters12:
    extensions = message.extensions
    encrypt_then_mac = extensions.get(EncryptThenMac) is not None
    if encrypt_then_mac and suite.cipher.kind is not CipherKind.CBC:
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, f"encrypt_then_mac with {suite.name} (RFC 7366 3)")
    check_mac(suite, encrypt_then_mac, allow_mac_then_encrypt=config.allow_mac_then_encrypt)
    offered, selected = offer.hello.extensions.get(ApplicationProtocols), extensions.get(ApplicationProtocols)
    alpn = None if offered is None or selected is None else check_alpn(offered.protocols, selected.protocols)
    return Parameters12(
        suite=suite,
        client_random=offer.hello.random,
        server_random=message.random,
        extended_master_secret=extensions.get(ExtendedMasterSecret) is not None,
        encrypt_then_mac=encrypt_then_mac,
        alpn=alpn,
        server_name=sent_server_name(config),
    )


def _agree_record_size(offer: Offer, message: ServerHello, output: Output) -> None:
    ours, theirs = offer.hello.extensions.get(RecordSizeLimit), message.extensions.get(RecordSizeLimit)
    agree_record_size(ours.limit if ours is not None else None, theirs.limit if theirs is not None else None, output)


def _check_resumption(session: Session, parameters: Parameters12) -> None:
    """What must be as it was when the session was made."""
    if parameters.suite.id != session.suite:
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, "cipher suite differs from the session's (RFC 5246 7.4.1.3)")
    if parameters.extended_master_secret != session.extended_master_secret:
        raise ProtocolError(Problem.EXTENDED_MASTER_SECRET_CHANGED)  # RFC 7627 5.3
    if session.encrypt_then_mac and not parameters.encrypt_then_mac:
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, "encrypt_then_mac dropped in a resumption (RFC 7366 3.1)")


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
        if not message.certificates:
            raise ProtocolError(Problem.MALFORMED_MESSAGE, "Certificate.certificate_list of a server is empty")
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
    if not key_fits(suite, peer.public_key, supported_groups(hello)):
        kind = peer.public_key.key_type.value
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, f"{suite.name} with a certificate whose key is {kind}")
    if suite.key_exchange is KeyExchange.ECDHE:
        return ClientWaitServerKeyExchangeEcdhe12(shared, peer)
    if suite.key_exchange is KeyExchange.DHE:
        return ClientWaitServerKeyExchangeDhe12(shared, peer)
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

    def signed(self, message: ServerKeyExchange) -> SignedPeer:
        """RFC 5246 7.4.3: a scheme that was offered, and a signature that verifies."""
        shared, agreed = self.shared, self.shared.parameters
        if message.scheme not in offered_schemes(shared.offer.hello):
            name = name_of(SignatureScheme, message.scheme)
            raise ProtocolError(Problem.ILLEGAL_PARAMETER, f"ServerKeyExchange with {name}, which was not offered")
        content = signed_content(agreed.client_random, agreed.server_random, message)
        verify = shared.config.provider.verify
        valid = verify(self.peer.public_key, message.scheme, message.signature, content, TLS12)
        return SignedPeer(self.peer, valid, message.scheme)


class ClientWaitServerKeyExchangeEcdhe12(_WaitServerKeyExchange):
    """The server's point must come."""

    __slots__ = ()

    def server_key_exchange(self, message: ServerKeyExchangeECDHE, output: Output) -> State:
        proof = self.signed(message)
        config = self.shared.config
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
        proof = self.signed(message)
        config = self.shared.config
        return ClientWaitCertificateRequest12(self.shared, proof, answer_dhe(message, config.provider, config.env))

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
