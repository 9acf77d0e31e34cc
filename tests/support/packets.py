"""Streams of packets of every type, valid and odd, and what is in them."""

from __future__ import annotations

from collections.abc import Mapping

from puressl.errors import Reason, SSLError
from puressl.sockets.packets import Decoder, Packet, PacketType

LONG_NAME = b"x-" + b"aB-" * 16
START_LINES = (
    b"GET / HTTP/1.1\r\n",
    b"GET / HTTP/1.1\n",
    b"FOO / HTTP/1.1\r\n",
    b"get / HTTP/1.1\r\n",
    b"OPTIONS * HTTP/1.0\r\n",
    b"CONNECT a.example:443 HTTP/1.1\r\n",
    b"GET http://a.b:80/x HTTP/1.0\r\n",
    b"GET HTTPS://a.b HTTP/1.0\r\n",
    b"GET http://a.b:8x/x HTTP/1.0\r\n",
    b"GET http://a.b:/x HTTP/1.0\r\n",
    b"GET http://a.b:0/x HTTP/1.0\r\n",
    b"GET http://a.b:65536/x HTTP/1.0\r\n",
    b"GET http://[::1]:80/x HTTP/1.0\r\n",
    b"GET http:// HTTP/1.0\r\n",
    b"GET http:/ HTTP/1.0\r\n",
    b"GET http://a/b:80/ HTTP/1.0\r\n",
    b"GET : HTTP/1.0\r\n",
    b"GET a:b:c HTTP/1.0\r\n",
    b"GET foo HTTP/1.0\r\n",
    b"GET x HTTP/1.0\r\n",
    b"GET /\r\n",
    b"GET / \t\r\n",
    b"GET  \r\n",
    b"GET\r\n",
    b"GET \t/\t HTTP/1.1 \r\n",
    b"GET / HTTP/1.1x 9\r\n",
    b"GET / HTTP/11.22\n",
    b"GET / HTTP/1\n",
    b"GET / HTTP/1.\n",
    b"GET / HTTP/.1\n",
    b"GET / http/1.1\n",
    b"GET / a HTTP/1.1\r\n",
    b"GET /\x00\xff HTTP/1.1\r\r\n",
    b" GET / HTTP/1.1\r\n",
    b"G\x7fT / HTTP/1.1\r\n",
    b"G\x80T / HTTP/1.1\r\n",
    b"G:T / HTTP/1.1\r\n",
    b"\r\n",
    b"HTTP / HTTP/1.1\r\n",
    b"HTTP/ / HTTP/1.1\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 200\r\n",
    b"HTTP/1.1 200 \r\n",
    b"HTTP/1.1 \r\n",
    b"HTTP/1.1\r\n",
    b"HTTP/1.1  OK\r\n",
    b"HTTP/1.1\t200\t \tNot  at all \r\n",
    b"HTTP/1.1 2x0 OK\r\n",
    b"HTTP/1.1x 200 OK\r\n",
    b"HTTP/1.1 99999 x\r\n",
    b"HTTP/1 200 x\r\n",
    b"http/1.1 200 x\r\n",
)
FIELDS = (
    b"Host: a.example\r\n",
    b"hOST:a.example\n",
    b"CONTENT-md5: \t x \t\r\n",
    b"content-length: 5\r\n 6\r\n\t7\r\n",
    b"x-foo-bar:\r\n a\r\n",
    b"A: \r\n \r\n",
    b"x--y-: b:c\r\n",
    b"--a-1b_C: d\r\n",
    b"x : blank before the colon\r\n",
    b"no colon\r\n",
    b": no name\r\n",
    b"a\n",
    b"a:\n",
    b"\r\r\n",
    b" a: begins with a blank\r\n",
    b"a\x7f: b\r\n",
    b"a\x80: b\r\n",
    b"a: \x00\x80\xff\r\r\n",
    LONG_NAME[:49] + b": x\r\n",
    LONG_NAME[:50] + b": x\r\n",
    LONG_NAME[:51] + b": x\r\n",
    LONG_NAME[:51] + b" : x\r\n",
    b"HTTP/1.1 200 OK\r\n",
)
HEADS = tuple(start + b"".join(FIELDS[number::17]) + b"\r\n" for number, start in enumerate(START_LINES))

#: By packet type, what may arrive: several packets, the last of some of them cut short.
STREAMS: Mapping[PacketType, tuple[bytes, ...]] = {
    1: (b"\x03abc\x00\x01d\x05cut", b"\xff" + bytes(255)),
    2: (b"\x00\x03abc\x00\x00\x00\x01d\x00\x05cut", b"\x01\x00" + bytes(256), b"\xff\xff"),
    4: (b"\0\0\0\x03abc\0\0\0\0\0\0\0\x01d\0\0\0\x05cut", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"),
    "line": (b"one\r\n\ntwo\nthree\n\ncut", b"\n\n\n", b"a line of more than sixteen\nb\n"),
    "asn1": (
        bytes.fromhex("3003010203 0500 308100 3082000107 04830000 01ff 3f8101 0109 3f0102aabb 3080 0000 30"),
        bytes.fromhex("30840000000101 1f8181810101aa"),
        bytes.fromhex("30840000000501"),
        bytes.fromhex("3084ffffffff"),
        bytes.fromhex("308500000000010101"),
    ),
    "cdr": (
        bytes.fromhex("47494f50 01020000 00000001 09 47494f50 01020101 02000000 0908 47494f50 010200"),
        bytes.fromhex("47494f50 01020000 ffffffff"),
        bytes.fromhex("47494f58 01020000 00000000"),
    ),
    "sunrm": (bytes.fromhex("00000001 09 80000002 0908 80000000 80000005 01"), bytes.fromhex("ffffffff")),
    "fcgi": (
        bytes.fromhex("0101000100020100 090909 0101000100000000 01010001000000ff 01"),
        bytes.fromhex("0201000100020100 090909"),
        bytes.fromhex("01010001ffffff00"),
    ),
    "tpkt": (
        bytes.fromhex("03000005 09 03000004 03ff0006 0102 03000005"),
        bytes.fromhex("02000005 09"),
        bytes.fromhex("03000003 09"),
        bytes.fromhex("0300ffff"),
    ),
    "http_bin": (*HEADS, b"".join(HEADS[:3])),
    "httph_bin": (*(field + b"b: c\r\n\r\n" for field in FIELDS), b"\n\r\na: b\r\nc: d\r\n\r\n\r\n"),
}


def drain(decoder: Decoder, buffer: bytearray) -> tuple[list[Packet], SSLError | None]:
    """All packets of the buffer, and the error that ended them, which is always the same one."""
    packets: list[Packet] = []
    try:
        while (packet := decoder.decode(buffer)) is not None:
            packets.append(packet)
    except SSLError as error:
        if error.reason is not Reason.EMSGSIZE:
            raise
        return packets, error
    return packets, None
