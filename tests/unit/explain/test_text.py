"""Stories as text: what each level tells, in any width, with nothing of the peer's that a terminal would obey."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console

from puressl.explain.model import Input, Secret, Story
from puressl.explain.text import LEVELS, print_story

from support.stories import BY_NAME, story


def text(told: Story, level: int, width: int = 120, **options: bool) -> str:
    file = io.StringIO()
    print_story(Console(file=file, width=width, highlight=False, **options), told, level)
    return file.getvalue()


@pytest.mark.parametrize("name", ["tls13 with a client certificate", "tls13 resumed", "tls12 ECDHE", "tls12 RSA"])
@pytest.mark.parametrize("level", LEVELS)
def test_every_level_tells_every_message(name: str, level: int) -> None:
    shown = text(story(name), level)
    for step in story(name).steps:
        assert f"{step.number:>3} {'-->' if step.sender == 'client' else '<--'} {step.message}" in shown
    for _, fact in story(name).facts:
        assert fact in shown
    assert story(name).ja4 in shown


def test_deeper_levels_tell_more() -> None:
    told = story("tls13")
    shallow, checks, fields, octets = (text(told, level) for level in LEVELS)
    assert "RFC" not in shallow
    assert "ok client: legacy_session_id_echo is what was sent (RFC 8446 4.1.3)" in checks
    assert "state client: ClientWaitServerHello -> ClientWaitEncryptedExtensions" in checks
    assert "handshake_secret  HKDF-Extract" in checks
    assert "cipher_suites[0]" not in checks
    assert "TLS_CHACHA20_POLY1305_SHA256 (0x1303)" in fields
    master = next(secret.value for secret in told.secrets if secret.name == "master_secret")
    assert master.hex() not in fields
    assert master.hex() in octets
    assert "on the wire" in octets
    assert "serialNumber" in octets
    assert len(shallow) < len(checks) < len(fields) < len(octets)


def test_ciphertext_stands_beside_plaintext() -> None:
    told = story("tls13")
    record = next(each for each in told.records if each.content_type == "application_data")
    assert record.plaintext is not None
    line = next(line for line in text(told, 3).splitlines() if f"0000  {record.raw[:12].hex(' ')}" in line)
    assert record.plaintext.hex(" ") in line
    assert line.endswith(" question.")


def test_the_key_schedule_is_a_tree() -> None:
    lines = text(story("tls13"), 1).splitlines()
    depth: dict[str, int] = {}
    start = lines.index("Key schedule")
    for line in lines[start + 1 :]:
        name = line.strip(" │├└─").split(" ")[0]
        if name:
            depth[name] = len(line) - len(line.lstrip(" │├└─"))
    for secret in story("tls13").secrets:
        is_next = secret.label == "traffic upd"
        assert not secret.parent or depth[secret.parent] + (not is_next) <= depth[secret.name]


def test_a_secret_may_have_thousands_of_generations() -> None:
    names = [f"client_application_traffic_secret_{number}" for number in range(3_000)]
    parents = ("", *names[:-1])
    secrets = tuple(
        Secret(name, "HKDF-Expand-Label", "traffic upd", parent, (Input("Secret", b"", parent),), b"", "7.2", 1)
        for name, parent in zip(names, parents, strict=True)
    )
    shown = text(replace(story("tls13"), secrets=secrets), 2)
    assert f"Secret: {names[-2]}" in shown
    assert max(map(len, shown.splitlines())) <= 120


def test_a_record_is_shown_at_the_first_message_that_it_carries() -> None:
    told = story("tls13")
    shown = text(told, 2)
    for record in told.records:
        assert shown.count(f"record {record.number}: ") == 1


def test_failures_are_marked() -> None:
    told = story("tls13")
    broken = replace(told.steps[1], failure="client: it is wrong")
    shown = text(replace(told, steps=(told.steps[0], broken, *told.steps[2:]), notes=("and a note",)), 0)
    assert "FAILED client: it is wrong" in shown
    assert "and a note" in shown


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("level", LEVELS)
def test_lines_keep_to_the_width(width: int, level: int) -> None:
    assert max(map(len, text(story("tls12 ECDHE"), level, width).splitlines())) <= width


def test_a_line_of_a_peers_stays_one_line() -> None:
    facts = (("application protocol", "h2\nverified path  forged"),)
    shown = text(replace(story("tls13"), facts=facts, verified_path=("CN=a\nresumed  no",)), 0)
    assert "h2\\nverified path  forged" in shown
    assert "CN=a\\nresumed  no" in shown


def test_no_colours_where_there_is_no_terminal() -> None:
    assert "\x1b" not in text(story("tls13"), 3)
    assert "\x1b" in text(story("tls13"), 0, force_terminal=True)


def test_what_a_peer_wrote_is_neither_markup_nor_control() -> None:
    told = story("tls13")
    first = replace(told.steps[0], message="[bold]x[/]", failure="\x1b[2Jgone")
    shown = text(replace(told, title="a\x07b", steps=(first, *told.steps[1:])), 1)
    assert "[bold]x[/]" in shown
    assert "\\x1b[2Jgone" in shown
    assert "\x07" not in shown


@pytest.mark.parametrize("name", BY_NAME)
def test_every_kind_of_handshake_can_be_told(name: str) -> None:
    assert text(story(name), 3)
