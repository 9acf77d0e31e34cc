"""The family ``packet``: what the socket interface's option ``packet`` cuts from a stream.

Theory of operation: a stream of bytes is given, a packet type and the longest packet; what comes out are the packets in
order, what is left, and whether the stream is refused. However the bytes are cut into pieces, the same comes out.
"""

from __future__ import annotations

from collections.abc import Iterator

from puressl.errors import SSLError
from puressl.sockets.packets import Decoder, PacketType, encode_header
from puressl.vectors.documents import Case, Document, Family, Json
from puressl.vectors.questions import Questions


def _decode(given: Json) -> Json:
    decoder, buffer = Decoder(given["packet"], given["packet_size"]), bytearray()
    packets: list[Json] = []
    try:
        for piece in given["pieces"]:
            buffer += bytes.fromhex(piece)
            while (packet := decoder.decode(buffer)) is not None:
                packets.append(_plain(packet))
    except SSLError as error:
        return {"packets": packets, "rest": buffer.hex(), "error": str(error.reason)}
    return {"packets": packets, "rest": buffer.hex(), "error": None}


def _plain(value: object) -> Json:
    """A packet as JSON: bytes in hexadecimal under a key of their own, so that no text can be mistaken for them."""
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def _encode(given: Json) -> Json:
    data = bytes.fromhex(given["data"])
    try:
        return {"bytes": (encode_header(given["packet"], len(data)) + data).hex(), "error": None}
    except SSLError as error:
        return {"bytes": "", "error": str(error.reason)}


_QUESTIONS = Questions({"decode": _decode, "encode": _encode})

# Rows ----------------------------------------------------------------------------------------------------------------

_SIZE = 64
_STREAMS: dict[PacketType, tuple[bytes, ...]] = {
    0: (b"any bytes at all",),
    1: (b"\3one\0\3two", b"\xff" + bytes(10), b"\x41" + bytes(65)),
    2: (b"\0\3one\0\0\0\3two", b"\0", b"\0\x41" + bytes(65), b"\0\x40" + bytes(64)),
    4: (b"\0\0\0\3one\0\0\0\0", b"\0\0\0\x41", b"\xff\xff\xff\xff", b"\0\0\0\3on"),
    "line": (b"one\ntwo\r\n\nrest", b"x" * 64 + b"\n", b"x" * 63 + b"\n", b"x" * 65),
    "asn1": (
        b"\x30\x03\x02\x01\x01\x04\x00",
        b"\x30\x81\x03\x02\x01\x01",
        b"\x1f\x81\x01\x01x",
        b"\x30\x85\0\0\0\0\0",
        b"\x1f\x81\x81\x81\x81\x81\x81\x01\x00",
        b"\x30\x80\x00\x00",
        b"\x30\x41" + bytes(65),
    ),
    "cdr": (b"GIOP\1\2\0\0\0\0\0\4data", b"GIOP\1\2\1\0\4\0\0\0data", b"GIOX" + bytes(8), b"GIOP\1\2\0\0\0\0\1\0"),
    "sunrm": (b"\x80\0\0\4data\0\0\0\2xy", b"\x80\0\1\0"),
    "fcgi": (b"\1\1\0\1\0\4\2\0data\0\0", b"\2\1\0\1\0\0\0\0", b"\1\1\0\1\0\x41\0\0"),
    "tpkt": (b"\3\0\0\x08data", b"\3\0\0\3", b"\4\0\0\x08data", b"\3\0\1\0"),
    "http": (
        b"GET / HTTP/1.1\r\nHost: a.example\r\nX-Other-name: v\r\n\r\nPOST /x HTTP/1.0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        b"GET http://a.example:80/x HTTP/1.1\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\n\r\n",
        b"CONNECT a.example:443 HTTP/1.1\r\n\r\n",
        b"FOO foo HTTP/1.1\r\n\r\n",
        b"no request\r\n",
        b"GET / HTTP/1.1\r\nFolded: a\r\n b\r\n\r\n",
        b"GET / HTTP/1.1\r\nno field\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"x" * 65,
    ),
    "httph": (b"Host: a.example\r\nAccept: */*\r\n\r\n",),
    "http_bin": (b"GET / HTTP/1.1\r\n\r\n",),
    "httph_bin": (b"Host: a.example\r\n\r\n",),
}


def _decoded() -> Iterator[Case]:
    for packet, streams in _STREAMS.items():
        for number, stream in enumerate(streams, 1):
            given = {"packet": packet, "packet_size": _SIZE, "pieces": [stream.hex()]}
            text = f"Stream {number} of packet type {packet}."
            yield _QUESTIONS.case(f"decode-{packet}-{number}", text, "inet(3) packet", "decode", given)
            if packet != 0:  # a raw packet is what has arrived
                given = {**given, "pieces": [bytes([octet]).hex() for octet in stream]}
                text = f"Stream {number} of packet type {packet}, byte by byte."
                yield _QUESTIONS.case(f"decode-{packet}-{number}-bytewise", text, "inet(3) packet", "decode", given)


def _encoded() -> Iterator[Case]:
    for packet in (0, 1, 2, 4, "line"):
        for length in (0, 3, 255, 256):
            given = {"packet": packet, "data": "ab" * length}
            text = f"{length} bytes sent with packet type {packet}."
            yield _QUESTIONS.case(f"encode-{packet}-{length}", text, "inet(3) packet", "encode", given)


def _make() -> Iterator[Document]:
    yield Document("decode", "Streams cut into packets.", tuple(_decoded()))
    yield Document("encode", "What is sent before data.", tuple(_encoded()))


_README = """\
| operation | asks for |
|---|---|
| `decode` | the packets in a stream that arrives in `pieces`, the bytes left over, and the reason if it is refused |
| `encode` | the bytes sent for some data |

Packet types are those of Erlang's inet(3) and `erlang:decode_packet/3`; `packet_size` is the longest packet. In the
HTTP types a packet is a list; bytes stand as `{"bytes": hex}`.
"""

TITLE = "Packets: the socket interface's framing"
FAMILY = Family(
    name="packet",
    title=TITLE,
    readme=_README,
    schema=_QUESTIONS.schema(TITLE),
    make=_make,
    check=_QUESTIONS.check,
    answer=_QUESTIONS.answer,
)
