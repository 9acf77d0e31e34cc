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
from dataclasses import InitVar, dataclass, field
from enum import IntEnum
from typing import Any

from puressl.cipher_string import parse_ciphers
from puressl.codes import (
    CipherSuite,
    NamedGroup,
    ProtocolVersion,
    SignatureScheme,
    name_of,
)
from puressl.crypto.groups import DEFAULT_GROUPS
from puressl.crypto.provider import PROVIDER, Provider
from puressl.crypto.signatures import DEFAULT_SCHEMES
from puressl.crypto.suites import DEFAULT_SUITES, Suite
from puressl.env import SYSTEM_ENV, Env
from puressl.errors import Reason, SSLError
from puressl.events import (
    ChooseConfig,
    ChooseCredential,
    VerifyPeer,
)
from puressl.session import MemorySessionStore, SessionStore, TicketKeys
from puressl.trace import NULL_TRACER, KeyLog, Tracer
from puressl.wire import ClientHello
from puressl.x509.credential import Credential
from puressl.x509.crl import RevocationList, load_crls
from puressl.x509.names import parse_server_name
from puressl.x509.policy import Profile, Revocation
from puressl.x509.revocation import NO_EVIDENCE, Evidence, Fetch
from puressl.x509.store import TrustStore

#: RFC 8449 4: the least and the most that record_size_limit may say (2^14 + 1: TLS 1.3 counts the content type).
MIN_RECORD_SIZE_LIMIT = 64
MAX_RECORD_SIZE_LIMIT = 16_385
#: Default certificates below the peer's own: more than any chain of the web has.
DEFAULT_DEPTH = 10
MAX_DEPTH = 255
#: RFC 7301 3.1: a protocol name has 1 to 255 bytes.
MAX_ALPN_NAME = 255
#: All of them must fit the ClientHello beside its other extensions.
MAX_ALPN_LIST = 16_384
#: RFC 8446 4.2.4: the names of authorities share one list of 2^16-1 bytes. A store of more names lists none.
MAX_AUTHORITIES = 65_000

#: More tickets than any client keeps would only be traffic.
MAX_TICKET_COUNT = 16

Resolver = Callable[[Any], Any]


class Verify(IntEnum):
    """How much is asked of the peer's certificate. The numbers are the socket interface's ``verify``."""

    NONE = 0
    PEER = 1
    REQUIRED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class CommonConfig:
    """What clients and servers have in common.

    versions: protocol versions to speak. cipher_suites, groups, signature_schemes: code points in order of preference.
    ciphers: cipher_suites in OpenSSL's cipher-string language (``cipher_string.py``), and in their place where given.
    alpn: application protocols, in order of preference. verify, trust, depth: whether, by which anchors and how deep
    the peer's chain is verified (DESIGN: peer 0, its issuer 1, …). record_size_limit: bytes of plaintext we accept in
    one record, content type included (RFC 8449); None sends no such extension. session_tickets: whether sessions are
    resumed. sessions: where they are kept. resolvers: need type to function; a function may answer ``events.PENDING``.
    keylog: receives the NSS key log's lines. tracer: watches. env: randomness, clock and locks. provider: cryptography.
    minimum_rsa_bits: the least RSA modulus accepted in the peer's chain. profile: whose rules that chain must keep, or
    the profile's name; None is ``webpki`` for servers judged by the system's roots, which are the public web's, and
    ``path`` by anchors of one's own, whose issuers those rules do not bind (``x509/policy.py``). revocation: how
    much is asked about it, or its name; the default is that what is at hand counts. crls: lists to look in, PEM or DER;
    they are read once, and a new configuration is needed for newer ones. fetch: gets more where these do not decide
    (``x509/revocation.py``); it is called while the handshake waits. resumption_context:
    sessions are resumed only under the same one; with a resolver of one's own for ``VerifyPeer``, only if there is one.
    """

    versions: tuple[ProtocolVersion, ...] = (ProtocolVersion.TLSv1_3, ProtocolVersion.TLSv1_2)
    cipher_suites: tuple[int, ...] = DEFAULT_SUITES
    ciphers: InitVar[str | None] = None
    groups: tuple[int, ...] = DEFAULT_GROUPS
    signature_schemes: tuple[int, ...] = DEFAULT_SCHEMES
    alpn: tuple[bytes, ...] = ()
    verify: Verify = Verify.NONE
    trust: TrustStore | None = None
    depth: int = DEFAULT_DEPTH
    minimum_rsa_bits: int = 2048
    profile: Profile | str | None = None
    revocation: Revocation | str = Revocation.IF_PRESENT
    crls: tuple[bytes, ...] = field(default=(), repr=False)
    fetch: Fetch | None = None
    record_size_limit: int | None = MAX_RECORD_SIZE_LIMIT
    secure_renegotiate: bool = True
    allow_mac_then_encrypt: bool = False
    session_tickets: bool = True
    resumption_context: bytes = b""
    sessions: SessionStore | None = None
    resolvers: Mapping[type[Any], Resolver] = field(default_factory=dict)
    keylog: KeyLog | None = field(default=None, repr=False)
    tracer: Tracer = field(default=NULL_TRACER, repr=False)
    env: Env = field(default=SYSTEM_ENV, repr=False)
    provider: Provider = field(default=PROVIDER, repr=False)
    evidence: Evidence = field(init=False, repr=False, default=NO_EVIDENCE)
    scope: bytes = field(init=False, repr=False, default=b"")

    def _check(self, ciphers: str | None) -> None:
        if ciphers is not None:
            object.__setattr__(self, "cipher_suites", _read_ciphers(ciphers, self.provider))
        self._check_types()
        object.__setattr__(self, "profile", Profile.of(self.profile or self._default_profile()))
        object.__setattr__(self, "revocation", Revocation.of(self.revocation))
        object.__setattr__(self, "evidence", Evidence(crls=_read_crls(self.crls), fetch=self.fetch))
        _coerce(self, "verify", Verify)
        object.__setattr__(self, "versions", tuple(_version(version) for version in self.versions))
        _check_versions(self.versions)
        _check_known("cipher_suites", self.cipher_suites, self.provider.suites, CipherSuite, Reason.ECIPHER)
        _check_known("groups", self.groups, self.provider.groups, NamedGroup)
        _check_known("signature_schemes", self.signature_schemes, self.provider.schemes, SignatureScheme)
        for version in self.versions:
            if not self.suites_for(version):
                raise SSLError(Reason.ECIPHER, f"cipher_suites has none for {version.label}")
            if not self.schemes_for(version):
                raise SSLError(Reason.EOPTIONS, f"signature_schemes has none for {version.label}")
        _check_alpn(self.alpn)
        if not 0 <= self.depth <= MAX_DEPTH:
            raise SSLError(Reason.EOPTIONS, f"depth: {self.depth} is not in 0…{MAX_DEPTH}")
        limit = self.record_size_limit
        if limit is not None and not MIN_RECORD_SIZE_LIMIT <= limit <= MAX_RECORD_SIZE_LIMIT:
            bounds = f"{MIN_RECORD_SIZE_LIMIT}…{MAX_RECORD_SIZE_LIMIT}"
            raise SSLError(Reason.EOPTIONS, f"record_size_limit: {limit} is not in {bounds} (RFC 8449 4)")

        if VerifyPeer in self.resolvers and not self.resumption_context:
            # What another's judgement let pass is good for no other judge, and judges cannot be compared.
            object.__setattr__(self, "session_tickets", False)

    def _default_profile(self) -> Profile:
        return Profile.PATH

    def _check_types(self) -> None:
        """Wrong types of what is most often given wrongly; without this they would show in the first handshake."""
        for option, kind in _TUPLES.items():
            _check_tuple(option, getattr(self, option), kind)
        for option in ("depth", "minimum_rsa_bits"):
            _check_kind(option, getattr(self, option), int, "int")
        if self.trust is not None:
            _check_kind("trust", self.trust, TrustStore, "TrustStore; see TrustStore.from_file")
        if self.keylog is not None:
            _check_kind("keylog", self.keylog, Callable, "function, to be called with each line")

    def _digest_scope(self, *parts: object) -> bytes:
        """What a session must have been made under to be resumed: trust, names, verification, identity, protocols."""
        trust = self.trust.fingerprint if self.trust is not None else b""
        judged = (trust, int(self.verify), self.depth, self.minimum_rsa_bits, self.profile, self.resumption_context)
        lists = sorted(hashlib.sha256(data).digest() for data in self.crls)
        status = (self.revocation, lists, self.fetch is not None)
        return hashlib.sha256(repr((judged, status, self.alpn, *parts)).encode()).digest()

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
class ClientConfig(CommonConfig):
    """How a client connects.

    server_name: the DNS name or IP address that the server's certificate must be for; a DNS name is also sent in SNI.
    send_server_name: False sends no SNI. credential: what a server that asks for a certificate gets.
    key_share_groups: groups to send a share of at once; the first configured one by default.
    status_request: whether the server is asked to staple an OCSP response, where revocation is looked at at all.
    middlebox_compatibility: RFC 8446 D.4. shape_hello: a last look at each ClientHello before its binders are made, for
    tests and teaching; what it returns is sent, and its answer is held to it.
    Verification is on: without ``trust`` the system's roots are taken. The other fields are those of ``CommonConfig``:
    ``help("puressl.config")``.
    """

    server_name: str | None = None
    send_server_name: bool = True
    verify: Verify = Verify.REQUIRED
    credential: Credential | None = field(default=None, repr=False)
    key_share_groups: tuple[int, ...] | None = None
    status_request: bool = True
    middlebox_compatibility: bool = True
    shape_hello: Callable[[ClientHello], ClientHello] | None = None

    def __post_init__(self, ciphers: str | None) -> None:
        if self.verify and self.trust is None:
            object.__setattr__(self, "trust", TrustStore.system())
        if self.credential is not None:
            _check_kind("credential", self.credential, Credential, "Credential; see Credential.load")
        if self.verify and not self.server_name:
            raise SSLError(Reason.EOPTIONS, "server_name: verification needs the name the certificate must be for")
        if self.server_name:
            parse_server_name(self.server_name)
        self._check(ciphers)
        for group in self.key_share_groups or ():
            if group not in self.groups:
                raise SSLError(Reason.EOPTIONS, f"key_share_groups: {name_of(NamedGroup, group)} is not in groups")
        if self.sessions is None:
            object.__setattr__(self, "sessions", MemorySessionStore(self.env))
        identity = self.credential.chain if self.credential is not None else ()
        object.__setattr__(self, "scope", self._digest_scope("client", self.server_name, self.wants_status, identity))

    @property
    def wants_status(self) -> bool:
        """Whether an OCSP response is asked for: only where somebody judges it."""
        judges = self.verify is not Verify.NONE or VerifyPeer in self.resolvers
        return self.status_request and judges and self.revocation is not Revocation.OFF

    def _default_profile(self) -> Profile:
        return Profile.WEBPKI if self.trust is not None and self.trust.is_public else Profile.PATH


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig(CommonConfig):
    """How a server accepts.

    credentials: certificates with their keys; the first that fits the client's name, schemes and suites is presented,
    the first of all when no name fits. verify: PEER asks for a client certificate, REQUIRED insists on one; needs
    ``trust``. require_known_name: an SNI that no credential is for ends with unrecognized_name instead. ticket_keys:
    seal tickets. ticket_count: tickets sent after a TLS 1.3 handshake. session_cache: TLS 1.2 session identifiers.
    cookie: sends a cookie in HelloRetryRequest. advertised_groups: supported_groups of EncryptedExtensions; None sends
    ours. certificate_request_schemes: what CertificateRequest lists; None lists signature_schemes. authorities: whether
    CertificateRequest names the trusted roots. The other fields are those of ``CommonConfig``:
    ``help("puressl.config")``.
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

    def __post_init__(self, ciphers: str | None) -> None:
        _check_tuple("credentials", self.credentials, Credential)
        if not self.credentials and not {ChooseConfig, ChooseCredential} & self.resolvers.keys():
            raise SSLError(Reason.ENOSERVERCERT, "credentials: a server needs a certificate and its key")
        if self.verify and self.trust is None:
            raise SSLError(Reason.ECACERTFILE, "trust: verifying clients needs trusted roots (RFC 8446 4.4.2.4)")
        if not 0 <= self.ticket_count <= MAX_TICKET_COUNT:
            raise SSLError(Reason.EOPTIONS, f"ticket_count: {self.ticket_count} is not in 0…{MAX_TICKET_COUNT}")
        if self.certificate_request_schemes is not None and not self.certificate_request_schemes:
            raise SSLError(Reason.EOPTIONS, "certificate_request_schemes: is empty (RFC 8446 4.3.2)")
        self._check(ciphers)
        if self.ticket_keys is None:
            object.__setattr__(self, "ticket_keys", TicketKeys(self.env))
        if self.sessions is None:
            object.__setattr__(self, "sessions", MemorySessionStore(self.env))
        object.__setattr__(self, "scope", self._digest_scope("server"))

    @property
    def authority_names(self) -> tuple[bytes, ...]:
        """The distinguished names, DER, that a request for a certificate lists; none if they are too many."""
        if self.trust is None or not self.authorities:
            return ()
        names = self.trust.subjects
        return names if sum(2 + len(name) for name in names) <= MAX_AUTHORITIES else ()


Config = ClientConfig | ServerConfig

#: Options of several values, and of what kind these are.
_TUPLES = {"alpn": bytes, "crls": bytes, "cipher_suites": int, "groups": int, "signature_schemes": int}


def _check_kind(option: str, value: object, kind: Any, name: str) -> None:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise SSLError(Reason.EOPTIONS, f"{option}: {value!r:.50} is no {name}")


def _check_tuple(option: str, value: object, kind: type[Any]) -> None:
    if not isinstance(value, (tuple, list)) or not all(isinstance(each, kind) for each in value):
        raise SSLError(Reason.EOPTIONS, f"{option}: {value!r:.50} is no tuple of {kind.__name__}")


def _coerce(config: object, option: str, enum: type[IntEnum]) -> None:
    """Makes a number the enum's member: states compare members. A bool is no number."""
    value = getattr(config, option)
    if isinstance(value, bool):
        raise SSLError(
            Reason.EOPTIONS, f"{option}: {value}; say {', '.join(f'{enum.__name__}.{m.name}' for m in enum)}"
        )
    try:
        object.__setattr__(config, option, enum(value))
    except ValueError as error:
        raise SSLError(Reason.EOPTIONS, f"{option}: {error}") from error


def _version(version: int) -> ProtocolVersion:
    try:
        return ProtocolVersion(version)
    except ValueError as error:
        raise SSLError(Reason.EOPTIONS, f"versions: {version!r:.50} is no member of ProtocolVersion") from error


def _read_ciphers(text: object, provider: Provider) -> tuple[int, ...]:
    if not isinstance(text, str):
        raise SSLError(Reason.EOPTIONS, f"ciphers: {text!r} is no str")
    return parse_ciphers(text, provider.suites)


def _read_crls(given: tuple[bytes, ...]) -> tuple[RevocationList, ...]:
    return tuple(one for number, data in enumerate(given, 1) for one in load_crls(data, f"crls: number {number}"))


def _check_alpn(protocols: tuple[bytes, ...]) -> None:
    """RFC 7301 3.1: names of 1 to 255 bytes, a list of at most 2^16-1."""
    for protocol in protocols:
        if not isinstance(protocol, bytes) or not 1 <= len(protocol) <= MAX_ALPN_NAME:
            raise SSLError(Reason.EOPTIONS, f"alpn: {protocol!r} is not 1 to {MAX_ALPN_NAME} bytes (RFC 7301 3.1)")
    if sum(1 + len(protocol) for protocol in protocols) > MAX_ALPN_LIST:
        raise SSLError(Reason.EOPTIONS, f"alpn: {len(protocols)} names are too long for one list (RFC 7301 3.1)")


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
