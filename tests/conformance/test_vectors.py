"""The vectors: puressl keeps them, and they are what the rows make."""

from __future__ import annotations

from pathlib import Path

import pytest

from puressl.vectors import schema
from puressl.vectors.documents import directory, documents
from puressl.vectors.families import NAMES, family, files_of, overview

ROOT = Path(__file__).resolve().parents[2] / "vectors"


@pytest.mark.parametrize("name", NAMES)
def test_puressl_keeps_every_case(name: str) -> None:
    chosen = family(name)
    found = [
        f"{case['id']}: {complaint}"
        for document in documents(chosen, directory())
        for case in document.cases
        if (complaint := chosen.check(document, case))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", NAMES)
def test_documents_keep_their_schema_and_ids_are_unique(name: str) -> None:
    chosen, seen = family(name), set()
    for document in documents(chosen, directory()):
        assert schema.complaint(chosen.schema, document.json(name)) is None
        for case in document.cases:
            assert case["id"] not in seen
            seen.add(case["id"])


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) for name in NAMES if name != "schedule"] + ["schedule"]
)
def test_making_them_again_gives_the_same_bytes(name: str) -> None:
    made = dict(files_of(family(name)))
    kept = {f"{name}/{path.name}": path.read_text(encoding="utf-8") for path in (ROOT / name).iterdir()}
    assert made == kept


def test_overview_is_what_is_made() -> None:
    assert (ROOT / "README.md").read_text(encoding="utf-8") == overview()
