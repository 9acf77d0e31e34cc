"""A client's first states: START and WAIT_SH of RFC 8446 appendix A.1, up to where the version is known.

Theory of operation: ``ClientStart`` sends the offer. ``ClientWaitServerHello`` reads ServerHello, goes round once
through HelloRetryRequest if it is one, fixes the version, detects downgrades, and hands over to ``client13`` or
``client12``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from puressl.codes import Epoch, ExtensionType, NamedGroup, ProtocolVersion, name_of
from puressl.config import ClientConfig
from puressl.crypto.suites import Suite
from puressl.crypto.transcript import Transcript
from puressl.errors import Problem, ProtocolError
from puressl.handshake import client12, client13
from puressl.handshake.client_hello import TLS12, TLS13, Offer, bind, first_offer, retried_offer
from puressl.handshake.hello_request12 import HelloRequests, ignore_hello_request
from puressl.handshake.machine import State, on
from puressl.handshake.offer import check_solicited
from puressl.handshake.output import Output
from puressl.handshake.sessions12 import forget
from puressl.wire import (
    DOWNGRADE_TLS11,
    DOWNGRADE_TLS12,
    ChangeCipherSpec,
    Cookie,
    HelloRequest,
    KeyShareRetry,
    SelectedVersion,
    ServerHello,
    SupportedGroups,
)


@dataclass(slots=True)
class ClientStart(State):
    """Nothing is sent yet."""

    config: ClientConfig

    leads_to = ("ClientWaitServerHello",)

    def start(self, output: Output) -> State:
        """Sends ClientHello."""
        transcript = Transcript()
        offer = bind(first_offer(self.config), self.config, transcript, output)
        transcript.add(output.send(Epoch.INITIAL, offer.hello))
        return ClientWaitServerHello(self.config, offer, transcript)


@dataclass(slots=True)
class ClientWaitServerHello(State):
    """WAIT_SH. retried: the suite that HelloRetryRequest chose, None if there was none. cipher_spec_changed: whether a
    ChangeCipherSpec came, which only a TLS 1.3 server may send so early (RFC 8446 5, RFC 5246 7.1).
    """

    config: ClientConfig
    offer: Offer
    messages: Transcript
    retried: Suite | None = None
    requests: HelloRequests = field(default_factory=HelloRequests)
    cipher_spec_changed: bool = False

    @property
    def transcript(self) -> Transcript:
        return self.messages

    @property
    def is_tls13(self) -> bool:
        return self.retried is not None

    def change_cipher_spec(self, message: ChangeCipherSpec, output: Output) -> State:
        output.check(
            TLS13 in self.config.versions,
            "ChangeCipherSpec before ServerHello is of TLS 1.3",
            "RFC 8446 5",
            Problem.UNEXPECTED_MESSAGE,
            "ChangeCipherSpec before ServerHello",
        )
        self.cipher_spec_changed = True
        return self

    def failed(self) -> None:
        if self.offer.session is not None and self.offer.session.version is TLS12:
            forget(self.config)

    def hello_request(self, message: HelloRequest, output: Output) -> State:
        """RFC 5246 7.4.1.1: a TLS 1.2 server may ask for the hello that is on its way. TLS 1.3 has no such message."""
        output.check(
            TLS12 in self.config.versions and self.retried is None,
            "HelloRequest is of TLS 1.2",
            "RFC 5246 7.4.1.1",
            Problem.UNEXPECTED_MESSAGE,
            "HelloRequest, which TLS 1.3 does not have",
        )
        return ignore_hello_request(self, message, output)

    def server_hello(self, message: ServerHello, output: Output) -> State:
        output.check(
            message.legacy_version > ProtocolVersion.SSLv3,
            "legacy_version is none of SSL",
            "RFC 8446 D.5",
            Problem.UNSUPPORTED_VERSION,
            "ServerHello of SSL 3.0 or before (RFC 8446 D.5)",
        )
        if message.is_retry:
            return self._retry(message, output)
        with output.checking("the version selected is one that was offered", "RFC 8446 4.2.1"):
            version = self._version(message)
        self._check_downgrade(version, message, output)
        check_solicited(self.offer.hello, message.extensions, "ServerHello", output)
        if version is TLS13:
            return client13.server_hello(self.config, self.offer, self.messages, self.retried, message, output)
        output.check(
            not self.cipher_spec_changed,
            "no ChangeCipherSpec came before ServerHello",
            "RFC 5246 7.1",
            Problem.UNEXPECTED_MESSAGE,
            "ChangeCipherSpec before ServerHello of TLS 1.2",
        )
        return client12.server_hello(self.config, self.offer, self.messages, message, output)

    def _version(self, message: ServerHello) -> ProtocolVersion:
        """RFC 8446 4.1.3, 4.2.1: which version was selected."""
        selected = message.selected_version
        if message.extensions.get(SelectedVersion) is not None:
            if selected != TLS13 or TLS13 not in self.config.versions:
                raise ProtocolError(Problem.ILLEGAL_PARAMETER, f"ServerHello selected version {selected:#06x}")
            return TLS13
        if self.retried is not None:
            raise ProtocolError(Problem.ILLEGAL_PARAMETER, "TLS 1.3's HelloRetryRequest, then an older ServerHello")
        if selected != TLS12 or TLS12 not in self.config.versions:
            spoken = ", ".join(version.label for version in self.config.versions)
            name = name_of(ProtocolVersion, selected)
            raise ProtocolError(Problem.UNSUPPORTED_VERSION, f"server selected {name}; we speak {spoken}")
        return TLS12

    def _check_downgrade(self, version: ProtocolVersion, message: ServerHello, output: Output) -> None:
        """RFC 8446 4.1.3: whether somebody lowered the version."""
        if version is TLS12 and TLS13 in self.config.versions:
            output.check(
                message.random[-len(DOWNGRADE_TLS12) :] not in (DOWNGRADE_TLS12, DOWNGRADE_TLS11),
                "the server's random has no sign of a downgrade",
                "RFC 8446 4.1.3",
                Problem.DOWNGRADE_DETECTED,
                "the server speaks TLS 1.3, and so do we (RFC 8446 4.1.3)",
            )

    def _retry(self, message: ServerHello, output: Output) -> State:
        """RFC 8446 4.1.4."""
        output.check(
            self.retried is None,
            "it is the only HelloRetryRequest",
            "RFC 8446 4.1.4",
            Problem.UNEXPECTED_MESSAGE,
            "second HelloRetryRequest",
        )
        output.check(
            TLS13 in self.config.versions,
            "TLS 1.3 was offered",
            "RFC 8446 4.1.4",
            Problem.ILLEGAL_PARAMETER,
            "HelloRetryRequest, but TLS 1.3 was not offered",
        )
        output.check(
            message.selected_version == TLS13 and message.extensions.get(SelectedVersion) is not None,
            "supported_versions selects TLS 1.3",
            "RFC 8446 4.1.4",
            Problem.ILLEGAL_PARAMETER,
            "HelloRetryRequest without TLS 1.3",
        )
        also = frozenset({int(ExtensionType.COOKIE)})
        check_solicited(self.offer.hello, message.extensions, "HelloRetryRequest", output, also=also)
        suite = client13.selected_suite(self.config, self.offer, message, output)
        share, cookie = message.extensions.get(KeyShareRetry), message.extensions.get(Cookie)
        output.check(
            share is not None or cookie is not None,
            "it asks for a change of ClientHello",
            "RFC 8446 4.1.4",
            Problem.ILLEGAL_PARAMETER,
            "HelloRetryRequest that changes nothing",
        )
        group = None if share is None else self._retry_group(share.group, output)
        self.messages.start(suite.hash)
        self.messages.replace_with_message_hash()
        return self._second_hello(suite, group, None if cookie is None else cookie.cookie, output)

    def _retry_group(self, group: int, output: Output) -> int:
        """RFC 8446 4.2.8: one that we support and sent no share of."""
        supported = self.offer.hello.extensions.get(SupportedGroups)
        offered = supported is not None and group in supported.groups and group in self.config.groups
        output.check(
            offered and group not in self.offer.shares,
            "the group was offered without a share",
            "RFC 8446 4.2.8",
            Problem.ILLEGAL_PARAMETER,
            f"HelloRetryRequest asks for group {name_of(NamedGroup, group)}",
        )
        return group

    def _second_hello(self, suite: Suite, group: int | None, cookie: bytes | None, output: Output) -> State:
        offer = retried_offer(self.config, self.offer, group, cookie, suite)
        offer = bind(offer, self.config, self.messages, output)
        if offer.hello.session_id:
            output.send(Epoch.INITIAL, ChangeCipherSpec())  # RFC 8446 D.4: before the second flight
        self.messages.add(output.send(Epoch.INITIAL, offer.hello))
        return ClientWaitServerHello(self.config, offer, self.messages, suite)

    expects = (
        on(
            ServerHello,
            server_hello,
            "ClientWaitServerHello",
            "ClientWaitEncryptedExtensions",
            *client12.AFTER_SERVER_HELLO,
        ),
        on(ChangeCipherSpec, change_cipher_spec, "ClientWaitServerHello"),
        on(HelloRequest, hello_request, "ClientWaitServerHello", hashed=False),
    )
