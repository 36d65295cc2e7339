"""The charts of a report: DET and CMC curves, and rates of groups with their intervals."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from biometric_service.evaluation.drawing import BLUE, FAINT, GREY, INK, Dot, Drawing, Line, Point, Shape, Words

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 640.0, 400.0, 84.0, 20.0, 12.0, 52.0
LOWEST = -6
ROW, NAMES = 26.0, 200.0

Rate = Callable[[float], str]


@dataclass(frozen=True, slots=True)
class Mark:
    """An operating point on a curve with the 95 % interval of its rate."""

    at: float
    rate: float
    interval: Sequence[float]


@dataclass(frozen=True, slots=True)
class _Axis:
    """A logarithmic axis of a chart from ten to ``power`` to 1, between two places."""

    power: int
    start: float
    end: float

    def place(self, rate: float) -> float:
        share = 1 - max(math.log10(rate), self.power) / self.power if rate > 0 else 0.0
        return self.start + (self.end - self.start) * share

    @property
    def ticks(self) -> list[float]:
        return [10.0**power for power in range(self.power, 1)]


def det_chart(points: Sequence[Sequence[float]], names: tuple[str, str], marks: Sequence[Mark]) -> Drawing | None:
    """Both rates on logarithmic axes down to the lowest decade there is; None where nothing was missed."""
    inside = [(across, up) for across, up in points if across > 0 and up > 0]
    if not inside:
        return None
    bounds = [bound for mark in marks for bound in mark.interval if bound > 0]
    x = _Axis(_decade(across for across, _ in inside), LEFT, WIDTH - RIGHT)
    y = _Axis(_decade([*(up for _, up in inside), *bounds]), HEIGHT - BOTTOM, TOP)
    curve = Line([(x.place(across), y.place(up)) for across, up in inside], BLUE, 2.5)
    shapes = (*_grid(x, y), *_axis_names(*names), curve, *(shape for mark in marks for shape in _mark(mark, x, y)))
    return Drawing(WIDTH, HEIGHT, f"DET curve: {names[1]} against {names[0]}", shapes)


def cmc_chart(shares: Sequence[float]) -> Drawing:
    """Share of mated probes whose subject is among the best so many candidates."""
    low = math.floor(20 * min(shares) - 1e-9) / 20 if min(shares) < 1 else 0.95
    low = max(min(low, 0.95), 0.0)
    across = [LEFT + (WIDTH - RIGHT - LEFT) * at / max(len(shares) - 1, 1) for at in range(len(shares))]

    def up(share: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * (share - low) / (1 - low)

    levels = [low + (1 - low) * step / 5 for step in range(6)]
    grid = [Line([(LEFT, up(level)), (WIDTH - RIGHT, up(level))], FAINT) for level in levels]
    said = [Words((LEFT - 8, up(level) + 4), f"{100 * level:.4g} %", "end") for level in levels]
    ranks = [Words((place, HEIGHT - BOTTOM + 18), str(rank), "middle") for rank, place in enumerate(across, 1)]
    points = [(place, up(share)) for place, share in zip(across, shares, strict=True)]
    shapes = (*grid, *said, *ranks, *_axis_names("rank", "found"), Line(points, BLUE, 2.5), *map(Dot, points))
    return Drawing(WIDTH, HEIGHT, "CMC curve: share of probes whose subject is among the best candidates", shapes)


def rate_chart(groups: Mapping[str, Mapping[str, Any]], rate: str, interval: str, percent: Rate) -> Drawing | None:
    """A row for each group that was measured: its rate as a dot, its interval as a line, zero at the left."""
    known = {name: each for name, each in groups.items() if each.get(rate) is not None}
    if not known:
        return None
    step = _step((max(max(each[rate], *each[interval]) for each in known.values()) or 0.01) / 4)
    most = 4 * step
    height = ROW * len(known) + BOTTOM

    def across(value: float) -> float:
        return NAMES + (WIDTH - RIGHT - 60 - NAMES) * value / most

    shapes: list[Shape] = []
    for at in range(5):
        place = across(step * at)
        shapes.append(Line([(place, TOP), (place, height - 34)], FAINT))
        shapes.append(Words((place, height - 14), percent(step * at), "middle"))
    for at, (name, each) in enumerate(known.items()):
        shapes += _row(name, TOP + ROW * (at + 0.5), [across(value) for value in (each[rate], *each[interval])])
    return Drawing(WIDTH, height, "Rates of groups with their 95 % intervals", tuple(shapes))


def _step(least: float) -> float:
    """The next of 1, 2 and 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(times * power for times in (1, 2, 2.5, 5, 10) if times * power >= least * (1 - 1e-9))


def _row(name: str, y: float, places: Sequence[float]) -> list[Shape]:
    rate, low, high = places
    said = name if len(name) <= 28 else f"{name[:27]}…"  # noqa: PLR2004 - as much as there is room for
    return [Words((NAMES - 14, y + 4), said, "end", INK), Line([(low, y), (high, y)], BLUE, 2.0), Dot((rate, y))]


def _decade(rates: Any) -> int:  # noqa: ANN401 - any iterable of rates
    return max(min(math.floor(math.log10(min(rates)) + 1e-9), -1), LOWEST)


def _mark(mark: Mark, x: _Axis, y: _Axis) -> Iterator[Shape]:
    if mark.at < 10.0**x.power * (1 - 1e-9):
        return
    place = x.place(mark.at)
    ends: list[Point] = [(place, y.place(bound)) for bound in mark.interval]
    yield Line(ends, INK, 1.5)
    for _, height in ends:
        yield Line([(place - 5, height), (place + 5, height)], INK, 1.5)
    yield Dot((place, y.place(mark.rate)), INK)


def _grid(x: _Axis, y: _Axis) -> Iterator[Shape]:
    for tick in x.ticks:
        yield Line([(x.place(tick), TOP), (x.place(tick), HEIGHT - BOTTOM)], FAINT)
        yield Words((x.place(tick), HEIGHT - BOTTOM + 18), f"{100 * tick:g} %", "middle")
    for tick in y.ticks:
        yield Line([(LEFT, y.place(tick)), (WIDTH - RIGHT, y.place(tick))], FAINT)
        yield Words((LEFT - 8, y.place(tick) + 4), f"{100 * tick:g} %", "end")


def _axis_names(across: str, up: str) -> Iterator[Shape]:
    yield Words(((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10), across, "middle", GREY)
    yield Words((16, (TOP + HEIGHT - BOTTOM) / 2), up, "middle", GREY, turned=True)
