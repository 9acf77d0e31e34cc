"""``puressl demo``."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from puressl.cli.demo import Recorder
from puressl.codes import Direction, Epoch


def test_demo_shows_both_versions_and_succeeds(run: Callable[..., Any]) -> None:
    done = run("demo")
    text = done.stdout.decode()
    assert (done.returncode, done.stderr) == (0, b"")
    for word in (
        "TLS 1.3",
        "TLS 1.2",
        "CN=puressl Test Root",
        "ClientWaitServerHello",
        "ServerConnected12",
        "Finished",
    ):
        assert word in text
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 120


def test_demo_prints_the_same_as_json(run: Callable[..., Any]) -> None:
    done = run("demo", "--tls", "1.3", "--json")
    (version, shown), *others = json.loads(done.stdout).items()
    assert (version, others) == ("1.3", [])
    assert shown["negotiated"]["protocol"] == "tlsv1.3"
    assert len(shown["negotiated"]["verified_path"]) == 3
    first, second, *_ = shown["client"]
    assert (first["message"], first["left"], first["entered"]) == (
        "ClientHello",
        "ClientStart",
        "ClientWaitServerHello",
    )
    assert (second["message"], second["left"]) == ("ServerHello", "ClientWaitServerHello")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_demo_fits_any_terminal_encoding(run: Callable[..., Any], encoding: str) -> None:
    done = run("demo", "--tls", "1.2", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")


def test_recorder_tells_which_message_led_to_which_state() -> None:
    recorder = Recorder()
    recorder.message(Direction.READ, Epoch.INITIAL, object(), b"hello")
    recorder.message(Direction.WRITE, Epoch.INITIAL, object(), b"answer")
    recorder.state("Start", "Waiting")
    recorder.message(Direction.READ, Epoch.HANDSHAKE, object(), b"nothing changes")
    recorder.message(Direction.READ, Epoch.HANDSHAKE, object(), b"end")
    recorder.state("Waiting", "Connected")
    assert [(step.left, step.entered) for step in recorder.steps] == [
        ("Start", "Waiting"),
        ("Start", "Start"),
        ("Waiting", "Waiting"),
        ("Waiting", "Connected"),
    ]
    assert [entry for entry in recorder.story if isinstance(entry, str)] == ["Start", "Waiting", "Connected"]
