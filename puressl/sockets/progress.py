"""How far attending to a socket has got."""

from __future__ import annotations

from enum import Enum


class Progress(Enum):
    """What the loop does next. IDLE, PAUSED: nothing until somebody asks, the mailbox after a pause. WAITING: watch the
    network. MORE: come back after the others.
    """

    IDLE = "idle"
    PAUSED = "paused"
    WAITING = "waiting"
    MORE = "more"
