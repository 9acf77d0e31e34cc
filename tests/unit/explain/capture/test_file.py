"""Capture files: both formats, in either byte order, whole and cut short."""

from __future__ import annotations

import struct

import pytest

from puressl.errors import Reason, SSLError
from puressl.explain.capture import file
from puressl.explain.capture.file import Frame, read_capture

from support.captures import capture_of

FRAMES = (b"first", b"second frame", b"")
ORDERS = ("<", ">")
PACKET, OLD_PACKET, SIMPLE_PACKET, SECRETS, INTERFACE, SECTION = 6, 2, 3, 10, 1, 0x0A0D0D0A


def block(order: str, kind: int, body: bytes) -> bytes:
    body += bytes(-len(body) % 4)
    length = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + length + body + length


def section(order: str, *links: int, snapshot: int = 0) -> bytes:
    head = block(order, SECTION, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    return head + b"".join(block(order, INTERFACE, struct.pack(order + "HHI", link, 0, snapshot)) for link in links)


def packet(order: str, interface: int, data: bytes) -> bytes:
    return block(order, PACKET, struct.pack(order + "IIIII", interface, 0, 0, len(data), len(data)) + data)


def secrets(order: str, kind: int, data: bytes) -> bytes:
    return block(order, SECRETS, struct.pack(order + "II", kind, len(data)) + data)


@pytest.mark.parametrize("order", ORDERS)
def test_pcap_is_read_in_either_byte_order(order: str) -> None:
    found = read_capture(capture_of(FRAMES, link=276, order=order))
    assert found.frames == tuple(Frame(number, 276, data) for number, data in enumerate(FRAMES, 1))
    assert found.notes == found.key_logs == ()


def test_pcap_with_nanoseconds_and_with_longer_headers_is_read() -> None:
    plain = capture_of(FRAMES)
    nano = struct.pack("<I", 0xA1B23C4D) + plain[4:]
    assert read_capture(nano).frames == read_capture(plain).frames
    longer = struct.pack("<I", 0xA1B2CD34) + plain[4:24]
    longer += b"".join(struct.pack("<IIII", 0, 0, len(data), len(data)) + bytes(8) + data for data in FRAMES)
    assert read_capture(longer).frames == read_capture(plain).frames


@pytest.mark.parametrize("order", ORDERS)
def test_pcapng_has_a_link_type_for_each_interface(order: str) -> None:
    data = section(order, 1, 113) + packet(order, 1, b"cooked") + packet(order, 0, b"ethernet") + packet(order, 7, b"?")
    found = read_capture(data)
    assert found.frames == (Frame(1, 113, b"cooked"), Frame(2, 1, b"ethernet"))


def test_sections_of_pcapng_may_differ_in_byte_order_and_interfaces() -> None:
    data = section("<", 1) + packet("<", 0, b"little") + section(">", 276) + packet(">", 0, b"big")
    assert [(frame.link, frame.data) for frame in read_capture(data).frames] == [(1, b"little"), (276, b"big")]


def test_older_and_simpler_packet_blocks_are_read() -> None:
    old = block("<", OLD_PACKET, struct.pack("<HHIIII", 0, 0, 0, 0, 3, 3) + b"old")
    simple = block("<", SIMPLE_PACKET, struct.pack("<I", 6) + b"simple")
    assert [frame.data for frame in read_capture(section("<", 1, snapshot=4) + old + simple).frames] == [
        b"old",
        b"simp",
    ]
    assert [frame.data for frame in read_capture(section("<", 1) + simple).frames] == [b"simple"]


def test_embedded_key_logs_are_found_and_other_secrets_passed_over() -> None:
    data = section("<", 1) + secrets("<", 0x57474B4C, b"WireGuard") + secrets("<", 0x544C534B, b"CLIENT_RANDOM ...")
    assert read_capture(data).key_logs == (b"CLIENT_RANDOM ...",)


@pytest.mark.parametrize(
    "data", [capture_of(FRAMES), section("<", 1) + packet("<", 0, b"one") + packet("<", 0, b"two")]
)
def test_a_file_cut_short_is_read_up_to_there(data: bytes) -> None:
    whole = read_capture(data).frames
    for end in range(4, len(data)):
        found = read_capture(data[:end])
        assert found.frames == whole[: len(found.frames)]
        assert len(found.notes) <= 1


@pytest.mark.parametrize("length", [0, 8, 13])
def test_a_block_with_an_impossible_length_ends_the_reading(length: int) -> None:
    found = read_capture(section("<", 1) + struct.pack("<II", PACKET, length) + bytes(40))
    (note,) = found.notes
    assert f"a block of {length} bytes at byte" in note


@pytest.mark.parametrize("data", [b"", b"\x1f\x8b\x08\x00", b"GET / HTTP/1.0\r\n"])
def test_what_is_no_capture_is_refused(data: bytes) -> None:
    with pytest.raises(SSLError, match="neither pcap nor pcapng") as caught:
        read_capture(data)
    assert caught.value.reason is Reason.EINVAL


def test_too_many_frames_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "MAX_FRAMES", 2)
    with pytest.raises(SSLError, match="more than 2 frames"):
        read_capture(capture_of(FRAMES))
