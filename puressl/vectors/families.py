"""The table of families, and the files that each one is."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping

from puressl.vectors.documents import SCHEMA_FILE, Family, json_text

#: A family's name to the module that has it as ``FAMILY``; a module is imported when its family is used.
_MODULES: Mapping[str, str] = {
    "record": "puressl.vectors.record",
    "schedule": "puressl.vectors.schedule",
    "handshake": "puressl.vectors.handshake",
    "negative": "puressl.vectors.negative",
    "x509": "puressl.vectors.x509",
    "decode": "puressl.vectors.decode",
    "packet": "puressl.vectors.packet",
}

NAMES = tuple(_MODULES)


def family(name: str) -> Family:
    """A family by name, one of ``NAMES``."""
    found: Family = importlib.import_module(_MODULES[name]).FAMILY
    return found


def files_of(made: Family) -> Iterator[tuple[str, str]]:
    """The files of a family's directory: name and content."""
    for document in made.make():
        yield f"{made.name}/{document.name}.json", document.text(made.name)
    yield f"{made.name}/{SCHEMA_FILE}", json_text(dict(made.schema))
    yield f"{made.name}/README.md", _README.format(name=made.name, title=made.title, text=made.readme)


_README = """\
# {title}

{text}
Each case has an `id` of its own in the family, a `description` and the `clause` it is about. `schema.json` describes
the files (JSON Schema); `puressl vectors make --family {name}` writes them again, the same bytes, and
`puressl vectors check --family {name}` holds puressl to them.

License: Apache-2.0, as puressl.
"""


OVERVIEW = """\
# Conformance vectors

What TLS 1.2 and TLS 1.3 demand, as data: deterministic, with every secret and every random byte, for whoever writes an
implementation. `puressl vectors make` writes this directory, the same bytes every time; `puressl vectors check` holds
puressl to it; `puressl vectors run` holds another implementation to it, as a TLS client or server over loopback or as a
process that is asked line by line.

| directory | holds |
|---|---|
{families}

`peers/` has a directory for each implementation they were run against: how it is started, and each of its deviations
with the clause. `reports/` has the results.

License: Apache-2.0, as puressl.
"""


def overview() -> str:
    """``README.md`` of the whole directory."""
    rows = "\n".join(f"| [`{name}/`]({name}/README.md) | {family(name).title} |" for name in NAMES)
    return OVERVIEW.format(families=rows)
