"""The minutiae of a finger, strewn over its pad without drawing the ridges between them.

Where ridges spread or grow finer new ones must begin, and where they close up or grow wider some must end: so many to
an area as the flow says (the divergence of ridges a pixel along the ridges), pointing the way it says. Others come in
either direction anywhere. None lies too close to another.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks.synthesis.fields import Field
from benchmarks.synthesis.flow import Flow
from benchmarks.synthesis.master import design

PAD = (150.0, 230.0)
"""Half-axes of the area that minutiae are strewn over, pixels at 500 dpi."""
TRIED = 90
"""Places at which it is asked whether a ridge begins or ends there."""
ANYWHERE = (25, 95)
"""Least and most minutiae that come in either direction anywhere."""
CLOSEST, FREE = 7.0, 17.0
"""No two minutiae are nearer than the one, and nearness beyond the other is chance; pixels at 500 dpi."""
ENDINGS = 0.6
STEP = 3.0
"""Between the points that a slope is taken from, pixels at 500 dpi."""


@dataclass(frozen=True, slots=True)
class FingerMinutiae:
    """All minutiae of a finger.

    ``x``, ``y``: float32 (n,), pixels at 500 dpi from the middle of the pad, y down. ``directions``: float32 (n,),
    radians counter-clockwise. ``kinds``: uint8 (n,), 1 ending, 2 bifurcation. ``clarity``: float32 (n,), 0 to 1,
    how well each shows in any impression.
    """

    seed: int
    x: Field
    y: Field
    directions: Field
    kinds: NDArray[np.uint8]
    clarity: Field


def make_finger(seed: int) -> FingerMinutiae:
    """The minutiae of the finger of a seed."""
    rng = np.random.default_rng([seed, 3])
    x, y, directions = _strewn(rng, design(seed))
    return FingerMinutiae(
        seed,
        x,
        y,
        directions,
        kinds=np.where(rng.random(len(x)) < ENDINGS, 1, 2).astype(np.uint8),
        clarity=rng.random(len(x), np.float32),
    )


def _strewn(rng: np.random.Generator, flow: Flow) -> tuple[Field, Field, Field]:
    """Place and direction of every minutia."""
    count = TRIED + int(rng.integers(*ANYWHERE))
    chance = rng.random((4, count), np.float32)
    x, y = (2 * chance[0] - 1) * np.float32(PAD[0]), (2 * chance[1] - 1) * np.float32(PAD[1])
    orientation, begun = _begun(flow, x, y)
    expected = begun * np.float32(4 * PAD[0] * PAD[1] / TRIED)
    expected[TRIED:] = chance[2, TRIED:] - np.float32(0.5)
    wanted = np.flatnonzero((chance[2] < np.abs(expected)) | (np.arange(count) >= TRIED))
    kept = wanted[_apart(x[wanted], y[wanted], chance[3, wanted])]
    back = np.where(expected[kept] < 0, np.float32(np.pi), np.float32(0))
    return x[kept], y[kept], np.asarray(orientation[kept] + back, np.float32)


def _begun(flow: Flow, x: Field, y: Field) -> tuple[Field, Field]:
    """The orientation, and how many more ridges begin than end along it, an area of one pixel."""
    beside_x, beside_y = np.concatenate([x, x + np.float32(STEP), x]), np.concatenate([y, y, y - np.float32(STEP)])
    orientation, right, up = flow.orientation(beside_x, beside_y).reshape(3, -1)
    period, period_right, period_up = flow.periods(beside_x, beside_y).reshape(3, -1)
    cosine, sine = np.cos(orientation), np.sin(orientation)
    spreading = cosine * _less(up, orientation) - sine * _less(right, orientation)
    widening = (cosine * (period_right - period) + sine * (period_up - period)) / period
    return orientation, np.asarray((spreading - widening) / (np.float32(STEP) * period), np.float32)


def _less(orientation: Field, other: Field) -> Field:
    """By how much an orientation differs, the shorter way round."""
    return np.asarray(
        (orientation - other + np.float32(np.pi / 2)) % np.float32(np.pi) - np.float32(np.pi / 2), np.float32
    )


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _apart(x: Field, y: Field, chance: Field) -> NDArray[np.bool_]:
    """Which places stay when each gives way to those before it, the more likely the nearer they are."""
    kept = np.zeros(len(x), np.bool_)
    for index in range(len(x)):
        nearest = np.float32(1e9)
        for other in range(index):
            if kept[other]:
                right, down = x[index] - x[other], y[index] - y[other]
                nearest = min(nearest, np.sqrt(right * right + down * down))
        kept[index] = nearest > CLOSEST + chance[index] * (FREE - CLOSEST)
    return kept
