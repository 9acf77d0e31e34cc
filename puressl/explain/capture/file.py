"""Frames and embedded key logs of a capture file, pcap or pcapng.

Theory of operation: a pcap file is a header, which has the link type, and frames behind a header each. A pcapng file is
a sequence of blocks; sections may differ in byte order, and every interface has a link type of its own. Times are not
read: the order of the file is the order of events. A file that ends early is read up to there, and a note says so.

Sources: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng (4.1 to 4.7), Wireshark's secrets type TLSK (4.7).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from puressl.errors import Reason, SSLError

#: Frames of a file: an hour of a busy server, and as many as a person may still wait for (some 20 us each).
MAX_FRAMES = 1_000_000
#: Bytes of a frame; libpcap refuses longer ones, too (MAXIMUM_SNAPLEN of most link types).
MAX_FRAME = 262_144

#: What a pcap file begins with, by the byte order of the rest: microseconds, nanoseconds, and Kuznetzov's longer record
#: headers.
_MAGICS = {
    struct.pack(order + "I", magic): (order, header)
    for order in "<>"
    for magic, header in ((0xA1B2C3D4, 16), (0xA1B23C4D, 16), (0xA1B2CD34, 24))
}
_FILE_HEADER = 24
_CAPTURED_AT, _LINK_AT = 8, 20
#: Bits above these hold the length of a frame check sequence.
_LINK_MASK = 0x0FFFFFFF

_SECTION, _INTERFACE, _OLD_PACKET, _SIMPLE_PACKET, _PACKET, _SECRETS = 0x0A0D0D0A, 1, 2, 3, 6, 10
_BYTE_ORDERS = {struct.pack(order + "I", 0x1A2B3C4D): order for order in "<>"}
#: Type and total length before the body, total length behind it.
_BLOCK_HEADER, _BLOCK_TRAILER = 8, 4
_TLS_KEY_LOG = 0x544C534B


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. number: from 1, as other tools count. link: its link type, a number of the registry of pcap."""

    number: int
    link: int
    data: bytes


@dataclass(frozen=True, slots=True)
class CaptureFile:
    """What a file holds. key_logs: embedded ones, in its order. notes: what could not be read."""

    frames: tuple[Frame, ...]
    key_logs: tuple[bytes, ...]
    notes: tuple[str, ...]


def read_capture(data: bytes) -> CaptureFile:
    """Reads a capture file. Raises ``SSLError(einval)`` for what is none, or for one with too many frames."""
    reader = _Reader(data)
    if data[:4] in _MAGICS:
        reader.read_pcap(*_MAGICS[data[:4]])
    elif data[:4] == struct.pack("<I", _SECTION):
        reader.read_pcapng()
    else:
        raise SSLError(Reason.EINVAL, f"neither pcap nor pcapng: it begins with {data[:4].hex(' ') or 'nothing'}")
    return CaptureFile(tuple(reader.frames), tuple(reader.key_logs), tuple(reader.notes))


class _Reader:
    """Goes through a file. at: the next byte to read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._order = "<"
        self._links: list[tuple[int, int]] = []  # of each interface: link type and snapshot length
        self.frames: list[Frame] = []
        self.key_logs: list[bytes] = []
        self.notes: list[str] = []

    def read_pcap(self, order: str, header: int) -> None:
        """order: as ``struct`` has it. header: bytes before each frame."""
        self._order = order
        head = self._take(_FILE_HEADER)
        if head is None:
            return
        link = self._number(head, _LINK_AT) & _LINK_MASK
        while self._at < len(self._data):
            head = self._take(header)
            frame = None if head is None else self._take(self._number(head, _CAPTURED_AT))
            if frame is None:
                return
            self._add(link, frame)

    def read_pcapng(self) -> None:
        for kind, body in self._blocks():
            if kind == _SECTION:
                self._links = []
            elif kind == _INTERFACE and len(body) >= 8:
                self._links.append((self._number(body, 0, 2), self._number(body, 4)))
            elif kind == _SECRETS and len(body) >= 8 and self._number(body, 0) == _TLS_KEY_LOG:
                self.key_logs.append(body[8 : 8 + self._number(body, 4)])
            elif kind in (_PACKET, _OLD_PACKET) and len(body) >= 20:
                interface = self._number(body, 0, 4 if kind == _PACKET else 2)
                self._add_of(interface, body[20 : 20 + self._number(body, 12)])
            elif kind == _SIMPLE_PACKET and len(body) >= 4 and self._links:
                length = self._number(body, 0)
                self._add_of(0, body[4 : 4 + min(length, self._links[0][1] or length)])

    def _blocks(self) -> Iterator[tuple[int, bytes]]:
        """Type and body of each block."""
        while self._at < len(self._data):
            start, head = self._at, self._take(_BLOCK_HEADER)
            if head is None:
                return
            if self._is_section(start):
                self._order = _BYTE_ORDERS.get(self._data[self._at : self._at + 4], self._order)
            kind, length = self._number(head, 0), self._number(head, 4)
            if length < _BLOCK_HEADER + _BLOCK_TRAILER or length % 4:
                self.notes.append(f"the capture has a block of {length} bytes at byte {start}; the rest is not read")
                return
            body = self._take(length - _BLOCK_HEADER)
            if body is None:
                return
            yield kind, body[:-_BLOCK_TRAILER]

    def _is_section(self, at: int) -> bool:
        """The type of a section header is the same in both byte orders."""
        return int.from_bytes(self._data[at : at + 4], "big") == _SECTION

    def _take(self, length: int) -> bytes | None:
        """The next bytes; None, with a note, where the file does not have them."""
        end = self._at + length
        if end > len(self._data):
            self.notes.append(f"the capture is cut short: {length} bytes should stand at byte {self._at}")
            return None
        taken, self._at = self._data[self._at : end], end
        return taken

    def _number(self, octets: bytes, at: int, size: int = 4) -> int:
        return int.from_bytes(octets[at : at + size], "little" if self._order == "<" else "big")

    def _add_of(self, interface: int, frame: bytes) -> None:
        if interface < len(self._links):
            self._add(self._links[interface][0], frame)

    def _add(self, link: int, frame: bytes) -> None:
        if len(self.frames) == MAX_FRAMES:
            raise SSLError(Reason.EINVAL, f"more than {MAX_FRAMES} frames; a capture filter can make it shorter")
        self.frames.append(Frame(len(self.frames) + 1, link, frame[:MAX_FRAME]))
