"""HelloRequest while a handshake is under way: ignored, and not hashed (RFC 5246 7.4.1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from puressl.errors import Problem, ProtocolError
from puressl.handshake.machine import State, Transition, on
from puressl.handshake.output import Output
from puressl.wire import HelloRequest

#: HelloRequests that are passed over in one handshake: a server that wants one sends one.
MAX_IGNORED_REQUESTS = 4


@dataclass(slots=True)
class HelloRequests:
    """How many came during one handshake."""

    count: int = 0


class _Counting(Protocol):
    @property
    def requests(self) -> HelloRequests: ...


def ignore_hello_request(state: _Counting, message: HelloRequest, output: Output) -> State:
    state.requests.count += 1
    output.check(
        state.requests.count <= MAX_IGNORED_REQUESTS,
        "HelloRequest does not come without end",
        "RFC 5246 7.4.1.1",
        Problem.UNEXPECTED_MESSAGE,
        f"more than {MAX_IGNORED_REQUESTS} HelloRequests in a handshake",
    )
    if not isinstance(state, State):
        raise ProtocolError(Problem.INTERNAL_ERROR, "HelloRequest outside a state")
    return state


def ignoring_hello_request(state: str) -> Transition:
    """Declares that HelloRequest changes nothing in a state. state: its name."""
    return on(HelloRequest, ignore_hello_request, state, hashed=False)
