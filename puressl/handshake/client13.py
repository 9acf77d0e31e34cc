"""The client's states of TLS 1.3 after ServerHello (RFC 8446 appendix A.1).

Theory of operation: ``server_hello`` checks the server's choices against the offer and derives the handshake keys. The
states that follow carry one ``Client13``, and each adds the proof that it is there to obtain: the chain judged, the
signature, the Finished. ``ClientConnected`` (``traffic13``) cannot be made without all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from puressl.codes import CipherSuite, Direction, Epoch, NamedGroup, SignatureScheme, name_of
from puressl.config import ClientConfig
from puressl.crypto.groups import PrivateShare
from puressl.crypto.schedule13 import EarlySecret, HandshakeSecret, MasterSecret, TrafficSecret, finished_verify_data
from puressl.crypto.suites import Suite
from puressl.crypto.transcript import Transcript
from puressl.errors import Problem, ProtocolError
from puressl.events import ChooseCredential, HandshakeCompleted, Negotiated, Sign, VerifyPeer
from puressl.handshake.client_hello import TLS12, TLS13, Offer, sent_server_name
from puressl.handshake.compatibility import ignore_change_cipher_spec
from puressl.handshake.machine import State, on
from puressl.handshake.offer import check_alpn, check_solicited, report_chain, stapled_response
from puressl.handshake.output import Output
from puressl.handshake.proofs import (
    FinishedValid,
    PeerProof,
    ResumedPeer,
    SignedPeer,
    check_finished,
    peer_chain,
    verified_path,
)
from puressl.handshake.signing import CLIENT_CONTEXT, SERVER_CONTEXT, certificate_verify_content
from puressl.handshake.traffic13 import ApplicationSecrets, ClientConnected, agree_record_size
from puressl.session import Session
from puressl.trace import SHARED_SECRET
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
    Extensions,
    Finished,
    KeyShareServer,
    PreSharedKeySelected,
    RecordSizeLimit,
    ServerHello,
    SignatureAlgorithms,
    StatusRequest,
)
from puressl.x509.credential import Credential
from puressl.x509.verifier import VerifiedPeer


@dataclass(slots=True)
class Client13:
    """What every state after ServerHello carries."""

    config: ClientConfig
    offer: Offer
    transcript: Transcript
    suite: Suite
    group: int
    session: Session | None
    retried: bool
    secret: HandshakeSecret = field(repr=False)
    client_secret: TrafficSecret = field(repr=False)
    server_secret: TrafficSecret = field(repr=False)
    alpn: bytes | None = None


def server_hello(
    config: ClientConfig,
    offer: Offer,
    transcript: Transcript,
    retried: Suite | None,
    message: ServerHello,
    output: Output,
) -> State:
    """Takes a ServerHello that selected TLS 1.3 (RFC 8446 4.1.3) and starts the handshake keys (7.1)."""
    suite = selected_suite(config, offer, message, output)
    if retried is not None:
        output.check(
            suite is retried,
            "the cipher suite is that of HelloRetryRequest",
            "RFC 8446 4.1.4",
            Problem.ILLEGAL_PARAMETER,
            "cipher suite differs from HelloRetryRequest's (RFC 8446 4.1.4)",
        )
    session = _selected_psk(config, offer, suite, message, output)
    with output.checking("key_share is for a group that a share was sent of", "RFC 8446 4.2.8"):
        share = _selected_share(offer, message)
    with output.checking("the server's public value is valid", "RFC 8446 4.2.8.2"):
        shared_secret = share.derive(_key_share(message).share.key_exchange)
    output.input(SHARED_SECRET, shared_secret)
    transcript.start(suite.hash)
    secret = EarlySecret(suite.hash, None if session is None else session.secret).handshake(shared_secret)
    transcript_hash = transcript.digest()
    client = TrafficSecret(suite, secret.client_traffic(transcript_hash))
    server = TrafficSecret(suite, secret.server_traffic(transcript_hash))
    client_random = offer.hello.random
    output.secret("CLIENT_HANDSHAKE_TRAFFIC_SECRET", client_random, client.secret)
    output.secret("SERVER_HANDSHAKE_TRAFFIC_SECRET", client_random, server.secret)
    output.install(Direction.READ, Epoch.HANDSHAKE, server)
    if offer.hello.session_id and retried is None:
        output.send(Epoch.INITIAL, ChangeCipherSpec())  # RFC 8446 D.4: before the encrypted flight
    output.install(Direction.WRITE, Epoch.HANDSHAKE, client)
    group = _key_share(message).share.group
    shared = Client13(config, offer, transcript, suite, group, session, retried is not None, secret, client, server)
    return ClientWaitEncryptedExtensions(shared)


def selected_suite(config: ClientConfig, offer: Offer, message: ServerHello, output: Output) -> Suite:
    """Checks what ServerHello and HelloRetryRequest have in common, and returns the suite (RFC 8446 4.1.3)."""
    output.check(
        message.legacy_version == TLS12,
        "legacy_version is 0x0303",
        "RFC 8446 4.1.3",
        Problem.ILLEGAL_PARAMETER,
        f"legacy_version {message.legacy_version:#06x} beside TLS 1.3",
    )
    output.check(
        message.session_id == offer.hello.session_id,
        "legacy_session_id_echo is what was sent",
        "RFC 8446 4.1.3",
        Problem.ILLEGAL_PARAMETER,
        "legacy_session_id_echo differs from what was sent",
    )
    output.check(
        message.compression_method == 0,
        "legacy_compression_method is null",
        "RFC 8446 4.1.3",
        Problem.ILLEGAL_PARAMETER,
        f"legacy_compression_method {message.compression_method}",
    )
    with output.checking("the cipher suite is one that was offered", "RFC 8446 4.1.3"):
        return _offered_suite(config, offer, message)


def _offered_suite(config: ClientConfig, offer: Offer, message: ServerHello) -> Suite:
    suite = config.provider.suites.get(message.cipher_suite)
    if suite is None or suite.version is not TLS13 or message.cipher_suite not in offer.hello.cipher_suites:
        name = name_of(CipherSuite, message.cipher_suite)
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, f"server selected {name}, which TLS 1.3 was not offered with")
    return suite


def _selected_psk(
    config: ClientConfig, offer: Offer, suite: Suite, message: ServerHello, output: Output
) -> Session | None:
    """RFC 8446 4.2.11: the index must be ours, and the suite of the PSK's hash."""
    selected = message.extensions.get(PreSharedKeySelected)
    if selected is None:
        return None
    with output.checking("the PSK selected is one that was offered", "RFC 8446 4.2.11"):
        session = _offered_psk(offer, selected.index)
    output.check(
        config.provider.suites[session.suite].hash is suite.hash,
        "the cipher suite has the hash of the selected PSK",
        "RFC 8446 4.2.11",
        Problem.ILLEGAL_PARAMETER,
        f"{suite.name} has another hash than the selected PSK",
    )
    return session


def _offered_psk(offer: Offer, index: int) -> Session:
    if offer.session is None or index != 0:
        raise ProtocolError(Problem.ILLEGAL_PARAMETER, f"selected PSK identity {index}")
    return offer.session


def _key_share(message: ServerHello) -> KeyShareServer:
    share = message.extensions.get(KeyShareServer)
    if share is None:
        raise ProtocolError(Problem.MISSING_EXTENSION, "key_share in ServerHello (psk_ke was not offered)")
    return share


def _selected_share(offer: Offer, message: ServerHello) -> PrivateShare:
    """RFC 8446 4.2.8: the group must be one of those we sent a share of."""
    group = _key_share(message).share.group
    share = offer.shares.get(group)
    if share is None:
        raise ProtocolError(
            Problem.ILLEGAL_PARAMETER, f"key share for {name_of(NamedGroup, group)}, which was not sent"
        )
    return share


@dataclass(slots=True)
class _Client13State(State):
    shared: Client13

    @property
    def is_tls13(self) -> bool:
        return True

    @property
    def transcript(self) -> Transcript:
        return self.shared.transcript


class ClientWaitEncryptedExtensions(_Client13State):
    """WAIT_EE."""

    __slots__ = ()

    def encrypted_extensions(self, message: EncryptedExtensions, output: Output) -> State:
        """RFC 8446 4.3.1."""
        shared = self.shared
        check_solicited(shared.offer.hello, message.extensions, "EncryptedExtensions", output)
        protocols = message.extensions.get(ApplicationProtocols)
        offered = shared.offer.hello.extensions.get(ApplicationProtocols)
        if protocols is not None and offered is not None:
            shared.alpn = check_alpn(offered.protocols, protocols.protocols, output)
        limit = message.extensions.get(RecordSizeLimit)
        agree_record_size(shared.config.record_size_limit, None if limit is None else limit.limit, output)
        if shared.session is not None:
            return ClientWaitFinished(shared, ResumedPeer(shared.session))
        return ClientWaitCertificateOrRequest(shared)

    expects = (
        on(
            EncryptedExtensions,
            encrypted_extensions,
            "ClientWaitCertificateOrRequest",
            "ClientWaitFinished",
        ),
        on(ChangeCipherSpec, ignore_change_cipher_spec, "ClientWaitEncryptedExtensions"),
    )


def _take_certificate(
    shared: Client13, request: CertificateRequest | None, message: Certificate, output: Output
) -> State:
    """RFC 8446 4.4.2."""
    output.check(
        not message.request_context,
        "certificate_request_context is empty",
        "RFC 8446 4.4.2",
        Problem.ILLEGAL_PARAMETER,
        "certificate_request_context of a server's Certificate",
    )
    output.check(
        bool(message.entries),
        "the server's certificate_list is not empty",
        "RFC 8446 4.4.2.4",
        Problem.MALFORMED_MESSAGE,  # decode_error
        "Certificate.certificate_list of a server is empty",
    )
    for entry in message.entries:
        check_solicited(shared.offer.hello, entry.extensions, "CertificateEntry", output)
    chain = tuple(entry.cert_data for entry in message.entries)
    asked = shared.offer.hello.extensions.get(StatusRequest) is not None
    with output.checking("each status is of the type asked for", "RFC 8446 4.4.2.1"):
        stapled = tuple(stapled_response(entry.extensions.get(CertificateStatusEntry)) for entry in message.entries)
    report_chain(chain, output)
    return output.ask(VerifyPeer(chain, stapled if asked else ()), partial(_certificate_judged, shared, request))


def _certificate_judged(
    shared: Client13, request: CertificateRequest | None, peer: VerifiedPeer, output: Output
) -> State:
    return ClientWaitCertificateVerify(shared, peer, request)


class ClientWaitCertificateOrRequest(_Client13State):
    """WAIT_CERT_CR."""

    __slots__ = ()

    def certificate_request(self, message: CertificateRequest, output: Output) -> State:
        """RFC 8446 4.3.2."""
        output.check(
            not message.request_context,
            "certificate_request_context is empty during the handshake",
            "RFC 8446 4.3.2",
            Problem.ILLEGAL_PARAMETER,
            "certificate_request_context during the handshake",
        )
        output.check(
            message.extensions.get(SignatureAlgorithms) is not None,
            "signature_algorithms is there",
            "RFC 8446 4.3.2",
            Problem.MISSING_EXTENSION,
            "signature_algorithms in CertificateRequest",
        )
        return ClientWaitCertificate(self.shared, message)

    def certificate(self, message: Certificate, output: Output) -> State:
        return _take_certificate(self.shared, None, message, output)

    expects = (
        on(CertificateRequest, certificate_request, "ClientWaitCertificate"),
        on(Certificate, certificate, "ClientWaitCertificateVerify"),
        on(ChangeCipherSpec, ignore_change_cipher_spec, "ClientWaitCertificateOrRequest"),
    )


@dataclass(slots=True)
class ClientWaitCertificate(_Client13State):
    """WAIT_CERT: the server has asked for our certificate, too."""

    request: CertificateRequest

    def certificate(self, message: Certificate, output: Output) -> State:
        return _take_certificate(self.shared, self.request, message, output)

    expects = (
        on(Certificate, certificate, "ClientWaitCertificateVerify"),
        on(ChangeCipherSpec, ignore_change_cipher_spec, "ClientWaitCertificate"),
    )


@dataclass(slots=True)
class ClientWaitCertificateVerify(_Client13State):
    """WAIT_CV."""

    peer: VerifiedPeer
    request: CertificateRequest | None

    def certificate_verify(self, message: CertificateVerify, output: Output) -> State:
        """RFC 8446 4.4.3."""
        shared = self.shared
        offered = shared.offer.hello.extensions.get(SignatureAlgorithms)
        output.check(
            offered is not None and message.algorithm in offered.schemes,
            "the signature scheme is one that was offered",
            "RFC 8446 4.4.3",
            Problem.ILLEGAL_PARAMETER,
            f"CertificateVerify with {name_of(SignatureScheme, message.algorithm)}, which was not offered",
        )
        content = certificate_verify_content(SERVER_CONTEXT, shared.transcript.digest_before_last())
        with output.checking("the certificate's key made the signature over the transcript", "RFC 8446 4.4.3"):
            verify = shared.config.provider.verify
            valid = verify(self.peer.public_key, message.algorithm, message.signature, content, TLS13)
        return ClientWaitFinished(shared, SignedPeer(self.peer, valid, message.algorithm), self.request)

    expects = (
        on(CertificateVerify, certificate_verify, "ClientWaitFinished"),
        on(ChangeCipherSpec, ignore_change_cipher_spec, "ClientWaitCertificateVerify"),
    )


@dataclass(slots=True)
class ClientWaitFinished(_Client13State):
    """WAIT_FINISHED."""

    proof: PeerProof
    request: CertificateRequest | None = None

    def finished(self, message: Finished, output: Output) -> State:
        """RFC 8446 4.4.4; then our own flight."""
        shared = self.shared
        algorithm, transcript = shared.suite.hash, shared.transcript
        expected = finished_verify_data(algorithm, shared.server_secret.secret, transcript.digest_before_last())
        with output.checking("verify_data is the MAC over the transcript", "RFC 8446 4.4.4"):
            finished = check_finished(expected, message.verify_data)
        master = shared.secret.master()
        client_random = shared.offer.hello.random
        secrets = ApplicationSecrets.derive(shared.suite, master, transcript.digest(), client_random, output)
        closing = _ClosingFlight(shared, self.proof, finished, self.request, master, secrets)
        return closing.start(output)

    expects = (
        on(Finished, finished, "ClientConnected"),
        on(ChangeCipherSpec, ignore_change_cipher_spec, "ClientWaitFinished"),
    )


@dataclass(slots=True)
class _ClosingFlight:
    """The client's last flight: Certificate and CertificateVerify where asked for, then Finished (RFC 8446 4.4)."""

    shared: Client13
    proof: PeerProof
    finished: FinishedValid
    request: CertificateRequest | None
    master: MasterSecret
    secrets: ApplicationSecrets

    def start(self, output: Output) -> State:
        if self.request is None:
            return self._finish(output)
        schemes = self.request.extensions.get(SignatureAlgorithms)
        authorities = self.request.extensions.get(CertificateAuthorities)
        need = ChooseCredential(
            TLS13,
            schemes.schemes if schemes is not None else (),
            authorities=authorities.names if authorities is not None else (),
        )
        return output.ask(need, self._certificate)

    def _certificate(self, credential: Credential | None, output: Output) -> State:
        """RFC 8446 4.4.2: without a suitable certificate an empty list is sent, and no CertificateVerify."""
        chain = () if credential is None else credential.chain
        entries = tuple(CertificateEntry(der, Extensions()) for der in chain)
        context = self.request.request_context if self.request is not None else b""
        self.shared.transcript.add(output.send(Epoch.HANDSHAKE, Certificate(context, entries)))
        if credential is None:
            return self._finish(output)
        with output.checking("the server can verify what our key signs", "RFC 8446 4.4.3"):
            scheme = self._scheme(credential)
        content = certificate_verify_content(CLIENT_CONTEXT, self.shared.transcript.digest())
        return output.ask(Sign(credential, scheme, content), partial(self._certificate_verify, scheme))

    def _scheme(self, credential: Credential) -> int:
        """The server's first choice of what our key can do (RFC 8446 4.4.3)."""
        asked = self.request.extensions.get(SignatureAlgorithms) if self.request is not None else None
        able = credential.schemes(TLS13)
        for scheme in asked.schemes if asked is not None else ():
            if scheme in able:
                return scheme
        raise ProtocolError(Problem.NO_COMMON_SIGNATURE_SCHEME, "our certificate's key and the server's list")

    def _certificate_verify(self, scheme: int, signature: bytes, output: Output) -> State:
        self.shared.transcript.add(output.send(Epoch.HANDSHAKE, CertificateVerify(scheme, signature)))
        return self._finish(output)

    def _finish(self, output: Output) -> State:
        shared, secrets = self.shared, self.secrets
        transcript = shared.transcript
        verify_data = finished_verify_data(shared.suite.hash, shared.client_secret.secret, transcript.digest())
        transcript.add(output.send(Epoch.HANDSHAKE, Finished(verify_data)))
        output.install(Direction.WRITE, Epoch.APPLICATION, secrets.client)
        output.install(Direction.READ, Epoch.APPLICATION, secrets.server)
        negotiated = self._negotiated()
        output.emit(HandshakeCompleted(negotiated))
        return ClientConnected(
            config=shared.config,
            read_secret=secrets.server,
            write_secret=secrets.client,
            exporter=secrets.exporter,
            proof=self.proof,
            finished=self.finished,
            negotiated=negotiated,
            resumption=self.master.resumption(transcript.digest()),
        )

    def _negotiated(self) -> Negotiated:
        shared, proof = self.shared, self.proof
        return Negotiated(
            version=TLS13,
            suite=int(shared.suite.id),
            suite_name=shared.suite.name,
            group=shared.group,
            signature_scheme=proof.scheme if isinstance(proof, SignedPeer) else None,
            alpn=shared.alpn,
            server_name=sent_server_name(shared.config),
            resumed=isinstance(proof, ResumedPeer),
            hello_retry=shared.retried,
            peer_chain=peer_chain(proof),
            verified_path=verified_path(proof),
        )
