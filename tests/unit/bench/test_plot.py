"""The plot."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from puressl.bench.curves import CIPHERS, CONTESTANTS, PLACES, Axis, Point
from puressl.bench.plot import svg

SVG = "{http://www.w3.org/2000/svg}"
POINTS = [
    Point(axis, contestant, cipher, at, 0.3 * 10**number * at**0.1)
    for axis, places in PLACES.items()
    for number, contestant in enumerate(reversed(CONTESTANTS))
    for cipher in CIPHERS
    for at in places
]


def drawn(points: list[Point]) -> ET.Element:
    return ET.fromstring(svg(points))


def test_every_point_is_inside_the_drawing_and_says_its_figure() -> None:
    root = drawn(POINTS)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    circles = root.findall(f".//{SVG}circle")
    assert len(circles) == len(POINTS)
    for circle in circles:
        assert 0 < float(circle.attrib["cx"]) < width / 2
        assert 0 < float(circle.attrib["cy"]) < height
        assert "MB/s at" in circle.findtext(f"{SVG}title", "")


def test_axes_and_lines_are_named() -> None:
    texts = [text.text for text in drawn(POINTS).iter(f"{SVG}text")]
    assert texts.count("MB/s") == len(Axis)
    assert {axis.value for axis in Axis} <= set(texts)
    assert {f"{contestant.value}, {cipher}" for contestant in CONTESTANTS for cipher in CIPHERS} <= set(texts)
    assert {str(at) for places in PLACES.values() for at in places} <= set(texts)


def test_equal_factors_are_equal_distances() -> None:
    points = [Point(Axis.COUNT, CONTESTANTS[0], CIPHERS[0], at, float(at)) for at in (1, 2, 4)]
    first, second, third = drawn(points).findall(f".//{SVG}circle")
    for coordinate in ("cx", "cy"):
        steps = [
            float(b.attrib[coordinate]) - float(a.attrib[coordinate]) for a, b in ((first, second), (second, third))
        ]
        assert steps[0] == pytest.approx(steps[1], abs=0.11)


def test_one_point_is_enough() -> None:
    assert len(drawn(POINTS[:1]).findall(f".//{SVG}circle")) == 1
