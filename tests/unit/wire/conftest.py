"""Samples: at least one message of every class, and every extension in every message it may stand in."""

from __future__ import annotations

import pytest

from puressl import wire
from puressl.codes import CertificateStatusType, SignatureScheme
from puressl.wire import Context, Extensions, RawExtension
from puressl.wire.extensions import TABLE

RANDOM = bytes(range(32))
BINDER = bytes(32)
SHARE = wire.KeyShareEntry(29, bytes(range(32)))

#: A body of every extension class: the minimal one and one with more in it.
BODIES: tuple[wire.ExtensionBody, ...] = (
    wire.ServerNameOffer("a.example"),
    wire.ServerNameOffer("x" * 255),
    wire.ServerNameAck(),
    wire.MaxFragmentLength(1),
    wire.MaxFragmentLength(4),
    wire.StatusRequest(),
    wire.StatusRequest(1, b"\0\1r", b"ext"),
    wire.StatusRequest(9, b"whatever this is"),
    wire.StatusRequestAck(),
    wire.CertificateStatusEntry(1, b"response"),
    wire.SupportedGroups((0x2A2A, 29, 23, 0x11EC)),
    wire.ECPointFormats((0, 1)),
    wire.SignatureAlgorithms((0x0804, 0x0403)),
    wire.SignatureAlgorithmsCert((0x0804,)),
    wire.ApplicationProtocols((b"h2",)),
    wire.ApplicationProtocols((b"h2", b"http/1.1", b"\xff" * 255)),
    wire.SignedCertificateTimestamps(),
    wire.SignedCertificateTimestamps((b"one", b"two")),
    wire.Padding(0),
    wire.Padding(17),
    wire.EncryptThenMac(),
    wire.ExtendedMasterSecret(),
    wire.CompressCertificate((1, 2)),
    wire.RecordSizeLimit(64),
    wire.RecordSizeLimit(0xFFFF),
    wire.SessionTicket(),
    wire.SessionTicket(b"ticket"),
    wire.PreSharedKeyOffer((wire.PskIdentity(b"t", 0xFFFFFFFF),), (BINDER,)),
    wire.PreSharedKeyOffer((wire.PskIdentity(b"t", 1), wire.PskIdentity(b"uvw", 0)), (BINDER, bytes(48))),
    wire.PreSharedKeySelected(1),
    wire.EarlyData(),
    wire.EarlyDataLimit(16384),
    wire.SupportedVersionsOffer((0x7A7A, 0x0304, 0x0303)),
    wire.SelectedVersion(0x0304),
    wire.Cookie(b"c"),
    wire.Cookie(b"c" * 500),
    wire.PskKeyExchangeModes((1, 0, 0x0B)),
    wire.CertificateAuthorities((b"0\0", b"name")),
    wire.OidFilters(()),
    wire.OidFilters((wire.OidFilter(b"\x06\x01\x2a", b""), wire.OidFilter(b"o", b"values"))),
    wire.PostHandshakeAuth(),
    wire.KeyShareOffer(()),
    wire.KeyShareOffer((wire.KeyShareEntry(0x1A1A, b"\0"), SHARE)),
    wire.KeyShareServer(SHARE),
    wire.KeyShareRetry(23),
    wire.RenegotiationInfo(),
    wire.RenegotiationInfo(bytes(24)),
)


def client_hello(*extensions: wire.Extension) -> wire.ClientHello:
    return wire.ClientHello(0x0303, RANDOM, bytes(32), (0x1301, 0x1303), b"\0", Extensions(extensions))


def server_hello(*extensions: wire.Extension, random: bytes = RANDOM) -> wire.ServerHello:
    return wire.ServerHello(0x0303, random, b"", 0x1301, 0, Extensions(extensions))


def message_with(context: Context, *extensions: wire.Extension) -> wire.HandshakeMessage:
    """The message of ``context`` that carries just these extensions."""
    block = Extensions(extensions)
    version = wire.SelectedVersion(0x0304)
    if context is Context.CLIENT_HELLO:
        return client_hello(*extensions)
    if context is Context.SERVER_HELLO:
        return server_hello(*extensions) if version.extension_type in block else server_hello(version, *extensions)
    if context is Context.SERVER_HELLO_12:
        return server_hello(*extensions)
    if context is Context.HELLO_RETRY_REQUEST:
        return server_hello(*extensions, random=wire.HELLO_RETRY_RANDOM)
    if context is Context.ENCRYPTED_EXTENSIONS:
        return wire.EncryptedExtensions(block)
    if context is Context.CERTIFICATE:
        return wire.Certificate(b"", (wire.CertificateEntry(b"der", block),))
    if context is Context.CERTIFICATE_REQUEST:
        return wire.CertificateRequest(b"", block)
    return wire.NewSessionTicket(7200, 0, b"\0", b"ticket", block)


MESSAGES: tuple[wire.HandshakeMessage, ...] = (
    client_hello(),
    wire.ClientHello(0, RANDOM, b"", (0x0A0A,), b"\1\0", Extensions((RawExtension(0x3A3A, b""),))),
    client_hello(
        RawExtension(0x0A0A, b""),
        wire.ServerNameOffer("a.example"),
        wire.SupportedGroups((29,)),
        wire.KeyShareOffer((SHARE,)),
        wire.SupportedVersionsOffer((0x0304,)),
        RawExtension(0xFAFA, b"\0"),
        wire.PreSharedKeyOffer((wire.PskIdentity(b"ticket", 5),), (BINDER,)),
    ),
    server_hello(),
    server_hello(wire.RenegotiationInfo(), wire.ExtendedMasterSecret(), wire.ApplicationProtocols((b"h2",))),
    server_hello(wire.KeyShareServer(SHARE), wire.SelectedVersion(0x0304)),
    server_hello(wire.SelectedVersion(0x0304), wire.KeyShareRetry(23), random=wire.HELLO_RETRY_RANDOM),
    wire.EncryptedExtensions(Extensions()),
    wire.EncryptedExtensions(Extensions((wire.ServerNameAck(), wire.ApplicationProtocols((b"h2",))))),
    wire.Certificate(b"", ()),
    wire.Certificate(
        b"context",
        (
            wire.CertificateEntry(b"leaf", Extensions((wire.CertificateStatusEntry(1, b"ocsp"),))),
            wire.CertificateEntry(b"issuer"),
        ),
    ),
    wire.CertificateRequest(b"", Extensions((wire.SignatureAlgorithms((0x0804,)),))),
    wire.CertificateVerify(SignatureScheme.ED25519, bytes(64)),
    wire.CertificateVerify(0x0403, b""),
    wire.Finished(bytes(12)),
    wire.Finished(bytes(32)),
    wire.Finished(bytes(48)),
    wire.NewSessionTicket(604800, 0xFFFFFFFF, b"", b"t"),
    wire.NewSessionTicket(1, 2, b"nonce", b"ticket", Extensions((wire.EarlyDataLimit(1), RawExtension(0x4A4A, b"x")))),
    wire.KeyUpdate(0),
    wire.KeyUpdate(1),
    wire.EndOfEarlyData(),
    wire.HelloRequest(),
    wire.Certificate12(()),
    wire.Certificate12((b"leaf", b"issuer")),
    wire.CertificateRequest12(b"\1\x40", (0x0401, 0x0403), ()),
    wire.CertificateRequest12(b"\1", (0x0401,), (b"0\0", b"name")),
    wire.ServerKeyExchangeECDHE(29, bytes(32), 0x0403, b"signature"),
    wire.ServerKeyExchangeDHE(b"\0p", b"\2", b"public", 0x0804, b"signature"),
    wire.ServerHelloDone(),
    wire.ClientKeyExchangeRSA(bytes(256)),
    wire.ClientKeyExchangeDHE(b"public"),
    wire.ClientKeyExchangeECDHE(b"\4point"),
    wire.NewSessionTicket12(300, b"ticket"),
    wire.NewSessionTicket12(0, b""),
    wire.CertificateStatus12(1, b"response"),
)

#: Every extension body in every message where it may stand.
CARRIED: tuple[wire.HandshakeMessage, ...] = tuple(
    message_with(context, body)
    for context in Context
    for body in BODIES
    if (row := TABLE[context].get(body.extension_type)) is not None
    and row.cls is type(body)
    and not (row.rule and row.rule(body))
)

CONTENTS: tuple[wire.Structure, ...] = (wire.Alert(2, 40), wire.Alert(0, 255), wire.ChangeCipherSpec())


def _fills_its_extension(body: wire.ExtensionBody) -> bool:
    """Whether a body has no end but that of its extension, so that a byte behind it is one more byte of it."""
    if isinstance(body, wire.StatusRequest):
        return body.status_type != CertificateStatusType.OCSP
    return isinstance(body, (wire.SessionTicket, wire.Padding))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``message``: handshake messages. ``structure``: those and all else. ``bounded_…``: those that know their end."""
    samples: dict[str, tuple[wire.Structure, ...]] = {
        "message": MESSAGES + CARRIED,
        "structure": MESSAGES + CARRIED + BODIES + CONTENTS,
        "content": CONTENTS,
        "bounded_message": tuple(each for each in MESSAGES + CARRIED if not isinstance(each, wire.Finished)),
        "bounded_body": tuple(each for each in BODIES if not _fills_its_extension(each)),
    }
    for name, values in samples.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, values, ids=[f"{type(value).__name__}{i}" for i, value in enumerate(values)])


@pytest.fixture
def carry() -> object:
    """The function from a context and extensions to a message."""
    return message_with
