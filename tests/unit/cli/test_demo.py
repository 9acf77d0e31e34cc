"""``puressl demo``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from puressl.cli.demo import passed
from puressl.codes import Direction, Epoch
from puressl.explain.model import SERVER
from puressl.explain.watch import Watch
from puressl.wire import Alert, ChangeCipherSpec


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
    assert re.search(r"ClientHello +\d+ +none", text)
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


def test_a_state_is_entered_once_all_that_it_calls_for_is_written() -> None:
    watch = Watch(SERVER)
    tracer = watch.tracer(SERVER)
    tracer.message(Direction.READ, Epoch.INITIAL, ChangeCipherSpec(), b"\x01")
    tracer.message(Direction.WRITE, Epoch.INITIAL, ChangeCipherSpec(), b"\x01")
    tracer.state("Start", "Waiting")
    tracer.message(Direction.READ, Epoch.INITIAL, ChangeCipherSpec(), b"\x01")
    tracer.message(Direction.READ, Epoch.INITIAL, Alert(1, 0), b"\x01\x00")
    tracer.state("Waiting", "Connected")
    told = [(each.is_ours, each.left, each.entered) for each in passed(watch.story(""), SERVER)]
    assert told == [
        (False, "Start", "Waiting"),
        (True, "Start", "Start"),
        (False, "Waiting", "Waiting"),
        (False, "Waiting", "Connected"),
    ]
