"""Packets: where each type cuts, what it refuses, and that pieces change nothing."""

from __future__ import annotations

import pytest

from puressl.errors import Reason, SSLError
from puressl.sockets.packets import HTTP, PACKET_TYPES, Decoder, PacketType, encode_header

from support.packets import STREAMS, drain

SIZE = 1_000


def packets_of(packet: PacketType, octets: bytes, size: int = SIZE) -> list[object]:
    """All whole packets; what is refused is shown as "emsgsize"."""
    packets, error = drain(Decoder(packet, size), bytearray(octets))
    return [*packets, *(["emsgsize"] if error else [])]


def in_pieces(packet: PacketType, pieces: list[bytes], size: int) -> tuple[list[object], bytes]:
    decoder, buffer, packets = Decoder(packet, size), bytearray(), []
    for piece in pieces:
        buffer += piece
        found, error = drain(decoder, buffer)
        packets += found
        if error is not None:
            return [*packets, "emsgsize"], b""
    return packets, bytes(buffer)


@pytest.mark.parametrize("packet", [packet for packet in PACKET_TYPES if packet not in (0, "raw")])
def test_stream_split_at_every_byte_gives_the_same_packets(packet: PacketType) -> None:
    given = STREAMS.get(packet) or STREAMS[f"{packet}_bin"]
    for octets in given:
        for size in (16, SIZE):
            whole = in_pieces(packet, [octets], size)
            assert whole == in_pieces(packet, [bytes([octet]) for octet in octets], size)
            for at in range(len(octets)):
                assert whole == in_pieces(packet, [octets[:at], octets[at:]], size)


@pytest.mark.parametrize("packet", [0, "raw"])
def test_raw_is_all_that_is_there_whatever_its_length(packet: PacketType) -> None:
    decoder, buffer = Decoder(packet, 2), bytearray()
    assert decoder.decode(buffer) is None
    buffer += b"\x04abc"
    assert decoder.decode(buffer) == b"\x04abc"
    assert not buffer


@pytest.mark.parametrize(
    ("packet", "octets", "packets"),
    [
        (1, "03616263 00 0164 0565", [b"abc", b"", b"d"]),
        (2, "0003616263 0000 00", [b"abc", b""]),
        (4, "00000003616263 00000000 000000", [b"abc", b""]),
        ("sunrm", "0000000109 800000020807 8000", [b"\0\0\0\1\x09", b"\x80\0\0\2\x08\x07"]),
        ("asn1", "0500 3003010203 3081", [b"\x05\0", b"\x30\3\1\2\3"]),
        ("asn1", "3082000107 0484000000", [b"\x30\x82\0\1\7"]),
        ("asn1", "3f81010109 3f", [b"\x3f\x81\1\1\x09"]),
        ("asn1", "30800000", [b"\x30\x80", b"\0\0"]),
        ("cdr", "47494f5001020000 00000001 09", [b"GIOP\1\2\0\0\0\0\0\1\x09"]),
        ("cdr", "47494f5001020100 01000000 09", [b"GIOP\1\2\1\0\1\0\0\0\x09"]),
        ("fcgi", "0101000100020100 0908 07 01", [b"\1\1\0\1\0\2\1\0\x09\x08"]),
        ("tpkt", "0300000509 03000004 03", [b"\3\0\0\5\x09", b"\3\0\0\4"]),
    ],
)
def test_header_says_where_the_packet_ends(packet: PacketType, octets: str, packets: list[bytes]) -> None:
    assert packets_of(packet, bytes.fromhex(octets)) == packets


def test_only_numbers_lose_their_header_and_only_fcgi_its_padding() -> None:
    for packet, octets in ((1, b"\1a"), (2, b"\0\1a"), (4, b"\0\0\0\1a")):
        assert packets_of(packet, octets) == [b"a"]
    for packet, octets in (("sunrm", b"\0\0\0\1a"), ("asn1", b"\4\1a"), ("tpkt", b"\3\0\0\5a")):
        assert packets_of(packet, octets) == [octets]
    assert packets_of("fcgi", b"\1\1\0\1\0\1\2\0a__") == [b"\1\1\0\1\0\1\2\0a"]


def test_line_keeps_its_newline() -> None:
    assert packets_of("line", b"one\r\n\ntwo\ncut") == [b"one\r\n", b"\n", b"two\n"]


@pytest.mark.parametrize(
    ("packet", "longest", "too_long"),
    [
        (1, b"\x04abcd", b"\x05"),
        (2, b"\0\x04abcd", b"\0\x05"),
        (4, b"\0\0\0\x04abcd", b"\0\0\0\x05"),
        (4, b"\0\0\0\x04abcd", b"\xff\xff\xff\xff"),
        ("line", b"abc\n", b"abcd"),
        ("asn1", b"\x30\x04abcd", b"\x30\x05"),
        ("asn1", b"\x30\x04abcd", b"\x30\x84\xff\xff\xff\xff"),
        ("cdr", b"GIOP\1\2\0\0\0\0\0\4abcd", b"GIOP\1\2\0\0\0\0\0\5"),
        ("sunrm", b"\x80\0\0\4abcd", b"\x80\0\0\5"),
        ("fcgi", b"\1\1\0\1\0\4\0\0abcd", b"\1\1\0\1\0\4\1\0"),
        ("tpkt", b"\3\0\0\x08abcd", b"\3\0\0\x09"),
        ("httph", b"a:\r\n\n", b"a:b\r"),
        ("httph", b"a:\r\n\n", b"a:\r\n "),
        ("http", b"a /\n", b"a /\r"),
    ],
)
def test_longer_packet_is_refused_before_it_is_all_there(packet: PacketType, longest: bytes, too_long: bytes) -> None:
    assert "emsgsize" not in packets_of(packet, longest, 4)
    assert packets_of(packet, longest, 4)
    assert packets_of(packet, too_long, 4) == ["emsgsize"]


@pytest.mark.parametrize(
    ("packet", "octets", "said"),
    [
        ("asn1", b"\x30\x85", "length of more than 4"),
        ("asn1", b"\x3f\x81\x81\x81\x81\x81\x01", "tag of more than 6"),
        ("cdr", b"GIOX\1\2\0\0\0\0\0\0", "GIOX"),
        ("fcgi", b"\2\1\0\1\0\0\0\0", "version 2"),
        ("tpkt", b"\2\0\0\4", "no header"),
        ("tpkt", b"\3\0\0\3", "no header"),
    ],
)
def test_malformed_packet_is_refused_with_what_is_wrong(packet: PacketType, octets: bytes, said: str) -> None:
    decoder, buffer = Decoder(packet, SIZE), bytearray(octets)
    for _ in range(2):
        with pytest.raises(SSLError, match=said) as caught:
            decoder.decode(buffer)
        assert caught.value.reason is Reason.EMSGSIZE
    assert buffer == octets


def test_packets_before_a_refused_one_are_given_out() -> None:
    assert packets_of("line", b"a\nb\nabcdef", 4) == [b"a\n", b"b\n", "emsgsize"]


@pytest.mark.parametrize(
    ("packet", "length", "header"),
    [
        (1, 255, b"\xff"),
        (2, 256, b"\1\0"),
        (4, 0, b"\0\0\0\0"),
        (4, 2**32 - 1, b"\xff\xff\xff\xff"),
        (0, 2**40, b""),
        ("raw", 5, b""),
        ("line", 5, b""),
        ("asn1", 5, b""),
        ("http", 5, b""),
    ],
)
def test_send_adds_the_header_of_numbers_only(packet: PacketType, length: int, header: bytes) -> None:
    assert encode_header(packet, length) == header


@pytest.mark.parametrize(("packet", "length"), [(1, 256), (2, 65_536), (4, 2**32)])
def test_data_longer_than_a_header_can_say_is_not_sent(packet: PacketType, length: int) -> None:
    with pytest.raises(SSLError) as caught:
        encode_header(packet, length)
    assert caught.value.reason is Reason.EMSGSIZE


@pytest.mark.parametrize("packet", [1, 2, 4])
def test_what_is_sent_is_received(packet: PacketType) -> None:
    sent = [b"", b"a", bytes(255)]
    assert packets_of(packet, b"".join(encode_header(packet, len(data)) + data for data in sent)) == sent


@pytest.mark.parametrize("packet", ["http", "http_bin"])
def test_header_fields_follow_a_start_line_and_a_start_line_the_empty_one(packet: PacketType) -> None:
    octets = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nHTTP/1.1 200 OK\r\n\r\nwrong\r\nPUT * HTTP/1.0\n\n"
    assert packets_of(packet, octets) == [
        ("http_request", "GET", ("abs_path", b"/"), (1, 1)),
        ("http_header", 14, "Host", None, b"a"),
        "http_eoh",
        ("http_response", (1, 1), 200, b"OK"),
        "http_eoh",
        ("http_error", b"wrong\r\n"),
        ("http_request", "PUT", "*", (1, 0)),
        "http_eoh",
    ]


@pytest.mark.parametrize("packet", ["httph", "httph_bin"])
def test_header_types_never_expect_a_start_line(packet: PacketType) -> None:
    octets = b"Host: a\r\n\r\nGET / HTTP/1.1\r\nAge: 1\r\n\r\n"
    assert packets_of(packet, octets) == [
        ("http_header", 14, "Host", None, b"a"),
        "http_eoh",
        ("http_error", b"GET / HTTP/1.1\r\n"),
        ("http_header", 25, "Age", None, b"1"),
        "http_eoh",
    ]


def test_field_ends_where_the_next_line_does_not_continue_it() -> None:
    octets = b"A: b\r\n c\r\n\td\nE: f\n\n"
    field = ("http_header", 0, b"A", None, b"b\r\n c\r\n\td")
    assert packets_of("httph", octets) == [field, ("http_header", 0, b"E", None, b"f"), "http_eoh"]
    assert packets_of("httph", octets[: octets.index(b"E")]) == []  # it might go on


def test_empty_line_is_not_continued() -> None:
    assert packets_of("httph", b"\r\n a: b\r\nc: d\r\n\r\n")[0] == "http_eoh"


def test_http_packets_are_plain_tuples_with_names() -> None:
    request, field = packets_of("http", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")[:2]
    assert request.method == "GET"  # type: ignore[attr-defined]
    assert (field.field, field.value) == ("Host", b"a")  # type: ignore[attr-defined]
    assert set(HTTP) == {"http", "http_bin", "httph", "httph_bin"}
