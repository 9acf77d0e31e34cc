"""The family ``handshake``: complete connections, with every byte, secret and event.

Theory of operation: a row says how the two ends are configured and what their applications do; playing it gives the
recording. Suites, groups and signature schemes are covered value by value, each combined with others in turn, not as
a full product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from puressl.codes import ProtocolVersion
from puressl.crypto.suites import CipherKind, KeyExchange
from puressl.vectors import connections, identities, names, settings
from puressl.vectors.documents import Case, Document, Family, Json
from puressl.vectors.identities import TIME, Identities
from puressl.vectors.recording import PING_PONG, Step

_12, _13 = "tlsv1.2", "tlsv1.3"


@dataclass(frozen=True, slots=True)
class Row:
    """A complete connection. client, server: what is not as ever. again: each further connection's changes."""

    name: str
    description: str
    clause: str
    version: str
    kind: str = "p256"
    client: Mapping[str, Json] = field(default_factory=dict)
    server: Mapping[str, Json] = field(default_factory=dict)
    steps: Sequence[Step] = PING_PONG
    again: Sequence[Mapping[str, Json]] = ()

    def case(self) -> Case:
        first = {"steps": list(self.steps)}
        return {
            "id": f"{self.version.removeprefix('tlsv').replace('.', '')}-{self.name}",
            "description": self.description,
            "clause": self.clause,
            "time": TIME,
            "client": {**settings.client(self.version, self.kind), **self.client},
            "server": {**settings.server(self.version, self.kind), **self.server},
            "connections": [first, *({**first, **changes} for changes in self.again)],
        }


def documents(rows: Mapping[str, tuple[str, Iterable[Row]]]) -> Iterator[Document]:
    """Documents of rows. rows: by document's name, its description and rows."""
    for name, (description, found) in rows.items():
        cases = [row.case() for row in found]
        used = {kind for case in cases for kind in settings.identities_of(case["client"], case["server"])}
        shared = {"identities": identities.made(sorted(used))}
        known = Identities(shared["identities"])
        yield Document(name, description, tuple(connections.made(case, known) for case in cases), shared)


# TLS 1.3 -------------------------------------------------------------------------------------------------------------

_SUITES13 = [suite.name.lower() for suite in names.suites(ProtocolVersion.TLSv1_3)]
_GROUPS13 = ["x25519", "secp256r1", "x448", "secp384r1", "secp521r1", "ffdhe2048", "ffdhe3072", "x25519mlkem768"]
#: A signature scheme to the kind of key that has it.
_SCHEMES13 = {
    "ecdsa_secp256r1_sha256": "p256",
    "ecdsa_secp384r1_sha384": "p384",
    "ecdsa_secp521r1_sha512": "p521",
    "ed25519": "ed25519",
    "ed448": "ed448",
    "rsa_pss_rsae_sha256": "rsa",
    "rsa_pss_rsae_sha384": "rsa",
    "rsa_pss_rsae_sha512": "rsa",
    "rsa_pss_pss_sha256": "rsa-pss",
    "rsa_pss_pss_sha384": "rsa-pss",
    "rsa_pss_pss_sha512": "rsa-pss",
}
_RETRY: tuple[dict[str, Json], dict[str, Json]] = (
    {"groups": ["x25519", "secp256r1"], "key_share_groups": ["x25519"]},
    {"groups": ["secp256r1"]},
)
_EXPORTS: tuple[Step, ...] = tuple(
    {"by": side, "do": "export", "label": "EXPORTER-test", "context": context, "length": 32}
    for side in ("client", "server")
    for context in (None, "", "00ff")
)


def _pairs() -> Iterator[Row]:
    """Each group with one suite after the other, and each scheme with one of these pairs after the other."""
    both = [(_SUITES13[number % len(_SUITES13)], group) for number, group in enumerate(_GROUPS13)]
    for suite, group in both:
        fields = {"cipher_suites": [suite], "groups": [group]}
        text = f"{suite} over {group}."
        yield Row(f"{suite}-{group}", text, "RFC 8446 4.2.7", _13, client=fields, server=fields)
    for number, (scheme, kind) in enumerate(_SCHEMES13.items()):
        suite, group = both[number % 5]
        fields = {"cipher_suites": [suite], "groups": [group], "signature_schemes": [scheme]}
        text = f"The server signs with {scheme}."
        yield Row(f"{scheme}", text, "RFC 8446 4.2.3", _13, kind, fields, fields)
        asked = {**fields, "verify": "required", "trust": kind}
        text = f"Client and server sign with {scheme}."
        yield Row(f"client-{scheme}", text, "RFC 8446 4.3.2", _13, kind, {**fields, "identity": kind}, asked)


_UPDATES: tuple[Step, ...] = (
    {"by": "client", "do": "update_keys", "request": False},
    {"by": "client", "do": "send", "data": "00"},
    {"by": "server", "do": "update_keys", "request": True},
    {"by": "server", "do": "send", "data": "01"},
    *PING_PONG,
)
_ASK = {"verify": "peer", "trust": "p256"}
_OWN = {"identity": "p256"}
_ROWS13 = (
    Row("full", "Both ends as ever.", "RFC 8446 2", _13),
    Row("hello-retry", "The server asks for another share.", "RFC 8446 4.1.4", _13, client=_RETRY[0], server=_RETRY[1]),
    Row(
        "hello-retry-cookie",
        "The server asks for another share, with a cookie.",
        "RFC 8446 4.2.2",
        _13,
        client=_RETRY[0],
        server={**_RETRY[1], "cookie": True},
    ),
    Row("client-certificate", "The client authenticates.", "RFC 8446 4.3.2", _13, client=_OWN, server=_ASK),
    Row("no-client-certificate", "The client has no certificate.", "RFC 8446 4.4.2", _13, server=_ASK),
    Row(
        "hello-retry-client-certificate",
        "A retry, and the client authenticates.",
        "RFC 8446 4.1.4",
        _13,
        client={**_RETRY[0], **_OWN},
        server={**_RETRY[1], **_ASK},
    ),
    Row("resumption", "The second connection resumes the first.", "RFC 8446 2.2", _13, again=[{}]),
    Row(
        "resumption-hello-retry",
        "The second connection resumes the first after a retry.",
        "RFC 8446 4.2.11",
        _13,
        client={"groups": ["x25519", "secp256r1"], "key_share_groups": ["x25519"]},
        again=[{"server": {"groups": ["secp256r1"], "cookie": True}}],
    ),
    Row(
        "resumption-other-suite",
        "The session's hash is not that of the suite chosen: a full handshake.",
        "RFC 8446 4.2.11",
        _13,
        again=[{"server": {"cipher_suites": ["tls_aes_256_gcm_sha384"]}}],
    ),
    Row(
        "resumption-client-certificate",
        "A session of an authenticated client.",
        "RFC 8446 2.2",
        _13,
        client=_OWN,
        server=_ASK,
        again=[{}],
    ),
    Row("key-update", "Each end changes its keys.", "RFC 8446 4.6.3", _13, steps=_UPDATES),
    Row("export", "Keying material exported by both ends.", "RFC 8446 7.5", _13, steps=[*_EXPORTS, *PING_PONG]),
    Row(
        "alpn",
        "The server chooses a protocol.",
        "RFC 7301 3.1",
        _13,
        client={"alpn": ["h2", "http/1.1"]},
        server={"alpn": ["http/1.1"]},
    ),
    Row(
        "no-compatibility",
        "Without middlebox compatibility mode.",
        "RFC 8446 D.4",
        _13,
        client={"middlebox_compatibility": False},
    ),
    Row("no-server-name", "Without server_name.", "RFC 6066 3", _13, client={"send_server_name": False}),
    Row(
        "no-tickets",
        "The server sends no tickets.",
        "RFC 8446 4.6.1",
        _13,
        client={"session_tickets": False},
        server={"session_tickets": False},
    ),
    Row(
        "record-size-limit",
        "Records of at most 64 bytes.",
        "RFC 8449 4",
        _13,
        client={"record_size_limit": 64},
        server={"record_size_limit": 64},
        steps=[{"by": "client", "do": "send", "data": "ab" * 200}, *PING_PONG],
    ),
    Row(
        "both-versions",
        "Both ends also speak TLS 1.2.",
        "RFC 8446 4.2.1",
        _13,
        client={
            "versions": ["tlsv1.3", "tlsv1.2"],
            "cipher_suites": [*_SUITES13, "tls_ecdhe_ecdsa_with_aes_128_gcm_sha256"],
        },
        server={
            "versions": ["tlsv1.3", "tlsv1.2"],
            "cipher_suites": [*_SUITES13, "tls_ecdhe_ecdsa_with_aes_128_gcm_sha256"],
        },
    ),
)

# TLS 1.2 -------------------------------------------------------------------------------------------------------------

_SCHEMES12 = {
    "rsa_pkcs1_sha256": "rsa",
    "rsa_pkcs1_sha384": "rsa",
    "rsa_pkcs1_sha512": "rsa",
    **_SCHEMES13,
}
_ECDSA, _RSA = "tls_ecdhe_ecdsa_with_aes_128_gcm_sha256", "tls_ecdhe_rsa_with_aes_128_gcm_sha256"


def _suites12() -> Iterator[Row]:
    """Each suite; those of CBC with and without encrypt-then-MAC."""
    for suite in names.suites(ProtocolVersion.TLSv1_2):
        name = suite.name.lower()
        kind = "p256" if suite.authentication.value == "ecdsa" else "rsa"
        groups = ["ffdhe2048"] if suite.key_exchange is KeyExchange.DHE else ["x25519", "secp256r1"]
        fields: dict[str, Json] = {"cipher_suites": [name], "groups": groups}
        yield Row(name, f"{name}.", "RFC 5246 A.5", _12, kind, fields, fields)
        if suite.cipher.kind is CipherKind.CBC and suite.key_exchange is KeyExchange.ECDHE:
            old = {**fields, "allow_mac_then_encrypt": True}
            text = f"{name} without encrypt_then_mac."
            yield Row(
                f"{name}-mac-then-encrypt",
                text,
                "RFC 5246 6.2.3.2",
                _12,
                kind,
                {**old, "omit_extensions": ["encrypt_then_mac"]},
                old,
            )


def _others12() -> Iterator[Row]:
    for group in ("x25519", "secp256r1", "x448", "secp384r1", "secp521r1"):
        fields = {"cipher_suites": [_ECDSA], "groups": [group] if group == "secp256r1" else [group, "secp256r1"]}
        yield Row(group, f"ECDHE over {group}.", "RFC 8422 5.4", _12, client=fields, server=fields)
    dhe = {"cipher_suites": ["tls_dhe_rsa_with_aes_128_gcm_sha256"]}
    for group in ("ffdhe2048", "ffdhe3072"):
        fields = {**dhe, "groups": [group]}
        yield Row(f"dhe-{group}", f"DHE over {group}.", "RFC 7919 3", _12, "rsa", fields, fields)
    for scheme, kind in _SCHEMES12.items():
        suite = _RSA if kind.startswith("rsa") else _ECDSA
        groups = {"p384": ["x25519", "secp384r1"], "p521": ["x25519", "secp521r1"]}.get(kind, ["x25519", "secp256r1"])
        fields = {"cipher_suites": [suite], "groups": groups, "signature_schemes": [scheme]}
        yield Row(scheme, f"The server signs with {scheme}.", "RFC 5246 7.4.3", _12, kind, fields, fields)
        asked = {**fields, "verify": "required", "trust": kind}
        text = f"Client and server sign with {scheme}."
        yield Row(f"client-{scheme}", text, "RFC 5246 7.4.8", _12, kind, {**fields, "identity": kind}, asked)


_NO_TICKET: dict[str, Json] = {"omit_extensions": ["session_ticket"]}
_ROWS12 = (
    Row("full", "Both ends as ever.", "RFC 5246 7.3", _12),
    Row("client-certificate", "The client authenticates.", "RFC 5246 7.4.4", _12, client=_OWN, server=_ASK),
    Row("no-client-certificate", "The client has no certificate.", "RFC 5246 7.4.6", _12, server=_ASK),
    Row(
        "rsa-client-certificate",
        "RSA key exchange, and the client authenticates.",
        "RFC 5246 7.4.7.1",
        _12,
        "rsa",
        {"cipher_suites": ["tls_rsa_with_aes_128_gcm_sha256"], "identity": "rsa"},
        {"cipher_suites": ["tls_rsa_with_aes_128_gcm_sha256"], "verify": "required", "trust": "rsa"},
    ),
    Row(
        "dhe-client-certificate",
        "DHE, and the client authenticates.",
        "RFC 5246 7.4.3",
        _12,
        "rsa",
        {"cipher_suites": ["tls_dhe_rsa_with_aes_128_gcm_sha256"], "identity": "rsa", "groups": ["ffdhe2048"]},
        {
            "cipher_suites": ["tls_dhe_rsa_with_aes_128_gcm_sha256"],
            "verify": "required",
            "trust": "rsa",
            "groups": ["ffdhe2048"],
        },
    ),
    Row("resumption-ticket", "The second connection resumes the first by its ticket.", "RFC 5077 3.1", _12, again=[{}]),
    Row(
        "resumption-session-id",
        "The second connection resumes the first by its session identifier.",
        "RFC 5246 7.3",
        _12,
        client=_NO_TICKET,
        again=[{}],
    ),
    Row(
        "resumption-client-certificate",
        "A session of an authenticated client.",
        "RFC 5077 3.1",
        _12,
        client=_OWN,
        server=_ASK,
        again=[{}],
    ),
    Row(
        "no-extended-master-secret",
        "Without extended_master_secret.",
        "RFC 5246 8.1",
        _12,
        client={"omit_extensions": ["extended_master_secret"]},
    ),
    Row(
        "no-tickets",
        "Neither tickets nor a session cache.",
        "RFC 5246 7.4.1.3",
        _12,
        client={"session_tickets": False},
        server={"session_tickets": False},
    ),
    Row("export", "Keying material exported by both ends.", "RFC 5705 4", _12, steps=[*_EXPORTS, *PING_PONG]),
    Row(
        "alpn", "The server chooses a protocol.", "RFC 7301 3.1", _12, client={"alpn": ["h2"]}, server={"alpn": ["h2"]}
    ),
    Row(
        "record-size-limit",
        "Records of at most 64 bytes.",
        "RFC 8449 4",
        _12,
        client={"record_size_limit": 64},
        server={"record_size_limit": 64},
        steps=[{"by": "client", "do": "send", "data": "ab" * 200}, *PING_PONG],
    ),
    Row(
        "from-both-versions",
        "A client that also speaks TLS 1.3, a server that does not.",
        "RFC 8446 4.1.3",
        _12,
        client={"versions": ["tlsv1.3", "tlsv1.2"], "cipher_suites": [*_SUITES13, _ECDSA]},
        server={"cipher_suites": [_ECDSA]},
    ),
    Row(
        "server-of-both-versions",
        "A server that also speaks TLS 1.3, a client that does not: ServerHello.random has the sentinel.",
        "RFC 8446 4.1.3",
        _12,
        client={"cipher_suites": [_ECDSA]},
        server={"versions": ["tlsv1.3", "tlsv1.2"], "cipher_suites": [*_SUITES13, _ECDSA]},
    ),
)


def _make() -> Iterator[Document]:
    yield from documents(
        {
            "tls13": ("TLS 1.3: the ways a connection can go.", _ROWS13),
            "tls13_pairs": ("TLS 1.3: suites, groups and signature schemes.", _pairs()),
            "tls12": ("TLS 1.2: the ways a connection can go.", _ROWS12),
            "tls12_suites": ("TLS 1.2: every cipher suite.", _suites12()),
            "tls12_pairs": ("TLS 1.2: groups and signature schemes.", _others12()),
        }
    )


_README = """\
Complete connections between a client and a server. `client` and `server` are the settings of the two ends, `time` is
their clock (POSIX seconds), `identities` has their certificates and keys; a case has one connection or several in a
row, made by the same two ends, each with what its settings change. In a connection `steps` is what the applications do
once the handshake is complete, and `recording` is what came of it:

| member | holds |
|---|---|
| `random` | the random bytes of each end, in the order they were drawn, with their purpose |
| `flights` | the bytes each end sent, in order: feed them to your implementation |
| `messages` | the same as messages, decrypted, handshake header included |
| `secrets` | by the labels of the NSS key log |
| `events` | what each end told its application |

An implementation that can be given its random bytes must send the same flights. One that cannot takes the part of one
end over loopback: `puressl vectors run --family handshake` plays the other.
"""

TITLE = "Handshakes: complete connections, every byte and secret"
FAMILY = Family(
    name="handshake",
    title=TITLE,
    readme=_README,
    schema=connections.document_schema(TITLE, {}),
    make=_make,
    check=connections.check,
    lacking=connections.lacking,
)
