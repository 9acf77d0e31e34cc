"""``puressl explain``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from puressl.explain.as_json import from_json

from support.configs import CERTS
from support.stories import story


def test_hexadecimal_from_standard_input_is_explained(run: Callable[..., Any]) -> None:
    done = run("explain", "-", given=b"15 03 03 00 02 02 28")
    assert (done.returncode, done.stderr) == (0, b"")
    for word in ("Alert handshake_failure", "fatal (2)", "RFC 8446 6"):
        assert word in done.stdout.decode()


def test_the_first_error_ends_with_exit_code_1(run: Callable[..., Any]) -> None:
    hello = story("tls13").steps[0].raw
    done = run("explain", "-", "--json", given=hello[:60])
    assert done.returncode == 1
    assert done.stderr.decode().startswith("puressl: -: byte ")
    assert "ClientHello." in done.stderr.decode()
    assert from_json(done.stdout.decode()).steps[0].failure


def test_a_certificate_is_shown_without_asking_for_more(run: Callable[..., Any]) -> None:
    done = run("explain", str(CERTS / "p256" / "server-chain.pem"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert "subjectPublicKeyInfo" in done.stdout.decode()


def test_what_it_is_and_the_version_may_be_said(run: Callable[..., Any]) -> None:
    request = next(step for step in story("tls12 ECDHE with a client certificate").steps if "Request" in step.message)
    done = run("explain", "-", "--as", "handshake", "--tls", "1.3", given=request.raw)
    assert done.returncode == 1
    assert run("explain", "-", "--as", "handshake", "--tls", "1.2", given=request.raw).returncode == 0


def test_what_is_not_recognised_is_told(run: Callable[..., Any]) -> None:
    done = run("explain", "-", given=b"no spelling of anything")
    assert (done.returncode, done.stdout) == (1, b"")
    assert "line 1, column 1: 'n' is no hexadecimal digit" in done.stderr.decode()
