"""The server's states of TLS 1.2 for the client's second flight, before ChangeCipherSpec (RFC 5246 7.4.6 to 7.4.8).

Theory of operation: which ClientKeyExchange is legal depends on the suite, so each has its state. With RSA key exchange
the answer to ``DecryptPremaster`` is always 48 bytes, right or not: what is wrong with it shows at Finished and nowhere
earlier. A client that sent a certificate must prove its key in CertificateVerify.
"""

from __future__ import annotations

from dataclasses import dataclass

from puressl.codes import SignatureScheme, name_of
from puressl.config import Verify
from puressl.crypto.groups import PrivateShare
from puressl.crypto.suites import KeyExchange
from puressl.crypto.transcript import Transcript
from puressl.env import Purpose
from puressl.errors import Problem
from puressl.events import DecryptPremaster, VerifyPeer
from puressl.handshake.key_exchange12 import PREMASTER_LENGTH, finite_field_secret
from puressl.handshake.machine import State, on
from puressl.handshake.offer import report_chain
from puressl.handshake.output import Output
from puressl.handshake.parameters12 import TLS12, Secrets12
from puressl.handshake.proofs import AnonymousPeer, SignedPeer
from puressl.handshake.server_finish12 import ServerClosing12, ServerWaitChangeCipherSpec12
from puressl.wire import (
    Certificate12,
    CertificateRequest12,
    CertificateVerify,
    ClientKeyExchangeDHE,
    ClientKeyExchangeECDHE,
    ClientKeyExchangeRSA,
)
from puressl.x509.credential import Credential
from puressl.x509.verifier import VerifiedPeer


@dataclass(slots=True)
class Server12:
    """What the states carry. client_version: of ClientHello. share: our half, None for RSA. requested: if we asked."""

    closing: ServerClosing12
    credential: Credential
    client_version: int
    share: PrivateShare | None
    requested: CertificateRequest12 | None


def after_our_flight(shared: Server12) -> State:
    """RFC 5246 7.4.6: a client that was asked must send Certificate, even an empty one."""
    return _wait_client_key_exchange(shared, None) if shared.requested is None else ServerWaitCertificate12(shared)


def _wait_client_key_exchange(shared: Server12, peer: VerifiedPeer | None) -> State:
    """peer: the client whose certificate came."""
    exchange = shared.closing.parameters.suite.key_exchange
    if shared.share is None:
        return ServerWaitClientKeyExchangeRsa12(shared, peer)
    if exchange is KeyExchange.DHE:
        return ServerWaitClientKeyExchangeDhe12(shared, peer, shared.share)
    return ServerWaitClientKeyExchangeEcdhe12(shared, peer, shared.share)


@dataclass(slots=True)
class _Server12State(State):
    shared: Server12

    @property
    def transcript(self) -> Transcript:
        return self.shared.closing.messages


class ServerWaitCertificate12(_Server12State):
    """The client's Certificate must come; what an empty one means is ours to decide."""

    __slots__ = ()

    def certificate(self, message: Certificate12, output: Output) -> State:
        """RFC 5246 7.4.6."""
        if message.certificates:
            report_chain(message.certificates, output)
            return output.ask(VerifyPeer(message.certificates), self._judged)
        output.check(
            self.shared.closing.config.verify is not Verify.REQUIRED,
            "a certificate is there where one is required",
            "RFC 5246 7.4.6",
            Problem.NO_CLIENT_CERTIFICATE,
        )
        return _wait_client_key_exchange(self.shared, None)

    def _judged(self, peer: VerifiedPeer, output: Output) -> State:
        return _wait_client_key_exchange(self.shared, peer)

    expects = (
        on(
            Certificate12,
            certificate,
            "ServerWaitClientKeyExchangeEcdhe12",
            "ServerWaitClientKeyExchangeDhe12",
            "ServerWaitClientKeyExchangeRsa12",
        ),
    )


@dataclass(slots=True)
class _WaitClientKeyExchange(_Server12State):
    peer: VerifiedPeer | None

    def agreed(self, premaster: bytes, output: Output) -> State:
        closing = self.shared.closing
        secrets = closing.parameters.agreed(premaster, closing.messages, output)
        if self.peer is None:
            return ServerWaitChangeCipherSpec12(closing, secrets, AnonymousPeer())
        return ServerWaitCertificateVerify12(self.shared, secrets, self.peer)


@dataclass(slots=True)
class ServerWaitClientKeyExchangeEcdhe12(_WaitClientKeyExchange):
    """The client's point must come (RFC 8422 5.7)."""

    share: PrivateShare

    def client_key_exchange(self, message: ClientKeyExchangeECDHE, output: Output) -> State:
        with output.checking("the client's point is on the curve", "RFC 8422 5.11"):
            premaster = self.share.derive(message.point)
        return self.agreed(premaster, output)

    expects = (
        on(
            ClientKeyExchangeECDHE,
            client_key_exchange,
            "ServerWaitCertificateVerify12",
            "ServerWaitChangeCipherSpec12",
        ),
    )


@dataclass(slots=True)
class ServerWaitClientKeyExchangeDhe12(_WaitClientKeyExchange):
    """The client's public value must come (RFC 5246 7.4.7.2)."""

    share: PrivateShare

    def client_key_exchange(self, message: ClientKeyExchangeDHE, output: Output) -> State:
        with output.checking("the client's public value is in the range of the group", "RFC 7919 4"):
            premaster = finite_field_secret(self.share.derive, message.y, len(self.share.public))
        return self.agreed(premaster, output)

    expects = (
        on(ClientKeyExchangeDHE, client_key_exchange, "ServerWaitCertificateVerify12", "ServerWaitChangeCipherSpec12"),
    )


class ServerWaitClientKeyExchangeRsa12(_WaitClientKeyExchange):
    """The encrypted premaster secret must come (RFC 5246 7.4.7.1)."""

    __slots__ = ()

    def client_key_exchange(self, message: ClientKeyExchangeRSA, output: Output) -> State:
        shared = self.shared
        env = shared.closing.config.env
        version = shared.client_version.to_bytes(2, "big")
        # Drawn before anything can fail, so that a resolver that fails shows no difference either.
        substitute = version + env.random(PREMASTER_LENGTH - len(version), Purpose.PREMASTER_SECRET)
        need = DecryptPremaster(shared.credential, message.encrypted, shared.client_version)
        return output.ask(need, self.agreed, otherwise=substitute)

    expects = (
        on(ClientKeyExchangeRSA, client_key_exchange, "ServerWaitCertificateVerify12", "ServerWaitChangeCipherSpec12"),
    )


@dataclass(slots=True)
class ServerWaitCertificateVerify12(_Server12State):
    """The client must prove that it holds its certificate's key."""

    secrets: Secrets12
    peer: VerifiedPeer

    def certificate_verify(self, message: CertificateVerify, output: Output) -> State:
        """RFC 5246 7.4.8: signed are all messages before this one, as they were on the wire."""
        closing, requested = self.shared.closing, self.shared.requested
        output.check(
            requested is not None and message.algorithm in requested.schemes,
            "the signature scheme is one that was asked for",
            "RFC 5246 7.4.8",
            Problem.ILLEGAL_PARAMETER,
            f"CertificateVerify with {name_of(SignatureScheme, message.algorithm)}, which was not asked for",
        )
        content = closing.messages.messages(before_last=True)
        verify = closing.config.provider.verify
        with output.checking("the certificate's key signed all messages before this one", "RFC 5246 7.4.8"):
            valid = verify(self.peer.public_key, message.algorithm, message.signature, content, TLS12)
        proof = SignedPeer(self.peer, valid, message.algorithm)
        return ServerWaitChangeCipherSpec12(closing, self.secrets, proof)

    expects = (on(CertificateVerify, certificate_verify, "ServerWaitChangeCipherSpec12"),)
