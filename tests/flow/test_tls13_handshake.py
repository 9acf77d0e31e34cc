"""Full handshakes of TLS 1.3: every suite, group, kind of key and signature scheme, and what is agreed in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from puressl.codes import CipherSuite, ContentType, NamedGroup, SignatureScheme
from puressl.config import Verify
from puressl.crypto.groups import GROUPS
from puressl.crypto.suites import SUITES
from puressl.errors import Problem, Reason, SSLError
from puressl.events import HandshakeCompleted, PeerCertificate
from puressl.wire import (
    CertificateRequest,
    ClientHello,
    Cookie,
    EncryptedExtensions,
    Extensions,
    KeyShareEntry,
    KeyShareOffer,
    KeyShareRetry,
    NewSessionTicket,
    RawExtension,
    RecordSizeLimit,
    ServerHello,
    ServerNameAck,
    ServerNameOffer,
    SignatureAlgorithms,
    SupportedGroups,
    SupportedVersionsOffer,
)

from support.authority import issued, roots
from support.bad_peer import Watcher, assert_refused
from support.configs import KEY_TYPES, credential
from support.joined import TLS12, TLS13, exchange_data, join, records

SUITES_13 = tuple(suite for suite in SUITES.values() if suite.version is TLS13)
#: RFC 8446 5.2: header, content type and tag; padding is never sent.
RECORD_OVERHEAD = 5 + 1 + 16


@pytest.mark.parametrize("suite", SUITES_13, ids=lambda suite: suite.name)
def test_every_suite_completes_and_carries_data(suite: Any) -> None:
    joined = join(cipher_suites=(suite.id,)).handshake().raise_errors()
    assert joined.is_complete()
    for end in (joined.client, joined.server):
        agreed = end.connection.negotiated
        assert agreed is not None
        assert (agreed.version, agreed.suite, agreed.suite_name) == (TLS13, suite.id, suite.name)
        assert (agreed.resumed, agreed.hello_retry, agreed.group) == (False, False, NamedGroup.X25519)
    assert joined.client.connection.state == "ClientConnected"
    assert joined.server.connection.state == "ServerConnected"
    exchange_data(joined)


@pytest.mark.parametrize("group", list(GROUPS), ids=lambda group: NamedGroup(group).name)
def test_every_group_agrees(group: int) -> None:
    joined = join(groups=(group,)).handshake().raise_errors()
    assert joined.client.connection.negotiated.group == joined.server.connection.negotiated.group == group
    exchange_data(joined)


def test_the_servers_order_of_suites_decides() -> None:
    order = (CipherSuite.TLS_AES_256_GCM_SHA384, CipherSuite.TLS_AES_128_GCM_SHA256)
    joined = join(client={"cipher_suites": order[::-1]}, server={"cipher_suites": order}).handshake().raise_errors()
    assert joined.client.connection.negotiated.suite == order[0]


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_every_bundled_certificate_serves(key_type: str) -> None:
    joined = join(key_type).handshake().raise_errors()
    agreed = joined.client.connection.negotiated
    assert agreed.peer_chain == joined.client.connection.peer_certificates == credential(key_type).chain
    assert "CN=server.example" in agreed.verified_path[0]
    assert len(agreed.verified_path) == 3
    (presented,) = joined.client.of(PeerCertificate)
    assert presented.chain == agreed.peer_chain
    assert joined.client.events.index(presented) < joined.client.events.index(joined.client.of(HandshakeCompleted)[0])


@pytest.mark.parametrize(
    ("kind", "scheme"),
    [
        ("p256", SignatureScheme.ECDSA_SECP256R1_SHA256),
        ("p384", SignatureScheme.ECDSA_SECP384R1_SHA384),
        ("p521", SignatureScheme.ECDSA_SECP521R1_SHA512),
        ("ed25519", SignatureScheme.ED25519),
        ("ed448", SignatureScheme.ED448),
        ("rsa", SignatureScheme.RSA_PSS_RSAE_SHA256),
        ("rsa", SignatureScheme.RSA_PSS_RSAE_SHA384),
        ("rsa", SignatureScheme.RSA_PSS_RSAE_SHA512),
        ("rsa-pss", SignatureScheme.RSA_PSS_PSS_SHA256),
        ("rsa-pss", SignatureScheme.RSA_PSS_PSS_SHA384),
        ("rsa-pss", SignatureScheme.RSA_PSS_PSS_SHA512),
    ],
)
def test_every_signature_scheme_signs_with_a_key_of_its_type(kind: str, scheme: SignatureScheme) -> None:
    # The chain is signed by P-256, which signature_algorithms must allow for certificates, too (RFC 8446 4.2.3).
    schemes = tuple(dict.fromkeys((scheme, SignatureScheme.ECDSA_SECP256R1_SHA256)))
    joined = join(client={"signature_schemes": schemes, "trust": roots()}, server={"credentials": (issued(kind),)})
    joined.handshake().raise_errors()
    assert joined.client.connection.negotiated.signature_scheme == scheme


def test_no_certificate_that_the_client_can_verify_is_handshake_failure() -> None:
    joined = join(client={"signature_schemes": (SignatureScheme.ED25519,)}).handshake()
    assert_refused(joined.server, Problem.NO_COMMON_SIGNATURE_SCHEME, peer=joined.client)
    assert joined.server.error.reason is Reason.ESSLACCEPT
    assert joined.client.error.reason is Reason.ESSLERRSSL


def test_pkcs1_schemes_alone_choose_no_rsa_certificate() -> None:
    """RFC 8446 4.2.3: they are for certificates only."""

    def shape(hello: ClientHello) -> ClientHello:
        pkcs1 = SignatureAlgorithms((int(SignatureScheme.RSA_PKCS1_SHA256),))
        shaped = tuple(pkcs1 if isinstance(each, SignatureAlgorithms) else each for each in hello.extensions)
        return replace(hello, extensions=Extensions(shaped))

    joined = join("rsa2048", client={"shape_hello": shape}).handshake()
    assert_refused(joined.server, Problem.NO_COMMON_SIGNATURE_SCHEME, peer=joined.client)


@pytest.mark.parametrize(
    ("field", "client", "server", "problem"),
    [
        (
            "cipher_suites",
            (CipherSuite.TLS_AES_128_GCM_SHA256,),
            (CipherSuite.TLS_AES_256_GCM_SHA384,),
            Problem.NO_COMMON_CIPHER_SUITE,
        ),
        ("groups", (NamedGroup.X25519,), (NamedGroup.SECP256R1,), Problem.NO_COMMON_GROUP),
        ("versions", (TLS13,), (TLS12,), Problem.UNSUPPORTED_VERSION),
        ("versions", (TLS12,), (TLS13,), Problem.UNSUPPORTED_VERSION),
    ],
)
def test_nothing_in_common_is_refused(field: str, client: Any, server: Any, problem: Problem) -> None:
    joined = join(client={field: client}, server={field: server}).handshake()
    assert_refused(joined.server, problem, peer=joined.client)


def test_a_server_refused_for_its_certificate_is_told_why() -> None:
    joined = join(server={"credentials": (issued(),)}).handshake()
    assert_refused(joined.client, Problem.CERTIFICATE_NO_ISSUER, peer=joined.server)
    assert joined.client.error.reason is Reason.ENOISSUERCERT
    assert joined.client.connection.peer_certificates == issued().chain


# HelloRetryRequest ----------------------------------------------------------------------------------------------------

RETRY = {"client": {"groups": (NamedGroup.X25519, NamedGroup.SECP256R1)}, "server": {"groups": (NamedGroup.SECP256R1,)}}


@pytest.mark.parametrize("cookie", [False, True])
def test_hello_retry_request_leads_to_the_group_asked_for(cookie: bool) -> None:
    joined = join(client=RETRY["client"], server={**RETRY["server"], "cookie": cookie}).handshake().raise_errors()
    for end in (joined.client, joined.server):
        assert end.connection.negotiated.hello_retry
        assert end.connection.negotiated.group == NamedGroup.SECP256R1
    first, second = joined.client.connection.config.tracer.of(type(joined_hello(joined)))
    assert first.random == second.random
    assert [share.group for share in second.extensions.get(KeyShareOffer).shares] == [NamedGroup.SECP256R1]
    retry = joined.server.connection.config.tracer.of(ServerHello)[0]
    assert retry.is_retry
    sent = retry.extensions.get(Cookie)
    assert (sent is not None) is cookie
    assert second.extensions.get(Cookie) == sent
    exchange_data(joined)


def joined_hello(joined: Any) -> Any:
    return joined.client.connection.config.tracer.sent[0]


def test_no_key_share_at_all_asks_for_a_hello_retry() -> None:
    joined = join(client={"key_share_groups": ()}).handshake().raise_errors()
    assert joined.client.connection.negotiated.hello_retry
    exchange_data(joined)


def test_a_second_share_saves_the_retry() -> None:
    shares = (NamedGroup.X25519, NamedGroup.SECP256R1)
    joined = join(client={**RETRY["client"], "key_share_groups": shares}, server=RETRY["server"]).handshake()
    joined.raise_errors()
    assert not joined.client.connection.negotiated.hello_retry


def test_a_group_the_client_has_sent_a_share_of_comes_before_a_preferred_one() -> None:
    server = {"groups": (NamedGroup.SECP256R1, NamedGroup.X25519)}
    joined = join(client=RETRY["client"], server=server).handshake().raise_errors()
    assert joined.client.connection.negotiated.group == NamedGroup.X25519
    assert not joined.client.connection.negotiated.hello_retry


def test_client_follows_a_retry_for_a_cookie_alone_with_the_same_share() -> None:
    """RFC 8446 4.1.4: a change of any kind is enough. Our server never asks so; the test plays it by hand."""
    retried: list[bool] = []

    def rewrite(message: Any) -> tuple[Any, ...]:
        if not isinstance(message, ServerHello) or not message.is_retry:
            return (message,)
        retried.append(True)
        kept = tuple(each for each in message.extensions if not isinstance(each, KeyShareRetry))
        return (replace(message, extensions=Extensions((*kept, Cookie(b"crumbs")))),)

    joined = join(client=RETRY["client"], server=RETRY["server"], bad_server=rewrite).handshake()
    hellos = joined.client.connection.config.tracer.sent
    second = [message for message in hellos if type(message) is type(hellos[0])][1]
    assert retried
    assert second.extensions.get(Cookie) == Cookie(b"crumbs")
    assert second.extensions.get(KeyShareOffer) == hellos[0].extensions.get(KeyShareOffer)


# server_name (RFC 6066 3) ---------------------------------------------------------------------------------------------


def named(*names: str) -> Any:
    return issued("p256", *names)


@pytest.mark.parametrize(
    ("asked", "index"),
    [("a.example", 0), ("b.example", 1), ("B.Example", 1), ("x.wild.example", 2), ("other.example", 0)],
)
def test_server_chooses_the_certificate_by_name(asked: str, index: int) -> None:
    credentials = (named("a.example"), named("b.example"), named("*.wild.example"))
    joined = join(client={"server_name": asked, "trust": roots()}, server={"credentials": credentials}).handshake()
    assert joined.client.connection.peer_certificates == credentials[index].chain
    if asked == "other.example":
        assert_refused(joined.client, Problem.CERTIFICATE_NAME, peer=joined.server)
        return
    assert joined.server.connection.negotiated.server_name == asked.lower()
    (answer,) = joined.server.connection.config.tracer.of(EncryptedExtensions)
    assert answer.extensions.get(ServerNameAck) == ServerNameAck()


def test_an_unknown_name_is_refused_where_names_must_be_known() -> None:
    joined = join(client={"server_name": "other.example"}, server={"require_known_name": True}).handshake()
    assert_refused(joined.server, Problem.UNRECOGNIZED_NAME, peer=joined.client)


def test_no_name_gets_the_first_certificate_even_where_names_must_be_known() -> None:
    joined = join(client={"send_server_name": False}, server={"require_known_name": True}).handshake().raise_errors()
    assert joined.server.connection.negotiated.server_name is None
    (answer,) = joined.server.connection.config.tracer.of(EncryptedExtensions)
    assert answer.extensions.get(ServerNameAck) is None


def test_an_address_is_verified_but_not_sent() -> None:
    joined = join(client={"server_name": "127.0.0.1"}).handshake().raise_errors()
    assert joined_hello(joined).extensions.get(ServerNameOffer) is None


def test_a_trailing_dot_and_u_labels_are_sent_as_the_name_they_mean() -> None:
    for asked, sent in (("server.example.", "server.example"), ("bücher.example", "xn--bcher-kva.example")):
        joined = join(client={"server_name": asked}).handshake()
        assert joined_hello(joined).extensions.get(ServerNameOffer) == ServerNameOffer(sent)


@pytest.mark.parametrize("name", ["a" * 64 + ".ü", "ü" * 300, "a b", ".", "..", "a..b", "\x00"])
def test_a_name_that_is_none_is_refused_when_it_is_configured(name: str) -> None:
    with pytest.raises(SSLError) as caught:
        join(client={"server_name": name})
    assert caught.value.reason is Reason.EOPTIONS


# ALPN (RFC 7301) ------------------------------------------------------------------------------------------------------


def test_the_servers_first_choice_of_common_protocols_is_agreed() -> None:
    joined = join(client={"alpn": (b"http/1.1", b"h2")}, server={"alpn": (b"h3", b"h2", b"http/1.1")}).handshake()
    joined.raise_errors()
    assert joined.client.connection.negotiated.alpn == joined.server.connection.negotiated.alpn == b"h2"


def test_no_common_protocol_is_no_application_protocol() -> None:
    joined = join(client={"alpn": (b"h2",)}, server={"alpn": (b"h3",)}).handshake()
    assert_refused(joined.server, Problem.NO_COMMON_APPLICATION_PROTOCOL, peer=joined.client)


@pytest.mark.parametrize("fields", [{"client": {"alpn": (b"h2",)}}, {"server": {"alpn": (b"h2",)}}])
def test_protocols_of_one_side_only_are_ignored(fields: Any) -> None:
    joined = join(**fields).handshake().raise_errors()
    assert joined.client.connection.negotiated.alpn is joined.server.connection.negotiated.alpn is None


# record_size_limit (RFC 8449) -----------------------------------------------------------------------------------------


def test_record_size_limit_bounds_protected_records_both_ways() -> None:
    joined = join("rsa2048", client={"record_size_limit": 300}, server={"record_size_limit": 200}).handshake()
    joined.raise_errors()
    before = len(joined.client.sent), len(joined.server.sent)
    joined.client.connection.send_data(bytes(1_000))
    joined.server.connection.send_data(bytes(1_000))
    joined.run().raise_errors()
    assert len(joined.server.data) == len(joined.client.data) == 1_000
    # The limit counts the content type (RFC 8449 4), and the server's own handshake flight keeps to it, too.
    assert [len(each) - 16 for _, each in records(joined.client.sent[before[0] :])] == [200] * 5 + [6]
    assert [len(each) - 16 for _, each in records(joined.server.sent[before[1] :])] == [300] * 3 + [104]
    sealed = [len(each) for kind, each in records(joined.server.sent) if kind == ContentType.APPLICATION_DATA]
    assert max(sealed) == 300 + 16


def test_without_the_peers_record_size_limit_records_are_full() -> None:
    joined = join(client={"record_size_limit": None}, server={"record_size_limit": 200}).handshake().raise_errors()
    joined.client.connection.send_data(bytes(20_000))
    before = len(joined.client.sent)
    joined.run().raise_errors()
    first = records(joined.client.sent[before:])[0]
    assert len(first[1]) == 2**14 + RECORD_OVERHEAD - 5


def test_a_record_beyond_our_limit_is_record_overflow() -> None:
    joined = join(client={"record_size_limit": 100}).handshake().raise_errors()
    joined.server.connection._sender.limit_plaintext(100)
    joined.server.connection.send_data(bytes(100))
    joined.run()
    assert_refused(joined.client, Problem.RECORD_OVERFLOW, peer=joined.server)


@pytest.mark.parametrize("role", ["client", "server"])
def test_a_record_size_limit_below_64_is_refused(role: str) -> None:
    """RFC 8449 4: illegal_parameter."""
    body = RawExtension(int(RecordSizeLimit.extension_type), (63).to_bytes(2, "big"))

    def swap(extensions: Extensions) -> Extensions:
        return Extensions(tuple(body if isinstance(each, RecordSizeLimit) else each for each in extensions))

    if role == "client":
        joined = join(client={"shape_hello": lambda hello: replace(hello, extensions=swap(hello.extensions))})
        joined.handshake()
        assert_refused(joined.server, Problem.ILLEGAL_PARAMETER, peer=joined.client)
        return

    def rewrite(message: Any) -> tuple[Any, ...]:
        if isinstance(message, EncryptedExtensions):
            return (replace(message, extensions=swap(message.extensions)),)
        return (message,)

    joined = join(bad_server=rewrite).handshake()
    assert_refused(joined.client, Problem.ILLEGAL_PARAMETER, peer=joined.server)


# Versions and downgrades ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("versions", [(TLS13, TLS12), (TLS12, TLS13)])
def test_both_ends_take_the_highest_common_version(versions: Any) -> None:
    joined = join(versions=versions).handshake().raise_errors()
    assert joined.client.connection.negotiated.version is TLS13


def test_a_hidden_supported_versions_is_found_out_by_the_sentinel() -> None:
    """RFC 8446 4.1.3: somebody between the ends makes a TLS 1.3 client look like one of TLS 1.2."""

    def hide(hello: Any) -> Any:
        kept = tuple(each for each in hello.extensions if not isinstance(each, SupportedVersionsOffer))
        return replace(hello, extensions=Extensions(kept))

    joined = join(versions=(TLS13, TLS12), client={"shape_hello": hide}).handshake()
    assert_refused(joined.client, Problem.DOWNGRADE_DETECTED, peer=joined.server)


def test_a_fallback_below_a_common_version_is_refused() -> None:
    """RFC 7507 3."""

    def fall_back(hello: Any) -> Any:
        return replace(hello, cipher_suites=(*hello.cipher_suites, int(CipherSuite.TLS_FALLBACK_SCSV)))

    client = {"versions": (TLS12,), "shape_hello": fall_back}
    joined = join(client=client, server={"versions": (TLS12, TLS13)}).handshake()
    assert_refused(joined.server, Problem.INAPPROPRIATE_FALLBACK, peer=joined.client)
    join(client=client, server={"versions": (TLS12,)}).handshake().raise_errors()
    join(client={"shape_hello": fall_back}, server={"versions": (TLS12, TLS13)}).handshake().raise_errors()


# Exporters and key logs -----------------------------------------------------------------------------------------------


def test_exporters_agree_and_differ_by_label_context_and_length() -> None:
    joined = join().handshake().raise_errors()
    asked = [
        (b"EXPORTER-a", b"", 32),
        (b"EXPORTER-b", b"", 32),
        (b"EXPORTER-a", b"context", 32),
        (b"EXPORTER-a", b"", 48),
    ]
    made = [joined.client.connection.export_keying_material(*each) for each in asked]
    assert made == [joined.server.connection.export_keying_material(*each) for each in asked]
    assert len(set(made)) == len(made)
    assert [len(each) for each in made] == [32, 32, 32, 48]
    assert joined.client.connection.export_keying_material(b"EXPORTER-a", None, 32) == made[0]  # RFC 8446 7.5


def test_an_exporter_outlives_a_key_update() -> None:
    joined = join().handshake().raise_errors()
    before = joined.client.connection.export_keying_material(b"EXPORTER-a", None, 32)
    joined.client.connection.update_keys()
    joined.run().raise_errors()
    assert joined.client.connection.export_keying_material(b"EXPORTER-a", None, 32) == before
    assert joined.server.connection.export_keying_material(b"EXPORTER-a", None, 32) == before


def test_nothing_is_exported_before_the_handshake_is_complete() -> None:
    joined = join()
    joined.client.connection.start()
    with pytest.raises(SSLError) as caught:
        joined.client.connection.export_keying_material(b"EXPORTER-a", None, 32)
    assert caught.value.reason is Reason.EBADSTATE


def test_key_logs_are_the_same_at_both_ends_and_in_nss_format() -> None:
    logs: tuple[list[str], list[str]] = ([], [])
    joined = join(client={"keylog": logs[0].append}, server={"keylog": logs[1].append}).handshake().raise_errors()
    assert sorted(logs[0]) == sorted(logs[1])
    lines = [line.split(" ") for line in logs[0]]
    assert {label for label, _, _ in lines} == {
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_0",
        "EXPORTER_SECRET",
    }
    assert {random for _, random, _ in lines} == {joined_hello(joined).random.hex()}
    assert all(len(bytes.fromhex(secret)) == 32 and secret == secret.lower() for _, _, secret in lines)


# GREASE (RFC 8701) ----------------------------------------------------------------------------------------------------


def test_a_server_passes_over_grease_wherever_a_client_may_put_it() -> None:
    def shape(hello: Any) -> Any:
        changed = []
        for each in hello.extensions:
            match each:
                case SupportedGroups(groups=groups):
                    each = SupportedGroups((0x1A1A, *groups))
                case SignatureAlgorithms(schemes=schemes):
                    each = SignatureAlgorithms((0x2A2A, *schemes))
                case SupportedVersionsOffer(versions=versions):
                    each = SupportedVersionsOffer((0x3A3A, *versions))
                case KeyShareOffer(shares=shares):
                    each = KeyShareOffer((KeyShareEntry(0x1A1A, b"\0"), *shares))
            if int(each.extension_type) == 16:
                each = type(each)((b"\x4a\x4a", *each.protocols))
            if int(each.extension_type) == 45:
                each = type(each)((0x0B, *each.modes))
            changed.append(each)
        changed = [RawExtension(0x5A5A, b""), *changed[:-1], RawExtension(0x6A6A, b"\0"), changed[-1]]
        return replace(hello, cipher_suites=(0x7A7A, *hello.cipher_suites), extensions=Extensions(tuple(changed)))

    joined = join(client={"shape_hello": shape, "alpn": (b"h2",)}, server={"alpn": (b"h2",)}).handshake().raise_errors()
    assert joined.client.connection.negotiated.alpn == b"h2"
    exchange_data(joined)


def test_a_client_passes_over_grease_in_certificate_requests_and_tickets() -> None:
    """RFC 8701 4: a server may grease only what clients must ignore."""

    def rewrite(message: Any) -> tuple[Any, ...]:
        if isinstance(message, (CertificateRequest, NewSessionTicket)):
            greased = Extensions((*message.extensions, RawExtension(0x8A8A, b"\0")))
            return (replace(message, extensions=greased),)
        return (message,)

    server = {"verify": Verify.PEER, "trust": roots()}
    joined = join(bad_server=rewrite, server=server).handshake().raise_errors()
    exchange_data(joined)


def test_the_watcher_sees_every_message_once() -> None:
    joined = join().handshake().raise_errors()
    client, server = joined.client.connection.config.tracer, joined.server.connection.config.tracer
    assert isinstance(client, Watcher)
    assert client.sent == server.received
    assert server.sent == client.received


def test_a_server_says_what_first_bytes_that_are_no_tls_look_like() -> None:
    joined = join()
    joined.server.connection.receive_data(b"GET / HTTP/1.1\r\n\r\n")
    joined.run()
    assert "HTTP" in str(joined.server.error)
    assert_refused(joined.server, Problem.BAD_RECORD_VERSION, peer=joined.client)
