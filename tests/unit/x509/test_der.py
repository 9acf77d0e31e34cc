"""The strict DER reader and the writer."""

from __future__ import annotations

import pytest

from puressl.x509 import der


@pytest.mark.parametrize(
    ("seconds", "element"),
    [
        (-631152000, b"\x17\x0d500101000000Z"),
        (-631152001, b"\x18\x0f19491231235959Z"),
        (2524607999, b"\x17\x0d491231235959Z"),
        (2524608000, b"\x18\x0f20500101000000Z"),
    ],
)
def test_times_change_form_in_1950_and_2050(seconds: int, element: bytes) -> None:
    assert der.time(seconds) == element


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, -1, -128, -129, 2**64, -(2**64)])
def test_integers_are_written_as_they_are_read(value: int) -> None:
    assert der.Reader(der.integer(value)).integer() == value


@pytest.mark.parametrize("dotted", ["0.0", "1.2.840.113549.1.1.1", "2.5.29.37.0", "2.999.1", "1.39", "2.16.840.1"])
def test_object_identifiers_are_written_as_they_are_read(dotted: str) -> None:
    assert der.Reader(der.oid(dotted)).oid() == dotted


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x02",
        b"\x02\x00",
        b"\x02\x02\x00\x01",
        b"\x02\x02\xff\x80",
        b"\x02\x02\x01",
        b"\x02\x81\x01\x01",
        b"\x02\x82\x00\x80" + bytes(128),
        b"\x02\x80\x01\x00\x00",
        b"\x04\x01\x01",
        b"\x1f\x01\x01",
        b"\x02\x84\xff\xff\xff\xff\x01",
    ],
)
def test_reader_refuses_what_is_no_der_integer(data: bytes) -> None:
    with pytest.raises(der.DERError):
        der.Reader(data).integer()


@pytest.mark.parametrize("content", [b"", b"\x80\x01", b"\x2a\x80\x01", b"\x2a\x81", b"\x2a" * 65])
def test_reader_refuses_what_is_no_object_identifier(content: bytes) -> None:
    with pytest.raises(der.DERError):
        der.Reader(der.element(der.OBJECT_IDENTIFIER, content)).oid()


def test_of_single_refuses_truncation_and_trailing_bytes() -> None:
    data = der.sequence(der.integer(5), der.octet_string(bytes(200)))
    reader = der.Reader.of_single(data, der.SEQUENCE)
    assert (reader.integer(), reader.optional(der.NULL), reader.take(der.OCTET_STRING)) == (5, None, bytes(200))
    reader.end()
    for length in range(len(data)):
        with pytest.raises(der.DERError):
            der.Reader.of_single(data[:length], der.SEQUENCE)
    with pytest.raises(der.DERError, match="1 bytes after the end"):
        der.Reader.of_single(data + b"\x00", der.SEQUENCE)


@pytest.mark.parametrize(
    ("numbers", "content"),
    [((), b"\x00"), ((0,), b"\x07\x80"), ((5, 6), b"\x01\x06"), ((7,), b"\x00\x01"), ((0, 8), b"\x07\x80\x80")],
)
def test_named_bits_drop_trailing_zeros(numbers: tuple[int, ...], content: bytes) -> None:
    assert der.named_bits(frozenset(numbers)) == der.element(der.BIT_STRING, content)


def test_set_of_is_sorted() -> None:
    assert der.set_of(der.integer(2), der.integer(1)) == der.element(der.SET, der.integer(1), der.integer(2))


def test_any_element_is_taken_whole_and_must_be_there() -> None:
    reader = der.Reader(der.integer(7) + der.octet_string(b"x"))
    assert reader.take_any() == der.integer(7)
    assert reader.take_any() == der.octet_string(b"x")
    with pytest.raises(der.DERError, match="missing"):
        reader.take_any()
