"""Asking a process: the families whose cases are questions, line by line.

Theory of operation: a question goes to the process's standard input as one line of JSON, ``{"family": …, "id": …,
"operation": …, "input": …}``; the answer comes from its standard output as one line, ``{"id": …, "output": …}``, or
with ``"not applicable": reason`` in place of the output. Questions are asked one at a time, each answer is waited for,
and a process that is silent or gone answers nothing more. ``answer`` is the same seen from the other side: it makes of
puressl such a process.
"""

from __future__ import annotations

import json
import queue
import shlex
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO

from puressl.errors import Reason, SSLError
from puressl.vectors.documents import Case, Family, Json

#: Seconds for an answer: a slow implementation needs one for an RSA key.
PATIENCE = 10.0
#: The longest line that is read: an answer is about as long as its document's case.
MAX_LINE = 1 << 20


@dataclass(slots=True)
class Process:
    """A process that answers questions. command: how it was started."""

    command: str
    _process: subprocess.Popen[bytes]
    _lines: queue.Queue[bytes]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def ask(self, family: Family, case: Case) -> Json:
        """Its answer to a case, a JSON object. Raises ``SSLError``: timeout, or einval for what is no answer."""
        question = {"family": family.name, **{key: case[key] for key in ("id", "operation", "input")}}
        with self._lock:
            try:
                _write(self._process.stdin, question)
                line = self._lines.get(timeout=PATIENCE)
            except (OSError, queue.Empty) as error:
                raise SSLError(Reason.TIMEOUT, "the process does not answer") from error
        try:
            answer = json.loads(line)
        except ValueError as error:
            raise SSLError(Reason.EINVAL, f"the process answers {line[:40]!r}") from error
        if not isinstance(answer, dict) or answer.get("id") != case["id"]:
            raise SSLError(Reason.EINVAL, f"the process answers another question: {str(answer)[:60]}")
        return answer


def _write(stream: IO[bytes] | None, value: Json) -> None:
    if stream is not None:
        stream.write(json.dumps(value).encode() + b"\n")
        stream.flush()


@contextmanager
def started(command: str) -> Iterator[Process]:
    """Starts a process; it is gone at the end. Raises ``SSLError(einval)`` where it cannot be started."""
    try:
        # The command is the user's own.
        process = subprocess.Popen(  # noqa: S603
            shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
    except OSError as error:
        raise SSLError(Reason.EINVAL, f"{command}: {error.strerror}") from error
    lines: queue.Queue[bytes] = queue.Queue()
    reader = threading.Thread(target=_read, args=(process.stdout, lines), daemon=True)
    reader.start()
    try:
        yield Process(command, process, lines)
    finally:
        process.kill()
        process.wait()
        reader.join(PATIENCE)
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()


def _read(stream: IO[bytes] | None, lines: queue.Queue[bytes]) -> None:
    while stream is not None and (line := stream.readline(MAX_LINE)):
        lines.put(line)


def answer(questions: Iterable[str], families: Callable[[str], Family]) -> Iterator[str]:
    """puressl's answers to questions, line for line. families: finds a family by name."""
    for line in questions:
        question = json.loads(line)
        ask = families(question["family"]).answer
        found = {"not applicable": "its cases are connections"} if ask is None else {"output": ask(question)}
        yield json.dumps({"id": question["id"], **found})
