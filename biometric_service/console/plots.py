"""Plots as numbers for templates: where bars, lines and ticks lie on a drawing of fixed size."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 640.0
HEIGHT = 180.0
LEFT = 52.0
BOTTOM = 28.0
TOP = 12.0
MOST_TICKS = 7


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: where it lies, and what it stands for."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: its left edge, upper edge, width and height, what it is called and how much it stands for.

    ``value``: None where that is not told; the bar is as high as the drawing then, to be drawn as a gap.
    """

    x: float
    y: float
    width: float
    height: float
    label: str
    value: float | None


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars side by side over one axis."""

    bars: tuple[Bar, ...]
    ticks: tuple[Tick, ...]
    every: int
    """Labels are written under every so many bars."""


@dataclass(frozen=True, slots=True)
class Curve:
    """A curve with marks at some of its values. ``path``: of SVG; ``marks``: places on the horizontal axis."""

    path: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    marks: tuple[Tick, ...]


def bars(values: Sequence[tuple[str, float | None]]) -> Bars:
    """A bar for each value, the largest as high as the drawing; None for a figure that is not told."""
    most = _round_up(max((value for _, value in values if value is not None), default=1.0) or 1.0)
    step = (WIDTH - LEFT) / max(len(values), 1)
    tall = HEIGHT - TOP - BOTTOM
    drawn = tuple(
        Bar(LEFT + (place + 0.1) * step, HEIGHT - BOTTOM - height, 0.8 * step, height, label, value)
        for place, (label, value) in enumerate(values)
        for height in (tall if value is None else value / most * tall,)
    )
    every = max(1, math.ceil(len(values) / 12))
    return Bars(drawn, tuple(Tick(HEIGHT - BOTTOM - share * tall, most * share) for share in (0.0, 0.5, 1.0)), every)


def curve(points: Sequence[tuple[float, float]], marks: Sequence[float], most_x: float) -> Curve:
    """A curve over 0 to ``most_x``, with marks."""
    most_y = _round_up(max((y for _, y in points), default=1.0) or 1.0)
    tall, wide = HEIGHT - TOP - BOTTOM, WIDTH - LEFT - 12
    path = " ".join(
        f"{'L' if place else 'M'}{LEFT + x / most_x * wide:.1f} {HEIGHT - BOTTOM - y / most_y * tall:.1f}"
        for place, (x, y) in enumerate(points)
    )
    step = max(1, math.ceil(most_x / MOST_TICKS))
    return Curve(
        path,
        tuple(Tick(LEFT + value / most_x * wide, value) for value in range(0, int(most_x) + 1, step)),
        tuple(Tick(HEIGHT - BOTTOM - share * tall, most_y * share) for share in (0.0, 0.5, 1.0)),
        tuple(Tick(LEFT + min(max(mark, 0.0), most_x) / most_x * wide, mark) for mark in marks),
    )


def _round_up(value: float) -> float:
    """The next of 1, 2, 5 and their tenfolds."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(each * power for each in (1, 2, 5, 10) if each * power >= value * (1 - 1e-9))
