"""The key schedule of TLS 1.2 (RFC 5246 6.3, 7.4.9, 8.1; RFC 7627; RFC 5705).

Theory of operation: a premaster secret becomes a master secret, over the two randoms or, better, over the session hash;
the master secret becomes the key block, the verify data of both Finished messages, and what exporters want. Each is the
PRF under a label of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.kdf import prf12
from puressl.crypto.suites import Suite
from puressl.errors import Reason, SSLError

#: RFC 5246 8.1.
MASTER_SECRET_LENGTH = 48

#: RFC 5246 7.4.9; no suite here defines another.
VERIFY_DATA_LENGTH = 12

#: An exporter's context has a two-octet length (RFC 5705 4).
EXPORTER_CONTEXT_MAX = 0xFFFF

#: The handshake's own labels, which no exporter may use (RFC 5705 4, RFC 7627 4).
RESERVED_LABELS = frozenset(
    (b"client finished", b"server finished", b"master secret", b"key expansion", b"extended master secret")
)


@dataclass(frozen=True, slots=True)
class TrafficKeys12:
    """One direction's keys (RFC 5246 6.3).

    iv: an AEAD's implicit nonce part, empty for CBC. mac_key: empty for an AEAD. encrypt_then_mac: RFC 7366 was
    negotiated.
    """

    suite: Suite
    key: bytes = field(repr=False)
    iv: bytes = field(repr=False)
    mac_key: bytes = field(repr=False)
    encrypt_then_mac: bool


@dataclass(frozen=True, slots=True)
class KeyBlock:
    """What each side writes with."""

    client: TrafficKeys12
    server: TrafficKeys12


def master_secret(algorithm: HashAlgorithm, premaster: bytes, client_random: bytes, server_random: bytes) -> bytes:
    """The master secret, 48 octets (RFC 5246 8.1)."""
    return prf12(algorithm, premaster, b"master secret", client_random + server_random, MASTER_SECRET_LENGTH)


def extended_master_secret(algorithm: HashAlgorithm, premaster: bytes, session_hash: bytes) -> bytes:
    """The extended master secret, 48 octets (RFC 7627 4). session_hash: ClientHello up to ClientKeyExchange."""
    return prf12(algorithm, premaster, b"extended master secret", session_hash, MASTER_SECRET_LENGTH)


def finished_verify_data(algorithm: HashAlgorithm, master: bytes, label: bytes, handshake_hash: bytes) -> bytes:
    """verify_data of a Finished, 12 octets (RFC 5246 7.4.9).

    label: ``b"client finished"`` or ``b"server finished"``. handshake_hash: of all messages before this Finished.
    """
    return prf12(algorithm, master, label, handshake_hash, VERIFY_DATA_LENGTH)


def key_block(
    suite: Suite, master: bytes, client_random: bytes, server_random: bytes, encrypt_then_mac: bool
) -> KeyBlock:
    """Both directions' keys, cut from the key block in the order of RFC 5246 6.3."""
    mac_length = suite.mac.size if suite.mac is not None else 0
    lengths = (mac_length, suite.cipher.key_length, suite.cipher.fixed_iv_length)
    # The randoms stand the other way round than in the master secret.
    block = prf12(suite.hash, master, b"key expansion", server_random + client_random, 2 * sum(lengths))
    parts = []
    for length in lengths:
        parts.append((block[:length], block[length : 2 * length]))
        block = block[2 * length :]
    (client_mac, server_mac), (client_key, server_key), (client_iv, server_iv) = parts
    return KeyBlock(
        client=TrafficKeys12(suite, client_key, client_iv, client_mac, encrypt_then_mac),
        server=TrafficKeys12(suite, server_key, server_iv, server_mac, encrypt_then_mac),
    )


def export(
    algorithm: HashAlgorithm,
    master: bytes,
    label: bytes,
    client_random: bytes,
    server_random: bytes,
    context: bytes | None,
    length: int,
) -> bytes:
    """Keying material exported from a TLS 1.2 connection (RFC 5705 4).

    context: None for none, which differs from an empty one. length: octets wanted. A reserved label or too long a
    context raises ``badarg``. Sound only with the extended master secret (RFC 7627 5.4): the caller sees to that.
    """
    if label in RESERVED_LABELS:
        raise SSLError(Reason.BADARG, f"exporter label {label.decode()!r} is reserved (RFC 5705 4)")
    seed = client_random + server_random
    if context is not None:
        if len(context) > EXPORTER_CONTEXT_MAX:
            raise SSLError(Reason.BADARG, f"exporter context of {len(context)} octets (RFC 5705 4)")
        seed += len(context).to_bytes(2, "big") + context
    return prf12(algorithm, master, label, seed, length)
