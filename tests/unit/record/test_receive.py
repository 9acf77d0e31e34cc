"""From bytes to messages: framing, reassembly, limits, keys, refused early data, and no exception but ours."""

from __future__ import annotations

import random
import time
import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest

from puressl.codes import AlertDescription, CipherSuite, ContentType, HandshakeType, ProtocolVersion
from puressl.crypto.schedule12 import key_block
from puressl.crypto.schedule13 import TrafficSecret
from puressl.crypto.suites import SUITES
from puressl.env import SeededEnv
from puressl.errors import Problem, ProtocolError
from puressl.record.protect import Protection, Tls12Aead, Tls13, protection
from puressl.record.receive import (
    MAX_AHEAD,
    MAX_CHANGE_CIPHER_SPECS,
    MAX_EMPTY_RECORDS,
    AlertRecord,
    ApplicationDataReceived,
    ChangeCipherSpecReceived,
    EndOfFile,
    HandshakeReceived,
    Incoming,
    RecordReceiver,
)
from puressl.wire.messages import MAX_BODY
from puressl.wire.record import MAX_CIPHERTEXT, MAX_CIPHERTEXT_12, MAX_PLAINTEXT, RecordHeader

CCS, ALERT, HANDSHAKE, DATA = ContentType
TLS12 = ProtocolVersion.TLSv1_2


def record(content_type: int, content: bytes, version: int = TLS12) -> bytes:
    return RecordHeader(content_type, version, len(content)).encode() + content


def message(length: int = 0, message_type: int = HandshakeType.CERTIFICATE) -> bytes:
    body = (bytes(range(256)) * (length // 256 + 1))[:length]
    return bytes((message_type,)) + length.to_bytes(3, "big") + body


def keys_13(secret: bytes = b"t" * 32) -> Tls13:
    return Tls13(TrafficSecret(SUITES[CipherSuite.TLS_CHACHA20_POLY1305_SHA256], secret))


def keys_12() -> Tls12Aead:
    suite = SUITES[CipherSuite.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256]
    return Tls12Aead(key_block(suite, b"m" * 48, b"c" * 32, b"s" * 32, False).client)


def under(make: Callable[[], Protection]) -> tuple[RecordReceiver, Protection]:
    """A receiver under some keys, and what seals for it."""
    receiver = RecordReceiver()
    receiver.install(make())
    return receiver, make()


def drain(receiver: RecordReceiver) -> list[Incoming]:
    return list(iter(receiver.next, None))


def received(receiver: RecordReceiver, data: bytes) -> list[Incoming]:
    receiver.feed(data)
    return drain(receiver)


def problem(receiver: RecordReceiver, data: bytes = b"") -> Problem:
    if data:
        receiver.feed(data)
    with pytest.raises(ProtocolError) as caught:
        drain(receiver)
    return caught.value.problem


def outcome(receiver: RecordReceiver, pieces: Iterable[bytes]) -> tuple[list[Incoming], Problem | None]:
    """Everything ``next`` gives, and the problem it ends with, if any."""
    found: list[Incoming] = []
    try:
        for piece in pieces:
            receiver.feed(piece)
            while (incoming := receiver.next()) is not None:
                found.append(incoming)
    except ProtocolError as error:
        return found, error.problem
    return found, None


# --- in pieces ---

PLAIN_STREAMS = {
    "one message": record(HANDSHAKE, message(50)),
    "coalesced": record(HANDSHAKE, message(3) + message(0, HandshakeType.SERVER_HELLO_DONE) + message(9)),
    "fragmented": b"".join(record(HANDSHAKE, message(9)[place : place + 1]) for place in range(13)),
    "coalesced and fragmented": record(HANDSHAKE, message(5) + message(20)[:2]) + record(HANDSHAKE, message(20)[2:]),
    "alert": record(HANDSHAKE, message(1)) + record(ALERT, b"\2\x28"),
    "change_cipher_spec": record(CCS, b"\1") + record(HANDSHAKE, message(1)),
    "interleaved": record(HANDSHAKE, message(5)[:3]) + record(CCS, b"\1"),
    "no TLS": record(HANDSHAKE, message(2)) + b"GET / HTTP/1.1\r\n\r\n",
    "too large": record(HANDSHAKE, message(2) + b"\x14\xff\xff\xff"),
    "record too long": record(ALERT, b"\1\0") + b"\x16\x03\x03\x40\x01",
    "empty": b"",
}


@pytest.mark.parametrize("stream", PLAIN_STREAMS.values(), ids=PLAIN_STREAMS)
def test_pieces_of_any_size_give_the_same_as_the_whole(stream: bytes) -> None:
    whole = outcome(RecordReceiver(), [stream, b""] if stream else [b""])
    for size in (1, 2, 3, 5, 7, 16):
        pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
        assert outcome(RecordReceiver(), [*pieces, b""]) == whole


@pytest.mark.parametrize("make", [keys_12, keys_13])
def test_protected_pieces_give_the_same_as_the_whole(make: Callable[[], Protection]) -> None:
    receiver, sealer = under(make)
    contents = [
        (HANDSHAKE, message(30)[:10]),
        (HANDSHAKE, message(30)[10:]),
        (DATA, b"data"),
        (DATA, b""),
        (ALERT, b"\1\0"),
    ]
    stream = b"".join(sealer.seal(content_type, content, TLS12) for content_type, content in contents)
    whole = outcome(receiver, [stream, b""])
    assert whole[0] == [
        HandshakeReceived(message(30)),
        ApplicationDataReceived(b"data"),
        ApplicationDataReceived(b""),
        AlertRecord(1, 0),
        EndOfFile(clean=True),
    ]
    single = [stream[place : place + 1] for place in range(len(stream))]
    assert outcome(under(make)[0], [*single, b""]) == whole


class Watched:
    """A protection that notes how many records were decrypted ahead each time."""

    def __init__(self, protection: Protection) -> None:
        self._protection = protection
        self.ahead: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._protection, name)

    def decrypt_ahead(self, records: Sequence[tuple[RecordHeader, bytes]]) -> None:
        self.ahead.append(len(records))
        self._protection.decrypt_ahead(records)


@pytest.mark.parametrize("make", [keys_12, keys_13])
def test_data_after_data_is_decrypted_together(make: Callable[[], Protection]) -> None:
    receiver, watched, sealer = RecordReceiver(), Watched(make()), make()
    receiver.install(watched)
    contents = [bytes([number]) * 20 for number in range(MAX_AHEAD + 3)]
    stream = b"".join(sealer.seal_all(DATA, contents, TLS12))
    assert received(receiver, stream) == [ApplicationDataReceived(content) for content in contents]
    assert watched.ahead == [MAX_AHEAD, 2]  # the first came alone: what follows it was not known


@pytest.mark.parametrize("make", [keys_12, keys_13])
def test_a_bad_record_decrypted_ahead_waits_for_its_turn(make: Callable[[], Protection]) -> None:
    receiver, sealer = under(make)
    records = sealer.seal_all(DATA, [b"first", b"second", b"third", b"fourth"], TLS12)
    records[2] = records[2][:-1] + bytes([records[2][-1] ^ 1])
    receiver.feed(b"".join(records))
    assert [receiver.next(), receiver.next()] == [ApplicationDataReceived(b"first"), ApplicationDataReceived(b"second")]
    assert problem(receiver, b"") is Problem.BAD_RECORD_MAC


def test_what_was_decrypted_ahead_is_dropped_with_its_keys() -> None:
    receiver, sealer = under(keys_13)
    receiver.feed(b"".join(sealer.seal_all(DATA, [b"first", b"second", b"third"], TLS12)))
    assert [receiver.next(), receiver.next()] == [ApplicationDataReceived(b"first"), ApplicationDataReceived(b"second")]
    receiver.install(keys_13(b"n" * 32))
    assert problem(receiver, b"") is Problem.BAD_RECORD_MAC


def test_records_decrypted_ahead_are_still_unread_bytes() -> None:
    receiver, sealer = under(keys_13)
    records = sealer.seal_all(DATA, [b"first", b"second", b"third"], TLS12)
    receiver.feed(b"".join(records))
    assert [receiver.next(), receiver.next()] == [ApplicationDataReceived(b"first"), ApplicationDataReceived(b"second")]
    assert receiver.take_unread() == records[2]


@pytest.mark.parametrize("stream", PLAIN_STREAMS.values(), ids=PLAIN_STREAMS)
def test_every_truncation_gives_a_prefix_and_then_end_of_file(stream: bytes) -> None:
    whole, _ = outcome(RecordReceiver(), [stream])
    for length in range(1, len(stream)):
        found, failed = outcome(RecordReceiver(), [stream[:length], b""])
        if failed is None:
            end = found.pop()
            assert isinstance(end, EndOfFile)
        assert found == whole[: len(found)]


def _seconds(stream: bytes, piece: int) -> float:
    receiver = RecordReceiver()
    began = time.process_time()
    for start in range(0, len(stream), piece):
        received(receiver, stream[start : start + piece])
    return time.process_time() - began


@pytest.mark.parametrize(
    ("unit", "piece"),
    [(record(HANDSHAKE, message(0, HandshakeType.SERVER_HELLO_DONE)), 1 << 30), (record(HANDSHAKE, message(16000)), 1)],
    ids=["a backlog of small records", "large records byte by byte"],
)
def test_time_grows_with_the_bytes_and_not_with_their_square(unit: bytes, piece: int) -> None:
    small, large = unit * (36_000 // len(unit)), unit * (576_000 // len(unit))
    fastest = min(_seconds(small, piece) for _ in range(3))
    assert _seconds(large, piece) < 64 * fastest  # 18 times the bytes at most; their square would be 324


# --- handshake messages ---


@pytest.mark.parametrize("length", [0, 1, MAX_PLAINTEXT - 4, MAX_PLAINTEXT - 3, 3 * MAX_PLAINTEXT])
def test_a_message_is_collected_from_as_many_records_as_it_spans(length: int) -> None:
    whole = message(length)
    stream = b"".join(
        record(HANDSHAKE, whole[start : start + MAX_PLAINTEXT]) for start in range(0, len(whole), MAX_PLAINTEXT)
    )
    assert received(RecordReceiver(), stream) == [HandshakeReceived(whole)]


@pytest.mark.parametrize("message_type", MAX_BODY)
def test_a_message_above_its_limit_is_refused_by_its_header(message_type: int) -> None:
    limit = MAX_BODY[message_type]
    over = bytes((message_type,)) + (limit + 1).to_bytes(3, "big")
    assert problem(RecordReceiver(), record(HANDSHAKE, over)) is Problem.MESSAGE_TOO_LARGE
    exact = bytes((message_type,)) + limit.to_bytes(3, "big")
    assert received(RecordReceiver(), record(HANDSHAKE, exact)) == ([] if limit else [HandshakeReceived(exact)])


@pytest.mark.parametrize("message_type", sorted(set(range(256)) - set(MAX_BODY))[::9])
def test_an_unknown_handshake_type_is_refused_by_its_header(message_type: int) -> None:
    assert problem(RecordReceiver(), record(HANDSHAKE, message(0, message_type))) is Problem.UNEXPECTED_MESSAGE


@pytest.mark.parametrize("other", [record(CCS, b"\1"), record(ALERT, b"\1\0")])
@pytest.mark.parametrize("cut", [1, 3, 4, 8])
def test_nothing_may_come_between_the_fragments_of_a_message(other: bytes, cut: int) -> None:
    assert problem(RecordReceiver(), record(HANDSHAKE, message(5)[:cut]) + other) is Problem.INTERLEAVED_HANDSHAKE


@pytest.mark.parametrize("make", [keys_12, keys_13])
def test_no_protected_data_may_come_between_the_fragments_either(make: Callable[[], Protection]) -> None:
    receiver, sealer = under(make)
    stream = sealer.seal(HANDSHAKE, message(5)[:6], TLS12) + sealer.seal(DATA, b"data", TLS12)
    assert problem(receiver, stream) is Problem.INTERLEAVED_HANDSHAKE


@pytest.mark.parametrize("cut", [1, 4, 8])
def test_keys_may_not_change_inside_a_message(cut: int) -> None:
    receiver = RecordReceiver()
    assert received(receiver, record(HANDSHAKE, message(2) + message(5)[:cut])) == [HandshakeReceived(message(2))]
    with pytest.raises(ProtocolError) as caught:
        receiver.install(keys_13())
    assert caught.value.problem is Problem.KEY_CHANGE_INSIDE_MESSAGE
    assert caught.value.alert is AlertDescription.UNEXPECTED_MESSAGE


def test_keys_may_not_change_before_an_unread_coalesced_message() -> None:
    receiver = RecordReceiver()
    receiver.feed(record(HANDSHAKE, message(2) + message(3)))
    assert receiver.next() == HandshakeReceived(message(2))
    with pytest.raises(ProtocolError) as caught:
        receiver.install(keys_13())
    assert caught.value.problem is Problem.KEY_CHANGE_INSIDE_MESSAGE


def test_keys_may_change_while_later_records_wait() -> None:
    receiver, sealer = RecordReceiver(), keys_13()
    receiver.feed(record(HANDSHAKE, message(2)) + sealer.seal(HANDSHAKE, message(3), TLS12))
    assert receiver.next() == HandshakeReceived(message(2))
    receiver.install(keys_13())
    assert drain(receiver) == [HandshakeReceived(message(3))]


def test_a_header_read_under_old_keys_is_judged_under_the_new() -> None:
    receiver = RecordReceiver()
    stream = keys_13().seal(HANDSHAKE, message(MAX_PLAINTEXT - 4), TLS12)  # longer than an unprotected record may be
    receiver.feed(record(HANDSHAKE, message(2)) + stream[:5])
    assert receiver.next() == HandshakeReceived(message(2))
    receiver.install(keys_13())
    assert received(receiver, stream[5:]) == [HandshakeReceived(message(MAX_PLAINTEXT - 4))]


# --- record rules ---


@pytest.mark.parametrize(
    ("make", "limit", "content_type"),
    [(None, MAX_PLAINTEXT, HANDSHAKE), (keys_12, MAX_CIPHERTEXT_12, DATA), (keys_13, MAX_CIPHERTEXT, DATA)],
)
def test_a_longer_fragment_is_refused_by_its_header(
    make: Callable[[], Protection] | None, limit: int, content_type: int
) -> None:
    receiver = RecordReceiver() if make is None else under(make)[0]
    assert received(receiver, RecordHeader(content_type, TLS12, limit).encode()) == []
    receiver = RecordReceiver() if make is None else under(make)[0]
    assert problem(receiver, RecordHeader(content_type, TLS12, limit + 1).encode()) is Problem.RECORD_OVERFLOW


@pytest.mark.parametrize("make", [keys_12, keys_13])
def test_limit_plaintext_bounds_protected_records_only(make: Callable[[], Protection]) -> None:
    receiver = RecordReceiver()
    receiver.limit_plaintext(100)
    assert received(receiver, record(HANDSHAKE, message(500))) == [HandshakeReceived(message(500))]
    receiver.install(make())
    sealer = make()
    assert received(receiver, sealer.seal(DATA, b"d" * 100, TLS12)) == [ApplicationDataReceived(b"d" * 100)]
    assert problem(receiver, sealer.seal(DATA, b"d" * 101, TLS12)) is Problem.RECORD_OVERFLOW


@pytest.mark.parametrize("content", [b"\2", b"\2\x28\0", b"\1\0\1\0", b"\1" * 100])
def test_an_alert_record_holds_exactly_one_alert(content: bytes) -> None:
    assert problem(RecordReceiver(), record(ALERT, content)) is Problem.MALFORMED_MESSAGE
    for make in (keys_12, keys_13):
        receiver, sealer = under(make)
        assert problem(receiver, sealer.seal(ALERT, content, TLS12)) is Problem.MALFORMED_MESSAGE


@pytest.mark.parametrize("content_type", [HANDSHAKE, ALERT])
def test_an_empty_handshake_or_alert_record_is_refused(content_type: int) -> None:
    assert problem(RecordReceiver(), record(content_type, b"")) is Problem.EMPTY_RECORD
    for make in (keys_12, keys_13):
        receiver, sealer = under(make)
        assert problem(receiver, sealer.seal(content_type, b"", TLS12)) is Problem.EMPTY_RECORD


@pytest.mark.parametrize("content", [b"", b"\0", b"\2", b"\1\1"])
def test_any_other_change_cipher_spec_is_refused(content: bytes) -> None:
    assert problem(RecordReceiver(), record(CCS, content)) is Problem.UNEXPECTED_MESSAGE
    assert problem(under(keys_13)[0], record(CCS, content)) is Problem.UNEXPECTED_MESSAGE


def test_change_cipher_spec_passes_unprotected_under_tls13_and_counts_no_record() -> None:
    receiver, sealer = under(keys_13)
    stream = record(CCS, b"\1") + sealer.seal(HANDSHAKE, message(2), TLS12)
    assert received(receiver, stream) == [ChangeCipherSpecReceived(), HandshakeReceived(message(2))]


def test_change_cipher_spec_must_be_protected_under_tls12() -> None:
    receiver, sealer = under(keys_12)
    assert received(receiver, sealer.seal(CCS, b"\1", TLS12)) == [ChangeCipherSpecReceived()]
    assert problem(receiver, record(CCS, b"\1")) is Problem.BAD_RECORD_MAC


def test_change_cipher_specs_are_limited() -> None:
    receiver = RecordReceiver()
    assert len(received(receiver, record(CCS, b"\1") * MAX_CHANGE_CIPHER_SPECS)) == MAX_CHANGE_CIPHER_SPECS
    assert problem(receiver, record(CCS, b"\1")) is Problem.TOO_MANY_CHANGE_CIPHER_SPECS


@pytest.mark.parametrize("make", [keys_12, keys_13])
def test_empty_data_records_are_limited_in_a_row(make: Callable[[], Protection]) -> None:
    receiver, sealer = under(make)

    def empty(count: int) -> bytes:
        return b"".join(sealer.seal(DATA, b"", TLS12) for _ in range(count))

    for _ in range(2):
        stream = empty(MAX_EMPTY_RECORDS) + sealer.seal(DATA, b"data", TLS12)
        assert received(receiver, stream)[-1] == ApplicationDataReceived(b"data")
    assert received(receiver, empty(MAX_EMPTY_RECORDS)) == [ApplicationDataReceived(b"")] * MAX_EMPTY_RECORDS
    assert problem(receiver, empty(1)) is Problem.TOO_MANY_EMPTY_RECORDS


def test_application_data_before_keys_is_unexpected() -> None:
    assert problem(RecordReceiver(), record(DATA, b"data")) is Problem.UNEXPECTED_MESSAGE


@pytest.mark.parametrize("content_type", [0, 24, 255])
def test_an_undefined_inner_content_type_is_refused(content_type: int) -> None:
    receiver, sealer = under(keys_13)
    if content_type:
        assert problem(receiver, sealer.seal(content_type, b"x", TLS12)) is Problem.BAD_RECORD_TYPE
    else:
        assert problem(receiver, sealer.seal(0, bytes(5), TLS12)) is Problem.BAD_INNER_PLAINTEXT


def test_unprotected_handshake_under_tls13_is_unexpected() -> None:
    assert problem(under(keys_13)[0], record(HANDSHAKE, message(1))) is Problem.UNEXPECTED_MESSAGE


def test_unprotected_alert_under_tls13_is_read_until_the_peer_has_shown_its_keys() -> None:
    receiver, sealer = under(keys_13)
    assert received(receiver, record(ALERT, b"\2\x2f")) == [AlertRecord(2, 47)]
    assert received(receiver, sealer.seal(HANDSHAKE, message(1), TLS12)) == [HandshakeReceived(message(1))]
    receiver.install(keys_13(b"n" * 32))
    assert problem(receiver, record(ALERT, b"\1\0")) is Problem.UNEXPECTED_MESSAGE


def test_unprotected_alert_under_tls12_is_refused() -> None:
    assert problem(under(keys_12)[0], record(ALERT, b"\1\0")) is Problem.BAD_RECORD_MAC


# --- order of errors, end of file ---


def test_what_came_intact_is_delivered_before_the_error_and_the_error_stays() -> None:
    receiver, sealer = under(keys_13)
    first, second = (sealer.seal(DATA, content, TLS12) for content in (b"first", b"second"))
    receiver.feed(first + second[:-1] + b"\0\0" + first)
    assert receiver.next() == ApplicationDataReceived(b"first")
    with pytest.raises(ProtocolError) as caught:
        receiver.next()
    assert caught.value.problem is Problem.BAD_RECORD_MAC
    for _ in range(3):
        with pytest.raises(ProtocolError) as again:
            receiver.next()
        assert again.value is caught.value


@pytest.mark.parametrize(
    ("stream", "clean"),
    [
        (b"", True),
        (record(HANDSHAKE, message(1)), True),
        (b"\x16", False),
        (record(ALERT, b"\1\0")[:-1], False),
        (record(HANDSHAKE, message(1)[:-1]), False),
        (record(HANDSHAKE, message(1) + b"\x0b"), False),
    ],
)
def test_end_of_file_comes_once_and_says_whether_anything_was_cut(stream: bytes, clean: bool) -> None:
    receiver = RecordReceiver()
    receiver.feed(stream)
    receiver.feed(b"")
    assert drain(receiver)[-1] == EndOfFile(clean)
    assert receiver.next() is None


def test_unread_bytes_can_be_taken() -> None:
    receiver = RecordReceiver()
    receiver.feed(record(ALERT, b"\1\0") + b"\x16\x03\x03\x00\x09rest")
    assert drain(receiver) == [AlertRecord(1, 0)]
    assert receiver.take_unread() == b"\x16\x03\x03\x00\x09rest"
    assert receiver.take_unread() == b""
    assert received(receiver, record(ALERT, b"\1\0")) == [AlertRecord(1, 0)]


# --- refused early data ---


def early_record(length: int) -> bytes:
    """Early data of ``length`` bytes, under keys the receiver does not have."""
    return keys_13(b"e" * 32).seal(DATA, b"e" * length, TLS12)


def test_early_data_is_skipped_until_a_record_opens() -> None:
    receiver, sealer = under(keys_13)
    receiver.skip_early_data(200)
    stream = early_record(100) + record(CCS, b"\1") + early_record(100) + sealer.seal(HANDSHAKE, message(3), TLS12)
    assert received(receiver, stream) == [ChangeCipherSpecReceived(), HandshakeReceived(message(3))]
    assert problem(receiver, early_record(1)) is Problem.BAD_RECORD_MAC


def test_early_data_is_skipped_before_keys_until_a_handshake_record() -> None:
    receiver = RecordReceiver()
    receiver.skip_early_data(MAX_PLAINTEXT)
    stream = early_record(MAX_PLAINTEXT) + record(CCS, b"\1") + record(HANDSHAKE, message(3))
    assert received(receiver, stream) == [ChangeCipherSpecReceived(), HandshakeReceived(message(3))]
    assert problem(receiver, early_record(1)) is Problem.UNEXPECTED_MESSAGE


@pytest.mark.parametrize("keyed", [True, False])
def test_early_data_above_its_limit_is_refused(keyed: bool) -> None:
    for lengths, failed in (([120, 80], None), ([120, 81], Problem.TOO_MUCH_EARLY_DATA), ([0] * 3, None)):
        receiver = under(keys_13)[0] if keyed else RecordReceiver()
        receiver.skip_early_data(200)
        assert outcome(receiver, [early_record(length) for length in lengths]) == ([], failed)
    assert problem(receiver, early_record(0)) is Problem.TOO_MUCH_EARLY_DATA


def test_without_leave_early_data_is_refused() -> None:
    assert problem(under(keys_13)[0], early_record(5)) is Problem.BAD_RECORD_MAC
    receiver = under(keys_13)[0]
    receiver.skip_early_data(0)
    assert problem(receiver, early_record(5)) is Problem.TOO_MUCH_EARLY_DATA


def test_the_first_record_that_opens_is_judged_like_any_other() -> None:
    receiver, sealer = under(keys_13)
    receiver.skip_early_data(1000)
    assert problem(receiver, sealer.seal(DATA, b"", TLS12) + early_record(5)) is Problem.BAD_RECORD_MAC
    receiver, sealer = under(keys_13)
    receiver.skip_early_data(1000)
    receiver.limit_plaintext(63)
    assert problem(receiver, sealer.seal(DATA, b"d" * 64, TLS12)) is Problem.RECORD_OVERFLOW


# --- anything at all ---


def _random_stream(dice: random.Random, sealer: Protection) -> bytes:
    """Records, mostly sound, in an order that seldom is, some of them damaged."""
    parts = []
    for _ in range(dice.randrange(1, 8)):
        content_type = dice.choice([CCS, ALERT, HANDSHAKE, HANDSHAKE, DATA, 0, 24])
        content = dice.choice([b"", b"\1", b"\1\0", message(5), message(5)[:6], message(300), dice.randbytes(20)])
        sealed = dice.random() < 0.5
        part = sealer.seal(content_type, content, TLS12) if sealed else record(content_type, content)
        if dice.random() < 0.2:
            place = dice.randrange(len(part))
            part = part[:place] + dice.randbytes(1) + part[place + dice.randrange(3) :]
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("seed", range(150))
def test_random_records_raise_only_protocol_errors_and_pieces_change_nothing(seed: int) -> None:
    dice = random.Random(seed)
    suites = list(SUITES.values())
    suite = dice.choice(suites)
    if suite.version == ProtocolVersion.TLSv1_3:
        keys: object = TrafficSecret(suite, b"t" * suite.hash.size)
    else:
        keys = key_block(suite, b"m" * 48, b"c" * 32, b"s" * 32, dice.random() < 0.5).client

    def make() -> Protection:
        return protection(keys, SeededEnv(b"", 0.0))  # type: ignore[arg-type]

    def fresh() -> RecordReceiver:
        receiver = RecordReceiver()
        if seed % 3:
            receiver.install(make())
        if seed % 2:
            receiver.skip_early_data(100)
        return receiver

    stream = _random_stream(dice, make())
    whole = outcome(fresh(), [stream, b""])
    cuts = sorted(dice.sample(range(1, len(stream)), min(20, len(stream) - 1)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert outcome(fresh(), [*pieces, b""]) == whole


@pytest.mark.parametrize("seed", range(100))
def test_random_bytes_raise_only_protocol_errors(seed: int) -> None:
    dice = random.Random(seed)
    prefix = dice.choice([b"", b"\x16\x03\x03", b"\x16\x03\x03\x00\x08\x0b\x00", b"\x17\x03\x03\x00\x20"])
    for make in (None, keys_12, keys_13):
        receiver = RecordReceiver() if make is None else under(make)[0]
        outcome(receiver, [prefix + dice.randbytes(dice.randrange(1, 400)), b""])


def test_memory_is_bounded_by_one_message_and_one_record() -> None:
    largest = max(MAX_BODY.values())
    stream = message(largest, next(kind for kind, limit in MAX_BODY.items() if limit == largest))
    receiver = RecordReceiver()
    tracemalloc.start()
    try:
        for _ in range(3):
            for start in range(0, len(stream), 1000):
                received(receiver, record(HANDSHAKE, stream[start : start + 1000]))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 * largest
