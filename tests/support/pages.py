"""Stories that try a page: one with a failure, and one in which a peer attacks whoever looks at it."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any

from puressl.explain.model import Story

from support.configs import trust
from support.joined import TLS13
from support.scenarios import Scenario
from support.stories import story, watched

#: Markup, script, a line end that JavaScript knew, a bidirectional override, a NUL.
ATTACK = "</script><img src=x onerror='document.title=1'><!--\u2028\u202e\x00${document.title=1}&lt;"
#: The fields of ``model`` in which a peer's words may stand.
_ATTACKED = {"title", "facts", "value", "failure", "subject", "tree", "verified_path", "notes", "ja3", "ja4", "message"}


@cache
def failed_story() -> Story:
    """A client that does not trust the server's root."""
    watch, link = watched(Scenario("an untrusted server", TLS13, {"trust": trust("rsa2048")}))
    link.handshake()
    return watch.story("an untrusted server")


@cache
def hostile_story() -> Story:
    """A story with an attack in every text that a peer could have a say in."""
    hostile: Story = _attacked(story("tls13"))
    return hostile


def _attacked(value: Any, name: str = "") -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{each.name: _attacked(getattr(value, each.name), each.name) for each in fields(value)})
    if isinstance(value, tuple):
        return tuple(_attacked(each, name) for each in value)
    return f"{value}{ATTACK}" if isinstance(value, str) and name in _ATTACKED else value
