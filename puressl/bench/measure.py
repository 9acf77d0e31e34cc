"""How a workload is measured: contestants taking turns, rows of figures, and what the project promises of them.

Theory of operation: what counts is the processor's time, as everything runs in one thread, in memory. The contestants
take turns, round by round, so that whatever else the machine does falls on all of them alike; of the rounds the best
counts, since what disturbs a turn only adds to it. In a turn each runs the same number of times, enough that what
counts is not how it gets going while the processor still has another's data at hand. The first run of each, which
imports modules and fills tables, is not counted. What is promised is a ratio of two figures of one row, or a bound on
an amount of memory, never a time: times depend on the machine.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

#: The least that the processor's clock can tell, in seconds.
_TICK = time.get_clock_info("process_time").resolution


class Contestant(str, Enum):
    """Whose figure it is.

    VERIFIED: puressl with the server's chain verified, which tlslite-ng cannot do. TLSLITE_FULL: tlslite-ng's full
    handshake beside a resumed one. SSL: the standard library's module, so OpenSSL in C: the outer limit.
    """

    PURESSL = "puressl"
    VERIFIED = "verified"
    TLSLITE = "tlslite-ng"
    TLSLITE_FULL = "tlslite-ng, full"
    SSL = "ssl"


class Unit(str, Enum):
    """Of a row's figures. more_is_better: which of two is the better one."""

    more_is_better: bool

    MILLISECONDS = "ms", False
    MEGABYTES_PER_SECOND = "MB/s", True
    KIBIBYTES = "KiB", False

    def __new__(cls, name: str, more_is_better: bool) -> Unit:
        member = str.__new__(cls, name)
        member._value_ = name
        member.more_is_better = more_is_better
        return member


class Family(str, Enum):
    """What is measured together."""

    RECORDS = "records"
    BULK = "bulk"
    HANDSHAKES = "handshakes"
    MEMORY = "memory"


Figures = Mapping[Contestant, float]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """puressl is at least ``ratio`` times as good as another."""

    ratio: float
    against: Contestant = Contestant.TLSLITE

    @property
    def text(self) -> str:
        return f"{self.ratio:g} x {self.against.value}"

    def kept(self, row: Row) -> bool:
        ratio = row.ratio(self.against)
        return ratio is not None and ratio >= self.ratio


@dataclass(frozen=True, slots=True)
class AtMost:
    """puressl's figure is at most that."""

    figure: float

    @property
    def text(self) -> str:
        return f"at most {self.figure:g}"

    def kept(self, row: Row) -> bool:
        return row.own <= self.figure


Promise = AtLeast | AtMost


@dataclass(frozen=True, slots=True)
class Row:
    """One measured workload. figures: in ``unit``, puressl's always among them."""

    family: Family
    workload: str
    unit: Unit
    figures: Figures
    promise: Promise | None = None

    @property
    def own(self) -> float:
        """puressl's figure."""
        return self.figures[Contestant.PURESSL]

    def ratio(self, other: Contestant) -> float | None:
        """How many times better puressl is; None where the other has no figure."""
        if other not in self.figures:
            return None
        theirs = self.figures[other]
        return self.own / theirs if self.unit.more_is_better else theirs / self.own

    @property
    def kept(self) -> bool | None:
        """Whether it is as promised; None where nothing is."""
        return None if self.promise is None else self.promise.kept(self)


@dataclass(frozen=True, slots=True)
class Effort:
    """How thoroughly to measure.

    seconds: spent on a workload, if that gives a number of rounds between ``least`` and ``most``. turn: seconds that a
    turn of puressl's takes at least. transfer: bytes sent over a connection at once. connections: puressl's kept open
    to measure their memory; they differ by little, and tracing is slow. places: how many of an axis are plotted, from
    its first.
    """

    seconds: float
    least: int
    most: int
    turn: float = 0.05
    transfer: int = 262_144
    connections: int = 5
    places: int | None = None


#: On a busy machine about one round in five is undisturbed; slow peers get no more time than that.
USUAL = Effort(seconds=2.0, least=5, most=25)
#: To see that everything runs.
QUICK = Effort(seconds=0.0, least=1, most=1, turn=0.0, transfer=16_384, connections=1, places=2)


@dataclass(frozen=True, slots=True)
class Workload:
    """Something to measure. measure: gives the figures of a row."""

    family: Family
    name: str
    unit: Unit
    measure: Callable[[Effort], Figures] = field(repr=False)
    promise: Promise | None = None

    def row(self, effort: Effort) -> Row:
        return Row(self.family, self.name, self.unit, self.measure(effort), self.promise)


Runs = Mapping[Contestant, Callable[[], object]]


def milliseconds(runs: Runs, effort: Effort) -> Figures:
    """The best time of each."""
    return {contestant: seconds * 1e3 for contestant, seconds in best_times(runs, effort).items()}


def megabytes_per_second(size: int, runs: Runs, effort: Effort) -> Figures:
    """The best speed of each. size: bytes that one run handles."""
    return {contestant: size / seconds / 1e6 for contestant, seconds in best_times(runs, effort).items()}


def best_times(runs: Runs, effort: Effort) -> Figures:
    """Seconds that a run of each takes."""
    for run in runs.values():
        run()
    repeats = 1 + int(effort.turn / _seconds(runs[Contestant.PURESSL], 1))
    times: dict[Contestant, list[float]] = {contestant: [] for contestant in runs}
    gc.collect()
    end = time.perf_counter() + effort.seconds
    rounds = 0
    while rounds < effort.least or (rounds < effort.most and time.perf_counter() < end):
        for contestant, run in runs.items():
            times[contestant].append(_seconds(run, repeats))
        rounds += 1
    return {contestant: min(taken) for contestant, taken in times.items()}


def _seconds(run: Callable[[], object], repeats: int) -> float:
    """Of the processor, for one of so many runs in a row."""
    start = time.process_time()
    for _ in range(repeats):
        run()
    return max(time.process_time() - start, _TICK) / repeats
