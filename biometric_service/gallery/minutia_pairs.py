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

Moments = NDArray[np.complex128]


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
        damped = damped_moments(template)
        if not damped.any():
            return np.zeros(damped.size, np.float32)
        mean, whitening = self._statistics
        vector = np.matmul(whitening, (damped - mean)[..., np.newaxis]).ravel()
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


def damped_moments(template: MinutiaeTemplate) -> NDArray[np.float32]:
    """float32 (2, 38, 13), each within -1 to 1: real and imaginary parts of every moment in every ring."""
    best = np.argsort(-template.qualities, kind="stable")[:MOST_MINUTIAE]
    moments = np.zeros((RINGS, len(ORDERS)), np.complex128)
    _collect(
        template.positions[best].astype(np.float64),
        template.directions[best].astype(np.float64),
        template.qualities[best].astype(np.float64),
        ORDERS,
        moments,
    )
    scaled = moments[:, 1:] / np.sqrt(1 + moments[:, :1].real)
    damped = (scaled / (np.abs(scaled) + DAMPING)).T
    return np.stack([damped.real, damped.imag]).astype(np.float32)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _collect(
    positions: NDArray[np.float64],
    directions: NDArray[np.float64],
    qualities: NDArray[np.float64],
    orders: NDArray[np.int64],
    moments: Moments,
) -> None:
    """Add every pair to the two rings that its distance lies between."""
    here, there = np.ones(2 * ORDER + 1, np.complex128), np.ones(2 * ORDER + 1, np.complex128)
    for one in range(len(positions)):
        for other in range(one):
            x, y = positions[other] - positions[one]
            distance = math.hypot(x, y)
            if not NEAREST < distance < FARTHEST:
                continue
            line = math.atan2(-y, x)
            _turn(directions[one] - line, here)
            _turn(directions[other] - line - math.pi, there)
            ring, weight = (distance - NEAREST) / RING, qualities[one] * qualities[other]
            _add(moments[int(ring)], weight * (1 - ring % 1), here, there, orders)
            _add(moments[int(ring) + 1], weight * (ring % 1), here, there, orders)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _turn(angle: float, powers: Moments) -> None:
    """exp(i k angle) for k from -6 to 6."""
    step = complex(math.cos(angle), math.sin(angle))
    for k in range(1, ORDER + 1):
        powers[ORDER + k] = powers[ORDER + k - 1] * step
        powers[ORDER - k] = powers[ORDER + k].conjugate()


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _add(row: Moments, weight: float, here: Moments, there: Moments, orders: NDArray[np.int64]) -> None:
    """Neither of the two minutiae comes first, so both ways are added."""
    for each in range(len(orders)):
        m, n = orders[each, 0] + ORDER, orders[each, 1] + ORDER
        row[each] += weight * (here[m] * there[n] + here[n] * there[m])
