"""How alike strangers look to an embedding model: what a face's scores against a whole population are like.

A blurred or half-hidden face is less like everybody, its own person and strangers alike. What its cosines with
strangers would be, their mean and spread, follows from the population's mean and covariance: no embedding is kept.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode

STORED = np.dtype("<f2")
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Population:
    """Mean and covariance of the embeddings of many people, one each.

    ``mean``: float32 (d,). ``axes``: float32 (r, d), the directions in which people differ most, each as long as the
    standard deviation along it is beyond ``rest``, the one along every direction that is left. Raises MODEL_INVALID
    where these are no such numbers.
    """

    mean: Vectors
    axes: Vectors
    rest: float

    def __post_init__(self) -> None:
        finite = bool(np.isfinite(self.mean).all()) and bool(np.isfinite(self.axes).all())
        if not finite or self.axes.shape[1:] != self.mean.shape or not 0 < self.rest < 1:
            raise _invalid("its numbers are no mean and covariance")

    @classmethod
    def of(cls, embeddings: Vectors, axes: int) -> Self:
        """The population that unit vectors, float32 (n, d), are a sample of; ``axes``: how many directions to keep."""
        variances, directions = np.linalg.eigh(np.cov(embeddings.T.astype(np.float64)))
        rest = float(variances[:-axes].mean())
        scaled = directions[:, -axes:] * np.sqrt(np.maximum(variances[-axes:] - rest, 0))
        return cls(embeddings.mean(0), scaled.T.astype(np.float32), float(np.sqrt(rest)))

    @classmethod
    def from_table(cls, table: Mapping[str, Any], dimension: int) -> Self:
        """Read what ``table`` wrote, of embeddings of so many numbers; MODEL_INVALID where it is not whole."""
        try:
            numbers = np.frombuffer(base64.b64decode(table["population"], validate=True), STORED).astype(np.float32)
            rows = numbers.reshape(-1, dimension)
            return cls(rows[0], rows[1:], float(table["rest"]))
        except (KeyError, TypeError, ValueError, IndexError) as fault:
            raise _invalid(repr(fault)) from None

    def table(self) -> dict[str, Any]:
        """What ``from_table`` reads: the mean and the axes as 16-bit floats in base64."""
        numbers = np.vstack([self.mean, self.axes]).astype(STORED)
        return {"rest": self.rest, "population": base64.b64encode(numbers.tobytes()).decode()}

    def against_strangers(self, embeddings: Vectors) -> tuple[Vectors, Vectors]:
        """Mean and standard deviation, float32 (n,), of the cosines that unit vectors (n, d) have with strangers."""
        along = embeddings @ self.axes.T
        return embeddings @ self.mean, np.sqrt((along * along).sum(-1) + np.float32(self.rest**2))

    def usual_deviation(self) -> float:
        """The root of the mean variance of cosines with strangers, over faces of the population."""
        within = self.axes @ self.axes.T + self.rest**2 * np.eye(len(self.axes), dtype=np.float32)
        others = len(self.mean) - len(self.axes)
        mean = ((self.axes @ self.mean) ** 2).sum() + self.rest**2 * (self.mean @ self.mean)
        return float(np.sqrt((within**2).sum() + others * self.rest**4 + mean))


def _invalid(fault: str) -> BiometricServiceError:
    message = f"The statistics of strangers' embeddings of a face model are not usable: {fault}."
    return BiometricServiceError(
        ErrorCode.MODEL_INVALID, message, "Fit them anew: python -m benchmarks.accuracy.face_calibration."
    )
