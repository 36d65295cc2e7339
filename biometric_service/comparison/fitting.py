"""Fits calibrations to the raw scores of non-mated comparisons, with their uncertainty by finger or person."""

import math
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.calibration import Calibration, Knots

Values: TypeAlias = NDArray[np.float64]
Groups: TypeAlias = NDArray[np.integer[Any]]

HIGHEST_SCORE = 9.0
STEP = 0.25
ENOUGH = 10
TAIL_SHARE = 1 / 200
SMALLEST_TAIL, LARGEST_TAIL = 100, 2000
HEAVIEST_TAIL = 0.5
LEAST_WEIGHT = 0.05
REPLICATES = 200
SEED = 19795


def fit_calibration(
    comparator: str, nonmated: NDArray[np.floating[Any]], data: str, groups: Groups | None = None
) -> Calibration:
    """Fit a curve to the raw scores of non-mated comparisons.

    ``groups``: integer (n, 2), the two fingers or persons of each comparison, numbered from 0; with them the curve says
    how certain it is. Where at least ten comparisons reach a raw score, their share is its FMR. Beyond, a generalised
    Pareto tail (Pickands 1975), never a bounded one, is fitted by probability-weighted moments (Hosking and Wallis
    1987) to the excesses over what the highest half of a percent reach: further down the scores of comparators are
    lighter than any such tail, and what is stated would be too high by far.
    """
    order = np.argsort(-nonmated.astype(np.float64), kind="stable")
    ordered = nonmated.astype(np.float64)[order]
    count = len(ordered)
    data_limit = float(np.log10(count / ENOUGH))
    measured = ordered[(count * 10.0 ** -np.arange(0, data_limit, STEP)).astype(np.int64) - 1]
    reaching = np.searchsorted(-ordered, -measured, side="right")
    beyond = np.append(np.arange(data_limit, HIGHEST_SCORE, STEP), HIGHEST_SCORE)
    tail = _Tail(ordered, np.ones(count))
    extrapolated = np.maximum(tail.reached(beyond), ordered[ENOUGH - 1])
    scores = np.concatenate([np.log10(count / reaching), beyond])
    raw, kept = _ascending(np.concatenate([measured, extrapolated]), scores)
    curve = Calibration(comparator, raw, kept, data_limit, count, data)
    return curve if groups is None else _with_interval(curve, ordered, groups[order])


def with_mated(curve: Calibration, mated: NDArray[np.floating[Any]], data: str) -> Calibration:
    """With the FNMR of mated comparisons at each knot; minus infinity stands for a failure to extract."""
    below = np.searchsorted(np.sort(mated), curve.raw) / len(mated)
    return replace(curve, fnmr=tuple(below.round(6).tolist()), mated=len(mated), mated_data=data)


def weight_of(curve: Calibration, mated: NDArray[np.floating[Any]]) -> float:
    """The weight of a score in a fusion: the maximum likelihood of a Lehmann alternative (see ``decision.fusion``)."""
    mean = float(curve.values(mated).mean())
    return round(max(1 - 1 / max(math.log(10) * mean, 1.0), LEAST_WEIGHT), 4)


class _Tail:
    """The highest scores of weighted comparisons, and the tail fitted to them; ``ordered`` descends."""

    def __init__(self, ordered: Values, weights: Values) -> None:
        reached = np.cumsum(weights)
        share = min(max(TAIL_SHARE, SMALLEST_TAIL / len(ordered)), LARGEST_TAIL / len(ordered), 0.1)
        size = max(int(np.searchsorted(reached, share * reached[-1])), 2)
        self._start = float(ordered[size])
        self._share = float(reached[size - 1] / reached[-1])
        self._shape, self._scale = _generalised_pareto(ordered[:size] - self._start, weights[:size])

    def reached(self, scores: Values) -> Values:
        """Raw scores at which the tail reaches the scores."""
        log_survival = np.log(10) * scores + np.log(self._share)
        shape = self._shape
        excess = self._scale * (np.expm1(shape * log_survival) / shape if shape > 0 else log_survival)
        return np.asarray(self._start + excess, np.float64)

    def scores(self, raw: Values) -> Values:
        """-log10 FMR of raw scores in the tail."""
        excess = np.maximum(raw - self._start, 0) / self._scale
        log_survival = np.log1p(self._shape * excess) / self._shape if self._shape > 0 else excess
        return np.asarray((log_survival - np.log(self._share)) / np.log(10), np.float64)


def _generalised_pareto(excesses: Values, weights: Values) -> tuple[float, float]:
    """Shape (0 or more) and scale of the tail of the weighted excesses, which descend."""
    total = weights.sum()
    places = (np.cumsum(weights) - 0.35 * weights) / total
    mean = float(excesses @ weights / total)
    weighted = float((excesses * places) @ weights / total)
    shape = min(max(2 - mean / max(mean - 2 * weighted, 1e-12), 0.0), HEAVIEST_TAIL)
    return shape, max(mean * (1 - shape), 1e-9)


def _with_interval(curve: Calibration, ordered: Values, groups: Groups) -> Calibration:
    """With what whole fingers or persons, drawn anew, make of each knot."""
    chance = np.random.default_rng(SEED)
    size = 1 + int(groups.max())
    draws = (np.bincount(chance.integers(size, size=size), minlength=size) for _ in range(REPLICATES))
    raw = np.array(curve.raw)
    places = np.searchsorted(-ordered, -raw, side="right")
    found = [_replicate(curve, ordered, drawn[groups].prod(axis=1).astype(np.float64), places) for drawn in draws]
    low, high = np.quantile(found, [0.025, 0.975], axis=0)
    scores = np.array(curve.scores)
    return replace(curve, low=_knots(np.minimum(low, scores)), high=_knots(np.maximum(high, scores)))


def _replicate(curve: Calibration, ordered: Values, weights: Values, places: NDArray[np.intp]) -> Values:
    reached = np.concatenate([[0.0], np.cumsum(weights)])
    measured = -np.log10((reached[places] + 0.5) / (reached[-1] + 0.5))
    beyond = np.array(curve.scores) >= curve.data_limit
    scores = np.where(beyond, _Tail(ordered, weights).scores(np.array(curve.raw)), measured)
    return np.asarray(np.maximum.accumulate(np.maximum(scores, 0)), np.float64)


def _knots(values: Values) -> Knots:
    return tuple(np.maximum.accumulate(values).round(4).tolist())


def _ascending(raw: Values, scores: Values) -> tuple[Knots, Knots]:
    """Knots without those that rise in one of the two alone; of equal raw scores the lowest score stays."""
    knots = [(-np.inf, -np.inf)]
    for at, score in zip(raw.round(6).tolist(), scores.round(6).tolist(), strict=True):
        if at > knots[-1][0] and score > knots[-1][1]:
            knots.append((at, score))
    return tuple(at for at, _ in knots[1:]), tuple(score for _, score in knots[1:])
