"""The proof that a peer's chain was judged.

Theory of operation: code that trusts a peer's public key demands a ``VerifiedPeer``. There are two ways to get one, and
both can be searched for: ``verify_peer`` builds and checks a path, ``danger_accept_unverified`` is what ``verify=NONE``
means and says so. Nothing else has the token that the constructor asks for.
"""

from __future__ import annotations

from collections.abc import Sequence

from puressl.crypto.keys import PublicKey
from puressl.errors import CertificateError, Problem
from puressl.x509.certificate import Certificate
from puressl.x509.policy import Policy
from puressl.x509.revocation import NO_EVIDENCE, Evidence
from puressl.x509.store import TrustStore
from puressl.x509.verify import VerifiedChain, verify_chain

_TOKEN = object()


class VerifiedPeer:
    """A peer whose certificates were judged by the rules in force.

    chain: DER as presented, leaf first. path: the verified path, DER, leaf first and trust anchor last; empty when
    verification was off. public_key: the leaf's. expires: POSIX seconds, the first notAfter of the path.
    """

    __slots__ = ("chain", "expires", "path", "path_names", "public_key")

    def __init__(
        self, token: object, chain: tuple[bytes, ...], public_key: PublicKey, path: tuple[Certificate, ...]
    ) -> None:
        if token is not _TOKEN:
            raise TypeError("VerifiedPeer is made by verify_peer or danger_accept_unverified only")
        self.chain = chain
        self.public_key = public_key
        self.path = tuple(certificate.der for certificate in path)
        self.path_names = tuple(certificate.subject.text for certificate in path)
        self.expires = min((certificate.not_after for certificate in path), default=float("inf"))


def verify_peer(
    chain: Sequence[bytes], *, trust: TrustStore, policy: Policy, evidence: Evidence = NO_EVIDENCE
) -> VerifiedPeer:
    """Verifies a chain (DER, leaf first); raises ``CertificateError``."""
    verified: VerifiedChain = verify_chain(chain, trust=trust, policy=policy, evidence=evidence)
    return VerifiedPeer(_TOKEN, tuple(chain), _key_of(verified.path[0]), verified.path)


def danger_accept_unverified(chain: Sequence[bytes]) -> VerifiedPeer:
    """Accepts any well-formed leaf without verification."""
    return VerifiedPeer(_TOKEN, tuple(chain), _key_of(Certificate.decode(chain[0])), ())


def _key_of(leaf: Certificate) -> PublicKey:
    if leaf.public_key is None:
        raise CertificateError(
            Problem.CERTIFICATE_UNSUPPORTED,
            f"public key: {leaf.public_key_problem}",
            check="public key",
            subject=leaf.subject.text,
            place=0,
            der=leaf.der,
        )
    return leaf.public_key
