"""Sessions of TLS 1.2: what is kept for resumption, for how long, and when it is forgotten (RFC 5246 F.1.4, RFC 5077).

Theory of operation: only a session with the extended master secret is kept at all: RFC 7627 5.3 wants no other resumed.
Its master secret serves every connection that resumes it, so unlike a ticket of TLS 1.3 it may be used again, and it
never outlives a day or the certificates it rests on, however often it is used.
"""

from __future__ import annotations

from puressl.config import ClientConfig
from puressl.events import Negotiated
from puressl.handshake.parameters12 import TLS12, Parameters12, Secrets12
from puressl.handshake.proofs import PeerProof, authentication_expires
from puressl.session import Session

#: RFC 5246 F.1.4: 24 hours are the suggested upper limit of a session's life.
MAX_SESSION_LIFETIME = 86_400


def new_session(
    parameters: Parameters12,
    secrets: Secrets12,
    proof: PeerProof,
    negotiated: Negotiated,
    *,
    scope: bytes,
    now: float,
    lifetime: int = MAX_SESSION_LIFETIME,
    session_id: bytes = b"",
    ticket: bytes = b"",
) -> Session:
    """The session of a handshake that is complete. lifetime: seconds; 0 is unspecified (RFC 5077 3.3)."""
    seconds = min(lifetime or MAX_SESSION_LIFETIME, MAX_SESSION_LIFETIME)
    return Session(
        version=TLS12,
        suite=int(parameters.suite.id),
        secret=secrets.master,
        scope=scope,
        created=now,
        expires=min(now + seconds, authentication_expires(proof)),
        server_name=parameters.server_name,
        alpn=parameters.alpn,
        ticket=ticket,
        session_id=session_id,
        extended_master_secret=parameters.extended_master_secret,
        encrypt_then_mac=parameters.encrypt_then_mac,
        peer_chain=negotiated.peer_chain,
    )


def forget(config: ClientConfig) -> None:
    """A connection that failed takes its session with it (RFC 5246 7.2.2), or each new attempt would fail as well."""
    if config.sessions is not None:
        config.sessions.discard(config.scope)
