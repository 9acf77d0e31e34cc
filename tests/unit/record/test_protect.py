"""Sealing and opening single records, in every suite, against RFC 8448 and against tlslite-ng."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from puressl.codes import CipherSuite, ContentType, ProtocolVersion
from puressl.crypto.aead import new_aead
from puressl.crypto.cbc import AesCbc
from puressl.crypto.kdf import hmac_digest
from puressl.crypto.schedule12 import KeyBlock, TrafficKeys12, key_block
from puressl.crypto.schedule13 import TrafficSecret
from puressl.crypto.suites import AES_GCM_RECORD_LIMIT, SUITES, CipherKind, Suite
from puressl.env import SeededEnv
from puressl.errors import Problem, ProtocolError
from puressl.record.protect import (
    MAX_RECORDS,
    PLAINTEXT,
    Protection,
    Tls12Aead,
    Tls12Cbc,
    Tls13,
    protection,
)
from puressl.wire.record import HEADER_LENGTH, MAX_PLAINTEXT, RecordHeader

SHARED = Path(__file__).resolve().parents[4] / "shared"
DATA, HANDSHAKE, ALERT, CCS = (
    ContentType.APPLICATION_DATA,
    ContentType.HANDSHAKE,
    ContentType.ALERT,
    ContentType.CHANGE_CIPHER_SPEC,
)
TLS12 = ProtocolVersion.TLSv1_2

SUITES_13 = [suite for suite in SUITES.values() if suite.version == ProtocolVersion.TLSv1_3]
SUITES_12 = [suite for suite in SUITES.values() if suite.version == TLS12]
CBC_SUITES = [suite for suite in SUITES_12 if suite.cipher.kind is CipherKind.CBC]
#: One suite for each way of protecting a record: cipher, MAC and their order.
KINDS: list[tuple[Suite, bool]] = list(
    {
        (suite.version, suite.cipher, suite.mac, etm): (suite, etm)
        for suite in SUITES.values()
        for etm in ((False, True) if suite.cipher.kind is CipherKind.CBC else (False,))
    }.values()
)


def _id(value: object) -> str:
    if isinstance(value, tuple):
        return value[0].name + ("-etm" if value[1] else "")
    return value.name if isinstance(value, Suite) else repr(value)


def keys_12(suite: Suite, encrypt_then_mac: bool = False) -> KeyBlock:
    return key_block(suite, b"m" * 48, b"c" * 32, b"s" * 32, encrypt_then_mac)


def keys_of(kind: tuple[Suite, bool]) -> TrafficSecret | TrafficKeys12:
    suite, encrypt_then_mac = kind
    if suite.version == ProtocolVersion.TLSv1_3:
        return TrafficSecret(suite, b"t" * suite.hash.size)
    return keys_12(suite, encrypt_then_mac).client


def make(kind: tuple[Suite, bool]) -> Protection:
    return protection(keys_of(kind), SeededEnv(b"record", 0.0))


def split(record: bytes) -> tuple[RecordHeader, bytes]:
    header = RecordHeader.decode(record[:HEADER_LENGTH])
    assert header.length == len(record) - HEADER_LENGTH
    return header, record[HEADER_LENGTH:]


def open_record(opener: Protection, record: bytes, limit: int = MAX_PLAINTEXT) -> tuple[int, bytes]:
    return opener.open(*split(record), limit)


def refused(call: Callable[[], object]) -> Problem:
    with pytest.raises(ProtocolError) as caught:
        call()
    return caught.value.problem


# --- every suite ---


@pytest.mark.parametrize("suite", SUITES.values(), ids=_id)
def test_each_suite_opens_what_it_sealed(suite: Suite) -> None:
    sealer, opener = make((suite, True)), make((suite, True))
    for content_type, content in (
        (HANDSHAKE, b"\x14\0\0\x0c" + b"v" * 12),
        (ALERT, b"\1\0"),
        (DATA, b"d"),
        (DATA, b""),
    ):
        assert open_record(opener, sealer.seal(content_type, content, TLS12)) == (content_type, content)


@pytest.mark.parametrize("kind", KINDS, ids=_id)
@pytest.mark.parametrize("length", [0, 1, 15, 16, 17, 31, 32, 33, 255, 256, 1000])
def test_lengths_around_block_boundaries_survive(kind: tuple[Suite, bool], length: int) -> None:
    content = bytes(range(256)) * 4
    assert open_record(make(kind), make(kind).seal(DATA, content[:length], TLS12)) == (DATA, content[:length])


@pytest.mark.parametrize("kind", KINDS, ids=_id)
def test_a_view_is_sealed_like_bytes(kind: tuple[Suite, bool]) -> None:
    content = b"some content"
    assert make(kind).seal(DATA, memoryview(content), TLS12) == make(kind).seal(DATA, content, TLS12)


@pytest.mark.parametrize("kind", KINDS, ids=_id)
def test_records_sealed_together_are_those_sealed_one_by_one(kind: tuple[Suite, bool]) -> None:
    contents = [b"a" * 100, memoryview(b"b" * 16), b"", b"d" * 1000]
    together, single = make(kind), make(kind)
    records = together.seal_all(DATA, contents, TLS12)
    assert records == [single.seal(DATA, content, TLS12) for content in contents]
    assert together.seal(DATA, b"next", TLS12) == single.seal(DATA, b"next", TLS12)


@pytest.mark.parametrize("kind", KINDS, ids=_id)
def test_too_many_records_to_seal_together_are_all_refused(kind: tuple[Suite, bool]) -> None:
    sealer = make(kind)
    sealer.sequence = MAX_RECORDS - 1
    assert refused(lambda: sealer.seal_all(DATA, [b"", b""], TLS12)) is Problem.SEQUENCE_EXHAUSTED
    assert sealer.sequence == MAX_RECORDS - 1


@pytest.mark.parametrize("kind", KINDS, ids=_id)
def test_records_decrypted_ahead_open_as_they_would_have(kind: tuple[Suite, bool]) -> None:
    contents = [bytes([number]) * 50 for number in range(6)]
    records = [split(record) for record in make(kind).seal_all(DATA, contents, TLS12)]
    opener = make(kind)
    opener.decrypt_ahead(records[:4])
    assert [opener.open(*record) for record in records] == [(DATA, content) for content in contents]


@pytest.mark.parametrize("kind", KINDS, ids=_id)
def test_a_record_other_than_the_one_foreseen_is_judged_by_itself(kind: tuple[Suite, bool]) -> None:
    first, second, third = (split(record) for record in make(kind).seal_all(DATA, [b"1", b"2", b"3"], TLS12))
    opener = make(kind)
    opener.decrypt_ahead([first, second, third])
    assert opener.open(*first) == (DATA, b"1")
    assert refused(lambda: opener.open(*third)) is Problem.BAD_RECORD_MAC
    assert opener.open(*second) == (DATA, b"2")
    assert opener.open(*third) == (DATA, b"3")


@pytest.mark.parametrize("kind", KINDS, ids=_id)
def test_bad_records_among_those_decrypted_ahead_fail_in_their_turn(kind: tuple[Suite, bool]) -> None:
    (header, first), second = (split(record) for record in make(kind).seal_all(DATA, [b"1", b"2"], TLS12))
    for bad in (first[:-1] + bytes([first[-1] ^ 1]), first[:5], b""):
        opener = make(kind)
        opener.decrypt_ahead([(header, bad), second])
        assert refused(lambda opener=opener, bad=bad: opener.open(header, bad)) is Problem.BAD_RECORD_MAC
        assert opener.open(header, first) == (DATA, b"1")


@pytest.mark.parametrize("kind", KINDS, ids=_id)
def test_records_beyond_the_last_number_are_not_decrypted_ahead(kind: tuple[Suite, bool]) -> None:
    sealer, opener = make(kind), make(kind)
    sealer.sequence = opener.sequence = MAX_RECORDS - 1
    last = split(sealer.seal(DATA, b"last", TLS12))
    opener.decrypt_ahead([last, last])
    assert opener.open(*last) == (DATA, b"last")
    assert refused(lambda: opener.open(*last)) is Problem.SEQUENCE_EXHAUSTED


@pytest.mark.parametrize("kind", KINDS, ids=_id)
def test_any_changed_bit_in_a_fragment_is_bad_record_mac(kind: tuple[Suite, bool]) -> None:
    record = make(kind).seal(DATA, b"0123456789abcdefXYZ", TLS12)
    header, fragment = split(record)
    opener = make(kind)
    for place in range(len(fragment)):
        for bit in (1, 0x80):
            changed = fragment[:place] + bytes((fragment[place] ^ bit,)) + fragment[place + 1 :]
            assert refused(lambda changed=changed: opener.open(header, changed)) is Problem.BAD_RECORD_MAC
    # A failure moves no counter: the true record still opens.
    assert opener.open(header, fragment) == (DATA, b"0123456789abcdefXYZ")


@pytest.mark.parametrize("kind", KINDS, ids=_id)
def test_a_fragment_of_any_other_length_is_bad_record_mac(kind: tuple[Suite, bool]) -> None:
    header, fragment = split(make(kind).seal(DATA, b"0123456789abcdefXYZ", TLS12))
    opener = make(kind)
    for cut in [fragment[:length] for length in range(len(fragment))] + [fragment + b"\0", fragment + bytes(16)]:
        shorter = RecordHeader(header.content_type, header.version, len(cut))
        assert refused(lambda cut=cut, shorter=shorter: opener.open(shorter, cut)) is Problem.BAD_RECORD_MAC


@pytest.mark.parametrize("kind", KINDS, ids=_id)
def test_header_is_authenticated(kind: tuple[Suite, bool]) -> None:
    header, fragment = split(make(kind).seal(DATA, b"content", TLS12))
    opener = make(kind)
    other_version = RecordHeader(header.content_type, 0x0302, header.length)
    assert refused(lambda: opener.open(other_version, fragment)) is Problem.BAD_RECORD_MAC
    other_type = RecordHeader(HANDSHAKE, header.version, header.length)
    expected = Problem.UNEXPECTED_MESSAGE if kind[0].version == ProtocolVersion.TLSv1_3 else Problem.BAD_RECORD_MAC
    assert refused(lambda: opener.open(other_type, fragment)) is expected


@pytest.mark.parametrize("kind", KINDS, ids=_id)
def test_order_is_authenticated(kind: tuple[Suite, bool]) -> None:
    sealer, opener = make(kind), make(kind)
    first, second = sealer.seal(DATA, b"same", TLS12), sealer.seal(DATA, b"same", TLS12)
    assert refused(lambda: open_record(opener, second)) is Problem.BAD_RECORD_MAC
    assert open_record(opener, first) == (DATA, b"same")
    assert refused(lambda: open_record(opener, first)) is Problem.BAD_RECORD_MAC
    assert open_record(opener, second) == (DATA, b"same")


@pytest.mark.parametrize("kind", KINDS, ids=_id)
def test_plaintext_limit_is_exact(kind: tuple[Suite, bool]) -> None:
    sealer, opener = make(kind), make(kind)
    assert open_record(opener, sealer.seal(DATA, bytes(range(100)), TLS12), 100) == (DATA, bytes(range(100)))
    over = sealer.seal(DATA, bytes(range(101)), TLS12)
    assert refused(lambda: open_record(opener, over, 100)) is Problem.RECORD_OVERFLOW


@pytest.mark.parametrize("kind", KINDS, ids=_id)
def test_sequence_number_does_not_wrap(kind: tuple[Suite, bool]) -> None:
    sealer, opener = make(kind), make(kind)
    sealer.sequence = opener.sequence = MAX_RECORDS - 1
    record = sealer.seal(DATA, b"last", TLS12)
    assert open_record(opener, record) == (DATA, b"last")
    assert sealer.records_left == opener.records_left == 0
    assert refused(lambda: sealer.seal(DATA, b"one more", TLS12)) is Problem.SEQUENCE_EXHAUSTED
    assert refused(lambda: open_record(opener, record)) is Problem.SEQUENCE_EXHAUSTED


@pytest.mark.parametrize("kind", KINDS, ids=_id)
def test_records_left_counts_down_from_the_ciphers_limit(kind: tuple[Suite, bool]) -> None:
    sealer = make(kind)
    limit = AES_GCM_RECORD_LIMIT if "gcm" in kind[0].cipher.name else MAX_RECORDS
    assert sealer.records_left == limit
    sealer.seal(DATA, b"", TLS12)
    assert sealer.records_left == limit - 1


@pytest.mark.parametrize("kind", KINDS, ids=_id)
def test_repr_shows_no_key(kind: tuple[Suite, bool]) -> None:
    keys = keys_of(kind)
    secret = keys.secret if isinstance(keys, TrafficSecret) else keys.key
    assert repr(secret)[2:-1] not in repr(make(kind))
    assert secret.hex() not in repr(make(kind))


def test_protection_is_chosen_by_keys_and_suite() -> None:
    env = SeededEnv(b"", 0.0)
    chosen = {
        (suite.version, suite.cipher.kind): type(protection(keys_of((suite, False)), env)) for suite in SUITES.values()
    }
    assert chosen == {
        (ProtocolVersion.TLSv1_3, CipherKind.AEAD): Tls13,
        (TLS12, CipherKind.AEAD): Tls12Aead,
        (TLS12, CipherKind.CBC): Tls12Cbc,
    }


# --- plaintext ---


def test_plaintext_record_is_header_and_content() -> None:
    record = PLAINTEXT.seal(HANDSHAKE, b"hello", 0x0301)
    assert record == b"\x16\x03\x01\x00\x05hello"
    assert open_record(PLAINTEXT, record) == (HANDSHAKE, b"hello")


def test_application_data_is_neither_sent_nor_received_before_keys() -> None:
    assert refused(lambda: PLAINTEXT.seal(DATA, b"secret", TLS12)) is Problem.INTERNAL_ERROR
    assert refused(lambda: PLAINTEXT.open(RecordHeader(DATA, TLS12, 1), b"x")) is Problem.UNEXPECTED_MESSAGE


# --- TLS 1.3 ---


def seal_inner(inner: bytes, suite: Suite = SUITES_13[0]) -> bytes:
    """A first record around any TLSInnerPlaintext."""
    keys = TrafficSecret(suite, b"t" * suite.hash.size)
    header = RecordHeader(DATA, TLS12, len(inner) + 16).encode()
    return header + new_aead(suite.cipher, keys.key()).seal(keys.iv(), inner, header)


def open_inner(inner: bytes, limit: int = MAX_PLAINTEXT) -> tuple[int, bytes]:
    return open_record(make((SUITES_13[0], False)), seal_inner(inner), limit)


@pytest.mark.parametrize("padding", [0, 1, 15, 16, 255, 5000])
def test_padding_is_stripped_and_content_keeps_its_zeros(padding: int) -> None:
    assert open_inner(b"\0content\0\0" + b"\x17" + bytes(padding)) == (DATA, b"\0content\0\0")


def test_inner_plaintext_of_zeros_only_is_unexpected() -> None:
    for length in (0, 1, 1000):
        with pytest.raises(ProtocolError) as caught:
            open_inner(bytes(length))
        assert caught.value.problem is Problem.BAD_INNER_PLAINTEXT
        assert caught.value.alert is not None
        assert caught.value.alert.name == "UNEXPECTED_MESSAGE"


def test_protected_change_cipher_spec_is_unexpected() -> None:
    assert refused(lambda: open_inner(b"\1\x14")) is Problem.UNEXPECTED_MESSAGE


def test_inner_plaintext_may_be_one_byte_longer_than_content_padding_included() -> None:
    assert open_inner(b"c" * MAX_PLAINTEXT + b"\x17") == (DATA, b"c" * MAX_PLAINTEXT)
    assert open_inner(b"c" + b"\x17" + bytes(MAX_PLAINTEXT - 1)) == (DATA, b"c")
    assert refused(lambda: open_inner(b"c" * (MAX_PLAINTEXT + 1) + b"\x17")) is Problem.RECORD_OVERFLOW
    assert refused(lambda: open_inner(b"c" + b"\x17" + bytes(MAX_PLAINTEXT))) is Problem.RECORD_OVERFLOW


def test_record_size_limit_counts_padding() -> None:
    assert open_inner(b"c\x17" + bytes(62), 63) == (DATA, b"c")
    assert refused(lambda: open_inner(b"c\x17" + bytes(63), 63)) is Problem.RECORD_OVERFLOW


def test_tls13_record_outside_is_application_data_of_version_0303() -> None:
    assert make((SUITES_13[0], False)).seal(HANDSHAKE, b"m", 0x0301)[:3] == b"\x17\x03\x03"


def test_tls13_change_cipher_spec_is_sent_and_received_unprotected() -> None:
    sealer = make((SUITES_13[0], False))
    record = sealer.seal(CCS, b"\1", TLS12)
    assert record == b"\x14\x03\x03\x00\x01\x01"
    assert open_record(sealer, record) == (CCS, b"\1")
    assert sealer.sequence == 0


# --- RFC 8448 ---


@functools.cache
def _traces() -> dict[str, Any]:
    path = SHARED / "vectors" / "rfc8448.json"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the project")
    loaded: dict[str, Any] = json.loads(path.read_text())["handshakes"]
    return loaded


SECTIONS = {
    "Simple_1RTT_Handshake": (3, "Simple"),
    "Resumed_0RTT_Handshake": (4, "Resumed"),
    "HelloRetryRequest_Handshake": (5, "HelloRetryRequest"),
    "Client_Authentication_Handshake": (6, "Client"),
    "Middlebox_Compatibility_Mode": (7, "Compatibility"),
}


@functools.cache
def _secrets(trace: str) -> dict[str, bytes]:
    """The traffic secrets of one trace, by label: ``c ap traffic``."""
    path = SHARED / "rfc" / "rfc8448.txt"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside the project")
    text = re.sub(r"\n+Thomson .*\n\f?\n*RFC 8448 .*\n+", "\n", path.read_text())
    number, title = SECTIONS[trace]
    start = re.search(rf"^{number}\.  {title}", text, re.MULTILINE)
    end = re.search(rf"^{number + 1}\.  ", text, re.MULTILINE)
    assert start is not None
    assert end is not None
    found = re.findall(
        r'derive secret "tls13 (\w+ \w+ traffic)":.*?expanded \(32 octets\):((?:\s+[0-9a-f]{2})+)',
        text[start.end() : end.start()],
        re.DOTALL,
    )
    return {label: bytes.fromhex("".join(octets.split())) for label, octets in found}


def _trace_protection(trace: str, label: str, sequence: int) -> Tls13:
    keys = TrafficSecret(SUITES[CipherSuite.TLS_AES_128_GCM_SHA256], _secrets(trace)[label])
    made = Tls13(keys)
    made.sequence = sequence
    return made


# trace, record, what it holds, content type, secret, records before it under that secret
TRACE_RECORDS = [
    ("Simple_1RTT_Handshake", "Record_NewSessionTicket", None, HANDSHAKE, "s ap traffic", 0),
    ("Simple_1RTT_Handshake", "Record_Client_AppData", "Client_AppData", DATA, "c ap traffic", 0),
    ("Simple_1RTT_Handshake", "Record_Server_AppData", "Server_AppData", DATA, "s ap traffic", 1),
    ("Simple_1RTT_Handshake", "Record_Client_CloseNotify", b"\1\0", ALERT, "c ap traffic", 1),
    ("Simple_1RTT_Handshake", "Record_Server_CloseNotify", b"\1\0", ALERT, "s ap traffic", 2),
    ("Resumed_0RTT_Handshake", "Record_Client_EarlyAppData", "Client_EarlyAppData", DATA, "c e traffic", 0),
    ("Resumed_0RTT_Handshake", "Record_Client_AppData", "Client_AppData", DATA, "c ap traffic", 0),
    ("Resumed_0RTT_Handshake", "Record_Server_AppData", "Server_AppData", DATA, "s ap traffic", 0),
    ("Resumed_0RTT_Handshake", "Record_Client_CloseNotify", b"\1\0", ALERT, "c ap traffic", 1),
    ("Resumed_0RTT_Handshake", "Record_Server_CloseNotify", b"\1\0", ALERT, "s ap traffic", 1),
    *(
        (trace, f"Record_{side}_CloseNotify", b"\1\0", ALERT, f"{side[0].lower()} ap traffic", 0)
        for trace in ("HelloRetryRequest_Handshake", "Client_Authentication_Handshake", "Middlebox_Compatibility_Mode")
        for side in ("Client", "Server")
    ),
    *(
        (trace, "Record_ServerHandshakeMessages", None, HANDSHAKE, "s hs traffic", 0)
        for trace in SECTIONS
        if trace != "Middlebox_Compatibility_Mode"
    ),
]


@pytest.mark.parametrize(
    ("trace", "name", "content", "content_type", "label", "sequence"), TRACE_RECORDS, ids=lambda value: str(value)[:40]
)
def test_rfc8448_record_opens_and_seals_to_the_same_bytes(
    trace: str, name: str, content: str | bytes | None, content_type: int, label: str, sequence: int
) -> None:
    fields = _traces()[trace]
    record = bytes.fromhex(fields[name])
    opened = open_record(_trace_protection(trace, label, sequence), record)
    assert opened[0] == content_type
    if content is not None:
        assert opened[1] == (content if isinstance(content, bytes) else bytes.fromhex(fields[content]))
    assert _trace_protection(trace, label, sequence).seal(*opened, TLS12) == record


# --- CBC ---

MTE_SUITES = list({suite.mac: suite for suite in CBC_SUITES}.values())


def mte_record(suite: Suite, content: bytes, padding: bytes, mac: bytes | None = None) -> bytes:
    """A first MAC-then-encrypt record with any padding, ``padding`` including its length byte."""
    keys = keys_12(suite).client
    assert suite.mac is not None
    if mac is None:
        header = bytes(8) + RecordHeader(DATA, TLS12, len(content)).encode()
        mac = hmac_digest(suite.mac, keys.mac_key, header + content)
    iv = b"i" * 16
    body = iv + AesCbc(keys.key).encrypt(iv, content + mac + padding)
    return RecordHeader(DATA, TLS12, len(body)).encode() + body


def etm_record(suite: Suite, padded: bytes) -> bytes:
    keys = keys_12(suite, True).client
    assert suite.mac is not None
    iv = b"i" * 16
    body = iv + AesCbc(keys.key).encrypt(iv, padded)
    mac = hmac_digest(suite.mac, keys.mac_key, bytes(8) + RecordHeader(DATA, TLS12, len(body)).encode() + body)
    return RecordHeader(DATA, TLS12, len(body) + len(mac)).encode() + body + mac


def _room(suite: Suite, content: bytes) -> int:
    """The least padding, its length byte included, for a content."""
    assert suite.mac is not None
    return 16 - (len(content) + suite.mac.size) % 16


@pytest.mark.parametrize("suite", MTE_SUITES, ids=_id)
@pytest.mark.parametrize("length", [0, 1, 11, 12, 250])
def test_any_legal_length_of_padding_is_accepted(suite: Suite, length: int) -> None:
    content = b"c" * length
    for count in range(_room(suite, content), 257, 16):
        record = mte_record(suite, content, bytes((count - 1,)) * count)
        assert open_record(make((suite, False)), record) == (DATA, content)


@pytest.mark.parametrize("suite", MTE_SUITES, ids=_id)
def test_each_wrong_padding_byte_is_bad_record_mac(suite: Suite) -> None:
    content = b"c" * 40
    count = _room(suite, content) + 48
    padding = bytes((count - 1,)) * count
    for place in range(count):
        wrong = padding[:place] + bytes((padding[place] ^ 1,)) + padding[place + 1 :]
        record = mte_record(suite, content, wrong)
        assert refused(lambda record=record: open_record(make((suite, False)), record)) is Problem.BAD_RECORD_MAC


@pytest.mark.parametrize("suite", MTE_SUITES, ids=_id)
def test_padding_that_reaches_into_or_beyond_the_mac_is_bad_record_mac(suite: Suite) -> None:
    assert suite.mac is not None
    blocks = -(-(suite.mac.size + 1) // 16) * 16
    for last in range(256):
        body = bytes((last,)) * blocks
        record = mte_record(suite, b"", body[suite.mac.size :], mac=body[: suite.mac.size])
        assert refused(lambda record=record: open_record(make((suite, False)), record)) is Problem.BAD_RECORD_MAC


@pytest.mark.parametrize("suite", MTE_SUITES, ids=_id)
def test_bad_padding_and_bad_mac_are_told_apart_by_nothing(suite: Suite) -> None:
    content = b"c" * 40
    count = _room(suite, content)
    bad_padding = mte_record(suite, content, bytes((count - 1,)) * (count - 1) + bytes((count + 1,)))
    bad_mac = mte_record(suite, content, bytes((count - 1,)) * count, mac=bytes(suite.mac.size if suite.mac else 0))
    texts = set()
    for record in (bad_padding, bad_mac):
        with pytest.raises(ProtocolError) as caught:
            open_record(make((suite, False)), record)
        texts.add((str(caught.value), caught.value.problem))
    assert len(texts) == 1


@pytest.mark.parametrize("suite", MTE_SUITES, ids=_id)
def test_the_hash_takes_in_the_same_number_of_blocks_whatever_the_padding(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert suite.mac is not None
    block, spent = suite.mac.block_size, 0

    def compressions(length: int) -> int:
        return (length + block // 8) // block + 1

    original_mac, original_dummy = Tls12Cbc._mac_of, Tls12Cbc._hash_blocks

    def mac_of(self: Tls12Cbc, number: int, content_type: int, version: int, data: bytes) -> bytes:
        nonlocal spent
        spent += compressions(13 + len(data))
        return original_mac(self, number, content_type, version, data)

    def hash_blocks(self: Tls12Cbc, count: int) -> None:
        nonlocal spent
        assert count >= 0
        spent += compressions(count * block)
        original_dummy(self, count)

    monkeypatch.setattr(Tls12Cbc, "_mac_of", mac_of)
    monkeypatch.setattr(Tls12Cbc, "_hash_blocks", hash_blocks)
    counts = set()
    total = 320 - suite.mac.size  # content and padding
    for padding in range(16, 257):
        spent = 0
        record = mte_record(suite, b"c" * (total - padding), bytes((padding - 1,)) * padding)
        open_record(make((suite, False)), record)
        counts.add(spent)
    assert len(counts) == 1


@pytest.mark.parametrize("suite", MTE_SUITES, ids=_id)
def test_encrypt_then_mac_still_checks_the_padding(suite: Suite) -> None:
    assert open_record(make((suite, True)), etm_record(suite, b"c" * 13 + b"\2\2\2")) == (DATA, b"c" * 13)
    assert open_record(make((suite, True)), etm_record(suite, b"\x0f" * 16)) == (DATA, b"")
    for padded in (b"c" * 13 + b"\2\1\2", b"c" * 15 + b"\x10", b"\xff" * 16):
        record = etm_record(suite, padded)
        assert refused(lambda record=record: open_record(make((suite, True)), record)) is Problem.BAD_RECORD_MAC


def test_each_cbc_record_has_an_iv_of_its_own() -> None:
    sealer = make((CBC_SUITES[0], True))
    ivs = {sealer.seal(DATA, b"same", TLS12)[HEADER_LENGTH : HEADER_LENGTH + 16] for _ in range(20)}
    assert len(ivs) == 20


def test_gcm_explicit_nonce_is_the_sequence_number() -> None:
    sealer = make((SUITES[CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256], False))
    nonces = [sealer.seal(DATA, b"d", TLS12)[HEADER_LENGTH : HEADER_LENGTH + 8] for _ in range(3)]
    assert nonces == [number.to_bytes(8, "big") for number in range(3)]


def test_gcm_accepts_any_explicit_nonce_of_the_peer() -> None:
    suite = SUITES[CipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256]
    keys = keys_12(suite).client
    explicit = b"\xffrandom!"
    aad = bytes(8) + RecordHeader(DATA, TLS12, 4).encode()
    fragment = explicit + new_aead(suite.cipher, keys.key).seal(keys.iv + explicit, b"data", aad)
    assert Tls12Aead(keys).open(RecordHeader(DATA, TLS12, len(fragment)), fragment) == (DATA, b"data")


# --- a second opinion ---


class _Wire:
    """What a tlslite-ng record layer takes for a socket."""

    def __init__(self, incoming: bytes = b"") -> None:
        self.incoming = incoming
        self.sent = b""

    def recv(self, size: int) -> bytes:
        taken, self.incoming = self.incoming[:size], self.incoming[size:]
        return taken

    def send(self, data: bytes) -> int:
        self.sent += bytes(data)
        return len(data)

    def flush(self) -> None:
        pass


def _tlslite(wire: _Wire, suite: Suite, encrypt_then_mac: bool) -> Any:
    recordlayer = pytest.importorskip("tlslite.recordlayer")
    layer = recordlayer.RecordLayer(wire)
    layer.client = False
    layer.version = (3, 3)
    layer.encryptThenMAC = encrypt_then_mac
    layer.calcPendingStates(int(suite.id), bytearray(b"m" * 48), bytearray(b"c" * 32), bytearray(b"s" * 32), ["python"])
    layer.changeReadState()
    layer.changeWriteState()
    return layer


@pytest.mark.parametrize(
    ("suite", "encrypt_then_mac"),
    [(suite, etm) for suite, etm in KINDS if suite.version == TLS12],
    ids=lambda value: value.name if isinstance(value, Suite) else f"etm={value}",
)
def test_tlslite_opens_our_records_and_we_open_its(suite: Suite, encrypt_then_mac: bool) -> None:
    messages = pytest.importorskip("tlslite.messages")
    env = SeededEnv(b"oracle", 0.0)
    ours_writing = protection(keys_12(suite, encrypt_then_mac).client, env)
    ours_reading = protection(keys_12(suite, encrypt_then_mac).server, env)
    contents = [b"first", b"", b"x" * 300]

    reader = _tlslite(
        _Wire(b"".join(ours_writing.seal(DATA, content, TLS12) for content in contents)), suite, encrypt_then_mac
    )
    for content in contents:
        header, parser = next(result for result in reader.recvRecord() if result not in (0, 1))
        assert (header.type, bytes(parser.bytes)) == (DATA, content)

    wire = _Wire()
    writer = _tlslite(wire, suite, encrypt_then_mac)
    for content in contents:
        before = len(wire.sent)
        for _ in writer.sendRecord(messages.ApplicationData().create(bytearray(content))):
            pass
        assert open_record(ours_reading, wire.sent[before:]) == (DATA, content)
