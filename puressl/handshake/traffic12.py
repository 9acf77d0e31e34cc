"""TLS 1.2 after the handshake: data, the refusal of renegotiation, and the exporter (RFC 5705).

Theory of operation: the connected states keep what the exporter needs and the proofs. A peer may ask to renegotiate at
any time; the answer is the alert no_renegotiation at the level of warning, which RFC 5246 7.2.2 says it always has,
from client and server alike (RFC 5746 4.2 demands it of clients), and the connection goes on: whether it is of use
without is for the asker to decide. Nobody has reason to ask often.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from puressl.codes import AlertDescription
from puressl.config import ClientConfig, ServerConfig
from puressl.crypto.schedule12 import export
from puressl.errors import Problem, Reason, SSLError
from puressl.events import DataReceived, Negotiated
from puressl.handshake.machine import ApplicationData, State, on
from puressl.handshake.output import Output
from puressl.handshake.parameters12 import Parameters12
from puressl.handshake.proofs import FinishedValid, PeerProof
from puressl.handshake.sessions12 import forget
from puressl.wire import ClientHello, HelloRequest

#: Requests to renegotiate that are answered on one connection: one is all that a sound peer makes.
MAX_RENEGOTIATION_REQUESTS = 4


@dataclass(slots=True, kw_only=True)
class _Connected12(State):
    """Application data may flow (RFC 5246 7.3)."""

    parameters: Parameters12
    master: bytes = field(repr=False)
    proof: PeerProof
    finished: FinishedValid
    negotiated: Negotiated
    requests: int = 0

    connected: ClassVar[bool] = True

    def application_data(self, message: ApplicationData, output: Output) -> State:
        if message.data:
            output.emit(DataReceived(message.data))
        return self

    def refuse_renegotiation(self, output: Output) -> State:
        """RFC 5246 7.2.2, 7.4.1.1."""
        self.requests += 1
        output.check(
            self.requests <= MAX_RENEGOTIATION_REQUESTS,
            "renegotiation is not asked for without end",
            "RFC 5246 7.2.2",
            Problem.RENEGOTIATION_REFUSED,
            f"the peer asked for it {self.requests} times",
        )
        output.warn(AlertDescription.NO_RENEGOTIATION)
        return self

    def export(self, label: bytes, context: bytes | None, length: int) -> bytes:
        """Keying material for the application (RFC 5705 4); never from a session without RFC 7627 (its section 5.4)."""
        agreed = self.parameters
        if not agreed.extended_master_secret:
            raise SSLError(Reason.EBADSTATE, "no exporter without the extended master secret (RFC 7627 5.4)")
        randoms = (agreed.client_random, agreed.server_random)
        return export(agreed.suite.hash, self.master, label, *randoms, context, length)


@dataclass(slots=True, kw_only=True)
class ClientConnected12(_Connected12):
    """Connected, on a client."""

    config: ClientConfig

    def hello_request(self, message: HelloRequest, output: Output) -> State:
        return self.refuse_renegotiation(output)

    def failed(self) -> None:
        forget(self.config)

    expects = (
        on(ApplicationData, _Connected12.application_data, "ClientConnected12"),
        on(HelloRequest, hello_request, "ClientConnected12"),
    )


@dataclass(slots=True, kw_only=True)
class ServerConnected12(_Connected12):
    """Connected, on a server. session_id: of the session it made or resumed, b"" if it is in no store."""

    config: ServerConfig
    session_id: bytes = b""

    def client_hello(self, message: ClientHello, output: Output) -> State:
        return self.refuse_renegotiation(output)

    def failed(self) -> None:
        if self.session_id and self.config.sessions is not None:
            self.config.sessions.discard(self.session_id)

    expects = (
        on(ApplicationData, _Connected12.application_data, "ServerConnected12"),
        on(ClientHello, client_hello, "ServerConnected12"),
    )
