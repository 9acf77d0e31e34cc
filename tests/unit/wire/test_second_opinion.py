"""tlslite-ng as a second opinion: it reads each message we write and writes the same; its numbers check ours.

What it cannot judge is in ``beyond_it``, with the reason. Extensions it has no class for pass through it as bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest
from tlslite import constants, extensions, messages
from tlslite.utils.codec import Parser

from puressl import codes, wire
from puressl.wire import Extensions

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "vectors" / "rfc8448.json"
TLS12 = (3, 3)
TLS13 = (3, 4)
HEADER = 4


def certificate_request(version: tuple[int, int]) -> Any:
    return messages.CertificateRequest(version)


READERS: Mapping[type[wire.HandshakeMessage], Callable[[Any], Any]] = {
    wire.ClientHello: lambda _: messages.ClientHello(),
    wire.ServerHello: lambda _: messages.ServerHello(),
    wire.EncryptedExtensions: lambda _: messages.EncryptedExtensions(),
    wire.CertificateRequest: lambda _: certificate_request(TLS13),
    wire.CertificateRequest12: lambda _: certificate_request(TLS12),
    wire.CertificateVerify: lambda _: messages.CertificateVerify(TLS13),
    wire.Finished: lambda ours: messages.Finished(
        TLS12 if len(ours.verify_data) == 12 else TLS13, hash_length=len(ours.verify_data)
    ),
    wire.NewSessionTicket: lambda _: messages.NewSessionTicket(),
    wire.NewSessionTicket12: lambda _: messages.NewSessionTicket1_0(),
    wire.KeyUpdate: lambda _: messages.KeyUpdate(),
    wire.HelloRequest: lambda _: messages.HelloRequest(),
    wire.ServerHelloDone: lambda _: messages.ServerHelloDone(),
    wire.ServerKeyExchangeECDHE: lambda _: messages.ServerKeyExchange(
        constants.CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS12
    ),
    wire.ServerKeyExchangeDHE: lambda _: messages.ServerKeyExchange(
        constants.CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, TLS12
    ),
    wire.ClientKeyExchangeRSA: lambda _: messages.ClientKeyExchange(
        constants.CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256, TLS12
    ),
    wire.ClientKeyExchangeDHE: lambda _: messages.ClientKeyExchange(
        constants.CipherSuite.TLS_DHE_RSA_WITH_AES_128_GCM_SHA256, TLS12
    ),
    wire.ClientKeyExchangeECDHE: lambda _: messages.ClientKeyExchange(
        constants.CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS12
    ),
    wire.CertificateStatus12: lambda _: messages.CertificateStatus(),
}


def beyond_it(message: wire.HandshakeMessage) -> str | None:
    """Why tlslite-ng cannot judge a message, or None."""
    if isinstance(message, (wire.Certificate, wire.Certificate12)):
        return "its Certificate demands real X.509"
    if type(message) not in READERS:
        return "it has no class for it"
    if isinstance(message, wire.ServerKeyExchangeDHE):
        return "it drops the leading zeros of a number" if message.p.startswith(b"\0") else None
    block: Extensions = getattr(message, "extensions", Extensions())
    request = block.get(wire.StatusRequest)
    if request is not None and (request.responder_ids or request.status_type != 1):
        return "it reads responder_id_list as its own structure"
    return None


def test_it_writes_what_it_read_from_us(message: wire.HandshakeMessage) -> None:
    reason = beyond_it(message)
    if reason:
        pytest.skip(reason)
    raw = wire.encode_handshake(message)
    theirs = READERS[type(message)](message).parse(Parser(raw[1:]))
    assert bytes(theirs.write()) == raw
    assert wire.decode_handshake(type(message), bytes(theirs.write())) == message


@pytest.mark.parametrize("alert", [wire.Alert(2, 40), wire.Alert(1, 0)])
def test_it_reads_our_alert(alert: wire.Alert) -> None:
    theirs = messages.Alert().parse(Parser(wire.encode(alert)))
    assert (theirs.level, theirs.description) == (alert.level, alert.description)
    assert bytes(theirs.write()) == wire.encode(alert)


def test_it_reads_our_change_cipher_spec() -> None:
    raw = wire.encode(wire.ChangeCipherSpec())
    assert messages.ChangeCipherSpec().parse(Parser(raw)).type == 1
    assert bytes(messages.ChangeCipherSpec().create().write()) == raw


@pytest.mark.parametrize("name", ["Simple_1RTT_Handshake", "Client_Authentication_Handshake"])
def test_it_finds_the_same_certificate(name: str) -> None:
    if not VECTORS.exists():
        pytest.skip(f"{VECTORS.name} is not in ../shared/vectors")
    raw = bytes.fromhex(json.loads(VECTORS.read_text())["handshakes"][name]["Message_Server_Certificate"])
    theirs = messages.Certificate(constants.CertificateType.x509, TLS13).parse(Parser(raw[1:]))
    ours = wire.decode_handshake(wire.Certificate, raw)
    assert [bytes(each.certificate.bytes) for each in theirs.certificate_list] == [
        entry.cert_data for entry in ours.entries
    ]
    chain = wire.Certificate12(tuple(entry.cert_data for entry in ours.entries) * 2)
    old = messages.Certificate(constants.CertificateType.x509, TLS12).parse(Parser(wire.encode_handshake(chain)[1:]))
    assert bytes(old.write()) == wire.encode_handshake(chain)


def test_we_read_a_client_hello_it_made() -> None:
    shares = [
        extensions.KeyShareEntry().create(constants.GroupName.x25519, bytearray(32)),
        extensions.KeyShareEntry().create(constants.GroupName.secp256r1, bytearray(65)),
    ]
    identity = extensions.PskIdentity().create(bytearray(b"ticket"), 12345)
    made = [
        extensions.SNIExtension().create(bytearray(b"a.example")),
        extensions.SupportedGroupsExtension().create([29, 23]),
        extensions.ECPointFormatsExtension().create([0]),
        extensions.SignatureAlgorithmsExtension().create([(8, 4), (4, 3)]),
        extensions.SignatureAlgorithmsCertExtension().create([(8, 4)]),
        extensions.ALPNExtension().create([bytearray(b"h2"), bytearray(b"http/1.1")]),
        extensions.SupportedVersionsExtension().create([TLS13, TLS12]),
        extensions.ClientKeyShareExtension().create(shares),
        extensions.PskKeyExchangeModesExtension().create([1]),
        extensions.CookieExtension().create(bytearray(b"cookie")),
        extensions.RecordSizeLimitExtension().create(4096),
        extensions.SessionTicketExtension().create(bytearray(b"old")),
        extensions.RenegotiationInfoExtension().create(bytearray()),
        extensions.CompressedCertificateExtension().create([1]),
        extensions.StatusRequestExtension().create(),
        extensions.PaddingExtension().create(9),
        extensions.TLSExtension().create(codes.ExtensionType.EXTENDED_MASTER_SECRET, bytearray()),
        extensions.TLSExtension().create(codes.ExtensionType.ENCRYPT_THEN_MAC, bytearray()),
        extensions.TLSExtension().create(codes.ExtensionType.POST_HANDSHAKE_AUTH, bytearray()),
        extensions.TLSExtension().create(codes.ExtensionType.EARLY_DATA, bytearray()),
        extensions.PreSharedKeyExtension().create([identity], [bytearray(32)]),
    ]
    theirs = messages.ClientHello().create(
        TLS12, bytearray(range(32)), bytearray(32), [0x1301, 0xC02F], extensions=made
    )
    raw = bytes(theirs.write())
    ours = wire.decode_handshake(wire.ClientHello, raw)
    assert ours.random == bytes(range(32))
    assert ours.cipher_suites == (0x1301, 0xC02F)
    assert tuple(ours.extensions) == (
        wire.ServerNameOffer("a.example"),
        wire.SupportedGroups((29, 23)),
        wire.ECPointFormats((0,)),
        wire.SignatureAlgorithms((0x0804, 0x0403)),
        wire.SignatureAlgorithmsCert((0x0804,)),
        wire.ApplicationProtocols((b"h2", b"http/1.1")),
        wire.SupportedVersionsOffer((0x0304, 0x0303)),
        wire.KeyShareOffer((wire.KeyShareEntry(29, bytes(32)), wire.KeyShareEntry(23, bytes(65)))),
        wire.PskKeyExchangeModes((1,)),
        wire.Cookie(b"cookie"),
        wire.RecordSizeLimit(4096),
        wire.SessionTicket(b"old"),
        wire.RenegotiationInfo(),
        wire.CompressCertificate((1,)),
        wire.StatusRequest(),
        wire.Padding(9),
        wire.ExtendedMasterSecret(),
        wire.EncryptThenMac(),
        wire.PostHandshakeAuth(),
        wire.EarlyData(),
        wire.PreSharedKeyOffer((wire.PskIdentity(b"ticket", 12345),), (bytes(32),)),
    )
    assert wire.encode_handshake(ours) == raw
    assert bytes(theirs.psk_truncate()) == raw[: -wire.binders_length(ours)]


def test_we_read_a_server_hello_and_a_retry_it_made() -> None:
    share = extensions.KeyShareEntry().create(constants.GroupName.x25519, bytearray(32))
    version = extensions.SrvSupportedVersionsExtension().create(TLS13)
    answer = [extensions.ServerKeyShareExtension().create(share), version]
    answer.append(extensions.SrvPreSharedKeyExtension().create(1))
    raw = messages.ServerHello().create(TLS12, bytearray(32), bytearray(5), 0x1301, extensions=answer).write()
    ours = wire.decode_handshake(wire.ServerHello, bytes(raw))
    assert tuple(ours.extensions) == (
        wire.KeyShareServer(wire.KeyShareEntry(29, bytes(32))),
        wire.SelectedVersion(0x0304),
        wire.PreSharedKeySelected(1),
    )
    retry = [extensions.HRRKeyShareExtension().create(23), version]
    raw = messages.ServerHello().create(TLS12, constants.TLS_1_3_HRR, bytearray(), 0x1301, extensions=retry).write()
    ours = wire.decode_handshake(wire.ServerHello, bytes(raw))
    assert ours.is_retry
    assert tuple(ours.extensions) == (wire.KeyShareRetry(23), wire.SelectedVersion(0x0304))


def test_we_read_other_messages_it_made() -> None:
    suite = constants.CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
    ticket = messages.NewSessionTicket().create(7200, 99, bytearray(b"n"), bytearray(b"t"), [])
    assert wire.decode_handshake(wire.NewSessionTicket, bytes(ticket.write())) == wire.NewSessionTicket(
        7200, 99, b"n", b"t"
    )
    exchange = messages.ServerKeyExchange(suite, TLS12).createECDH(3, named_curve=29, point=bytearray(32))
    exchange.hashAlg, exchange.signAlg, exchange.signature = 8, 4, bytearray(b"sig")
    ours = wire.decode_handshake(wire.ServerKeyExchangeECDHE, bytes(exchange.write()))
    assert ours == wire.ServerKeyExchangeECDHE(29, bytes(32), 0x0804, b"sig")
    assert ours.params() == bytes(exchange.writeParams())
    verify = messages.CertificateVerify(TLS13).create(bytearray(b"sig"), (8, 7))
    assert wire.decode_handshake(wire.CertificateVerify, bytes(verify.write())) == wire.CertificateVerify(
        0x0807, b"sig"
    )
    request = messages.CertificateRequest(TLS12).create([1, 64], [bytearray(b"name")], [(4, 1), (4, 3)])
    assert wire.decode_handshake(wire.CertificateRequest12, bytes(request.write())) == wire.CertificateRequest12(
        b"\1\x40", (0x0401, 0x0403), (b"name",)
    )


# Its names where they differ from ours.
_RENAMED = {
    "APPLICATION_LAYER_PROTOCOL_NEGOTIATION": "alpn",
    "PADDING": "client_hello_padding",
}
REGISTRIES: Mapping[type[IntEnum], Any] = {
    codes.HandshakeType: constants.HandshakeType,
    codes.ContentType: constants.ContentType,
    codes.AlertLevel: constants.AlertLevel,
    codes.AlertDescription: constants.AlertDescription,
    codes.ExtensionType: constants.ExtensionType,
    codes.NamedGroup: constants.GroupName,
    codes.SignatureScheme: constants.SignatureScheme,
    codes.CipherSuite: constants.CipherSuite,
    codes.PskKeyExchangeMode: constants.PskKeyExchangeMode,
    codes.ECCurveType: constants.ECCurveType,
    codes.ECPointFormat: constants.ECPointFormat,
    codes.CertificateStatusType: constants.CertificateStatusType,
    codes.ClientCertificateType: constants.ClientCertificateType,
    codes.NameType: constants.NameType,
}
#: What it has no number for.
UNKNOWN_TO_IT = {
    *("USE_SRTP", "SIGNED_CERTIFICATE_TIMESTAMP", "CLIENT_CERTIFICATE_TYPE", "SERVER_CERTIFICATE_TYPE"),
    *("CERTIFICATE_AUTHORITIES", "OID_FILTERS", "ECH_REQUIRED"),
}


def numbers(registry: Any) -> dict[str, int]:
    found = {}
    for name, value in vars(registry).items():
        if isinstance(value, tuple) and len(value) == 2 and all(isinstance(each, int) for each in value):
            found[name.lower()] = value[0] << 8 | value[1]
        elif isinstance(value, int):
            found[name.lower()] = value
    return found


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param(member, numbers(registry), id=f"{kind.__name__}.{member.name}")
        for kind, registry in REGISTRIES.items()
        for member in kind
        if member.name not in UNKNOWN_TO_IT
    ],
)
def test_its_numbers_are_ours(ours: IntEnum, theirs: dict[str, int]) -> None:
    name = _RENAMED.get(ours.name, ours.name).lower()
    assert theirs[name] == int(ours)


def test_its_sentinels_are_ours() -> None:
    assert bytes(constants.TLS_1_3_HRR) == wire.HELLO_RETRY_RANDOM
    assert bytes(constants.TLS_1_2_DOWNGRADE_SENTINEL) == wire.DOWNGRADE_TLS12
    assert bytes(constants.TLS_1_1_DOWNGRADE_SENTINEL) == wire.DOWNGRADE_TLS11
