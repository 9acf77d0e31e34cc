"""TLS 1.3 after the handshake: data, tickets, KeyUpdate (RFC 8446 4.6), and the exporter (7.5).

Theory of operation: the connected states keep only what traffic needs, the two current traffic secrets, the exporter
secret and the proofs, so that an idle connection is small. There is no renegotiation and no post-handshake
authentication: neither is declared, so neither is legal.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from puressl.codes import Direction, Epoch, KeyUpdateRequest, ProtocolVersion
from puressl.config import ClientConfig, ServerConfig
from puressl.crypto.schedule13 import MasterSecret, TrafficSecret, export, resumption_psk
from puressl.crypto.suites import Suite
from puressl.errors import Problem
from puressl.events import DataReceived, KeysUpdated, Negotiated, TicketReceived
from puressl.handshake.machine import ApplicationData, State, on
from puressl.handshake.output import Output
from puressl.handshake.proofs import FinishedValid, PeerProof, authentication_expires
from puressl.session import MAX_TICKET, MAX_TICKET_LIFETIME, Session
from puressl.wire import KeyUpdate, NewSessionTicket
from puressl.wire.record import content_limit

_KEY_UPDATE_REQUESTS = (KeyUpdateRequest.UPDATE_NOT_REQUESTED, KeyUpdateRequest.UPDATE_REQUESTED)
#: KeyUpdates in a row without data between them: no peer has reason for more, and each costs a key derivation.
MAX_KEY_UPDATES_IN_A_ROW = 32
#: Tickets kept of one connection: servers send one to four. More may come at any time and are passed over.
MAX_KEPT_TICKETS = 32
#: Tickets in a row without data between them: nobody has use for so many.
MAX_TICKETS_IN_A_ROW = 32


@dataclass(frozen=True, slots=True)
class ApplicationSecrets:
    """The secrets of the application epoch (RFC 8446 7.1)."""

    client: TrafficSecret = field(repr=False)
    server: TrafficSecret = field(repr=False)
    exporter: bytes = field(repr=False)

    @classmethod
    def derive(
        cls,
        suite: Suite,
        master: MasterSecret,
        transcript_hash: bytes,
        client_random: bytes,
        output: Output,
    ) -> ApplicationSecrets:
        """RFC 8446 7.1. transcript_hash: ClientHello to the server's Finished."""
        client = master.client_traffic(transcript_hash)
        server = master.server_traffic(transcript_hash)
        exporter = master.exporter(transcript_hash)
        output.secret("CLIENT_TRAFFIC_SECRET_0", client_random, client)
        output.secret("SERVER_TRAFFIC_SECRET_0", client_random, server)
        output.secret("EXPORTER_SECRET", client_random, exporter)
        return cls(TrafficSecret(suite, client), TrafficSecret(suite, server), exporter)


def agree_record_size(ours: int | None, theirs: int | None, output: Output) -> None:
    """RFC 8449 4: each side keeps to the other's limit once both have sent one; TLS 1.3 counts the content type."""
    if ours is None or theirs is None:
        return
    output.limit_plaintext(Direction.WRITE, content_limit(theirs, ProtocolVersion.TLSv1_3))
    output.limit_plaintext(Direction.READ, content_limit(ours, ProtocolVersion.TLSv1_3))


@dataclass(slots=True, kw_only=True)
class _Connected13(State):
    """CONNECTED."""

    read_secret: TrafficSecret = field(repr=False)
    write_secret: TrafficSecret = field(repr=False)
    exporter: bytes = field(repr=False)
    proof: PeerProof
    finished: FinishedValid
    negotiated: Negotiated
    key_updates: int = 0
    tickets_in_a_row: int = 0

    connected: ClassVar[bool] = True

    @property
    def is_tls13(self) -> bool:
        return True

    def application_data(self, message: ApplicationData, output: Output) -> State:
        if message.data:
            self.key_updates = self.tickets_in_a_row = 0
            output.emit(DataReceived(message.data))
        return self

    def key_update(self, message: KeyUpdate, output: Output) -> State:
        """RFC 8446 4.6.3: their keys change with this message, ours after our answer."""
        output.check(
            message.request_update in _KEY_UPDATE_REQUESTS,
            "request_update is 0 or 1",
            "RFC 8446 4.6.3",
            Problem.ILLEGAL_PARAMETER,
            f"KeyUpdate.request_update {message.request_update}",
        )
        self.key_updates += 1
        output.check(
            self.key_updates <= MAX_KEY_UPDATES_IN_A_ROW,
            "the keys are not renewed without end",
            "RFC 8446 4.6.3",
            Problem.TOO_MANY_KEY_UPDATES,
            f"{self.key_updates} without data between them",
        )
        self.read_secret = self.read_secret.next()
        output.install(Direction.READ, Epoch.APPLICATION, self.read_secret)
        output.emit(KeysUpdated(Direction.READ))
        if message.request_update == KeyUpdateRequest.UPDATE_REQUESTED:
            self.update_keys(output, request=False)
        return self

    def update_keys(self, output: Output, *, request: bool) -> None:
        """Sends KeyUpdate under the old keys and goes on with new ones. request: asks the peer to do the same."""
        output.send(Epoch.APPLICATION, KeyUpdate(int(request)))
        self.write_secret = self.write_secret.next()
        output.install(Direction.WRITE, Epoch.APPLICATION, self.write_secret)
        output.emit(KeysUpdated(Direction.WRITE))

    def export(self, label: bytes, context: bytes | None, length: int) -> bytes:
        """Keying material for the application (RFC 8446 7.5); here no context and an empty one are the same."""
        return export(self.write_secret.suite.hash, self.exporter, label, context or b"", length)


@dataclass(slots=True, kw_only=True)
class ClientConnected(_Connected13):
    """CONNECTED, on a client, which is the one to receive tickets."""

    config: ClientConfig
    resumption: bytes = field(repr=False)
    tickets: int = 0

    def new_session_ticket(self, message: NewSessionTicket, output: Output) -> State:
        """RFC 8446 4.6.1."""
        self.tickets_in_a_row += 1
        output.check(
            self.tickets_in_a_row <= MAX_TICKETS_IN_A_ROW,
            "tickets are not sent without end",
            "RFC 8446 4.6.1",
            Problem.TOO_MANY_TICKETS,
            f"{self.tickets_in_a_row} without data between them",
        )
        lifetime = min(message.ticket_lifetime, MAX_TICKET_LIFETIME)
        config = self.config
        if lifetime == 0 or not config.session_tickets or config.sessions is None:
            return self
        if self.tickets == MAX_KEPT_TICKETS or len(message.ticket) > MAX_TICKET:
            return self
        self.tickets += 1
        suite, now = self.write_secret.suite, config.env.now()
        session = Session(
            version=self.negotiated.version,
            suite=int(suite.id),
            secret=resumption_psk(suite.hash, self.resumption, message.ticket_nonce),
            scope=config.scope,
            created=now,
            expires=min(now + lifetime, authentication_expires(self.proof)),
            server_name=self.negotiated.server_name,
            alpn=self.negotiated.alpn,
            ticket=message.ticket,
            age_add=message.ticket_age_add,
            peer_chain=self.negotiated.peer_chain,
        )
        config.sessions.put(config.scope, session)
        output.emit(TicketReceived(session))
        return self

    expects = (
        on(ApplicationData, _Connected13.application_data, "ClientConnected"),
        on(NewSessionTicket, new_session_ticket, "ClientConnected"),
        on(KeyUpdate, _Connected13.key_update, "ClientConnected"),
    )


@dataclass(slots=True, kw_only=True)
class ServerConnected(_Connected13):
    """CONNECTED, on a server."""

    config: ServerConfig

    expects = (
        on(ApplicationData, _Connected13.application_data, "ServerConnected"),
        on(KeyUpdate, _Connected13.key_update, "ServerConnected"),
    )
