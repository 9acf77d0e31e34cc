"""What a connection tells its user: events, needs, and what was negotiated.

Theory of operation: an event is a frozen value, handed out by ``next_event`` in the order things happened. A need is a
question that the core cannot answer by itself; ``config`` holds a resolver for each, and one whose resolver answers
``PENDING`` becomes the event ``Needed``, to be answered through ``Connection.resolve``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Union

from puressl.codes import Direction, ProtocolVersion
from puressl.session import Session

if TYPE_CHECKING:
    from puressl.crypto.suites import Authentication
    from puressl.x509.credential import Credential


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What the two ends agreed on.

    suite: the cipher suite's code point; suite_name: its IANA name. group: the named group; in TLS 1.2 None with
    RSA key exchange, a group without a code point, or a resumption. signature_scheme: the peer's in
    CertificateVerify or ServerKeyExchange, None if it made none. alpn: the application protocol. server_name: the
    name the client asked for. peer_chain: DER as presented, leaf first (restored from the session when resumed).
    verified_path: subjects of the verified path, leaf first, anchor last.
    """

    version: ProtocolVersion
    suite: int
    suite_name: str
    group: int | None = None
    signature_scheme: int | None = None
    alpn: bytes | None = None
    server_name: str | None = None
    resumed: bool = False
    hello_retry: bool = False
    extended_master_secret: bool = True
    encrypt_then_mac: bool = False
    peer_chain: tuple[bytes, ...] = field(default=(), repr=False)
    verified_path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HandshakeCompleted:
    """Both Finished messages are verified; data may flow."""

    negotiated: Negotiated


@dataclass(frozen=True, slots=True)
class DataReceived:
    """Application data, in order; record boundaries mean nothing."""

    data: bytes


@dataclass(frozen=True, slots=True)
class PeerClosed:
    """close_notify came: the peer sends nothing more (RFC 8446 6.1)."""


@dataclass(frozen=True, slots=True)
class AlertReceived:
    """A warning alert that does not end the connection (TLS 1.2, or user_canceled)."""

    level: int
    description: int


@dataclass(frozen=True, slots=True)
class PeerCertificate:
    """The peer presented certificates, DER, leaf first. They are not yet judged."""

    chain: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class TicketReceived:
    """A session that can be resumed; it is in the configuration's store already."""

    session: Session


@dataclass(frozen=True, slots=True)
class KeysUpdated:
    """One direction has new traffic keys (RFC 8446 4.6.3)."""

    direction: Direction


@dataclass(frozen=True, slots=True)
class ChooseConfig:
    """Under which configuration is this client served? Answer: a ``ServerConfig``, the connection's from then on.

    It is asked before anything is chosen. server_name: what the client asked for (RFC 6066 3), None for no name.
    """

    server_name: str | None


@dataclass(frozen=True, slots=True)
class ChooseCredential:
    """Which certificate to present? Answer: a ``Credential``, or None for none.

    schemes: what the peer can verify, in its order. server_name: what the client asked for, on a server.
    authorities: distinguished names (DER) the peer named, may be empty. authentication: kinds that the offered TLS 1.2
    suites allow; in TLS 1.3 always ``ANY``. curves: those an ECDSA key may be on in TLS 1.2 (RFC 8422 5.1.1), () for
    any.
    """

    version: ProtocolVersion
    schemes: tuple[int, ...]
    server_name: str | None = None
    authorities: tuple[bytes, ...] = ()
    authentication: tuple[Authentication, ...] = ()
    curves: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Sign:
    """Sign a message with a credential's private key. Answer: the signature."""

    credential: Credential
    scheme: int
    message: bytes


@dataclass(frozen=True, slots=True)
class DecryptPremaster:
    """RSA key exchange: the premaster secret of an encrypted one. Answer: always 48 bytes (RFC 5246 7.4.7.1)."""

    credential: Credential
    encrypted: bytes
    client_version: int


@dataclass(frozen=True, slots=True)
class VerifyPeer:
    """Is this chain good? Answer: a ``VerifiedPeer``; a refusal raises ``CertificateError``.

    chain: DER as presented, leaf first. ocsp_responses: what was stapled for its certificates, in the same order, empty
    for one without; () if the peer was not asked to staple.
    """

    chain: tuple[bytes, ...]
    ocsp_responses: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class FindSession:
    """Is this ticket (or TLS 1.2 session identifier) known? Answer: a ``Session`` or None."""

    version: ProtocolVersion
    ticket: bytes = field(default=b"", repr=False)
    session_id: bytes = b""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket to send. extensions: of TLS 1.3's NewSessionTicket, as (type, body) pairs."""

    lifetime: int
    ticket: bytes = field(repr=False)
    age_add: int = 0
    extensions: tuple[tuple[int, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class IssueTicket:
    """Seal a session into a ticket. Answer: a ``Ticket``, or None to send none."""

    session: Session


@dataclass(frozen=True, slots=True)
class ChooseCookie:
    """Which cookie to put in HelloRetryRequest? Answer: bytes, or None for none (RFC 8446 4.2.2)."""

    client_hello_hash: bytes


Need = Union[ChooseConfig, ChooseCredential, Sign, DecryptPremaster, VerifyPeer, FindSession, IssueTicket, ChooseCookie]


class Pending(Enum):
    """The answer of a resolver that will answer later."""

    PENDING = "pending"


PENDING = Pending.PENDING


@dataclass(frozen=True, slots=True)
class Needed:
    """The handshake waits for ``Connection.resolve(need, result)``."""

    need: Need


Event = Union[
    HandshakeCompleted, DataReceived, PeerClosed, AlertReceived, PeerCertificate, TicketReceived, KeysUpdated, Needed
]
