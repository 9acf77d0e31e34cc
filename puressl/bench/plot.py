"""The plot: throughput against record size and number of records, as SVG.

Theory of operation: two panels of one size side by side, both axes logarithmic, so that a factor is a distance. A
colour is a cipher and a dash a contestant. There is no background; the greys hold on white and on black, and where the
viewer tells its scheme the text follows.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from puressl.bench.curves import CIPHERS, CONTESTANTS, PLACES, Axis, Point
from puressl.bench.measure import Contestant

_WIDTH, _HEIGHT = 960, 440
#: A panel's edges: the plotted area, in the drawing's units; the second panel is moved right.
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 464, 64, 372
_PANEL_SHIFT = 480
_COLOURS = dict(zip(CIPHERS, ("#2f7ed8", "#d9730d"), strict=True))
_DASHES = {Contestant.PURESSL: "none", Contestant.TLSLITE: "6 4"}
#: Labelled steps of a decade.
_STEPS = (1, 2, 5)

_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #757575 }
.title { font-weight: 600 }
.grid { stroke: #888; stroke-opacity: 0.25 }
.axis { stroke: #888; fill: none }
.line { fill: none; stroke-width: 2.2; stroke-linejoin: round }
@media (prefers-color-scheme: dark) { text { fill: #bbb } }
"""


@dataclass(frozen=True, slots=True)
class _Scale:
    """A logarithmic scale. low, high: the values at the coordinates start and end."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = math.log(value / self.low) / math.log(self.high / self.low)
        return self.start + share * (self.end - self.start)


def svg(points: Sequence[Point]) -> str:
    """The drawing, of one or more points."""
    speeds = [point.speed for point in points]
    vertical = _Scale(_step_below(min(speeds)), _step_above(max(speeds)), _BOTTOM, _TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}"'
        ' role="img">',
        "<title>Throughput of puressl and tlslite-ng</title>",
        f"<style>{_STYLE}</style>",
        *_legend(),
    ]
    for number, axis in enumerate(Axis):
        parts.append(f'<g transform="translate({number * _PANEL_SHIFT} 0)">')
        parts += _panel(axis, [point for point in points if point.axis is axis], vertical)
        parts.append("</g>")
    return "\n".join((*parts, "</svg>", ""))


def _legend() -> Iterator[str]:
    x = _LEFT
    for contestant in CONTESTANTS:
        for cipher in CIPHERS:
            label = f"{contestant.value}, {cipher}"
            yield _line(contestant, cipher, f"M{x} 22h26")
            yield f'<text x="{x + 32}" y="26">{escape(label)}</text>'
            x += 52 + 7 * len(label)


def _panel(axis: Axis, points: Sequence[Point], vertical: _Scale) -> Iterator[str]:
    places = PLACES[axis]
    horizontal = _Scale(places[0], places[-1], _LEFT + 12, _RIGHT - 12)
    yield f'<text class="title" x="{_LEFT}" y="{_TOP - 12}">MB/s</text>'
    yield f'<text class="title" x="{(_LEFT + _RIGHT) / 2}" y="{_BOTTOM + 44}" text-anchor="middle">{axis.value}</text>'
    for speed in _ticks(vertical.low, vertical.high):
        y = vertical(speed)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{_RIGHT}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{speed:g}</text>'
    for place in places:
        x = horizontal(place)
        yield f'<path class="axis" d="M{x:.1f} {_BOTTOM}v5"/>'
        yield f'<text x="{x:.1f}" y="{_BOTTOM + 20}" text-anchor="middle">{place}</text>'
    yield f'<path class="axis" d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}"/>'
    yield from _lines(points, horizontal, vertical)


def _lines(points: Iterable[Point], horizontal: _Scale, vertical: _Scale) -> Iterator[str]:
    lines: dict[tuple[Contestant, str], list[Point]] = {}
    for point in points:
        lines.setdefault((point.contestant, point.cipher), []).append(point)
    for (contestant, cipher), line in lines.items():
        spots = [(horizontal(point.at), vertical(point.speed)) for point in line]
        yield _line(contestant, cipher, "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots))
        for point, (x, y) in zip(line, spots, strict=True):
            hint = f"{contestant.value}, {cipher}: {point.speed:.3g} MB/s at {point.at}"
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.2" fill="{_COLOURS[cipher]}"><title>{hint}</title></circle>'


def _line(contestant: Contestant, cipher: str, path: str) -> str:
    return f'<path class="line" stroke="{_COLOURS[cipher]}" stroke-dasharray="{_DASHES[contestant]}" d="{path}"/>'


def _ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 of every decade from ``low`` to ``high``."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return [tick for decade in decades for step in _STEPS if low <= (tick := step * 10.0**decade) <= high]


def _step_below(value: float) -> float:
    return _ticks(value / 10, value)[-1]


def _step_above(value: float) -> float:
    return _ticks(value, value * 10)[0]
