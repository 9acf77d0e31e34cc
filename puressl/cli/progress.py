"""A progress bar on standard error, where that is a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import track

T = TypeVar("T")


def steps(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """The items, one after the other, while a bar shows how many of ``total`` are done."""
    console = Console(stderr=True)
    bar = track(items, what, total=total, console=console, transient=True, disable=not console.is_terminal)
    return iter(bar)
