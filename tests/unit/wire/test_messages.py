"""Handshake messages: whole, cut at every length, with bytes behind, changed at random, and as RFC 8448 prints them."""

from __future__ import annotations

import json
import pickle
import random
import zlib
from pathlib import Path
from typing import Any

import pytest

from puressl import wire
from puressl.codes import AlertDescription, HandshakeType
from puressl.errors import Problem, ProtocolError, SSLError
from puressl.wire.messages import HEADER_LENGTH

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "vectors" / "rfc8448.json"

MUTATIONS_PER_SAMPLE = 40

RECORD_HEADER = 5


def public(base: type[Any]) -> list[type[Any]]:
    """The classes of the package that derive from ``base``, by name."""
    found = [cls for cls in vars(wire).values() if isinstance(cls, type) and issubclass(cls, base) and cls is not base]
    return sorted(found, key=lambda cls: cls.__name__)


def test_every_message_class_has_a_sample(pytestconfig: pytest.Config) -> None:
    samples = next(p for p in pytestconfig.pluginmanager.get_plugins() if hasattr(p, "CARRIED"))
    assert {type(message) for message in samples.MESSAGES} == set(public(wire.HandshakeMessage))
    assert {type(body) for body in samples.BODIES} == set(public(wire.ExtensionBody))


def test_decodes_to_what_was_encoded(message: wire.HandshakeMessage) -> None:
    raw = wire.encode_handshake(message)
    assert wire.decode_handshake(type(message), raw) == message
    assert wire.decode_handshake(type(message), bytearray(raw)) == message
    assert wire.decode_handshake(type(message), memoryview(raw)) == message


def test_messages_are_values(message: wire.HandshakeMessage) -> None:
    again = wire.decode_handshake(type(message), wire.encode_handshake(message))
    assert hash(again) == hash(message)
    assert pickle.loads(pickle.dumps(message)) == message
    with pytest.raises((AttributeError, TypeError)):
        message.extensions = None  # type: ignore[attr-defined]


def test_refuses_to_end_early_at_any_length(message: wire.HandshakeMessage) -> None:
    raw = wire.encode_handshake(message)
    for length in range(len(raw)):
        with pytest.raises(ProtocolError) as caught:
            wire.decode_handshake(type(message), raw[:length])
        assert caught.value.alert is AlertDescription.DECODE_ERROR


def test_refuses_a_body_cut_at_any_length_or_reads_just_that(structure: wire.Structure) -> None:
    """A body whose last part is optional or unbounded may be a whole one again: then it says exactly those bytes."""
    raw = wire.encode(structure)
    for length in range(len(raw)):
        try:
            shorter = wire.decode(type(structure), raw[:length])
        except ProtocolError:
            continue
        assert wire.encode(shorter) == raw[:length]


def test_refuses_a_byte_behind_the_message(message: wire.HandshakeMessage) -> None:
    with pytest.raises(ProtocolError) as caught:
        wire.decode_handshake(type(message), wire.encode_handshake(message) + b"\0")
    assert caught.value.problem is Problem.TRAILING_BYTES


def test_refuses_a_byte_more_in_the_body(bounded_message: wire.HandshakeMessage) -> None:
    with pytest.raises(ProtocolError) as caught:
        wire.decode(type(bounded_message), wire.encode(bounded_message) + b"\0")
    assert caught.value.alert is AlertDescription.DECODE_ERROR


def test_refuses_a_byte_more_in_a_record_content(content: wire.Structure) -> None:
    with pytest.raises(ProtocolError) as caught:
        wire.decode(type(content), wire.encode(content) + b"\0")
    assert caught.value.problem is Problem.TRAILING_BYTES


def mutated(raw: bytes, dice: random.Random) -> bytes:
    data = bytearray(raw)
    for _ in range(dice.randint(1, 3)):
        at = dice.randrange(len(data) + 1)
        kind = dice.randrange(4)
        if kind == 0:
            data[at:at] = dice.randbytes(dice.randint(1, 4))
        elif kind == 1:
            del data[at : at + dice.randint(1, 4)]
        elif at < len(data):
            data[at] = dice.choice((0, 1, 255, data[at] ^ 1, data[at] ^ 0x80, dice.randrange(256)))
    return bytes(data)


def test_random_changes_raise_only_protocol_errors(structure: wire.Structure) -> None:
    raw = wire.encode(structure)
    dice = random.Random(zlib.crc32(repr(structure).encode()))
    for _ in range(MUTATIONS_PER_SAMPLE):
        changed = mutated(raw, dice)
        try:
            value = wire.decode(type(structure), changed)
        except ProtocolError:
            continue
        # What is accepted can be written, and says the same.
        assert wire.decode(type(structure), wire.encode(value)) == value


def test_random_headers_raise_only_protocol_errors(message: wire.HandshakeMessage) -> None:
    raw = wire.encode_handshake(message)
    dice = random.Random(len(raw))
    for _ in range(10):
        try:
            wire.decode_handshake(type(message), dice.randbytes(dice.randint(1, 4)) + raw[dice.randint(0, 4) :])
        except ProtocolError:
            continue


def test_refuses_another_message_than_expected() -> None:
    raw = wire.encode_handshake(wire.KeyUpdate(0))
    with pytest.raises(ProtocolError, match="Finished expected, key_update received") as caught:
        wire.decode_handshake(wire.Finished, raw)
    assert caught.value.problem is Problem.UNEXPECTED_MESSAGE


@pytest.mark.parametrize("cls", public(wire.HandshakeMessage))
def test_every_message_has_a_size_limit(cls: type[wire.HandshakeMessage]) -> None:
    limit = wire.MAX_BODY[cls.handshake_type]
    raw = bytes((cls.handshake_type,)) + (limit + 1).to_bytes(3, "big") + bytes(limit + 1)
    with pytest.raises(ProtocolError) as caught:
        wire.decode_handshake(cls, raw)
    assert caught.value.problem is Problem.MESSAGE_TOO_LARGE


def test_size_limits_name_every_type_but_the_synthetic_one() -> None:
    assert set(wire.MAX_BODY) == set(HandshakeType) - {HandshakeType.MESSAGE_HASH}


def test_complaint_names_the_field_and_the_byte() -> None:
    raw = bytearray(wire.encode_handshake(wire.ClientHello(0x303, bytes(32), b"", (1, 2), b"\0", wire.Extensions())))
    raw[HEADER_LENGTH + 36] = 3  # the low byte of the length of cipher_suites
    with pytest.raises(ProtocolError) as caught:
        wire.decode_handshake(wire.ClientHello, bytes(raw))
    assert "ClientHello.cipher_suites: length 3 is not a multiple of 2 (at byte 39)" in str(caught.value)


def test_empty_extension_block_of_a_hello_is_read_and_written_as_absent() -> None:
    bare = wire.ClientHello(0x0303, bytes(32), b"", (0x2F,), b"\0", wire.Extensions())
    assert wire.decode(wire.ClientHello, wire.encode(bare) + b"\0\0") == bare
    assert len(wire.encode(bare)) == 2 + 32 + 1 + 4 + 2


@pytest.mark.parametrize(("low", "cls"), [(11, wire.Finished), (65, wire.Finished)])
def test_finished_of_impossible_length_is_refused(low: int, cls: type[wire.Finished]) -> None:
    with pytest.raises(ProtocolError):
        wire.decode(cls, bytes(low))


def test_key_update_of_another_value_is_illegal() -> None:
    """RFC 8446 4.6.3."""
    with pytest.raises(ProtocolError) as caught:
        wire.decode(wire.KeyUpdate, b"\2")
    assert caught.value.alert is AlertDescription.ILLEGAL_PARAMETER


@pytest.mark.parametrize("curve_type", [0, 1, 2, 4, 255])
def test_server_key_exchange_without_a_named_curve_is_illegal(curve_type: int) -> None:
    raw = wire.encode(wire.ServerKeyExchangeECDHE(29, bytes(32), 0x0403, b"s"))
    with pytest.raises(ProtocolError) as caught:
        wire.decode(wire.ServerKeyExchangeECDHE, bytes((curve_type,)) + raw[1:])
    assert caught.value.alert is AlertDescription.ILLEGAL_PARAMETER


def test_signed_params_are_the_bytes_before_the_scheme() -> None:
    on_curve = wire.ServerKeyExchangeECDHE(29, bytes(32), 0x0403, b"signature")
    assert on_curve.params() == b"\3\0\x1d\x20" + bytes(32)
    in_field = wire.ServerKeyExchangeDHE(b"\0p", b"\2", b"\0\0y", 0x0403, b"signature")
    assert in_field.params() == b"\0\2\0p\0\1\2\0\3\0\0y"
    for message in (on_curve, in_field):
        assert wire.encode(message).startswith(message.params())
    with pytest.raises(SSLError):
        wire.ServerKeyExchangeECDHE(29, b"", 0x0403, b"").params()


def test_server_hello_knows_retry_and_version() -> None:
    block = wire.Extensions((wire.SelectedVersion(0x0304),))
    hello = wire.ServerHello(0x0303, bytes(32), b"", 0x1301, 0, block)
    assert (hello.is_retry, hello.selected_version) == (False, 0x0304)
    retry = wire.ServerHello(0x0303, wire.HELLO_RETRY_RANDOM, b"", 0x1301, 0, block)
    assert (retry.is_retry, retry.selected_version) == (True, 0x0304)
    old = wire.ServerHello(0x0302, bytes(32), b"", 0x2F, 0, wire.Extensions())
    assert (old.is_retry, old.selected_version) == (False, 0x0302)


def test_binders_stand_at_the_end() -> None:
    binders = (bytes([1]) * 32, bytes([2]) * 48)
    offer = wire.PreSharedKeyOffer((wire.PskIdentity(b"a", 0), wire.PskIdentity(b"b", 0)), binders)
    hello = wire.ClientHello(0x0303, bytes(32), b"", (0x1301,), b"\0", wire.Extensions((offer,)))
    length = wire.binders_length(hello)
    tail = b"".join(bytes((len(binder),)) + binder for binder in binders)
    assert wire.encode_handshake(hello)[-length:] == len(tail).to_bytes(2, "big") + tail
    assert wire.binders_length(wire.ClientHello(0x0303, bytes(32), b"", (1,), b"\0", wire.Extensions())) == 0


RFC8448_CLASSES: dict[str, type[wire.HandshakeMessage]] = {
    "Message_ServerHello": wire.ServerHello,
    "Message_EncryptedExtensions": wire.EncryptedExtensions,
    "Message_CertificateRequest": wire.CertificateRequest,
    "Message_Server_Certificate": wire.Certificate,
    "Message_Server_CertificateVerify": wire.CertificateVerify,
    "Message_Server_Finished": wire.Finished,
    "Record_ClientHello_1": wire.ClientHello,
    "Record_ClientHello_2": wire.ClientHello,
    "Record_ServerHello": wire.ServerHello,
    "Record_HelloRetryRequest": wire.ServerHello,
}


def rfc8448() -> list[Any]:
    if not VECTORS.exists():
        return [pytest.param("", "", marks=pytest.mark.skip(f"{VECTORS.name} is not in ../shared/vectors"))]
    handshakes = json.loads(VECTORS.read_text())["handshakes"]
    return [
        pytest.param(field, text, id=f"{name}-{field}")
        for name, fields in handshakes.items()
        for field, text in fields.items()
        if field in RFC8448_CLASSES
    ]


@pytest.mark.parametrize(("field", "text"), rfc8448())
def test_rfc8448_messages_come_out_as_they_went_in(field: str, text: str) -> None:
    raw = bytes.fromhex(text)[RECORD_HEADER if field.startswith("Record") else 0 :]
    # A record may hold the beginning of what follows its message.
    raw = raw[: HEADER_LENGTH + int.from_bytes(raw[1:HEADER_LENGTH], "big")]
    message, spans = wire.decode_handshake_with_spans(RFC8448_CLASSES[field], raw)
    assert wire.encode_handshake(message) == raw
    assert spans[0].end == len(raw)
