"""Stories of real connections: every kind of handshake, watched from both ends or from one."""

from __future__ import annotations

from functools import cache

from puressl.explain.model import CLIENT, SERVER, Story
from puressl.explain.watch import Watch

from support.joined import TLS13
from support.link import Link
from support.scenarios import SCENARIOS, Scenario

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def watched(scenario: Scenario, *roles: str) -> tuple[Watch, Link]:
    """Two ends, not yet started, of which those named are watched, both if none is."""
    watch = Watch(*roles)
    fields = {role: {"tracer": watch.tracer(role)} for role in roles or (CLIENT, SERVER)}
    return watch, scenario.join(client=fields.get(CLIENT), server=fields.get(SERVER))


@cache
def story(name: str, *roles: str) -> Story:
    """A handshake, data both ways, a KeyUpdate where there is one, and the close."""
    watch, joined = watched(BY_NAME[name], *roles)
    joined.handshake().raise_errors()
    joined.client.connection.send_data(b"question")
    joined.server.connection.send_data(b"answer" * 3_000)
    joined.run().raise_errors()
    if BY_NAME[name].version is TLS13:
        joined.client.connection.update_keys()
        joined.server.connection.send_data(b"once more")
    joined.client.connection.close()
    joined.run().raise_errors()
    joined.server.connection.close()
    joined.run().raise_errors()
    return watch.story(name)
