"""The ``active`` option of an open socket: how many messages are still to come."""

from __future__ import annotations

from typing import Union

from puressl.errors import Reason, SSLError
from puressl.sockets.values import MAX_MESSAGES

#: True, False, "once", or how many.
Activity = Union[bool, int, str]


def combined(current: Activity, wanted: Activity) -> tuple[Activity, bool]:
    """The activity after ``setopts``, and whether ``Passive`` is due: a number is added to what is still to come.

    Raises ``SSLError(eoptions)`` when that is more than inet(3) allows.
    """
    if isinstance(wanted, (bool, str)):
        return wanted, False
    total = wanted + (0 if isinstance(current, (bool, str)) else current)
    if total > MAX_MESSAGES:
        raise SSLError(Reason.EOPTIONS, f"active: {total} messages to come, at most {MAX_MESSAGES}")
    return (total, False) if total > 0 else (False, True)


def after_message(current: Activity) -> tuple[Activity, bool]:
    """The activity after a message, and whether ``Passive`` is due."""
    if isinstance(current, bool):
        return current, False
    if isinstance(current, str):
        return False, False
    return combined(current, -1)
