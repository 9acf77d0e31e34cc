"""Which sessions a server may resume, in either version."""

from __future__ import annotations

from puressl.codes import ProtocolVersion
from puressl.config import ServerConfig, Verify
from puressl.session import Session


def may_resume(
    config: ServerConfig, session: Session, version: ProtocolVersion, server_name: str | None, alpn: bytes | None
) -> bool:
    """Whether a session is still good under the settings of today: only those it was made with.

    server_name, alpn: of this handshake (RFC 6066 3: never for another name). What the version adds, the caller checks.
    """
    return (
        session.version is version
        and session.is_fresh(config.env.now())
        and session.scope == config.scope
        and session.server_name == server_name
        and session.alpn == alpn
        and (config.verify is not Verify.REQUIRED or bool(session.peer_chain))
    )
