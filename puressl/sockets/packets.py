"""Packets: what the option ``packet`` cuts from the stream, after Erlang/OTP's inet(3) and ``erlang:decode_packet/3``.

Theory of operation: bytes that arrive are appended to a buffer; a ``Decoder`` takes whole packets from its front and
leaves the rest. A packet type tells its packets' ends in one of four ways. ``raw`` has no packets: all that is there
is one. Most types begin with a header that says how much follows: they are rows of a table, with the function that
reads it. ``line`` and the HTTP types (``http_packets.py``) end with a newline. The
decoder remembers how far it has looked for that one, so that a packet is scanned once however many pieces it comes in.

Every packet is bounded by ``packet_size``, which counts what follows a header, as in inet(3), or the whole line. A
header that announces more is refused before the rest arrives. Whatever is wrong with a packet, too long or malformed,
has the reason ``emsgsize``, as in inet's driver: where a header cannot be believed, no packet's end can be known, and
the stream is as lost as after a packet nobody has room for. The detail tells them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Union

from puressl.errors import Reason, SSLError
from puressl.sockets.http_packets import (
    END_OF_HEADER,
    HttpError,
    HttpHeader,
    HttpRequest,
    HttpResponse,
    parse_header,
    parse_start_line,
)

Packet = Union[bytes, HttpRequest, HttpResponse, HttpHeader, HttpError, str]
#: The option's value.
PacketType = Union[int, str]
#: Takes one packet from the front of a buffer; None: more bytes are needed.
Take = Callable[[bytearray], "Packet | None"]

#: X.690 8.1.2.4 bounds no tag. Five octets after the first number 2^35 of them; no protocol has so many.
MAX_TAG_OCTETS = 6
#: X.690 8.1.3.5 allows 126 octets of length; what is longer than four of them can say fits no memory.
MAX_LENGTH_OCTETS = 4
CDR_MAGIC = b"GIOP"  # CORBA 3.3, part 2, 9.4.1
FCGI_VERSION_1 = 1  # FastCGI 1.0, 3.3
TPKT_VERSION = 3  # RFC 1006 6


class Extent(NamedTuple):
    """What a header says: its own length, that of what follows, and how much of this is padding at the end."""

    header: int
    body: int
    padding: int = 0


def _prefix(octets: int) -> Callable[[bytearray], Extent]:
    """A length in so many octets."""
    return lambda buffer: Extent(octets, int.from_bytes(buffer[:octets], "big"))


def _asn1(buffer: bytearray) -> Extent | None:
    """X.690 8.1.2, 8.1.3: identifier octets, then the length's. An indefinite length counts as 0, as in Erlang."""
    at = 1
    if buffer[0] & 0x1F == 0x1F:  # the tag's number follows, up to an octet below 0x80
        while at < len(buffer) and buffer[at] & 0x80:
            at += 1
            if at >= MAX_TAG_OCTETS:
                raise SSLError(Reason.EMSGSIZE, f"packet asn1: a tag of more than {MAX_TAG_OCTETS} octets")
        at += 1
    if at >= len(buffer):
        return None
    first = buffer[at]
    at += 1
    if first < 0x80:
        return Extent(at, first)
    octets = first & 0x7F
    if octets > MAX_LENGTH_OCTETS:
        raise SSLError(Reason.EMSGSIZE, f"packet asn1: a length of more than {MAX_LENGTH_OCTETS} octets")
    end = at + octets
    return Extent(end, int.from_bytes(buffer[at:end], "big")) if len(buffer) >= end else None


def _cdr(buffer: bytearray) -> Extent:
    """CORBA 3.3, part 2, 9.4.1: magic, version, flags (the lowest bit: little-endian), type, length."""
    if not buffer.startswith(CDR_MAGIC):
        raise SSLError(Reason.EMSGSIZE, f"packet cdr: begins with {bytes(buffer[:4])!r}, not {CDR_MAGIC!r}")
    return Extent(12, int.from_bytes(buffer[8:12], "little" if buffer[6] & 1 else "big"))


def _sunrm(buffer: bytearray) -> Extent:
    """RFC 5531 11: the highest bit says that this is the record's last fragment."""
    return Extent(4, int.from_bytes(buffer[:4], "big") & 0x7FFF_FFFF)


def _fcgi(buffer: bytearray) -> Extent:
    """FastCGI 1.0, 3.3: version, type, request id, content length, padding length, reserved."""
    if buffer[0] != FCGI_VERSION_1:
        raise SSLError(Reason.EMSGSIZE, f"packet fcgi: version {buffer[0]}, not {FCGI_VERSION_1}")
    padding = buffer[6]
    return Extent(8, int.from_bytes(buffer[4:6], "big") + padding, padding)


def _tpkt(buffer: bytearray) -> Extent:
    """RFC 1006 6: version, reserved, length with these four octets."""
    length = int.from_bytes(buffer[2:4], "big") - 4
    if buffer[0] != TPKT_VERSION or length < 0:
        raise SSLError(Reason.EMSGSIZE, f"packet tpkt: {bytes(buffer[:4])!r} is no header")
    return Extent(4, length)


@dataclass(frozen=True, slots=True)
class Frame:
    """A packet type with a header.

    header: its least length. read: what a buffer with so many bytes says; None: the header is longer. removed: whether
    the header is no part of the packet.
    """

    header: int
    read: Callable[[bytearray], Extent | None]
    removed: bool = False


FRAMES: Mapping[PacketType, Frame] = MappingProxyType(
    {
        1: Frame(1, _prefix(1), removed=True),
        2: Frame(2, _prefix(2), removed=True),
        4: Frame(4, _prefix(4), removed=True),
        "asn1": Frame(2, _asn1),
        "cdr": Frame(12, _cdr),
        "sunrm": Frame(4, _sunrm),
        "fcgi": Frame(8, _fcgi),
        "tpkt": Frame(4, _tpkt),
    }
)
#: The HTTP types, and whether every packet is a header field. Those named bin, binaries in Erlang, are the same here.
HTTP: Mapping[PacketType, bool] = MappingProxyType({"http": False, "http_bin": False, "httph": True, "httph_bin": True})
#: What ends a header, and is not continued.
EMPTY_LINES = (b"\n", b"\r\n")
#: Nor is, in Erlang, a line of one character.
SHORTEST_CONTINUED = 2
#: All values of the option.
PACKET_TYPES: tuple[PacketType, ...] = (0, "raw", "line", *FRAMES, *HTTP)

#: The bytes of the header that ``send`` adds, by packet type.
SENT_HEADERS: Mapping[PacketType, int] = MappingProxyType({1: 1, 2: 2, 4: 4})


def encode_header(packet: PacketType, length: int) -> bytes:
    """What ``send`` puts before ``length`` bytes of data: nothing, but for the types 1, 2 and 4.

    Raises ``SSLError(emsgsize)`` when the header cannot say the length. Source: inet(3), ``packet``.
    """
    octets = SENT_HEADERS.get(packet, 0)
    if not octets:
        return b""
    try:
        return length.to_bytes(octets, "big")
    except OverflowError:
        detail = f"{length} bytes are more than a header of {octets} can say"
        raise SSLError(Reason.EMSGSIZE, detail) from None


class Decoder:
    """Takes packets of one type from the front of a buffer that only grows at its end.

    packet: one of ``PACKET_TYPES``. packet_size: the longest packet accepted, bytes; it may be changed at any time.
    """

    __slots__ = ("_in_header", "_packet", "_scanned", "_take", "packet_size")

    def __init__(self, packet: PacketType, packet_size: int) -> None:
        self._packet = packet
        self.packet_size = packet_size
        self._scanned = 0  # no packet ends before
        self._in_header = HTTP.get(packet, False)
        self._take: Take
        if packet in FRAMES:
            self._take = self._take_framed
        elif packet in HTTP:
            self._take = self._take_http
        else:
            self._take = self._take_line if packet == "line" else self._take_raw

    def decode(self, buffer: bytearray) -> Packet | None:
        """Removes one packet from the buffer's front and returns it; None when more bytes are needed.

        bytes, or what ``http_packets.py`` describes. A raw one is all that is there. Raises ``SSLError(emsgsize)``
        for a packet longer than ``packet_size`` and for one that is none; the buffer stays as it is then.
        """
        return self._take(buffer)

    def _take_raw(self, buffer: bytearray) -> bytes | None:
        return self._remove(buffer, len(buffer)) if buffer else None

    def _take_framed(self, buffer: bytearray) -> bytes | None:
        frame = FRAMES[self._packet]
        extent = frame.read(buffer) if len(buffer) >= frame.header else None
        if extent is None:
            return None
        self._bound(extent.body)
        end = extent.header + extent.body
        if len(buffer) < end:
            return None
        packet = self._remove(buffer, end, extent.header if frame.removed else 0)
        return packet[: len(packet) - extent.padding]

    def _take_line(self, buffer: bytearray) -> bytes | None:
        end = self._newline(buffer)
        return self._remove(buffer, end) if end else None

    def _take_http(self, buffer: bytearray) -> Packet | None:
        """The start line, then header fields up to the empty line, after which a start line is next again."""
        end = self._field_end(buffer) if self._in_header else self._newline(buffer)
        if not end:
            return None
        line = self._remove(buffer, end)
        packet: Packet
        if self._in_header:
            packet = parse_header(line)
            self._in_header = packet != END_OF_HEADER or HTTP[self._packet]
        else:
            packet = parse_start_line(line)
            self._in_header = not isinstance(packet, HttpError)
        return packet

    def _field_end(self, buffer: bytearray) -> int:
        """Where a header field ends that the next line may continue (RFC 9112 5.2); 0 when that is not known yet."""
        while end := self._newline(buffer):
            if buffer.startswith(EMPTY_LINES):
                return end
            if end == len(buffer):
                return 0
            if end <= SHORTEST_CONTINUED or buffer[end] not in b" \t":
                return end
            self._scanned = end
        return 0

    def _newline(self, buffer: bytearray) -> int:
        """The number of bytes up to the next newline, with it; 0 when it has not arrived yet."""
        end = buffer.find(b"\n", self._scanned) + 1
        self._bound(end or len(buffer) + 1)
        self._scanned = end - 1 if end else len(buffer)
        return end

    def _bound(self, length: int) -> None:
        if length > self.packet_size:
            detail = f"packet {self._packet}: longer than packet_size, {self.packet_size} bytes"
            raise SSLError(Reason.EMSGSIZE, detail)

    def _remove(self, buffer: bytearray, end: int, start: int = 0) -> bytes:
        """Cuts ``end`` bytes off the buffer; returns those from ``start`` on."""
        with memoryview(buffer) as view:
            packet = bytes(view[start:end])
        del buffer[:end]
        self._scanned = 0
        return packet
