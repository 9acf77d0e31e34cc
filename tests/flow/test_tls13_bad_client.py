"""What a TLS 1.3 server refuses: one deviation of a client per row, with the clause that forbids it.

Each client is sound but for its deviation (``support.bad_peer``). Each refusal must name the problem, tell the client
by one alert, and be final.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from puressl.codes import ContentType, HandshakeType, NamedGroup, SignatureScheme
from puressl.config import Verify
from puressl.crypto.provider import PROVIDER
from puressl.env import SeededEnv
from puressl.errors import Problem
from puressl.events import Sign
from puressl.handshake.signing import CLIENT_CONTEXT, SERVER_CONTEXT
from puressl.session import MemorySessionStore, TicketKeys
from puressl.wire import (
    ApplicationProtocols,
    Certificate,
    CertificateEntry,
    CertificateVerify,
    ChangeCipherSpec,
    ClientHello,
    Cookie,
    Extensions,
    Finished,
    KeyShareEntry,
    KeyShareOffer,
    NewSessionTicket,
    ServerNameOffer,
    encode_handshake,
)

from support.altered import changing, dropping, inserting, with_extension
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
    rewriting_extensions,
    without_extensions,
)
from support.configs import TIME, credential, trust
from support.joined import TLS12, TLS13, join

P, S = Problem, SignatureScheme
X25519, P256, P384 = NamedGroup.X25519, NamedGroup.SECP256R1, NamedGroup.SECP384R1
SERVER_NAME, SUPPORTED_GROUPS, SIGNATURE_ALGORITHMS, ALPN = 0, 10, 13, 16
PRE_SHARED_KEY, SUPPORTED_VERSIONS, COOKIE, PSK_MODES, OID_FILTERS, KEY_SHARE = 41, 43, 44, 45, 48, 51
CH = ClientHello
RETRY = {"client": {"groups": (X25519, P256)}, "server": {"groups": (P256,), "cookie": True}}
H2 = {"client": {"alpn": (b"h2",)}, "server": {"alpn": (b"h2",)}}


@dataclass(frozen=True)
class Case:
    """One deviation. fields: of ``join``. told: whether the client can read the alert."""

    name: str
    clause: str
    rewrite: Rewrite
    problem: Problem
    fields: dict[str, Any] = field(default_factory=dict)
    told: bool = True


def refuse(case: Case) -> None:
    joined = join(**case.fields, bad_client=case.rewrite).handshake()
    assert_refused(joined.server, case.problem, peer=joined.client if case.told else None)


def table(*cases: Case) -> Any:
    return pytest.mark.parametrize("case", cases, ids=[case.name.replace(" ", "_") for case in cases])


def share(group: int, public: bytes) -> bytes:
    entry = int(group).to_bytes(2, "big") + len(public).to_bytes(2, "big") + public
    return len(entry).to_bytes(2, "big") + entry


# The first ClientHello ------------------------------------------------------------------------------------------------

CLIENT_HELLO = (
    Case("no supported_groups", "8446 9.2", without_extensions(CH, SUPPORTED_GROUPS), P.MISSING_EXTENSION),
    Case("no key_share", "8446 9.2", without_extensions(CH, KEY_SHARE), P.MISSING_EXTENSION),
    Case("no signature_algorithms", "8446 9.2", without_extensions(CH, SIGNATURE_ALGORITHMS), P.MISSING_EXTENSION),
    Case("no extensions", "8446 4.2.1", rewriting_extensions(CH, lambda pairs: []), P.UNSUPPORTED_VERSION),
    Case(
        "no block of extensions",
        "8446 D.2",
        rewriting_bytes(CH, lambda b: b[: 35 + b[34]] + b"\0\2\x13\3\1\0"),
        P.UNSUPPORTED_VERSION,
    ),
    Case(
        "versions we do not speak",
        "8446 4.2.1",
        adding_extension(CH, SUPPORTED_VERSIONS, b"\4\3\5\x2a\x2a"),
        P.UNSUPPORTED_VERSION,
    ),
    Case("no version in the list", "8446 4.2.1", adding_extension(CH, SUPPORTED_VERSIONS, b"\0"), P.MALFORMED_MESSAGE),
    Case("half a version", "8446 4.2.1", adding_extension(CH, SUPPORTED_VERSIONS, b"\3\3\4\3"), P.MALFORMED_MESSAGE),
    Case("legacy version of SSL 3.0", "8446 D.5", changing(CH, legacy_version=0x0300), P.UNSUPPORTED_VERSION),
    Case("deflate besides null", "8446 4.1.2", changing(CH, compression_methods=b"\0\1"), P.ILLEGAL_PARAMETER),
    Case("deflate alone", "8446 4.1.2", changing(CH, compression_methods=b"\1"), P.ILLEGAL_PARAMETER),
    Case(
        "no compression method",
        "8446 4.1.2",
        rewriting_bytes(CH, lambda b: b[:67] + b"\0\2\x13\3\0\0\0"),
        P.MALFORMED_MESSAGE,
    ),
    Case("no suites", "8446 4.1.2", rewriting_bytes(CH, lambda b: b[:67] + b"\0\0" + b"\1\0\0\0"), P.MALFORMED_MESSAGE),
    Case(
        "half a suite", "8446 4.1.2", rewriting_bytes(CH, lambda b: b[:67] + b"\0\1\x13\1\0\0\0"), P.MALFORMED_MESSAGE
    ),
    Case(
        "a session id of 33 bytes",
        "8446 4.1.2",
        rewriting_bytes(CH, lambda b: b[:34] + b"\x21" + bytes(33) + b[67:]),
        P.MALFORMED_MESSAGE,
    ),
    Case("a byte after its end", "8446 4", rewriting_bytes(CH, lambda b: b + b"\0"), P.TRAILING_BYTES),
    Case("its last byte missing", "8446 4", rewriting_bytes(CH, lambda b: b[:-1]), P.MALFORMED_MESSAGE),
    Case("an extension twice", "8446 4.2", doubling_an_extension(CH), P.DUPLICATE_EXTENSION),
    Case("an extension of requests", "8446 4.2", adding_extension(CH, OID_FILTERS, b"\0\0"), P.MISPLACED_EXTENSION),
    Case(
        "a share of an unlisted group",
        "8446 4.2.8",
        adding_extension(CH, KEY_SHARE, share(P384, b"\4" + bytes(96))),
        P.ILLEGAL_PARAMETER,
        {"client": {"groups": (X25519,)}},
    ),
    Case(
        "two shares of a group",
        "8446 4.2.8",
        adding_extension(CH, KEY_SHARE, b"\0\x0a" + b"\0\x1d\0\1a" * 2),
        P.ILLEGAL_PARAMETER,
    ),
    Case("an empty share", "8446 4.2.8", adding_extension(CH, KEY_SHARE, share(X25519, b"")), P.MALFORMED_MESSAGE),
    Case("no server name", "6066 3", adding_extension(CH, SERVER_NAME, b""), P.MALFORMED_MESSAGE),
    Case("an empty list of names", "6066 3", adding_extension(CH, SERVER_NAME, b"\0\0"), P.MALFORMED_MESSAGE),
    Case("an empty name", "6066 3", adding_extension(CH, SERVER_NAME, b"\0\3\0\0\0"), P.MALFORMED_MESSAGE),
    Case("two names", "6066 3", adding_extension(CH, SERVER_NAME, b"\0\x08" + b"\0\0\1a" * 2), P.ILLEGAL_PARAMETER),
    Case("a name with a NUL", "6066 3", adding_extension(CH, SERVER_NAME, b"\0\6\0\0\3a\0b"), P.ILLEGAL_PARAMETER),
    Case("no protocol", "7301 3.1", adding_extension(CH, ALPN, b"\0\0"), P.MALFORMED_MESSAGE, H2),
    Case("an empty protocol", "7301 3.1", adding_extension(CH, ALPN, b"\0\4\2h2\0"), P.MALFORMED_MESSAGE, H2),
    Case("no signature scheme", "8446 4.2.3", adding_extension(CH, SIGNATURE_ALGORITHMS, b"\0\0"), P.MALFORMED_MESSAGE),
    Case("no group", "8446 4.2.7", adding_extension(CH, SUPPORTED_GROUPS, b"\0\0"), P.MALFORMED_MESSAGE),
    Case("an empty cookie", "8446 4.2.2", adding_extension(CH, COOKIE, b"\0\0"), P.MALFORMED_MESSAGE),
    Case("no psk mode", "8446 4.2.9", adding_extension(CH, PSK_MODES, b"\0"), P.MALFORMED_MESSAGE),
)


@table(*CLIENT_HELLO)
def test_server_refuses_a_client_hello_with(case: Case) -> None:
    refuse(case)


def test_server_tolerates_what_it_must() -> None:
    """RFC 8446 4.1.2: legacy_version is not looked at; 4.2.2: a cookie it never sent means nothing."""
    for rewrite in (changing(CH, legacy_version=0x0301), changing(CH, legacy_version=0x0305)):
        join(bad_client=rewrite).handshake().raise_errors()
    join(bad_client=adding_extension(CH, COOKIE, b"\0\1x")).handshake().raise_errors()


BROKEN_SHARES = [
    *(
        (group, change)
        for group in (P256, P384, NamedGroup.SECP521R1)
        for change in ("zero", "short", "long", "flipped")
    ),
    *(
        (group, change)
        for group in (X25519, NamedGroup.X448, NamedGroup.FFDHE2048)
        for change in ("zero", "short", "long")
    ),
    *((NamedGroup.X25519MLKEM768, change) for change in ("short", "long", "ones")),
]


@pytest.mark.parametrize(("group", "change"), BROKEN_SHARES)
def test_server_refuses_a_broken_share_of_each_group(group: int, change: str) -> None:
    """RFC 8446 4.2.8.1, 4.2.8.2, 7.4; FIPS 203 7.2."""
    if group not in PROVIDER.groups:
        pytest.skip("kyber-py is not installed")

    def broken(public: bytes) -> bytes:
        return {
            "zero": bytes(len(public)),
            "ones": b"\xff" * len(public),
            "short": public[:-1],
            "long": public + b"\0",
            "flipped": public[:-1] + bytes([public[-1] ^ 1]),
        }[change]

    def rewrite(message: Any) -> tuple[Any, ...]:
        if not isinstance(message, ClientHello):
            return (message,)
        (entry,) = message.extensions.get(KeyShareOffer).shares
        changed = KeyShareOffer((KeyShareEntry(entry.group, broken(entry.key_exchange)),))
        return (replace(message, extensions=with_extension(changed)(message.extensions)),)

    refuse(Case("", "", rewrite, P.BAD_KEY_SHARE, {"groups": (group,)}))


# The second ClientHello -----------------------------------------------------------------------------------------------


def second(rewrite: Rewrite) -> Rewrite:
    """Rewrites the second ClientHello alone."""
    hellos: list[ClientHello] = []

    def chosen(message: Any) -> Any:
        if isinstance(message, ClientHello):
            hellos.append(message)
        return rewrite(message) if len(hellos) % 2 == 0 and isinstance(message, ClientHello) else (message,)

    return chosen


SECOND_HELLO: tuple[tuple[str, str, Callable[[], Rewrite], Problem], ...] = (
    ("another random", "8446 4.1.2", lambda: changing(CH, random=bytes(32)), P.ILLEGAL_PARAMETER),
    ("another session id", "8446 4.1.2", lambda: changing(CH, session_id=bytes(32)), P.ILLEGAL_PARAMETER),
    ("another legacy version", "8446 4.1.2", lambda: changing(CH, legacy_version=0x0302), P.ILLEGAL_PARAMETER),
    ("fewer suites", "8446 4.1.2", lambda: changing(CH, cipher_suites=lambda old: old[:1]), P.ILLEGAL_PARAMETER),
    ("other suites", "8446 4.1.2", lambda: changing(CH, cipher_suites=lambda old: old[::-1]), P.ILLEGAL_PARAMETER),
    (
        "another name",
        "8446 4.1.2",
        lambda: changing(CH, extensions=with_extension(ServerNameOffer("b.example"))),
        P.ILLEGAL_PARAMETER,
    ),
    (
        "a new extension",
        "8446 4.1.2",
        lambda: changing(CH, extensions=with_extension(ApplicationProtocols((b"h2",)))),
        P.ILLEGAL_PARAMETER,
    ),
    ("a lost extension", "8446 4.1.2", lambda: without_extensions(CH, SERVER_NAME), P.ILLEGAL_PARAMETER),
    ("other groups", "8446 4.1.2", lambda: adding_extension(CH, SUPPORTED_GROUPS, b"\0\2\0\x17"), P.ILLEGAL_PARAMETER),
    ("other versions", "8446 4.1.2", lambda: adding_extension(CH, SUPPORTED_VERSIONS, b"\2\3\3"), P.ILLEGAL_PARAMETER),
    ("no cookie", "8446 4.2.2", lambda: without_extensions(CH, COOKIE), P.BAD_COOKIE),
    ("another cookie", "8446 4.2.2", lambda: changing(CH, extensions=with_extension(Cookie(bytes(32)))), P.BAD_COOKIE),
    ("no share", "8446 4.2.8", lambda: without_extensions(CH, KEY_SHARE), P.ILLEGAL_PARAMETER),
    ("an empty list of shares", "8446 4.2.8", lambda: adding_extension(CH, KEY_SHARE, b"\0\0"), P.ILLEGAL_PARAMETER),
    (
        "the first share again",
        "8446 4.2.8",
        lambda: adding_extension(CH, KEY_SHARE, share(X25519, bytes([9] * 32))),
        P.ILLEGAL_PARAMETER,
    ),
    (
        "a share too many",
        "8446 4.2.8",
        lambda: changing(
            CH,
            extensions=lambda old: with_extension(
                KeyShareOffer((*old.get(KeyShareOffer).shares, KeyShareEntry(29, bytes(32))))
            )(old),
        ),
        P.ILLEGAL_PARAMETER,
    ),
)


@pytest.mark.parametrize("row", SECOND_HELLO, ids=[row[0].replace(" ", "_") for row in SECOND_HELLO])
def test_server_refuses_a_second_client_hello_with(row: Any) -> None:
    name, clause, make, problem = row
    refuse(Case(name, clause, second(make()), problem, RETRY))


def test_server_asks_but_once() -> None:
    """RFC 8446 4.1.4: a second hello that again needs a retry is refused; nothing else but a hello is taken."""
    joined = join(**RETRY)
    joined.client.connection.start()
    hello = joined.client.connection.data_to_send()
    joined.server.connection.receive_data(hello + hello)
    joined.server.drain()
    assert_refused(joined.server, P.BAD_COOKIE, peer=None)


# Certificate, CertificateVerify, Finished ----------------------------------------------------------------------------


def authenticated(*, sign: Any = None, kind: str = "p256", verify: Verify = Verify.REQUIRED) -> dict[str, Any]:
    resolvers = {} if sign is None else {Sign: sign}
    return {
        "client": {"credential": credential(kind, "client"), "resolvers": resolvers},
        "server": {"verify": verify, "trust": trust(kind), "credentials": (credential("p256"),)},
    }


def signing(scheme: int, change: Callable[[bytes], bytes] = bytes, key: Any = None) -> Any:
    def sign(need: Sign) -> bytes:
        return PROVIDER.sign(key or need.credential.key, scheme, change(need.message), SeededEnv(b"sign", TIME))

    return sign


AUTHENTICATED = authenticated()
CERTIFICATES = (
    Case("a context", "8446 4.4.2", changing(Certificate, request_context=b"x"), P.ILLEGAL_PARAMETER, AUTHENTICATED),
    Case(
        "what is no certificate",
        "8446 4.4.2",
        changing(Certificate, entries=(CertificateEntry(b"0", Extensions()),)),
        P.CERTIFICATE_MALFORMED,
        AUTHENTICATED,
    ),
    Case(
        "an unknown extension",
        "8446 4.4.2",
        adding_extension(Certificate, 0xFEFE, b""),
        P.UNSOLICITED_EXTENSION,
        AUTHENTICATED,
    ),
    Case(
        "an extension of hellos",
        "8446 4.2",
        adding_extension(Certificate, COOKIE, b"\0\1x"),
        P.MISPLACED_EXTENSION,
        AUTHENTICATED,
    ),
    Case("an extension twice", "8446 4.2", doubling_an_extension(Certificate), P.DUPLICATE_EXTENSION, AUTHENTICATED),
    Case(
        "a byte after its end",
        "8446 4",
        rewriting_bytes(Certificate, lambda b: b + b"\0"),
        P.TRAILING_BYTES,
        AUTHENTICATED,
    ),
)
ECDSA = S.ECDSA_SECP256R1_SHA256
SIGNATURES = (
    Case(
        "an unknown scheme",
        "8446 4.4.3",
        changing(CertificateVerify, algorithm=0xFEFE),
        P.ILLEGAL_PARAMETER,
        AUTHENTICATED,
    ),
    Case(
        "a scheme of another curve",
        "8446 4.4.3",
        changing(CertificateVerify, algorithm=int(S.ECDSA_SECP384R1_SHA384)),
        P.ILLEGAL_PARAMETER,
        AUTHENTICATED,
    ),
    Case(
        "a scheme of another key",
        "8446 4.4.3",
        changing(CertificateVerify, algorithm=int(S.ED25519)),
        P.ILLEGAL_PARAMETER,
        AUTHENTICATED,
    ),
    Case(
        "ecdsa_sha1",
        "8446 4.4.3",
        changing(CertificateVerify, algorithm=int(S.ECDSA_SHA1)),
        P.ILLEGAL_PARAMETER,
        AUTHENTICATED,
    ),
    Case(
        "another key's signature",
        "8446 4.4.3",
        changing(Finished),
        P.BAD_SIGNATURE,
        authenticated(sign=signing(ECDSA, key=own_key("p256", "stranger"))),
    ),
    Case(
        "a signature for the server's context",
        "8446 4.4.3",
        changing(Finished),
        P.BAD_SIGNATURE,
        authenticated(sign=signing(ECDSA, lambda c: c.replace(CLIENT_CONTEXT, SERVER_CONTEXT))),
    ),
    Case(
        "a flipped signature",
        "8446 4.4.3",
        changing(CertificateVerify, signature=lambda old: old[:-1] + bytes([old[-1] ^ 1])),
        P.BAD_SIGNATURE,
        AUTHENTICATED,
    ),
    Case(
        "an empty signature", "8446 4.4.3", changing(CertificateVerify, signature=b""), P.BAD_SIGNATURE, AUTHENTICATED
    ),
)
PKCS1 = authenticated(sign=signing(S.RSA_PKCS1_SHA256), kind="rsa2048")
NST = NewSessionTicket(1, 1, b"", b"t", Extensions())
FINISHED = (
    Case(
        "a flipped bit",
        "8446 4.4.4",
        changing(Finished, verify_data=lambda old: bytes([old[0] ^ 1]) + old[1:]),
        P.BAD_FINISHED,
    ),
    Case("a byte too few", "8446 4.4.4", changing(Finished, verify_data=lambda old: old[:-1]), P.MALFORMED_MESSAGE),
    Case("a byte too many", "8446 4.4.4", changing(Finished, verify_data=lambda old: old + b"\0"), P.MALFORMED_MESSAGE),
    Case("65 bytes", "8446 4.4.4", rewriting_bytes(Finished, lambda body: bytes(65)), P.MESSAGE_TOO_LARGE),
    Case(
        "a key update in its record", "8446 5.1", appending(Finished, Raw(b"\x18\0\0\1\0")), P.KEY_CHANGE_INSIDE_MESSAGE
    ),
)
ORDER = (
    Case(
        "no certificate",
        "8446 4.4.2",
        lambda m: () if isinstance(m, (Certificate, CertificateVerify)) else (m,),
        P.UNEXPECTED_MESSAGE,
        AUTHENTICATED,
    ),
    Case("no certificate verify", "8446 4.4.3", dropping(CertificateVerify), P.UNEXPECTED_MESSAGE, AUTHENTICATED),
    Case(
        "certificate verify after no certificate",
        "8446 4.4.2",
        changing(Certificate, entries=()),
        P.UNEXPECTED_MESSAGE,
        authenticated(verify=Verify.PEER),
    ),
    Case(
        "certificate twice",
        "8446 4.4.2",
        appending(Certificate, Certificate(b"", ())),
        P.UNEXPECTED_MESSAGE,
        AUTHENTICATED,
    ),
    Case(
        "a certificate that was not asked for",
        "8446 4.4.2",
        inserting(Finished, Certificate(b"", ())),
        P.UNEXPECTED_MESSAGE,
    ),
    Case(
        "data before finished",
        "8446 4.4.4",
        inserting(Finished, Content(ContentType.APPLICATION_DATA, b"x")),
        P.UNEXPECTED_MESSAGE,
    ),
    Case("a ticket", "8446 4.6.1", inserting(Finished, NST), P.UNEXPECTED_MESSAGE),
    Case("a key update before finished", "8446 4.6.3", inserting(Finished, Raw(b"\x18\0\0\1\0")), P.UNEXPECTED_MESSAGE),
    Case("an unknown handshake type", "8446 4", inserting(Finished, Raw(b"\x63\0\0\0")), P.UNEXPECTED_MESSAGE),
    Case("an unknown inner content type", "8446 5", inserting(Finished, Content(99, b"x")), P.BAD_RECORD_TYPE),
    Case(
        "an empty handshake record",
        "8446 5.1",
        inserting(Finished, Content(ContentType.HANDSHAKE, b"")),
        P.EMPTY_RECORD,
    ),
    Case(
        "an alert inside a message",
        "8446 5.1",
        inserting(Finished, Content(ContentType.HANDSHAKE, b"\x14\0"), Content(ContentType.ALERT, b"\1\x5a")),
        P.INTERLEAVED_HANDSHAKE,
    ),
    Case(
        "change_cipher_spec inside a message",
        "8446 5.1",
        inserting(Finished, Content(ContentType.HANDSHAKE, b"\x14\0"), ChangeCipherSpec()),
        P.INTERLEAVED_HANDSHAKE,
    ),
)


@table(*CERTIFICATES)
def test_server_refuses_a_certificate_message_with(case: Case) -> None:
    refuse(case)


@table(*SIGNATURES)
def test_server_refuses_a_certificate_verify_with(case: Case) -> None:
    refuse(case)


def test_server_refuses_pkcs1_in_certificate_verify() -> None:
    """RFC 8446 4.2.3."""
    refuse(Case("", "", changing(CertificateVerify, algorithm=int(S.RSA_PKCS1_SHA256)), P.ILLEGAL_PARAMETER, PKCS1))


@table(*FINISHED)
def test_server_refuses_a_finished_with(case: Case) -> None:
    refuse(case)


@table(*ORDER)
def test_server_refuses_a_flight_with(case: Case) -> None:
    refuse(case)


# After the handshake, and beside it ----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [HandshakeType.CLIENT_HELLO, HandshakeType.FINISHED, HandshakeType.NEW_SESSION_TICKET])
def test_server_takes_no_handshake_messages_afterwards(kind: int) -> None:
    """RFC 8446 4.1.2: no renegotiation."""
    joined = join().handshake().raise_errors()
    joined.client.connection._sender.send(ContentType.HANDSHAKE, bytes([kind, 0, 0, 0]))
    joined.run()
    assert_refused(joined.server, P.UNEXPECTED_MESSAGE, peer=joined.client)


def test_server_refuses_a_renegotiation_that_would_be_sound() -> None:
    joined = join().handshake().raise_errors()
    hello = joined.client.connection.config.tracer.sent[0]
    joined.client.connection._sender.send(ContentType.HANDSHAKE, encode_handshake(hello))
    joined.run()
    assert_refused(joined.server, P.UNEXPECTED_MESSAGE, peer=joined.client)


def test_server_refuses_an_unprotected_finished() -> None:
    """RFC 8446 5: once there are keys, only change_cipher_spec goes without."""
    joined = join()
    joined.client.connection.start()
    joined.server.connection.receive_data(joined.client.connection.data_to_send())
    joined.server.drain()
    joined.server.connection.receive_data(b"\x16\x03\x03\x00\x24\x14\x00\x00\x20" + bytes(32))
    joined.run()
    assert_refused(joined.server, P.UNEXPECTED_MESSAGE, peer=joined.client)


def test_server_refuses_a_record_of_other_keys() -> None:
    joined = join().handshake().raise_errors()
    joined.server.connection.receive_data(b"\x17\x03\x03\x00\x20" + bytes(32))
    joined.run()
    assert_refused(joined.server, P.BAD_RECORD_MAC, peer=joined.client)


# Pre-shared keys (RFC 8446 4.2.11) -----------------------------------------------------------------------------------


def last(content: Callable[[bytes], bytes]) -> Rewrite:
    """The pre_shared_key extension of a resuming ClientHello with another content."""
    return rewriting_extensions(CH, lambda pairs: [*pairs[:-1], (pairs[-1][0], content(pairs[-1][1]))])


def identities(content: bytes) -> int:
    return 2 + int.from_bytes(content[:2], "big")


PSK = (
    ("no modes beside it", "8446 4.2.9", without_extensions(CH, PSK_MODES), P.MISSING_EXTENSION),
    (
        "another place than the last",
        "8446 4.2.11",
        rewriting_extensions(CH, lambda pairs: pairs[-1:] + pairs[:-1]),
        P.ILLEGAL_PARAMETER,
    ),
    ("a flipped binder", "8446 4.2.11.2", last(lambda c: c[:-1] + bytes([c[-1] ^ 1])), P.BAD_BINDER),
    (
        "an identity's age changed after the binder",
        "8446 4.2.11.2",
        last(lambda c: c[: identities(c) - 1] + bytes([c[identities(c) - 1] ^ 1]) + c[identities(c) :]),
        P.BAD_BINDER,
    ),
    (
        "a binder of another hash's length",
        "8446 4.2.11.2",
        last(lambda c: c[: identities(c)] + b"\0\x31\x30" + bytes(48)),
        P.BAD_BINDER,
    ),
    (
        "a binder of 31 bytes",
        "8446 4.2.11",
        last(lambda c: c[: identities(c)] + b"\0\x21\x1f" + bytes(32)),
        P.MALFORMED_MESSAGE,
    ),
    (
        "two binders for one identity",
        "8446 4.2.11",
        last(lambda c: c[: identities(c)] + b"\0\x42" + (b"\x20" + bytes(32)) * 2),
        P.ILLEGAL_PARAMETER,
    ),
    ("no identity", "8446 4.2.11", last(lambda c: b"\0\0" + c[identities(c) :]), P.MALFORMED_MESSAGE),
    (
        "an empty identity",
        "8446 4.2.11",
        last(lambda c: b"\0\7\0\0" + bytes(5) + c[identities(c) :]),
        P.MALFORMED_MESSAGE,
    ),
    ("a byte after its end", "8446 4.2.11", last(lambda c: c + b"\0"), P.TRAILING_BYTES),
)


@pytest.mark.parametrize("row", PSK, ids=[row[0].replace(" ", "_") for row in PSK])
def test_server_refuses_a_pre_shared_key_with(row: Any) -> None:
    _, _, rewrite, problem = row
    env = SeededEnv(b"client", TIME)
    sessions, keys = MemorySessionStore(env), TicketKeys(SeededEnv(b"keys", TIME))
    join(client={"sessions": sessions}, server={"ticket_keys": keys}).handshake().raise_errors()
    joined = join(client={"sessions": sessions}, server={"ticket_keys": keys}, bad_client=rewrite).handshake()
    assert_refused(joined.server, problem, peer=joined.client)


def test_a_tls12_hello_to_a_tls13_server_is_protocol_version() -> None:
    joined = join(client={"versions": (TLS12,)}, server={"versions": (TLS13,)}).handshake()
    assert_refused(joined.server, P.UNSUPPORTED_VERSION, peer=joined.client)
