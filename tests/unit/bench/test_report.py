"""Rows as text, Markdown and values."""

from __future__ import annotations

import json
import platform

import pytest

from puressl.bench import report
from puressl.bench.curves import Axis, Point
from puressl.bench.measure import AtLeast, Contestant, Family, Row, Unit

OWN, OTHER = Contestant.PURESSL, Contestant.TLSLITE
ROWS = [
    Row(Family.RECORDS, "a cipher", Unit.MEGABYTES_PER_SECOND, {OWN: 123.4, OTHER: 0.456}, AtLeast(20)),
    Row(Family.HANDSHAKES, "a longer workload", Unit.MILLISECONDS, {OWN: 20.0, OTHER: 10.0}, AtLeast(3)),
    Row(Family.HANDSHAKES, "no peer", Unit.MILLISECONDS, {OWN: 1.0, Contestant.VERIFIED: 2.0}),
]
POINT = Point(Axis.SIZE, OWN, "aes-128-gcm", 16, 0.5)


def test_text_is_aligned_and_marks_what_is_missed() -> None:
    head, *lines = report.text(ROWS).splitlines()
    assert head.split() == ["workload", "unit", "puressl", "tlslite-ng", "ratio", "verified", "promised"]
    assert lines[0].split() == ["a", "cipher", "MB/s", "123", "0.46", "271", "x", "20", "x", "tlslite-ng"]
    assert lines[1].endswith("0.50 x            3 x tlslite-ng: missed")
    place = head.index("puressl") + len("puressl")
    assert [line[:place].split()[-1] for line in lines] == ["123", "20.0", "1.00"]


def test_column_without_figures_is_left_out() -> None:
    assert "ssl" not in report.text(ROWS).splitlines()[0].split()


def test_markdown_has_a_row_each_and_says_where_it_was_measured() -> None:
    head, ruler, *lines, empty, facts = report.markdown(ROWS).splitlines()
    assert head.count("|") == ruler.count("|") == lines[0].count("|")
    assert len(lines) == len(ROWS)
    assert not empty
    assert platform.python_version() in facts


def test_values_have_units_ratios_and_promises() -> None:
    values = json.loads(json.dumps(report.values(ROWS, [POINT])))
    first, second, third = values["rows"]
    assert first["unit"] == "MB/s"
    assert first["figures"] == {"puressl": 123.4, "tlslite-ng": 0.456}
    assert first["ratios"] == {"tlslite-ng": pytest.approx(123.4 / 0.456)}
    assert first["promise"] == {"text": "20 x tlslite-ng", "kept": True}
    assert second["promise"]["kept"] is False
    assert third["promise"] is None
    assert values["points"] == [
        {"over": "size", "at": 16, "contestant": "puressl", "cipher": "aes-128-gcm", "unit": "MB/s", "figure": 0.5}
    ]


def test_machine_is_described_without_its_name() -> None:
    facts = report.machine()
    assert facts["python"] == platform.python_version()
    assert platform.node() not in map(str, facts.values())
