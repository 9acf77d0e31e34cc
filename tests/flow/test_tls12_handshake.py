"""Full handshakes of TLS 1.2: every suite, group and kind of key, and what is agreed in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from puressl.codes import AlertDescription, CipherSuite, Epoch, NamedGroup, ProtocolVersion
from puressl.config import Verify
from puressl.connection import ClientConnection, ServerConnection
from puressl.crypto.suites import SUITES, Authentication, CipherKind, KeyExchange, Suite
from puressl.errors import CertificateError, Problem, ProtocolError, Reason, SSLError
from puressl.events import (
    PENDING,
    AlertReceived,
    ChooseCredential,
    DecryptPremaster,
    FindSession,
    HandshakeCompleted,
    IssueTicket,
    Needed,
    PeerClosed,
    Sign,
    VerifyPeer,
)
from puressl.handshake.resolve import resolve
from puressl.wire import (
    DOWNGRADE_TLS12,
    Certificate12,
    CertificateRequest12,
    ClientHello,
    ECPointFormats,
    EncryptThenMac,
    ExtendedMasterSecret,
    Finished,
    HelloRequest,
    NewSessionTicket12,
    RenegotiationInfo,
    ServerHello,
    ServerHelloDone,
    ServerKeyExchangeECDHE,
    SignatureAlgorithms,
    SupportedGroups,
)

from support.altered import AlteredServer, changing, with_extension, without_extension
from support.authority import issued, roots
from support.configs import client_config, credential, server_config, trust
from support.link import Link, bytewise

TLS12, TLS13 = ProtocolVersion.TLSv1_2, ProtocolVersion.TLSv1_3
SUITES_12 = tuple(suite for suite in SUITES.values() if suite.version is TLS12)
ECDHE_ECDSA = CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
ECDHE_RSA = CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
DHE_RSA = CipherSuite.TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256
STATIC_RSA = CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256
KEY_TYPE = {Authentication.RSA: "rsa2048", Authentication.ECDSA: "p256"}


def link(
    key_type: str = "p256", *, client: dict[str, Any] | None = None, server: dict[str, Any] | None = None, **both: Any
) -> Link:
    """A client and a server that speak TLS 1.2."""
    both = {"versions": (TLS12,), **both}
    return Link(
        ClientConnection(client_config(key_type, **{**both, **(client or {})})),
        ServerConnection(server_config(key_type, **{**both, **(server or {})})),
    )


def problem_of(error: SSLError | None) -> Problem | None:
    return error.problem if isinstance(error, ProtocolError) else None


def alert_received_by(error: SSLError | None) -> int | None:
    return error.received if isinstance(error, ProtocolError) else None


def exchange_data(joined: Link) -> None:
    joined.client.connection.send_data(b"ping")
    joined.server.connection.send_data(b"pong" * 10_000)
    joined.run().raise_errors()
    assert joined.server.data == b"ping"
    assert joined.client.data == b"pong" * 10_000


def dropping_extensions(*kinds: type) -> Any:
    """A ``shape_hello`` that leaves extensions out."""
    return lambda hello: replace(hello, extensions=without_extension(*kinds)(hello.extensions))


@pytest.mark.parametrize("suite", SUITES_12, ids=lambda suite: suite.openssl_name)
def test_every_suite_completes_and_carries_data(suite: Suite) -> None:
    joined = link(KEY_TYPE[suite.authentication], cipher_suites=(suite.id,)).handshake().raise_errors()
    assert joined.is_complete()
    for end in (joined.client, joined.server):
        agreed = end.connection.negotiated
        assert agreed is not None
        assert (agreed.version, agreed.suite, agreed.suite_name) == (TLS12, suite.id, suite.name)
        assert agreed.encrypt_then_mac == (suite.cipher.kind is CipherKind.CBC)
        assert agreed.extended_master_secret
        assert not agreed.resumed
        assert (agreed.group is None) == (suite.key_exchange is KeyExchange.RSA)
    assert joined.client.connection.state == "ClientConnected12"
    assert joined.server.connection.state == "ServerConnected12"
    exchange_data(joined)


@pytest.mark.parametrize("suite", [each for each in SUITES_12 if each.cipher.kind is CipherKind.CBC][::4])
def test_mac_then_encrypt_is_spoken_only_where_both_allow_it(suite: Suite) -> None:
    key_type = KEY_TYPE[suite.authentication]
    old = {"cipher_suites": (suite.id,), "shape_hello": dropping_extensions(EncryptThenMac)}
    allowed = {"allow_mac_then_encrypt": True, "cipher_suites": (suite.id,)}
    joined = link(key_type, client={**old, **allowed}, server=allowed).handshake().raise_errors()
    assert joined.client.connection.negotiated.encrypt_then_mac is False
    exchange_data(joined)

    refused = link(key_type, client={**old, **allowed}, server={"cipher_suites": (suite.id,)}).handshake()
    assert problem_of(refused.server.error) is Problem.NO_COMMON_CIPHER_SUITE
    refused = link(key_type, client=old, server=allowed).handshake()
    assert problem_of(refused.client.error) is Problem.NO_COMMON_CIPHER_SUITE
    assert alert_received_by(refused.server.error) == AlertDescription.HANDSHAKE_FAILURE


@pytest.mark.parametrize("group", ["SECP256R1", "SECP384R1", "SECP521R1", "X25519", "X448"])
def test_every_curve_agrees(group: str) -> None:
    # The certificate's own curve must be offered, too.
    groups = tuple(dict.fromkeys((NamedGroup[group], NamedGroup.SECP256R1)))
    joined = link(cipher_suites=(ECDHE_ECDSA,), groups=groups).handshake().raise_errors()
    assert joined.client.connection.negotiated.group == NamedGroup[group]
    assert joined.server.connection.negotiated.group == NamedGroup[group]


@pytest.mark.parametrize("group", [NamedGroup.FFDHE2048, NamedGroup.FFDHE3072])
def test_dhe_takes_the_group_that_the_client_lists(group: NamedGroup) -> None:
    joined = link("rsa2048", cipher_suites=(DHE_RSA,), client={"groups": (group,)}).handshake().raise_errors()
    assert joined.server.connection.negotiated.group == group
    assert joined.client.connection.negotiated.group == group


def test_dhe_without_a_listed_group_takes_ffdhe2048() -> None:
    joined = link("rsa2048", cipher_suites=(DHE_RSA,), groups=(NamedGroup.X25519,)).handshake().raise_errors()
    assert joined.client.connection.negotiated.group == NamedGroup.FFDHE2048


def test_dhe_is_not_chosen_when_no_listed_group_is_ours() -> None:
    suites = (DHE_RSA, ECDHE_RSA)
    server = {"groups": (NamedGroup.X25519, NamedGroup.FFDHE2048)}
    client = {"groups": (NamedGroup.X25519, NamedGroup.FFDHE3072)}
    joined = link("rsa2048", cipher_suites=suites, client=client, server=server).handshake().raise_errors()
    assert joined.client.connection.negotiated.suite == ECDHE_RSA

    only = link("rsa2048", cipher_suites=(DHE_RSA,), client=client, server=server).handshake()
    assert problem_of(only.server.error) is Problem.NO_COMMON_FINITE_FIELD
    assert alert_received_by(only.client.error) == AlertDescription.INSUFFICIENT_SECURITY


@pytest.mark.parametrize("key_type", ["rsa2048", "p256", "p384", "ed25519"])
def test_every_kind_of_certificate_serves_the_default_suites(key_type: str) -> None:
    joined = link(key_type).handshake().raise_errors()
    agreed = joined.client.connection.negotiated
    wanted = Authentication.RSA if key_type == "rsa2048" else Authentication.ECDSA
    assert SUITES[agreed.suite].authentication is wanted
    assert agreed.signature_scheme is not None
    assert agreed.verified_path
    assert agreed.peer_chain == credential(key_type).chain


@pytest.mark.parametrize("kind", ["p521", "ed448", "rsa-pss"])
def test_rarer_certificates_serve_both_ends(kind: str) -> None:
    joined = link(
        client={"trust": roots(), "credential": issued(kind, "client.example", purpose="clientAuth")},
        server={"credentials": (issued(kind),), "verify": Verify.REQUIRED, "trust": roots()},
    )
    joined.handshake().raise_errors()
    for end in (joined.client, joined.server):
        assert end.connection.negotiated.signature_scheme in issued(kind).schemes(TLS12)
    exchange_data(joined)


def test_rsa_key_exchange_needs_a_certificate_for_encipherment() -> None:
    """RFC 5246 7.4.2; an RSASSA-PSS key can never encrypt."""
    for kind in ("rsa", "rsa-pss"):
        server = {"credentials": (issued(kind),)}
        joined = link(cipher_suites=(STATIC_RSA,), client={"trust": roots()}, server=server).handshake()
        assert problem_of(joined.server.error) is Problem.NO_COMMON_CIPHER_SUITE


def test_an_ecdsa_certificate_on_a_curve_the_client_does_not_list_is_not_chosen() -> None:
    credentials = (credential("p384"), credential("rsa2048"))
    groups = (NamedGroup.X25519, NamedGroup.SECP256R1)
    joined = link("rsa2048", client={"groups": groups}, server={"credentials": credentials}).handshake()
    joined.raise_errors()
    assert SUITES[joined.client.connection.negotiated.suite].authentication is Authentication.RSA


def test_rsa_key_exchange_is_not_among_the_defaults() -> None:
    joined = link("rsa2048", client={"cipher_suites": (STATIC_RSA,)}).handshake()
    assert problem_of(joined.server.error) is Problem.NO_COMMON_CIPHER_SUITE


def test_bytes_one_by_one_make_the_same_handshake() -> None:
    joined = link(client={"verify": Verify.REQUIRED})
    ends = (joined.client, joined.server)
    joined.client.connection.start()
    for _ in range(8):
        for source, target in (ends, ends[::-1]):
            for byte in bytewise(source.connection.data_to_send()):
                target.connection.receive_data(byte)
                target.drain()
    joined.raise_errors()
    assert joined.is_complete()
    exchange_data(joined)


def test_a_server_that_also_speaks_tls13_marks_its_random() -> None:
    seen: list[ServerHello] = []

    def observe(message: Any) -> tuple[Any]:
        if isinstance(message, ServerHello):
            seen.append(message)
        return (message,)

    for versions, marked in (((TLS12, TLS13), True), ((TLS12,), False)):
        server = AlteredServer(server_config(versions=versions), observe)
        Link(ClientConnection(client_config(versions=(TLS12,))), server).handshake().raise_errors()
        assert (seen[-1].random[-8:] == DOWNGRADE_TLS12) is marked


def test_both_ends_agree_with_either_version_first() -> None:
    joined = link(client={"versions": (TLS13, TLS12)}).handshake().raise_errors()
    assert joined.client.connection.negotiated.version is TLS12
    exchange_data(joined)


# Extensions -----------------------------------------------------------------------------------------------------------


def test_alpn_and_server_name_are_agreed() -> None:
    client, server = {"alpn": (b"h2", b"http/1.1")}, {"alpn": (b"http/1.1",)}
    joined = link(client=client, server=server).handshake().raise_errors()
    for end in (joined.client, joined.server):
        assert end.connection.negotiated.alpn == b"http/1.1"
        assert end.connection.negotiated.server_name == "server.example"


def test_no_common_protocol_ends_the_handshake() -> None:
    joined = link(client={"alpn": (b"h2",)}, server={"alpn": (b"x",)}).handshake()
    assert problem_of(joined.server.error) is Problem.NO_COMMON_APPLICATION_PROTOCOL
    assert alert_received_by(joined.client.error) == AlertDescription.NO_APPLICATION_PROTOCOL


@pytest.mark.parametrize("suite", [ECDHE_ECDSA, CipherSuite.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256])
def test_record_size_limit_bounds_protected_records_both_ways(suite: CipherSuite) -> None:
    limits = {"client": {"record_size_limit": 300}, "server": {"record_size_limit": 200}}
    joined = link(cipher_suites=(suite,), **limits).handshake().raise_errors()
    before = len(joined.client.sent), len(joined.server.sent)
    joined.client.connection.send_data(bytes(1000))
    joined.server.connection.send_data(bytes(1000))
    joined.run().raise_errors()
    assert len(joined.server.data) == len(joined.client.data) == 1000
    overhead = 5 + 16 + 16 + 32 + 16
    for sent, start, limit in ((joined.client.sent, before[0], 200), (joined.server.sent, before[1], 300)):
        records = lengths(bytes(sent[start:]))
        assert len(records) == -(-1000 // limit)
        assert max(records) <= limit + overhead


def lengths(stream: bytes) -> list[int]:
    found = []
    while stream:
        length = 5 + int.from_bytes(stream[3:5], "big")
        found.append(length)
        stream = stream[length:]
    return found


def test_without_extended_master_secret_it_is_noted_and_nothing_exported_or_kept() -> None:
    joined = link(client={"shape_hello": dropping_extensions(ExtendedMasterSecret)}).handshake().raise_errors()
    for end in (joined.client, joined.server):
        assert end.connection.negotiated.extended_master_secret is False
        with pytest.raises(SSLError) as caught:
            end.connection.export_keying_material(b"EXPORTER-test", None, 32)
        assert caught.value.reason is Reason.EBADSTATE
    config = joined.client.connection.config
    assert config.sessions.find(config.scope) is None
    exchange_data(joined)


def test_exporters_agree_and_tell_no_context_from_an_empty_one() -> None:
    joined = link().handshake().raise_errors()
    ends = (joined.client.connection, joined.server.connection)
    with_context, without = ({end.export_keying_material(b"EXPORTER-x", c, 40) for end in ends} for c in (b"", None))
    assert len(with_context) == len(without) == 1
    assert with_context != without


def test_there_are_no_key_updates() -> None:
    joined = link().handshake().raise_errors()
    with pytest.raises(SSLError) as caught:
        joined.client.connection.update_keys()
    assert caught.value.reason is Reason.EBADSTATE


def test_key_log_has_one_client_random_line_the_same_on_both_sides() -> None:
    lines: dict[str, list[str]] = {"client": [], "server": []}
    link(client={"keylog": lines["client"].append}, server={"keylog": lines["server"].append}).handshake()
    assert lines["client"] == lines["server"]
    assert [line.split()[0] for line in lines["client"]] == ["CLIENT_RANDOM"]


def test_point_formats_are_answered_only_for_ecdhe_and_only_when_offered() -> None:
    answered = []
    for suite, offered in ((ECDHE_RSA, True), (ECDHE_RSA, False), (DHE_RSA, True)):
        seen: list[Any] = []
        server = AlteredServer(server_config("rsa2048", versions=(TLS12,), cipher_suites=(suite,)), collecting(seen))
        shape = None if offered else dropping_extensions(ECPointFormats)
        config = client_config("rsa2048", versions=(TLS12,), cipher_suites=(ECDHE_RSA, DHE_RSA), shape_hello=shape)
        Link(ClientConnection(config), server).handshake().raise_errors()
        hello = next(each for each in seen if isinstance(each, ServerHello))
        answered.append(hello.extensions.get(ECPointFormats) is not None)
    assert answered == [True, False, False]


def collecting(seen: list[Any]) -> Any:
    def observe(message: Any) -> tuple[Any]:
        seen.append(message)
        return (message,)

    return observe


# Authentication of clients --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key_type", ["rsa2048", "p256", "p384", "ed25519"])
@pytest.mark.parametrize("suite", [ECDHE_RSA, DHE_RSA, STATIC_RSA], ids=lambda suite: suite.name)
def test_client_is_authenticated(key_type: str, suite: CipherSuite) -> None:
    joined = link(
        "rsa2048",
        cipher_suites=(suite,),
        client={"credential": credential(key_type, "client")},
        server={"verify": Verify.REQUIRED, "trust": trust(key_type)},
    ).handshake()
    joined.raise_errors()
    agreed = joined.server.connection.negotiated
    assert agreed.peer_chain == credential(key_type, "client").chain
    assert agreed.verified_path
    assert agreed.signature_scheme is not None
    exchange_data(joined)


def test_client_without_a_certificate_is_anonymous_where_none_is_required() -> None:
    joined = link(server={"verify": Verify.PEER, "trust": trust()}).handshake().raise_errors()
    assert joined.server.connection.negotiated.peer_chain == ()


def test_client_without_a_certificate_is_refused_with_handshake_failure_where_one_is_required() -> None:
    joined = link(server={"verify": Verify.REQUIRED, "trust": trust()}).handshake()
    assert problem_of(joined.server.error) is Problem.NO_CLIENT_CERTIFICATE
    assert joined.server.error.reason is Reason.ESSLACCEPT
    assert alert_received_by(joined.client.error) == AlertDescription.HANDSHAKE_FAILURE
    assert not joined.client.of(HandshakeCompleted)


def test_client_certificate_of_an_unknown_root_is_refused() -> None:
    joined = link(
        client={"credential": credential("rsa2048", "client")},
        server={"verify": Verify.PEER, "trust": trust("p256")},
    ).handshake()
    assert isinstance(joined.server.error, CertificateError)
    assert alert_received_by(joined.client.error) == joined.server.error.alert
    assert not joined.server.of(HandshakeCompleted)


# Needs ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("suite", [ECDHE_RSA, STATIC_RSA], ids=lambda suite: suite.name)
def test_every_question_may_be_answered_later(suite: CipherSuite) -> None:
    kinds = (ChooseCredential, Sign, DecryptPremaster, VerifyPeer, FindSession, IssueTicket)
    pending = {"resolvers": {kind: lambda need: PENDING for kind in kinds}, "resumption_context": b"later"}
    joined = link(
        "rsa2048",
        cipher_suites=(suite,),
        client={**pending, "credential": credential("rsa2048", "client")},
        server={**pending, "verify": Verify.REQUIRED, "trust": trust("rsa2048")},
    )
    asked = set()
    joined.handshake()
    while not joined.is_complete():
        for end in (joined.client, joined.server):
            needed = [event.need for event in end.of(Needed)]
            end.events = [event for event in end.events if not isinstance(event, Needed)]
            for need in needed:
                asked.add(type(need))
                plain = replace(end.connection.config, resolvers={})
                end.connection.resolve(need, resolve(plain, need))
        joined.run().raise_errors()
    expected = {ChooseCredential, Sign, VerifyPeer, IssueTicket}
    assert asked == (expected | {DecryptPremaster} if suite == STATIC_RSA else expected)
    exchange_data(joined)


# Renegotiation --------------------------------------------------------------------------------------------------------


def warnings_of(joined: Link, end: Any) -> list[int]:
    return [event.description for event in end.of(AlertReceived)]


def test_client_refuses_renegotiation_with_a_warning_and_goes_on() -> None:
    joined = link().handshake().raise_errors()
    joined.server.connection.send(Epoch.APPLICATION, HelloRequest())
    joined.run().raise_errors()
    assert warnings_of(joined, joined.server) == [AlertDescription.NO_RENEGOTIATION]
    exchange_data(joined)


def test_server_refuses_renegotiation_with_a_warning_and_goes_on() -> None:
    hellos: list[ClientHello] = []
    joined = link(client={"shape_hello": lambda hello: hellos.append(hello) or hello}).handshake().raise_errors()
    joined.client.connection.send(Epoch.APPLICATION, hellos[0])
    joined.run().raise_errors()
    assert warnings_of(joined, joined.client) == [AlertDescription.NO_RENEGOTIATION]
    exchange_data(joined)


def test_asking_for_renegotiation_again_and_again_ends_the_connection() -> None:
    joined = link().handshake().raise_errors()
    for _ in range(5):
        joined.server.connection.send(Epoch.APPLICATION, HelloRequest())
    joined.run()
    assert problem_of(joined.client.error) is Problem.RENEGOTIATION_REFUSED


def test_hello_request_during_the_handshake_is_ignored_and_not_hashed() -> None:
    for kind in (
        Certificate12,
        ServerKeyExchangeECDHE,
        CertificateRequest12,
        ServerHelloDone,
        NewSessionTicket12,
        Finished,
    ):
        server = HelloRequesting(server_config(versions=(TLS12,), verify=Verify.PEER, trust=trust()), kind)
        joined = Link(ClientConnection(client_config(versions=(TLS12,))), server).handshake().raise_errors()
        assert joined.is_complete()
        exchange_data(joined)


class HelloRequesting(ServerConnection):
    """A server that sends HelloRequests, which it does not hash (RFC 5246 7.4.1.1)."""

    def __init__(self, config: Any, before: type, times: int = 1) -> None:
        super().__init__(config)
        self.before, self.times = before, times

    def send(self, epoch: Epoch, message: Any) -> bytes:
        if isinstance(message, self.before):
            for _ in range(self.times):
                super().send(epoch, HelloRequest())
        return super().send(epoch, message)


def test_hello_request_before_server_hello_is_ignored_where_tls12_is_spoken() -> None:
    for versions, problem in (((TLS12,), None), ((TLS13, TLS12), None), ((TLS13,), Problem.UNEXPECTED_MESSAGE)):
        server = HelloRequesting(server_config(versions=versions), ServerHello)
        joined = Link(ClientConnection(client_config(versions=versions)), server).handshake()
        assert problem_of(joined.client.error) is problem


def test_hello_requests_during_the_handshake_are_bounded() -> None:
    server = HelloRequesting(server_config(versions=(TLS12,)), ServerHelloDone, times=5)
    joined = Link(ClientConnection(client_config(versions=(TLS12,))), server).handshake()
    assert problem_of(joined.client.error) is Problem.UNEXPECTED_MESSAGE


def test_close_notify_closes_both_directions() -> None:
    joined = link().handshake().raise_errors()
    joined.client.connection.close()
    joined.run().raise_errors()
    assert joined.server.of(PeerClosed)
    assert joined.client.of(PeerClosed)


# Secure renegotiation indication (RFC 5746) ---------------------------------------------------------------------------


def test_the_scsv_is_answered_by_the_extension_and_counts_as_an_offer_of_it() -> None:
    def shape(hello: ClientHello) -> ClientHello:
        suites = (*hello.cipher_suites, int(CipherSuite.TLS_EMPTY_RENEGOTIATION_INFO_SCSV))
        return replace(hello, cipher_suites=suites, extensions=without_extension(RenegotiationInfo)(hello.extensions))

    seen: list[Any] = []
    server = AlteredServer(server_config(versions=(TLS12,)), collecting(seen))
    joined = Link(ClientConnection(client_config(versions=(TLS12,), shape_hello=shape)), server).handshake()
    joined.raise_errors()
    hello = next(each for each in seen if isinstance(each, ServerHello))
    assert hello.extensions.get(RenegotiationInfo) == RenegotiationInfo(b"")


def test_server_refuses_a_client_without_rfc_5746_unless_told_otherwise() -> None:
    client = {"shape_hello": dropping_extensions(RenegotiationInfo), "secure_renegotiate": False}
    refused = link(client=client).handshake()
    assert problem_of(refused.server.error) is Problem.INSECURE_RENEGOTIATION
    assert alert_received_by(refused.client.error) == AlertDescription.HANDSHAKE_FAILURE
    link(client=client, server={"secure_renegotiate": False}).handshake().raise_errors()


@pytest.mark.parametrize("role", ["client", "server"])
def test_a_filled_renegotiation_info_is_refused(role: str) -> None:
    filled = RenegotiationInfo(bytes(12))
    if role == "server":

        def shape(hello: ClientHello) -> ClientHello:
            return replace(hello, extensions=with_extension(filled)(hello.extensions))

        joined = link(client={"shape_hello": shape}).handshake()
        assert problem_of(joined.server.error) is Problem.INSECURE_RENEGOTIATION
        return
    server = AlteredServer(server_config(versions=(TLS12,)), changing(ServerHello, extensions=with_extension(filled)))
    joined = Link(ClientConnection(client_config(versions=(TLS12,))), server).handshake()
    assert problem_of(joined.client.error) is Problem.INSECURE_RENEGOTIATION
    assert alert_received_by(joined.server.error) == AlertDescription.HANDSHAKE_FAILURE


def test_missing_signature_algorithms_mean_sha1_which_is_refused() -> None:
    joined = link(client={"shape_hello": dropping_extensions(SignatureAlgorithms)}).handshake()
    assert problem_of(joined.server.error) is Problem.NO_COMMON_SIGNATURE_SCHEME
    assert alert_received_by(joined.client.error) == AlertDescription.HANDSHAKE_FAILURE


def test_a_client_without_supported_groups_gets_a_curve_of_ours() -> None:
    seen: list[Any] = []
    server = AlteredServer(server_config(versions=(TLS12,)), collecting(seen))
    config = client_config(versions=(TLS12,), shape_hello=dropping_extensions(SupportedGroups))
    joined = Link(ClientConnection(config), server).handshake()
    # The server goes on (RFC 8422 4); our client, which listed none, holds it to that.
    assert any(isinstance(each, ServerHelloDone) for each in seen)
    assert problem_of(joined.client.error) is Problem.ILLEGAL_PARAMETER
