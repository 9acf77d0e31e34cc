"""The table of what was tried against other implementations, printed at the end of the run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from interop.authority import Authority

COLUMNS = (
    "peer",
    "puressl",
    "version",
    "suite",
    "group",
    "certificate",
    "client auth",
    "resumption",
    "notes",
    "result",
)
_ROW = pytest.StashKey[dict[str, str]]()
_TABLE = pytest.StashKey[list[dict[str, str]]]()


@pytest.fixture
def row(request: pytest.FixtureRequest) -> dict[str, str]:
    """This test's row; the test fills in the columns it knows."""
    return request.node.stash.setdefault(_ROW, {})


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """A root that nobody else trusts."""
    return Authority.make(tmp_path_factory.mktemp("authority"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report: Any = yield
    filled = item.stash.get(_ROW, None)
    if filled and (report.when == "call" or report.skipped):
        filled["result"] = report.outcome
        item.config.stash.setdefault(_TABLE, []).append(filled)
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    table = config.stash.get(_TABLE, [])
    if not table:
        return
    terminalreporter.section("other implementations")
    widths = [max(len(name), *(len(filled.get(name, "-")) for filled in table)) for name in COLUMNS]
    for filled in ({name: name for name in COLUMNS}, *table):
        cells = (filled.get(name, "-").ljust(width) for name, width in zip(COLUMNS, widths, strict=True))
        terminalreporter.write_line("  ".join(cells).rstrip())
    failed = sum(filled["result"] == "failed" for filled in table)
    terminalreporter.write_line(f"{len(table)} runs, {failed} failed")
