"""``puressl states``."""

from __future__ import annotations

import pytest

from puressl.cli.main import run
from puressl.handshake.diagram import STARTS, states


@pytest.mark.parametrize("role", STARTS)
def test_every_state_of_a_role_is_printed(role: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["states", "--role", role]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"{role}\n")
    for state in states(role):
        assert state.__name__ in shown


@pytest.mark.parametrize(("version", "other"), [("1.2", "EncryptedExtensions"), ("1.3", "12")])
def test_version_leaves_the_other_out(version: str, other: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["states", "--role", "client", "--tls", version]) == 0
    assert other not in capsys.readouterr().out


def test_columns_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["states", "--role", "server"]) == 0
    rows = capsys.readouterr().out.splitlines()[1:]
    assert len({len(row) - len(row.rpartition(" ")[2]) for row in rows}) == 1


def test_drawing_is_one_graph_of_both_roles(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["states", "--dot"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("digraph ")
    assert shown.count("{") == shown.count("}") == 3
    assert 'ClientWaitFinished -> ClientConnected [label="finished"];' in shown
