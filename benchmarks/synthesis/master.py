"""A finger that never was: its ridge pattern, whole and unworn, from which impressions are taken."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from benchmarks.synthesis.fields import Field, blurred, grain, grid, resized
from benchmarks.synthesis.flow import Flow, draw_flow
from benchmarks.synthesis.growth import FilterBank, grow, make_bank
from benchmarks.synthesis.pattern import PatternClass, draw_class, draw_pattern
from benchmarks.synthesis.strokes import draw_strokes

WIDTH, HEIGHT = 400, 560
"""Of a master, in pixels at 500 dpi (20 by 28 mm)."""
SEEDS = (250, 750)
"""Least and most seeds of a finger: where their fronts meet out of step, minutiae stay."""
GROWING, SETTLING = 9, 2
"""Rounds at half and at full resolution; more of them would heal minutiae in pairs."""


@dataclass(frozen=True, slots=True)
class Master:
    """A finger.

    ``relief``: float32 (HEIGHT, WIDTH) at 500 dpi, about -1 in valleys to 1 on ridges, with pores, rough edges and
    creases, which stay with a finger for life. ``flow``: how its ridges run. ``seed``: what it was made from.
    """

    seed: int
    flow: Flow
    relief: Field


def make_master(seed: int, pattern_class: PatternClass | None = None) -> Master:
    """The finger of a seed; its class is drawn by natural frequency where none is given."""
    flow = design(seed, pattern_class)
    rng = np.random.default_rng([seed, 2])
    return Master(seed, flow, _with_texture(rng, _ridges(rng, flow)))


def design(seed: int, pattern_class: PatternClass | None = None) -> Flow:
    """How the ridges of that finger run, which takes no time beside growing them."""
    rng = np.random.default_rng([seed, 0])
    drawn = draw_class(rng)
    return draw_flow(rng, draw_pattern(rng, pattern_class or drawn))


def _ridges(rng: np.random.Generator, flow: Flow) -> Field:
    """Grown at half the resolution, where it is sixteen times faster, and settled at the full one."""
    coarse, fine = _banks()
    x, y = grid(HEIGHT // 2, WIDTH // 2, 2)
    ridges = grow(_seeds(rng), coarse, flow.orientation(x, y), flow.periods(x, y) / np.float32(2), GROWING)
    ridges = resized(ridges, (HEIGHT, WIDTH))
    x, y = grid(HEIGHT, WIDTH)
    return grow(ridges, fine, flow.orientation(x, y), flow.periods(x, y), SETTLING)


@cache
def _banks() -> tuple[FilterBank, FilterBank]:
    return make_bank(3.25, 6.0), make_bank(6.5, 12.0)


def _seeds(rng: np.random.Generator) -> Field:
    spots = np.zeros((HEIGHT // 2, WIDTH // 2), np.float32)
    count = int(rng.integers(*SEEDS))
    spots[rng.integers(0, HEIGHT // 2, count), rng.integers(0, WIDTH // 2, count)] = 1
    return spots


def _with_texture(rng: np.random.Generator, ridges: Field) -> Field:
    soft = blurred(ridges, 1.0)
    pores = blurred((rng.random(ridges.shape, np.float32) < 0.012).astype(np.float32), 0.9)  # noqa: PLR2004
    rough = 0.22 * grain(rng, (HEIGHT, WIDTH), 2.0)
    creases = draw_strokes(rng, (HEIGHT, WIDTH), int(rng.poisson(1.2)), (40, 160))
    return np.asarray(soft + rough - 5.0 * pores - 2.0 * creases, np.float32)
