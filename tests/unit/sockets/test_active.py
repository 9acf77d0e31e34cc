"""How many messages are still to come."""

from __future__ import annotations

from typing import Any

import pytest

from puressl.errors import SSLError
from puressl.sockets.active import after_message, combined
from puressl.sockets.values import MAX_MESSAGES


@pytest.mark.parametrize(
    ("current", "wanted", "result"),
    [
        (False, True, (True, False)),
        (5, False, (False, False)),
        (5, "once", ("once", False)),
        (False, 3, (3, False)),
        (True, 3, (3, False)),
        ("once", 3, (3, False)),
        (2, 3, (5, False)),
        (2, -1, (1, False)),
        (2, -2, (False, True)),
        (2, -MAX_MESSAGES, (False, True)),
        (False, 0, (False, True)),
        (5, 0, (5, False)),
    ],
)
def test_number_is_added_and_everything_else_replaces(current: Any, wanted: Any, result: Any) -> None:
    assert combined(current, wanted) == result


def test_too_many_are_refused() -> None:
    assert combined(1, MAX_MESSAGES - 1) == (MAX_MESSAGES, False)
    with pytest.raises(SSLError):
        combined(1, MAX_MESSAGES)


@pytest.mark.parametrize(
    ("current", "result"),
    [(True, (True, False)), ("once", (False, False)), (2, (1, False)), (1, (False, True))],
)
def test_message_uses_one_up(current: Any, result: Any) -> None:
    assert after_message(current) == result
