"""Ridges grown from seeds by iterated filtering, as SFinGe does; minutiae come of themselves where fronts meet."""

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks.synthesis.fields import Field

ORIENTATIONS, PERIODS = 48, 12
GAIN = 2.2
"""How fast a front advances; responses are clipped to -1…1 after it."""


@dataclass(frozen=True, slots=True)
class FilterBank:
    """Ridge filters by orientation and period.

    ``kernels``: float32 (ORIENTATIONS, PERIODS, k, k), zero mean, response 1 to a cosine of their own period.
    ``shortest``, ``longest``: the periods in pixels of the image that is filtered.
    """

    kernels: Field
    shortest: float
    longest: float

    def choose(self, orientation: Field, period: Field) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """The nearest kernel for every pixel, by orientation and by period."""
        turn = np.rint(orientation * np.float32(ORIENTATIONS / np.pi)).astype(np.int32) % ORIENTATIONS
        place = (period - np.float32(self.shortest)) * np.float32((PERIODS - 1) / (self.longest - self.shortest))
        return turn.astype(np.uint8), np.clip(np.rint(place), 0, PERIODS - 1).astype(np.uint8)


def make_bank(shortest: float, longest: float) -> FilterBank:
    """Filters for ridge periods of a range, in pixels; three ridges wide and as long, as in SFinGe."""
    radius = int(np.ceil(1.35 * longest))
    angles = np.arange(ORIENTATIONS) * (np.pi / ORIENTATIONS)
    kernels = [
        [_kernel(angle, period, radius) for period in np.linspace(shortest, longest, PERIODS)] for angle in angles
    ]
    return FilterBank(np.array(kernels, np.float32), shortest, longest)


def _kernel(angle: float, period: float, radius: int) -> NDArray[np.float64]:
    y, x = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    across = x * np.sin(angle) + y * np.cos(angle)
    envelope = np.exp(-(x * x + y * y) / (2 * (0.42 * period) ** 2))
    wave = np.cos(2 * np.pi * across / period)
    kernel = envelope * (wave - (envelope * wave).sum() / envelope.sum())
    return np.asarray(kernel / (kernel * wave).sum())


def grow(ridges: Field, bank: FilterBank, orientation: Field, period: Field, rounds: int) -> Field:
    """Filter ``rounds`` times, each pixel by its own orientation (radians) and period (pixels).

    All arrays are float32 of one shape; returns -1 (valley) to 1 (ridge).
    """
    turn, place = bank.choose(orientation, period)
    radius = bank.kernels.shape[2] // 2
    for _ in range(rounds):
        padded = np.pad(ridges, radius)
        ridges = _filter(padded, bank.kernels, turn, place)
    return ridges


@njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def _filter(padded: Field, kernels: Field, turn: NDArray[np.uint8], place: NDArray[np.uint8]) -> Field:
    height, width = turn.shape
    size = kernels.shape[2]
    filtered = np.empty((height, width), np.float32)
    for row in range(height):
        for column in range(width):
            kernel = kernels[turn[row, column], place[row, column]]
            total = np.float32(0)
            for i in range(size):
                for j in range(size):
                    total += kernel[i, j] * padded[row + i, column + j]
            filtered[row, column] = min(max(np.float32(GAIN) * total, np.float32(-1)), np.float32(1))
    return filtered
