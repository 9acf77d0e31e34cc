"""``puressl vectors``: makes the conformance vectors, checks puressl against them, and runs them on others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import rich_click as click

from puressl.cli.progress import steps
from puressl.errors import SSLError
from puressl.vectors import schema
from puressl.vectors.documents import Document, Family, directory, documents
from puressl.vectors.families import NAMES, family, files_of, overview

_FAMILY = click.option(
    "--family", "names", type=click.Choice(NAMES), multiple=True, help="Only this family; may be repeated."
)
_ONLY = click.option("--only", metavar="TEXT", default="", help="Only cases whose id contains this text.")


@click.group()
def command() -> None:
    """Make conformance vectors, check puressl against them, run them against other implementations."""


@command.command("make")
@_FAMILY
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("vectors"),
    show_default=True,
    help="The directory to write to.",
)
@click.option("--force", is_flag=True, help="Replace files of the same names that hold something else.")
def make_command(names: tuple[str, ...], out: Path, force: bool) -> None:
    """Write the vectors: the same bytes every time.

    A file that is there already and holds something else is left alone, and nothing is written at all, unless --force.

    Examples:

    \b
      puressl vectors make
      puressl vectors make --family record --out /tmp/vectors
    """
    files = {out / name: content.encode() for name, content in _everything(names or NAMES)}
    others = [path for path, content in files.items() if path.exists() and path.read_bytes() != content]
    if others and not force:
        more = f", and {len(others) - 1} more do" if len(others) > 1 else ""
        raise SSLError("eexist", f"{others[0]} holds something else{more}; --force replaces them")
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def _everything(names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for name in names:
        click.echo(f"{name}: {family(name).title}", err=True)
        yield from files_of(family(name))
    yield "README.md", overview()


@command.command("check")
@_FAMILY
@_ONLY
def check_command(names: tuple[str, ...], only: str) -> int:
    """Hold puressl to the vectors, and say which cases it fails. Exit code 1 if there are any.

    Examples:

    \b
      puressl vectors check
      puressl vectors check --family negative --only certificate_verify
    """
    failed = 0
    for name in names or NAMES:
        chosen = family(name)
        cases = [(document, case) for document in _valid(chosen) for case in document.cases if only in case["id"]]
        wrong = 0
        for document, case in steps(cases, name):
            complaint = chosen.check(document, case)
            if complaint:
                wrong += 1
                click.echo(f"{name} {case['id']}: {complaint} ({case['clause']})")
        click.echo(f"{name}: {len(cases) - wrong} of {len(cases)} cases pass")
        failed += wrong
    return 1 if failed else 0


def _valid(chosen: Family) -> Iterator[Document]:
    """The documents of a family, each held to its schema first."""
    for document in documents(chosen, directory()):
        complaint = schema.complaint(chosen.schema, document.json(chosen.name))
        if complaint:
            raise SSLError("einval", f"{chosen.name}/{document.name}.json{complaint}")
        yield document
