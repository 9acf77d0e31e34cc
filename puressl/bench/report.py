"""Rows as text, as a Markdown table and as values for JSON.

Theory of operation: one table of columns serves text and Markdown; a column nobody has a figure for is left out. The
JSON has every figure under its contestant's name, with the unit beside it, and what the figures were measured on: the
interpreter, the machine's kind and the peers' versions, and nothing that tells one machine from another.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from puressl._version import __version__
from puressl.bench import ssl_peer
from puressl.bench.curves import Point
from puressl.bench.measure import Contestant, Row, Unit

#: Third-party packages whose versions decide figures.
_PEERS = ("tlslite-ng", "ecdsa")


def _number(figure: float | None) -> str:
    """Three significant digits, and never an exponent."""
    if figure is None:
        return ""
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.{1 if figure >= 10 else 2}f}"


def _figure(contestant: Contestant) -> Callable[[Row], str]:
    return lambda row: _number(row.figures.get(contestant))


def _ratio(contestant: Contestant) -> Callable[[Row], str]:
    def text(row: Row) -> str:
        ratio = row.ratio(contestant)
        return f"{_number(ratio)} x" if ratio is not None else ""

    return text


def _promise(row: Row) -> str:
    if row.promise is None:
        return ""
    return row.promise.text if row.kept else f"{row.promise.text}: missed"


#: Titles, and what stands in a row. The first is flush left, as words are; so is the last.
_COLUMNS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("workload", lambda row: row.workload),
    ("unit", lambda row: row.unit.value),
    ("puressl", _figure(Contestant.PURESSL)),
    ("tlslite-ng", _figure(Contestant.TLSLITE)),
    ("ratio", _ratio(Contestant.TLSLITE)),
    ("ratio to full", _ratio(Contestant.TLSLITE_FULL)),
    ("verified", _figure(Contestant.VERIFIED)),
    ("ssl", _figure(Contestant.SSL)),
    ("promised", _promise),
)


def _cells(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """The titles and the cells of the columns that have any."""
    columns = [(title, [text(row) for row in rows]) for title, text in _COLUMNS]
    used = [(title, cells) for title, cells in columns if any(cells)]
    return [title for title, _ in used], [list(line) for line in zip(*(cells for _, cells in used), strict=True)]


def text(rows: Sequence[Row]) -> str:
    """A table for the terminal."""
    titles, lines = _cells(rows)
    widths = [max(map(len, column)) for column in zip(titles, *lines, strict=True)]
    return "\n".join(_aligned(line, widths) for line in (titles, *lines))


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *middle, last = cells
    return "  ".join(
        (f"{first:{widths[0]}}", *(f"{cell:>{width}}" for cell, width in zip(middle, widths[1:], strict=False)), last)
    ).rstrip()


def markdown(rows: Sequence[Row]) -> str:
    """A table for a page, with a line on where it comes from."""
    titles, lines = _cells(rows)
    ruler = ["---", *["---:"] * (len(titles) - 2), "---"]
    table = "\n".join("| " + " | ".join(line) + " |" for line in (titles, ruler, *lines))
    facts = machine()
    limit = f", ssl is {facts['openssl']}" if facts["openssl"] else ""
    return (
        f"{table}\n\n{facts['implementation']} {facts['python']} on {facts['system']} {facts['machine']}, one core; "
        f"tlslite-ng {facts['tlslite-ng']}, ecdsa {facts['ecdsa']}{limit}."
    )


def values(rows: Iterable[Row], points: Iterable[Point]) -> dict[str, Any]:
    """Everything, for JSON."""
    return {"machine": machine(), "rows": list(map(_row, rows)), "points": list(map(_point, points))}


def _row(row: Row) -> dict[str, Any]:
    promise = None if row.promise is None else {"text": row.promise.text, "kept": row.kept}
    return {
        "family": row.family.value,
        "workload": row.workload,
        "unit": row.unit.value,
        "figures": {contestant.value: figure for contestant, figure in row.figures.items()},
        "ratios": {
            contestant.value: row.ratio(contestant)
            for contestant in row.figures
            if contestant is not Contestant.PURESSL
        },
        "promise": promise,
    }


def _point(point: Point) -> dict[str, Any]:
    return {
        "over": point.axis.name.lower(),
        "at": point.at,
        "contestant": point.contestant.value,
        "cipher": point.cipher,
        "unit": Unit.MEGABYTES_PER_SECOND.value,
        "figure": point.speed,
    }


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "puressl": __version__,
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        **{package: _version(package) for package in _PEERS},
        "openssl": ssl_peer.library(),
    }


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:  # a frozen application has no metadata
        return None
