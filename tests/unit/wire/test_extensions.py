"""Extension blocks: duplicates, misplaced, unknown and GREASE extensions, and the container."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from puressl import wire
from puressl.codes import AlertDescription, ExtensionType, is_grease
from puressl.errors import Problem, ProtocolError, Reason, SSLError
from puressl.wire import Context, Extensions, RawExtension
from puressl.wire.extensions import KNOWN_TYPES, ROWS, TABLE

Carry = Callable[..., wire.HandshakeMessage]

GREASE = [value for value in range(0x10000) if is_grease(value)]
UNKNOWN = 0x1234
NEVER_TYPED = sorted(set(ExtensionType) - KNOWN_TYPES)


def raw_block(*extensions: tuple[int, bytes]) -> bytes:
    content = b"".join(kind.to_bytes(2, "big") + len(body).to_bytes(2, "big") + body for kind, body in extensions)
    return len(content).to_bytes(2, "big") + content


def with_block(block: bytes) -> bytes:
    """EncryptedExtensions, which is nothing but a block."""
    return block


def client_hello_with(block: bytes) -> bytes:
    return wire.encode(wire.ClientHello(0x0303, bytes(32), b"", (0x1301,), b"\0", Extensions())) + block


@pytest.mark.parametrize("context", Context)
def test_unknown_extension_stays_as_it_is(context: Context, carry: Carry) -> None:
    extension = RawExtension(UNKNOWN, b"whatever")
    message = carry(context, extension)
    assert wire.decode_handshake(type(message), wire.encode_handshake(message)) == message


@pytest.mark.parametrize("value", GREASE)
def test_grease_is_tolerated_everywhere_in_a_client_hello(value: int) -> None:
    """RFC 8701 3.1: in suites, extensions, groups, shares, schemes, versions, protocols and modes."""
    low = value & 0xFF
    block = Extensions(
        (
            RawExtension(value, b""),
            wire.SupportedGroups((value, 29)),
            wire.SignatureAlgorithms((value, 0x0403)),
            wire.ApplicationProtocols((value.to_bytes(2, "big"), b"h2")),
            wire.SupportedVersionsOffer((value, 0x0304)),
            wire.PskKeyExchangeModes((low, 1)),
            wire.KeyShareOffer((wire.KeyShareEntry(value, b"\0"), wire.KeyShareEntry(29, bytes(32)))),
        )
    )
    hello = wire.ClientHello(0x0303, bytes(32), b"", (value, 0x1301), b"\0", block)
    assert wire.decode_handshake(wire.ClientHello, wire.encode_handshake(hello)) == hello


SINGLES = [
    *[(context, RawExtension(kind, b"x")) for context in Context for kind in (UNKNOWN, 0x0A0A)],
    (Context.CLIENT_HELLO, wire.SupportedVersionsOffer((0x0304,))),
    (Context.SERVER_HELLO, wire.SelectedVersion(0x0304)),
    (Context.SERVER_HELLO_12, wire.ExtendedMasterSecret()),
    (Context.HELLO_RETRY_REQUEST, wire.Cookie(b"c")),
    (Context.ENCRYPTED_EXTENSIONS, wire.ServerNameAck()),
    (Context.CERTIFICATE, wire.CertificateStatusEntry(1, b"r")),
    (Context.CERTIFICATE_REQUEST, wire.SignatureAlgorithms((0x0403,))),
    (Context.NEW_SESSION_TICKET, wire.EarlyDataLimit(1)),
]


@pytest.mark.parametrize(("context", "single"), SINGLES)
def test_duplicate_extension_is_illegal(context: Context, single: wire.Extension, carry: Carry) -> None:
    """RFC 8446 4.2. The second one is refused whatever is in it."""
    message = carry(context, single, RawExtension(0x5678, b""))
    # Rename the second so that its type is the first's.
    raw = wire.encode_handshake(message).replace(b"\x56\x78", single.extension_type.to_bytes(2, "big"))
    with pytest.raises(ProtocolError) as caught:
        wire.decode_handshake(type(message), raw)
    assert caught.value.problem is Problem.DUPLICATE_EXTENSION
    assert caught.value.alert is AlertDescription.ILLEGAL_PARAMETER


def misplaced() -> list[Any]:
    return [
        pytest.param(context, kind, id=f"{context.value}-{ExtensionType(kind).name}")
        for context in Context
        for kind in sorted(KNOWN_TYPES - set(TABLE[context]))
        if context is not Context.SERVER_HELLO_12
    ]


@pytest.mark.parametrize(("context", "kind"), misplaced())
def test_known_extension_in_another_message_is_illegal(context: Context, kind: int, carry: Carry) -> None:
    """RFC 8446 4.2."""
    message = carry(context, RawExtension(kind, b""))
    with pytest.raises(ProtocolError) as caught:
        wire.decode_handshake(type(message), wire.encode_handshake(message))
    assert caught.value.problem is Problem.MISPLACED_EXTENSION
    assert caught.value.alert is AlertDescription.ILLEGAL_PARAMETER


@pytest.mark.parametrize("kind", sorted(KNOWN_TYPES - set(TABLE[Context.SERVER_HELLO_12]) - {43}))
def test_server_hello_of_tls12_keeps_what_is_not_for_it(kind: int, carry: Carry) -> None:
    """There the handshake refuses what was not offered, with another alert (RFC 5246 7.4.1.4)."""
    message = carry(Context.SERVER_HELLO_12, RawExtension(kind, b"x"))
    assert wire.decode_handshake(wire.ServerHello, wire.encode_handshake(message)) == message


@pytest.mark.parametrize("context", Context)
@pytest.mark.parametrize("kind", NEVER_TYPED)
def test_registered_extension_without_a_class_stays_raw(context: Context, kind: int, carry: Carry) -> None:
    message = carry(context, RawExtension(kind, b"body"))
    assert wire.decode_handshake(type(message), wire.encode_handshake(message)) == message


def test_pre_shared_key_must_be_last() -> None:
    """RFC 8446 4.2.11."""
    offer = wire.PreSharedKeyOffer((wire.PskIdentity(b"t", 0),), (bytes(32),))
    raw = client_hello_with(raw_block((41, wire.encode(offer)), (UNKNOWN, b"")))
    with pytest.raises(ProtocolError) as caught:
        wire.decode(wire.ClientHello, raw)
    assert caught.value.problem is Problem.ILLEGAL_PARAMETER
    hello = wire.ClientHello(0x0303, bytes(32), b"", (0x1301,), b"\0", Extensions((offer, RawExtension(UNKNOWN, b""))))
    with pytest.raises(SSLError, match="must be the last") as refused:
        wire.encode(hello)
    assert refused.value.reason is Reason.EINVAL


def test_pre_shared_key_need_not_be_last_in_server_hello() -> None:
    block = Extensions((wire.PreSharedKeySelected(0), wire.SelectedVersion(0x0304)))
    hello = wire.ServerHello(0x0303, bytes(32), b"", 0x1301, 0, block)
    assert wire.decode(wire.ServerHello, wire.encode(hello)) == hello


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"\0",
        b"\0\1",
        b"\0\1\0",
        b"\0\3\0\0\0",
        b"\0\4\0\0\0\1",
        b"\0\5\0\0\0\2\0",
        b"\0\0\0",
        raw_block((UNKNOWN, b"x")) + b"\0",
        raw_block((UNKNOWN, b"x"))[:-1],
    ],
)
def test_malformed_block_is_refused(block: bytes) -> None:
    with pytest.raises(ProtocolError) as caught:
        wire.decode(wire.EncryptedExtensions, with_block(block))
    assert caught.value.alert is AlertDescription.DECODE_ERROR


def test_every_body_refuses_a_byte_behind_it(bounded_body: wire.ExtensionBody) -> None:
    with pytest.raises(ProtocolError) as caught:
        wire.decode(type(bounded_body), wire.encode(bounded_body) + b"\0")
    assert caught.value.alert is AlertDescription.DECODE_ERROR


def test_byte_behind_a_body_inside_a_message_is_refused() -> None:
    raw = client_hello_with(raw_block((ExtensionType.EXTENDED_MASTER_SECRET, b"\0")))
    with pytest.raises(
        ProtocolError, match=r"ClientHello\.extensions\.extended_master_secret: 1 bytes follow"
    ) as caught:
        wire.decode(wire.ClientHello, raw)
    assert caught.value.problem is Problem.TRAILING_BYTES


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.cls.__name__)
def test_answers_follow_their_rules(row: Any) -> None:
    assert row.extension_type in KNOWN_TYPES
    assert row.contexts
    for context in row.contexts:
        assert TABLE[context][row.extension_type] is row, "two rows for one place"


@pytest.mark.parametrize(
    ("context", "answer"),
    [
        (Context.ENCRYPTED_EXTENSIONS, wire.ApplicationProtocols((b"h2", b"h3"))),  # RFC 7301 3.1
        (Context.SERVER_HELLO_12, wire.ApplicationProtocols((b"h2", b"h3"))),
        (Context.CLIENT_HELLO, wire.SignedCertificateTimestamps((b"x",))),  # RFC 6962 3.3.1
        (Context.CERTIFICATE, wire.SignedCertificateTimestamps()),
        (Context.SERVER_HELLO_12, wire.SessionTicket(b"x")),  # RFC 5077 3.2
    ],
)
def test_body_that_breaks_a_rule_of_its_message_is_illegal(
    context: Context, answer: wire.ExtensionBody, carry: Carry
) -> None:
    message = carry(context, RawExtension(answer.extension_type, wire.encode(answer)))
    with pytest.raises(ProtocolError) as caught:
        wire.decode_handshake(type(message), wire.encode_handshake(message))
    assert caught.value.problem is Problem.ILLEGAL_PARAMETER
    with pytest.raises(SSLError) as refused:
        wire.encode(carry(context, answer))
    assert refused.value.reason is Reason.EINVAL


def test_typed_body_in_a_message_it_is_not_for_is_not_written(carry: Carry) -> None:
    for context, body in [
        (Context.ENCRYPTED_EXTENSIONS, wire.ServerNameOffer("a")),
        (Context.CLIENT_HELLO, wire.ServerNameAck()),
        (Context.SERVER_HELLO, wire.Cookie(b"c")),
        (Context.NEW_SESSION_TICKET, wire.EarlyData()),
    ]:
        with pytest.raises(SSLError, match="is not for") as caught:
            wire.encode(carry(context, body))
        assert caught.value.reason is Reason.EINVAL


@pytest.mark.parametrize(
    "block",
    [
        (RawExtension(1000, b""), RawExtension(1000, b"")),
        (RawExtension(0x10000, b""),),
        (RawExtension(-1, b""),),
        (RawExtension(1000, bytes(0x10000)),),
        (RawExtension(1000, bytes(0xFFFF)),),
    ],
)
def test_block_that_does_not_fit_is_not_written(block: tuple[RawExtension, ...]) -> None:
    with pytest.raises(SSLError) as caught:
        wire.encode(wire.EncryptedExtensions(Extensions(block)))
    assert caught.value.reason is Reason.EINVAL


def test_container_is_an_immutable_ordered_value() -> None:
    name = wire.ServerNameOffer("a.example")
    raw = RawExtension(UNKNOWN, b"x")
    block = Extensions((name, raw))
    assert block.get(wire.ServerNameOffer) is name
    assert block.get(wire.ServerNameAck) is None
    assert block.get(wire.Cookie) is None
    assert block.types() == (0, UNKNOWN)
    assert list(block) == [name, raw]
    assert len(block) == 2
    assert ExtensionType.SERVER_NAME in block
    assert ExtensionType.COOKIE not in block
    assert block == Extensions([name, raw])
    assert block != Extensions((raw, name))
    assert block != (name, raw)
    assert len({block, Extensions((name, raw))}) == 1
    assert "a.example" in repr(block)
    with pytest.raises(AttributeError):
        block.other = 1  # type: ignore[attr-defined]
    with pytest.raises(AttributeError):
        del block._items
