"""How the subcommands that have a story show it: as text, as JSON, or as a page."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import rich_click as click
from rich.console import Console

from puressl.cli import options
from puressl.explain import page
from puressl.explain.as_json import to_json
from puressl.explain.model import Story
from puressl.explain.text import CHECKS, LEVELS, print_story

F = TypeVar("F", bound=Callable[..., Any])

#: Columns where the output is no terminal.
PLAIN_WIDTH = 120


def story_options(level: int = CHECKS) -> Callable[[F], F]:
    """Adds what ``show`` wants. level: the default."""

    def decorate(command: F) -> F:
        for option in reversed(
            (
                click.option(
                    "--level",
                    type=click.IntRange(LEVELS[0], LEVELS[-1]),
                    default=level,
                    show_default=True,
                    help="0 messages, 1 with checks, states and secrets, 2 with every field, 3 with every byte.",
                ),
                click.option("--json", "as_json", is_flag=True, help="As JSON; the schema comes with the package."),
                click.option("--html", metavar="FILE", help="Write one self-contained page, too."),
            )
        ):
            command = option(command)
        return command

    return decorate


def console() -> Console:
    """Standard output, plain where it is no terminal; what its encoding lacks is escaped."""
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    return Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)


def show(story: Story, given: dict[str, Any], told: Callable[[], None] | None = None) -> None:
    """Everything that is asked for with ``story_options``. told: tells the story as text, if it is not all at once."""
    if given["as_json"]:
        click.echo(to_json(story))
    elif told is not None:
        told()
    else:
        print_story(console(), story, given["level"])
    if given["html"]:
        with options.naming("--html", given["html"]):
            Path(given["html"]).write_text(page.to_html(story), "utf-8")
