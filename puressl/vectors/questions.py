"""Families whose cases are questions: an operation, its input, and the answer expected.

Theory of operation: what such a case asks can be asked of any implementation without a connection, so ``check`` asks
puressl and ``run`` asks a process, and both compare the answer with what the document says. An operation is a function
from its input, as JSON, to its output, as JSON; a family is a table of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from puressl.vectors import schema
from puressl.vectors.documents import Case, Document, Json, difference

Operation = Callable[[Json], Json]


@dataclass(frozen=True, slots=True)
class Questions:
    """The operations of a family, by name."""

    operations: Mapping[str, Operation]

    def case(self, name: str, description: str, clause: str, operation: str, given: Json) -> Case:
        """A case with the answer that puressl gives."""
        return {
            "id": name,
            "description": description,
            "clause": clause,
            "operation": operation,
            "input": given,
            "expected": self.operations[operation](given),
        }

    def answer(self, case: Case) -> Json:
        """puressl's answer."""
        return self.operations[case["operation"]](case["input"])

    def check(self, document: Document, case: Case) -> str | None:
        return difference(case["expected"], self.answer(case))

    def schema(self, title: str) -> dict[str, Json]:
        """Of the family's documents."""
        operation = schema.one_of(*self.operations)
        objects = {"type": "object"}
        required = {"operation": operation, "input": objects, "expected": objects}
        return schema.document(title, {"required": required, "optional": {}})
