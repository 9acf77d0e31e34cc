"""The client's states of TLS 1.2 after its own flight, or after ServerHello of a resumption, to the end (RFC 5246 7.3).

Theory of operation: what is left is the same in both handshakes: a ticket if one was promised, ChangeCipherSpec,
Finished. They differ in who has spoken: in a resumption the client's own ChangeCipherSpec and Finished are still to be
sent. ``ClientConnected12`` cannot be made without the proofs of authentication and of the server's Finished, and no
session is stored before it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from puressl.codes import Direction, Epoch
from puressl.config import ClientConfig
from puressl.crypto.transcript import Transcript
from puressl.events import HandshakeCompleted, Negotiated, TicketReceived
from puressl.handshake.finished12 import CLIENT_FINISHED, SERVER_FINISHED, send_finished, verify_finished
from puressl.handshake.hello_request12 import HelloRequests, ignoring_hello_request
from puressl.handshake.machine import State, on
from puressl.handshake.output import Output
from puressl.handshake.parameters12 import Parameters12, Secrets12
from puressl.handshake.proofs import PeerProof, ResumedPeer
from puressl.handshake.sessions12 import MAX_SESSION_LIFETIME, forget, new_session
from puressl.handshake.traffic12 import ClientConnected12
from puressl.session import MAX_TICKET, Session
from puressl.wire import ChangeCipherSpec, Finished, NewSessionTicket12


@dataclass(slots=True)
class Closing12:
    """What the last states carry.

    group: of the key exchange. ticket: the server's, once it came. session_id: of its ServerHello.
    """

    config: ClientConfig
    messages: Transcript
    parameters: Parameters12
    secrets: Secrets12
    proof: PeerProof
    group: int | None
    session_id: bytes
    requests: HelloRequests
    ticket: NewSessionTicket12 | None = field(default=None, repr=False)


def after_our_flight(closing: Closing12, *, ticket_promised: bool) -> State:
    """RFC 5077 3.3: the ticket comes if, and only if, ServerHello had a SessionTicket extension."""
    return ClientWaitNewSessionTicket12(closing) if ticket_promised else ClientWaitChangeCipherSpec12(closing)


@dataclass(slots=True)
class _Closing12State(State):
    closing: Closing12

    @property
    def transcript(self) -> Transcript:
        return self.closing.messages

    @property
    def requests(self) -> HelloRequests:
        return self.closing.requests

    def failed(self) -> None:
        if isinstance(self.closing.proof, ResumedPeer):
            forget(self.closing.config)


class ClientWaitNewSessionTicket12(_Closing12State):
    """A ticket was promised and must come."""

    __slots__ = ()

    def new_session_ticket(self, message: NewSessionTicket12, output: Output) -> State:
        self.closing.ticket = message
        return ClientWaitChangeCipherSpec12(self.closing)

    expects = (
        on(NewSessionTicket12, new_session_ticket, "ClientWaitChangeCipherSpec12"),
        ignoring_hello_request("ClientWaitNewSessionTicket12"),
    )


class ClientWaitChangeCipherSpec12(_Closing12State):
    """The server's ChangeCipherSpec must come; the record layer refuses it inside a message."""

    __slots__ = ()

    def change_cipher_spec(self, message: ChangeCipherSpec, output: Output) -> State:
        output.install(Direction.READ, Epoch.APPLICATION, self.closing.secrets.keys.server)
        return ClientWaitFinished12(self.closing)

    expects = (
        on(ChangeCipherSpec, change_cipher_spec, "ClientWaitFinished12"),
        ignoring_hello_request("ClientWaitChangeCipherSpec12"),
    )


class ClientWaitFinished12(_Closing12State):
    """The server's Finished must come, the first message under the new keys."""

    __slots__ = ()

    def finished(self, message: Finished, output: Output) -> State:
        """RFC 5246 7.4.9; in a resumption our own flight answers it (RFC 5246 7.3)."""
        closing = self.closing
        parameters, secrets, transcript = closing.parameters, closing.secrets, closing.messages
        valid = verify_finished(parameters, secrets, SERVER_FINISHED, transcript, message, output)
        if isinstance(closing.proof, ResumedPeer):
            send_finished(parameters, secrets, secrets.keys.client, CLIENT_FINISHED, transcript, output)
        negotiated = parameters.negotiated(closing.proof, closing.group)
        output.emit(HandshakeCompleted(negotiated))
        self._store(negotiated, output)
        return ClientConnected12(
            config=closing.config,
            parameters=parameters,
            master=secrets.master,
            proof=closing.proof,
            finished=valid,
            negotiated=negotiated,
        )

    def _store(self, negotiated: Negotiated, output: Output) -> None:
        """Keeps a session that is new and can be resumed (RFC 5246 F.1.4, RFC 5077 3.3, RFC 7627 5.3)."""
        config = self.closing.config
        if config.sessions is None or not config.session_tickets or not self.closing.parameters.extended_master_secret:
            return
        session = self._session(negotiated)
        if session is not None:
            config.sessions.put(config.scope, session)
            output.emit(TicketReceived(session))

    def _session(self, negotiated: Negotiated) -> Session | None:
        """A ticket goes before a session identifier (RFC 5077 3.4); a resumed identifier is stored already."""
        closing = self.closing
        ticket = closing.ticket.ticket if closing.ticket is not None else b""
        if len(ticket) > MAX_TICKET:
            return None
        resumed = isinstance(closing.proof, ResumedPeer)
        if not ticket and (resumed or not closing.session_id):
            return None
        return new_session(
            closing.parameters,
            closing.secrets,
            closing.proof,
            negotiated,
            scope=closing.config.scope,
            now=closing.config.env.now(),
            lifetime=closing.ticket.lifetime_hint if ticket and closing.ticket is not None else MAX_SESSION_LIFETIME,
            session_id=b"" if ticket else closing.session_id,
            ticket=ticket,
        )

    expects = (
        on(Finished, finished, "ClientConnected12"),
        ignoring_hello_request("ClientWaitFinished12"),
    )
