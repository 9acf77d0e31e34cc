"""Altered flights against every state of both roles and versions.

Whatever comes, nothing but the project's own errors may leave the core, none of them ``INTERNAL_ERROR``, the failure
must last, and neither work nor memory may grow beyond what was received. A failing case is run again by its number.
"""

from __future__ import annotations

from random import Random

import pytest

from puressl.connection import Connection
from puressl.errors import CertificateError, Problem, ProtocolError, SSLError
from puressl.wire.messages import MAX_BODY
from puressl.wire.record import HEADER_LENGTH, MAX_CIPHERTEXT_12

from support.moments import Moment, moments
from support.mutation import mutate

ROLES = ("client", "server")
#: One flight in this many is altered as it travels; the others past their protection.
SEALED_SHARE = 8
SHORT, LONG = 300, 20_000
#: Events of one flight: far more than any has records.
MAX_EVENTS = 500
#: What an end may answer to one flight: its own, with certificates, is the longest.
MAX_ANSWER = 1 << 16


def run(role: str, number: int) -> str:
    """One case; returns what came of it."""
    rng = Random(f"{role} {number}")
    is_open = rng.randrange(SEALED_SHARE) != 0
    chosen = moments(role, is_open=is_open)
    moment: Moment = rng.choice(chosen)
    others = [rng.choice(chosen).records for _ in range(2)]
    flight = mutate(rng, moment.records, others, moment.version)
    connection = moment.end.restore()
    connection.config.env._counters.clear()  # the same dice for each case
    case = f"case {number} of the {role}: {moment.scenario}, {moment.state}"
    pieces = [flight] if rng.randrange(4) else [flight[: len(flight) // 2], flight[len(flight) // 2 :]]
    for piece in pieces:
        if piece:
            connection.receive_data(piece)
            outcome = settle(connection, case)
    if rng.randrange(2):
        connection.receive_data(b"")
        outcome = settle(connection, case)
    return outcome if flight else "nothing"


def settle(connection: Connection, case: str) -> str:
    """Takes all events, and holds the connection to what must hold of it in any case."""
    error = drain(connection, case)
    receiver = connection._receiver
    answer = connection.data_to_send()
    assert len(answer) <= MAX_ANSWER, case
    assert len(receiver._handshake) <= max(MAX_BODY.values()) + MAX_CIPHERTEXT_12, case
    if error is None:
        if not connection.peer_closed:
            assert len(receiver._buffer) < HEADER_LENGTH + MAX_CIPHERTEXT_12, case
        return "taken"
    assert isinstance(error, (ProtocolError, CertificateError)), f"{case}: {error!r}"
    if error.problem is Problem.INTERNAL_ERROR:
        raise AssertionError(f"{case}: {error}") from error.__cause__
    assert drain(connection, case) is error, case
    assert connection.data_to_send() == b"", case
    assert connection.write_closed, case
    return error.problem.name


def drain(connection: Connection, case: str) -> SSLError | None:
    for _ in range(MAX_EVENTS):
        try:
            if connection.next_event() is None:
                return None
        except SSLError as error:
            return error
    raise AssertionError(f"{case}: more than {MAX_EVENTS} events")


@pytest.mark.parametrize("role", ROLES)
def test_altered_flights_end_in_our_errors(role: str) -> None:
    outcomes = {run(role, number) for number in range(SHORT)}
    # Mutations reach deep: past framing, past the codec, past the checks of single fields.
    assert {"taken", "MALFORMED_MESSAGE", "UNEXPECTED_MESSAGE", "BAD_FINISHED", "ILLEGAL_PARAMETER"} <= outcomes


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
def test_many_altered_flights_end_in_our_errors(role: str) -> None:
    for number in range(SHORT, SHORT + LONG):
        run(role, number)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("is_open", [True, False])
def test_unaltered_flights_are_taken(role: str, is_open: bool) -> None:
    """The moments are what they claim to be."""
    for moment in moments(role, is_open=is_open):
        connection = moment.end.restore()
        connection.receive_data(moment.records)
        assert settle(connection, moment.scenario) == "taken"


@pytest.mark.parametrize("role", ROLES)
def test_every_flight_cut_anywhere_is_waited_for(role: str) -> None:
    """Nothing is refused for being late, and the end of the transport is then a truncation."""
    seen = set()
    for moment in moments(role, is_open=True):
        if moment.state in seen:
            continue
        seen.add(moment.state)
        for length in range(1, min(len(moment.records), 60)):
            connection = moment.end.restore()
            connection.receive_data(moment.records[:length])
            assert settle(connection, moment.state) == "taken"
            connection.receive_data(b"")
            assert settle(connection, moment.state) in ("TRUNCATED", "taken")
