"""Pattern classes and where their singular points lie.

Coordinates of the finger: pixels at 500 dpi, x right, y down, the origin in the middle of the finger pad.
"""

from bisect import bisect_right
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate

import numpy as np

Point = tuple[float, float]


class PatternClass(StrEnum):
    """The Galton-Henry classes, a whorl of two loops apart."""

    ARCH = "arch"
    TENTED_ARCH = "tented_arch"
    LEFT_LOOP = "left_loop"
    RIGHT_LOOP = "right_loop"
    WHORL = "whorl"
    DOUBLE_LOOP = "double_loop"


# Wilson, Candela and Watson, "Neural network fingerprint classification", 1993; the double loops' share of the whorls
# is our estimate.
FREQUENCIES: dict[PatternClass, float] = {
    PatternClass.ARCH: 0.037,
    PatternClass.TENTED_ARCH: 0.029,
    PatternClass.LEFT_LOOP: 0.338,
    PatternClass.RIGHT_LOOP: 0.317,
    PatternClass.WHORL: 0.219,
    PatternClass.DOUBLE_LOOP: 0.060,
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """What decides the flow of the ridges at large.

    ``cores``, ``deltas``: singular points; none for an arch, one each for a tented arch or loop, two for the rest.
    ``bow``: tangent of the steepest slope that ridges take at the sides of the finger tip, 0.3 to 2.
    """

    pattern_class: PatternClass
    cores: tuple[Point, ...]
    deltas: tuple[Point, ...]
    bow: float


def draw_class(rng: np.random.Generator) -> PatternClass:
    """A class as often as it is met in people."""
    drawn = rng.random() * sum(FREQUENCIES.values())
    return list(FREQUENCIES)[bisect_right(list(accumulate(FREQUENCIES.values())), drawn)]


def draw_pattern(rng: np.random.Generator, pattern_class: PatternClass) -> Pattern:
    """Singular points such as fingers of the class have them."""
    centre = (float(rng.normal(0, 12)), float(rng.normal(-25, 15)))
    match pattern_class:
        case PatternClass.ARCH:
            return Pattern(pattern_class, (), (), float(rng.uniform(1.0, 1.9)))
        case PatternClass.TENTED_ARCH:
            return _tented_arch(rng, centre)
        case PatternClass.LEFT_LOOP:
            return _loop(rng, centre, pattern_class, 1)
        case PatternClass.RIGHT_LOOP:
            return _loop(rng, centre, pattern_class, -1)
        case PatternClass.WHORL:
            lean, gap = float(rng.normal(0, 0.3)), float(rng.uniform(10, 45))
        case PatternClass.DOUBLE_LOOP:
            lean, gap = float(rng.choice([-1, 1]) * rng.uniform(0.7, 1.2)), float(rng.uniform(55, 95))
    return _whorl(rng, centre, pattern_class, (lean, gap))


def _tented_arch(rng: np.random.Generator, centre: Point) -> Pattern:
    delta = (centre[0] + float(rng.normal(0, 6)), centre[1] + float(rng.uniform(55, 110)))
    return Pattern(PatternClass.TENTED_ARCH, (centre,), (delta,), float(rng.uniform(0.8, 1.3)))


def _loop(rng: np.random.Generator, centre: Point, pattern_class: PatternClass, side: int) -> Pattern:
    delta = (centre[0] + side * float(rng.uniform(65, 130)), centre[1] + float(rng.uniform(75, 150)))
    return Pattern(pattern_class, (centre,), (delta,), float(rng.uniform(0.6, 1.2)))


def _whorl(
    rng: np.random.Generator, centre: Point, pattern_class: PatternClass, spread: tuple[float, float]
) -> Pattern:
    """Two cores ``gap`` apart on a line that leans (radians from upright), a delta to either side below them."""
    lean, gap = spread
    half = (gap / 2 * float(np.sin(lean)), gap / 2 * float(np.cos(lean)))
    cores = ((centre[0] - half[0], centre[1] - half[1]), (centre[0] + half[0], centre[1] + half[1]))
    deltas = tuple(
        (centre[0] + side * float(rng.uniform(85, 150)), centre[1] + float(rng.uniform(80, 145))) for side in (-1, 1)
    )
    return Pattern(pattern_class, cores, deltas, float(rng.uniform(0.25, 0.7)))
