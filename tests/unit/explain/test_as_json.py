"""Stories as JSON: nothing is lost, and the published schema says what there is."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib import resources
from typing import Any

import jsonschema
import pytest

from puressl.errors import Reason, SSLError
from puressl.explain.as_json import from_json, schema, to_json

from support.stories import BY_NAME, story


def published() -> Any:
    return json.loads((resources.files("puressl.explain") / "story.schema.json").read_text("utf-8"))


def test_the_published_schema_is_that_of_the_model() -> None:
    assert published() == schema()
    jsonschema.Draft202012Validator.check_schema(published())


@pytest.mark.parametrize("name", BY_NAME)
def test_every_story_is_valid_and_comes_back_the_same(name: str) -> None:
    text = to_json(story(name))
    jsonschema.Draft202012Validator(published()).validate(json.loads(text))
    assert from_json(text) == story(name)


@pytest.mark.parametrize("break_it", [lambda plain: plain.pop("facts"), lambda plain: plain.update(more=1)])
def test_the_schema_refuses_what_the_model_has_not(break_it: Any) -> None:
    plain = json.loads(to_json(story("tls13")))
    break_it(plain)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(published()).validate(plain)
    with pytest.raises(SSLError):
        from_json(json.dumps(plain))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"title": 1}', "null"])
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(SSLError, match="not the JSON of a story") as caught:
        from_json(text)
    assert caught.value.reason is Reason.EINVAL


def test_a_terminal_finds_nothing_in_what_a_peer_wrote() -> None:
    told = replace(story("tls13"), verified_path=("CN=\x9b2J\u202e\ud800\x1b[2J",))
    assert to_json(told).isascii()
    assert "\x1b" not in to_json(told)
    assert from_json(to_json(told)) == told


def test_bytes_are_hexadecimal() -> None:
    plain = json.loads(to_json(story("tls13")))
    assert plain["steps"][0]["raw"] == story("tls13").steps[0].raw.hex()
