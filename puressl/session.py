"""Resumption state: sessions, where clients keep them, and how servers seal them into tickets.

Theory of operation: a ``Session`` is all that a later handshake needs to resume an earlier one, the same object on both
sides. A client keeps sessions in a ``SessionStore`` and ``take``s one out, so that a TLS 1.3 ticket is used once (RFC
8446 appendix C.4). A server keeps nothing: ``TicketKeys`` seals the session into the ticket itself, under keys that
rotate (RFC 5077 4, RFC 8446 4.6.1). Only TLS 1.2's session identifiers need a ``SessionStore`` on the server too. In a
ticket or a file a session is the octets of ``_Saved``, which are few, as a ticket is sealed, sent and opened with every
handshake. A session is good only within the ``scope`` it was made in: a digest of the trust, names, verification
settings and protocols of the configuration (``config.py`` computes it).
"""

from __future__ import annotations

import struct as packing
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from puressl.codes import CipherSuite, ProtocolVersion
from puressl.crypto.aead import Aead
from puressl.crypto.provider import PROVIDER
from puressl.env import SYSTEM_ENV, Env, Purpose
from puressl.errors import ProtocolError, Reason, SSLError
from puressl.wire.codec import Structure, constant, decode, encode, row, struct
from puressl.wire.fields import Fixed, Opaque, Vector, uint8, uint16, uint32

#: RFC 8446 4.6.1: seven days is the most a ticket may live.
MAX_TICKET_LIFETIME = 604_800
#: Longer tickets are neither made nor kept: a ClientHello must hold one beside its other extensions, and a store many.
MAX_TICKET = 16_384
#: Sessions a store keeps before it drops the oldest: 1,000 peers at about 4 KiB each.
MAX_STORED_SESSIONS = 1_000
#: Sessions kept per peer: what a browser keeps, enough for a burst of parallel connections.
MAX_SESSIONS_PER_KEY = 4
#: The suite that seals tickets: the fastest AEAD in pure Python.
_TICKET_SUITE = CipherSuite.TLS_CHACHA20_POLY1305_SHA256
_KEY_NAME_LENGTH = 16
_NONCE_LENGTH = 12
_TAG_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Session:
    """What resumption needs.

    version, suite: of the connection that made it. secret: the resumption PSK (TLS 1.3) or the master secret (TLS 1.2).
    scope: digest of the settings it was made under. created, expires: POSIX seconds. ticket: what a client presents.
    age_add: TLS 1.3's ``ticket_age_add``. session_id: TLS 1.2's. peer_chain: the peer's certificates, DER, leaf first.
    """

    version: ProtocolVersion
    suite: int
    secret: bytes = field(repr=False)
    scope: bytes
    created: float
    expires: float
    server_name: str | None = None
    alpn: bytes | None = None
    ticket: bytes = field(default=b"", repr=False)
    age_add: int = 0
    session_id: bytes = b""
    extended_master_secret: bool = False
    encrypt_then_mac: bool = False
    peer_chain: tuple[bytes, ...] = ()

    def is_fresh(self, now: float) -> bool:
        """Whether it may be used at ``now`` (a clock set back makes it stale, too: its age would be negative)."""
        return self.created <= now < self.expires

    def obfuscated_age(self, now: float) -> int:
        """RFC 8446 4.2.11.1: milliseconds since the ticket came, plus ``age_add``, modulo 2^32."""
        return (int((now - self.created) * 1000) + self.age_add) & 0xFFFFFFFF

    def encode(self) -> bytes:
        """The session as octets. They hold secrets: store them as one stores a private key."""
        return encode(
            _Saved(
                version=self.version,
                suite=self.suite,
                secret=self.secret,
                scope=self.scope,
                created=_TIME.pack(self.created),
                expires=_TIME.pack(self.expires),
                server_name=(self.server_name or "").encode(),
                alpn=self.alpn or b"",
                ticket=self.ticket,
                age_add=self.age_add,
                session_id=self.session_id,
                extended_master_secret=self.extended_master_secret,
                encrypt_then_mac=self.encrypt_then_mac,
                peer_chain=self.peer_chain,
            )
        )

    @classmethod
    def decode(cls, data: bytes, source: str = "session") -> Session:
        """The inverse of ``encode``; ``SSLError(einval)`` naming ``source`` when it is none."""
        try:
            saved = decode(_Saved, data)
            version, server_name = ProtocolVersion(saved.version), saved.server_name.decode()
        except (ProtocolError, ValueError) as error:
            raise SSLError(Reason.EINVAL, f"{source} is not a saved session") from error
        return cls(
            version=version,
            suite=saved.suite,
            secret=saved.secret,
            scope=saved.scope,
            created=_TIME.unpack(saved.created)[0],
            expires=_TIME.unpack(saved.expires)[0],
            server_name=server_name or None,
            alpn=saved.alpn or None,
            ticket=saved.ticket,
            age_add=saved.age_add,
            session_id=saved.session_id,
            extended_master_secret=bool(saved.extended_master_secret),
            encrypt_then_mac=bool(saved.encrypt_then_mac),
            peer_chain=saved.peer_chain,
        )


#: An IEEE 754 double: what Python's clock gives, whole.
_TIME = packing.Struct(">d")


@struct("a session, saved or sealed into a ticket", "RFC 5077 4")
class _Saved(Structure):
    """``Session`` as octets; what it has not is empty."""

    def __repr__(self) -> str:
        return "<_Saved>"  # the secret is in it

    layout: ClassVar[int] = constant(1, 1, "which layout this is: another has another number", "RFC 5077 4")
    version: int = row(uint16(ProtocolVersion), "the version that made it", "RFC 5077 4")
    suite: int = row(uint16(CipherSuite), "the suite that made it", "RFC 5077 4")
    secret: bytes = row(Opaque(1), "the PSK or the master secret", "RFC 8446 4.6.1, RFC 5077 4")
    scope: bytes = row(Opaque(1), "the digest of the settings it is good for", "RFC 5077 4")
    created: bytes = row(Fixed(_TIME.size), "when it was made", "RFC 5077 4")
    expires: bytes = row(Fixed(_TIME.size), "when it is over", "RFC 8446 4.6.1")
    server_name: bytes = row(Opaque(2), "the server's name in UTF-8", "RFC 8446 4.6.1")
    alpn: bytes = row(Opaque(1), "the protocol chosen", "RFC 7301 3.1")
    ticket: bytes = row(Opaque(2), "what a client presents", "RFC 8446 4.6.1")
    age_add: int = row(uint32(), "what hides the ticket's age", "RFC 8446 4.6.1")
    session_id: bytes = row(Opaque(1), "what TLS 1.2 presents without a ticket", "RFC 5246 7.4.1.2")
    extended_master_secret: int = row(uint8(high=1), "whether it was made with it", "RFC 7627 5.3")
    encrypt_then_mac: int = row(uint8(high=1), "whether it was made with it", "RFC 7366 3")
    peer_chain: tuple[bytes, ...] = row(
        Vector(Opaque(3, 1), 3, 0, None, "a certificate in DER"), "the peer's chain, its own first", "RFC 5077 4"
    )


class SessionStore(Protocol):
    """Where sessions wait. Keys are scopes (clients) or session identifiers (TLS 1.2 servers)."""

    def put(self, key: bytes, session: Session) -> None:
        """Keep a session."""
        ...

    def take(self, key: bytes) -> Session | None:
        """Hand out the newest session of the key and forget it."""
        ...

    def find(self, key: bytes) -> Session | None:
        """Hand out the newest session of the key and keep it (TLS 1.2 sessions may be used again)."""
        ...

    def discard(self, key: bytes) -> None:
        """Forget all sessions of the key (RFC 5246 7.2.2: a fatal alert makes its session unresumable)."""
        ...


class MemorySessionStore:
    """A bounded store in memory, shared by threads; the least recently used key goes first."""

    def __init__(self, env: Env = SYSTEM_ENV, capacity: int = MAX_STORED_SESSIONS) -> None:
        self._capacity = capacity
        self._lock = env.lock()
        self._sessions: OrderedDict[bytes, list[Session]] = OrderedDict()

    def put(self, key: bytes, session: Session) -> None:
        with self._lock:
            sessions = self._sessions.setdefault(key, [])
            sessions.append(session)
            del sessions[:-MAX_SESSIONS_PER_KEY]
            self._sessions.move_to_end(key)
            while len(self._sessions) > self._capacity:
                self._sessions.popitem(last=False)

    def take(self, key: bytes) -> Session | None:
        with self._lock:
            sessions = self._sessions.get(key)
            if not sessions:
                return None
            session = sessions.pop()
            if not sessions:
                del self._sessions[key]
            return session

    def find(self, key: bytes) -> Session | None:
        with self._lock:
            sessions = self._sessions.get(key)
            return sessions[-1] if sessions else None

    def discard(self, key: bytes) -> None:
        with self._lock:
            self._sessions.pop(key, None)


@dataclass(frozen=True, slots=True)
class _TicketKey:
    name: bytes
    aead: Aead = field(repr=False)
    born: float


class TicketKeys:
    """Seals sessions into tickets and opens them again.

    A ticket is key name, nonce and the sealed session. A new key is made every ``rotation`` seconds; older ones still
    open tickets until ``lifetime`` seconds after they were replaced, then they are gone and with them what they
    protected (RFC 5077 5.5).
    """

    def __init__(self, env: Env = SYSTEM_ENV, *, lifetime: int = 7_200, rotation: int = 3_600) -> None:
        if not 0 < lifetime <= MAX_TICKET_LIFETIME:
            raise SSLError(
                Reason.EOPTIONS, f"ticket lifetime {lifetime} s is not in 1…{MAX_TICKET_LIFETIME} (RFC 8446 4.6.1)"
            )
        if rotation <= 0:
            raise SSLError(Reason.EOPTIONS, f"ticket key rotation {rotation} s is not positive")
        self.lifetime = lifetime
        self._rotation = rotation
        self._env = env
        self._lock = env.lock()
        self._keys: list[_TicketKey] = []

    def seal(self, session: Session) -> bytes:
        """The ticket that holds a session."""
        with self._lock:
            key = self._current()
        nonce = self._env.random(_NONCE_LENGTH, Purpose.TICKET_NONCE)
        return key.name + nonce + key.aead.seal(nonce, session.encode(), key.name)

    def open(self, ticket: bytes) -> Session | None:
        """The session in a ticket; None when it is not one of ours, was altered, or is too old."""
        name, nonce = ticket[:_KEY_NAME_LENGTH], ticket[_KEY_NAME_LENGTH : _KEY_NAME_LENGTH + _NONCE_LENGTH]
        sealed = ticket[_KEY_NAME_LENGTH + _NONCE_LENGTH :]
        if len(sealed) < _TAG_LENGTH:
            return None
        with self._lock:
            self._expire()
            keys: Mapping[bytes, _TicketKey] = {key.name: key for key in self._keys}
        key = keys.get(name)
        if key is None:
            return None
        try:
            session = Session.decode(key.aead.open(nonce, sealed, name))
        except SSLError:  # altered, or sealed by another version of this program
            return None
        return session if session.is_fresh(self._env.now()) else None

    def _current(self) -> _TicketKey:
        self._expire()
        now = self._env.now()
        if not self._keys or now - self._keys[-1].born >= self._rotation:
            name = self._env.random(_KEY_NAME_LENGTH, Purpose.TICKET_KEY)
            cipher = PROVIDER.suites[_TICKET_SUITE].cipher
            secret = self._env.random(cipher.key_length, Purpose.TICKET_KEY)
            self._keys.append(_TicketKey(name, PROVIDER.new_aead(cipher, secret), now))
        return self._keys[-1]

    def _expire(self) -> None:
        oldest = self._env.now() - self._rotation - self.lifetime
        self._keys = [key for key in self._keys if key.born > oldest]
