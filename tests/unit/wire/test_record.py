"""The record header, the size limits, and what a stream that is no TLS looks like."""

from __future__ import annotations

import pytest

from puressl.codes import AlertDescription, ContentType, ProtocolVersion
from puressl.errors import Problem, ProtocolError
from puressl.wire import record
from puressl.wire.record import RecordHeader, content_limit


@pytest.mark.parametrize("content_type", list(ContentType))
@pytest.mark.parametrize("version", [0x0301, 0x0303, 0x03FF])
@pytest.mark.parametrize("length", [0, 1, 255, 256, 0x4000, 0xFFFF])
def test_header_decodes_to_what_was_encoded(content_type: int, version: int, length: int) -> None:
    raw = RecordHeader(content_type, version, length).encode()
    assert len(raw) == record.HEADER_LENGTH
    assert RecordHeader.decode(raw) == RecordHeader(content_type, version, length)


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 6])
def test_header_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(ProtocolError) as caught:
        RecordHeader.decode(b"\x16\x03\x03\x00\x01\x00"[:length])
    assert caught.value.problem is Problem.MALFORMED_MESSAGE


@pytest.mark.parametrize("major", [0, 2, 4, 0xFE, 0xFF])
def test_other_major_version_is_no_tls(major: int) -> None:
    with pytest.raises(ProtocolError) as caught:
        RecordHeader.decode(bytes((22, major, 3, 0, 1)))
    assert caught.value.problem is Problem.BAD_RECORD_VERSION
    assert caught.value.alert is AlertDescription.PROTOCOL_VERSION


@pytest.mark.parametrize("minor", range(0, 256, 15))
def test_minor_version_is_ignored(minor: int) -> None:
    assert RecordHeader.decode(bytes((22, 3, minor, 0, 1))).version == 0x0300 | minor


@pytest.mark.parametrize("content_type", [0, 19, 24, 25, 26, 128, 255])
def test_undefined_content_type_is_refused(content_type: int) -> None:
    with pytest.raises(ProtocolError) as caught:
        RecordHeader.decode(bytes((content_type, 3, 3, 0, 1)))
    assert caught.value.problem is Problem.BAD_RECORD_TYPE
    assert caught.value.alert is AlertDescription.UNEXPECTED_MESSAGE


@pytest.mark.parametrize(
    ("stream", "name"),
    [
        (b"GET / HTTP/1.1\r\n", "looks like an HTTP request"),
        (b"POST /x HTTP/1.1\r\n", "looks like an HTTP request"),
        (b"OPTIONS * HTTP/1.1\r\n", "looks like an HTTP request"),
        (b"CONNECT a:443 HTTP/1.1\r\n", "looks like an HTTP CONNECT request"),
        (b"PRI * HTTP/2.0\r\n", "looks like an HTTP/2 preface"),
        (b"HTTP/1.1 400 Bad Request\r\n", "looks like an HTTP response"),
        (b"PROXY TCP4 192.0.2.1", "looks like a PROXY protocol header"),
        (b"SSH-2.0-x\r\n", "looks like an SSH banner"),
        (b"220 mail.example ESMTP\r\n", "looks like an SMTP or FTP greeting"),
        (b"EHLO a.example\r\n", "looks like an SMTP command"),
        (b"+OK ready\r\n", "looks like a POP3 greeting"),
        (b"* OK IMAP4rev1\r\n", "looks like an IMAP greeting"),
        (bytes.fromhex("802e0103010015"), "looks like an SSLv2 ClientHello"),
        (b"\x16\x02\x00\x00\x05", "version 2.0"),
    ],
)
def test_error_says_what_the_stream_looks_like(stream: bytes, name: str) -> None:
    with pytest.raises(ProtocolError, match="not a TLS record: " + name.replace("*", r"\*")):
        RecordHeader.decode(stream[: record.HEADER_LENGTH])


@pytest.mark.parametrize(
    ("value", "version", "limit"),
    [
        (64, ProtocolVersion.TLSv1_3, 63),
        (64, ProtocolVersion.TLSv1_2, 64),
        (0x4000, ProtocolVersion.TLSv1_3, 0x3FFF),
        (0x4001, ProtocolVersion.TLSv1_3, 0x4000),
        (0x4000, ProtocolVersion.TLSv1_2, 0x4000),
        (0x4001, ProtocolVersion.TLSv1_2, 0x4000),
        (0xFFFF, ProtocolVersion.TLSv1_3, 0x4000),
    ],
)
def test_record_size_limit_counts_the_content_type_only_in_tls13(value: int, version: int, limit: int) -> None:
    assert content_limit(value, version) == limit


@pytest.mark.parametrize("value", [0, 1, 63])
def test_record_size_limit_below_64_is_refused(value: int) -> None:
    with pytest.raises(ProtocolError) as caught:
        content_limit(value, ProtocolVersion.TLSv1_3)
    assert caught.value.problem is Problem.ILLEGAL_PARAMETER
