"""``puressl bench``: measures puressl beside tlslite-ng and the standard ``ssl``, and shows what is promised."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import rich_click as click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from puressl.bench import curves, measure, plot, report
from puressl.bench.measure import Family
from puressl.bench.workloads import workloads
from puressl.errors import Reason, SSLError


@click.command("bench")
@click.option("--json", "as_json", is_flag=True, help="The figures as JSON.")
@click.option("--markdown", "as_markdown", is_flag=True, help="The table in Markdown.")
@click.option("--plot", "plot_file", metavar="FILE.svg", help="Draw throughput by size and number of records, too.")
@click.option(
    "--only",
    type=click.Choice([family.value for family in Family]),
    multiple=True,
    help="Measure only this; repeatable.",
)
@click.option("--quick", is_flag=True, help="One round of each, to see that all runs; its figures mean little.")
def command(as_json: bool, as_markdown: bool, plot_file: str | None, only: tuple[str, ...], quick: bool) -> None:
    """Measure puressl beside tlslite-ng and the standard ssl.

    All run in this process and take turns, both ends of a connection in one thread; of the rounds the best counts.
    tlslite-ng is the peer, with its pure Python ciphers; ssl is OpenSSL in C and shows the outer limit, where the
    interpreter has it. A ratio says how many times better puressl is; of some, at least that much is promised, and
    what falls short is marked. The exit code is 0 all the same.

    The JSON is {"machine": {...}, "rows": [...], "points": [...]}. A row is {"family", "workload", "unit", "figures",
    "ratios", "promise"}, figures and ratios by contestant; a promise is null or {"text", "kept"}. Points, of the plot
    only, are {"over", "at", "contestant", "cipher", "unit", "figure"}.

    Examples:

    \b
      puressl bench
      puressl bench --only handshakes --only records
      puressl bench --json --plot throughput.svg > bench.json
    """
    if as_json and as_markdown:
        raise click.UsageError("--json and --markdown exclude each other")
    if importlib.util.find_spec("tlslite") is None:
        raise SSLError(Reason.EINVAL, "tlslite-ng, the peer, needs the extra bench: pip install 'puressl[bench]'")
    effort, curve_effort = (measure.QUICK, measure.QUICK) if quick else (measure.USUAL, curves.USUAL)
    wanted = workloads([Family(name) for name in only] or tuple(Family))
    with _progress() as progress:
        rows = [workload.row(effort) for workload in progress.track(wanted, description="workloads")]
        steps = progress.track(
            curves.points(curve_effort), total=curves.how_many(curve_effort), description="points of the plot"
        )
        points = list(steps) if plot_file else []
    if plot_file:
        Path(plot_file).write_text(plot.svg(points), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(report.values(rows, points), indent=2))
    else:
        click.echo(report.markdown(rows) if as_markdown else report.text(rows))


def _progress() -> Progress:
    """A bar on a terminal's standard error, drawn between the workloads and never during one."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, auto_refresh=False, transient=True, disable=not console.is_terminal)
