"""How the ridges of a finger run: their orientation and their period at any point."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.synthesis.fields import Field, Ripple, make_ripple
from benchmarks.synthesis.pattern import Pattern, Point

TIP, REACH = -230.0, 520.0
"""y of the finger tip and how far below it ridges still bow, in pixels at 500 dpi."""
HALF_WIDTH = 190.0
LOOP_POINTS = 2
NARROWING_REACH = 110.0
"""How far from a core its loop stays narrow, in pixels at 500 dpi."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Orientation and period of the ridges everywhere.

    ``openings``: where the loop at each core opens to, radians counter-clockwise from the x axis. ``narrowness``: of
    loops, 0 (a fan) to 0.8. ``bends``: float64 (singular points, 4), the correction of each point's angle, radians:
    two cosine and two sine terms. ``sway``: what makes the orientation individual, radians. ``period``: of the ridges
    at the core, pixels at 500 dpi, 7.5 to 10.5. ``spread``: relative variation of the period.
    """

    pattern: Pattern
    openings: tuple[float, ...]
    narrowness: float
    bends: NDArray[np.float64]
    sway: Ripple
    period: float
    spread: Ripple

    def orientation(self, x: Field, y: Field) -> Field:
        """Radians counter-clockwise from the x axis, to be read modulo pi, float32 of the points' shape.

        Sherlock and Monro's zero-pole model with Vizcaya and Gerhardt's correction (as a short Fourier series in the
        place of their piecewise linear function, which shows kinks) on top of SFinGe's formula for arches.
        """
        angle = _arch(x, y, self.pattern.bow) + self.sway.at(x, y)
        signs = [0.5] * len(self.pattern.cores) + [-0.5] * len(self.pattern.deltas)
        points = self.pattern.cores + self.pattern.deltas
        for sign, point, bend in zip(signs, points, self.bends.astype(np.float32), strict=True):
            angle += np.float32(sign) * _turn(x, y, point, bend)
        return angle + self._narrowing(x, y)

    def _narrowing(self, x: Field, y: Field) -> Field:
        """What makes ridges inside a loop run side by side and turn at its top, not fan out from the core."""
        total = np.zeros(np.shape(x), np.float32)
        for (core_x, core_y), opening in zip(self.pattern.cores, self.openings, strict=True):
            right, up = x - np.float32(core_x), np.float32(core_y) - y
            far = np.sqrt(right * right + up * up) + np.float32(1e-3)
            aside = (up * np.float32(np.cos(opening)) - right * np.float32(np.sin(opening))) / far
            total -= np.float32(0.5 * self.narrowness) * aside / (1 + (far / np.float32(NARROWING_REACH)) ** 2)
        return total

    def periods(self, x: Field, y: Field) -> Field:
        """Ridge period in pixels at 500 dpi, float32 of the points' shape, 6.5 to 12: wider below the core."""
        core = self.pattern.cores[0][1] if self.pattern.cores else 0.0
        below = np.clip((y - np.float32(core)) / 220, -0.3, 1)
        relative = 1 + np.float32(0.12) * below + self.spread.at(x, y)
        return np.asarray(np.clip(np.float32(self.period) * relative, 6.5, 12), np.float32)


def draw_flow(rng: np.random.Generator, pattern: Pattern) -> Flow:
    """The individual flow of one finger of a pattern."""
    points = len(pattern.cores) + len(pattern.deltas)
    fan = Flow(
        pattern,
        openings=(0.0,) * len(pattern.cores),
        narrowness=0.0,
        bends=rng.normal(0, 0.10 if points == LOOP_POINTS else 0.05, (points, 4)),
        sway=make_ripple(rng, 0.07, (110, 400)),
        period=float(np.clip(rng.normal(8.9, 0.55), 7.5, 10.5)),
        spread=make_ripple(rng, 0.05, (70, 260)),
    )
    return replace(fan, openings=_openings(fan), narrowness=_narrowness(rng, pattern))


def _openings(flow: Flow) -> tuple[float, ...]:
    """Around a core the orientation turns half as fast as the direction from it; they agree along the opening."""
    if not flow.pattern.cores:
        return ()
    x, y = np.array(flow.pattern.cores, np.float32).T
    return tuple(2 * float(angle) for angle in flow.orientation(x + np.float32(0.5), y))


def _narrowness(rng: np.random.Generator, pattern: Pattern) -> float:
    return float(rng.uniform(0.35, 0.75) if len(pattern.cores) == 1 else rng.uniform(0.1, 0.4))


def _arch(x: Field, y: Field, bow: float) -> Field:
    steepness = np.float32(bow) * np.clip(1 - (y - TIP) / REACH, 0, 1.2)
    return np.asarray(np.arctan(-steepness * np.sin(np.clip(x / HALF_WIDTH, -1, 1) * (np.pi / 2))), np.float32)


def _turn(x: Field, y: Field, point: Point, bend: Field) -> Field:
    angle = np.arctan2(np.float32(point[1]) - y, x - np.float32(point[0]))
    cosine, sine = np.cos(angle), np.sin(angle)
    double = bend[1] * (2 * cosine * cosine - 1) + bend[3] * 2 * sine * cosine
    return np.asarray(angle + bend[0] * cosine + bend[2] * sine + double, np.float32)
