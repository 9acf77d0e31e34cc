"""Proofs that a check was made.

Theory of operation: a check that must not be forgotten raises, or returns an object that only it can make; the state
that relies on the check has the object as a field. ``SignatureValid`` (``crypto.signatures``) and ``VerifiedPeer``
(``x509.verifier``) are of the same kind.
"""

from __future__ import annotations

from dataclasses import dataclass

from puressl.crypto.kdf import equal
from puressl.crypto.signatures import SignatureValid
from puressl.errors import Problem, ProtocolError
from puressl.session import Session
from puressl.x509.verifier import VerifiedPeer

_TOKEN = object()


class FinishedValid:
    """The peer's Finished carried the right verify_data (RFC 8446 4.4.4, RFC 5246 7.4.9)."""

    __slots__ = ()

    def __init__(self, token: object) -> None:
        if token is not _TOKEN:
            raise TypeError("FinishedValid is made by check_finished only")


def check_finished(expected: bytes, received: bytes) -> FinishedValid:
    """Compares verify_data in constant time; raises ``ProtocolError``: decode_error for another length, which the hash
    or the version fixes, decrypt_error for other bytes.
    """
    if len(received) != len(expected):
        raise ProtocolError(Problem.MALFORMED_MESSAGE, f"verify_data of {len(received)} bytes, not {len(expected)}")
    if not equal(expected, received):
        raise ProtocolError(Problem.BAD_FINISHED)
    return FinishedValid(_TOKEN)


@dataclass(frozen=True, slots=True)
class SignedPeer:
    """The peer's chain was judged, and it has proved that it holds the leaf's private key."""

    peer: VerifiedPeer
    signature: SignatureValid
    scheme: int


@dataclass(frozen=True, slots=True)
class RsaKeyExchangePeer:
    """TLS 1.2 with RSA key exchange: a correct Finished proves that the server could decrypt (RFC 5246 F.1.1.2)."""

    peer: VerifiedPeer


@dataclass(frozen=True, slots=True)
class ResumedPeer:
    """The peer was authenticated when the session was made, and has proved that it knows the session's secret."""

    session: Session


@dataclass(frozen=True, slots=True)
class AnonymousPeer:
    """A client that was not asked for a certificate, or sent none where none is required."""


PeerProof = SignedPeer | RsaKeyExchangePeer | ResumedPeer | AnonymousPeer


def peer_chain(proof: PeerProof) -> tuple[bytes, ...]:
    """The certificates the peer was authenticated with, DER, leaf first."""
    match proof:
        case SignedPeer(peer=peer) | RsaKeyExchangePeer(peer=peer):
            return peer.chain
        case ResumedPeer(session=session):
            return session.peer_chain
    return ()


def verified_path(proof: PeerProof) -> tuple[str, ...]:
    """The subjects of the verified path, leaf first; empty when nothing was verified in this handshake."""
    match proof:
        case SignedPeer(peer=peer) | RsaKeyExchangePeer(peer=peer):
            return peer.path_names
    return ()


def authentication_expires(proof: PeerProof) -> float:
    """POSIX seconds at which the first certificate of the verified path expires: no session may outlive it."""
    match proof:
        case SignedPeer(peer=peer) | RsaKeyExchangePeer(peer=peer):
            return peer.expires
        case ResumedPeer(session=session):
            return session.expires
    return float("inf")
