"""Captures of the handshakes of ``stories``, their key logs, and what may happen to packets on their way."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Mapping

from puressl.explain.capture.file import read_capture
from puressl.explain.capture.packets import segments
from puressl.explain.capture.streams import Conversation, conversations
from puressl.explain.capture.write import write_capture
from puressl.explain.model import Story
from puressl.explain.recorded import explain_recorded
from puressl.explain.secrets import KEY_LOG_NAMES
from puressl.trace import key_log_line

from support.configs import TIME
from support.stories import story

Log = Mapping[bytes, Mapping[str, bytes]]

#: Ethernet, IPv4 and TCP, as ``write_capture`` makes them.
HEADERS = 14 + 20 + 20
_SEQUENCE_AT, _RANDOM_AT = 14 + 20 + 4, 6
_PCAP_HEADER, _FRAME_HEADER = 24, 16


def frames_of(capture: bytes) -> list[bytes]:
    return [frame.data for frame in read_capture(capture).frames]


def capture_of(frames: Iterable[bytes], link: int = 1, order: str = "<") -> bytes:
    """A pcap file."""
    out = [struct.pack(order + "IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0xFFFF, link)]
    for frame in frames:
        out.append(struct.pack(order + "IIII", 0, 0, len(frame), len(frame)) + frame)
    return b"".join(out)


def altered(name: str, alter: Callable[[list[bytes]], Iterable[bytes]]) -> bytes:
    """A capture of a story whose frames were changed."""
    return capture_of(alter(frames_of(capture(name))))


def capture(name: str) -> bytes:
    return write_capture(story(name), TIME)


def shifted(frame: bytes, start: int, end: int) -> bytes:
    """The part of a frame's data, in a segment of its own. Its checksums are wrong, which nobody looks at."""
    sequence = int.from_bytes(frame[_SEQUENCE_AT : _SEQUENCE_AT + 4], "big") + start
    data = frame[HEADERS:][start:end]
    header = bytearray(frame[:HEADERS])
    header[_SEQUENCE_AT : _SEQUENCE_AT + 4] = (sequence % (1 << 32)).to_bytes(4, "big")
    header[16:18] = (HEADERS - 14 + len(data)).to_bytes(2, "big")
    return bytes(header) + data


def log_of(told: Story) -> dict[bytes, dict[str, bytes]]:
    """The key log of a story."""
    values = {secret.name: secret.value for secret in told.secrets}
    is_12 = dict(told.facts)["protocol"] == "tlsv1.2"
    random = told.steps[0].raw[_RANDOM_AT : _RANDOM_AT + 32]
    labels = [label for label, name in KEY_LOG_NAMES.items() if name in values and (label == "CLIENT_RANDOM") is is_12]
    return {random: {label: values[KEY_LOG_NAMES[label]] for label in labels}}


def log_text(log: Log) -> bytes:
    lines = [key_log_line(label, random, value) for random, of in log.items() for label, value in of.items()]
    return "\n".join(lines).encode()


def only_conversation(data: bytes) -> Conversation:
    notes: list[str] = []
    (found,) = conversations(segments(read_capture(data).frames, notes))
    assert not notes
    return found


def decoded(data: bytes, log: Log | None) -> Story:
    """The story of a capture with one conversation."""
    return explain_recorded(only_conversation(data).dialogue(), log, "recorded")
