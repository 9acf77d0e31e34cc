"""The server's states of TLS 1.3 (RFC 8446 appendix A.2).

Theory of operation: ``client_hello`` makes a ``Negotiation``, which walks through the choices in the order in which
they depend on one another: suite, group (or HelloRetryRequest), protocol, session or certificate. Each question to the
configuration is a continuation, so any of them may be answered later. When all is chosen it sends the whole flight, and
the states after it collect the client's answer. ``ServerConnected`` (``traffic13``) cannot be made without the proofs
of authentication and of the client's Finished.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from puressl.codes import (
    CertificateStatusType,
    CipherSuite,
    Direction,
    Epoch,
    ExtensionType,
    PskKeyExchangeMode,
    SignatureScheme,
    name_of,
)
from puressl.config import ServerConfig, Verify
from puressl.crypto.kdf import equal
from puressl.crypto.schedule13 import (
    EarlySecret,
    HandshakeSecret,
    MasterSecret,
    TrafficSecret,
    finished_verify_data,
    resumption_psk,
)
from puressl.crypto.suites import Suite
from puressl.crypto.transcript import Transcript
from puressl.env import Purpose
from puressl.errors import Problem, ProtocolError
from puressl.events import (
    ChooseCookie,
    ChooseCredential,
    FindSession,
    HandshakeCompleted,
    IssueTicket,
    Negotiated,
    Sign,
    Ticket,
    VerifyPeer,
)
from puressl.handshake import select
from puressl.handshake.client_hello import RANDOM_LENGTH, TLS12, TLS13
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
from puressl.handshake.resumption import may_resume
from puressl.handshake.signing import CLIENT_CONTEXT, SERVER_CONTEXT, certificate_verify_content
from puressl.handshake.traffic13 import ApplicationSecrets, ServerConnected, agree_record_size
from puressl.session import MAX_TICKET_LIFETIME, Session
from puressl.wire import (
    HELLO_RETRY_RANDOM,
    ApplicationProtocols,
    Certificate,
    CertificateAuthorities,
    CertificateEntry,
    CertificateRequest,
    CertificateStatusEntry,
    CertificateVerify,
    ChangeCipherSpec,
    ClientHello,
    Cookie,
    EarlyData,
    EncryptedExtensions,
    Extension,
    Extensions,
    Finished,
    KeyShareEntry,
    KeyShareOffer,
    KeyShareRetry,
    KeyShareServer,
    NewSessionTicket,
    PreSharedKeyOffer,
    PreSharedKeySelected,
    PskKeyExchangeModes,
    RawExtension,
    RecordSizeLimit,
    SelectedVersion,
    ServerHello,
    ServerNameAck,
    ServerNameOffer,
    SignatureAlgorithms,
    SupportedGroups,
    binders_length,
)
from puressl.x509.credential import Credential
from puressl.x509.verifier import VerifiedPeer

#: Identities of a pre_shared_key that are looked up: clients send one or two, and each costs a decryption.
MAX_PSK_IDENTITIES = 4
#: Bytes of records that are skipped when early data is refused: 16 KiB of data is what servers usually allow.
MAX_SKIPPED_EARLY_DATA = 2**14 + 2**14
#: RFC 8446 4.1.2: what the second ClientHello may change.
_MAY_CHANGE = frozenset(
    int(each)
    for each in (
        ExtensionType.KEY_SHARE,
        ExtensionType.EARLY_DATA,
        ExtensionType.COOKIE,
        ExtensionType.PRE_SHARED_KEY,
        ExtensionType.PADDING,
    )
)
AFTER_CLIENT_HELLO = ("ServerWaitSecondClientHello", "ServerWaitCertificate", "ServerWaitFinished")


@dataclass(frozen=True, slots=True)
class Retry:
    """What HelloRetryRequest asked for, and the hello that it answered."""

    hello: ClientHello
    suite: Suite
    group: int
    cookie: bytes | None = field(repr=False)


def client_hello(config: ServerConfig, transcript: Transcript, message: ClientHello, output: Output) -> State:
    """Takes a first ClientHello that negotiates TLS 1.3."""
    return Negotiation(config, transcript, message).start(output)


@dataclass(slots=True)
class Negotiation:
    """RECVD_CH to NEGOTIATED: the choices of one handshake, made step by step."""

    config: ServerConfig
    transcript: Transcript
    hello: ClientHello
    retry: Retry | None = None
    session: Session | None = None
    session_index: int = 0
    server_name: str | None = None
    alpn: bytes | None = None

    def start(self, output: Output) -> State:
        if self.hello.compression_methods != b"\x00":
            raise ProtocolError(Problem.ILLEGAL_PARAMETER, "compression methods other than null (RFC 8446 4.1.2)")
        suite = self._suite()
        usable = self.config.groups if self.retry is None else (self.retry.group,)
        group, share = select.group(self.hello, usable)
        self.transcript.start(suite.hash)
        if share is None:
            return self._ask_again(suite, group, output)
        self.server_name = select.server_name(self.hello)
        self.alpn = select.application_protocol(self.config, self.hello)
        return self._find_session(suite, share, output)

    def _suite(self) -> Suite:
        if self.retry is not None:
            return self.retry.suite
        for suite in self.config.suites_for(TLS13):
            if suite.id in self.hello.cipher_suites:
                return suite
        offered = ", ".join(name_of(CipherSuite, suite) for suite in self.hello.cipher_suites)
        raise ProtocolError(Problem.NO_COMMON_CIPHER_SUITE, f"client offers {offered}")

    # HelloRetryRequest (RFC 8446 4.1.4) ---------------------------------------------------------------------

    def _ask_again(self, suite: Suite, group: int, output: Output) -> State:
        return output.ask(ChooseCookie(self.transcript.digest()), partial(self._send_retry, suite, group))

    def _send_retry(self, suite: Suite, group: int, cookie: bytes | None, output: Output) -> State:
        self.transcript.replace_with_message_hash()
        extensions = [KeyShareRetry(group), *([Cookie(cookie)] if cookie else ()), SelectedVersion(int(TLS13))]
        message = ServerHello(
            legacy_version=int(TLS12),
            random=HELLO_RETRY_RANDOM,
            session_id=self.hello.session_id,
            cipher_suite=int(suite.id),
            compression_method=0,
            extensions=Extensions(tuple(extensions)),
        )
        self.transcript.add(output.send(Epoch.INITIAL, message))
        if self.hello.session_id:
            output.send(Epoch.INITIAL, ChangeCipherSpec())  # RFC 8446 D.4
        if self.hello.extensions.get(EarlyData) is not None:
            output.skip_early_data(MAX_SKIPPED_EARLY_DATA)
        return ServerWaitSecondClientHello(self.config, self.transcript, Retry(self.hello, suite, group, cookie))

    # Resumption (RFC 8446 4.2.11) ---------------------------------------------------------------------------

    def _find_session(self, suite: Suite, share: KeyShareEntry, output: Output) -> State:
        offer = self.hello.extensions.get(PreSharedKeyOffer)
        if offer is None:
            return self._choose_credential(suite, share, output)
        modes = self.hello.extensions.get(PskKeyExchangeModes)
        if modes is None:
            raise ProtocolError(
                Problem.MISSING_EXTENSION, "psk_key_exchange_modes beside pre_shared_key (RFC 8446 4.2.9)"
            )
        if len(offer.binders) != len(offer.identities):
            raise ProtocolError(Problem.ILLEGAL_PARAMETER, "pre_shared_key: not one binder for each identity")
        if PskKeyExchangeMode.PSK_DHE_KE not in modes.modes or not self.config.session_tickets:
            return self._choose_credential(suite, share, output)
        return self._look_up(suite, share, offer, 0, output)

    def _look_up(
        self, suite: Suite, share: KeyShareEntry, offer: PreSharedKeyOffer, index: int, output: Output
    ) -> State:
        if index >= min(len(offer.identities), MAX_PSK_IDENTITIES):
            return self._choose_credential(suite, share, output)
        need = FindSession(TLS13, ticket=offer.identities[index].identity)
        return output.ask(need, partial(self._looked_up, suite, share, offer, index))

    def _looked_up(
        self,
        suite: Suite,
        share: KeyShareEntry,
        offer: PreSharedKeyOffer,
        index: int,
        session: Session | None,
        output: Output,
    ) -> State:
        if session is None or not self._may_resume(session, suite):
            return self._look_up(suite, share, offer, index + 1, output)
        self._check_binder(session, offer.binders[index])
        self.session, self.session_index = session, index
        return self._send_hello(suite, share, None, output)

    def _may_resume(self, session: Session, suite: Suite) -> bool:
        """Only under the settings the session was made with, and only with a suite of its hash."""
        made_with = self.config.provider.suites.get(session.suite)
        if made_with is None or made_with.hash is not suite.hash:
            return False
        return may_resume(self.config, session, TLS13, self.server_name, self.alpn)

    def _check_binder(self, session: Session, binder: bytes) -> None:
        """RFC 8446 4.2.11.2."""
        algorithm = self.config.provider.suites[session.suite].hash
        binder_key = EarlySecret(algorithm, session.secret).binder_key()
        truncated = self.transcript.digest_truncated(binders_length(self.hello))
        if not equal(finished_verify_data(algorithm, binder_key, truncated), binder):
            raise ProtocolError(Problem.BAD_BINDER)

    # Certificate --------------------------------------------------------------------------------------------

    def _choose_credential(self, suite: Suite, share: KeyShareEntry, output: Output) -> State:
        schemes = self.hello.extensions.get(SignatureAlgorithms)
        if schemes is None:
            raise ProtocolError(Problem.MISSING_EXTENSION, "signature_algorithms in ClientHello (RFC 8446 9.2)")
        need = ChooseCredential(TLS13, schemes.schemes, self.server_name)
        return output.ask(need, partial(self._credential_chosen, suite, share))

    def _credential_chosen(
        self, suite: Suite, share: KeyShareEntry, credential: Credential | None, output: Output
    ) -> State:
        if credential is None:
            raise ProtocolError(Problem.NO_COMMON_SIGNATURE_SCHEME, "no certificate of ours suits the client")
        return self._send_hello(suite, share, credential, output)

    # The flight ---------------------------------------------------------------------------------------------

    def _send_hello(self, suite: Suite, share: KeyShareEntry, credential: Credential | None, output: Output) -> State:
        config, transcript = self.config, self.transcript
        random = config.env.random(RANDOM_LENGTH, Purpose.SERVER_RANDOM)
        public, shared_secret = config.provider.groups[share.group].respond(share.key_exchange, config.env)
        psk = () if self.session is None else (PreSharedKeySelected(self.session_index),)
        answer = KeyShareServer(KeyShareEntry(share.group, public))
        message = ServerHello(
            legacy_version=int(TLS12),
            random=random,
            session_id=self.hello.session_id,
            cipher_suite=int(suite.id),
            compression_method=0,
            extensions=Extensions((*psk, answer, SelectedVersion(int(TLS13)))),
        )
        transcript.add(output.send(Epoch.INITIAL, message))
        if self.hello.session_id and self.retry is None:
            output.send(Epoch.INITIAL, ChangeCipherSpec())  # RFC 8446 D.4
        secret = EarlySecret(suite.hash, None if self.session is None else self.session.secret).handshake(shared_secret)
        transcript_hash = transcript.digest()
        client = TrafficSecret(suite, secret.client_traffic(transcript_hash))
        server = TrafficSecret(suite, secret.server_traffic(transcript_hash))
        output.secret("CLIENT_HANDSHAKE_TRAFFIC_SECRET", self.hello.random, client.secret)
        output.secret("SERVER_HANDSHAKE_TRAFFIC_SECRET", self.hello.random, server.secret)
        output.install(Direction.WRITE, Epoch.HANDSHAKE, server)
        output.install(Direction.READ, Epoch.HANDSHAKE, client)
        if self.hello.extensions.get(EarlyData) is not None:
            output.skip_early_data(MAX_SKIPPED_EARLY_DATA)
        flight = Flight(self, suite, share.group, secret, client, server)
        return flight.send(credential, output)


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
class ServerWaitSecondClientHello(State):
    """START again, after HelloRetryRequest."""

    config: ServerConfig
    messages: Transcript
    retry: Retry

    @property
    def is_tls13(self) -> bool:
        return True

    @property
    def transcript(self) -> Transcript:
        return self.messages

    def client_hello(self, message: ClientHello, output: Output) -> State:
        """RFC 8446 4.1.2: the same hello, but for what HelloRetryRequest asked."""
        if _unchanging(message) != _unchanging(self.retry.hello):
            raise ProtocolError(Problem.ILLEGAL_PARAMETER, "second ClientHello changes more than it may")
        if message.extensions.get(PreSharedKeyOffer) and not self.retry.hello.extensions.get(PreSharedKeyOffer):
            raise ProtocolError(Problem.ILLEGAL_PARAMETER, "pre_shared_key is new in the second ClientHello")
        if message.extensions.get(EarlyData) is not None:
            raise ProtocolError(Problem.ILLEGAL_PARAMETER, "early_data in the second ClientHello (RFC 8446 4.2.10)")
        cookie = message.extensions.get(Cookie)
        if not equal(cookie.cookie if cookie is not None else b"", self.retry.cookie or b""):
            raise ProtocolError(Problem.BAD_COOKIE)
        offer = message.extensions.get(KeyShareOffer)
        if offer is None or [share.group for share in offer.shares] != [self.retry.group]:
            raise ProtocolError(Problem.ILLEGAL_PARAMETER, "second ClientHello without just the share asked for")
        return Negotiation(self.config, self.messages, message, self.retry).start(output)

    expects = (
        on(ClientHello, client_hello, "ServerWaitCertificate", "ServerWaitFinished"),
        on(ChangeCipherSpec, ignore_change_cipher_spec, "ServerWaitSecondClientHello"),
    )


def _unchanging(hello: ClientHello) -> tuple[object, ...]:
    kept = tuple(each for each in hello.extensions if each.extension_type not in _MAY_CHANGE)
    return (hello.legacy_version, hello.random, hello.session_id, hello.cipher_suites, hello.compression_methods, kept)


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
        if message.request_context:
            raise ProtocolError(Problem.ILLEGAL_PARAMETER, "certificate_request_context differs from the request's")
        chain = tuple(entry.cert_data for entry in message.entries)
        if not chain:
            if self.flight.config.verify is Verify.REQUIRED:
                raise ProtocolError(Problem.NO_CERTIFICATE)
            return ServerWaitFinished(self.flight, AnonymousPeer())
        for entry in message.entries:
            if len(entry.extensions):
                raise ProtocolError(Problem.UNSOLICITED_EXTENSION, "in a client's CertificateEntry; none was offered")
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
        if asked is None or message.algorithm not in asked.schemes:
            name = name_of(SignatureScheme, message.algorithm)
            raise ProtocolError(Problem.ILLEGAL_PARAMETER, f"CertificateVerify with {name}, which was not asked for")
        content = certificate_verify_content(CLIENT_CONTEXT, flight.transcript.digest_before_last())
        provider = flight.config.provider
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
