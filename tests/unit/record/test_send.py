"""From messages to records: coalescing, fragmenting, order, and changes of keys."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from puressl.codes import CipherSuite, ContentType, ProtocolVersion
from puressl.crypto.schedule12 import key_block
from puressl.crypto.schedule13 import TrafficSecret
from puressl.crypto.suites import AES_GCM_RECORD_LIMIT, SUITES
from puressl.env import SeededEnv
from puressl.errors import Problem, ProtocolError
from puressl.record.protect import MAX_RECORDS, PLAINTEXT, Protection, Tls12Aead, Tls12Cbc, Tls13
from puressl.record.send import KEY_UPDATE_MARGIN, RecordSender
from puressl.wire.record import HEADER_LENGTH, MAX_PLAINTEXT, RecordHeader

CCS, ALERT, HANDSHAKE, DATA = ContentType


def keys_13(secret: bytes = b"t" * 32, suite: CipherSuite = CipherSuite.TLS_CHACHA20_POLY1305_SHA256) -> Tls13:
    return Tls13(TrafficSecret(SUITES[suite], secret))


def keys_12() -> Tls12Aead:
    suite = SUITES[CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256]
    return Tls12Aead(key_block(suite, b"m" * 48, b"c" * 32, b"s" * 32, False).client)


def keys_cbc() -> Tls12Cbc:
    suite = SUITES[CipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA]
    return Tls12Cbc(key_block(suite, b"m" * 48, b"c" * 32, b"s" * 32, True).client, SeededEnv(b"cbc", 0.0))


def split(stream: bytes) -> list[tuple[RecordHeader, bytes]]:
    records = []
    while stream:
        header = RecordHeader.decode(stream[:HEADER_LENGTH])
        end = HEADER_LENGTH + header.length
        assert end <= len(stream)
        records.append((header, stream[HEADER_LENGTH:end]))
        stream = stream[end:]
    return records


def opened(stream: bytes, opener: Protection = PLAINTEXT) -> list[tuple[int, bytes]]:
    return [opener.open(header, fragment) for header, fragment in split(stream)]


def sender_under(protection: Protection) -> RecordSender:
    sender = RecordSender()
    sender.install(protection)
    return sender


def test_nothing_sent_is_nothing_to_take() -> None:
    sender = RecordSender()
    assert sender.take() == b""
    sender.send(HANDSHAKE, b"message")
    assert sender.take() != b""
    assert sender.take() == b""


def test_handshake_messages_of_one_epoch_share_a_record() -> None:
    sender = RecordSender()
    for content in (b"one", b"two", b"three"):
        sender.send(HANDSHAKE, content)
    assert sender.take() == b"\x16\x03\x03\x00\x0bonetwothree"


def test_a_change_of_keys_falls_on_a_record_boundary() -> None:
    sender = RecordSender()
    sender.send(HANDSHAKE, b"server hello")
    sender.install(keys_13())
    sender.send(HANDSHAKE, b"encrypted extensions")
    sender.send(HANDSHAKE, b"finished")
    sender.install(keys_13(b"u" * 32))
    sender.send(DATA, b"data")
    first, second, third = split(sender.take())
    assert PLAINTEXT.open(*first) == (HANDSHAKE, b"server hello")
    assert keys_13().open(*second) == (HANDSHAKE, b"encrypted extensionsfinished")
    assert keys_13(b"u" * 32).open(*third) == (DATA, b"data")


@pytest.mark.parametrize("make", [keys_12, keys_13])
def test_order_is_kept_across_content_types(make: Callable[[], Protection]) -> None:
    sender = sender_under(make())
    sent = [(HANDSHAKE, b"m1"), (DATA, b"d1"), (HANDSHAKE, b"m2"), (ALERT, b"\1\0"), (DATA, b"d2")]
    for content_type, content in sent:
        sender.send(content_type, content)
    assert opened(sender.take(), make()) == sent


@pytest.mark.parametrize("make", [keys_12, keys_13])
@pytest.mark.parametrize("length", [1, MAX_PLAINTEXT - 1, MAX_PLAINTEXT, MAX_PLAINTEXT + 1, 3 * MAX_PLAINTEXT])
def test_data_is_cut_at_the_limit(make: Callable[[], Protection], length: int) -> None:
    sender = sender_under(make())
    data = (bytes(range(251)) * (length // 251 + 1))[:length]
    sender.send(DATA, data)
    contents = [content for _, content in opened(sender.take(), make())]
    assert b"".join(contents) == data
    assert {len(content) for content in contents[:-1]} <= {MAX_PLAINTEXT}
    assert len(contents) == -(-length // MAX_PLAINTEXT)


@pytest.mark.parametrize("length", [1, 1024, 1025, 5 * 1024])
def test_data_under_cbc_is_cut_into_records_that_are_sealed_side_by_side(length: int) -> None:
    sender = sender_under(keys_cbc())
    data = (bytes(range(251)) * (length // 251 + 1))[:length]
    sender.send(DATA, data)
    contents = [content for _, content in opened(sender.take(), keys_cbc())]
    assert b"".join(contents) == data
    assert {len(content) for content in contents[:-1]} <= {Tls12Cbc.max_content}
    assert len(contents) == -(-length // Tls12Cbc.max_content)


def test_a_large_handshake_flight_is_cut_at_the_limit() -> None:
    sender = RecordSender()
    sender.send(HANDSHAKE, b"a" * MAX_PLAINTEXT)
    sender.send(HANDSHAKE, b"b")
    assert [header.length for header, _ in split(sender.take())] == [MAX_PLAINTEXT, 1]


def test_no_data_is_no_record() -> None:
    sender = sender_under(keys_13())
    sender.send(DATA, b"")
    assert sender.take() == b""


@pytest.mark.parametrize("make", [keys_12, keys_13])
def test_record_size_limit_bounds_protected_records_only(make: Callable[[], Protection]) -> None:
    sender = RecordSender()
    sender.limit_plaintext(63)
    sender.send(HANDSHAKE, b"m" * 200)
    assert [header.length for header, _ in split(sender.take())] == [200]
    sender.install(make())
    sender.send(HANDSHAKE, b"m" * 100)
    sender.send(DATA, b"d" * 127)
    lengths = [len(content) for _, content in opened(sender.take(), make())]
    assert lengths == [63, 37, 63, 63, 1]


def test_a_limit_above_the_protocols_changes_nothing() -> None:
    sender = sender_under(keys_13())
    sender.limit_plaintext(1 << 16)
    sender.send(DATA, b"d" * (MAX_PLAINTEXT + 1))
    assert [len(content) for _, content in opened(sender.take(), keys_13())] == [MAX_PLAINTEXT, 1]


@pytest.mark.parametrize("limit", [0, 1, 62])
def test_a_limit_too_small_for_any_record_size_limit_is_refused(limit: int) -> None:
    with pytest.raises(ProtocolError) as caught:
        RecordSender().limit_plaintext(limit)
    assert caught.value.problem is Problem.ILLEGAL_PARAMETER


def test_record_version_applies_to_what_is_sent_after_it_is_set() -> None:
    sender = RecordSender()
    sender.record_version = ProtocolVersion.TLSv1_0
    sender.send(HANDSHAKE, b"client hello")
    sender.record_version = ProtocolVersion.TLSv1_2
    sender.send(CCS, b"\1")
    assert [header.version for header, _ in split(sender.take())] == [0x0301, 0x0303]
    assert sender.record_version == 0x0303


def test_change_cipher_spec_stays_unprotected_under_tls13() -> None:
    sender = sender_under(keys_13())
    sender.send(CCS, b"\1")
    assert sender.take() == b"\x14\x03\x03\x00\x01\x01"


def test_application_data_before_keys_is_never_written() -> None:
    sender = RecordSender()
    with pytest.raises(ProtocolError):
        sender.send(DATA, b"secret")
    assert sender.take() == b""


def test_key_update_is_due_before_the_limit_and_data_refused_at_it() -> None:
    protection = keys_13(suite=CipherSuite.TLS_AES_128_GCM_SHA256)
    sender = sender_under(protection)
    assert not sender.needs_key_update
    protection.sequence = AES_GCM_RECORD_LIMIT - KEY_UPDATE_MARGIN - 1
    assert not sender.needs_key_update
    sender.send(DATA, b"d")
    assert sender.needs_key_update
    protection.sequence = AES_GCM_RECORD_LIMIT - 2
    sender.take()
    with pytest.raises(ProtocolError) as caught:
        sender.send(DATA, b"d" * (2 * MAX_PLAINTEXT + 1))
    assert caught.value.problem is Problem.SEQUENCE_EXHAUSTED
    assert sender.take() == b""
    sender.send(DATA, b"d" * 2 * MAX_PLAINTEXT)
    with pytest.raises(ProtocolError):
        sender.send(DATA, b"d")
    sender.send(HANDSHAKE, b"key update")
    sender.send(ALERT, b"\1\0")
    assert len(split(sender.take())) == 4
    sender.install(keys_13())
    assert not sender.needs_key_update
    sender.send(DATA, b"d")


def test_no_record_follows_the_last_sequence_number() -> None:
    protection = keys_13()
    sender = sender_under(protection)
    protection.sequence = MAX_RECORDS
    with pytest.raises(ProtocolError) as caught:
        sender.send(ALERT, b"\1\0")
    assert caught.value.problem is Problem.SEQUENCE_EXHAUSTED
