"""The server's last states of TLS 1.2: the client's ChangeCipherSpec and Finished (RFC 5246 7.3).

Theory of operation: in a full handshake the client's Finished comes first and the server's ticket, ChangeCipherSpec and
Finished answer it; in a resumption ours are sent already. A session is stored or sealed only once the client's Finished
is verified. ``ServerConnected12`` cannot be made without the proofs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from puressl.codes import Direction, Epoch
from puressl.config import ServerConfig
from puressl.crypto.transcript import Transcript
from puressl.events import HandshakeCompleted, IssueTicket, Negotiated, Ticket
from puressl.handshake.finished12 import CLIENT_FINISHED, SERVER_FINISHED, send_finished, verify_finished
from puressl.handshake.machine import State, on
from puressl.handshake.output import Output
from puressl.handshake.parameters12 import Parameters12, Secrets12
from puressl.handshake.proofs import FinishedValid, PeerProof, ResumedPeer
from puressl.handshake.sessions12 import new_session
from puressl.handshake.traffic12 import ServerConnected12
from puressl.session import Session
from puressl.wire import ChangeCipherSpec, Finished, NewSessionTicket12


@dataclass(slots=True)
class ServerClosing12:
    """What the last states carry.

    group: of the key exchange. session_id: under which the session is kept here, b"" if it is not.
    """

    config: ServerConfig
    messages: Transcript
    parameters: Parameters12
    group: int | None
    session_id: bytes
    ticket_promised: bool


@dataclass(slots=True)
class _ServerClosing12State(State):
    closing: ServerClosing12
    secrets: Secrets12
    proof: PeerProof

    @property
    def transcript(self) -> Transcript:
        return self.closing.messages

    def failed(self) -> None:
        """RFC 5246 7.2.2: a session whose resumption failed is not resumed again."""
        sessions = self.closing.config.sessions
        if isinstance(self.proof, ResumedPeer) and self.closing.session_id and sessions is not None:
            sessions.discard(self.closing.session_id)


class ServerWaitChangeCipherSpec12(_ServerClosing12State):
    """The client's ChangeCipherSpec must come; the record layer refuses it inside a message."""

    __slots__ = ()

    def change_cipher_spec(self, message: ChangeCipherSpec, output: Output) -> State:
        output.install(Direction.READ, Epoch.APPLICATION, self.secrets.keys.client)
        return ServerWaitFinished12(self.closing, self.secrets, self.proof)

    expects = (on(ChangeCipherSpec, change_cipher_spec, "ServerWaitFinished12"),)


class ServerWaitFinished12(_ServerClosing12State):
    """The client's Finished must come, the first message under the new keys."""

    __slots__ = ()

    def finished(self, message: Finished, output: Output) -> State:
        """RFC 5246 7.4.9."""
        closing = self.closing
        valid = verify_finished(closing.parameters, self.secrets, CLIENT_FINISHED, closing.messages, message, output)
        negotiated = closing.parameters.negotiated(self.proof, closing.group)
        if isinstance(self.proof, ResumedPeer):
            return self._complete(valid, negotiated, output)
        if closing.ticket_promised:
            need = IssueTicket(self._session(negotiated))
            return output.ask(need, partial(self._send_ticket, valid, negotiated))
        return self._answer(valid, negotiated, output)

    def _session(self, negotiated: Negotiated) -> Session:
        closing = self.closing
        return new_session(
            closing.parameters,
            self.secrets,
            self.proof,
            negotiated,
            scope=closing.config.scope,
            now=closing.config.env.now(),
            session_id=closing.session_id,
        )

    def _send_ticket(
        self, valid: FinishedValid, negotiated: Negotiated, ticket: Ticket | None, output: Output
    ) -> State:
        """RFC 5077 3.3: one that was promised must be sent; an empty one says that there is none after all."""
        message = NewSessionTicket12(0, b"") if ticket is None else NewSessionTicket12(ticket.lifetime, ticket.ticket)
        self.closing.messages.add(output.send(Epoch.INITIAL, message))
        return self._answer(valid, negotiated, output)

    def _answer(self, valid: FinishedValid, negotiated: Negotiated, output: Output) -> State:
        """Our own ChangeCipherSpec and Finished, which cover the client's."""
        closing, secrets = self.closing, self.secrets
        send_finished(closing.parameters, secrets, secrets.keys.server, SERVER_FINISHED, closing.messages, output)
        if closing.session_id and closing.config.sessions is not None:
            closing.config.sessions.put(closing.session_id, self._session(negotiated))
        return self._complete(valid, negotiated, output)

    def _complete(self, valid: FinishedValid, negotiated: Negotiated, output: Output) -> State:
        output.emit(HandshakeCompleted(negotiated))
        return ServerConnected12(
            config=self.closing.config,
            parameters=self.closing.parameters,
            master=self.secrets.master,
            proof=self.proof,
            finished=valid,
            negotiated=negotiated,
            session_id=self.closing.session_id,
        )

    expects = (on(Finished, finished, "ServerConnected12"),)
