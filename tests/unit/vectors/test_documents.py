"""Documents, schemas, recordings: what the vectors are held to."""

from __future__ import annotations

import pytest

from puressl.env import Purpose
from puressl.errors import SSLError
from puressl.vectors import schema
from puressl.vectors.documents import difference, json_text
from puressl.vectors.families import NAMES, family
from puressl.vectors.recording import RecordedEnv, RecordingEnv


@pytest.mark.parametrize(
    ("expected", "found", "where"),
    [
        ({"a": 1}, {"a": 1}, None),
        ({"a": {"b": [1, 2]}}, {"a": {"b": [1, 3]}}, "a.b[1]: 3, not 2"),
        ([1], [1, 2], ": 2 items, not 1"),
        ({"a": 1}, {"a": 1, "b": 2}, "b: 2, not null"),
    ],
)
def test_difference_says_where(expected: object, found: object, where: str | None) -> None:
    assert difference(expected, found) == where


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ({"hex": "00ff"}, None),
        ({"hex": "0"}, ".hex: '0' does not match"),
        ({"hex": 1}, ".hex: 1 is no string"),
        ({}, ": has no hex"),
        ({"hex": "", "list": [True]}, ".list[0]: True is no integer"),
        ({"hex": "", "other": 1}, ": other has no place there"),
        ({"hex": "", "word": "c"}, ".word: 'c' is none of"),
    ],
)
def test_schema_says_what_is_wrong(value: object, where: str | None) -> None:
    rules = schema.obj({"hex": schema.HEX}, {"list": schema.array(schema.INTEGER), "word": schema.one_of("a", "b")})
    found = schema.complaint(rules, value)
    assert (found is None) is (where is None)
    assert where is None or (found or "").startswith(where)


def test_recorded_bytes_are_drawn_again_and_nothing_else() -> None:
    recording = RecordingEnv(b"seed", 0)
    first, second = recording.random(8, Purpose.KEY_SHARE), recording.random(4, Purpose.CLIENT_RANDOM)
    replayed = RecordedEnv([{"for": purpose.value, "bytes": octets.hex()} for purpose, octets in recording.drawn], 0)
    assert replayed.random(8, Purpose.KEY_SHARE) == first
    with pytest.raises(SSLError, match="draw 1"):
        replayed.random(8, Purpose.CLIENT_RANDOM)
    assert replayed.random(4, Purpose.CLIENT_RANDOM) == second
    with pytest.raises(SSLError, match="draw 2"):
        replayed.random(1, Purpose.CLIENT_RANDOM)


def test_json_is_deterministic_and_readable() -> None:
    assert json_text({"b": [1], "a": "é"}) == '{\n "b": [\n  1\n ],\n "a": "é"\n}\n'


@pytest.mark.parametrize("name", NAMES)
def test_families_are_found_by_name(name: str) -> None:
    assert family(name).name == name
