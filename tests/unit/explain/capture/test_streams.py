"""Segments become conversations, and those what both ends said, in order."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from puressl.errors import SSLError
from puressl.explain.capture import streams
from puressl.explain.capture.packets import Endpoint, Segment
from puressl.explain.capture.streams import Dialogue, conversations
from puressl.explain.model import CLIENT, SERVER

ENDS = {CLIENT: Endpoint(b"\x0a\0\0\1", 40_000), SERVER: Endpoint(b"\x0a\0\0\2", 443)}
OTHER = {CLIENT: SERVER, SERVER: CLIENT}
#: First sequence numbers; one wraps soon.
BASE = {CLIENT: 2**32 - 3, SERVER: 100}
HELLO = bytes.fromhex("160301000501000001")


def segment(frame: int, sender: str, at: int, data: bytes, acknowledged: int | None = 0, **fields: object) -> Segment:
    """at, acknowledged: offsets in the streams."""
    values = {
        "frame": frame,
        "source": ENDS[sender],
        "target": ENDS[OTHER[sender]],
        "sequence": (BASE[sender] + at) % 2**32,
        "acknowledged": None if acknowledged is None else (BASE[OTHER[sender]] + acknowledged) % 2**32,
        "syn": False,
        "ends": False,
        "length": len(data),
        "payload": data,
    }
    return Segment(**{**values, **fields})  # type: ignore[arg-type]


OPENING = (
    segment(1, CLIENT, -1, b"", None, syn=True),
    segment(2, SERVER, -1, b"", 0, syn=True),
    segment(3, CLIENT, 0, b""),
)


def said(*later: Segment, opening: Iterable[Segment] = OPENING) -> Dialogue:
    (found,) = conversations([*opening, *later])
    return found.dialogue()


def test_sequence_numbers_wrap() -> None:
    found = said(segment(4, CLIENT, 0, b"abcde"), segment(5, CLIENT, 5, b"fgh"))
    assert (found.sent(CLIENT), found.notes) == (b"abcdefgh", ())


def test_segments_out_of_order_are_put_in_order() -> None:
    found = said(segment(4, CLIENT, 5, b"fgh"), segment(5, CLIENT, 0, b"ab"), segment(6, CLIENT, 2, b"cde"))
    assert (found.sent(CLIENT), found.notes) == (b"abcdefgh", ())


def test_overlaps_are_joined_and_the_first_bytes_stay() -> None:
    found = said(
        segment(4, CLIENT, 0, b"abc"),
        segment(5, CLIENT, 5, b"fgh"),
        segment(6, CLIENT, 1, b"BCdeFg"),
        segment(7, CLIENT, -1, b"?a"),
    )
    assert found.sent(CLIENT) == b"abcdefgh"
    assert found.notes == (
        "the client's stream: 5 bytes came more than once",
        "the client's stream: 4 of them differed; the first that came are shown",
    )


def test_a_gap_ends_the_stream_of_its_direction_only() -> None:
    found = said(segment(4, CLIENT, 0, b"ab"), segment(5, CLIENT, 4, b"ef"), segment(6, SERVER, 0, b"answer", 6))
    assert (found.sent(CLIENT), found.sent(SERVER)) == (b"ab", b"answer")
    (note,) = found.notes
    assert note == (
        "the client's stream: 2 bytes at offset 2 are missing from the capture; "
        "the 2 bytes behind them are not explained"
    )


def test_what_a_snapshot_length_cut_off_is_missing() -> None:
    found = said(segment(4, CLIENT, 0, b"ab", length=10))
    assert found.notes == ("the client's stream: 8 bytes at offset 2 are missing from the capture",)


def test_nothing_comes_before_what_it_acknowledges() -> None:
    found = said(segment(4, SERVER, 0, b"answer", 8), segment(5, CLIENT, 0, b"question"))
    assert [piece.sender for piece in found.pieces] == [CLIENT, SERVER]
    found = said(segment(4, SERVER, 0, b"early", 0), segment(5, CLIENT, 0, b"question", 5))
    assert [piece.sender for piece in found.pieces] == [SERVER, CLIENT]


def test_acknowledgements_that_contradict_each_other_fall_back_to_the_order_of_the_file() -> None:
    found = said(segment(4, SERVER, 0, b"b", 1), segment(5, CLIENT, 0, b"a", 1))
    assert [piece.sender for piece in found.pieces] == [SERVER, CLIENT]


@pytest.mark.parametrize(
    "opening",
    [OPENING, OPENING[1:], (segment(3, SERVER, 0, b"x", 0), segment(4, CLIENT, 0, HELLO))],
    ids=["SYN", "only the answer", "ClientHello"],
)
def test_the_client_is_known_by_how_it_begins(opening: tuple[Segment, ...]) -> None:
    found = said(opening=opening)
    assert (found.client, found.server) == (ENDS[CLIENT], ENDS[SERVER])


def test_a_capture_that_begins_in_the_middle_begins_with_the_lowest_number() -> None:
    found = said(opening=(segment(1, CLIENT, 5, b"fgh"), segment(2, CLIENT, 2, b"cde")))
    assert (found.sent(CLIENT), found.notes) == (b"cdefgh", ())


def test_a_new_syn_begins_another_conversation_between_the_same_ends() -> None:
    again = segment(9, CLIENT, -1, b"", None, syn=True, sequence=7)
    found = conversations([*OPENING, OPENING[0], again, segment(10, CLIENT, 0, b"x", sequence=8)])
    assert [each.number for each in found] == [0, 1]
    assert [len(each.segments) for each in found] == [4, 2]
    assert found[1].dialogue().sent(CLIENT) == b"x"


def test_streams_and_conversations_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_STREAM", 6)
    found = said(segment(4, CLIENT, 0, b"abcde"), segment(5, CLIENT, 5, b"fgh"))
    assert (found.sent(CLIENT), found.notes) == (
        b"abcdef",
        ("the client's stream: 2 bytes beyond the first 6 are not explained",),
    )
    monkeypatch.setattr(streams, "MAX_CONVERSATIONS", 1)
    with pytest.raises(SSLError, match="more than 1 TCP conversations"):
        conversations([*OPENING, segment(9, CLIENT, -1, b"", None, syn=True, sequence=7)])


def test_the_work_on_overlaps_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_OVERLAPS", 3)
    again = [segment(frame, CLIENT, 0, b"abc") for frame in range(4, 20)]
    found = said(*again, segment(20, CLIENT, 3, b"def"))
    assert found.sent(CLIENT) == b"abc"
    assert "the client's stream: frames from 9 on are left out, as too many overlap" in found.notes
