"""``puressl inspect``."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from puressl.explain.as_json import from_json

ROOT = Path(__file__).resolve().parents[3] / "certs"
CA = ("--ca-file", str(ROOT / "p256" / "root.pem"))


@pytest.mark.parametrize(
    "arguments",
    [
        ("--tls", "1.3", "--hrr", "--client-auth", "--group", "x448"),
        ("--tls", "1.2", "--suite", "DHE-RSA-AES128-GCM-SHA256", "--client-auth"),
        ("--resume", "--level", "3"),
    ],
)
def test_the_demo_is_the_same_byte_for_byte(run: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    first, second = run("inspect", "--demo", *arguments), run("inspect", "--demo", *arguments)
    assert (first.returncode, first.stderr) == (0, b"")
    assert first.stdout == second.stdout
    assert b"\x1b" not in first.stdout


@pytest.mark.parametrize(
    ("arguments", "facts"),
    [
        (("--tls", "1.3"), {"protocol": "tlsv1.3", "resumed": "no"}),
        (("--tls", "1.2"), {"protocol": "tlsv1.2", "resumed": "no"}),
        (("--resume",), {"resumed": "yes"}),
        (("--resume", "--tls", "1.2"), {"resumed": "yes"}),
        (("--hrr",), {"hello retry": "yes"}),
        (("--hrr", "--group", "secp384r1"), {"hello retry": "yes", "group": "secp384r1"}),
        (("--group", "x448"), {"group": "x448"}),
        (("--client-auth",), {"client's signature": "ecdsa_secp256r1_sha256"}),
        (("--suite", "TLS_AES_128_GCM_SHA256"), {"cipher suite": "TLS_AES_128_GCM_SHA256"}),
        (("--tls", "1.2", "--suite", "AES128-SHA"), {"cipher suite": "TLS_RSA_WITH_AES_128_CBC_SHA"}),
    ],
)
def test_the_demo_shows_what_was_asked_for(
    run: Callable[..., Any], arguments: tuple[str, ...], facts: dict[str, str]
) -> None:
    done = run("inspect", "--demo", "--json", *arguments)
    assert (done.returncode, done.stderr) == (0, b"")
    found = dict(from_json(done.stdout.decode()).facts)
    assert {label: found.get(label) for label in facts} == facts


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_any_terminal_encoding_will_do(run: Callable[..., Any], encoding: str) -> None:
    done = run("inspect", "--demo", "--level", "3", PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize(
    "arguments",
    [("localhost:1", "--resume"), (), ("localhost:1", "--demo"), ("--demo", "--hrr", "--tls", "1.2"), ("nonsense",)],
)
def test_wrong_usage_is_told(run: Callable[..., Any], arguments: tuple[str, ...]) -> None:
    assert run("inspect", *arguments).returncode == 2


@pytest.mark.parametrize("version", ["1.3", "1.2"])
def test_a_live_connection_is_shown(run: Callable[..., Any], serve: Callable[..., Any], version: str) -> None:
    done = run("inspect", f"localhost:{serve().port}", *CA, "--tls", version, "--level", "2")
    assert (done.returncode, done.stderr) == (0, b"")
    shown = done.stdout.decode()
    for word in ("--> ClientHello", "<-- Finished", "the certificate chain is verified", "Key schedule", "JA4"):
        assert word in shown
    assert f"tlsv{version}" in shown


def test_a_live_connection_as_json_and_with_a_key_log(
    run: Callable[..., Any], serve: Callable[..., Any], tmp_path: Path
) -> None:
    log = tmp_path / "keys"
    done = run("inspect", f"localhost:{serve().port}", *CA, "--json", "--keylog", str(log))
    told = from_json(done.stdout.decode())
    assert [step.message for step in told.steps[:2]] == ["ClientHello", "ServerHello"]
    assert told.steps[-1].message == "Alert close_notify"
    values = {secret.value.hex() for secret in told.secrets}
    assert {line.split()[2] for line in log.read_text().splitlines()} <= values


def test_a_refused_handshake_is_shown_up_to_the_broken_rule(run: Callable[..., Any], serve: Callable[..., Any]) -> None:
    done = run("inspect", f"localhost:{serve().port}", "--ca-file", str(ROOT / "rsa2048" / "root.pem"))
    assert done.returncode == 1
    shown = done.stdout.decode()
    assert "BROKEN client: the certificate chain is verified (RFC 5280 6.1)" in shown
    assert "FAILED client: certificate 1" in shown
    assert "--> Alert unknown_ca" in shown
    assert done.stderr.startswith(b"puressl: ")


def test_a_client_refused_after_its_finished_is_a_failure(run: Callable[..., Any], serve: Callable[..., Any]) -> None:
    done = run("inspect", f"localhost:{serve(*CA).port}", *CA, "--tls", "1.3")
    assert done.returncode == 1
    assert "<-- Alert certificate_required" in done.stdout.decode()
    assert b"certificate_required" in done.stderr


def test_no_verify_shows_an_untrusted_server(run: Callable[..., Any], serve: Callable[..., Any]) -> None:
    done = run("inspect", f"localhost:{serve().port}", "--no-verify", "--json")
    told = from_json(done.stdout.decode())
    assert done.returncode == 0
    assert told.verified_path == ()
    assert not any(check.what == "the certificate chain is verified" for step in told.steps for check in step.checks)


def test_a_server_that_is_none_is_an_error_without_a_story(run: Callable[..., Any]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    done = run("inspect", f"127.0.0.1:{port}", "--no-verify", "--json")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"econnrefused" in done.stderr or b"refused" in done.stderr


def test_help_names_every_option_of_a_client(run: Callable[..., Any]) -> None:
    shown = run("inspect", "--help").stdout.decode()
    for option in ("--demo", "--level", "--html", "--ca-file", "--keylog", "--server-name"):
        assert option in shown
