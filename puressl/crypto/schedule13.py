"""The key schedule of TLS 1.3 (RFC 8446 7).

Theory of operation: one class per stage of the diagram in RFC 8446 7.1, each holding its secret and handing out what
may be derived from it; the next stage is made from the one before, so a secret cannot be asked for too early. A stage
takes transcript hashes, never messages. Derive-Secret is used on every secret several times, so a stage keeps it keyed
(``Hmac``). Without a PSK the early secret is the same in every connection and is made once per hash.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.kdf import Hmac, hkdf_expand_label, hkdf_extract, hmac_digest
from puressl.crypto.suites import Suite


@cache
def _empty_hash(algorithm: HashAlgorithm) -> bytes:
    """Transcript-Hash of no messages: the context of Derive-Secret(., ., "")."""
    return algorithm.digest(b"")


@cache
def _early_secret_without_psk(algorithm: HashAlgorithm) -> tuple[bytes, bytes]:
    """The early secret without a PSK, and the salt derived from it: constants of the hash (RFC 8446 7.1)."""
    secret = hkdf_extract(algorithm, b"", bytes(algorithm.size))
    return secret, hkdf_expand_label(algorithm, secret, "derived", _empty_hash(algorithm), algorithm.size)


class _Stage:
    """A secret of the schedule, keyed for Derive-Secret."""

    __slots__ = ("_mac", "hash", "secret")

    def __init__(self, algorithm: HashAlgorithm, secret: bytes) -> None:
        self.hash = algorithm
        self.secret = secret
        self._mac = Hmac(algorithm, secret)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.hash.value}>"

    def _derive(self, label: str, transcript_hash: bytes) -> bytes:
        """Derive-Secret (RFC 8446 7.1), given the Transcript-Hash of its messages."""
        return self._mac.expand_label(label, transcript_hash, self.hash.size)

    def derived(self) -> bytes:
        """The salt of the next stage's HKDF-Extract: Derive-Secret(., "derived", "")."""
        return self._derive("derived", _empty_hash(self.hash))


class EarlySecret(_Stage):
    """The early secret.

    algorithm: of the PSK, or of the suite. psk: the pre-shared key, or None for none (zeros, RFC 8446 7.1).
    """

    __slots__ = ("_salt",)

    def __init__(self, algorithm: HashAlgorithm, psk: bytes | None = None) -> None:
        self._salt: bytes | None = None
        if psk is None:
            secret, self._salt = _early_secret_without_psk(algorithm)
        else:
            secret = hkdf_extract(algorithm, b"", psk)
        super().__init__(algorithm, secret)

    def binder_key(self, external: bool = False) -> bytes:
        """binder_key, of a PSK from a ticket or an external one (RFC 8446 4.2.11.2)."""
        return self._derive("ext binder" if external else "res binder", _empty_hash(self.hash))

    def client_early_traffic(self, transcript_hash: bytes) -> bytes:
        """client_early_traffic_secret. transcript_hash: ClientHello."""
        return self._derive("c e traffic", transcript_hash)

    def early_exporter(self, transcript_hash: bytes) -> bytes:
        """early_exporter_master_secret. transcript_hash: ClientHello."""
        return self._derive("e exp master", transcript_hash)

    def handshake(self, shared_secret: bytes | None) -> HandshakeSecret:
        """The next stage. shared_secret: of the key exchange, None under psk_ke (zeros, RFC 8446 7.1)."""
        salt = self._salt if self._salt is not None else self.derived()
        ikm = bytes(self.hash.size) if shared_secret is None else shared_secret
        return HandshakeSecret(self.hash, hkdf_extract(self.hash, salt, ikm))


class HandshakeSecret(_Stage):
    """The handshake secret."""

    __slots__ = ()

    def client_traffic(self, transcript_hash: bytes) -> bytes:
        """client_handshake_traffic_secret. transcript_hash: ClientHello to ServerHello."""
        return self._derive("c hs traffic", transcript_hash)

    def server_traffic(self, transcript_hash: bytes) -> bytes:
        """server_handshake_traffic_secret. transcript_hash: ClientHello to ServerHello."""
        return self._derive("s hs traffic", transcript_hash)

    def master(self) -> MasterSecret:
        """The next stage."""
        return MasterSecret(self.hash, hkdf_extract(self.hash, self.derived(), bytes(self.hash.size)))


class MasterSecret(_Stage):
    """The master secret."""

    __slots__ = ()

    def client_traffic(self, transcript_hash: bytes) -> bytes:
        """client_application_traffic_secret_0. transcript_hash: ClientHello to server Finished."""
        return self._derive("c ap traffic", transcript_hash)

    def server_traffic(self, transcript_hash: bytes) -> bytes:
        """server_application_traffic_secret_0. transcript_hash: ClientHello to server Finished."""
        return self._derive("s ap traffic", transcript_hash)

    def exporter(self, transcript_hash: bytes) -> bytes:
        """exporter_master_secret. transcript_hash: ClientHello to server Finished."""
        return self._derive("exp master", transcript_hash)

    def resumption(self, transcript_hash: bytes) -> bytes:
        """resumption_master_secret. transcript_hash: ClientHello to client Finished."""
        return self._derive("res master", transcript_hash)


def finished_verify_data(algorithm: HashAlgorithm, base_secret: bytes, transcript_hash: bytes) -> bytes:
    """verify_data of a Finished, or a PSK binder (RFC 8446 4.4.4, 4.2.11.2).

    base_secret: the sender's traffic secret, or a binder key. transcript_hash: everything before the Finished, or the
    truncated ClientHello.
    """
    finished_key = hkdf_expand_label(algorithm, base_secret, "finished", b"", algorithm.size)
    return hmac_digest(algorithm, finished_key, transcript_hash)


def next_traffic_secret(algorithm: HashAlgorithm, secret: bytes) -> bytes:
    """application_traffic_secret_N+1 from N, for a KeyUpdate (RFC 8446 7.2)."""
    return hkdf_expand_label(algorithm, secret, "traffic upd", b"", algorithm.size)


def resumption_psk(algorithm: HashAlgorithm, resumption_secret: bytes, ticket_nonce: bytes) -> bytes:
    """The PSK of a ticket (RFC 8446 4.6.1). ticket_nonce: 0 to 255 octets."""
    return hkdf_expand_label(algorithm, resumption_secret, "resumption", ticket_nonce, algorithm.size)


def export(algorithm: HashAlgorithm, exporter_secret: bytes, label: bytes, context: bytes, length: int) -> bytes:
    """TLS-Exporter (RFC 8446 7.5).

    exporter_secret: exporter_master_secret or its early sibling. label: at most 249 octets. context: any length; none
    is the same as empty. length: octets wanted, at most 255 * ``algorithm.size``. Too long a label or output raises
    ``badarg``.
    """
    secret = hkdf_expand_label(algorithm, exporter_secret, label, _empty_hash(algorithm), algorithm.size)
    return hkdf_expand_label(algorithm, secret, "exporter", algorithm.digest(context), length)


@dataclass(frozen=True, slots=True)
class TrafficSecret:
    """One direction's traffic secret of one epoch, with the suite whose keys come from it (RFC 8446 7.3)."""

    suite: Suite
    secret: bytes = field(repr=False)

    def key(self) -> bytes:
        """The write key: ``suite.cipher.key_length`` octets."""
        return hkdf_expand_label(self.suite.hash, self.secret, "key", b"", self.suite.cipher.key_length)

    def iv(self) -> bytes:
        """The write IV: 12 octets, to be mixed with the record number (RFC 8446 5.3)."""
        return hkdf_expand_label(self.suite.hash, self.secret, "iv", b"", self.suite.cipher.nonce_length)

    def next(self) -> TrafficSecret:
        """The secret after a KeyUpdate."""
        return TrafficSecret(self.suite, next_traffic_secret(self.suite.hash, self.secret))
