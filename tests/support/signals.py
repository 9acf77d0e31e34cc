"""Signals as a program in the foreground has them."""

from __future__ import annotations

import signal


def heed_interrupts() -> None:
    """For a child before it runs. What a shell starts in the background ignores SIGINT, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
