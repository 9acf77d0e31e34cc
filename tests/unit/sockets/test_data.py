"""Data as it is given and as it is shown."""

from __future__ import annotations

from array import array
from typing import Any

import pytest

from puressl.errors import Reason, SSLError
from puressl.sockets.data import MAX_NESTING, flatten, present


@pytest.mark.parametrize(
    ("data", "octets"),
    [
        (b"abc", b"abc"),
        (bytearray(b"abc"), b"abc"),
        (memoryview(b"abcdef")[::2], b"ace"),
        (array("H", [0x6161]), b"aa"),
        ([], b""),
        ([97, [98, (99, b"d", [])], bytearray(b"e")], b"abcde"),
        (iter([b"a", iter([98])]), b"ab"),
        (range(97, 100), b"abc"),
    ],
)
def test_nested_data_is_flattened_in_order(data: Any, octets: bytes) -> None:
    assert bytes(flatten(data, Reason.EINVAL)) == octets


def test_bytes_are_not_copied() -> None:
    data = b"x" * 100
    assert flatten(data, Reason.EINVAL) is data
    view = flatten(bytearray(data), Reason.EINVAL)
    assert isinstance(view, memoryview)


@pytest.mark.parametrize("data", ["text", ["text"], 7, True, [True], [256], [-1], [1.0], None, [None], object()])
def test_what_is_no_data_has_the_reason_asked_for(data: Any) -> None:
    for reason in (Reason.EINVAL, Reason.EDATA):
        with pytest.raises(SSLError) as caught:
            flatten(data, reason)
        assert caught.value.reason is reason


def test_nesting_is_bounded() -> None:
    nested: Any = b"x"
    for _ in range(MAX_NESTING):
        nested = [nested]
    assert flatten(nested, Reason.EINVAL) == b"x"
    with pytest.raises(SSLError, match="deep"):
        flatten([nested], Reason.EINVAL)


@pytest.mark.parametrize(
    ("mode", "header", "shown"),
    [
        ("binary", 0, b"abc"),
        ("binary", 2, [97, 98, b"c"]),
        ("binary", 3, [97, 98, 99, b""]),
        ("binary", 4, [97, 98, 99]),
        ("list", 0, [97, 98, 99]),
        ("list", 2, [97, 98, 99]),
    ],
)
def test_bytes_are_shown_by_mode_and_header(mode: str, header: int, shown: Any) -> None:
    assert present(b"abc", mode, header) == shown


def test_http_packets_are_shown_as_they_are() -> None:
    assert present("http_eoh", "list", 3) == "http_eoh"
