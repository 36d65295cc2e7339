"""A vector of fixed length for a fingerprint, by which it is found among very many.

Two minutiae have a distance, and each a direction against the line that joins them: none of the three changes when the
finger is moved or turned. The vector holds the circular moments of all pairs of a print, sum of
w * exp(i (m a + n b)) over the pairs of about equal distance, for small whole numbers m and n: the Fourier series of
how the pairs are distributed. The inner product of two vectors therefore counts the pairs that two prints share.

Prints resemble one another most in the strong moments, which come from ridges running side by side. So moments are
divided by what chance makes of so many pairs, and damped to little more than their phases, as in phase-only
correlation: then all of them count. What is common to all prints, and what neighbouring rings repeat of one another,
is taken out at last: the mean is subtracted, and the rings of each moment are whitened, by the statistics of synthetic
prints in ``minutia_pairs.npz`` (``python -m benchmarks.synthesis.pair_statistics`` makes it).

The constants were chosen on synthetic templates (``benchmarks.synthesis``).
"""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from biometric_service.templates.sourceafis import minutiae_of
from biometric_service.vocabulary.templates import MinutiaeTemplate, SourceAfisTemplate, Template

NEAREST, FARTHEST, RING = 8.0, 150.0, 12.0
"""Distances of pairs, and how far apart the middles of two rings of distances are, pixels at 500 dpi."""
RINGS = int((FARTHEST - NEAREST) / RING) + 2
ORDER = 6
HIGHEST = 6.5
"""m and n go from -6 to 6, and m**2 + n**2 to 6.5**2."""
MOST_MINUTIAE = 64
DAMPING = 0.5


def _orders() -> NDArray[np.int64]:
    """(m, n), int64 (k, 2), (0, 0) first, one of each four that are the same up to order and sign."""
    found = {(0, 0)}
    for m in range(ORDER + 1):
        found |= {(m, n) for n in range(-m, m + 1) if 0 < m * m + n * n <= HIGHEST**2}
    return np.array(sorted(found), np.int64)


ORDERS = _orders()


class Statistics(NamedTuple):
    """Of the damped moments of a population.

    ``mean``: float32 (2, 38, 13), of the real and the imaginary part of each moment in each ring. ``whitening``:
    float32 (2, 38, 13, 13), which makes the rings of a moment independent and of equal spread.
    """

    mean: NDArray[np.float32]
    whitening: NDArray[np.float32]


def load_statistics() -> Statistics:
    """Those of the file beside this one."""
    with np.load(Path(__file__).with_suffix(".npz")) as file:
        return Statistics(file["mean"], file["whitening"])


class PairDescriber:
    """Describes minutiae templates by their pairs (see ``narrowed.Describer``)."""

    def __init__(self) -> None:
        self._statistics = load_statistics()

    def describe(self, template: Template) -> NDArray[np.float32]:
        """float32 (d,), unit length; all zero where no two minutiae are near enough."""
        if isinstance(template, SourceAfisTemplate):
            template = minutiae_of(template)
        assert isinstance(template, MinutiaeTemplate)
        vector: NDArray[np.float32] = _whitened(damped_moments(template), *self._statistics)
        return vector


def damped_moments(template: MinutiaeTemplate) -> NDArray[np.float32]:
    """float32 (2, 38, 13), each within -1 to 1: real and imaginary parts of every moment in every ring."""
    best = np.argsort(-template.qualities, kind="stable")[:MOST_MINUTIAE]
    damped: NDArray[np.float32] = _damped(
        _moments(template.positions[best], template.directions[best], template.qualities[best])
    )
    return damped


@njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def _whitened(
    damped: NDArray[np.float32], mean: NDArray[np.float32], whitening: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The vector of unit length, all zero where there is no pair."""
    parts, orders, rings = damped.shape
    vector = np.zeros(damped.size, np.float32)
    if not damped.any():
        return vector
    for part in range(parts):
        for order in range(orders):
            rest = damped[part, order] - mean[part, order]
            for ring in range(rings):
                total = np.float32(0)
                for other in range(rings):
                    total += whitening[part, order, ring, other] * rest[other]
                vector[(part * orders + order) * rings + ring] = total
    return vector / np.float32(max(math.sqrt((vector * vector).sum()), 1e-9))


@njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def _damped(moments: NDArray[np.float64]) -> NDArray[np.float32]:
    """Moments, float64 (2, rings, 39), divided by what chance makes of so many pairs, and damped to their phases."""
    damped = np.empty((2, len(ORDERS) - 1, RINGS), np.float32)
    for ring in range(RINGS):
        chance = math.sqrt(1 + moments[0, ring, 0])
        for order in range(len(ORDERS) - 1):
            real, imaginary = moments[0, ring, order + 1] / chance, moments[1, ring, order + 1] / chance
            size = math.sqrt(real * real + imaginary * imaginary) + DAMPING
            damped[0, order, ring], damped[1, order, ring] = real / size, imaginary / size
    return damped


@njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def _moments(
    positions: NDArray[np.float32], directions: NDArray[np.float32], qualities: NDArray[np.float32]
) -> NDArray[np.float64]:
    """float64 (2, rings, 39), real and imaginary: every pair, in the two rings that its distance lies between."""
    moments = np.zeros((2, RINGS, len(ORDERS)))
    here, there = np.empty((2, 2 * ORDER + 1)), np.empty((2, 2 * ORDER + 1))
    along, across = np.cos(directions.astype(np.float64)), np.sin(directions.astype(np.float64))
    for one in range(len(positions)):
        for other in range(one):
            x = float(positions[other, 0]) - float(positions[one, 0])
            y = float(positions[other, 1]) - float(positions[one, 1])
            distance = math.sqrt(x * x + y * y)
            if not NEAREST < distance < FARTHEST:
                continue
            x, y = x / distance, -y / distance
            _turn(along[one] * x + across[one] * y, across[one] * x - along[one] * y, here)
            _turn(-along[other] * x - across[other] * y, along[other] * y - across[other] * x, there)
            ring, weight = (distance - NEAREST) / RING, float(qualities[one]) * float(qualities[other])
            _add(moments[:, int(ring)], weight * (1 - ring % 1), here, there)
            _add(moments[:, int(ring) + 1], weight * (ring % 1), here, there)
    return moments


@njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def _turn(cosine: float, sine: float, powers: NDArray[np.float64]) -> None:
    """exp(i k angle) for k from -6 to 6, float64 (2, 13), real and imaginary."""
    powers[0, ORDER], powers[1, ORDER] = 1, 0
    for k in range(ORDER + 1, 2 * ORDER + 1):
        powers[0, k] = powers[0, k - 1] * cosine - powers[1, k - 1] * sine
        powers[1, k] = powers[0, k - 1] * sine + powers[1, k - 1] * cosine
        powers[0, 2 * ORDER - k], powers[1, 2 * ORDER - k] = powers[0, k], -powers[1, k]


@njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def _add(ring: NDArray[np.float64], weight: float, here: NDArray[np.float64], there: NDArray[np.float64]) -> None:
    """Neither of the two minutiae comes first, so both ways are added."""
    for each in range(len(ORDERS)):
        m, n = ORDERS[each, 0] + ORDER, ORDERS[each, 1] + ORDER
        real = here[0, m] * there[0, n] - here[1, m] * there[1, n] + here[0, n] * there[0, m] - here[1, n] * there[1, m]
        other = (
            here[0, m] * there[1, n] + here[1, m] * there[0, n] + here[0, n] * there[1, m] + here[1, n] * there[0, m]
        )
        ring[0, each] += weight * real
        ring[1, each] += weight * other
