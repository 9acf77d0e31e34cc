"""The server's flight of TLS 1.3, and the states that take the client's answer (RFC 8446 appendix A.2, 4.3, 4.4).

Theory of operation: when a ``Negotiation`` (``server13``) has made its choices and sent ServerHello, its ``Flight``
sends the rest: EncryptedExtensions to Finished. The states after it carry the flight, and each adds the proof that it
is there to obtain. ``ServerConnected`` (``traffic13``) cannot be made without the proofs of authentication and of the
client's Finished.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from puressl.codes import (
    CertificateStatusType,
    Direction,
    Epoch,
    PskKeyExchangeMode,
    SignatureScheme,
    name_of,
)
from puressl.config import ServerConfig, Verify
from puressl.crypto.schedule13 import (
    HandshakeSecret,
    MasterSecret,
    TrafficSecret,
    finished_verify_data,
    resumption_psk,
)
from puressl.crypto.suites import Suite
from puressl.crypto.transcript import Transcript
from puressl.errors import Problem, ProtocolError
from puressl.events import (
    HandshakeCompleted,
    IssueTicket,
    Negotiated,
    Sign,
    Ticket,
    VerifyPeer,
)
from puressl.handshake import select
from puressl.handshake.client_hello import TLS13
from puressl.handshake.compatibility import ignore_change_cipher_spec
from puressl.handshake.machine import State, on
from puressl.handshake.offer import report_chain
from puressl.handshake.output import Output
from puressl.handshake.proofs import (
    AnonymousPeer,
    PeerProof,
    ResumedPeer,
    SignedPeer,
    authentication_expires,
    check_finished,
    peer_chain,
    verified_path,
)
from puressl.handshake.signing import CLIENT_CONTEXT, SERVER_CONTEXT, certificate_verify_content
from puressl.handshake.traffic13 import ApplicationSecrets, ServerConnected, agree_record_size
from puressl.session import MAX_TICKET_LIFETIME, Session
from puressl.wire import (
    ApplicationProtocols,
    Certificate,
    CertificateAuthorities,
    CertificateEntry,
    CertificateRequest,
    CertificateStatusEntry,
    CertificateVerify,
    ChangeCipherSpec,
    EncryptedExtensions,
    Extension,
    Extensions,
    Finished,
    NewSessionTicket,
    PskKeyExchangeModes,
    RawExtension,
    RecordSizeLimit,
    ServerNameAck,
    ServerNameOffer,
    SignatureAlgorithms,
    SupportedGroups,
)
from puressl.x509.credential import Credential
from puressl.x509.verifier import VerifiedPeer

if TYPE_CHECKING:
    from puressl.handshake.server13 import Negotiation


def _encrypted_extensions(negotiation: Negotiation, output: Output) -> Extensions:
    """RFC 8446 4.3.1."""
    config, offered = negotiation.config, negotiation.hello.extensions
    groups = config.groups if config.advertised_groups is None else config.advertised_groups
    extensions: list[Extension] = []
    if groups:
        extensions.append(SupportedGroups(tuple(int(group) for group in groups)))
    limit = offered.get(RecordSizeLimit)
    if limit is not None and config.record_size_limit is not None:
        extensions.append(RecordSizeLimit(config.record_size_limit))
        agree_record_size(config.record_size_limit, limit.limit, output)
    if offered.get(ServerNameOffer) is not None and negotiation.session is None:
        extensions.append(ServerNameAck())
    if negotiation.alpn is not None:
        extensions.append(ApplicationProtocols((negotiation.alpn,)))
    return Extensions(tuple(extensions))


@dataclass(slots=True)
class Flight:
    """EncryptedExtensions to Finished, and what the states after it still need."""

    negotiation: Negotiation
    suite: Suite
    group: int
    secret: HandshakeSecret = field(repr=False)
    client_secret: TrafficSecret = field(repr=False)
    server_secret: TrafficSecret = field(repr=False)
    requested: CertificateRequest | None = None
    secrets: ApplicationSecrets | None = field(default=None, repr=False)
    master: MasterSecret | None = field(default=None, repr=False)

    @property
    def config(self) -> ServerConfig:
        return self.negotiation.config

    @property
    def transcript(self) -> Transcript:
        return self.negotiation.transcript

    def _send(self, message: object, output: Output) -> None:
        self.transcript.add(output.send(Epoch.HANDSHAKE, message))

    def send(self, credential: Credential | None, output: Output) -> State:
        self._send(EncryptedExtensions(_encrypted_extensions(self.negotiation, output)), output)
        if credential is None:
            return self._finish(output)
        if self.config.verify is not Verify.NONE:
            self.requested = CertificateRequest(b"", self._request())
            self._send(self.requested, output)
        self._send(Certificate(b"", self._entries(credential)), output)
        with output.checking("the client can verify what our key signs", "RFC 8446 4.4.3"):
            scheme = self._scheme(credential)
        content = certificate_verify_content(SERVER_CONTEXT, self.transcript.digest())
        return output.ask(Sign(credential, scheme, content), partial(self._signed, scheme))

    def _entries(self, credential: Credential) -> tuple[CertificateEntry, ...]:
        """The chain, with what is stapled for the leaf (RFC 8446 4.4.2.1)."""
        response = select.stapled_response(self.negotiation.hello, credential)
        status = (CertificateStatusEntry(int(CertificateStatusType.OCSP), response),) if response else ()
        leaf, *issuers = credential.chain
        return (CertificateEntry(leaf, Extensions(status)), *(CertificateEntry(der) for der in issuers))

    def _request(self) -> Extensions:
        """RFC 8446 4.3.2."""
        config = self.config
        schemes = config.certificate_request_schemes
        listed = config.schemes_for(TLS13) if schemes is None else schemes
        names = config.authority_names
        authorities = (CertificateAuthorities(names),) if names else ()
        return Extensions((SignatureAlgorithms(tuple(int(scheme) for scheme in listed)), *authorities))

    def _scheme(self, credential: Credential) -> int:
        """The first of ours that the client can verify (RFC 8446 4.4.3)."""
        offered = self.negotiation.hello.extensions.get(SignatureAlgorithms)
        configured = self.config.schemes_for(TLS13)
        for scheme in credential.schemes(TLS13):
            if offered is not None and scheme in offered.schemes and scheme in configured:
                return scheme
        raise ProtocolError(Problem.NO_COMMON_SIGNATURE_SCHEME, "our certificate's key and the client's list")

    def _signed(self, scheme: int, signature: bytes, output: Output) -> State:
        self._send(CertificateVerify(scheme, signature), output)
        return self._finish(output)

    def _finish(self, output: Output) -> State:
        algorithm = self.suite.hash
        verify_data = finished_verify_data(algorithm, self.server_secret.secret, self.transcript.digest())
        self._send(Finished(verify_data), output)
        self.master = self.secret.master()
        random = self.negotiation.hello.random
        self.secrets = ApplicationSecrets.derive(self.suite, self.master, self.transcript.digest(), random, output)
        output.install(Direction.WRITE, Epoch.APPLICATION, self.secrets.server)
        if self.requested is not None:
            return ServerWaitCertificate(self)
        session = self.negotiation.session
        return ServerWaitFinished(self, AnonymousPeer() if session is None else ResumedPeer(session))


@dataclass(slots=True)
class _Server13State(State):
    flight: Flight

    @property
    def is_tls13(self) -> bool:
        return True

    @property
    def transcript(self) -> Transcript:
        return self.flight.transcript


class ServerWaitCertificate(_Server13State):
    """WAIT_CERT."""

    __slots__ = ()

    def certificate(self, message: Certificate, output: Output) -> State:
        """RFC 8446 4.4.2.4: whether an empty list will do is the server's to decide."""
        output.check(
            not message.request_context,
            "certificate_request_context is that of the request",
            "RFC 8446 4.4.2",
            Problem.ILLEGAL_PARAMETER,
            "certificate_request_context differs from the request's",
        )
        chain = tuple(entry.cert_data for entry in message.entries)
        output.check(
            bool(chain) or self.flight.config.verify is not Verify.REQUIRED,
            "a certificate is there where one is required",
            "RFC 8446 4.4.2.4",
            Problem.NO_CERTIFICATE,
        )
        if not chain:
            return ServerWaitFinished(self.flight, AnonymousPeer())
        output.check(
            not any(len(entry.extensions) for entry in message.entries),
            "CertificateEntry answers only extensions that were offered",
            "RFC 8446 4.4.2",
            Problem.UNSOLICITED_EXTENSION,
            "in a client's CertificateEntry; none was offered",
        )
        report_chain(chain, output)
        return output.ask(VerifyPeer(chain), self._judged)

    def _judged(self, peer: VerifiedPeer, output: Output) -> State:
        return ServerWaitCertificateVerify(self.flight, peer)

    expects = (
        on(Certificate, certificate, "ServerWaitCertificateVerify", "ServerWaitFinished"),
        on(ChangeCipherSpec, ignore_change_cipher_spec, "ServerWaitCertificate"),
    )


@dataclass(slots=True)
class ServerWaitCertificateVerify(_Server13State):
    """WAIT_CV."""

    peer: VerifiedPeer

    def certificate_verify(self, message: CertificateVerify, output: Output) -> State:
        """RFC 8446 4.4.3."""
        flight = self.flight
        asked = flight.requested.extensions.get(SignatureAlgorithms) if flight.requested is not None else None
        output.check(
            asked is not None and message.algorithm in asked.schemes,
            "the signature scheme is one that was asked for",
            "RFC 8446 4.4.3",
            Problem.ILLEGAL_PARAMETER,
            f"CertificateVerify with {name_of(SignatureScheme, message.algorithm)}, which was not asked for",
        )
        content = certificate_verify_content(CLIENT_CONTEXT, flight.transcript.digest_before_last())
        provider = flight.config.provider
        with output.checking("the certificate's key made the signature over the transcript", "RFC 8446 4.4.3"):
            valid = provider.verify(self.peer.public_key, message.algorithm, message.signature, content, TLS13)
        return ServerWaitFinished(flight, SignedPeer(self.peer, valid, message.algorithm))

    expects = (
        on(CertificateVerify, certificate_verify, "ServerWaitFinished"),
        on(ChangeCipherSpec, ignore_change_cipher_spec, "ServerWaitCertificateVerify"),
    )


@dataclass(slots=True)
class ServerWaitFinished(_Server13State):
    """WAIT_FINISHED."""

    proof: PeerProof

    def finished(self, message: Finished, output: Output) -> State:
        """RFC 8446 4.4.4; then the tickets (4.6.1)."""
        flight = self.flight
        algorithm, transcript = flight.suite.hash, flight.transcript
        expected = finished_verify_data(algorithm, flight.client_secret.secret, transcript.digest_before_last())
        with output.checking("verify_data is the MAC over the transcript", "RFC 8446 4.4.4"):
            finished = check_finished(expected, message.verify_data)
        if flight.secrets is None or flight.master is None:
            raise ProtocolError(Problem.INTERNAL_ERROR, "Finished before the server's flight")
        output.install(Direction.READ, Epoch.APPLICATION, flight.secrets.client)
        negotiated = self._negotiated()
        connected = ServerConnected(
            config=flight.config,
            read_secret=flight.secrets.client,
            write_secret=flight.secrets.server,
            exporter=flight.secrets.exporter,
            proof=self.proof,
            finished=finished,
            negotiated=negotiated,
        )
        tickets = Tickets(connected, flight.master.resumption(transcript.digest()), self._wants_tickets())
        return tickets.issue(0, output)

    def _wants_tickets(self) -> bool:
        """RFC 8446 4.2.9: no ticket for a client that could not use one."""
        modes = self.flight.negotiation.hello.extensions.get(PskKeyExchangeModes)
        return modes is not None and PskKeyExchangeMode.PSK_DHE_KE in modes.modes

    def _negotiated(self) -> Negotiated:
        flight, proof = self.flight, self.proof
        return Negotiated(
            version=TLS13,
            suite=int(flight.suite.id),
            suite_name=flight.suite.name,
            group=flight.group,
            signature_scheme=proof.scheme if isinstance(proof, SignedPeer) else None,
            alpn=flight.negotiation.alpn,
            server_name=flight.negotiation.server_name,
            resumed=isinstance(proof, ResumedPeer),
            hello_retry=flight.negotiation.retry is not None,
            peer_chain=peer_chain(proof),
            verified_path=verified_path(proof),
        )

    expects = (
        on(Finished, finished, "ServerConnected"),
        on(ChangeCipherSpec, ignore_change_cipher_spec, "ServerWaitFinished"),
    )


@dataclass(slots=True)
class Tickets:
    """Sends the tickets of a new connection, one need after the other; only then may the user send data."""

    connected: ServerConnected
    resumption: bytes = field(repr=False)
    wanted: bool

    def issue(self, number: int, output: Output) -> State:
        config = self.connected.config
        if not self.wanted or not config.session_tickets or number >= config.ticket_count:
            return self._complete(output)
        nonce = number.to_bytes(2, "big")
        return output.ask(IssueTicket(self._session(nonce)), partial(self._send, number, nonce))

    def _session(self, nonce: bytes) -> Session:
        connected = self.connected
        suite, now = connected.write_secret.suite, connected.config.env.now()
        negotiated = connected.negotiated
        return Session(
            version=TLS13,
            suite=int(suite.id),
            secret=resumption_psk(suite.hash, self.resumption, nonce),
            scope=connected.config.scope,
            created=now,
            expires=min(now + MAX_TICKET_LIFETIME, authentication_expires(connected.proof)),
            server_name=negotiated.server_name,
            alpn=negotiated.alpn,
            peer_chain=negotiated.peer_chain,
        )

    def _send(self, number: int, nonce: bytes, ticket: Ticket | None, output: Output) -> State:
        if ticket is None:
            return self._complete(output)
        extensions = Extensions(tuple(RawExtension(kind, body) for kind, body in ticket.extensions))
        message = NewSessionTicket(ticket.lifetime, ticket.age_add, nonce, ticket.ticket, extensions)
        output.send(Epoch.APPLICATION, message)
        return self.issue(number + 1, output)

    def _complete(self, output: Output) -> State:
        output.emit(HandshakeCompleted(self.connected.negotiated))
        return self.connected
