"""Every byte is a field, and every field has a name, a meaning and a clause."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from puressl.codes import ContentType
from puressl.crypto.suites import SUITES
from puressl.errors import ProtocolError
from puressl.explain import fields
from puressl.explain.fields import Sealing
from puressl.explain.model import Field
from puressl.wire import Alert, ChangeCipherSpec, ClientHello, Finished, Structure
from puressl.wire.fields import Adapted, Checked, Codec, OrAbsent, Vector

from support.stories import BY_NAME, story

_CLAUSE = re.compile(r"RFC \d{4} [0-9A-F]+(\.\d+)*(, (RFC \d{4} )?[0-9A-F]+(\.\d+)*)*")


def structures(cls: type[Structure] = Structure) -> Iterator[type[Structure]]:
    for child in cls.__subclasses__():
        if "wire" in vars(child):
            yield child
        yield from structures(child)


def described(codec: Codec[Any]) -> Iterator[str]:
    """What the codecs inside a codec say of their parts."""
    for part in ("item", "meaning"):
        if hasattr(codec, part):
            yield getattr(codec, part)
    if isinstance(codec, (Adapted, Checked, OrAbsent)):
        yield from described(codec.inner)
    if isinstance(codec, Vector):
        yield from described(codec.element)


@pytest.mark.parametrize("cls", list(dict.fromkeys(structures())), ids=lambda cls: cls.__name__)
def test_every_codec_names_its_fields_with_meaning_and_clause(cls: type[Structure]) -> None:
    assert cls.wire.meaning
    assert _CLAUSE.fullmatch(cls.wire.clause), cls.wire.clause
    for row in cls.wire.rows:
        assert row.name
        assert row.meaning
        assert _CLAUSE.fullmatch(row.clause), (row.name, row.clause)
        assert all(described(row.codec)), row.name


def leaves(explained: Sequence[Field]) -> list[Field]:
    following = [*explained[1:], None]
    return [
        each for each, after in zip(explained, following, strict=True) if after is None or after.depth <= each.depth
    ]


def assert_explained(explained: Sequence[Field], raw: bytes) -> None:
    """The innermost fields cover every byte once; all of them say what they are."""
    at = 0
    for leaf in leaves(explained):
        assert leaf.start == at
        at = leaf.end
    assert at == len(raw)
    for each in explained:
        assert each.path
        assert each.meaning
        assert _CLAUSE.fullmatch(each.clause), each
    for each in leaves(explained):
        assert each.value or each.path.count(".") == 0 or each.end == each.start, each


@pytest.mark.parametrize("name", BY_NAME)
def test_every_byte_of_every_handshake_is_explained(name: str) -> None:
    told = story(name)
    for step in told.steps:
        assert_explained(step.fields, step.raw)
    for record in told.records:
        assert_explained(record.fields, record.raw)
        if record.protected and record.plaintext:
            assert_explained(record.inner, record.plaintext)


def test_code_points_have_the_names_of_their_registries() -> None:
    values = {field.path: field.value for field in story("tls13").steps[0].fields}
    assert values["ClientHello.cipher_suites[1]"] == "TLS_AES_128_GCM_SHA256 (0x1301)"
    assert values["ClientHello.extensions.supported_groups.groups[0]"] == "x25519 (0x001d)"
    assert values["ClientHello.extensions.server_name.extension_type"] == "server_name (0)"
    assert values["ClientHello.extensions.server_name.host_name[0].host_name.content"] == '"server.example"'
    assert values["ClientHello.extensions"] == ""


def test_alerts_and_change_cipher_spec_have_fields() -> None:
    alert = fields.content_fields(Alert, b"\x02\x28")
    assert [each.value for each in alert] == ["", "fatal (2)", "handshake_failure (40)"]
    assert [each.value for each in fields.content_fields(ChangeCipherSpec, b"\x01")] == ["", "1"]


def test_a_message_that_is_none_is_refused() -> None:
    with pytest.raises(ProtocolError):
        fields.message_fields(ClientHello, b"\x01\x00\x00\x01\x03")


@pytest.mark.parametrize("raw", [b"\x01", b"\x01\x00\x00", b"\x01\x00\x00\x05abc", b"\xfe\x00\x00\x00"])
def test_a_refused_message_is_laid_out_as_far_as_it_goes(raw: bytes) -> None:
    assert_explained(fields.undecoded_message(raw), raw)


@pytest.mark.parametrize("suite", SUITES.values(), ids=lambda suite: suite.name)
@pytest.mark.parametrize("length", [0, 1, 20, 200])
def test_protected_records_of_any_length_are_laid_out(suite: Any, length: int) -> None:
    raw = b"\x17\x03\x03" + length.to_bytes(2, "big") + bytes(length)
    for encrypt_then_mac in (False, True):
        assert_explained(fields.record_fields(raw, Sealing(suite, encrypt_then_mac)), raw)


def test_padding_is_found_by_the_length_of_the_record() -> None:
    sealing = Sealing(next(each for each in SUITES.values() if each.name == "TLS_AES_128_GCM_SHA256"))
    raw = bytes(5 + 2 + 1 + 3 + 16)
    inner = fields.inner_plaintext(raw, ContentType.ALERT, b"\x01\x00", sealing)
    assert inner == b"\x01\x00\x15\x00\x00\x00"
    names = [(each.path, each.value) for each in fields.inner_fields(inner, 2, sealing)]
    assert names[1:] == [
        ("TLSInnerPlaintext.content", "0100"),
        ("TLSInnerPlaintext.type", "alert (21)"),
        ("TLSInnerPlaintext.zeros", "000000"),
    ]


def test_finished_is_explained_for_both_versions() -> None:
    for length in (12, 32):
        raw = b"\x14\x00\x00" + bytes((length,)) + bytes(length)
        assert_explained(fields.message_fields(Finished, raw), raw)
