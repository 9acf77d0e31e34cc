"""Runs cases against another implementation.

Theory of operation: each case becomes a task that gives a ``Result``; tasks run in a few threads, since all they do is
wait. A case applies where the peer has the role that is tried and a command for it, and puressl what its part takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass

from puressl.errors import SSLError
from puressl.vectors import live, recording
from puressl.vectors.documents import Case, Document, Family, Json, difference
from puressl.vectors.peers import Peer
from puressl.vectors.process import Process, started
from puressl.vectors.recording import SIDES
from puressl.vectors.results import FAIL, NOT_APPLICABLE, PASS, Result


@dataclass(frozen=True, slots=True)
class Task:
    """A case to run in a role of the peer: "server", "client", or "process" for a question."""

    family: Family
    document: Document
    case: Case
    role: str

    def result(self, verdict: str, observed: str, wanted: str = "", reason: str = "") -> Result:
        case = self.case
        return Result(self.family.name, self.role, case["id"], case["clause"], verdict, observed, wanted, reason)


def results(tasks: Sequence[Task], run: Callable[[Task], Result], jobs: int) -> Iterator[Result]:
    """The results, as they come. jobs: how many cases run at a time."""
    with ThreadPoolExecutor(jobs) as pool:
        for future in as_completed([pool.submit(run, task) for task in tasks]):
            yield future.result()


def over_loopback(peer: Peer) -> Callable[[Task], Result]:
    """Runs tasks of families whose cases are connections."""

    def run(task: Task) -> Result:
        case, role = task.case, task.role
        if lacking := task.family.lacking(case):
            return task.result(NOT_APPLICABLE, "", reason=lacking)
        if role == "client" and len(case["connections"]) > 1:
            return task.result(NOT_APPLICABLE, "", reason="a client is started anew for each connection")
        if any(role in connection for connection in case["connections"]):
            return task.result(NOT_APPLICABLE, "", reason="the peer's settings change between the connections")
        try:
            seen = live.seen(task.document, case, peer, role)
        except (SSLError, OSError) as error:
            return task.result(FAIL, f"no connection: {getattr(error, 'detail', None) or error}", "a connection")
        return _refusal(task, seen) if "alerts" in case else _completion(task, seen)

    return run


def _refusal(task: Task, seen: list[live.Seen]) -> Result:
    """A deviation must be answered with an alert the case allows, or as it allows without one."""
    case, last = task.case, seen[-1]
    also = [live.CLOSED] if case["silence"] else []
    if case["accept"]:
        also += [live.ACCEPTED, live.NO_ANSWER] if case["alerts"] else [live.ACCEPTED]
    wanted = [*(f"alert {alert}" for alert in case["alerts"]), *also]
    if not last.fired or len(seen) < len(case["connections"]):
        return task.result(NOT_APPLICABLE, last.text, " or ".join(wanted), "the deviation was never reached")
    return task.result(PASS if last.text in wanted else FAIL, last.text, " or ".join(wanted))


#: What both ends of a connection must agree on, whoever they are; of the rest the server may choose.
_AGREED = ("version", "resumed", "hello_retry")
_CHOSEN = {"cipher_suite": "cipher_suites", "group": "groups"}


def _completion(task: Task, seen: list[live.Seen]) -> Result:
    """Each connection must be completed as it was recorded."""
    side = "client" if task.role == "server" else "server"
    for found, connection in zip(seen, task.case["connections"], strict=False):
        if found.negotiated is None or found.alert is not None:
            return task.result(FAIL, found.text, "a complete connection")
        recorded = _negotiated(connection["recording"]["events"][side])
        allowed = {key: [recorded.get(key)] for key in _AGREED}
        # A group that is None has no code point (RFC 7919 4), or the session was resumed.
        allowed |= {key: [*task.case["client"][setting], None] for key, setting in _CHOSEN.items()}
        agreed = recording.negotiated(found.negotiated)
        for key, values in allowed.items():
            if agreed.get(key) not in values:
                return task.result(FAIL, f"{key}: {agreed.get(key)}", f"{key}: {values[0]}")
    return task.result(PASS, "complete")


def _negotiated(events: list[Json]) -> Json:
    return next(event for event in events if event["event"] == "HandshakeCompleted")


def asking(process: Process) -> Callable[[Task], Result]:
    """Runs tasks of families whose cases are questions."""

    def run(task: Task) -> Result:
        try:
            answer = process.ask(task.family, task.case)
        except SSLError as error:
            return task.result(FAIL, error.detail or str(error), "an answer")
        if "output" not in answer:
            return task.result(NOT_APPLICABLE, "", reason=str(answer.get("not applicable", "no output")))
        left_out = [key for key in task.family.optional if key not in answer["output"]]
        wanted = {key: value for key, value in task.case["expected"].items() if key not in left_out}
        found = difference(wanted, answer["output"])
        return task.result(FAIL, found, "what the document says") if found else task.result(PASS, "as expected")

    return run


@contextmanager
def runner(peer: Peer) -> Iterator[Callable[[Task], Result]]:
    """Runs any task of a peer, whose process is running meanwhile if it has one."""
    connected, command = over_loopback(peer), peer.commands.get("process")
    if command is None:
        yield connected
        return
    with started(command) as process:
        asked = asking(process)
        yield lambda task: (connected if task.role in SIDES else asked)(task)
