"""How the ridges of a finger run: their orientation and their period at any point."""

from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks.synthesis.fields import Field, Ripple, make_ripple, within
from benchmarks.synthesis.pattern import Pattern

TIP, REACH = -230.0, 520.0
"""y of the finger tip and how far below it ridges still bow, in pixels at 500 dpi."""
HALF_WIDTH = 190.0
NARROWING_REACH = 110.0
"""How far from a core its loop stays narrow, in pixels at 500 dpi."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Orientation and period of the ridges everywhere.

    ``bends``: float32 (singular points, 4), the correction of each point's angle, cores before deltas, radians: two
    cosine and two sine terms. ``openings``: where the loop at each core opens to, radians counter-clockwise from the
    x axis. ``narrowness``: of loops, 0 (a fan) to 0.8. ``sway``: what makes the orientation individual, radians.
    ``period``: of the ridges at the core, pixels at 500 dpi, 7.4 to 10.4. ``spread``: relative variation of the period.
    """

    pattern: Pattern
    bends: Field
    openings: tuple[float, ...]
    narrowness: float
    sway: Ripple
    period: float
    spread: Ripple

    def orientation(self, x: Field, y: Field) -> Field:
        """Radians counter-clockwise from the x axis, to be read modulo pi, float32 of the points' shape.

        Sherlock and Monro's zero-pole model with Vizcaya and Gerhardt's correction (as a short Fourier series in the
        place of their piecewise linear function, which shows kinks) on top of SFinGe's formula for arches. Ridges
        inside a loop run side by side and turn at its top, where the plain model has them fan out from the core.
        """
        cores, deltas = self.pattern.cores, self.pattern.deltas
        points = np.array([*cores, *deltas], np.float32).reshape(-1, 2)
        signs = np.array([0.5] * len(cores) + [-0.5] * len(deltas), np.float32)
        openings = np.array(self.openings, np.float32)
        flat_x, flat_y = x.ravel(), y.ravel()
        angle = _turned(flat_x, flat_y, points, signs, self.bends, openings, np.float32(self.narrowness / 2))
        angle += _arched(flat_x, flat_y, np.float32(self.pattern.bow)) + self.sway.at(flat_x, flat_y)
        return np.asarray(angle.reshape(x.shape), np.float32)

    def periods(self, x: Field, y: Field) -> Field:
        """Ridge period in pixels at 500 dpi, float32 of the points' shape, 6.5 to 12: wider below the core."""
        core = self.pattern.cores[0][1] if self.pattern.cores else 0.0
        below = np.clip((y - np.float32(core)) / 220, -0.3, 1)
        relative = 1 + np.float32(0.12) * below + self.spread.at(x, y)
        return np.asarray(np.clip(np.float32(self.period) * relative, 6.5, 12), np.float32)


def draw_flow(rng: np.random.Generator, pattern: Pattern) -> Flow:
    """The individual flow of one finger of a pattern."""
    points, loops = len(pattern.cores) + len(pattern.deltas), len(pattern.cores)
    fan = Flow(
        pattern,
        bends=rng.normal(0, 0.10 if loops == 1 else 0.05, (points, 4)).astype(np.float32),
        openings=(0.0,) * loops,
        narrowness=0.0,
        sway=make_ripple(rng, 0.07, (110, 400)),
        period=8.9 + within(rng, 0.55, 1.5),
        spread=make_ripple(rng, 0.05, (70, 260)),
    )
    narrowness = float(rng.uniform(0.35, 0.75) if loops == 1 else rng.uniform(0.1, 0.4))
    return replace(fan, openings=_openings(fan), narrowness=narrowness)


def _openings(fan: Flow) -> tuple[float, ...]:
    """Around a core the orientation turns half as fast as the direction from it; they agree along the opening."""
    x, y = np.array(fan.pattern.cores, np.float32).reshape(-1, 2).T
    return tuple(2 * float(angle) for angle in fan.orientation(x + np.float32(0.5), y))


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _arched(x: Field, y: Field, bow: np.float32) -> Field:
    slopes = np.empty(len(x), np.float32)
    for index in range(len(x)):
        steepness = bow * min(max(np.float32(1) - (y[index] - np.float32(TIP)) / np.float32(REACH), 0), np.float32(1.2))
        sideways = min(max(x[index] / np.float32(HALF_WIDTH), np.float32(-1)), np.float32(1))
        slopes[index] = np.arctan(-steepness * np.sin(sideways * np.float32(np.pi / 2)))
    return slopes


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _turned(  # noqa: PLR0913, PLR0917
    x: Field, y: Field, points: Field, signs: Field, bends: Field, openings: Field, narrowness: np.float32
) -> NDArray[np.float32]:
    """The sum over the singular points, cores first, of how far the ridges turn about each of them."""
    total = np.zeros(len(x), np.float32)
    for point in range(len(points)):
        opens = point < len(openings)
        opening_x = np.cos(openings[point]) if opens else np.float32(0)
        opening_y = np.sin(openings[point]) if opens else np.float32(0)
        for index in range(len(x)):
            right, up = x[index] - points[point, 0], points[point, 1] - y[index]
            far = np.sqrt(right * right + up * up) + np.float32(1e-3)
            cosine, sine = right / far, up / far
            angle = np.arctan2(up, right) + bends[point, 0] * cosine + bends[point, 2] * sine
            angle += bends[point, 1] * (2 * cosine * cosine - 1) + bends[point, 3] * 2 * sine * cosine
            total[index] += signs[point] * angle
            aside = sine * opening_x - cosine * opening_y
            total[index] -= narrowness * aside / (1 + (far / np.float32(NARROWING_REACH)) ** 2)
    return total
