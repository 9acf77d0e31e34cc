"""What a TLS 1.2 handshake agrees on, and the secrets that follow from it (RFC 5246 6.1, 6.3, 8.1).

Theory of operation: ``Parameters12`` is the outcome of the two hellos, the same object on both sides. A premaster
secret, or the master secret of a resumed session, turns it into ``Secrets12``: master secret and key block. With the
extended master secret (RFC 7627) the master secret is bound to the handshake so far; without it to the two randoms
only, and then nothing may be exported or resumed.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from puressl.codes import Direction, ProtocolVersion
from puressl.crypto.schedule12 import KeyBlock, extended_master_secret, key_block, master_secret
from puressl.crypto.suites import CipherKind, Suite
from puressl.crypto.transcript import Transcript
from puressl.events import Negotiated
from puressl.handshake.output import Output
from puressl.handshake.proofs import PeerProof, ResumedPeer, SignedPeer, peer_chain, verified_path
from puressl.trace import PREMASTER_SECRET
from puressl.wire.record import MAX_PLAINTEXT, content_limit

TLS12 = ProtocolVersion.TLSv1_2


@dataclass(frozen=True, slots=True)
class Secrets12:
    """The master secret, and the keys each side writes with."""

    master: bytes = field(repr=False)
    keys: KeyBlock


@dataclass(frozen=True, slots=True)
class Parameters12:
    """The security parameters (RFC 5246 6.1). alpn, server_name: None if there is none."""

    suite: Suite
    client_random: bytes
    server_random: bytes
    extended_master_secret: bool
    encrypt_then_mac: bool
    alpn: bytes | None
    server_name: str | None

    def agreed(self, premaster: bytes, transcript: Transcript, output: Output) -> Secrets12:
        """The secrets of a full handshake. transcript: up to ClientKeyExchange, for the session hash (RFC 7627 3)."""
        output.input(PREMASTER_SECRET, premaster)
        prf_hash = self.suite.hash
        if self.extended_master_secret:
            master = extended_master_secret(prf_hash, premaster, transcript.digest())
        else:
            master = master_secret(prf_hash, premaster, self.client_random, self.server_random)
        return self.resumed(master, output)

    def resumed(self, master: bytes, output: Output) -> Secrets12:
        """The secrets under a known master secret: that of the session, with the randoms of this handshake."""
        output.secret("CLIENT_RANDOM", self.client_random, master)
        keys = key_block(self.suite, master, self.client_random, self.server_random, self.encrypt_then_mac)
        return Secrets12(master, keys)

    def negotiated(self, proof: PeerProof, group: int | None) -> Negotiated:
        """What the user is told."""
        return Negotiated(
            version=TLS12,
            suite=int(self.suite.id),
            suite_name=self.suite.name,
            group=group,
            signature_scheme=proof.scheme if isinstance(proof, SignedPeer) else None,
            alpn=self.alpn,
            server_name=self.server_name,
            resumed=isinstance(proof, ResumedPeer),
            extended_master_secret=self.extended_master_secret,
            encrypt_then_mac=self.encrypt_then_mac,
            peer_chain=peer_chain(proof),
            verified_path=verified_path(proof),
        )


def mac_is_sound(suite: Suite, encrypt_then_mac: bool, *, allow_mac_then_encrypt: bool) -> bool:
    """Whether records of the suite are authenticated in an order that is accepted here: Lucky Thirteen lives on CBC
    without encrypt-then-MAC (RFC 7366).
    """
    return suite.cipher.kind is not CipherKind.CBC or encrypt_then_mac or allow_mac_then_encrypt


def agree_record_size(ours: int | None, theirs: int | None, output: Output) -> None:
    """RFC 8449 4: once both have sent a limit, each keeps to the other's. The content type does not count here."""
    if ours is None or theirs is None:
        return
    output.limit_plaintext(Direction.WRITE, content_limit(theirs, TLS12))
    output.limit_plaintext(Direction.READ, content_limit(ours, TLS12))


def record_size_limit(configured: int | None) -> int | None:
    """What to answer in ServerHello: at most what TLS 1.2 allows a record to have (RFC 8449 4)."""
    return None if configured is None else min(configured, MAX_PLAINTEXT)
