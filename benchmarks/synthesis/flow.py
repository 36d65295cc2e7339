"""How the ridges of a finger run: their orientation and their period at any point."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.synthesis.fields import Field, Ripple, make_ripple
from benchmarks.synthesis.pattern import Pattern, Point

TIP, REACH = -230.0, 520.0
"""y of the finger tip and how far below it ridges still bow, in pixels at 500 dpi."""
HALF_WIDTH = 190.0


@dataclass(frozen=True, slots=True)
class Flow:
    """Orientation and period of the ridges everywhere.

    ``bends``: float64 (singular points, 4), the correction of each point's angle, radians: two cosine and two sine
    terms. ``sway``: what makes the orientation individual, radians. ``period``: of the ridges at the core, pixels at
    500 dpi, 7.5 to 10.5. ``spread``: relative variation of the period.
    """

    pattern: Pattern
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
        return angle

    def periods(self, x: Field, y: Field) -> Field:
        """Ridge period in pixels at 500 dpi, float32 of the points' shape, 6.5 to 12: wider below the core."""
        core = self.pattern.cores[0][1] if self.pattern.cores else 0.0
        below = np.clip((y - np.float32(core)) / 220, -0.3, 1)
        relative = 1 + np.float32(0.12) * below + self.spread.at(x, y)
        return np.asarray(np.clip(np.float32(self.period) * relative, 6.5, 12), np.float32)


def draw_flow(rng: np.random.Generator, pattern: Pattern) -> Flow:
    """The individual flow of one finger of a pattern."""
    points = len(pattern.cores) + len(pattern.deltas)
    return Flow(
        pattern,
        bends=rng.normal(0, 0.10, (points, 4)),
        sway=make_ripple(rng, 0.07, (110, 400)),
        period=float(np.clip(rng.normal(8.9, 0.55), 7.5, 10.5)),
        spread=make_ripple(rng, 0.05, (70, 260)),
    )


def _arch(x: Field, y: Field, bow: float) -> Field:
    steepness = np.float32(bow) * np.clip(1 - (y - TIP) / REACH, 0, 1.2)
    return np.asarray(np.arctan(-steepness * np.sin(np.clip(x / HALF_WIDTH, -1, 1) * (np.pi / 2))), np.float32)


def _turn(x: Field, y: Field, point: Point, bend: Field) -> Field:
    angle = np.arctan2(np.float32(point[1]) - y, x - np.float32(point[0]))
    cosine, sine = np.cos(angle), np.sin(angle)
    double = bend[1] * (2 * cosine * cosine - 1) + bend[3] * 2 * sine * cosine
    return np.asarray(angle + bend[0] * cosine + bend[2] * sine + double, np.float32)
