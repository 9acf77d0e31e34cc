"""``puressl states``: the transition tables that run, as text or as a drawing."""

from __future__ import annotations

from collections.abc import Iterator

import rich_click as click

from puressl.cli.options import VERSIONS
from puressl.handshake.diagram import STARTS, table

ROLES = tuple(STARTS)
Rows = tuple[tuple[str, str, str], ...]


@click.command("states")
@click.option("--role", type=click.Choice(ROLES), help="Only one side.")
@click.option("--tls", "tls", type=click.Choice(list(VERSIONS)), help="Only one version.")
@click.option("--dot", is_flag=True, help="Graphviz, to be drawn by dot.")
def command(role: str | None, tls: str | None, dot: bool) -> None:
    """Print the state machines: which message is legal in which state, and where it leads.

    The table is the one that runs: what is not in it is refused with unexpected_message.

    Examples:

    \b
      puressl states --role client --tls 1.3
      puressl states --dot | dot -Tsvg > states.svg
    """
    version = VERSIONS[tls] if tls else None
    roles = [role] if role else list(ROLES)
    tables = {each: table(each, version) for each in roles}
    lines = _dot(tables) if dot else _text(tables)
    click.echo("\n".join(lines))


def _text(tables: dict[str, Rows]) -> Iterator[str]:
    first = True
    for role, rows in tables.items():
        if not first:
            yield ""
        first = False
        yield role
        states = max(len(row[0]) for row in rows)
        messages = max(len(row[1]) for row in rows)
        previous = ""
        for state, message, following in rows:
            shown = state if state != previous else ""
            previous = state
            yield f"  {shown:{states}}  {message or '(start)':{messages}}  {following}"


def _dot(tables: dict[str, Rows]) -> Iterator[str]:
    yield "digraph states {"
    yield "  rankdir=TB; node [shape=box, fontname=monospace]; edge [fontname=monospace, fontsize=10];"
    for role, rows in tables.items():
        yield f"  subgraph cluster_{role} {{"
        yield f'    label="{role}";'
        labels: dict[tuple[str, str], list[str]] = {}
        for state, message, following in rows:
            labels.setdefault((state, following), []).append(message)
        for (state, following), messages in labels.items():
            label = "\\n".join(messages)
            yield f'    {state} -> {following} [label="{label}"];'
        yield "  }"
    yield "}"
