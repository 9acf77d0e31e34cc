"""The family ``record``: records sealed and opened, one by one.

Theory of operation: the keys and the sequence number are given, so a record needs no connection. Sealing has the bytes
that must come out (of CBC, with the IV given); receiving has the bytes that come in and what is made of them: the
contents in order, then the alert if one is due. A wrong record is a sealed one changed in one point.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from puressl.codes import AlertDescription, ContentType, ProtocolVersion, name_of
from puressl.crypto.schedule12 import TrafficKeys12
from puressl.crypto.schedule13 import TrafficSecret
from puressl.crypto.suites import CipherKind, Suite
from puressl.env import Purpose
from puressl.errors import ProtocolError
from puressl.record.protect import PLAINTEXT, Protection, protection
from puressl.record.receive import (
    AlertRecord,
    ApplicationDataReceived,
    ChangeCipherSpecReceived,
    EndOfFile,
    HandshakeReceived,
    Incoming,
    RecordReceiver,
)
from puressl.vectors import names
from puressl.vectors.documents import Case, Document, Family, Json
from puressl.vectors.octets import hexadecimal
from puressl.vectors.questions import Questions
from puressl.vectors.recording import RecordedEnv

_LEGACY = ProtocolVersion.TLSv1_2
_DATA = int(ContentType.APPLICATION_DATA)


def _protection(given: Json) -> Protection:
    """What the keys of a case make; plaintext where it has none."""
    if "suite" not in given:
        return PLAINTEXT
    suite = names.suite(given["suite"])
    env = RecordedEnv([{"for": Purpose.CBC_IV.value, "bytes": given["iv"]}] if given.get("iv") else [], 0)
    made = protection(_keys(suite, given), env)
    made.sequence = given["sequence"]
    return made


def _keys(suite: Suite, given: Json) -> TrafficSecret | TrafficKeys12:
    if suite.version is ProtocolVersion.TLSv1_3:
        return TrafficSecret(suite, bytes.fromhex(given["secret"]))
    key, fixed, mac = (bytes.fromhex(given[name]) for name in ("key", "fixed_iv", "mac_key"))
    return TrafficKeys12(suite, key, fixed, mac, given["encrypt_then_mac"])


def _seal(given: Json) -> Json:
    content_type, content = given["content_type"], bytes.fromhex(given["content"])
    if given.get("padding"):  # the protection adds a type and no padding: here the content brings its own
        content, content_type = content + bytes([content_type]) + bytes(given["padding"] - 1), 0
    return {"record": _protection(given).seal(content_type, content, _LEGACY).hex()}


def _receive(given: Json) -> Json:
    receiver = RecordReceiver()
    receiver.install(_protection(given))
    if "limit" in given:
        receiver.limit_plaintext(given["limit"])
    if "skip_early_data" in given:
        receiver.skip_early_data(given["skip_early_data"])
    receiver.feed(bytes.fromhex(given["records"]))
    if given.get("end"):
        receiver.feed(b"")
    received: list[Json] = []
    try:
        while (incoming := receiver.next()) is not None:
            received.append(_described(incoming))
    except ProtocolError as error:
        alert = None if error.alert is None else name_of(AlertDescription, error.alert)
        return {"received": received, "alert": alert}
    return {"received": received, "alert": None}


def _described(incoming: Incoming) -> Json:
    if isinstance(incoming, HandshakeReceived):
        return {"content_type": "handshake", "content": incoming.raw.hex()}
    if isinstance(incoming, AlertRecord):
        return {"content_type": "alert", "content": bytes([incoming.level, incoming.description]).hex()}
    if isinstance(incoming, ApplicationDataReceived):
        return {"content_type": "application_data", "content": incoming.data.hex()}
    if isinstance(incoming, ChangeCipherSpecReceived):
        return {"content_type": "change_cipher_spec", "content": "01"}
    return {"content_type": "end_of_file", "content": "" if isinstance(incoming, EndOfFile) else "?"}


_QUESTIONS = Questions({"seal": _seal, "receive": _receive})

# Rows ----------------------------------------------------------------------------------------------------------------


def _keys_of(suite: Suite, sequence: int = 0, encrypt_then_mac: bool = True) -> dict[str, Json]:
    name = suite.name.lower()
    keys: dict[str, Json] = {"suite": name, "sequence": sequence}
    if suite.version is ProtocolVersion.TLSv1_3:
        return {**keys, "secret": hexadecimal(f"{name} secret", suite.hash.size)}
    is_cbc = suite.cipher.kind is CipherKind.CBC
    return {
        **keys,
        "key": hexadecimal(f"{name} key", suite.cipher.key_length),
        "fixed_iv": hexadecimal(f"{name} iv", suite.cipher.fixed_iv_length),
        "mac_key": hexadecimal(f"{name} mac", suite.mac.size if suite.mac else 0),
        "encrypt_then_mac": encrypt_then_mac and is_cbc,
        **({"iv": hexadecimal(f"{name} cbc", 16)} if is_cbc else {}),
    }


def _modes() -> Iterator[tuple[str, Suite, bool]]:
    """Every way to protect a record: one suite for each cipher, MAC and version, CBC in both orders."""
    seen = set()
    for version in (ProtocolVersion.TLSv1_3, ProtocolVersion.TLSv1_2):
        for suite in names.suites(version):
            for encrypt_then_mac in (True, False) if suite.cipher.kind is CipherKind.CBC else (False,):
                mode = (version, suite.cipher.name, suite.mac, encrypt_then_mac)
                if mode not in seen:
                    seen.add(mode)
                    order = "-etm" if encrypt_then_mac else "-mte" if suite.cipher.kind is CipherKind.CBC else ""
                    yield f"{suite.name.lower()}{order}", suite, encrypt_then_mac


_CLAUSES = {ProtocolVersion.TLSv1_3: "RFC 8446 5.2", ProtocolVersion.TLSv1_2: "RFC 5246 6.2.3"}


def _sealed() -> Iterator[Case]:
    for name, suite, encrypt_then_mac in _modes():
        for length in (0, 1, 15, 16, 17, 255, 1000):
            given = {
                **_keys_of(suite, 0, encrypt_then_mac),
                "content_type": _DATA,
                "content": hexadecimal(f"content {length}", length),
            }
            text = f"{length} bytes of application data under {suite.name}."
            yield _QUESTIONS.case(f"seal-{name}-{length}", text, _CLAUSES[suite.version], "seal", given)
        for sequence in (1, 255, 1 << 32, (1 << 64) - 1):
            given = {**_keys_of(suite, sequence, encrypt_then_mac), "content_type": 21, "content": "0100"}
            text = f"An alert under {suite.name}, sequence number {sequence}."
            case = f"seal-{name}-sequence-{sequence}"
            yield _QUESTIONS.case(case, text, _CLAUSES[suite.version], "seal", given)
        if suite.version is ProtocolVersion.TLSv1_3:
            for padding in (1, 15, 255):
                given = {**_keys_of(suite), "content_type": _DATA, "content": "70696e67", "padding": padding}
                text = f"Four bytes and {padding} of padding under {suite.name}."
                yield _QUESTIONS.case(f"seal-{name}-padding-{padding}", text, "RFC 8446 5.4", "seal", given)


def _flipped(record: bytes, at: int) -> bytes:
    at %= len(record)
    return record[:at] + bytes([record[at] ^ 1]) + record[at + 1 :]


def _resized(record: bytes, fragment: bytes) -> bytes:
    return record[:3] + len(fragment).to_bytes(2, "big") + fragment


def _opened() -> Iterator[Case]:
    for name, suite, encrypt_then_mac in _modes():
        keys = _keys_of(suite, 0, encrypt_then_mac)
        record = bytes.fromhex(_seal({**keys, "content_type": _DATA, "content": b"application data".hex()})["record"])
        changes: Mapping[str, bytes] = {
            "sound": record,
            "flipped-tag": _flipped(record, -1),
            "flipped-ciphertext": _flipped(record, 5),
            "flipped-middle": _flipped(record, len(record) // 2),
            "another-type": b"\x16" + record[1:],
            "another-version": record[:1] + b"\x03\x01" + record[3:],
            "a-byte-too-few": _resized(record, record[5:-1]),
            "a-byte-too-many": _resized(record, record[5:] + b"\0"),
            "a-block-too-few": _resized(record, record[5:-16]),
            "sixteen-bytes": _resized(record, record[5:21]),
            "empty": _resized(record, b""),
        }
        for change, changed in changes.items():
            text = f"A record of {suite.name}: {change.replace('-', ' ')}."
            given = {**keys, "records": changed.hex()}
            yield _QUESTIONS.case(f"receive-{name}-{change}", text, _CLAUSES[suite.version], "receive", given)
        text = f"A record of {suite.name} read with the next sequence number."
        given = {**keys, "sequence": 1, "records": record.hex()}
        yield _QUESTIONS.case(f"receive-{name}-replayed", text, _CLAUSES[suite.version], "receive", given)


def _limits() -> Iterator[Case]:
    for name in ("tls_aes_128_gcm_sha256", "tls_ecdhe_rsa_with_aes_128_gcm_sha256"):
        suite = names.suite(name)
        clause = "RFC 8446 5.1" if suite.version is ProtocolVersion.TLSv1_3 else "RFC 5246 6.2.1"
        for length in (16384, 16385):
            sealed = _seal({**_keys_of(suite), "content_type": _DATA, "content": "00" * length})["record"]
            text = f"{length} bytes of plaintext under {suite.name}."
            given = {**_keys_of(suite), "records": sealed}
            yield _QUESTIONS.case(f"receive-{name}-plaintext-{length}", text, clause, "receive", given)
        for limit, length in ((63, 63), (63, 64), (512, 513)):
            sealed = _seal({**_keys_of(suite), "content_type": _DATA, "content": "00" * length})["record"]
            text = f"{length} bytes of plaintext under {suite.name} where {limit} were agreed on."
            given = {**_keys_of(suite), "limit": limit, "records": sealed}
            yield _QUESTIONS.case(f"receive-{name}-limit-{limit}-{length}", text, "RFC 8449 4", "receive", given)
        header = "170303" if suite.version is ProtocolVersion.TLSv1_3 else "160303"
        beyond = 16384 + (257 if suite.version is ProtocolVersion.TLSv1_3 else 2049)
        given = {**_keys_of(suite), "records": f"{header}{beyond:04x}00"}
        text = f"A header that announces {beyond} bytes under {suite.name}."
        yield _QUESTIONS.case(f"receive-{name}-fragment-{beyond}", text, clause, "receive", given)


#: Name, what it is, clause, records in the clear.
_PLAIN: tuple[tuple[str, str, str, str], ...] = (
    ("message", "A handshake message in one record.", "RFC 8446 5.1", "1603030006" + "010000020102"),
    (
        "fragmented",
        "A message in three records.",
        "RFC 8446 5.1",
        "160303000101" + "1603030003000002" + "16030300020102",
    ),
    ("coalesced", "Two messages in one record.", "RFC 8446 5.1", "160303000b" + "0200000101" + "080000020000"),
    ("incomplete", "Half a record: nothing yet.", "RFC 8446 5.1", "160303000601"),
    ("half-header", "Half a header: nothing yet.", "RFC 8446 5.1", "1603"),
    ("alert", "An alert.", "RFC 8446 6", "15030300020228"),
    ("alert-of-one-byte", "An alert of one byte.", "RFC 8446 5.1", "150303000102"),
    ("alert-of-three-bytes", "An alert of three bytes.", "RFC 8446 5.1", "1503030003022800"),
    ("empty-alert", "An empty alert.", "RFC 8446 5.4", "1503030000"),
    ("empty-handshake", "An empty handshake record.", "RFC 8446 5.1", "1603030000"),
    ("interleaved", "An alert inside a message.", "RFC 8446 5.1", "160303000201" + "00" + "15030300020100"),
    ("change-cipher-spec", "change_cipher_spec.", "RFC 8446 5", "140303000101"),
    ("change-cipher-spec-2", "change_cipher_spec of the byte 2.", "RFC 8446 5", "140303000102"),
    ("change-cipher-spec-long", "change_cipher_spec of two bytes.", "RFC 8446 5", "14030300020101"),
    ("change-cipher-spec-5", "change_cipher_spec five times.", "RFC 8446 D.4", "140303000101" * 5),
    ("data", "Data before there are keys.", "RFC 8446 5.1", "170303000178"),
    ("unknown-type", "A record of type 99.", "RFC 8446 5", "630303000178"),
    ("old-version", "A record of version 0x0301.", "RFC 8446 5.1", "1603010006" + "010000020102"),
    ("no-version", "A record of version 0x0200.", "RFC 8446 5.1", "1602000006" + "010000020102"),
    ("http", "A request in the clear: no record at all.", "RFC 8446 5.1", b"GET / HTTP/1.1\r\n\r\n".hex()),
    ("fragment-16385", "A header that announces 2^14 + 1 bytes.", "RFC 8446 5.1", "160303400101"),
    ("unknown-message", "A message of type 99.", "RFC 8446 4", "1603030004" + "63000000"),
    ("long-message", "A message that announces 2^24 - 1 bytes.", "RFC 8446 4", "1603030004" + "14ffffff"),
)


def _plain() -> Iterator[Case]:
    for name, text, clause, records in _PLAIN:
        yield _QUESTIONS.case(f"receive-plain-{name}", text, clause, "receive", {"records": records})


def _inner() -> Iterator[Case]:
    """What stands inside a protected record of TLS 1.3."""
    keys = _keys_of(names.suite("tls_chacha20_poly1305_sha256"))
    for name, content_type, content, padding, clause in (
        ("padded", 23, "70696e67", 20, "RFC 8446 5.4"),
        ("zeros", 0, "000000", 0, "RFC 8446 5.4"),
        ("empty-data", 23, "", 0, "RFC 8446 5.4"),
        ("empty-alert", 21, "", 0, "RFC 8446 5.4"),
        ("empty-handshake", 22, "", 0, "RFC 8446 5.4"),
        ("unknown-type", 99, "00", 0, "RFC 8446 5"),
        ("change-cipher-spec", 20, "01", 5, "RFC 8446 5"),
        ("key-update", 22, "1800000100", 0, "RFC 8446 4.6.3"),
    ):
        record = _seal({**keys, "content_type": content_type, "content": content, "padding": padding})["record"]
        text = f"A protected record: {name.replace('-', ' ')}."
        given = {**keys, "records": record}
        yield _QUESTIONS.case(f"receive-inner-{name}", text, clause, "receive", given)
    sealed = _seal({**keys, "content_type": 22, "content": "1400000100"})["record"]
    for name, records, left in (
        ("skipped", "1703030020" + "00" * 32 + sealed, 100),
        ("too-much", "1703030020" + "00" * 32 + "1703030020" + "00" * 32, 100),
    ):
        text = f"Refused early data, {left} bytes of it borne: {name.replace('-', ' ')}."
        given = {**keys, "skip_early_data": left, "records": records}
        yield _QUESTIONS.case(f"receive-early-data-{name}", text, "RFC 8446 4.2.10", "receive", given)
    data = _seal({**keys, "content_type": 23, "content": "70696e67"})["record"]
    given = {**keys, "sequence": 1 << 64, "records": data}
    text = "A record after the last sequence number: they do not wrap."
    yield _QUESTIONS.case("receive-after-the-last", text, "RFC 8446 5.3", "receive", given)
    for name, records in (
        ("a header of no version", "1702000000"),
        ("a header too long", "170303ffff"),
        ("half a header", "1703"),
        ("half a record", "1703030020" + "00" * 31),
    ):
        for end in (False, True):
            text = f"Data, then {name}{', and the transport ends' if end else ''}."
            given = {**keys, "records": data + records, "end": end}
            case = f"receive-then-{name.replace(' ', '-')}{'-end' if end else ''}"
            yield _QUESTIONS.case(case, text, "RFC 8446 5.1", "receive", given)
    for name, records in (("handshake", "160303000414000000"), ("alert", "15030300020228"), ("ccs", "140303000101")):
        text = f"An unprotected {name} record under keys."
        given = {**keys, "records": records}
        yield _QUESTIONS.case(f"receive-unprotected-{name}", text, "RFC 8446 5.2", "receive", given)


def _make() -> Iterator[Document]:
    yield Document("seal", "Records sealed, for every cipher, MAC and version.", tuple(_sealed()))
    yield Document("open", "Records opened, sound and changed in one point.", tuple(_opened()))
    yield Document("receive", "Limits, framing, and what a record may hold.", (*_plain(), *_inner(), *_limits()))


_README = """\
| operation | asks for |
|---|---|
| `seal` | the whole record for some content, under keys and a sequence number |
| `receive` | what is made of `records`: the contents in order, whole handshake messages, then the alert if one is due |

`secret` is a traffic secret of TLS 1.3; `key`, `fixed_iv` and `mac_key` are one direction's part of TLS 1.2's key
block; `iv` is the IV of a CBC record; `content_type` in `seal` is a number. Without a `suite` records are in the clear.
`limit` is the longest plaintext that record_size_limit left, `skip_early_data` the bytes of refused early data that are
passed over; `end` says that the transport ends there.
"""

TITLE = "Record protection: sealing, opening, limits, padding"
FAMILY = Family(
    name="record",
    title=TITLE,
    readme=_README,
    schema=_QUESTIONS.schema(TITLE),
    make=_make,
    check=_QUESTIONS.check,
    answer=_QUESTIONS.answer,
)
