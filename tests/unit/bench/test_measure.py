"""How workloads are measured, and what is promised of them."""

from __future__ import annotations

from functools import partial
from itertools import count

import pytest

from puressl.bench.measure import (
    QUICK,
    AtLeast,
    AtMost,
    Contestant,
    Effort,
    Family,
    Promise,
    Row,
    Unit,
    best_times,
    megabytes_per_second,
    milliseconds,
)

OWN, OTHER, FULL = Contestant.PURESSL, Contestant.TLSLITE, Contestant.TLSLITE_FULL


def row(unit: Unit, figures: dict[Contestant, float], promise: Promise | None = None) -> Row:
    return Row(Family.HANDSHAKES, "a workload", unit, figures, promise)


@pytest.mark.parametrize(("unit", "ratio"), [(Unit.MILLISECONDS, 3.0), (Unit.MEGABYTES_PER_SECOND, 1 / 3)])
def test_ratio_says_how_many_times_better_puressl_is(unit: Unit, ratio: float) -> None:
    assert row(unit, {OWN: 2.0, OTHER: 6.0}).ratio(OTHER) == ratio


def test_ratio_needs_the_others_figure() -> None:
    assert row(Unit.MILLISECONDS, {OWN: 2.0}).ratio(OTHER) is None


@pytest.mark.parametrize(
    ("promise", "kept"),
    [
        (AtLeast(3), True),
        (AtLeast(3.1), False),
        (AtLeast(4, FULL), True),
        (AtLeast(1, Contestant.SSL), False),
        (AtMost(2), True),
        (AtMost(1.9), False),
        (None, None),
    ],
)
def test_promise_is_kept_or_missed(promise: Promise | None, kept: bool | None) -> None:
    assert row(Unit.MILLISECONDS, {OWN: 2.0, OTHER: 6.0, FULL: 8.0}, promise).kept is kept


def effort(least: int, most: int, seconds: float = 0.0) -> Effort:
    return Effort(seconds, least, most, turn=0.0)


def test_contestants_take_turns_after_runs_that_do_not_count() -> None:
    turns: list[str] = []
    runs = {OWN: lambda: turns.append("own"), OTHER: lambda: turns.append("other")}
    times = best_times(runs, effort(least=2, most=2))
    assert turns == ["own", "other", "own"] + ["own", "other"] * 2
    assert min(times.values()) > 0


def test_rounds_end_at_the_most_or_when_the_time_is_over() -> None:
    calls: list[None] = []
    best_times({OWN: lambda: calls.append(None)}, effort(least=1, most=4, seconds=60))
    assert len(calls) == 2 + 4
    calls.clear()
    best_times({OWN: lambda: calls.append(None)}, effort(least=3, most=4))
    assert len(calls) == 2 + 3


def test_turn_is_as_many_runs_of_each_as_fill_it() -> None:
    calls = {OWN: 0, OTHER: 0}

    def run(contestant: Contestant) -> None:
        calls[contestant] += 1
        sum(range(20_000))

    best_times({each: partial(run, each) for each in calls}, Effort(seconds=0, least=1, most=1, turn=0.02))
    assert calls[OWN] - 2 == calls[OTHER] - 1 > 1


def test_figures_are_in_their_units(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count(0.0, 0.5)
    monkeypatch.setattr("puressl.bench.measure.time.process_time", lambda: next(clock))
    assert milliseconds({OWN: lambda: None}, QUICK) == {OWN: 500.0}
    assert megabytes_per_second(2_000_000, {OWN: lambda: None}, QUICK) == {OWN: 4.0}
