"""JSON Schema, as much of it as the vectors' own schemas use.

Theory of operation: a family writes its schema with the functions below, and its documents are held to it before they
are used: a document may have been edited by hand or come from elsewhere. Only keywords that are checked are written
(JSON Schema 2020-12: type, enum, pattern, properties, required, additionalProperties, items).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "boolean": (bool,),
    "null": (type(None),),
}

STRING: dict[str, Any] = {"type": "string"}
INTEGER: dict[str, Any] = {"type": "integer"}
BOOLEAN: dict[str, Any] = {"type": "boolean"}
HEX: dict[str, Any] = {"type": "string", "pattern": "^([0-9a-f]{2})*$"}
ANY: dict[str, Any] = {}


def obj(required: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """An object with these members and no others."""
    members = {**required, **(optional or {})}
    return {"type": "object", "properties": members, "required": list(required), "additionalProperties": False}


def mapping(values: Mapping[str, Any]) -> dict[str, Any]:
    """An object with any keys."""
    return {"type": "object", "additionalProperties": dict(values)}


def array(items: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": dict(items)}


def one_of(*values: str) -> dict[str, Any]:
    return {"enum": list(values)}


def optional(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same, or null."""
    return {**schema, "type": [schema["type"], "null"]}


def document(title: str, case: Mapping[str, Any], shared: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The schema of a family's documents. case: members of a case besides id, description and clause."""
    common = {"id": STRING, "description": STRING, "clause": STRING}
    head = {"family": STRING, "license": STRING, "description": STRING}
    whole = obj({**head, **(shared or {}), "cases": array(obj({**common, **case["required"]}, case["optional"]))})
    return {"$schema": _DIALECT, "title": title, **whole}


def complaint(schema: Mapping[str, Any], value: Any, path: str = "") -> str | None:
    """Where a value breaks a schema first, for a person; None where it does not."""
    return (
        _type_complaint(schema, value, path)
        or _object_complaint(schema, value, path)
        or next(
            (
                found
                for number, item in enumerate(value if isinstance(value, list) and "items" in schema else ())
                if (found := complaint(schema["items"], item, f"{path}[{number}]"))
            ),
            None,
        )
    )


def _type_complaint(schema: Mapping[str, Any], value: Any, path: str) -> str | None:
    named = schema.get("type", list(_TYPES))
    kinds = [named] if isinstance(named, str) else named
    if not any(isinstance(value, _TYPES[kind]) and (kind != "integer" or value is not True) for kind in kinds):
        return f"{path}: {value!r} is no {' or '.join(kinds)}"
    if "enum" in schema and value not in schema["enum"]:
        return f"{path}: {value!r} is none of {schema['enum']}"
    if "pattern" in schema and isinstance(value, str) and not re.search(schema["pattern"], value):
        return f"{path}: {value[:40]!r} does not match {schema['pattern']}"
    return None


def _object_complaint(schema: Mapping[str, Any], value: Any, path: str) -> str | None:
    if not isinstance(value, dict):
        return None
    members, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    for key in schema.get("required", ()):
        if key not in value:
            return f"{path}: has no {key}"
    for key, member in value.items():
        if key not in members and others is False:
            return f"{path}: {key} has no place there"
        found = complaint(members.get(key, others or {}), member, f"{path}.{key}")
        if found:
            return found
    return None
