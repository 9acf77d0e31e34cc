"""Deviations: what a script makes of a message, whose lengths follow."""

from __future__ import annotations

import pytest

from puressl.vectors.deviations import Raw, Script, edited
from puressl.wire import ClientHello, Extensions, Finished, SupportedGroups, decode_handshake, encode_handshake

HELLO = ClientHello(0x0303, bytes(32), b"id", (0x1301,), b"\0", Extensions((SupportedGroups((29, 23)),)))


def changed(*deviations: dict[str, object]) -> bytes:
    """The one message that a script makes of the hello."""
    (item,) = Script(deviations).replaced("client_hello", HELLO)
    assert isinstance(item, Raw)
    return item.raw


def test_edit_replaces_a_field_and_the_lengths_around_it_follow() -> None:
    raw = changed({"edit": "client_hello", "path": "extensions.supported_groups.groups[0]", "set": ""})
    assert decode_handshake(ClientHello, raw).extensions.get(SupportedGroups).groups == (23,)


def test_edits_of_one_message_add_up() -> None:
    raw = changed(
        {"edit": "client_hello", "path": "session_id.content", "append": "21"},
        {"edit": "client_hello", "path": "cipher_suites[0]", "set": "1303"},
    )
    hello = decode_handshake(ClientHello, raw)
    assert (hello.session_id, hello.cipher_suites) == (b"id!", (0x1303,))


def test_splice_changes_bytes_and_the_header_follows() -> None:
    raw = changed({"splice": "client_hello", "at": -1, "remove": 0, "insert": "ff"})
    assert raw[4:] == encode_handshake(HELLO)[4:] + b"\xff"
    assert int.from_bytes(raw[1:4], "big") == len(raw) - 4


def test_extensions_are_put_in_front_replaced_doubled_moved_and_dropped() -> None:
    def types(*deviations: dict[str, object]) -> list[int]:
        block = changed(*deviations)[4 + 34 + 3 + 4 + 2 + 2 :]
        found = []
        while block:
            found.append(int.from_bytes(block[:2], "big"))
            block = block[4 + int.from_bytes(block[2:4], "big") :]
        return found

    assert types({"add_extension": "client_hello", "type": 99, "body": ""}) == [99, 10]
    assert types({"add_extension": "client_hello", "type": 10, "body": "0002001d"}) == [10]
    assert types({"double_extension": "client_hello", "type": 99, "body": ""}) == [99, 99, 10]
    moved = ({"add_extension": "client_hello", "type": 99, "body": ""}, {"move_extension": "client_hello", "type": 10})
    assert types(*moved) == [10, 99]
    assert types({"drop_extension": "client_hello", "type": 10}) == []


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("before", ["new", "old"]), ("after", ["old", "new"]), ("instead_of", ["new"])],
)
def test_other_messages_go_before_after_or_in_place_of_one(kind: str, expected: list[str]) -> None:
    script = Script([{kind: "client_hello", "send": [{"message": "00000000"}]}])
    found = script.replaced("client_hello", HELLO)
    assert ["old" if item is HELLO else "new" for item in found] == expected
    assert script.fired


def test_a_field_that_is_not_there_is_left_alone_and_the_deviation_not_reached() -> None:
    script = Script([{"edit": "client_hello", "path": "extensions.cookie.cookie", "set": "00"}])
    assert script.replaced("client_hello", HELLO) == [HELLO]
    assert not script.fired


def test_other_messages_are_left_alone() -> None:
    script = Script([{"edit": "client_hello", "path": "random", "flip": 0}])
    finished = Finished(bytes(32))
    assert script.replaced("finished", finished) == [finished]
    assert not script.fired


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"set": "00ff"}, b"\x00\xff"),
        ({"flip": -1}, b"abb"),
        ({"cut": 2}, b"a"),
        ({"fill": 7}, b"\7\7\7"),
        ({"repeat": 2}, b"abcabc"),
        ({"append": "64"}, b"abcd"),
    ],
)
def test_a_value_is_changed_as_said(how: dict[str, object], expected: bytes) -> None:
    assert edited(how, b"abc") == expected
