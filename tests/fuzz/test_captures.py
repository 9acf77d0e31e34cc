"""Altered captures, key logs and pieces of TLS: nothing but puressl's own errors, and an end in bounded time."""

from __future__ import annotations

import time
from contextlib import suppress
from functools import cache
from random import Random

import pytest

from puressl.errors import SSLError
from puressl.explain.as_json import to_json
from puressl.explain.capture.file import read_capture
from puressl.explain.capture.keylog import read_keylog
from puressl.explain.capture.packets import segments
from puressl.explain.capture.streams import conversations
from puressl.explain.piece import KINDS, explain_piece
from puressl.explain.recorded import explain_recorded
from puressl.explain.spelled import spelled

from support.captures import HEADERS, capture, capture_of, frames_of, log_of, log_text
from support.configs import CERTS
from support.stories import story

#: Seconds for one case; most take milliseconds.
PATIENCE = 20.0
NAMES = (
    "tls13",
    "tls13 with hello retry and a client certificate",
    "tls12 ECDHE with a client certificate",
    "tls12 RSA",
)


def changed(random: Random, data: bytes) -> bytes:
    """Bytes flipped, cut, doubled, put in."""
    out = bytearray(data)
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(out) + 1)
        end = min(at + random.randint(1, 40), len(out))
        match random.randrange(5):
            case 0 if at < len(out):
                out[at] ^= 1 << random.randrange(8)
            case 1:
                del out[at:end]
            case 2:
                out[at:at] = out[at:end]
            case 3:
                out[at:at] = random.randbytes(random.randint(1, 8))
            case _:
                out[at:end] = random.choice((b"\x00", b"\xff")) * (end - at)
    return bytes(out)


def explain_all(data: bytes, logs: bytes) -> None:
    """All that ``decode`` does."""
    found = read_capture(data)
    notes: list[str] = []
    for each in conversations(segments(found.frames, notes)):
        to_json(explain_recorded(each.dialogue(), read_keylog([logs]), "", notes))


@cache
def frames(name: str) -> tuple[bytes, ...]:
    return tuple(frames_of(capture(name)))


def altered_capture(random: Random, name: str) -> bytes:
    """A file changed anywhere, or one with frames changed in their headers or data, lost, doubled or moved."""
    if random.random() < 0.25:
        return changed(random, capture(name))
    taken = list(frames(name))
    for _ in range(random.randint(1, 4)):
        number = random.randrange(len(taken))
        match random.randrange(5):
            case 0:
                taken[number] = changed(random, taken[number])
            case 1:
                taken[number] = taken[number][:HEADERS] + changed(random, taken[number][HEADERS:])
            case 2 if len(taken) > 1:
                del taken[number]
            case 3:
                taken.insert(random.randrange(len(taken)), taken[number])
            case _:
                taken.insert(random.randrange(len(taken)), taken.pop(number))
    return capture_of(taken, random.choice((1, 1, 1, 0, 12, 101, 113, 228, 229, 276, 999)), random.choice("<>"))


def run_captures(seeds: range) -> None:
    for seed in seeds:
        random = Random(seed)
        name = random.choice(NAMES)
        logs = log_text(log_of(story(name)))
        data = altered_capture(random, name)
        if random.random() < 0.2:
            logs = changed(random, logs)
        start = time.monotonic()
        try:
            explain_all(data, logs)
        except SSLError:
            pass
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error!r}") from error
        assert time.monotonic() - start < PATIENCE, seed


@cache
def pieces() -> tuple[bytes, ...]:
    """Every record and message of both versions, certificates, and text."""
    found = []
    for name in NAMES:
        found += [step.raw for step in story(name).steps] + [record.raw for record in story(name).records]
    found.append((CERTS / "p256" / "server-chain.pem").read_bytes())
    found += [each.der for each in story(NAMES[0]).certificates]
    found += [piece.hex(" ").encode() for piece in found[:20]]
    return tuple(each for each in found if each)


def run_pieces(seeds: range) -> None:
    for seed in seeds:
        random = Random(seed)
        data = changed(random, random.choice(pieces()))
        start = time.monotonic()
        try:
            kind = random.choice((None, None, *KINDS))
            to_json(explain_piece(spelled(data), "", kind, random.choice((None, 0x0303, 0x0304))).story)
        except SSLError:
            pass
        except Exception as error:
            raise AssertionError(f"seed {seed}: {error!r}") from error
        assert time.monotonic() - start < PATIENCE, seed


def test_altered_captures() -> None:
    run_captures(range(40))


def test_altered_pieces() -> None:
    run_pieces(range(400))


@pytest.mark.slow
def test_many_altered_captures() -> None:
    run_captures(range(40, 3_000))


@pytest.mark.slow
def test_many_altered_pieces() -> None:
    run_pieces(range(400, 8_000))


@pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 23, 24, 25, 40, 1_000])
def test_garbage(length: int) -> None:
    for seed in range(30):
        data = Random(seed).randbytes(length)
        for head in (b"", b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a", b"\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a"):
            with suppress(SSLError):
                explain_all(head + data, data)
            with suppress(SSLError):
                explain_piece(spelled(data), "")
