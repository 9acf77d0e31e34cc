"""What each end of TLS 1.2 refuses, clause by clause, and the alert it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from puressl.codes import AlertDescription, CipherSuite, NamedGroup, ProtocolVersion, SignatureScheme
from puressl.config import Verify
from puressl.connection import ClientConnection, ServerConnection
from puressl.errors import CertificateError, Problem, ProtocolError
from puressl.events import HandshakeCompleted, Sign
from puressl.wire import (
    ApplicationProtocols,
    Certificate12,
    CertificateRequest12,
    CertificateStatus12,
    CertificateVerify,
    ChangeCipherSpec,
    ClientHello,
    ClientKeyExchangeDHE,
    ClientKeyExchangeECDHE,
    ClientKeyExchangeRSA,
    ECPointFormats,
    EncryptThenMac,
    Finished,
    HelloRequest,
    NewSessionTicket12,
    RawExtension,
    RenegotiationInfo,
    ServerHello,
    ServerHelloDone,
    ServerKeyExchangeDHE,
    ServerKeyExchangeECDHE,
    SupportedGroups,
)

from support.altered import (
    Alter,
    AlteredClient,
    AlteredServer,
    changing,
    dropping,
    inserting,
    replacing,
    with_extension,
    without_extension,
)
from support.authority import issued
from support.configs import client_config, credential, server_config, trust
from support.link import End, Link

TLS12, TLS13 = ProtocolVersion.TLSv1_2, ProtocolVersion.TLSv1_3
ECDHE_ECDSA = CipherSuite.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
ECDHE_RSA = CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
DHE_RSA = CipherSuite.TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256
STATIC_RSA = CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256
A = AlertDescription


def against_server(
    alter: Alter, key_type: str = "p256", *, server: dict[str, Any] | None = None, **client: Any
) -> Link:
    """A sound client, an altered server."""
    suites = {"cipher_suites": client["cipher_suites"]} if "cipher_suites" in client else {}
    altered = AlteredServer(server_config(key_type, **{"versions": (TLS12,), **suites, **(server or {})}), alter)
    return Link(ClientConnection(client_config(key_type, **{"versions": (TLS12,), **client})), altered).handshake()


def against_client(
    alter: Alter, key_type: str = "p256", *, client: dict[str, Any] | None = None, **server: Any
) -> Link:
    """A sound server, an altered client."""
    suites = {"cipher_suites": server["cipher_suites"]} if "cipher_suites" in server else {}
    altered = AlteredClient(client_config(key_type, **{"versions": (TLS12,), **suites, **(client or {})}), alter)
    return Link(altered, ServerConnection(server_config(key_type, **{"versions": (TLS12,), **server}))).handshake()


def refused(judge: End, offender: End, problem: Problem, alert: AlertDescription) -> None:
    """The judge found the problem, the offender was told, and neither takes the handshake for complete."""
    assert isinstance(judge.error, ProtocolError), judge.error
    assert judge.error.problem is problem, judge.error
    assert isinstance(offender.error, ProtocolError), offender.error
    assert offender.error.received == alert, offender.error
    assert not judge.of(HandshakeCompleted)


def client_refuses(joined: Link, problem: Problem, alert: AlertDescription) -> None:
    refused(joined.client, joined.server, problem, alert)


def server_refuses(joined: Link, problem: Problem, alert: AlertDescription) -> None:
    refused(joined.server, joined.client, problem, alert)


# ServerHello ----------------------------------------------------------------------------------------------------------

SERVER_HELLOS: dict[str, tuple[dict[str, Any], Problem, AlertDescription]] = {
    "compression": ({"compression_method": 1}, Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER),
    "suite that was not offered": (
        {"cipher_suite": int(CipherSuite.TLS_RSA_WITH_AES_128_CBC_SHA)},
        Problem.ILLEGAL_PARAMETER,
        A.ILLEGAL_PARAMETER,
    ),
    "suite of TLS 1.3": (
        {"cipher_suite": int(CipherSuite.TLS_CHACHA20_POLY1305_SHA256)},
        Problem.ILLEGAL_PARAMETER,
        A.ILLEGAL_PARAMETER,
    ),
    "unknown suite": ({"cipher_suite": 0xFEFE}, Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER),
    "TLS 1.1": ({"legacy_version": 0x0302}, Problem.UNSUPPORTED_VERSION, A.PROTOCOL_VERSION),
    "version from nowhere": ({"legacy_version": 0x0305}, Problem.UNSUPPORTED_VERSION, A.PROTOCOL_VERSION),
}


@pytest.mark.parametrize("case", SERVER_HELLOS)
def test_client_refuses_a_server_hello_with(case: str) -> None:
    fields, problem, alert = SERVER_HELLOS[case]
    client_refuses(against_server(changing(ServerHello, **fields)), problem, alert)


#: What our own encoder would not write.
SMALL_LIMIT = RawExtension(28, (63).to_bytes(2, "big"))

EXTENSIONS: dict[str, tuple[Any, Problem, AlertDescription]] = {
    "alpn, unsolicited": (ApplicationProtocols((b"h2",)), Problem.UNSOLICITED_EXTENSION, A.UNSUPPORTED_EXTENSION),
    "unknown, unsolicited": (RawExtension(0x1234, b""), Problem.UNSOLICITED_EXTENSION, A.UNSUPPORTED_EXTENSION),
    "supported_groups": (
        RawExtension(10, bytes.fromhex("0002001d")),
        Problem.MISPLACED_EXTENSION,
        A.ILLEGAL_PARAMETER,
    ),
    "signature_algorithms": (
        RawExtension(13, bytes.fromhex("00020403")),
        Problem.MISPLACED_EXTENSION,
        A.ILLEGAL_PARAMETER,
    ),
    "encrypt_then_mac with an AEAD": (EncryptThenMac(), Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER),
    "session_ticket that is not empty": (RawExtension(35, b"x"), Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER),
    "renegotiation_info that is not empty": (
        RenegotiationInfo(bytes(24)),
        Problem.INSECURE_RENEGOTIATION,
        A.HANDSHAKE_FAILURE,
    ),
    "record_size_limit below 64": (SMALL_LIMIT, Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER),
    "ec_point_formats without uncompressed": (ECPointFormats(b"\1"), Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER),
}


@pytest.mark.parametrize("case", EXTENSIONS)
def test_client_refuses_a_server_hello_with_extension(case: str) -> None:
    extension, problem, alert = EXTENSIONS[case]
    client_refuses(against_server(changing(ServerHello, extensions=with_extension(extension))), problem, alert)


def test_client_demands_secure_renegotiation_unless_told_otherwise() -> None:
    old = changing(ServerHello, extensions=without_extension(RenegotiationInfo))
    client_refuses(against_server(old), Problem.INSECURE_RENEGOTIATION, A.HANDSHAKE_FAILURE)
    against_server(old, secure_renegotiate=False).raise_errors()


def test_client_refuses_a_protocol_it_did_not_offer() -> None:
    other = changing(ServerHello, extensions=with_extension(ApplicationProtocols((b"h3",))))
    joined = against_server(other, alpn=(b"h2",), server={"alpn": (b"h2",)})
    client_refuses(joined, Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER)


def test_client_refuses_the_echo_of_a_session_identifier_it_made_up() -> None:
    """RFC 8446 D.4: TLS 1.3's compatibility identifier names no session."""
    hellos: list[ClientHello] = []

    def echo(message: Any) -> tuple[Any]:
        return (replace(message, session_id=hellos[0].session_id) if isinstance(message, ServerHello) else message,)

    joined = against_server(echo, versions=(TLS13, TLS12), shape_hello=lambda hello: hellos.append(hello) or hello)
    client_refuses(joined, Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER)


def test_client_finds_the_downgrade_sentinel() -> None:
    both = (TLS13, TLS12)
    sentinel = changing(ServerHello, random=lambda random: random[:24] + b"DOWNGRD\1")
    client_refuses(against_server(sentinel, versions=both), Problem.DOWNGRADE_DETECTED, A.ILLEGAL_PARAMETER)


# Certificate and ServerKeyExchange ------------------------------------------------------------------------------------


def test_client_refuses_an_empty_certificate() -> None:
    joined = against_server(changing(Certificate12, certificates=()))
    client_refuses(joined, Problem.MALFORMED_MESSAGE, A.DECODE_ERROR)


def test_client_refuses_a_certificate_of_another_kind_than_the_suite() -> None:
    """RFC 5246 7.4.2."""
    other = changing(Certificate12, certificates=credential("p256").chain)
    joined = against_server(other, "rsa2048", verify=Verify.NONE, cipher_suites=(ECDHE_RSA,))
    client_refuses(joined, Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER)


def test_client_refuses_rsa_key_exchange_with_a_certificate_that_is_not_for_encipherment() -> None:
    """RFC 5246 7.4.2."""
    other = changing(Certificate12, certificates=issued("rsa").chain)
    joined = against_server(other, "rsa2048", verify=Verify.NONE, cipher_suites=(STATIC_RSA,))
    assert isinstance(joined.client.error, CertificateError)
    assert joined.client.error.problem is Problem.CERTIFICATE_USAGE
    assert joined.server.error.received == A.UNSUPPORTED_CERTIFICATE


def test_client_refuses_an_ecdsa_certificate_on_a_curve_it_did_not_list() -> None:
    """RFC 8422 5.1.1."""
    other = changing(Certificate12, certificates=credential("p384").chain)
    joined = against_server(other, verify=Verify.NONE, groups=(NamedGroup.X25519, NamedGroup.SECP256R1))
    client_refuses(joined, Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER)


def signing_anew(**fields: Any) -> Alter:
    """ServerKeyExchange with other parameters, and a signature that fits them."""
    randoms: list[bytes] = []
    key = credential("p256").key
    config = server_config()

    def alter(message: Any) -> tuple[Any]:
        if isinstance(message, ServerHello):
            randoms.append(message.random)
        if not isinstance(message, ServerKeyExchangeECDHE):
            return (message,)
        changed = replace(message, **fields)
        content = alter.client_random + randoms[0] + changed.params()  # type: ignore[attr-defined]
        signature = config.provider.sign(key, SignatureScheme.ECDSA_SECP256R1_SHA256, content, config.env)
        return (replace(changed, signature=signature),)

    return alter


def test_client_refuses_a_well_signed_curve_it_did_not_offer() -> None:
    """RFC 8422 5.4."""
    alter = signing_anew(group=int(NamedGroup.X448))

    def remember(hello: ClientHello) -> ClientHello:
        alter.client_random = hello.random  # type: ignore[attr-defined]
        return hello

    joined = against_server(alter, groups=(NamedGroup.X25519, NamedGroup.SECP256R1), shape_hello=remember)
    client_refuses(joined, Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER)


@pytest.mark.parametrize("group", [0x11EC, 256, 0x0A0A, 19])
def test_client_refuses_a_group_that_is_no_curve_of_tls12(group: int) -> None:
    alter = signing_anew(group=group)

    def remember(hello: ClientHello) -> ClientHello:
        alter.client_random = hello.random  # type: ignore[attr-defined]
        offered = SupportedGroups((*hello.extensions.get(SupportedGroups).groups, group))
        return replace(hello, extensions=with_extension(offered)(hello.extensions))

    client_refuses(against_server(alter, shape_hello=remember), Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER)


@pytest.mark.parametrize("group", [NamedGroup.X25519, NamedGroup.SECP256R1])
@pytest.mark.parametrize("point", [b"\0", bytes(32), b"\4" + bytes(64)], ids=["short", "zero", "off curve"])
def test_client_refuses_a_well_signed_point_that_is_none(group: NamedGroup, point: bytes) -> None:
    alter = signing_anew(group=int(group), point=point)

    def remember(hello: ClientHello) -> ClientHello:
        alter.client_random = hello.random  # type: ignore[attr-defined]
        return hello

    client_refuses(against_server(alter, shape_hello=remember), Problem.BAD_KEY_SHARE, A.ILLEGAL_PARAMETER)


@pytest.mark.parametrize(
    "change",
    [
        {"signature": lambda signature: signature[:-1] + bytes([signature[-1] ^ 1])},
        {"signature": b""},
        {"point": lambda point: point[:-1] + bytes([point[-1] ^ 1])},
    ],
    ids=["signature", "no signature", "point"],
)
def test_client_refuses_a_bad_signature(change: dict[str, Any]) -> None:
    joined = against_server(changing(ServerKeyExchangeECDHE, **change))
    client_refuses(joined, Problem.BAD_SIGNATURE, A.DECRYPT_ERROR)


def test_client_refuses_a_signature_over_other_randoms() -> None:
    """RFC 5246 7.4.3: the randoms are what binds the parameters to this handshake."""
    config = server_config()
    sign = {Sign: lambda need: config.provider.sign(need.credential.key, need.scheme, need.message[64:], config.env)}
    joined = against_server(lambda message: (message,), server={"resolvers": sign})
    client_refuses(joined, Problem.BAD_SIGNATURE, A.DECRYPT_ERROR)


@pytest.mark.parametrize("scheme", [SignatureScheme.ECDSA_SHA1, SignatureScheme.RSA_PSS_RSAE_SHA256, 0xFEFE])
def test_client_refuses_a_scheme_it_did_not_offer(scheme: int) -> None:
    joined = against_server(
        changing(ServerKeyExchangeECDHE, scheme=int(scheme)),
        signature_schemes=(SignatureScheme.ECDSA_SECP256R1_SHA256,),
    )
    client_refuses(joined, Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER)


def test_client_refuses_an_offered_scheme_that_does_not_fit_the_key() -> None:
    joined = against_server(changing(ServerKeyExchangeECDHE, scheme=int(SignatureScheme.RSA_PSS_RSAE_SHA256)))
    client_refuses(joined, Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER)


def dhe_with(**fields: Any) -> Link:
    """A client of DHE against a server that signs these parameters, without verification of randoms in the way."""
    key, config, randoms = credential("rsa2048").key, server_config("rsa2048"), []

    def alter(message: Any) -> tuple[Any]:
        if isinstance(message, ServerHello):
            randoms.append(message.random)
        if not isinstance(message, ServerKeyExchangeDHE):
            return (message,)
        made = {name: value(message) if callable(value) else value for name, value in fields.items()}
        changed = replace(message, scheme=int(SignatureScheme.RSA_PSS_RSAE_SHA256), **made)
        content = b"".join(randoms) + changed.params()
        return (replace(changed, signature=config.provider.sign(key, changed.scheme, content, config.env)),)

    def remember(hello: ClientHello) -> ClientHello:
        randoms.append(hello.random)
        return hello

    return against_server(alter, "rsa2048", cipher_suites=(DHE_RSA,), shape_hello=remember)


def number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


DHE: dict[str, tuple[dict[str, Any], Problem, AlertDescription]] = {
    "prime of 1024 bits": ({"p": number((1 << 1024) - 105)}, Problem.WEAK_KEY, A.INSUFFICIENT_SECURITY),
    "even prime": ({"p": number(1 << 2047)}, Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER),
    "generator 1": ({"g": b"\1"}, Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER),
    "y 0": ({"y": b"\0"}, Problem.BAD_DH_VALUE, A.HANDSHAKE_FAILURE),
    "y 1": ({"y": b"\1"}, Problem.BAD_DH_VALUE, A.HANDSHAKE_FAILURE),
    "y p-1": ({"y": lambda m: number(int.from_bytes(m.p, "big") - 1)}, Problem.BAD_DH_VALUE, A.HANDSHAKE_FAILURE),
    "y p": ({"y": lambda m: m.p}, Problem.BAD_DH_VALUE, A.HANDSHAKE_FAILURE),
    "y longer than p": ({"y": lambda m: b"\1" + m.p}, Problem.BAD_DH_VALUE, A.HANDSHAKE_FAILURE),
}


@pytest.mark.parametrize("case", DHE)
def test_client_refuses_dhe_with(case: str) -> None:
    """RFC 7919 3, 5.1."""
    fields, problem, alert = DHE[case]
    client_refuses(dhe_with(**fields), problem, alert)


def test_client_takes_a_dhe_value_with_leading_zeros() -> None:
    dhe_with(y=lambda message: b"\0\0" + message.y).raise_errors()


# Order ----------------------------------------------------------------------------------------------------------------

TICKET = NewSessionTicket12(60, b"ticket")
SERVER_ORDERS: dict[str, Alter] = {
    "ServerKeyExchange missing": dropping(ServerKeyExchangeECDHE),
    "Certificate missing": dropping(Certificate12),
    "ServerHelloDone before ServerKeyExchange": inserting(ServerKeyExchangeECDHE, ServerHelloDone()),
    "CertificateRequest before ServerKeyExchange": inserting(
        ServerKeyExchangeECDHE, CertificateRequest12(b"\1", (0x0403,), ())
    ),
    "two CertificateRequests": inserting(
        ServerHelloDone, CertificateRequest12(b"\1", (0x0403,), ()), CertificateRequest12(b"\1", (0x0403,), ())
    ),
    "CertificateStatus that was not offered": inserting(ServerKeyExchangeECDHE, CertificateStatus12(1, b"\0")),
    "second ServerHelloDone": inserting(ServerHelloDone, ServerHelloDone()),
    "second Certificate": inserting(ServerKeyExchangeECDHE, Certificate12((b"\0",))),
    "ticket that was not promised": inserting(ServerHelloDone, TICKET),
    "ChangeCipherSpec before Certificate": inserting(Certificate12, ChangeCipherSpec()),
    "ChangeCipherSpec before ServerHelloDone": inserting(ServerHelloDone, ChangeCipherSpec()),
    "Finished before ChangeCipherSpec": inserting(ChangeCipherSpec, Finished(bytes(12))),
    "ticket promised and missing": dropping(NewSessionTicket12),
    "ticket twice": inserting(NewSessionTicket12, TICKET),
    "ChangeCipherSpec missing": dropping(ChangeCipherSpec),
    "ChangeCipherSpec twice": inserting(Finished, ChangeCipherSpec()),
}


@pytest.mark.parametrize("case", SERVER_ORDERS)
def test_client_refuses_an_order_with(case: str) -> None:
    joined = against_server(SERVER_ORDERS[case])
    assert isinstance(joined.client.error, ProtocolError)
    # An encrypted record where a plain one is due, or the other way round, is not even readable.
    assert joined.client.error.problem in (Problem.UNEXPECTED_MESSAGE, Problem.BAD_RECORD_MAC)
    assert not joined.client.of(HandshakeCompleted)


CLIENT_ORDERS: dict[str, Alter] = {
    "ClientKeyExchange missing": dropping(ClientKeyExchangeECDHE),
    "Certificate that was not asked for": inserting(ClientKeyExchangeECDHE, Certificate12(())),
    "CertificateVerify without a certificate": inserting(ChangeCipherSpec, CertificateVerify(0x0403, b"\0")),
    "ClientKeyExchange twice": inserting(ChangeCipherSpec, ClientKeyExchangeECDHE(bytes(32))),
    "ChangeCipherSpec before ClientKeyExchange": inserting(ClientKeyExchangeECDHE, ChangeCipherSpec()),
    "ChangeCipherSpec missing": dropping(ChangeCipherSpec),
    "ChangeCipherSpec twice": inserting(Finished, ChangeCipherSpec()),
    "Finished before ChangeCipherSpec": inserting(ChangeCipherSpec, Finished(bytes(12))),
    "HelloRequest": inserting(ClientKeyExchangeECDHE, HelloRequest()),
}


@pytest.mark.parametrize("case", CLIENT_ORDERS)
def test_server_refuses_an_order_with(case: str) -> None:
    joined = against_client(CLIENT_ORDERS[case])
    assert isinstance(joined.server.error, ProtocolError)
    assert joined.server.error.problem in (Problem.UNEXPECTED_MESSAGE, Problem.BAD_RECORD_MAC)
    assert not joined.server.of(HandshakeCompleted)


def test_early_change_cipher_spec_is_refused_as_unexpected() -> None:
    """CVE-2014-0224: keys of an empty master secret must never be installed."""
    joined = against_client(inserting(ClientKeyExchangeECDHE, ChangeCipherSpec()))
    server_refuses(joined, Problem.UNEXPECTED_MESSAGE, A.UNEXPECTED_MESSAGE)
    joined = against_server(inserting(Certificate12, ChangeCipherSpec()))
    client_refuses(joined, Problem.UNEXPECTED_MESSAGE, A.UNEXPECTED_MESSAGE)


# Finished -------------------------------------------------------------------------------------------------------------


def flipped(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


@pytest.mark.parametrize(
    ("change", "problem", "alert"),
    [
        (flipped, Problem.BAD_FINISHED, A.DECRYPT_ERROR),
        (lambda data: data + b"\0", Problem.MALFORMED_MESSAGE, A.DECODE_ERROR),  # RFC 5246 7.4.9: twelve bytes
    ],
    ids=["flipped", "long"],
)
def test_a_wrong_finished_is_refused(change: Callable[[bytes], bytes], problem: Problem, alert: int) -> None:
    wrong = changing(Finished, verify_data=change)
    server_refuses(against_client(wrong), problem, alert)
    joined = against_server(wrong)
    assert isinstance(joined.client.error, ProtocolError)
    assert joined.client.error.problem is problem
    assert joined.server.error.received == alert


def test_a_random_changed_on_its_way_shows_at_the_signature() -> None:
    changed: list[bool] = []

    def alter(data: bytes) -> bytes:
        if changed or data[5] != 1:
            return data
        changed.append(True)
        return data[:20] + bytes([data[20] ^ 1]) + data[21:]  # one byte of ClientHello.random

    client, server = client_config(versions=(TLS12,)), server_config(versions=(TLS12,))
    joined = Link(ClientConnection(client), ServerConnection(server), to_server=alter).handshake()
    assert joined.client.error.problem is Problem.BAD_SIGNATURE
    assert not joined.is_complete()


# ClientHello and ClientKeyExchange ------------------------------------------------------------------------------------


def hello_with(**fields: Any) -> Alter:
    return changing(ClientHello, **fields)


def test_server_refuses_point_formats_without_uncompressed() -> None:
    """RFC 8422 5.1.2."""
    joined = against_client(hello_with(extensions=with_extension(ECPointFormats(b"\1"))))
    server_refuses(joined, Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER)


def test_server_refuses_a_record_size_limit_below_64() -> None:
    """RFC 8449 4."""
    joined = against_client(hello_with(extensions=with_extension(SMALL_LIMIT)))
    server_refuses(joined, Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER)


def test_server_without_a_common_curve_has_no_common_suite() -> None:
    joined = against_client(hello_with(extensions=with_extension(SupportedGroups((0x0A0A, 19)))))
    server_refuses(joined, Problem.NO_COMMON_CIPHER_SUITE, A.HANDSHAKE_FAILURE)


def test_server_refuses_a_client_that_speaks_only_tls11() -> None:
    joined = against_client(hello_with(legacy_version=0x0302))
    server_refuses(joined, Problem.UNSUPPORTED_VERSION, A.PROTOCOL_VERSION)


@pytest.mark.parametrize("point", [b"\0", bytes(32), bytes(33)])
def test_server_refuses_a_point_that_is_none(point: bytes) -> None:
    joined = against_client(replacing(ClientKeyExchangeECDHE, ClientKeyExchangeECDHE(point)))
    server_refuses(joined, Problem.BAD_KEY_SHARE, A.ILLEGAL_PARAMETER)


@pytest.mark.parametrize("value", [b"\0", b"\1", b"\xff" * 256, b"\1" + bytes(256)], ids=["0", "1", "big", "long"])
def test_server_refuses_a_dhe_value_out_of_range(value: bytes) -> None:
    joined = against_client(
        replacing(ClientKeyExchangeDHE, ClientKeyExchangeDHE(value)), "rsa2048", cipher_suites=(DHE_RSA,)
    )
    server_refuses(joined, Problem.BAD_DH_VALUE, A.HANDSHAKE_FAILURE)


@pytest.mark.parametrize(
    "change",
    [flipped, lambda data: data[:-1], lambda data: b"", lambda data: data + b"\0", lambda data: b"\xff" * len(data)],
    ids=["flipped", "short", "empty", "long", "beyond the modulus"],
)
def test_a_bad_encrypted_premaster_shows_only_at_finished(change: Callable[[bytes], bytes]) -> None:
    """RFC 5246 7.4.7.1: no oracle for Bleichenbacher. Whatever was wrong, a record does not open."""
    joined = against_client(changing(ClientKeyExchangeRSA, encrypted=change), "rsa2048", cipher_suites=(STATIC_RSA,))
    server_refuses(joined, Problem.BAD_RECORD_MAC, A.BAD_RECORD_MAC)
    assert joined.server.connection.state == "ServerWaitFinished12"


def test_a_premaster_of_another_version_shows_only_at_finished() -> None:
    """RFC 5246 7.4.7.1: the version is ClientHello's, so that a rollback is found."""
    joined = against_client(hello_with(legacy_version=0x0304), "rsa2048", cipher_suites=(STATIC_RSA,))
    assert joined.server.error.problem is Problem.BAD_RECORD_MAC


# The client's certificate ---------------------------------------------------------------------------------------------


def with_client_certificate(alter: Alter, **server: Any) -> Link:
    settings = {"verify": Verify.REQUIRED, "trust": trust(), **server}
    return against_client(alter, client={"credential": credential("p256", "client")}, **settings)


@pytest.mark.parametrize("signature", [flipped, b""], ids=["flipped", "empty"])
def test_server_refuses_a_bad_certificate_verify(signature: Any) -> None:
    joined = with_client_certificate(changing(CertificateVerify, signature=signature))
    server_refuses(joined, Problem.BAD_SIGNATURE, A.DECRYPT_ERROR)


def test_server_refuses_a_scheme_that_was_not_asked_for() -> None:
    joined = with_client_certificate(
        changing(CertificateVerify, algorithm=int(SignatureScheme.ECDSA_SHA1)),
    )
    server_refuses(joined, Problem.ILLEGAL_PARAMETER, A.ILLEGAL_PARAMETER)


def test_server_refuses_a_certificate_without_certificate_verify() -> None:
    """The certificate is public: without the signature anybody could present it."""
    joined = with_client_certificate(dropping(CertificateVerify))
    server_refuses(joined, Problem.UNEXPECTED_MESSAGE, A.UNEXPECTED_MESSAGE)


def test_server_refuses_no_certificate_message_where_one_was_asked_for() -> None:
    joined = with_client_certificate(dropping(Certificate12))
    server_refuses(joined, Problem.UNEXPECTED_MESSAGE, A.UNEXPECTED_MESSAGE)


def test_client_sends_an_empty_certificate_where_no_type_suits() -> None:
    asking = changing(CertificateRequest12, certificate_types=b"\2")  # dss_sign
    server = {"verify": Verify.PEER, "trust": trust()}
    joined = against_server(asking, credential=credential("p256", "client"), server=server).raise_errors()
    assert joined.server.connection.negotiated.peer_chain == ()
