"""``puressl vectors``: made, checked, run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from puressl.cli.main import run
from puressl.crypto import groups, mlkem


def test_make_writes_a_family_and_again_the_same(tmp_path: Path) -> None:
    arguments = ["vectors", "make", "--family", "packet", "--out", str(tmp_path)]
    assert run(arguments) == 0
    first = {path.name: path.read_bytes() for path in (tmp_path / "packet").iterdir()}
    assert {"README.md", "schema.json", "decode.json", "encode.json"} == set(first)
    assert run(arguments) == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "packet").iterdir()} == first


def test_make_leaves_alone_what_holds_something_else(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "packet").mkdir()
    own = tmp_path / "packet" / "decode.json"
    own.write_text("mine")
    arguments = ["vectors", "make", "--family", "packet", "--out", str(tmp_path)]
    assert run(arguments) == 1
    assert "decode.json" in capsys.readouterr().err
    assert own.read_text() == "mine"
    assert run([*arguments, "--force"]) == 0
    assert own.read_text() != "mine"


def test_check_counts_the_cases_that_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["vectors", "check", "--family", "schedule", "--only", "finished"]) == 0
    assert "schedule: 6 of 6 cases pass" in capsys.readouterr().out


def test_a_group_that_is_not_built_is_not_applicable(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mlkem, "available", lambda: False)
    groups._present.cache_clear()
    try:
        assert run(["vectors", "check", "--family", "handshake", "--only", "-x25519"]) == 0
    finally:
        monkeypatch.undo()
        groups._present.cache_clear()
    assert "handshake: 2 of 2 cases pass; 1 not applicable (x25519mlkem768" in capsys.readouterr().out


def test_run_asks_a_process(capsys: pytest.CaptureFixture[str]) -> None:
    process = f"{sys.executable} -m puressl vectors answer"
    assert run(["vectors", "run", "--family", "packet", "--only", "encode", "--peer-process", process]) == 0
    assert "packet process" in capsys.readouterr().out


def test_run_says_which_case_fails(capsys: pytest.CaptureFixture[str]) -> None:
    program = (
        "import json,sys; [print(json.dumps(dict(id=json.loads(l)['id'],output={})),flush=True) for l in sys.stdin]"
    )
    process = f'{sys.executable} -c "{program}"'
    arguments = ["vectors", "run", "--family", "packet", "--only", "encode-1-3", "--peer-process", process]
    assert run(arguments) == 1
    assert "encode-1-3: bytes" in capsys.readouterr().out


def test_run_asks_for_another_text_where_no_id_has_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["vectors", "run", "--family", "packet", "--only", "no-such", "--peer-process", "cat"]) == 2
    assert "is 'no-such' part of an id?" in " ".join(capsys.readouterr().err.split())


def test_run_without_a_command_is_wrong_usage() -> None:
    assert run(["vectors", "run", "--family", "negative"]) == 2
