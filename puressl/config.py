"""Configurations: frozen, checked once, shared by any number of connections.

Theory of operation: everything a user can decide about a connection is a field here, with its default and its reason. A
configuration checks itself when it is made, so that no handshake fails for a contradiction that was there from the
start; what two ends agreed on is another object (``events.Negotiated``). Questions that a handshake cannot answer are
``Need``s; each has a default resolver here, and ``resolvers`` replaces any of them: external signers, shared ticket
stores, pending look-ups.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any

from puressl.codes import (
    CipherSuite,
    NamedGroup,
    ProtocolVersion,
    SignatureScheme,
    name_of,
)
from puressl.crypto.groups import DEFAULT_GROUPS
from puressl.crypto.hashes import HashAlgorithm
from puressl.crypto.keys import ECPublicKey, PrivateKey, RSAPrivateKey
from puressl.crypto.provider import PROVIDER, Provider
from puressl.crypto.signatures import DEFAULT_SCHEMES
from puressl.crypto.suites import DEFAULT_SUITES, Authentication, Suite
from puressl.env import SYSTEM_ENV, Env, Purpose
from puressl.errors import Problem, ProtocolError, Reason, SSLError
from puressl.events import (
    ChooseCookie,
    ChooseCredential,
    DecryptPremaster,
    FindSession,
    IssueTicket,
    Need,
    Sign,
    Ticket,
    VerifyPeer,
)
from puressl.session import MAX_TICKET_LIFETIME, MemorySessionStore, Session, SessionStore, TicketKeys
from puressl.trace import NULL_TRACER, KeyLog, Tracer
from puressl.wire import ClientHello
from puressl.x509.credential import Credential
from puressl.x509.names import parse_server_name
from puressl.x509.policy import Policy
from puressl.x509.policy import Purpose as CertificatePurpose
from puressl.x509.store import TrustStore
from puressl.x509.verifier import VerifiedPeer, danger_accept_unverified, verify_peer

#: RFC 8449 4: the least and the most that record_size_limit may say (2^14 + 1: TLS 1.3 counts the content type).
MIN_RECORD_SIZE_LIMIT = 64
MAX_RECORD_SIZE_LIMIT = 16_385
#: Default certificates below the peer's own: more than any chain of the web has.
DEFAULT_DEPTH = 10
MAX_DEPTH = 255
#: RFC 7301 3.1: a protocol name has 1 to 255 bytes.
MAX_ALPN_NAME = 255

#: More tickets than any client keeps would only be traffic.
MAX_TICKET_COUNT = 16

Resolver = Callable[[Any], Any]


class Verify(IntEnum):
    """How much is asked of the peer's certificate. The numbers are the socket interface's ``verify``."""

    NONE = 0
    PEER = 1
    REQUIRED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Config:
    """What clients and servers have in common.

    versions: protocol versions to speak. cipher_suites, groups, signature_schemes: code points in order of preference.
    alpn: application protocols, in order of preference. verify, trust, depth: whether, by which anchors and how deep
    the peer's chain is verified (DESIGN: peer 0, its issuer 1, …). record_size_limit: bytes of plaintext we accept in
    one record, content type included (RFC 8449); None sends no such extension. session_tickets: whether sessions are
    resumed. sessions: where they are kept. resolvers: need type to function; a function may answer ``events.PENDING``.
    keylog: receives the NSS key log's lines. tracer: watches. env: randomness, clock and locks. provider: cryptography.
    minimum_rsa_bits: the least RSA modulus accepted in the peer's chain.
    """

    versions: tuple[ProtocolVersion, ...] = (ProtocolVersion.TLSv1_3, ProtocolVersion.TLSv1_2)
    cipher_suites: tuple[int, ...] = DEFAULT_SUITES
    groups: tuple[int, ...] = DEFAULT_GROUPS
    signature_schemes: tuple[int, ...] = DEFAULT_SCHEMES
    alpn: tuple[bytes, ...] = ()
    verify: Verify = Verify.NONE
    trust: TrustStore | None = None
    depth: int = DEFAULT_DEPTH
    minimum_rsa_bits: int = 2048
    record_size_limit: int | None = MAX_RECORD_SIZE_LIMIT
    secure_renegotiate: bool = True
    allow_mac_then_encrypt: bool = False
    session_tickets: bool = True
    sessions: SessionStore | None = None
    resolvers: Mapping[type[Any], Resolver] = field(default_factory=dict)
    keylog: KeyLog | None = field(default=None, repr=False)
    tracer: Tracer = field(default=NULL_TRACER, repr=False)
    env: Env = field(default=SYSTEM_ENV, repr=False)
    provider: Provider = field(default=PROVIDER, repr=False)
    scope: bytes = field(init=False, repr=False, default=b"")

    def _check(self) -> None:
        _check_versions(self.versions)
        _check_known("cipher_suites", self.cipher_suites, self.provider.suites, CipherSuite, Reason.ECIPHER)
        _check_known("groups", self.groups, self.provider.groups, NamedGroup)
        _check_known("signature_schemes", self.signature_schemes, self.provider.schemes, SignatureScheme)
        for version in self.versions:
            if not any(self.provider.suites[suite].version is version for suite in self.cipher_suites):
                raise SSLError(Reason.ECIPHER, f"cipher_suites has none for {version.label}")
        for protocol in self.alpn:
            if not isinstance(protocol, bytes) or not 1 <= len(protocol) <= MAX_ALPN_NAME:
                raise SSLError(Reason.EOPTIONS, f"alpn: {protocol!r} is not 1 to {MAX_ALPN_NAME} bytes (RFC 7301 3.1)")
        if not 0 <= self.depth <= MAX_DEPTH:
            raise SSLError(Reason.EOPTIONS, f"depth: {self.depth} is not in 0…{MAX_DEPTH}")
        limit = self.record_size_limit
        if limit is not None and not MIN_RECORD_SIZE_LIMIT <= limit <= MAX_RECORD_SIZE_LIMIT:
            bounds = f"{MIN_RECORD_SIZE_LIMIT}…{MAX_RECORD_SIZE_LIMIT}"
            raise SSLError(Reason.EOPTIONS, f"record_size_limit: {limit} is not in {bounds} (RFC 8449 4)")

    def _digest_scope(self, *parts: object) -> bytes:
        """What a session must have been made under to be resumed: trust, names, verification, identity, protocols."""
        trust = self.trust.fingerprint if self.trust is not None else b""
        judged_here = VerifyPeer not in self.resolvers  # what another's judgement let pass is not good for ours
        text = repr((trust, int(self.verify), self.depth, self.minimum_rsa_bits, judged_here, self.alpn, *parts))
        return hashlib.sha256(text.encode()).digest()

    @property
    def newest(self) -> ProtocolVersion:
        """The highest version spoken."""
        return max(self.versions)

    def suites_for(self, version: ProtocolVersion) -> tuple[Suite, ...]:
        """The configured suites of one version, in order of preference."""
        suites = (self.provider.suites[suite] for suite in self.cipher_suites)
        return tuple(suite for suite in suites if suite.version is version)

    def schemes_for(self, version: ProtocolVersion) -> tuple[int, ...]:
        """The configured signature schemes that may sign a handshake of this version (RFC 8446 4.2.3)."""
        rows = (self.provider.schemes[scheme] for scheme in self.signature_schemes)
        if version is ProtocolVersion.TLSv1_3:
            return tuple(int(row.scheme) for row in rows if row.tls13)
        return tuple(int(row.scheme) for row in rows if row.tls12)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientConfig(_Config):
    """How a client connects.

    server_name: the DNS name or IP address that the server's certificate must be for; a DNS name is also sent in SNI.
    send_server_name: False sends no SNI. credential: what a server that asks for a certificate gets.
    key_share_groups: groups to send a share of at once; the first configured one by default.
    middlebox_compatibility: RFC 8446 D.4. shape_hello: a last look at each ClientHello before its binders are made, for
    tests and teaching; what it returns is sent, and its answer is held to it.
    Verification is on: without ``trust`` the system's roots are taken.
    """

    server_name: str | None = None
    send_server_name: bool = True
    verify: Verify = Verify.REQUIRED
    credential: Credential | None = field(default=None, repr=False)
    key_share_groups: tuple[int, ...] | None = None
    middlebox_compatibility: bool = True
    shape_hello: Callable[[ClientHello], ClientHello] | None = None

    def __post_init__(self) -> None:
        if self.verify and self.trust is None:
            object.__setattr__(self, "trust", TrustStore.system())
        if self.verify and not self.server_name:
            raise SSLError(Reason.EOPTIONS, "server_name: verification needs the name the certificate must be for")
        if self.server_name:
            parse_server_name(self.server_name)
        self._check()
        for group in self.key_share_groups or ():
            if group not in self.groups:
                raise SSLError(Reason.EOPTIONS, f"key_share_groups: {name_of(NamedGroup, group)} is not in groups")
        if self.sessions is None:
            object.__setattr__(self, "sessions", MemorySessionStore(self.env))
        identity = self.credential.chain if self.credential is not None else ()
        object.__setattr__(self, "scope", self._digest_scope("client", self.server_name, identity))


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig(_Config):
    """How a server accepts.

    credentials: certificates with their keys; the first that fits the client's name, schemes and suites is presented,
    the first of all when no name fits. verify: PEER asks for a client certificate, REQUIRED insists on one; needs
    ``trust``. require_known_name: an SNI that no credential is for ends with unrecognized_name instead. ticket_keys:
    seal tickets. ticket_count: tickets sent after a TLS 1.3 handshake. session_cache: TLS 1.2 session identifiers.
    cookie: sends a cookie in HelloRetryRequest. advertised_groups: supported_groups of EncryptedExtensions; None sends
    ours. certificate_request_schemes: what CertificateRequest lists; None lists signature_schemes. authorities: whether
    CertificateRequest names the trusted roots.
    """

    credentials: tuple[Credential, ...] = ()
    require_known_name: bool = False
    ticket_keys: TicketKeys | None = None
    ticket_count: int = 2
    session_cache: bool = True
    cookie: bool = False
    advertised_groups: tuple[int, ...] | None = None
    certificate_request_schemes: tuple[int, ...] | None = None
    authorities: bool = True

    def __post_init__(self) -> None:
        if not self.credentials and ChooseCredential not in self.resolvers:
            raise SSLError(Reason.ENOSERVERCERT, "credentials: a server needs a certificate and its key")
        if self.verify and self.trust is None:
            raise SSLError(Reason.ECACERTFILE, "trust: verifying clients needs trusted roots (RFC 8446 4.4.2.4)")
        if not 0 <= self.ticket_count <= MAX_TICKET_COUNT:
            raise SSLError(Reason.EOPTIONS, f"ticket_count: {self.ticket_count} is not in 0…{MAX_TICKET_COUNT}")
        self._check()
        if self.ticket_keys is None:
            object.__setattr__(self, "ticket_keys", TicketKeys(self.env))
        if self.sessions is None:
            object.__setattr__(self, "sessions", MemorySessionStore(self.env))
        object.__setattr__(self, "scope", self._digest_scope("server"))


Config = ClientConfig | ServerConfig


def _check_versions(versions: tuple[ProtocolVersion, ...]) -> None:
    built = (ProtocolVersion.TLSv1_3, ProtocolVersion.TLSv1_2)
    unknown = [version for version in versions if version not in built]
    if unknown or not versions:
        raise SSLError(Reason.EOPTIONS, f"versions: {unknown or 'none'} (tlsv1.3 and tlsv1.2 are built)")


def _check_known(
    option: str,
    values: tuple[int, ...],
    table: Mapping[int, object],
    registry: type[IntEnum],
    reason: Reason = Reason.EOPTIONS,
) -> None:
    if not values:
        raise SSLError(reason, f"{option}: is empty")
    for position, value in enumerate(values):
        if value not in table:
            raise SSLError(reason, f"{option}: {name_of(registry, value)} is not built")
        if value in values[:position]:
            raise SSLError(reason, f"{option}: {name_of(registry, value)} stands twice")


# Resolvers --------------------------------------------------------------------------------------------------


def resolve(config: Config, need: Need) -> Any:
    """Answers a need: with the configuration's own resolver, else with the default for its kind."""
    own = config.resolvers.get(type(need))
    if own is not None:
        return own(need)
    return _DEFAULT_RESOLVERS[type(need)](config, need)


def _choose_credential(config: Config, need: ChooseCredential) -> Credential | None:
    if isinstance(config, ClientConfig):
        return config.credential if config.credential and _fits(config.credential, need) else None
    usable = [credential for credential in config.credentials if _fits(credential, need)]
    if need.server_name is not None:
        named = [credential for credential in usable if credential.matches(need.server_name)]
        if not named and config.require_known_name:
            raise ProtocolError(Problem.UNRECOGNIZED_NAME, repr(need.server_name))
        usable = named or usable
    return usable[0] if usable else None


def _fits(credential: Credential, need: ChooseCredential) -> bool:
    """Whether the peer can verify with this key (RFC 8446 4.4.2.2) and a TLS 1.2 suite allows it (RFC 5246 7.4.2)."""
    if not set(credential.schemes(need.version)) & set(need.schemes):
        return False
    if need.curves and not _is_on(credential, need.curves):
        return False
    if not need.authentication:
        return True
    return any(kind is Authentication.ANY or kind is credential.authentication for kind in need.authentication)


def _is_on(credential: Credential, curves: tuple[int, ...]) -> bool:
    """Whether an ECDSA key is on one of the curves; any other key has none."""
    key = credential.leaf.public_key
    return not isinstance(key, ECPublicKey) or NamedGroup[key.curve.name] in curves


def _sign(config: Config, need: Sign) -> bytes:
    return config.provider.sign(_private_key(need.credential), need.scheme, need.message, config.env)


def _decrypt_premaster(config: Config, need: DecryptPremaster) -> bytes:
    key = _private_key(need.credential)
    if not isinstance(key, RSAPrivateKey):
        raise ProtocolError(Problem.INTERNAL_ERROR, "RSA key exchange with a key of another kind")
    return config.provider.decrypt_premaster(key, need.encrypted, need.client_version, config.env)


def _private_key(credential: Credential) -> PrivateKey:
    if credential.key is None:
        raise ProtocolError(Problem.INTERNAL_ERROR, f"no resolver signs for {credential.leaf.subject.text}")
    return credential.key


def _verify_peer(config: Config, need: VerifyPeer) -> VerifiedPeer:
    if config.verify is Verify.NONE or config.trust is None:
        return danger_accept_unverified(need.chain)
    if isinstance(config, ClientConfig):
        purpose, name = CertificatePurpose.SERVER_AUTH, config.server_name
    else:
        purpose, name = CertificatePurpose.CLIENT_AUTH, None
    policy = Policy(
        time=config.env.now(),
        purpose=purpose,
        server_name=name,
        depth=config.depth,
        minimum_rsa_bits=config.minimum_rsa_bits,
    )
    return verify_peer(need.chain, trust=config.trust, policy=policy)


def _find_session(config: Config, need: FindSession) -> Session | None:
    if not isinstance(config, ServerConfig) or not config.session_tickets:
        return None
    if need.ticket and config.ticket_keys is not None:
        return config.ticket_keys.open(need.ticket)
    if need.session_id and config.session_cache and config.sessions is not None:
        return config.sessions.find(need.session_id)
    return None


def _issue_ticket(config: Config, need: IssueTicket) -> Ticket | None:
    if not isinstance(config, ServerConfig) or not config.session_tickets or config.ticket_keys is None:
        return None
    left = need.session.expires - need.session.created
    lifetime = int(min(left, config.ticket_keys.lifetime, MAX_TICKET_LIFETIME))
    if lifetime <= 0:
        return None
    age_add = int.from_bytes(config.env.random(4, Purpose.TICKET_AGE_ADD), "big")
    session = replace(need.session, age_add=age_add, expires=need.session.created + lifetime)
    return Ticket(lifetime, config.ticket_keys.seal(session), age_add)


def _choose_cookie(config: Config, need: ChooseCookie) -> bytes | None:
    if isinstance(config, ServerConfig) and config.cookie:
        return config.env.random(HashAlgorithm.SHA256.size, Purpose.COOKIE)
    return None


_DEFAULT_RESOLVERS: dict[type[Any], Callable[[Any, Any], Any]] = {
    ChooseCredential: _choose_credential,
    Sign: _sign,
    DecryptPremaster: _decrypt_premaster,
    VerifyPeer: _verify_peer,
    FindSession: _find_session,
    IssueTicket: _issue_ticket,
    ChooseCookie: _choose_cookie,
}
