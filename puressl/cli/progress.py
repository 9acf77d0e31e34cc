"""A progress bar on standard error, where that is a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track

T = TypeVar("T")


def steps(items: Sequence[T], what: str) -> Iterator[T]:
    """The items, one after the other, while a bar shows how far it is."""
    console = Console(stderr=True)
    return iter(track(items, what, console=console, transient=True, disable=not console.is_terminal))
