"""The states of each role and version, in the order of a handshake, for diagrams and for tests that walk them all.

Theory of operation: nothing is listed by hand. From the first state of a role the declared transitions lead to all
others, and the version of a state is in its name.
"""

from __future__ import annotations

from collections.abc import Iterator

from puressl.codes import ProtocolVersion
from puressl.handshake.client import ClientStart
from puressl.handshake.machine import State, transitions
from puressl.handshake.server import ServerStart

STARTS: dict[str, type[State]] = {"client": ClientStart, "server": ServerStart}
_SUFFIX_12 = "12"


def _by_name(cls: type[State] = State) -> Iterator[tuple[str, type[State]]]:
    for child in cls.__subclasses__():
        yield child.__name__, child
        yield from _by_name(child)


def states(role: str) -> tuple[type[State], ...]:
    """All states that a role can reach, the first one first."""
    known = dict(_by_name())
    found: dict[str, type[State]] = {}
    ahead = [STARTS[role].__name__]
    while ahead:
        name = ahead.pop(0)
        if name not in found:
            found[name] = known[name]
            ahead += [following for _, _, following in transitions(known[name])]
    return tuple(found.values())


def table(role: str, version: ProtocolVersion | None = None) -> tuple[tuple[str, str, str], ...]:
    """The transitions of a role: (state, message, next state). version: only those a handshake of it can make."""
    rows = tuple(transitions(*states(role)))
    if version is None:
        return rows
    return tuple(row for row in rows if _speaks(row[0], version) and _speaks(row[2], version))


def _speaks(state: str, version: ProtocolVersion) -> bool:
    """Whether a state is of a version; those before the version is known are of both."""
    if state in _BEFORE_THE_VERSION:
        return True
    return state.endswith(_SUFFIX_12) is (version is ProtocolVersion.TLSv1_2)


_BEFORE_THE_VERSION = frozenset({"ClientStart", "ClientWaitServerHello", "ServerStart"})
