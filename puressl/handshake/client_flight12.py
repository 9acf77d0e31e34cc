"""The client's second flight in TLS 1.2 (RFC 5246 7.3, 7.4.6 to 7.4.9).

Theory of operation: ServerHelloDone sets it off. The premaster secret is ready by then (``key_exchange12``), so that
the flight goes out in one piece, with the two questions it may have to ask: which certificate, and its signature.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from puressl.codes import ClientCertificateType, Epoch
from puressl.crypto.suites import Authentication
from puressl.errors import Problem, ProtocolError
from puressl.events import ChooseCredential, Sign
from puressl.handshake.client_finish12 import after_our_flight
from puressl.handshake.finished12 import CLIENT_FINISHED, send_finished
from puressl.handshake.key_exchange12 import (
    ClientExchange,
)
from puressl.handshake.machine import State
from puressl.handshake.output import Output
from puressl.handshake.parameters12 import TLS12, Secrets12
from puressl.handshake.proofs import PeerProof
from puressl.wire import (
    Certificate12,
    CertificateRequest12,
    CertificateVerify,
)
from puressl.x509.credential import Credential

if TYPE_CHECKING:
    from puressl.handshake.client12 import Client12

#: Which kind of key a server asks for (RFC 5246 7.4.4, RFC 8422 5.5).
_CERTIFICATE_TYPES = {
    ClientCertificateType.RSA_SIGN: Authentication.RSA,
    ClientCertificateType.ECDSA_SIGN: Authentication.ECDSA,
}


@dataclass(slots=True)
class SecondFlight:
    """Certificate where asked for, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished (RFC 5246 7.3)."""

    shared: Client12
    proof: PeerProof
    exchange: ClientExchange
    request: CertificateRequest12 | None

    def start(self, output: Output) -> State:
        request = self.request
        if request is None:
            return self._finish(self._exchange(output), output)
        kinds = tuple(kind for number, kind in _CERTIFICATE_TYPES.items() if number in request.certificate_types)
        if not kinds:
            return self._certificate(None, output)
        need = ChooseCredential(TLS12, request.schemes, authorities=request.authorities, authentication=kinds)
        return output.ask(need, self._certificate)

    def _send(self, message: object, output: Output) -> None:
        self.shared.transcript.add(output.send(Epoch.INITIAL, message))

    def _certificate(self, credential: Credential | None, output: Output) -> State:
        """RFC 5246 7.4.6: without a suitable certificate an empty list is sent, and no CertificateVerify."""
        self._send(Certificate12(() if credential is None else credential.chain), output)
        secrets = self._exchange(output)
        if credential is None:
            return self._finish(secrets, output)
        with output.checking("the server can verify what our key signs", "RFC 5246 7.4.8"):
            scheme = self._scheme(credential)
        need = Sign(credential, scheme, self.shared.transcript.messages())  # RFC 5246 7.4.8: the messages themselves
        return output.ask(need, partial(self._certificate_verify, scheme, secrets))

    def _exchange(self, output: Output) -> Secrets12:
        """RFC 5246 7.4.7."""
        self._send(self.exchange.message, output)
        return self.shared.parameters.agreed(self.exchange.premaster, self.shared.transcript, output)

    def _scheme(self, credential: Credential) -> int:
        """The server's first choice of what our key can do (RFC 5246 7.4.8)."""
        able = credential.schemes(TLS12)
        for scheme in self.request.schemes if self.request is not None else ():
            if scheme in able:
                return scheme
        raise ProtocolError(Problem.NO_COMMON_SIGNATURE_SCHEME, "our certificate's key and the server's list")

    def _certificate_verify(self, scheme: int, secrets: Secrets12, signature: bytes, output: Output) -> State:
        self._send(CertificateVerify(scheme, signature), output)
        return self._finish(secrets, output)

    def _finish(self, secrets: Secrets12, output: Output) -> State:
        shared = self.shared
        transcript = shared.transcript
        send_finished(shared.parameters, secrets, secrets.keys.client, CLIENT_FINISHED, transcript, output)
        closing = shared.closing(secrets, self.proof, self.exchange.group)
        return after_our_flight(closing, ticket_promised=shared.ticket_promised)
