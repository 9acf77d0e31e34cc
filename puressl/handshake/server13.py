"""The server's choices in TLS 1.3: START to NEGOTIATED (RFC 8446 appendix A.2).

Theory of operation: ``client_hello`` makes a ``Negotiation``, which walks through the choices in the order in which
they depend on one another: suite, group (or HelloRetryRequest), protocol, session or certificate. Each question to the
configuration is a continuation, so any of them may be answered later. When all is chosen ServerHello is sent, and the
``Flight`` of ``server_flight13`` goes on from there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from puressl.codes import (
    CipherSuite,
    Direction,
    Epoch,
    ExtensionType,
    PskKeyExchangeMode,
    name_of,
)
from puressl.config import ServerConfig
from puressl.crypto.kdf import equal
from puressl.crypto.schedule13 import (
    EarlySecret,
    TrafficSecret,
    finished_verify_data,
)
from puressl.crypto.suites import Suite
from puressl.crypto.transcript import Transcript
from puressl.env import Purpose
from puressl.errors import Problem, ProtocolError
from puressl.events import (
    ChooseCookie,
    ChooseCredential,
    FindSession,
)
from puressl.handshake import select
from puressl.handshake.client_hello import RANDOM_LENGTH, TLS12, TLS13
from puressl.handshake.compatibility import ignore_change_cipher_spec
from puressl.handshake.machine import State, on
from puressl.handshake.output import Output
from puressl.handshake.resumption import may_resume
from puressl.handshake.server_flight13 import Flight
from puressl.session import Session
from puressl.trace import PSK, SHARED_SECRET
from puressl.wire import (
    HELLO_RETRY_RANDOM,
    ChangeCipherSpec,
    ClientHello,
    Cookie,
    EarlyData,
    Extensions,
    KeyShareEntry,
    KeyShareOffer,
    KeyShareRetry,
    KeyShareServer,
    PreSharedKeyOffer,
    PreSharedKeySelected,
    PskKeyExchangeModes,
    SelectedVersion,
    ServerHello,
    SignatureAlgorithms,
    binders_length,
)
from puressl.x509.credential import Credential

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
        output.check(
            self.hello.compression_methods == b"\x00",
            "legacy_compression_methods is just null",
            "RFC 8446 4.1.2",
            Problem.ILLEGAL_PARAMETER,
            "compression methods other than null (RFC 8446 4.1.2)",
        )
        with output.checking("there is a common cipher suite", "RFC 8446 4.1.1"):
            suite = self._suite()
        usable = self.config.groups if self.retry is None else (self.retry.group,)
        with output.checking("supported_groups and key_share agree, and there is a common group", "RFC 8446 4.2.8"):
            group, share = select.group(self.hello, usable)
        self.transcript.start(suite.hash)
        if share is None:
            return self._ask_again(suite, group, output)
        self.server_name = select.server_name(self.hello)
        with output.checking("there is a common application protocol, where any is offered", "RFC 7301 3.2"):
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
        output.check(
            modes is not None,
            "psk_key_exchange_modes stands beside pre_shared_key",
            "RFC 8446 4.2.9",
            Problem.MISSING_EXTENSION,
            "psk_key_exchange_modes beside pre_shared_key (RFC 8446 4.2.9)",
        )
        output.check(
            len(offer.binders) == len(offer.identities),
            "pre_shared_key has a binder for each identity",
            "RFC 8446 4.2.11",
            Problem.ILLEGAL_PARAMETER,
            "pre_shared_key: not one binder for each identity",
        )
        if not self._resumes_by(modes):
            return self._choose_credential(suite, share, output)
        return self._look_up(suite, share, offer, 0, output)

    def _resumes_by(self, modes: PskKeyExchangeModes | None) -> bool:
        offered = modes is not None and PskKeyExchangeMode.PSK_DHE_KE in modes.modes
        return offered and self.config.session_tickets

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
        self._check_binder(session, offer.binders[index], output)
        self.session, self.session_index = session, index
        return self._send_hello(suite, share, None, output)

    def _may_resume(self, session: Session, suite: Suite) -> bool:
        """Only under the settings the session was made with, and only with a suite of its hash."""
        made_with = self.config.provider.suites.get(session.suite)
        if made_with is None or made_with.hash is not suite.hash:
            return False
        return may_resume(self.config, session, TLS13, self.server_name, self.alpn)

    def _check_binder(self, session: Session, binder: bytes, output: Output) -> None:
        """RFC 8446 4.2.11.2."""
        output.input(PSK, session.secret)
        algorithm = self.config.provider.suites[session.suite].hash
        binder_key = EarlySecret(algorithm, session.secret).binder_key()
        truncated = self.transcript.digest_truncated(binders_length(self.hello))
        output.check(
            equal(finished_verify_data(algorithm, binder_key, truncated), binder),
            "the binder is the MAC over the truncated ClientHello",
            "RFC 8446 4.2.11.2",
            Problem.BAD_BINDER,
        )

    # Certificate --------------------------------------------------------------------------------------------

    def _choose_credential(self, suite: Suite, share: KeyShareEntry, output: Output) -> State:
        with output.checking("signature_algorithms is there", "RFC 8446 9.2"):
            need = ChooseCredential(TLS13, self._schemes(), self.server_name)
        return output.ask(need, partial(self._credential_chosen, suite, share))

    def _schemes(self) -> tuple[int, ...]:
        offered = self.hello.extensions.get(SignatureAlgorithms)
        if offered is None:
            raise ProtocolError(Problem.MISSING_EXTENSION, "signature_algorithms in ClientHello (RFC 8446 9.2)")
        return offered.schemes

    def _credential_chosen(
        self, suite: Suite, share: KeyShareEntry, credential: Credential | None, output: Output
    ) -> State:
        output.check(
            credential is not None,
            "a certificate of ours suits the client",
            "RFC 8446 4.4.2.2",
            Problem.NO_COMMON_SIGNATURE_SCHEME,
            "no certificate of ours suits the client",
        )
        return self._send_hello(suite, share, credential, output)

    # The flight ---------------------------------------------------------------------------------------------

    def _send_hello(self, suite: Suite, share: KeyShareEntry, credential: Credential | None, output: Output) -> State:
        config, transcript = self.config, self.transcript
        random = config.env.random(RANDOM_LENGTH, Purpose.SERVER_RANDOM)
        with output.checking("the client's public value is valid", "RFC 8446 4.2.8.2"):
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
        output.input(SHARED_SECRET, shared_secret)
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
        first = self.retry.hello
        output.check(
            _unchanging(message) == _unchanging(first),
            "the second ClientHello is the first but for what HelloRetryRequest asked",
            "RFC 8446 4.1.2",
            Problem.ILLEGAL_PARAMETER,
            "second ClientHello changes more than it may",
        )
        output.check(
            PreSharedKeyOffer.extension_type not in message.extensions
            or PreSharedKeyOffer.extension_type in first.extensions,
            "pre_shared_key is not new",
            "RFC 8446 4.1.2",
            Problem.ILLEGAL_PARAMETER,
            "pre_shared_key is new in the second ClientHello",
        )
        output.check(
            message.extensions.get(EarlyData) is None,
            "early_data is gone",
            "RFC 8446 4.2.10",
            Problem.ILLEGAL_PARAMETER,
            "early_data in the second ClientHello (RFC 8446 4.2.10)",
        )
        cookie = message.extensions.get(Cookie)
        output.check(
            equal(cookie.cookie if cookie is not None else b"", self.retry.cookie or b""),
            "the cookie is the one that was sent",
            "RFC 8446 4.2.2",
            Problem.BAD_COOKIE,
        )
        offer = message.extensions.get(KeyShareOffer)
        output.check(
            offer is not None and [share.group for share in offer.shares] == [self.retry.group],
            "key_share has just the share asked for",
            "RFC 8446 4.2.8",
            Problem.ILLEGAL_PARAMETER,
            "second ClientHello without just the share asked for",
        )
        return Negotiation(self.config, self.messages, message, self.retry).start(output)

    expects = (
        on(ClientHello, client_hello, "ServerWaitCertificate", "ServerWaitFinished"),
        on(ChangeCipherSpec, ignore_change_cipher_spec, "ServerWaitSecondClientHello"),
    )


def _unchanging(hello: ClientHello) -> tuple[object, ...]:
    kept = tuple(each for each in hello.extensions if each.extension_type not in _MAY_CHANGE)
    return (hello.legacy_version, hello.random, hello.session_id, hello.cipher_suites, hello.compression_methods, kept)
