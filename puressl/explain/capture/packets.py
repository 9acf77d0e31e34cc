"""From a frame to the TCP segment in it.

Theory of operation: dpkt knows the headers of links, VLANs, IPv4 and IPv6; here is which of its classes a link type
means, and what of a segment matters. A frame that holds no whole TCP header is no segment, whatever else it is. dpkt
raises what it likes for hostile frames, so any exception of its means just that.

Source: the registry of link types of pcap (draft-ietf-opsawg-pcaplinktype).
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from puressl.errors import Reason, SSLError
from puressl.explain.capture.file import Frame

#: Modules and classes of dpkt by link type. RAW has three numbers: the registry's, and what BSDs write.
_LINKS: Mapping[int, tuple[str, str]] = {
    0: ("loopback", "Loopback"),
    1: ("ethernet", "Ethernet"),
    108: ("loopback", "Loopback"),
    113: ("sll", "SLL"),
    228: ("ip", "IP"),
    229: ("ip6", "IP6"),
    276: ("sll2", "SLL2"),
}
_RAW = frozenset({12, 14, 101})
_RAW_VERSIONS = {4: 228, 6: 229}
#: Headers around IP: Ethernet, VLAN tags, and some.
_MAX_NESTING = 8
_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10
_WORD = 4


@dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """address: as packed bytes."""

    address: bytes
    port: int

    def __str__(self) -> str:
        text = str(ip_address(self.address))
        return f"[{text}]:{self.port}" if ":" in text else f"{text}:{self.port}"


@dataclass(frozen=True, slots=True)
class Segment:
    """A TCP segment (RFC 9293 3.1).

    frame: its frame's number. acknowledged: None without ACK. length: bytes of data that travelled; payload: those that
    were captured, which are fewer in a capture with a snapshot length. ends: FIN or RST.
    """

    frame: int
    source: Endpoint
    target: Endpoint
    sequence: int
    acknowledged: int | None
    syn: bool
    ends: bool
    length: int
    payload: bytes = field(repr=False)


def segments(frames: Sequence[Frame], notes: list[str]) -> Iterator[Segment]:
    """The TCP segments among the frames. notes: is told of what was passed over.

    Raises ``SSLError(einval)`` where dpkt is not installed.
    """
    classes = _classes()
    unknown = sorted({frame.link for frame in frames if frame.link not in classes and frame.link not in _RAW})
    fragments = 0
    for frame in frames:
        try:
            packet = _network(classes, frame)
            is_fragment = packet is not None and _is_fragment(packet)
            segment = None if packet is None or is_fragment else _segment(frame.number, packet)
        except Exception:  # noqa: S112
            continue
        fragments += is_fragment
        if segment is not None:
            yield segment
    if unknown:
        notes.append(f"frames of link type {', '.join(map(str, unknown))} were passed over")
    if fragments:
        notes.append(f"{fragments} IP fragments were passed over")


def _classes() -> Mapping[int, Callable[[bytes], Any]]:
    try:
        return {
            link: getattr(importlib.import_module(f"dpkt.{module}"), name) for link, (module, name) in _LINKS.items()
        }
    except ImportError:
        needed = "reading captures needs the extra capture: pip install 'puressl[capture]'"
        raise SSLError(Reason.EINVAL, needed) from None


def _network(classes: Mapping[int, Callable[[bytes], Any]], frame: Frame) -> Any:
    """The IPv4 or IPv6 packet of a frame, decoded as deep as it goes, or None."""
    link = _RAW_VERSIONS.get(frame.data[:1][0] >> 4 if frame.data else 0, 0) if frame.link in _RAW else frame.link
    if link not in classes:
        return None
    packet = classes[link](frame.data)
    for _ in range(_MAX_NESTING):
        if isinstance(packet, (classes[228], classes[229])):  # type: ignore[arg-type]
            return packet
        packet = getattr(packet, "data", None)
    return None


def _is_fragment(packet: Any) -> bool:
    """IPv4's flag and offset, or IPv6's extension header (RFC 791 3.1, RFC 8200 4.5)."""
    if not _is_ipv6(packet):
        return bool(packet.mf or packet.offset)
    return any(
        getattr(header, "m_flag", 0) or getattr(header, "frag_off", 0) for header in packet.all_extension_headers
    )


def _segment(frame: int, packet: Any) -> Segment | None:
    tcp = packet.data
    if type(tcp).__name__ != "TCP":
        return None
    length = _length(packet) - _WORD * tcp.off
    return Segment(
        frame=frame,
        source=Endpoint(packet.src, tcp.sport),
        target=Endpoint(packet.dst, tcp.dport),
        sequence=tcp.seq,
        acknowledged=tcp.ack if tcp.flags & _ACK else None,
        syn=bool(tcp.flags & _SYN),
        ends=bool(tcp.flags & (_FIN | _RST)),
        length=max(length, len(tcp.data)),
        payload=bytes(tcp.data),
    )


def _length(packet: Any) -> int:
    """What IP says is in it; 0 where segmentation offload left that out, and all was captured."""
    if not _is_ipv6(packet):
        length: int = packet.len - _WORD * packet.hl
    else:
        length = packet.plen - sum(header.length for header in packet.all_extension_headers)
    return length


def _is_ipv6(packet: Any) -> bool:
    """By its class, as the version in it may be anything."""
    return type(packet).__name__ == "IP6"
