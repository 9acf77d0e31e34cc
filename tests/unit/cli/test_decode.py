"""``puressl decode``, and the captures that ``puressl inspect`` writes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from puressl.explain.as_json import from_json

from support.captures import capture, capture_of, frames_of, log_of, log_text
from support.stories import story

NAME = "tls13"


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, str]:
    """A capture and its key log."""
    paths = tmp_path / "capture.pcap", tmp_path / "keys.txt"
    paths[0].write_bytes(capture(NAME))
    paths[1].write_bytes(log_text(log_of(story(NAME))))
    return str(paths[0]), str(paths[1])


def test_a_capture_is_shown_as_the_connection_was(run: Callable[..., Any], files: tuple[str, str]) -> None:
    done = run("decode", files[0], "--keylog", files[1])
    assert (done.returncode, done.stderr) == (0, b"")
    for word in ("TCP stream 0 of", "--> ClientHello", "<-- Finished", "Key schedule", "tlsv1.3"):
        assert word in done.stdout.decode()
    assert "Notes" not in done.stdout.decode()


def test_a_capture_as_json_from_standard_input(run: Callable[..., Any], files: tuple[str, str]) -> None:
    done = run("decode", "-", "--keylog", files[1], "--json", given=Path(files[0]).read_bytes())
    assert (done.returncode, done.stderr) == (0, b"")
    told = from_json(done.stdout.decode())
    assert [step.message for step in told.steps] == [step.message for step in story(NAME).steps]


def test_a_key_log_inside_the_capture_counts(run: Callable[..., Any], tmp_path: Path) -> None:
    def block(kind: int, body: bytes) -> bytes:
        body += bytes(-len(body) % 4)
        return struct.pack("<II", kind, 12 + len(body)) + body + struct.pack("<I", 12 + len(body))

    log = log_text(log_of(story(NAME)))
    blocks = [block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1)), block(1, struct.pack("<HHI", 1, 0, 0))]
    blocks.append(block(10, struct.pack("<II", 0x544C534B, len(log)) + log))
    for frame in frames_of(capture(NAME)):
        blocks.append(block(6, struct.pack("<IIIII", 0, 0, 0, len(frame), len(frame)) + frame))
    path = tmp_path / "capture.pcapng"
    path.write_bytes(b"".join(blocks))
    done = run("decode", str(path), "--level", "0")
    assert (done.returncode, done.stderr) == (0, b"")
    assert "ApplicationData" in done.stdout.decode()


def test_one_stream_of_several_is_chosen(run: Callable[..., Any], tmp_path: Path) -> None:
    moved = []
    for frame in frames_of(capture(NAME)):
        ports = [port if port == 443 else port + 1 for port in struct.unpack(">HH", frame[34:38])]
        moved.append(frame[:34] + struct.pack(">HH", *ports) + frame[38:])
    no_tls = [frame for frame in moved if len(frame) == 54]
    path = tmp_path / "capture.pcap"
    path.write_bytes(capture_of(no_tls + frames_of(capture(NAME))))
    done = run("decode", str(path), "--level", "0")
    assert "TCP stream 1 of" in done.stdout.decode()
    assert "--stream shows another" in done.stdout.decode()
    assert "TCP stream 0 of" in run("decode", str(path), "--stream", "0").stdout.decode()
    done = run("decode", str(path), "--stream", "2")
    assert (done.returncode, done.stdout) == (1, b"")
    assert f"{path}: no TCP stream 2; there are 2" in done.stderr.decode()


@pytest.mark.parametrize(
    ("data", "complaint"),
    [(b"GET / HTTP/1.0", "neither pcap nor pcapng"), (capture_of([]), "no TLS in any of 0 TCP streams")],
)
def test_what_cannot_be_shown_is_told_with_the_file(
    run: Callable[..., Any], tmp_path: Path, data: bytes, complaint: str
) -> None:
    path = tmp_path / "capture.pcap"
    path.write_bytes(data)
    done = run("decode", str(path))
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().startswith(f"puressl: {path}: {complaint}")
    done = run("decode", str(path), "--keylog", str(tmp_path / "none"))
    assert done.returncode == 1


@pytest.mark.parametrize("arguments", [("--tls", "1.3", "--hrr"), ("--tls", "1.2"), ("--tls", "1.3", "--resume")])
def test_what_inspect_writes_decode_reads(run: Callable[..., Any], tmp_path: Path, arguments: tuple[str, ...]) -> None:
    paths = str(tmp_path / "demo.pcap"), str(tmp_path / "keys.txt")
    shown = run("inspect", "--demo", *arguments, "--pcap", paths[0], "--keylog", paths[1], "--json")
    assert (shown.returncode, shown.stderr) == (0, b"")
    done = run("decode", paths[0], "--keylog", paths[1], "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    ours, theirs = from_json(done.stdout.decode()), from_json(shown.stdout.decode())
    assert ours.records == theirs.records
    assert [(step.message, step.raw) for step in ours.steps] == [(step.message, step.raw) for step in theirs.steps]
    assert ours.notes == ()
