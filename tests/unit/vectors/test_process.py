"""Asking a process: answers, silence, and nonsense."""

from __future__ import annotations

import json
import sys

import pytest

from puressl.errors import SSLError
from puressl.vectors import process
from puressl.vectors.families import family

CASE = {"id": "x", "operation": "tls13_verify_data", "input": {}}


def asked(program: str) -> object:
    with process.started(f"{sys.executable} -c {json.dumps(program)}") as running:
        return running.ask(family("schedule"), CASE)


def test_an_answer_is_taken() -> None:
    program = "import json; q = json.loads(input()); print(json.dumps(dict(id=q['id'], output=q['family'])))"
    assert asked(program) == {"id": "x", "output": "schedule"}


@pytest.mark.parametrize("program", ["print('no JSON')", "print('[]')", "print('{}')"])
def test_what_is_no_answer_is_an_error(program: str) -> None:
    with pytest.raises(SSLError, match="answers"):
        asked(program)


def test_a_silent_process_is_waited_for_only_so_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PATIENCE", 0.2)
    with pytest.raises(SSLError, match="does not answer"):
        asked("import time; time.sleep(9)")


def test_what_cannot_be_started_is_an_error() -> None:
    with pytest.raises(SSLError, match="no-such-program"), process.started("no-such-program"):
        pass


def test_puressl_answers_its_own_questions() -> None:
    document = next(family("schedule").make())
    case = document.cases[0]
    question = json.dumps({"family": "schedule", **{key: case[key] for key in ("id", "operation", "input")}})
    (line,) = process.answer([question], family)
    assert json.loads(line) == {"id": case["id"], "output": case["expected"]}


def test_puressl_answers_no_question_about_connections() -> None:
    (line,) = process.answer(['{"family": "handshake", "id": "x"}'], family)
    assert "not applicable" in json.loads(line)
