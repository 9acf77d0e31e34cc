"""``puressl vectors``: makes the conformance vectors, checks puressl against them, and runs them on others."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import rich_click as click
from rich.console import Console
from rich.table import Table

from puressl.cli.progress import steps
from puressl.errors import SSLError
from puressl.vectors import run, schema
from puressl.vectors.documents import Case, Document, Family, directory, documents
from puressl.vectors.families import NAMES, family, files_of, overview
from puressl.vectors.peers import Peer
from puressl.vectors.process import answer
from puressl.vectors.recording import SIDES
from puressl.vectors.results import FAIL, ORDER, Result, as_json, as_junit, counts, json_text, triaged

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
        found = [(document, case) for document in _valid(chosen) for case in document.cases if only in case["id"]]
        cases = [(document, case) for document, case in found if not chosen.lacking(case)]
        wrong = 0
        for document, case in steps(cases, name, len(cases)):
            complaint = chosen.check(document, case)
            if complaint:
                wrong += 1
                click.echo(f"{name} {case['id']}: {complaint} ({case['clause']})")
        click.echo(f"{name}: {len(cases) - wrong} of {len(cases)} cases pass{_left_out(chosen, found)}")
        failed += wrong
    return 1 if failed else 0


def _left_out(chosen: Family, found: list[tuple[Document, Case]]) -> str:
    """How many cases do not apply, by what they lack."""
    lacking = Counter(reason for _, case in found if (reason := chosen.lacking(case)))
    return "".join(f"; {count} not applicable ({reason})" for reason, count in lacking.items())


def _valid(chosen: Family) -> Iterator[Document]:
    """The documents of a family, each held to its schema first."""
    for document in documents(chosen, directory()):
        complaint = schema.complaint(chosen.schema, document.json(chosen.name))
        if complaint:
            raise SSLError("einval", f"{chosen.name}/{document.name}.json{complaint}")
        yield document


@command.command("run")
@_FAMILY
@_ONLY
@click.option("--peer", "profile", type=click.Path(dir_okay=False, path_type=Path), help="The peer's TOML file.")
@click.option("--peer-command", metavar="TEMPLATE", help="What starts it, with {port}, {cert}, {key}, {ca} and others.")
@click.option("--peer-process", metavar="COMMAND", help="What answers the families that are no connections.")
@click.option("--role", "roles", type=click.Choice(SIDES), multiple=True, help="Of the peer; both by default.")
@click.option("--jobs", type=click.IntRange(1, 64), default=4, show_default=True, help="Cases at a time.")
@click.option("--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Write a report as JSON.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write a report as JUnit's XML.")
def run_command(
    names: tuple[str, ...],
    only: str,
    profile: Path | None,
    peer_command: str | None,
    peer_process: str | None,
    roles: tuple[str, ...],
    jobs: int,
    json_file: Path | None,
    junit: Path | None,
) -> int:
    """Hold another implementation to the vectors: as a TLS server or client, or as a process that answers questions.

    A peer's TOML file has its commands and the deviations that are known of it. Exit code 1 if a case fails that it
    does not list, or if one it lists passes. The lines a process reads and writes, all that a command may ask for in
    braces, and the TOML file are explained in README.md of the vectors.

    Examples:

    \b
      puressl vectors run --peer vectors/peers/openssl/expectations.toml
      puressl vectors run --role server --family negative --peer-command 'openssl s_server -accept {port} -cert {cert}
          -key {key} [-Verify 1 -CAfile {ca}]'
      puressl vectors run --family record --peer-process ./answer
    """
    peer = Peer.read(profile) if profile else Peer("peer")
    given = {**dict.fromkeys(roles or SIDES, peer_command), "process": peer_process}
    peer = replace(peer, commands={**peer.commands, **{role: text for role, text in given.items() if text}})
    tasks = list(_tasks(names or NAMES, only, roles or SIDES, peer))
    if not tasks:
        part = f", and is {only!r} part of an id" if only else ""
        raise click.UsageError(f"No case is left to run: which --family, which command for it{part}?")
    with run.runner(peer) as runner:
        found = list(steps(run.results(tasks, runner, jobs), "cases", len(tasks)))
    results, stale = triaged(found, peer)
    _show(results)
    whole = not names and not only and not roles
    for expectation in stale if whole else ():
        click.echo(f"no case needs the expectation {', '.join(expectation.cases)}: {expectation.reason}", err=True)
    if json_file:
        json_file.write_text(json_text(as_json(peer, peer.says(), results)), encoding="utf-8")
    if junit:
        junit.write_text(as_junit(peer, results), encoding="utf-8")
    return 1 if any(result.verdict == FAIL for result in results) or (whole and stale) else 0


def _tasks(names: tuple[str, ...], only: str, roles: tuple[str, ...], peer: Peer) -> Iterator[run.Task]:
    """Every case the peer has a command for."""
    for name in names:
        chosen = family(name)
        wanted = ("process",) if chosen.answer else roles
        for document in _valid(chosen):
            for case in document.cases:
                for role in wanted:
                    if only in case["id"] and role in peer.commands and case.get("peer", role) == role:
                        yield run.Task(chosen, document, case, role)


def _show(results: list[Result]) -> None:
    """What did not simply pass, and the counts."""
    for result in results:
        if result.verdict == FAIL:
            click.echo(f"{result.role} {result.case}: {result.observed}, not {result.wanted} ({result.clause})")
    table = Table("", *ORDER)
    for group, found in counts(results).items():
        table.add_row(group, *(str(found[verdict]) for verdict in ORDER))
    Console().print(table)


@command.command("answer")
def answer_command() -> None:
    """Answer questions on standard input, a line of JSON each: what --peer-process of run starts. A model to follow.

    A question has the members family, id, operation and input; its answer id and output.

    Examples:

    \b
      puressl vectors run --family record --peer-process 'puressl vectors answer'
    """
    for line in answer(sys.stdin, family):
        click.echo(line)
        sys.stdout.flush()
