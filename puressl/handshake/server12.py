"""The server's choices and first flight in TLS 1.2 (RFC 5246 7.3, 7.4.1).

Theory of operation: ``client_hello`` makes a ``Negotiation12``, which checks what the client must say, looks for its
session, and else for a certificate and a suite; each question to the configuration is a continuation. A session found
is resumed at once: the abbreviated handshake has no choices. Otherwise the whole flight is sent, and the states of
``server_finish12`` take the client's answer.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial

from puressl.codes import CertificateStatusType, ClientCertificateType, ECPointFormat, Epoch, ProtocolVersion
from puressl.config import ServerConfig, Verify
from puressl.crypto.groups import PrivateShare
from puressl.crypto.keys import KeyType
from puressl.crypto.suites import KeyExchange, Suite
from puressl.crypto.transcript import Transcript
from puressl.env import Purpose
from puressl.errors import Problem, ProtocolError
from puressl.events import ChooseCredential, FindSession, Sign
from puressl.handshake import select, select12
from puressl.handshake.client_hello import RANDOM_LENGTH, SESSION_ID_LENGTH
from puressl.handshake.finished12 import SERVER_FINISHED, send_finished
from puressl.handshake.key_exchange12 import ServerKeyExchange, offered_schemes, server_params, signed_content
from puressl.handshake.machine import State
from puressl.handshake.output import Output
from puressl.handshake.parameters12 import TLS12, Parameters12, agree_record_size, record_size_limit
from puressl.handshake.proofs import ResumedPeer
from puressl.handshake.resumption import may_resume
from puressl.handshake.server_finish12 import ServerClosing12, ServerWaitChangeCipherSpec12
from puressl.handshake.server_flight12 import Server12, after_our_flight
from puressl.session import Session
from puressl.wire import (
    DOWNGRADE_TLS12,
    ApplicationProtocols,
    Certificate12,
    CertificateRequest12,
    CertificateStatus12,
    ClientHello,
    ECPointFormats,
    EncryptThenMac,
    ExtendedMasterSecret,
    Extensions,
    RecordSizeLimit,
    RenegotiationInfo,
    ServerHello,
    ServerHelloDone,
    ServerNameAck,
    ServerNameOffer,
    SessionTicket,
    StatusRequestAck,
)
from puressl.x509.credential import Credential

#: The states that ``client_hello`` may lead to.
AFTER_CLIENT_HELLO = (
    "ServerWaitCertificate12",
    "ServerWaitClientKeyExchangeEcdhe12",
    "ServerWaitClientKeyExchangeDhe12",
    "ServerWaitClientKeyExchangeRsa12",
    "ServerWaitChangeCipherSpec12",
)

#: Which certificate_types a scheme stands for in CertificateRequest (RFC 5246 7.4.4, RFC 8422 5.5).
_CERTIFICATE_TYPES = {
    KeyType.RSA: ClientCertificateType.RSA_SIGN,
    KeyType.RSA_PSS: ClientCertificateType.RSA_SIGN,
    KeyType.EC: ClientCertificateType.ECDSA_SIGN,
    KeyType.ED25519: ClientCertificateType.ECDSA_SIGN,
    KeyType.ED448: ClientCertificateType.ECDSA_SIGN,
}


def client_hello(config: ServerConfig, transcript: Transcript, message: ClientHello, output: Output) -> State:
    """Takes a ClientHello that negotiates TLS 1.2."""
    return Negotiation12(config, transcript, message).start(output)


@dataclass(slots=True)
class Negotiation12:
    """The choices of one handshake, made step by step."""

    config: ServerConfig
    transcript: Transcript
    hello: ClientHello
    secure_renegotiation: bool = False
    server_name: str | None = None
    alpn: bytes | None = None

    @property
    def extended_master_secret(self) -> bool:
        """RFC 7627 5.1: wherever it is offered."""
        return self.hello.extensions.get(ExtendedMasterSecret) is not None

    def start(self, output: Output) -> State:
        with output.checking("secure renegotiation is signalled where it is insisted on", "RFC 5746 3.6"):
            self.secure_renegotiation = select12.secure_renegotiation(self.config, self.hello)
        with output.checking("ec_point_formats, where it is there, has uncompressed", "RFC 8422 5.1.2"):
            select12.check_point_formats(self.hello)
        self.server_name = select.server_name(self.hello)
        with output.checking("there is a common application protocol, where any is offered", "RFC 7301 3.2"):
            self.alpn = select.application_protocol(self.config, self.hello)
        return self._find_session(output)

    # Resumption -------------------------------------------------------------------------------------------------------

    def _find_session(self, output: Output) -> State:
        """By ticket, or by session identifier if no ticket is presented (RFC 5077 3.4)."""
        offer = self.hello.extensions.get(SessionTicket)
        ticket = offer.ticket if offer is not None else b""
        if not self.config.session_tickets or not (ticket or self.hello.session_id):
            return self._choose_credential(output)
        if ticket:
            return output.ask(FindSession(TLS12, ticket=ticket), self._found)
        return output.ask(FindSession(TLS12, session_id=self.hello.session_id), self._found)

    def _found(self, session: Session | None, output: Output) -> State:
        with output.checking("the extended master secret is used as in the session", "RFC 7627 5.3"):
            suite = None if session is None else self._resumable_suite(session)
        if session is None or suite is None:
            return self._choose_credential(output)
        return self._resume(session, suite, output)

    def _resumable_suite(self, session: Session) -> Suite | None:
        """The suite of a session that may be resumed, None for a full handshake (RFC 5246 7.4.1.2, RFC 7627 5.3)."""
        config = self.config
        suite = next((each for each in config.suites_for(TLS12) if each.id == session.suite), None)
        if suite is None or suite.id not in self.hello.cipher_suites:
            return None
        if not may_resume(config, session, TLS12, self.server_name, self.alpn):
            return None
        if not session.extended_master_secret:
            return None
        if not self.extended_master_secret:
            raise ProtocolError(Problem.EXTENDED_MASTER_SECRET_CHANGED)
        if session.encrypt_then_mac and not select12.encrypt_then_mac(self.hello, suite):
            return None  # RFC 7366 3.1: no way back to MAC-then-encrypt
        return suite if select12.is_usable(config, self.hello, suite) else None

    def _resume(self, session: Session, suite: Suite, output: Output) -> State:
        """The abbreviated handshake: ServerHello, ChangeCipherSpec, Finished (RFC 5246 7.3).

        No new ticket is sent: the session would not live longer by it.
        """
        extensions = self._extensions(suite, resumed=True, ticket=False, staples=False, output=output)
        parameters = self._send_hello(suite, self.hello.session_id, extensions, output)
        secrets = parameters.resumed(session.secret, output)
        send_finished(parameters, secrets, secrets.keys.server, SERVER_FINISHED, self.transcript, output)
        # With a ticket the identifier is the client's invention and names nothing here (RFC 5077 3.4).
        by_identifier = bool(session.session_id) and session.session_id == self.hello.session_id
        closing = ServerClosing12(
            config=self.config,
            messages=self.transcript,
            parameters=parameters,
            group=None,
            session_id=session.session_id if by_identifier else b"",
            ticket_promised=False,
        )
        return ServerWaitChangeCipherSpec12(closing, secrets, ResumedPeer(session))

    # Certificate and suite --------------------------------------------------------------------------------------------

    def _choose_credential(self, output: Output) -> State:
        with output.checking("there is a common cipher suite, and a group for it", "RFC 5246 7.4.1.3, RFC 7919 4"):
            candidates = select12.suites(self.config, self.hello)
        need = ChooseCredential(
            TLS12,
            offered_schemes(self.hello),
            self.server_name,
            authentication=select12.authentications(candidates),
            curves=select12.curves(self.hello),
        )
        return output.ask(need, partial(self._credential_chosen, candidates))

    def _credential_chosen(self, candidates: tuple[Suite, ...], credential: Credential | None, output: Output) -> State:
        with output.checking("a certificate of ours suits the client and a common suite", "RFC 5246 7.4.2"):
            if credential is None:
                raise ProtocolError(Problem.NO_COMMON_SIGNATURE_SCHEME, "no certificate of ours suits the client")
            suite = select12.suite(self.hello, candidates, credential)
        ticket = self._promises_ticket()
        stapled = select.stapled_response(self.hello, credential)
        extensions = self._extensions(suite, resumed=False, ticket=ticket, staples=bool(stapled), output=output)
        session_id = b"" if ticket else self._new_session_id()
        parameters = self._send_hello(suite, session_id, extensions, output)
        closing = ServerClosing12(
            config=self.config,
            messages=self.transcript,
            parameters=parameters,
            group=None,
            session_id=session_id,
            ticket_promised=ticket,
        )
        return _FirstFlight(self, credential, closing, stapled).start(output)

    def _promises_ticket(self) -> bool:
        """RFC 5077 3.2; never for a session that RFC 7627 5.3 would not have resumed."""
        offered = self.hello.extensions.get(SessionTicket) is not None
        return offered and self.config.session_tickets and self.extended_master_secret

    def _new_session_id(self) -> bytes:
        """An identifier for a session that will be kept here; none if it will not be (RFC 5246 7.4.1.3)."""
        config = self.config
        if not config.session_tickets or not config.session_cache or not self.extended_master_secret:
            return b""
        return config.env.random(SESSION_ID_LENGTH, Purpose.SESSION_ID)

    # ServerHello ------------------------------------------------------------------------------------------------------

    def _random(self) -> bytes:
        """RFC 8446 4.1.3: a server that speaks TLS 1.3 says so even where it was made to speak TLS 1.2."""
        random = self.config.env.random(RANDOM_LENGTH, Purpose.SERVER_RANDOM)
        if ProtocolVersion.TLSv1_3 not in self.config.versions:
            return random
        return random[: -len(DOWNGRADE_TLS12)] + DOWNGRADE_TLS12

    def _send_hello(self, suite: Suite, session_id: bytes, extensions: Extensions, output: Output) -> Parameters12:
        self.transcript.start(suite.hash)
        message = ServerHello(
            legacy_version=int(TLS12),
            random=self._random(),
            session_id=session_id,
            cipher_suite=int(suite.id),
            compression_method=0,
            extensions=extensions,
        )
        self.transcript.add(output.send(Epoch.INITIAL, message))
        return Parameters12(
            suite=suite,
            client_random=self.hello.random,
            server_random=message.random,
            extended_master_secret=self.extended_master_secret,
            encrypt_then_mac=select12.encrypt_then_mac(self.hello, suite),
            alpn=self.alpn,
            server_name=self.server_name,
        )

    def _extensions(self, suite: Suite, *, resumed: bool, ticket: bool, staples: bool, output: Output) -> Extensions:
        """Answers to what was offered (RFC 5246 7.4.1.4)."""
        offered, ours = self.hello.extensions, record_size_limit(self.config.record_size_limit)
        limit = offered.get(RecordSizeLimit)
        agree_record_size(ours, limit.limit if limit is not None else None, output)
        uncompressed = ECPointFormats((int(ECPointFormat.UNCOMPRESSED),))
        is_ecc = suite.key_exchange is KeyExchange.ECDHE
        rows = (
            # RFC 6066 3: not in a resumption.
            ServerNameAck() if offered.get(ServerNameOffer) is not None and not resumed else None,
            StatusRequestAck() if staples else None,  # RFC 6066 8
            # RFC 5746 3.6: the extension answers the SCSV, too.
            RenegotiationInfo(b"") if self.secure_renegotiation else None,
            ExtendedMasterSecret() if self.extended_master_secret else None,
            EncryptThenMac() if select12.encrypt_then_mac(self.hello, suite) else None,
            uncompressed if is_ecc and offered.get(ECPointFormats) is not None else None,  # RFC 8422 5.2
            SessionTicket(b"") if ticket else None,
            ApplicationProtocols((self.alpn,)) if self.alpn is not None else None,
            RecordSizeLimit(ours) if ours is not None and limit is not None else None,
        )
        return Extensions(tuple(row for row in rows if row is not None))


@dataclass(slots=True)
class _FirstFlight:
    """Certificate, CertificateStatus, ServerKeyExchange, CertificateRequest, ServerHelloDone (RFC 5246 7.3).

    stapled: the OCSP response of CertificateStatus (RFC 6066 8), or nothing.
    """

    negotiation: Negotiation12
    credential: Credential
    closing: ServerClosing12
    stapled: bytes = field(repr=False)

    @property
    def config(self) -> ServerConfig:
        return self.negotiation.config

    def _send(self, message: object, output: Output) -> None:
        self.negotiation.transcript.add(output.send(Epoch.INITIAL, message))

    def start(self, output: Output) -> State:
        self._send(Certificate12(self.credential.chain), output)
        if self.stapled:
            self._send(CertificateStatus12(int(CertificateStatusType.OCSP), self.stapled), output)
        hello, suite = self.negotiation.hello, self.closing.parameters.suite
        group = select12.group(self.config, hello, suite)
        if group is None:
            return self._finish(None, output)
        share = group.generate(self.config.env)
        with output.checking("the client can verify what our key signs", "RFC 5246 7.4.1.4.1"):
            scheme = select12.scheme(self.config, hello, self.credential)
        unsigned = server_params(group, share.public, scheme)
        self.closing.group = group.id
        parameters = self.closing.parameters
        content = signed_content(parameters.client_random, parameters.server_random, unsigned)
        return output.ask(Sign(self.credential, scheme, content), partial(self._signed, share, unsigned))

    def _signed(self, share: PrivateShare, unsigned: ServerKeyExchange, signature: bytes, output: Output) -> State:
        self._send(replace(unsigned, signature=signature), output)
        return self._finish(share, output)

    def _finish(self, share: PrivateShare | None, output: Output) -> State:
        request = None
        if self.config.verify is not Verify.NONE:
            request = self._request()
            self._send(request, output)
        self._send(ServerHelloDone(), output)
        hello = self.negotiation.hello
        shared = Server12(self.closing, self.credential, hello.legacy_version, share, request)
        return after_our_flight(shared)

    def _request(self) -> CertificateRequest12:
        """RFC 5246 7.4.4."""
        config = self.config
        asked = config.certificate_request_schemes
        schemes = config.schemes_for(TLS12) if asked is None else asked
        rows = [config.provider.schemes[scheme] for scheme in schemes if scheme in config.provider.schemes]
        types = dict.fromkeys(int(_CERTIFICATE_TYPES[row.key_type]) for row in rows)
        names = config.authority_names
        return CertificateRequest12(bytes(types), tuple(int(scheme) for scheme in schemes), names)
