"""Erlang/OTP's own ``ssl`` as a peer: one node for all tests, driven by expressions.

A shell is a process of the node (``peer.erl``): it evaluates what it is told, in Erlang, and answers with Python
values: atoms are str, binaries are bytes, strings are lists of ints. What only the node knows comes as text.
"""

from __future__ import annotations

import ast
import itertools
import queue
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

PROGRAM = Path(__file__).with_name("peer.erl")
#: Seconds for an answer, and for the node to start and to end.
PATIENCE = 20.0

_numbers = itertools.count(1)


class Shell:
    """A process that evaluates expressions, and owns the sockets that they open."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._name = f"shell{next(_numbers)}"
        self.answers: queue.Queue[Any] = queue.Queue()
        node.shells[self._name] = self

    def start(self, expressions: str) -> None:
        """Lets it evaluate, and does not wait."""
        self._node.write(f"{self._name} {' '.join(expressions.split())}")

    def answer(self) -> Any:
        """The value of what was started first."""
        return self.answers.get(timeout=PATIENCE)

    def __call__(self, expressions: str) -> Any:
        """The value of the last of some expressions, separated by commas."""
        self.start(expressions)
        return self.answer()

    def end(self) -> None:
        """Kills the process; its sockets are closed."""
        self._node.write(f"{self._name} -")


class Node:
    """A running node. version: of its ssl application."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.shells: dict[str, Shell] = {}
        self._process = process
        self._lock = threading.Lock()
        assert process.stdout is not None
        threading.Thread(target=self._listen, args=(process.stdout,), daemon=True).start()
        version = "element(3, lists:keyfind(ssl, 1, application:which_applications()))"
        self.version = bytes(Shell(self)(version)).decode()

    def write(self, line: str) -> None:
        with self._lock:
            assert self._process.stdin is not None
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def _listen(self, output: IO[str]) -> None:
        for line in output:
            name, value = line.split(" ", 1)
            self.shells[name].answers.put(ast.literal_eval(value))


@contextmanager
def running_node() -> Iterator[Node]:
    """A node, gone at the end. Skips the test where Erlang is not installed."""
    if shutil.which("escript") is None:
        pytest.skip("erl is not installed")
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(["escript", str(PROGRAM)], text=True, encoding="latin-1", **pipes) as process:
        try:
            yield Node(process)
        finally:
            process.kill()


def term(value: Any) -> str:
    """A value as Erlang writes it: str is an atom, a mapping a list of pairs, a path its binary."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return f"'{value}'"
    if isinstance(value, Path):
        return term(str(value).encode())
    if isinstance(value, bytes):
        return f"<<{','.join(map(str, value))}>>"
    if isinstance(value, Mapping):
        return term(list(value.items()))
    opening, closing = "{}" if isinstance(value, tuple) else "[]"
    return opening + ",".join(map(term, value)) + closing
