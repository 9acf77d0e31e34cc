"""A story as JSON, and back.

Theory of operation: every class of ``model`` is an object with the names of its fields, a tuple is an array, bytes are
hexadecimal digits. Nothing is left out or added, so that ``from_json`` gives the same story again. ``schema`` is read
off the same classes; what it returns is published as ``story.schema.json``.
"""

from __future__ import annotations

import json
import typing
from dataclasses import fields, is_dataclass
from inspect import getdoc
from types import UnionType
from typing import Any

from puressl.errors import Reason, SSLError
from puressl.explain import model
from puressl.explain.model import Story

_SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCALARS: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    bytes: {"type": "string", "pattern": "^([0-9a-f]{2})*$"},
    type(None): {"type": "null"},
}
#: What JSON has for each type of the model; a dict for its classes.
_PLAIN: dict[Any, type] = {str: str, int: int, bool: bool, bytes: str, tuple: list}
#: Characters of a wrong value in an error.
_SHOWN = 40


def to_json(story: Story, indent: int | None = 2) -> str:
    """The text, in ASCII: a peer's words may be no terminal's. The same story always gives the same."""
    return json.dumps(_plain(story), indent=indent, ensure_ascii=True)


def from_json(text: str) -> Story:
    """The story of a text that ``to_json`` wrote. Raises ``SSLError`` (``einval``) for any other."""
    try:
        story: Story = _value(Story, json.loads(text))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise SSLError(Reason.EINVAL, f"not the JSON of a story: {error}") from None
    return story


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a story."""
    classes = [each for each in vars(model).values() if is_dataclass(each) and isinstance(each, type)]
    return {
        "$schema": _SCHEMA_DIALECT,
        "title": "The story of a TLS connection",
        "$ref": "#/$defs/Story",
        "$defs": {each.__name__: _object(each) for each in classes},
    }


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value.hex() if isinstance(value, bytes) else value


def _value(kind: Any, plain: Any) -> Any:
    """A plain value as what an annotation of the model says it is."""
    arguments = typing.get_args(kind)
    if isinstance(kind, UnionType):
        return None if plain is None else _value(arguments[0], plain)
    _demand(plain, _PLAIN.get(kind) or _PLAIN.get(typing.get_origin(kind), dict))
    if typing.get_origin(kind) is tuple:
        if arguments[-1] is ...:
            return tuple(_value(arguments[0], each) for each in plain)
        return tuple(_value(each, item) for each, item in zip(arguments, plain, strict=True))
    if is_dataclass(kind) and isinstance(kind, type):
        hints = typing.get_type_hints(kind)
        return kind(**{name: _value(hints[name], item) for name, item in plain.items()})
    return bytes.fromhex(plain) if kind is bytes else plain


def _demand(plain: Any, kind: type) -> None:
    if not isinstance(plain, kind):
        raise TypeError(f"{str(plain)[:_SHOWN]!r} is no {kind.__name__}")


def _object(kind: type) -> dict[str, Any]:
    hints = typing.get_type_hints(kind)
    return {
        "description": " ".join((getdoc(kind) or "").split()),
        "type": "object",
        "properties": {name: _type(hint) for name, hint in hints.items()},
        "required": list(hints),
        "additionalProperties": False,
    }


def _type(kind: Any) -> dict[str, Any]:
    arguments = typing.get_args(kind)
    if isinstance(kind, UnionType):
        return {"anyOf": [_type(each) for each in arguments]}
    if typing.get_origin(kind) is tuple and arguments[-1] is ...:
        return {"type": "array", "items": _type(arguments[0])}
    if typing.get_origin(kind) is tuple:
        length = len(arguments)
        return {"type": "array", "prefixItems": [_type(each) for each in arguments], "minItems": length, "items": False}
    return _SCALARS.get(kind) or {"$ref": f"#/$defs/{kind.__name__}"}
