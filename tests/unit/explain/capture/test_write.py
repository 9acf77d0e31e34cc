"""Captures that are written are what others would have recorded."""

from __future__ import annotations

import struct

from puressl.explain.capture.file import read_capture
from puressl.explain.capture.packets import segments
from puressl.explain.capture.write import MAX_SEGMENT, write_capture
from puressl.explain.model import CLIENT, SERVER

from support.captures import capture, frames_of, only_conversation
from support.configs import TIME
from support.stories import story


def checksum(data: bytes) -> int:
    """Of what has its own checksum in it: 0 (RFC 1071)."""
    total = sum(struct.unpack(f">{len(data) // 2}H", data[: len(data) // 2 * 2])) + (
        data[-1] << 8 if len(data) % 2 else 0
    )
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def test_streams_are_the_records_of_the_story() -> None:
    told = story("tls13")
    found = only_conversation(capture("tls13")).dialogue()
    assert found.notes == ()
    for sender in (CLIENT, SERVER):
        assert found.sent(sender) == b"".join(record.raw for record in told.records if record.sender == sender)


def test_checksums_are_right() -> None:
    for frame in frames_of(capture("tls12 RSA")):
        ip, tcp = frame[14:34], frame[34:]
        assert checksum(ip) == 0
        assert checksum(ip[12:20] + struct.pack(">HH", 6, len(tcp)) + tcp) == 0
        assert int.from_bytes(ip[2:4], "big") == len(frame) - 14


def test_segments_fit_into_ethernet_and_the_connection_opens_and_closes() -> None:
    found = list(segments(read_capture(capture("tls13")).frames, []))
    assert max(segment.length for segment in found) == MAX_SEGMENT
    assert [segment.syn for segment in found[:3]] == [True, True, False]
    assert [segment.ends for segment in found[-3:]] == [True, True, False]


def test_times_begin_with_the_start_and_grow() -> None:
    data, at, times = write_capture(story("tls13"), TIME + 0.5), 24, []
    while at < len(data):
        seconds, micros, length, _ = struct.unpack_from("<IIII", data, at)
        times.append(seconds + micros / 1_000_000)
        at += 16 + length
    assert times[0] == TIME + 0.5
    assert times == sorted(set(times))
