"""A capture of a story's records, for other tools: pcap with Ethernet, IPv4 and TCP around them.

Theory of operation: a story has the records of both ends in order and nothing of what carried them, so that is made up:
two addresses for documentation, a handshake, segments no longer than Ethernet takes, each acknowledged by what the
other end sends next, and the close. Times are a start and a step. Checksums are right, as tools look at them.

Sources: draft-ietf-opsawg-pcap 4, RFC 791 3.1, RFC 9293 3.1, RFC 1071 (checksums), RFC 5737 3 (addresses).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import IPv4Address
from itertools import groupby

from puressl.explain.model import CLIENT, SERVER, Record, Story

#: Bytes of data in a segment: Ethernet's 1500 without the headers of IPv4 and TCP.
MAX_SEGMENT = 1460
#: Microseconds between two packets.
STEP = 1_000

_ADDRESSES = {CLIENT: IPv4Address("192.0.2.1").packed, SERVER: IPv4Address("192.0.2.2").packed}
#: Tools expect TLS at the server's.
_PORTS = {CLIENT: 49152, SERVER: 443}
#: Locally administered (IEEE 802 8.4).
_MACS = {CLIENT: bytes.fromhex("020000000001"), SERVER: bytes.fromhex("020000000002")}
_OTHER = {CLIENT: SERVER, SERVER: CLIENT}
_FIN, _SYN, _PSH, _ACK = 0x01, 0x02, 0x08, 0x10
_IPV4, _TCP, _TTL, _DONT_FRAGMENT, _WINDOW = 0x0800, 6, 64, 0x4000, 0xFFFF
_IP_HEADER, _TCP_HEADER = 20, 20
_PCAP_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0xFFFF, 1)  # microseconds, version 2.4, Ethernet


def write_capture(story: Story, start: float) -> bytes:
    """A pcap file of a story's records. start: the time of the first packet, POSIX seconds."""
    out = [_PCAP_HEADER]
    for number, frame in enumerate(_frames(story.records)):
        seconds, micros = divmod(round(start * 1_000_000) + number * STEP, 1_000_000)
        out.append(struct.pack("<IIII", seconds & 0xFFFFFFFF, micros, len(frame), len(frame)) + frame)
    return b"".join(out)


def _frames(records: tuple[Record, ...]) -> Iterator[bytes]:
    ends = _Ends()
    yield ends.frame(CLIENT, _SYN)
    yield ends.frame(SERVER, _SYN | _ACK)
    yield ends.frame(CLIENT, _ACK)
    for sender, run in groupby(records, key=lambda record: record.sender):
        data = b"".join(record.raw for record in run)
        for at in range(0, len(data), MAX_SEGMENT):
            yield ends.frame(sender, _PSH | _ACK, data[at : at + MAX_SEGMENT])
    yield ends.frame(CLIENT, _FIN | _ACK)
    yield ends.frame(SERVER, _FIN | _ACK)
    yield ends.frame(CLIENT, _ACK)


class _Ends:
    """Both ends' sequence numbers, which begin at 0."""

    def __init__(self) -> None:
        self._next = {CLIENT: 0, SERVER: 0}

    def frame(self, sender: str, flags: int, data: bytes = b"") -> bytes:
        """The next frame of an end."""
        target = _OTHER[sender]
        acknowledged = self._next[target] if flags & _ACK else 0
        ports = _PORTS[sender], _PORTS[target]
        offset = _TCP_HEADER // 4 << 4
        tcp = struct.pack(">HHIIBBHHH", *ports, self._next[sender], acknowledged, offset, flags, _WINDOW, 0, 0)
        self._next[sender] = (self._next[sender] + len(data) + bool(flags & (_SYN | _FIN))) & 0xFFFFFFFF
        addresses = _ADDRESSES[sender] + _ADDRESSES[target]
        pseudo = addresses + struct.pack(">HH", _TCP, len(tcp) + len(data))
        tcp = _checked(tcp, 16, pseudo + tcp + data)
        length = _IP_HEADER + len(tcp) + len(data)
        ip = struct.pack(">BBHHHBBH", 0x45, 0, length, 0, _DONT_FRAGMENT, _TTL, _TCP, 0) + addresses
        ethernet = _MACS[target] + _MACS[sender] + _IPV4.to_bytes(2, "big")
        return ethernet + _checked(ip, 10, ip) + tcp + data


def _checked(header: bytes, at: int, covered: bytes) -> bytes:
    """A header with the checksum of what it covers (RFC 1071) at an offset."""
    padded = covered + bytes(len(covered) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return header[:at] + (~total & 0xFFFF).to_bytes(2, "big") + header[at + 2 :]
