"""``puressl bench``."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from puressl.cli.main import run


def test_json_has_the_rows_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "--quick", "--json", "--only", "handshakes", "--only", "bulk"]) == 0
    captured = capsys.readouterr()
    values = json.loads(captured.out)
    assert captured.err == ""
    assert {row["family"] for row in values["rows"]} == {"handshakes", "bulk"}
    assert all(figure > 0 for row in values["rows"] for figure in row["figures"].values())
    assert values["machine"]["implementation"]
    assert values["points"] == []


def test_without_the_peer_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert run(["bench"]) == 1
    assert "the extra bench: pip install 'puressl[bench]'" in capsys.readouterr().err


def test_table_has_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "--quick", "--only", "records"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.startswith("workload ")
    assert any(line.startswith("seal 16384 B, chacha20-poly1305 ") for line in lines)
    assert any(line.startswith("decrypt 16384 B, aes-128-cbc ") for line in lines)


def test_markdown_and_plot(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plot.svg"
    assert run(["bench", "--quick", "--only", "bulk", "--markdown", "--plot", str(file)]) == 0
    assert capsys.readouterr().out.startswith("| workload |")
    assert ET.parse(file).getroot().tag.endswith("svg")


def test_json_and_markdown_exclude_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["bench", "--json", "--markdown"]) == 2
    assert "exclude" in capsys.readouterr().err
