"""Random numbers and smooth random fields: as waves that can be evaluated anywhere, and as noise on a grid."""

from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

Field = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Ripple:
    """A sum of plane waves: zero mean, smooth, defined everywhere.

    ``waves``: float64 (n, 2), wave vectors in radians a pixel. ``phases``: float64 (n,), radians. ``amplitude``: of
    each wave, in the unit of whatever is rippled.
    """

    waves: NDArray[np.float64]
    phases: NDArray[np.float64]
    amplitude: float

    def at(self, x: Field, y: Field) -> Field:
        """The field at points, float32 of their shape; x and y in pixels at 500 dpi."""
        waves, phases = self.waves.astype(np.float32), self.phases.astype(np.float32)
        total = _sum_of_waves(x.ravel(), y.ravel(), waves, phases)
        return np.asarray(np.float32(self.amplitude) * total.reshape(x.shape), np.float32)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _sum_of_waves(x: Field, y: Field, waves: Field, phases: Field) -> Field:
    total = np.zeros(len(x), np.float32)
    for wave in range(len(phases)):
        for point in range(len(x)):
            total[point] += np.cos(waves[wave, 0] * x[point] + waves[wave, 1] * y[point] + phases[wave])
    return total


def make_ripple(rng: np.random.Generator, rms: float, lengths: tuple[float, float], waves: int = 6) -> Ripple:
    """A ripple of a root mean square, its wavelengths drawn from a range in pixels."""
    headings = rng.uniform(0, np.pi, waves)
    numbers = 2 * np.pi / rng.uniform(*lengths, waves)
    vectors = np.stack([np.cos(headings) * numbers, np.sin(headings) * numbers], axis=1)
    return Ripple(vectors, rng.uniform(0, 2 * np.pi, waves), rms * float(np.sqrt(2 / waves)))


def within(rng: np.random.Generator, deviation: float, most: float) -> float:
    """A normal number of a standard deviation, no farther from 0 than ``most``."""
    return min(max(float(rng.normal(0, deviation)), -most), most)


def grid(height: int, width: int, scale: float = 1.0) -> tuple[Field, Field]:
    """Coordinates x and y, float32 (height, width), of pixels ``scale`` apart, the origin in the middle."""
    rows, columns = np.arange(height, dtype=np.float32), np.arange(width, dtype=np.float32)
    x, y = np.meshgrid((columns - (width - 1) / 2) * scale, (rows - (height - 1) / 2) * scale)
    return x.astype(np.float32), y.astype(np.float32)


def grain(rng: np.random.Generator, shape: tuple[int, int], size: float) -> Field:
    """Gaussian noise of unit variance, float32 of a shape, whose grains are ``size`` pixels (standard deviation)."""
    step = max(1.0, size / 1.5)
    small = (int(np.ceil(shape[0] / step)) + 1, int(np.ceil(shape[1] / step)) + 1)
    noise = blurred(rng.standard_normal(small, dtype=np.float32), size / step)
    noise /= max(float(noise.std()), 1e-6)
    if step == 1:
        return noise[: shape[0], : shape[1]]
    return resized(noise, shape)


def blurred(field: Field, deviation: float) -> Field:
    """The field under a Gaussian of a standard deviation in pixels."""
    return np.asarray(cv2.GaussianBlur(field, (0, 0), deviation), np.float32)


def resized(field: Field, shape: tuple[int, int]) -> Field:
    """The field at another (height, width), interpolated cubically."""
    return np.asarray(cv2.resize(field, shape[::-1], interpolation=cv2.INTER_CUBIC), np.float32)
