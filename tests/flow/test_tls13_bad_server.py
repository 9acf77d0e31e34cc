"""What a TLS 1.3 client refuses: one deviation of a server per row, with the clause that forbids it.

Each server is sound but for its deviation (``support.bad_peer``). Each refusal must name the problem, tell the server
by one alert, and be final.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from puressl.codes import CipherSuite, ContentType, Epoch, HandshakeType, NamedGroup, SignatureScheme
from puressl.config import ServerConfig, Verify
from puressl.connection import ServerConnection
from puressl.crypto.provider import PROVIDER
from puressl.env import Purpose, SeededEnv
from puressl.errors import Problem
from puressl.events import Sign
from puressl.handshake.signing import CLIENT_CONTEXT, SERVER_CONTEXT
from puressl.session import MemorySessionStore
from puressl.wire import (
    DOWNGRADE_TLS11,
    DOWNGRADE_TLS12,
    HELLO_RETRY_RANDOM,
    ApplicationProtocols,
    Certificate,
    CertificateEntry,
    CertificateRequest,
    CertificateVerify,
    ChangeCipherSpec,
    Cookie,
    EncryptedExtensions,
    Extensions,
    Finished,
    KeyShareEntry,
    KeyShareRetry,
    KeyShareServer,
    NewSessionTicket,
    PreSharedKeySelected,
    RawExtension,
    SelectedVersion,
    ServerHello,
    SignatureAlgorithms,
    encode_handshake,
)

from support.altered import changing, dropping, inserting, with_extension, without_extension
from support.authority import key as own_key
from support.bad_peer import (
    Content,
    Raw,
    Rewrite,
    adding_extension,
    appending,
    assert_refused,
    doubling_an_extension,
    rewriting_bytes,
    without_extensions,
)
from support.configs import TIME, trust
from support.joined import TLS12, TLS13, join
from support.link import Link

P = Problem
X25519, P256, P384 = NamedGroup.X25519, NamedGroup.SECP256R1, NamedGroup.SECP384R1
CHACHA, AES_128, AES_256 = (
    CipherSuite.TLS_CHACHA20_POLY1305_SHA256,
    CipherSuite.TLS_AES_128_GCM_SHA256,
    CipherSuite.TLS_AES_256_GCM_SHA384,
)
UNKNOWN = RawExtension(0xFEFE, b"")
SERVER_NAME, MAX_FRAGMENT_LENGTH, STATUS_REQUEST, SIGNATURE_ALGORITHMS, ALPN = 0, 1, 5, 13, 16
PRE_SHARED_KEY, EARLY_DATA, SUPPORTED_VERSIONS, COOKIE, KEY_SHARE = 41, 42, 43, 44, 51
RETRY = {"client": {"groups": (X25519, P256)}, "server": {"groups": (P256,)}}
ASK = {"server": {"verify": Verify.PEER, "trust": trust("p256")}}


@dataclass(frozen=True)
class Case:
    """One deviation. fields: of ``join``. told: whether the server can read the alert."""

    name: str
    clause: str
    rewrite: Rewrite
    problem: Problem
    fields: dict[str, Any] = field(default_factory=dict)
    told: bool = True


def refuse(case: Case) -> None:
    joined = join(**case.fields, bad_server=case.rewrite).handshake()
    assert_refused(joined.client, case.problem, peer=joined.server if case.told else None)


def table(*cases: Case) -> Any:
    return pytest.mark.parametrize("case", cases, ids=[case.name.replace(" ", "_") for case in cases])


def only(retry: bool, rewrite: Rewrite) -> Rewrite:
    """Rewrites HelloRetryRequest alone, or ServerHello alone; other messages in any case."""

    def chosen(message: Any) -> Any:
        if isinstance(message, ServerHello) and message.is_retry is not retry:
            return (message,)
        return rewrite(message)

    return chosen


def adding(kind: type, *extensions: Any) -> Rewrite:
    return changing(kind, extensions=with_extension(*extensions))


def lacking(kind: type, *kinds: type) -> Rewrite:
    return changing(kind, extensions=without_extension(*kinds))


def share_of(group: int, public: bytes) -> Rewrite:
    return adding(ServerHello, KeyShareServer(KeyShareEntry(group, public)))


# ServerHello ---------------------------------------------------------------------------------------------------------

SERVER_HELLO = (
    Case("another session id", "8446 4.1.3", changing(ServerHello, session_id=bytes(32)), P.ILLEGAL_PARAMETER),
    Case("no session id", "8446 4.1.3", changing(ServerHello, session_id=b""), P.ILLEGAL_PARAMETER),
    Case(
        "a session id where none was sent",
        "8446 4.1.3",
        changing(ServerHello, session_id=b"x"),
        P.ILLEGAL_PARAMETER,
        {"client": {"middlebox_compatibility": False}},
    ),
    Case(
        "a session id of 33 bytes",
        "8446 4.1.3",
        rewriting_bytes(ServerHello, lambda body: body[:34] + b"\x21" + bytes(33) + body[67:]),
        P.MALFORMED_MESSAGE,
    ),
    Case("compression", "8446 4.1.3", changing(ServerHello, compression_method=1), P.ILLEGAL_PARAMETER),
    Case(
        "a suite that was not offered",
        "8446 4.1.3",
        changing(ServerHello, cipher_suite=int(AES_256)),
        P.ILLEGAL_PARAMETER,
        {"client": {"cipher_suites": (CHACHA, AES_128)}},
    ),
    Case(
        "a suite of TLS 1.2",
        "8446 4.1.3",
        changing(ServerHello, cipher_suite=int(CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)),
        P.ILLEGAL_PARAMETER,
        {"client": {"versions": (TLS13, TLS12)}},
    ),
    Case("an unknown suite", "8446 4.1.3", changing(ServerHello, cipher_suite=0xFEFE), P.ILLEGAL_PARAMETER),
    Case("a GREASE suite", "8701 4", changing(ServerHello, cipher_suite=0x1A1A), P.ILLEGAL_PARAMETER),
    Case("legacy version 0x0304", "8446 4.1.3", changing(ServerHello, legacy_version=0x0304), P.ILLEGAL_PARAMETER),
    Case("legacy version 0x0302", "8446 4.1.3", changing(ServerHello, legacy_version=0x0302), P.ILLEGAL_PARAMETER),
    Case("legacy version of SSL 3.0", "8446 D.5", changing(ServerHello, legacy_version=0x0300), P.UNSUPPORTED_VERSION),
    Case(
        "TLS 1.2 by supported_versions",
        "8446 4.2.1",
        adding(ServerHello, SelectedVersion(0x0303)),
        P.ILLEGAL_PARAMETER,
        {"client": {"versions": (TLS13, TLS12)}},
    ),
    Case("a version to come", "8446 4.2.1", adding(ServerHello, SelectedVersion(0x0305)), P.ILLEGAL_PARAMETER),
    Case("a GREASE version", "8701 4", adding(ServerHello, SelectedVersion(0x2A2A)), P.ILLEGAL_PARAMETER),
    Case(
        "no supported_versions to a client of TLS 1.3 alone",
        "8446 4.2.1",
        without_extensions(ServerHello, SUPPORTED_VERSIONS),
        P.UNSUPPORTED_VERSION,
    ),
    Case("no key share", "8446 4.2.8", lacking(ServerHello, KeyShareServer), P.MISSING_EXTENSION),
    Case(
        "a share of a group that was listed but not sent",
        "8446 4.2.8",
        share_of(P256, bytes.fromhex("04") + bytes(64)),
        P.ILLEGAL_PARAMETER,
    ),
    Case("a share of a GREASE group", "8701 4", share_of(0x3A3A, b"\0"), P.ILLEGAL_PARAMETER),
    Case("an x25519 share that is short", "8446 4.2.8.2", share_of(X25519, bytes(31)), P.BAD_KEY_SHARE),
    Case("an x25519 share that is long", "8446 4.2.8.2", share_of(X25519, bytes([9] * 33)), P.BAD_KEY_SHARE),
    Case("an x25519 share of small order", "8446 7.4.2", share_of(X25519, bytes(32)), P.BAD_KEY_SHARE),
    Case(
        "a session that was not offered",
        "8446 4.2.11",
        adding_extension(ServerHello, PRE_SHARED_KEY, b"\0\0"),
        P.UNSOLICITED_EXTENSION,
    ),
    Case("an unknown extension", "8446 4.2", adding_extension(ServerHello, 0xFEFE, b""), P.UNSOLICITED_EXTENSION),
    Case("a GREASE extension", "8701 4", adding_extension(ServerHello, 0x4A4A, b""), P.UNSOLICITED_EXTENSION),
    Case(
        "ALPN",
        "8446 4.2",
        adding_extension(ServerHello, ALPN, b"\0\x03\x02h2"),
        P.MISPLACED_EXTENSION,
        {"client": {"alpn": (b"h2",)}},
    ),
    Case("a cookie", "8446 4.2", adding_extension(ServerHello, COOKIE, b"\0\x01x"), P.MISPLACED_EXTENSION),
    Case("an extension twice", "8446 4.2", doubling_an_extension(ServerHello), P.DUPLICATE_EXTENSION),
    Case("a byte after its end", "8446 4", rewriting_bytes(ServerHello, lambda b: b + b"\0"), P.TRAILING_BYTES),
    Case("its last byte missing", "8446 4", rewriting_bytes(ServerHello, lambda b: b[:-1]), P.MALFORMED_MESSAGE),
    Case(
        "encrypted extensions in its record",
        "8446 5.1",
        appending(ServerHello, EncryptedExtensions(Extensions())),
        P.KEY_CHANGE_INSIDE_MESSAGE,
    ),
    Case("a second time", "8446 4.1.3", appending(ServerHello, Raw(b"\x02\0\0\0")), P.KEY_CHANGE_INSIDE_MESSAGE),
)


@table(*SERVER_HELLO)
def test_client_refuses_a_server_hello_with(case: Case) -> None:
    refuse(case)


#: A flipped bit leaves a point off its curve; of x448 and finite fields every number of the size is a value.
BROKEN_SHARES = [
    *(
        (group, change)
        for group in (P256, P384, NamedGroup.SECP521R1)
        for change in ("zero", "short", "long", "flipped")
    ),
    *((group, change) for group in (NamedGroup.X448, NamedGroup.FFDHE2048) for change in ("zero", "short", "long")),
]


@pytest.mark.parametrize(("group", "change"), BROKEN_SHARES)
def test_client_refuses_a_broken_share_of_each_group(group: int, change: str) -> None:
    """RFC 8446 4.2.8.1, 4.2.8.2, 7.4."""

    def broken(share: bytes) -> bytes:
        return {
            "zero": bytes(len(share)),
            "short": share[:-1],
            "long": share + b"\0",
            "flipped": share[:-1] + bytes([share[-1] ^ 1]),
        }[change]

    def rewrite(message: Any) -> tuple[Any, ...]:
        if not isinstance(message, ServerHello):
            return (message,)
        share = message.extensions.get(KeyShareServer).share
        changed = KeyShareServer(KeyShareEntry(share.group, broken(share.key_exchange)))
        return (replace(message, extensions=with_extension(changed)(message.extensions)),)

    refuse(Case("", "", rewrite, P.BAD_KEY_SHARE, {"groups": (group,)}))


@pytest.mark.parametrize("value", ["one", "p minus 1", "p"])
def test_client_refuses_finite_field_values_out_of_range(value: str) -> None:
    """RFC 8446 4.2.8.1: 1 < Y < p - 1."""
    prime = (1 << 2048) - 1  # every other bound is below it

    def rewrite(message: Any) -> tuple[Any, ...]:
        if not isinstance(message, ServerHello):
            return (message,)
        number = {"one": 1, "p minus 1": prime - 1, "p": prime}[value]
        changed = KeyShareServer(KeyShareEntry(int(NamedGroup.FFDHE2048), number.to_bytes(256, "big")))
        return (replace(message, extensions=with_extension(changed)(message.extensions)),)

    refuse(Case("", "", rewrite, P.BAD_KEY_SHARE, {"groups": (NamedGroup.FFDHE2048,)}))


@pytest.mark.parametrize("sentinel", [DOWNGRADE_TLS12, DOWNGRADE_TLS11])
def test_client_detects_a_downgrade_by_its_sentinel(sentinel: bytes) -> None:
    """RFC 8446 4.1.3."""
    rewrite = changing(ServerHello, random=lambda random: random[:24] + sentinel)
    fields = {"client": {"versions": (TLS13, TLS12)}, "server": {"versions": (TLS12,)}}
    refuse(Case("", "", rewrite, P.DOWNGRADE_DETECTED, fields))


class MarkingEnv:
    """Gives a server randoms that end in a sentinel."""

    def __init__(self) -> None:
        self.env = SeededEnv(b"marking", TIME)
        self.now, self.lock = self.env.now, self.env.lock

    def random(self, length: int, purpose: Purpose) -> bytes:
        made = self.env.random(length, purpose)
        return made[:24] + DOWNGRADE_TLS12 if purpose is Purpose.SERVER_RANDOM else made


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_a_sentinel_means_nothing_where_no_more_was_asked_for(version: Any) -> None:
    """RFC 8446 4.1.3: a client of TLS 1.2 looks for another, and a ServerHello of TLS 1.3 has none."""
    join(versions=(version,), server={"env": MarkingEnv()}).handshake().raise_errors()


# HelloRetryRequest ---------------------------------------------------------------------------------------------------

HELLO_RETRY = (
    Case("another session id", "8446 4.1.4", changing(ServerHello, session_id=bytes(32)), P.ILLEGAL_PARAMETER),
    Case("compression", "8446 4.1.4", changing(ServerHello, compression_method=1), P.ILLEGAL_PARAMETER),
    Case("an unknown suite", "8446 4.1.4", changing(ServerHello, cipher_suite=0xFEFE), P.ILLEGAL_PARAMETER),
    Case("TLS 1.2", "8446 4.1.4", adding(ServerHello, SelectedVersion(0x0303)), P.ILLEGAL_PARAMETER),
    Case("no version", "8446 4.1.4", without_extensions(ServerHello, SUPPORTED_VERSIONS), P.ILLEGAL_PARAMETER),
    Case("nothing to change", "8446 4.1.4", lacking(ServerHello, KeyShareRetry), P.ILLEGAL_PARAMETER),
    Case("a group whose share was sent", "8446 4.2.8", adding(ServerHello, KeyShareRetry(X25519)), P.ILLEGAL_PARAMETER),
    Case("a group not supported", "8446 4.2.8", adding(ServerHello, KeyShareRetry(P384)), P.ILLEGAL_PARAMETER),
    Case("a GREASE group", "8701 4", adding(ServerHello, KeyShareRetry(0x5A5A)), P.ILLEGAL_PARAMETER),
    Case("an unknown extension", "8446 4.2", adding_extension(ServerHello, 0xFEFE, b""), P.UNSOLICITED_EXTENSION),
    Case(
        "an extension of other messages",
        "8446 4.2",
        adding_extension(ServerHello, PRE_SHARED_KEY, b"\0\0"),
        P.MISPLACED_EXTENSION,
    ),
    Case("an extension twice", "8446 4.2", doubling_an_extension(ServerHello), P.DUPLICATE_EXTENSION),
    Case(
        "an empty cookie",
        "8446 4.2.2",
        adding_extension(ServerHello, COOKIE, b"\0\0"),
        P.MALFORMED_MESSAGE,
    ),
    Case("a byte after its end", "8446 4", rewriting_bytes(ServerHello, lambda b: b + b"\0"), P.TRAILING_BYTES),
)
AFTER_RETRY = (
    Case("another suite", "8446 4.1.4", changing(ServerHello, cipher_suite=int(AES_128)), P.ILLEGAL_PARAMETER),
    Case("the first share's group", "8446 4.2.8", share_of(X25519, bytes([9] * 32)), P.ILLEGAL_PARAMETER),
    Case("no version", "8446 4.1.4", without_extensions(ServerHello, SUPPORTED_VERSIONS), P.ILLEGAL_PARAMETER),
)


@table(*HELLO_RETRY)
def test_client_refuses_a_hello_retry_request_with(case: Case) -> None:
    refuse(replace(case, rewrite=only(True, case.rewrite), fields=RETRY))


@table(*AFTER_RETRY)
def test_client_refuses_after_a_retry_a_server_hello_with(case: Case) -> None:
    versions = {"versions": (TLS13, TLS12)}
    fields = {"client": {**RETRY["client"], **versions}, "server": RETRY["server"]}
    refuse(replace(case, rewrite=only(False, case.rewrite), fields=fields))


def test_client_refuses_a_second_retry() -> None:
    """RFC 8446 4.1.4."""
    kept: list[ServerHello] = []

    def rewrite(message: Any) -> tuple[Any, ...]:
        if isinstance(message, ServerHello):
            kept.append(message)
            return (kept[0],)
        return (message,)

    refuse(Case("", "", rewrite, P.UNEXPECTED_MESSAGE, RETRY))


def test_client_of_tls12_alone_refuses_a_retry() -> None:
    joined = join(client={"versions": (TLS12,)})
    joined.client.connection.start()
    joined.client.connection.data_to_send()
    hello = ServerHello(0x0303, bytes(32), b"", int(CHACHA), 0, Extensions((SelectedVersion(0x0304), Cookie(b"x"))))
    retry = encode_handshake(replace(hello, random=HELLO_RETRY_RANDOM))
    joined.client.connection.receive_data(b"\x16\x03\x03" + len(retry).to_bytes(2, "big") + retry)
    joined.run()
    assert_refused(joined.client, P.ILLEGAL_PARAMETER, peer=joined.server)


# EncryptedExtensions --------------------------------------------------------------------------------------------------

EE = EncryptedExtensions
H2 = {"client": {"alpn": (b"h2",)}, "server": {"alpn": (b"h2",)}}
ENCRYPTED_EXTENSIONS = (
    Case("an unknown extension", "8446 4.2", adding_extension(EE, 0xFEFE, b""), P.UNSOLICITED_EXTENSION),
    Case("a GREASE extension", "8701 4", adding_extension(EE, 0x6A6A, b""), P.UNSOLICITED_EXTENSION),
    Case("a key share", "8446 4.2", adding_extension(EE, KEY_SHARE, b"\0\x1d"), P.MISPLACED_EXTENSION),
    Case("a version", "8446 4.2", adding_extension(EE, SUPPORTED_VERSIONS, b"\x03\x04"), P.MISPLACED_EXTENSION),
    Case("a cookie", "8446 4.2", adding_extension(EE, COOKIE, b"\0\x01x"), P.MISPLACED_EXTENSION),
    Case(
        "signature_algorithms",
        "8446 4.2",
        adding_extension(EE, SIGNATURE_ALGORITHMS, b"\0\x02\x04\x03"),
        P.MISPLACED_EXTENSION,
    ),
    Case("early data", "8446 4.2.10", adding_extension(EE, EARLY_DATA, b""), P.UNSOLICITED_EXTENSION),
    Case(
        "max_fragment_length",
        "6066 4",
        adding_extension(EE, MAX_FRAGMENT_LENGTH, b"\x01"),
        P.UNSOLICITED_EXTENSION,
    ),
    Case("ALPN that was not offered", "7301 3.1", adding(EE, ApplicationProtocols((b"h2",))), P.UNSOLICITED_EXTENSION),
    Case("another ALPN", "7301 3.1", adding(EE, ApplicationProtocols((b"h3",))), P.ILLEGAL_PARAMETER, H2),
    Case(
        "two protocols",
        "7301 3.1",
        adding_extension(EE, ALPN, b"\0\x06\x02h2\x02h3"),
        P.ILLEGAL_PARAMETER,
        H2,
    ),
    Case("no protocol", "7301 3.1", adding_extension(EE, ALPN, b"\0\0"), P.MALFORMED_MESSAGE, H2),
    Case("an empty protocol", "7301 3.1", adding_extension(EE, ALPN, b"\0\x01\0"), P.MALFORMED_MESSAGE, H2),
    Case("a server name that is not empty", "6066 3", adding_extension(EE, SERVER_NAME, b"\0"), P.TRAILING_BYTES),
    Case(
        "a server name where none was sent",
        "6066 3",
        adding_extension(EE, SERVER_NAME, b""),
        P.UNSOLICITED_EXTENSION,
        {"client": {"send_server_name": False}},
    ),
    Case("an extension twice", "8446 4.2", doubling_an_extension(EE), P.DUPLICATE_EXTENSION),
    Case("a byte after its end", "8446 4", rewriting_bytes(EE, lambda body: body + b"\0"), P.TRAILING_BYTES),
    Case("no block of extensions", "8446 4.3.1", rewriting_bytes(EE, lambda body: b""), P.MALFORMED_MESSAGE),
    Case("a block cut short", "8446 4.3.1", rewriting_bytes(EE, lambda body: body[:-1]), P.MALFORMED_MESSAGE),
)


@table(*ENCRYPTED_EXTENSIONS)
def test_client_refuses_encrypted_extensions_with(case: Case) -> None:
    refuse(case)


# CertificateRequest and Certificate -----------------------------------------------------------------------------------

CR = CertificateRequest


def certificates(*ders: bytes) -> Rewrite:
    return changing(Certificate, entries=tuple(CertificateEntry(der, Extensions()) for der in ders))


REQUESTS = (
    Case("a context", "8446 4.3.2", changing(CR, request_context=b"x"), P.ILLEGAL_PARAMETER, ASK),
    Case(
        "no signature_algorithms",
        "8446 4.3.2",
        changing(CR, extensions=Extensions((UNKNOWN,))),
        P.MISSING_EXTENSION,
        ASK,
    ),
    Case("a key share", "8446 4.2", adding_extension(CR, KEY_SHARE, b"\0\x1d"), P.MISPLACED_EXTENSION, ASK),
    Case("an extension twice", "8446 4.2", doubling_an_extension(CR), P.DUPLICATE_EXTENSION, ASK),
    Case("a byte after its end", "8446 4", rewriting_bytes(CR, lambda body: body + b"\0"), P.TRAILING_BYTES, ASK),
)
CERTIFICATES = (
    Case("a context", "8446 4.4.2", changing(Certificate, request_context=b"x"), P.ILLEGAL_PARAMETER),
    Case("no certificate", "8446 4.4.2.4", changing(Certificate, entries=()), P.MALFORMED_MESSAGE),
    Case(
        "an empty certificate",
        "8446 4.4.2",
        rewriting_bytes(Certificate, lambda b: b"\0\0\0\x05" + bytes(5)),
        P.MALFORMED_MESSAGE,
    ),
    Case("what is no certificate", "8446 4.4.2", certificates(b"\x30\x03\x02\x01\x01"), P.CERTIFICATE_MALFORMED),
    Case("a byte after its end", "8446 4", rewriting_bytes(Certificate, lambda body: body + b"\0"), P.TRAILING_BYTES),
    Case(
        "a status that says nothing",
        "6066 8",
        adding_extension(Certificate, STATUS_REQUEST, b"\x01\0\0\x01x"),
        P.CERTIFICATE_STATUS_RESPONSE,
    ),
    Case("an unknown extension", "8446 4.4.2", adding_extension(Certificate, 0xFEFE, b""), P.UNSOLICITED_EXTENSION),
    Case(
        "an extension of hellos", "8446 4.2", adding_extension(Certificate, COOKIE, b"\0\x01x"), P.MISPLACED_EXTENSION
    ),
    Case("an extension twice", "8446 4.2", doubling_an_extension(Certificate), P.DUPLICATE_EXTENSION),
)


@table(*REQUESTS)
def test_client_refuses_a_certificate_request_with(case: Case) -> None:
    refuse(case)


@table(*CERTIFICATES)
def test_client_refuses_a_certificate_message_with(case: Case) -> None:
    refuse(case)


# CertificateVerify ----------------------------------------------------------------------------------------------------


def signing(scheme: int, change: Callable[[bytes], bytes] = bytes, kind: str = "p256", key: Any = None) -> Any:
    """A server that signs with any scheme, a message that ``change`` makes of the right one, with any key."""

    def sign(need: Sign) -> bytes:
        own = key or need.credential.key
        try:
            return PROVIDER.sign(own, scheme, change(need.message), SeededEnv(b"sign", 0))
        except Exception:
            return bytes(64)

    return {"key_type": kind, "server": {"resolvers": {Sign: sign}}}


def scheme(value: int) -> Rewrite:
    return changing(CertificateVerify, algorithm=int(value))


S = SignatureScheme
SIGNATURES = (
    Case(
        "rsa_pkcs1_sha256",
        "8446 4.2.3",
        scheme(S.RSA_PKCS1_SHA256),
        P.ILLEGAL_PARAMETER,
        signing(S.RSA_PKCS1_SHA256, kind="rsa2048"),
    ),
    Case(
        "rsa_pkcs1_sha1",
        "8446 4.2.3",
        scheme(S.RSA_PKCS1_SHA1),
        P.ILLEGAL_PARAMETER,
        signing(S.RSA_PKCS1_SHA1, kind="rsa2048"),
    ),
    Case(
        "rsa_pss_pss with an rsaEncryption key",
        "8446 4.2.3",
        scheme(S.RSA_PSS_PSS_SHA256),
        P.ILLEGAL_PARAMETER,
        signing(S.RSA_PSS_RSAE_SHA256, kind="rsa2048"),
    ),
    Case("ecdsa_sha1", "8446 4.2.3", scheme(S.ECDSA_SHA1), P.ILLEGAL_PARAMETER),
    Case("a scheme of another curve", "8446 4.2.3", scheme(S.ECDSA_SECP384R1_SHA384), P.ILLEGAL_PARAMETER),
    Case("a scheme of another key type", "8446 4.4.3", scheme(S.ED25519), P.ILLEGAL_PARAMETER),
    Case("an unknown scheme", "8446 4.4.3", scheme(0xFEFE), P.ILLEGAL_PARAMETER),
    Case("a GREASE scheme", "8701 4", scheme(0x7A7A), P.ILLEGAL_PARAMETER),
    Case(
        "a scheme that was not offered",
        "8446 4.4.3",
        scheme(S.RSA_PSS_RSAE_SHA512),
        P.ILLEGAL_PARAMETER,
        {
            **signing(S.RSA_PSS_RSAE_SHA512, kind="rsa2048"),
            "client": {"signature_schemes": (S.RSA_PSS_RSAE_SHA256, S.RSA_PKCS1_SHA256)},
        },
    ),
    Case(
        "another key's signature",
        "8446 4.4.3",
        scheme(S.ECDSA_SECP256R1_SHA256),
        P.BAD_SIGNATURE,
        signing(S.ECDSA_SECP256R1_SHA256, key=own_key("p256", "stranger")),
    ),
    Case(
        "a signature for the client's context",
        "8446 4.4.3",
        scheme(S.ECDSA_SECP256R1_SHA256),
        P.BAD_SIGNATURE,
        signing(S.ECDSA_SECP256R1_SHA256, lambda content: content.replace(SERVER_CONTEXT, CLIENT_CONTEXT)),
    ),
    Case(
        "a signature over another transcript",
        "8446 4.4.3",
        scheme(S.ECDSA_SECP256R1_SHA256),
        P.BAD_SIGNATURE,
        signing(S.ECDSA_SECP256R1_SHA256, lambda content: content[:-1] + bytes([content[-1] ^ 1])),
    ),
    Case(
        "a flipped signature",
        "8446 4.4.3",
        changing(CertificateVerify, signature=lambda old: old[:-1] + bytes([old[-1] ^ 1])),
        P.BAD_SIGNATURE,
    ),
    Case("an empty signature", "8446 4.4.3", changing(CertificateVerify, signature=b""), P.BAD_SIGNATURE),
    Case("a signature of zeros", "8446 4.4.3", changing(CertificateVerify, signature=bytes(72)), P.BAD_SIGNATURE),
    Case(
        "a byte after the signature",
        "8446 4.4.3",
        changing(CertificateVerify, signature=lambda old: old + b"\0"),
        P.BAD_SIGNATURE,
    ),
    Case("a byte after its end", "8446 4", rewriting_bytes(CertificateVerify, lambda b: b + b"\0"), P.TRAILING_BYTES),
)


@table(*SIGNATURES)
def test_client_refuses_a_certificate_verify_with(case: Case) -> None:
    refuse(case)


# Finished -------------------------------------------------------------------------------------------------------------

FINISHED = (
    Case(
        "a flipped bit",
        "8446 4.4.4",
        changing(Finished, verify_data=lambda old: bytes([old[0] ^ 1]) + old[1:]),
        P.BAD_FINISHED,
    ),
    Case("zeros", "8446 4.4.4", changing(Finished, verify_data=bytes(32)), P.BAD_FINISHED),
    Case("a byte too few", "8446 4.4.4", changing(Finished, verify_data=lambda old: old[:-1]), P.MALFORMED_MESSAGE),
    Case("a byte too many", "8446 4.4.4", changing(Finished, verify_data=lambda old: old + b"\0"), P.MALFORMED_MESSAGE),
    Case("twelve bytes", "8446 4.4.4", changing(Finished, verify_data=lambda old: old[:12]), P.MALFORMED_MESSAGE),
    Case("nothing in it", "8446 4.4.4", rewriting_bytes(Finished, lambda body: b""), P.MALFORMED_MESSAGE),
    Case("65 bytes", "8446 4.4.4", rewriting_bytes(Finished, lambda body: bytes(65)), P.MESSAGE_TOO_LARGE),
    Case(
        "a ticket in its record",
        "8446 5.1",
        appending(Finished, Raw(encode_handshake(NewSessionTicket(1, 1, b"", b"t", Extensions())), hashed=False)),
        P.KEY_CHANGE_INSIDE_MESSAGE,
    ),
)


@table(*FINISHED)
def test_client_refuses_a_finished_with(case: Case) -> None:
    refuse(case)


# The order of messages ------------------------------------------------------------------------------------------------

EMPTY = EncryptedExtensions(Extensions())
ORDER = (
    Case("no encrypted extensions", "8446 4.3.1", dropping(EE), P.UNEXPECTED_MESSAGE),
    Case("encrypted extensions twice", "8446 4.3.1", inserting(EE, EMPTY), P.UNEXPECTED_MESSAGE),
    Case("no certificate", "8446 4.4.2", dropping(Certificate), P.UNEXPECTED_MESSAGE),
    Case(
        "no certificate nor verify",
        "8446 4.4",
        lambda m: () if isinstance(m, (Certificate, CertificateVerify)) else (m,),
        P.UNEXPECTED_MESSAGE,
    ),
    Case("no certificate verify", "8446 4.4.3", dropping(CertificateVerify), P.UNEXPECTED_MESSAGE),
    Case("certificate twice", "8446 4.4.2", appending(Certificate, Certificate(b"", ())), P.UNEXPECTED_MESSAGE),
    Case(
        "certificate verify twice",
        "8446 4.4.3",
        appending(CertificateVerify, CertificateVerify(1, b"")),
        P.UNEXPECTED_MESSAGE,
    ),
    Case(
        "request after certificate",
        "8446 4.3.2",
        appending(Certificate, CR(b"", Extensions((SignatureAlgorithms((0x0403,)),)))),
        P.UNEXPECTED_MESSAGE,
    ),
    Case(
        "request twice",
        "8446 4.3.2",
        appending(CR, CR(b"", Extensions((SignatureAlgorithms((0x0403,)),)))),
        P.UNEXPECTED_MESSAGE,
        ASK,
    ),
    Case(
        "a ticket before finished",
        "8446 4.6.1",
        inserting(Finished, NewSessionTicket(1, 1, b"", b"t", Extensions())),
        P.UNEXPECTED_MESSAGE,
    ),
    Case(
        "data before finished",
        "8446 4.4.4",
        inserting(Finished, Content(ContentType.APPLICATION_DATA, b"x")),
        P.UNEXPECTED_MESSAGE,
    ),
    Case("an unknown inner content type", "8446 5", inserting(EE, Content(99, b"x")), P.BAD_RECORD_TYPE),
    Case("an unknown handshake type", "8446 4", inserting(EE, Raw(b"\x63\0\0\0")), P.UNEXPECTED_MESSAGE),
    Case("message_hash on the wire", "8446 4.4.1", inserting(EE, Raw(b"\xfe\0\0\0")), P.UNEXPECTED_MESSAGE),
    Case("an empty handshake record", "8446 5.1", inserting(EE, Content(ContentType.HANDSHAKE, b"")), P.EMPTY_RECORD),
    Case(
        "an alert inside a message",
        "8446 5.1",
        inserting(Certificate, Content(ContentType.HANDSHAKE, b"\x0b\0"), Content(ContentType.ALERT, b"\x01\x5a")),
        P.INTERLEAVED_HANDSHAKE,
    ),
    Case(
        "data inside a message",
        "8446 5.1",
        inserting(Certificate, Content(ContentType.HANDSHAKE, b"\x0b\0"), Content(ContentType.APPLICATION_DATA, b"x")),
        P.INTERLEAVED_HANDSHAKE,
    ),
    Case(
        "change_cipher_spec inside a message",
        "8446 5.1",
        inserting(Certificate, Content(ContentType.HANDSHAKE, b"\x0b\0"), ChangeCipherSpec()),
        P.INTERLEAVED_HANDSHAKE,
    ),
)


@table(*ORDER)
def test_client_refuses_a_flight_with(case: Case) -> None:
    refuse(case)


class Unprotected(ServerConnection):
    """A server that never takes its handshake keys into use for sending."""

    def install(self, direction: Any, epoch: Epoch, keys: Any) -> None:
        if direction.value == "read":
            super().install(direction, epoch, keys)


class ProtectingChangeCipherSpec(ServerConnection):
    """A server whose change_cipher_spec travels as the inner type of a protected record."""

    def send(self, epoch: Epoch, message: Any) -> bytes:
        raw = super().send(epoch, message)
        if isinstance(message, EncryptedExtensions):
            self._sender._flush()
            protection = self._sender._protection
            inner = b"\x01" + bytes([ContentType.CHANGE_CIPHER_SPEC])
            header = b"\x17\x03\x03" + (len(inner) + 16).to_bytes(2, "big")
            nonce = protection._mixed_nonce(protection.sequence)
            self._sender._records.append(header + protection._aead.seal(nonce, inner, header))
            protection.sequence += 1
        return raw


@pytest.mark.parametrize("kind", [Unprotected, ProtectingChangeCipherSpec])
def test_client_refuses_wrong_protection(kind: Callable[[ServerConfig], ServerConnection]) -> None:
    """RFC 8446 5, 5.2."""
    plain = join()
    joined = Link(plain.client.connection, kind(plain.server.connection.config)).handshake()
    assert_refused(joined.client, P.UNEXPECTED_MESSAGE, peer=joined.server)


# After the handshake --------------------------------------------------------------------------------------------------

NST = NewSessionTicket
TICKETS = (
    Case(
        "an empty ticket",
        "8446 4.6.1",
        rewriting_bytes(NST, lambda body: body[:9] + b"\0\0\0\0\0"),
        P.MALFORMED_MESSAGE,
    ),
    Case("a byte after its end", "8446 4", rewriting_bytes(NST, lambda body: body + b"\0"), P.TRAILING_BYTES),
    Case("an extension of hellos", "8446 4.2", adding_extension(NST, COOKIE, b"\0\x01x"), P.MISPLACED_EXTENSION),
    Case(
        "an extension twice",
        "8446 4.2",
        doubling_an_extension(NST),
        P.DUPLICATE_EXTENSION,
    ),
)


@table(*TICKETS)
def test_client_refuses_a_ticket_with(case: Case) -> None:
    refuse(case)


@pytest.mark.parametrize(
    "kind",
    [
        HandshakeType.HELLO_REQUEST,
        HandshakeType.CERTIFICATE_REQUEST,
        HandshakeType.SERVER_HELLO,
        HandshakeType.FINISHED,
    ],
)
def test_client_takes_no_handshake_messages_afterwards(kind: int) -> None:
    """RFC 8446 4.1.2, 4.6.2: no renegotiation, and post_handshake_auth was not offered."""
    joined = join().handshake().raise_errors()
    server = joined.server.connection
    server._sender.send(ContentType.HANDSHAKE, bytes([kind, 0, 0, 0]))
    joined.run()
    assert_refused(joined.client, P.UNEXPECTED_MESSAGE, peer=joined.server)


# Resumption -----------------------------------------------------------------------------------------------------------


def resumable(rewrite: Rewrite, problem: Problem, **server: Any) -> None:
    """A second handshake whose server misbehaves."""
    env = SeededEnv(b"client", 1_790_000_000.0)
    sessions = MemorySessionStore(env)
    first = join(client={"sessions": sessions}, server={"cipher_suites": (AES_128,)}).handshake().raise_errors()
    keys = first.server.connection.config.ticket_keys
    fields = {"cipher_suites": (AES_128,), "ticket_keys": keys, **server}
    joined = join(client={"sessions": sessions}, server=fields, bad_server=rewrite).handshake()
    assert_refused(joined.client, problem, peer=joined.server)


def test_client_refuses_the_index_of_a_session_it_did_not_offer() -> None:
    """RFC 8446 4.2.11."""
    resumable(adding(ServerHello, PreSharedKeySelected(1)), P.ILLEGAL_PARAMETER)


def test_client_refuses_a_session_with_a_suite_of_another_hash() -> None:
    """RFC 8446 4.2.11."""
    resumable(
        adding(ServerHello, PreSharedKeySelected(0)), P.ILLEGAL_PARAMETER, cipher_suites=(AES_256,), ticket_keys=None
    )


def test_client_refuses_a_session_without_diffie_hellman() -> None:
    """RFC 8446 4.2.9: psk_ke was not offered."""
    resumable(lacking(ServerHello, KeyShareServer), P.MISSING_EXTENSION)


@pytest.mark.parametrize("message", [Certificate(b"", ()), CR(b"", Extensions((SignatureAlgorithms((0x0403,)),)))])
def test_client_refuses_certificates_in_a_resumed_handshake(message: Any) -> None:
    """RFC 8446 4.3.2."""
    resumable(inserting(Finished, message), P.UNEXPECTED_MESSAGE)
