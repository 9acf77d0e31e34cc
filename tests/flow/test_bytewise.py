"""Bytes one by one, or all at once: the same events, the same answers, in every kind of handshake."""

from __future__ import annotations

import pytest

from puressl.codes import ProtocolVersion

from support.link import End, Link
from support.scenarios import SCENARIOS, Scenario


def carry(joined: Link, *, size: int | None) -> None:
    """Runs until nothing moves; each end answers when it has had all that the other sent. size: bytes at a time."""
    moved = True
    while moved:
        moved = False
        for source, target in ((joined.client, joined.server), (joined.server, joined.client)):
            data = source.connection.data_to_send()
            source.sent += data
            moved = moved or bool(data)
            for start in range(0, len(data), size or max(len(data), 1)):
                target.connection.receive_data(data[start : start + (size or len(data))])
                target.drain()


def talk(scenario: Scenario, size: int | None) -> tuple[End, End]:
    """A handshake, data both ways, new keys where there are such, and the end."""
    joined = scenario.join()
    joined.client.connection.start()
    carry(joined, size=size)
    joined.raise_errors()
    joined.client.connection.send_data(b"question" * 10)
    joined.server.connection.send_data(b"answer" * 10)
    carry(joined, size=size)
    if scenario.version is ProtocolVersion.TLSv1_3:
        joined.server.connection.update_keys()
        carry(joined, size=size)
    joined.client.connection.close()
    carry(joined, size=size)
    joined.server.connection.close()
    carry(joined, size=size)
    joined.raise_errors()
    return joined.client, joined.server


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_pieces_in_which_bytes_arrive_change_nothing(scenario: Scenario) -> None:
    whole = talk(scenario, None)
    for size in (1, 7):
        for end, other in zip(talk(scenario, size), whole, strict=True):
            assert end.events == other.events
            assert bytes(end.sent) == bytes(other.sent)
