"""From frames of every link type to TCP segments."""

from __future__ import annotations

import struct
import sys

import pytest

from puressl.errors import SSLError
from puressl.explain.capture.file import Frame
from puressl.explain.capture.packets import Endpoint, Segment, segments

from support.captures import capture, frames_of

FIN, SYN, ACK = 1, 2, 16
CLIENT, SERVER = Endpoint(bytes((10, 0, 0, 1)), 4000), Endpoint(bytes((10, 0, 0, 2)), 443)
CLIENT6, SERVER6 = Endpoint(bytes(15) + b"\1", 4000), Endpoint(bytes(15) + b"\2", 443)


def tcp(data: bytes = b"data", flags: int = ACK, options: bytes = b"") -> bytes:
    offset = (20 + len(options)) // 4 << 4
    return struct.pack(">HHIIBBHHH", 4000, 443, 7, 9, offset, flags, 100, 0, 0) + options + data


def ipv4(payload: bytes, *, length: int | None = None, fragment: int = 0, protocol: int = 6) -> bytes:
    length = 20 + len(payload) if length is None else length
    head = struct.pack(">BBHHHBBH", 0x45, 0, length, 0, fragment, 64, protocol, 0)
    return head + CLIENT.address + SERVER.address + payload


def ipv6(payload: bytes, following: int = 6) -> bytes:
    return struct.pack(">IHBB", 6 << 28, len(payload), following, 64) + CLIENT6.address + SERVER6.address + payload


def ethernet(payload: bytes, kind: int = 0x0800) -> bytes:
    return bytes(12) + kind.to_bytes(2, "big") + payload


def one(link: int, data: bytes) -> Segment:
    (found,) = segments([Frame(1, link, data)], [])
    return found


VLAN = bytes.fromhex("0005")
LINKS = {
    "null": (0, struct.pack("=I", 2) + ipv4(tcp())),
    "loop": (108, struct.pack(">I", 2) + ipv4(tcp())),
    "ethernet": (1, ethernet(ipv4(tcp()))),
    "ethernet with padding": (1, ethernet(ipv4(tcp())) + bytes(6)),
    "vlan": (1, ethernet(VLAN + b"\x08\x00" + ipv4(tcp()), 0x8100)),
    "two vlans": (1, ethernet(VLAN + b"\x81\x00" + VLAN + b"\x08\x00" + ipv4(tcp()), 0x88A8)),
    "raw": (101, ipv4(tcp())),
    "raw of BSD": (12, ipv4(tcp())),
    "ipv4": (228, ipv4(tcp())),
    "sll": (113, bytes(14) + b"\x08\x00" + ipv4(tcp())),
    "sll2": (276, b"\x08\x00" + bytes(18) + ipv4(tcp())),
}
LINKS6 = {
    "ethernet": (1, ethernet(ipv6(tcp()), 0x86DD)),
    "raw": (101, ipv6(tcp())),
    "ipv6": (229, ipv6(tcp())),
    "null of macOS": (0, struct.pack("=I", 30) + ipv6(tcp())),
    "hop-by-hop options": (229, ipv6(bytes.fromhex("0600010400000000") + tcp(), 0)),
}


@pytest.mark.parametrize("name", LINKS)
def test_ipv4_is_found_on_every_link(name: str) -> None:
    assert one(*LINKS[name]) == Segment(1, CLIENT, SERVER, 7, 9, False, False, 4, b"data")


@pytest.mark.parametrize("name", LINKS6)
def test_ipv6_is_found_on_every_link(name: str) -> None:
    assert one(*LINKS6[name]) == Segment(1, CLIENT6, SERVER6, 7, 9, False, False, 4, b"data")


def test_options_and_flags_are_read() -> None:
    found = one(228, ipv4(tcp(b"x", SYN | FIN, bytes(12))))
    assert (found.syn, found.ends, found.acknowledged, found.payload) == (True, True, None, b"x")


def test_what_a_snapshot_length_cut_off_still_counts() -> None:
    found = one(228, ipv4(tcp(b"data"), length=20 + 20 + 1_000))
    assert (found.length, found.payload) == (1_000, b"data")


def test_segmentation_offload_leaves_the_length_to_the_capture() -> None:
    found = one(228, ipv4(tcp(bytes(3_000)), length=0))
    assert (found.length, len(found.payload)) == (3_000, 3_000)


def test_fragments_and_unknown_links_are_noted_and_all_else_is_passed_over() -> None:
    notes: list[str] = []
    frames = [
        (228, ipv4(tcp(), fragment=0x2000)),
        (228, ipv4(b"rest", fragment=3)),
        (147, b"?"),
        (228, ipv4(b"", protocol=17)),
    ]
    frames += [(1, ethernet(b"", 0x0806)), (229, ipv6(bytes((6, 0, 0, 9)) + bytes(4) + tcp(), 44)), (101, b"")]
    assert list(segments([Frame(1, *frame) for frame in frames], notes)) == []
    assert notes == ["frames of link type 147 were passed over", "3 IP fragments were passed over"]


def test_a_frame_cut_anywhere_is_no_error() -> None:
    for data in (frames_of(capture("tls13"))[3], *(data for _, data in (*LINKS.values(), *LINKS6.values()))):
        for link in (0, 1, 12, 113, 228, 229, 276):
            for end in range(min(len(data), 90)):
                list(segments([Frame(1, link, data[:end])], []))


def test_without_dpkt_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dpkt.loopback", None)
    with pytest.raises(SSLError, match=r"pip install 'puressl\[capture\]'"):
        list(segments([], []))


def test_endpoints_are_written_as_people_do() -> None:
    assert (str(CLIENT), str(SERVER6)) == ("10.0.0.1:4000", "[::2]:443")
