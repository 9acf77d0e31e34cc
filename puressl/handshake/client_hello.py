"""Building ClientHello (RFC 8446 4.1.2, RFC 5246 7.4.1.2), its retry and its binder.

Theory of operation: extensions are rows of a table, each a function from what is known to an extension or None; the
order of the rows is the order on the wire, with pre_shared_key last (RFC 8446 4.2.11). ``Offer`` is the hello as it was
sent with the private halves of its key shares: what the server answers is held to the offer, never to the
configuration.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from puressl.codes import ECPointFormat, NamedGroup, ProtocolVersion, PskKeyExchangeMode
from puressl.config import ClientConfig
from puressl.crypto.groups import PrivateShare
from puressl.crypto.schedule13 import EarlySecret, finished_verify_data
from puressl.crypto.suites import CipherKind, KeyExchange, Suite
from puressl.crypto.transcript import Transcript
from puressl.env import Purpose
from puressl.handshake.output import Output
from puressl.session import Session
from puressl.trace import PSK
from puressl.wire import (
    ApplicationProtocols,
    ClientHello,
    Cookie,
    ECPointFormats,
    EncryptThenMac,
    ExtendedMasterSecret,
    Extensions,
    KeyShareEntry,
    KeyShareOffer,
    PreSharedKeyOffer,
    PskIdentity,
    PskKeyExchangeModes,
    RecordSizeLimit,
    RenegotiationInfo,
    ServerNameOffer,
    SessionTicket,
    SignatureAlgorithms,
    StatusRequest,
    SupportedGroups,
    SupportedVersionsOffer,
    binders_length,
    encode_handshake,
)
from puressl.x509.names import DNSName, parse_server_name

TLS12, TLS13 = ProtocolVersion.TLSv1_2, ProtocolVersion.TLSv1_3

#: RFC 8446 4.1.2: "compatibility mode" fills legacy_session_id with 32 bytes.
SESSION_ID_LENGTH = 32
RANDOM_LENGTH = 32


@dataclass(slots=True)
class Offer:
    """A ClientHello that was sent. shares: group to private half. session: what it offers to resume."""

    hello: ClientHello
    shares: Mapping[int, PrivateShare] = field(repr=False)
    session: Session | None = None


@dataclass(slots=True)
class _Draft:
    """What the extension rows draw on."""

    config: ClientConfig
    suites: tuple[Suite, ...]
    shares: Mapping[int, PrivateShare]
    session: Session | None
    cookie: bytes = b""

    def speaks(self, version: ProtocolVersion) -> bool:
        return version in self.config.versions

    def agrees_by(self, *exchanges: KeyExchange) -> bool:
        return any(suite.key_exchange in exchanges for suite in self.suites)

    @property
    def psk(self) -> Session | None:
        return self.session if self.session is not None and self.session.version is TLS13 else None


def first_offer(config: ClientConfig) -> Offer:
    """The first ClientHello of a connection, without its binder."""
    session = _resumable(config)
    random = config.env.random(RANDOM_LENGTH, Purpose.CLIENT_RANDOM)
    session_id = _session_id(config, session)
    groups = config.key_share_groups if config.key_share_groups is not None else config.groups[:1]
    shares = {group: config.provider.groups[group].generate(config.env) for group in groups} if _has_13(config) else {}
    draft = _Draft(config, _suites(config), shares, session)
    hello = ClientHello(
        legacy_version=TLS12,
        random=random,
        session_id=session_id,
        cipher_suites=tuple(int(suite.id) for suite in draft.suites),
        compression_methods=b"\x00",
        extensions=_extensions(draft),
    )
    return Offer(_shaped(config, hello), shares, session)


def retried_offer(config: ClientConfig, first: Offer, group: int | None, cookie: bytes | None, suite: Suite) -> Offer:
    """The second ClientHello: the first but for what HelloRetryRequest asked (RFC 8446 4.1.2).

    group: the one to send a share of, None to send the same shares again. A PSK of another hash than ``suite``'s is
    dropped.
    """
    shares = first.shares if group is None else {group: config.provider.groups[group].generate(config.env)}
    session = first.session
    if session is not None and session.version is TLS13:
        session = session if config.provider.suites[session.suite].hash is suite.hash else None
    draft = _Draft(config, _suites(config), shares, session, cookie or b"")
    hello = replace(first.hello, extensions=_extensions(draft))
    return Offer(_shaped(config, hello), shares, session)


def bind(offer: Offer, config: ClientConfig, transcript: Transcript, output: Output) -> Offer:
    """Fills in the PSK binder (RFC 8446 4.2.11.2). transcript: all before this hello."""
    psk = offer.hello.extensions.get(PreSharedKeyOffer)
    if psk is None or offer.session is None:
        return offer
    output.input(PSK, offer.session.secret)
    algorithm = config.provider.suites[offer.session.suite].hash
    partial = transcript.copy()
    partial.add(encode_handshake(offer.hello))
    truncated = partial.digest_for(algorithm, truncate=binders_length(offer.hello))
    binder_key = EarlySecret(algorithm, offer.session.secret).binder_key()
    binder = finished_verify_data(algorithm, binder_key, truncated)
    bound = Extensions((*tuple(offer.hello.extensions)[:-1], replace(psk, binders=(binder,))))
    return Offer(replace(offer.hello, extensions=bound), offer.shares, offer.session)


def _has_13(config: ClientConfig) -> bool:
    return TLS13 in config.versions


def _suites(config: ClientConfig) -> tuple[Suite, ...]:
    offered = (config.provider.suites[suite] for suite in config.cipher_suites)
    return tuple(suite for suite in offered if suite.version in config.versions)


def _resumable(config: ClientConfig) -> Session | None:
    """A stored session made under this very scope, if it still fits what is offered."""
    if not config.session_tickets or config.sessions is None:
        return None
    session = config.sessions.take(config.scope)
    if session is None or not session.is_fresh(config.env.now()) or session.scope != config.scope:
        return None
    if session.version is TLS12:
        config.sessions.put(config.scope, session)  # TLS 1.2 sessions may be used again
    return session if session.version in config.versions and session.suite in config.cipher_suites else None


def _session_id(config: ClientConfig, session: Session | None) -> bytes:
    if session is not None and session.version is TLS12 and not session.ticket:
        return session.session_id
    # With a TLS 1.2 ticket the server's echo of this value tells that it resumes (RFC 5077 3.4).
    resumes_by_ticket = session is not None and session.version is TLS12
    if resumes_by_ticket or (_has_13(config) and config.middlebox_compatibility):
        return config.env.random(SESSION_ID_LENGTH, Purpose.SESSION_ID)
    return b""


def _shaped(config: ClientConfig, hello: ClientHello) -> ClientHello:
    return hello if config.shape_hello is None else config.shape_hello(hello)


def _extensions(draft: _Draft) -> Extensions:
    made = (row(draft) for row in _ROWS)
    return Extensions(tuple(extension for extension in made if extension is not None))


# The rows: one extension each, None where it is not sent. ---------------------------------------------------


def sent_server_name(config: ClientConfig) -> str | None:
    """The name that goes into SNI: a DNS name, without a trailing dot, A-labels for what is not ASCII (RFC 6066 3)."""
    if not config.server_name or not config.send_server_name:
        return None
    name = parse_server_name(config.server_name)
    return str(name) if isinstance(name, DNSName) else None


def _server_name(draft: _Draft) -> ServerNameOffer | None:
    name = sent_server_name(draft.config)
    return ServerNameOffer(name) if name else None


def _status_request(draft: _Draft) -> StatusRequest | None:
    """RFC 6066 8: from any responder, without extensions."""
    return StatusRequest() if draft.config.wants_status else None


def _extended_master_secret(draft: _Draft) -> ExtendedMasterSecret | None:
    return ExtendedMasterSecret() if draft.speaks(TLS12) else None


def _renegotiation_info(draft: _Draft) -> RenegotiationInfo | None:
    return RenegotiationInfo(b"") if draft.speaks(TLS12) else None


def _supported_groups(draft: _Draft) -> SupportedGroups | None:
    if not draft.agrees_by(KeyExchange.ANY, KeyExchange.ECDHE, KeyExchange.DHE):
        return None
    groups = draft.config.groups
    if not draft.speaks(TLS13):  # a KEM hybrid exists for TLS 1.3 only
        groups = tuple(group for group in groups if group != NamedGroup.X25519MLKEM768)
    return SupportedGroups(tuple(int(group) for group in groups))


def _ec_point_formats(draft: _Draft) -> ECPointFormats | None:
    return ECPointFormats((int(ECPointFormat.UNCOMPRESSED),)) if draft.agrees_by(KeyExchange.ECDHE) else None


def _session_ticket(draft: _Draft) -> SessionTicket | None:
    if not draft.speaks(TLS12) or not draft.config.session_tickets:
        return None
    session = draft.session
    return SessionTicket(session.ticket if session is not None and session.version is TLS12 else b"")


def _application_protocols(draft: _Draft) -> ApplicationProtocols | None:
    return ApplicationProtocols(draft.config.alpn) if draft.config.alpn else None


def _encrypt_then_mac(draft: _Draft) -> EncryptThenMac | None:
    return EncryptThenMac() if any(suite.cipher.kind is CipherKind.CBC for suite in draft.suites) else None


def _signature_algorithms(draft: _Draft) -> SignatureAlgorithms:
    return SignatureAlgorithms(tuple(int(scheme) for scheme in draft.config.signature_schemes))


def _record_size_limit(draft: _Draft) -> RecordSizeLimit | None:
    limit = draft.config.record_size_limit
    if limit is None:
        return None
    # RFC 8449 4: 2^14 is the most that TLS 1.2 can have.
    return RecordSizeLimit(limit if draft.speaks(TLS13) else min(limit, 2**14))


def _supported_versions(draft: _Draft) -> SupportedVersionsOffer | None:
    versions = sorted(draft.config.versions, reverse=True)
    return SupportedVersionsOffer(tuple(int(version) for version in versions)) if draft.speaks(TLS13) else None


def _cookie(draft: _Draft) -> Cookie | None:
    return Cookie(draft.cookie) if draft.cookie else None


def _key_share(draft: _Draft) -> KeyShareOffer | None:
    if not draft.speaks(TLS13):
        return None
    return KeyShareOffer(tuple(KeyShareEntry(int(group), share.public) for group, share in draft.shares.items()))


def _psk_key_exchange_modes(draft: _Draft) -> PskKeyExchangeModes | None:
    if not draft.speaks(TLS13) or not draft.config.session_tickets:
        return None
    return PskKeyExchangeModes((int(PskKeyExchangeMode.PSK_DHE_KE),))


def _pre_shared_key(draft: _Draft) -> PreSharedKeyOffer | None:
    session = draft.psk
    if session is None:
        return None
    identity = PskIdentity(session.ticket, session.obfuscated_age(draft.config.env.now()))
    placeholder = bytes(draft.config.provider.suites[session.suite].hash.size)
    return PreSharedKeyOffer((identity,), (placeholder,))


_ROWS: tuple[Callable[[_Draft], Any], ...] = (
    _server_name,
    _status_request,
    _extended_master_secret,
    _renegotiation_info,
    _supported_groups,
    _ec_point_formats,
    _session_ticket,
    _application_protocols,
    _encrypt_then_mac,
    _signature_algorithms,
    _record_size_limit,
    _supported_versions,
    _cookie,
    _key_share,
    _psk_key_exchange_modes,
    _pre_shared_key,
)
