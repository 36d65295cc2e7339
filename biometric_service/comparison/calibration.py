"""Raw comparison scores to -log10 FMR, by what was measured on non-mated comparisons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.candidates import ComparisonScore

Knots: TypeAlias = tuple[float, ...]

HIGHEST_SCORE = 9.0
STEP = 0.25
ENOUGH = 10
LARGEST_TAIL = 2000
HEAVIEST_TAIL = 0.5


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone piecewise linear curve from raw scores to -log10 FMR.

    ``raw`` and ``scores``: the knots, both strictly ascending; below the first knot the score is the first one, above
    the last knot the last one. ``data_limit``: the score beyond which the curve is extrapolated. ``nonmated``: how many
    non-mated comparisons it rests on; ``data``: which ones. Raises MODEL_INVALID where the knots are no such curve.
    """

    comparator: str
    raw: Knots
    scores: Knots
    data_limit: float
    nonmated: int
    data: str

    def __post_init__(self) -> None:
        knots = np.array([self.raw, self.scores]) if len(self.raw) == len(self.scores) else np.empty((2, 0))
        if knots.shape[1] < 2 or not np.isfinite(knots).all() or (np.diff(knots) <= 0).any():  # noqa: PLR2004
            raise _invalid(self.comparator, "its knots do not ascend")

    @classmethod
    def from_table(cls, comparator: str, table: Mapping[str, Any]) -> Self:
        """Read the manifest table ``[calibration.<comparator>]``; MODEL_INVALID where it is not whole."""
        try:
            return cls(
                comparator,
                tuple(float(knot) for knot in table["raw"]),
                tuple(float(knot) for knot in table["scores"]),
                float(table["data_limit"]),
                int(table["nonmated"]),
                str(table["data"]),
            )
        except (KeyError, TypeError, ValueError) as fault:
            raise _invalid(comparator, f"{fault!r}") from None

    def table(self) -> dict[str, Any]:
        """What ``from_table`` reads."""
        return {
            "raw": list(self.raw),
            "scores": list(self.scores),
            "data_limit": self.data_limit,
            "nonmated": self.nonmated,
            "data": self.data,
        }

    def calibrate(self, raw: float) -> ComparisonScore:
        """The calibrated score of one raw score."""
        value = float(self.values(raw))
        return ComparisonScore(value, raw, self.comparator, extrapolated=value > self.data_limit)

    def values(self, raw: ArrayLike) -> NDArray[np.float64]:
        """The calibrated values of raw scores, of the same shape."""
        return np.asarray(np.interp(np.asarray(raw, np.float64), self.raw, self.scores))


def fit_calibration(comparator: str, nonmated: NDArray[np.floating[Any]], data: str) -> Calibration:
    """Fit a curve to the raw scores of non-mated comparisons.

    Where at least ten comparisons reach a raw score, their share is its FMR. Beyond, a generalised Pareto tail
    (Pickands 1975) is fitted to the excesses by probability-weighted moments (Hosking and Wallis 1987), never with a
    bounded tail and with its scale two standard errors up, so that it errs towards a higher FMR.
    """
    ordered = np.sort(nonmated.astype(np.float64))[::-1]
    count = len(ordered)
    data_limit = float(np.log10(count / ENOUGH))
    measured = ordered[(count * 10.0 ** -np.arange(0, data_limit, STEP)).astype(np.int64) - 1]
    reaching = np.searchsorted(-ordered, -measured, side="right")
    beyond = np.append(np.arange(data_limit, HIGHEST_SCORE, STEP), HIGHEST_SCORE)
    raw = np.concatenate([measured, _tail(ordered, beyond)])
    knots, scores = _ascending(raw, np.concatenate([np.log10(count / reaching), beyond]))
    return Calibration(comparator, knots, scores, data_limit, count, data)


def _tail(ordered: NDArray[np.float64], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Raw scores at which the fitted tail reaches the given scores; ``ordered`` descends."""
    count = len(ordered)
    size = max(min(LARGEST_TAIL, count // 20), ENOUGH)
    start = ordered[size]
    shape, scale = _generalised_pareto(ordered[:size] - start)
    scale *= 1 + 2 / np.sqrt(size)
    log_survival = np.log(10) * scores + np.log(size / count)
    excess = scale * (np.expm1(shape * log_survival) / shape if shape > 0 else log_survival)
    return np.asarray(np.maximum(start + excess, ordered[ENOUGH - 1]), np.float64)


def _generalised_pareto(excesses: NDArray[np.float64]) -> tuple[float, float]:
    """Shape (0 or more) and scale of the tail of the excesses, which descend."""
    mean = float(excesses.mean())
    weighted = float((excesses * (np.arange(len(excesses)) + 0.65) / len(excesses)).mean())
    shape = min(max(2 - mean / max(mean - 2 * weighted, 1e-12), 0.0), HEAVIEST_TAIL)
    return shape, mean * (1 - shape)


def _ascending(raw: NDArray[np.float64], scores: NDArray[np.float64]) -> tuple[Knots, Knots]:
    """Knots without those that rise in one of the two alone; of equal raw scores the lowest score stays."""
    knots = [(-np.inf, -np.inf)]
    for at, score in zip(raw.round(6).tolist(), scores.round(6).tolist(), strict=True):
        if at > knots[-1][0] and score > knots[-1][1]:
            knots.append((at, score))
    return tuple(at for at, _ in knots[1:]), tuple(score for _, score in knots[1:])


def _invalid(comparator: str, fault: str) -> BiometricServiceError:
    message = f"The calibration of the comparator {comparator} is not usable: {fault}."
    return BiometricServiceError(ErrorCode.MODEL_INVALID, message, "Correct [calibration] in the model's manifest.")
