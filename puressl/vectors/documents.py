"""Documents and families: where the vectors lie, what a file of them looks like, how a case is judged.

Theory of operation: a document is a file of cases of one family, with what they share. Its text is a function of its
content alone (keys in the order they were made in, indented, a newline at the end), so that whoever makes it again gets
the same bytes and a difference shows where it is. Bytes are hexadecimal, code points have the registries' names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from puressl.errors import SSLError

if TYPE_CHECKING:
    from importlib.abc import Traversable

#: What JSON can hold; documents are read with ``json`` and checked against their schema.
Json = Any
#: One case. Every case has an ``id``, unique in its family, a ``description``, and the ``clause`` it is about.
Case = dict[str, Json]

SCHEMA_FILE = "schema.json"
LICENSE = "Apache-2.0"


@dataclass(frozen=True, slots=True)
class Document:
    """A file of cases. name: of the file, without its ending. shared: what the cases refer to, by key."""

    name: str
    description: str
    cases: tuple[Case, ...]
    shared: Mapping[str, Json] = field(default_factory=dict)

    def json(self, family: str) -> dict[str, Json]:
        """The file's content."""
        head = {"family": family, "license": LICENSE, "description": self.description}
        return {**head, **self.shared, "cases": list(self.cases)}

    def text(self, family: str) -> str:
        return json_text(self.json(family))


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of vectors.

    name: of its directory. title: one line. readme: how to use them, Markdown. schema: of its documents, JSON Schema.
    make: its documents. check: what is wrong with puressl by a case of a document, None for nothing. answer: what
    puressl answers to a case that a process can be asked (``process.py``); None where cases are connections. optional:
    the keys of an answer that an implementation may leave out. lacking: what a case needs and this installation has
    not, empty for nothing; such a case does not apply.
    """

    name: str
    title: str
    readme: str
    schema: Mapping[str, Json]
    make: Callable[[], Iterator[Document]]
    check: Callable[[Document, Case], str | None]
    answer: Callable[[Case], Json] | None = None
    optional: frozenset[str] = frozenset()
    lacking: Callable[[Case], str] = lambda case: ""


def directory(name: str = "vectors") -> Traversable:
    """The directory ``vectors/``, or ``certs/``. Raises ``SSLError(enoent)`` where neither place has it."""
    installed = resources.files("puressl") / f"_{name}"
    if installed.is_dir():
        return installed
    checkout = Path(__file__).resolve().parents[2] / name
    if checkout.is_dir():
        return checkout
    raise SSLError("enoent", f"{name} did not come with this installation: puressl {name} make")


def documents(family: Family, root: Traversable) -> Iterator[Document]:
    """The documents of a family, by name. Raises ``SSLError(enoent)`` where it has none."""
    folder = root / family.name
    names = sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []
    found = [name for name in names if name.endswith(".json") and name != SCHEMA_FILE]
    if not found:
        raise SSLError("enoent", f"there are no vectors of the family {family.name}")
    for name in found:
        read = json.loads((folder / name).read_text(encoding="utf-8"))
        cases = tuple(read.pop("cases"))
        description = read.pop("description")
        shared = {key: value for key, value in read.items() if key not in ("family", "license")}
        yield Document(name.removesuffix(".json"), description, cases, shared)


def json_text(value: Json) -> str:
    """JSON as it stands in a file."""
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def difference(expected: Json, found: Json, path: str = "") -> str | None:
    """Where two values differ first, for a person; None where they do not."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in [*expected, *(key for key in found if key not in expected)]:
            inner = difference(expected.get(key), found.get(key), f"{path}.{key}" if path else str(key))
            if inner:
                return inner
        return None
    if isinstance(expected, list) and isinstance(found, list):
        for number, (one, other) in enumerate(zip(expected, found, strict=False)):
            inner = difference(one, other, f"{path}[{number}]")
            if inner:
                return inner
        if len(expected) != len(found):
            return f"{path}: {len(found)} items, not {len(expected)}"
        return None
    return None if expected == found else f"{path}: {_short(found)}, not {_short(expected)}"


def _short(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
