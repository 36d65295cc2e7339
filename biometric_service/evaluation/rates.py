"""Error rates of a comparison experiment (ISO/IEC 19795-1) with bootstrap intervals.

A comparison says "same" where its score reaches the threshold. A failure to extract is a score of minus infinity, so
that it counts as a false non-match on a mated pair at every threshold.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Scores: TypeAlias = NDArray[np.floating[Any]]
Groups: TypeAlias = NDArray[np.integer[Any]]

FMRS = (0.01, 0.001, 0.0001)
REPLICATES = 400
TAIL_FACTOR = 4


@dataclass(frozen=True, slots=True)
class Experiment:
    """Scores of mated and non-mated comparisons, higher is more alike, and who each comparison was of.

    ``mated``: floating (m,). ``mated_groups``: integer (m,), the finger or person of each. ``nonmated``: floating (n,),
    tens of millions are fine. ``nonmated_groups``: integer (n, 2), the two fingers or persons of each. Groups are
    numbered from 0.
    """

    mated: Scores
    mated_groups: Groups
    nonmated: Scores
    nonmated_groups: Groups


def thresholds(nonmated: Scores, fmrs: Sequence[float]) -> list[float]:
    """The smallest score at which the measured FMR is at most each of the given ones.

    Where several comparisons tie at the limit, the threshold lies above all of them, never among them.
    """
    allowed = [_allowed(len(nonmated), fmr) for fmr in fmrs]
    places = [len(nonmated) - 1 - count for count in allowed]
    parted = np.partition(nonmated, sorted({max(place, 0) for place in places}))
    return [_just_above(parted[place]) if place >= 0 else -np.inf for place in places]


def fnmr_at(mated: Scores, nonmated: Scores, fmr: float) -> float:
    """FNMR at the threshold for an FMR, as a fraction of 1."""
    return fnmr_below(mated, thresholds(nonmated, [fmr])[0])


def fnmr_below(mated: Scores, threshold: float) -> float:
    """Fraction of mated scores that miss the threshold."""
    return float(np.mean((mated < threshold) | np.isneginf(mated)))


def tar(mated: Scores, nonmated: Scores, fmr: float) -> float:
    """True accept rate at the threshold for an FMR: 1 - FNMR."""
    return 1.0 - fnmr_at(mated, nonmated, fmr)


def det(mated: Scores, nonmated: Scores, points: int = 100) -> NDArray[np.float64]:
    """The DET curve, float64 (points, 2): FMR on a logarithmic grid from 1 / n to 1, and the FNMR there."""
    fmrs = np.geomspace(1 / len(nonmated), 1, points)
    fnmrs = [fnmr_below(mated, threshold) for threshold in thresholds(nonmated, fmrs.tolist())]
    return np.column_stack([fmrs, fnmrs])


def eer(mated: Scores, nonmated: Scores) -> float:
    """Equal error rate: the mean of FMR and FNMR at the threshold where they differ least."""
    ordered = np.sort(mated.astype(np.float64))
    low, high = _crossing(ordered, nonmated)
    between = np.sort(nonmated[(nonmated >= low) & (nonmated <= high)].astype(np.float64))
    above = np.count_nonzero(nonmated > high)
    ends = np.unique(np.concatenate([between, [low, high]]))
    at = np.concatenate([ends, np.nextafter(ends, np.inf)])
    fmr = (above + len(between) - np.searchsorted(between, at)) / len(nonmated)
    fnmr = np.searchsorted(ordered, at) / len(ordered)
    best = np.argmin(np.abs(fmr - fnmr))
    return float(fmr[best] + fnmr[best]) / 2


def interval(
    experiment: Experiment, fmr: float, replicates: int = REPLICATES, seed: int = 19795
) -> tuple[float, float]:
    """95 % bootstrap interval of the FNMR at an FMR, resampling whole fingers or persons.

    A replicate draws as many groups as there are, with replacement; a comparison counts as often as its groups were
    drawn together. The threshold is set anew in each replicate.
    """
    bootstrap = _Bootstrap(experiment, fmr)
    draws = np.random.default_rng(seed)
    rates = [bootstrap.fnmr(draws) for _ in range(replicates)]
    low, high = np.nanquantile(rates, [0.025, 0.975])
    return float(low), float(high)


def summary(experiment: Experiment) -> dict[str, Any]:
    """The keys every accuracy benchmark prints: counts, ``eer``, ``fnmr`` and its 95 % ``interval`` by FMR."""
    mated, nonmated = experiment.mated, experiment.nonmated
    limits = thresholds(nonmated, FMRS)
    return {
        "mated": len(mated),
        "nonmated": len(nonmated),
        "eer": eer(mated, nonmated),
        "fnmr": {f"{fmr:g}": fnmr_below(mated, limit) for fmr, limit in zip(FMRS, limits, strict=True)},
        "interval": {f"{fmr:g}": list(interval(experiment, fmr)) for fmr in FMRS},
    }


class _Bootstrap:
    """One experiment prepared for many replicates: only the tail of non-mated scores is kept in order."""

    def __init__(self, experiment: Experiment, fmr: float) -> None:
        self._fmr = fmr
        self._mated = experiment.mated
        self._mated_groups = experiment.mated_groups
        self._groups = 1 + int(max(experiment.mated_groups.max(), experiment.nonmated_groups.max()))
        first, second = experiment.nonmated_groups.astype(np.int64).T
        pairs = np.bincount(first * self._groups + second, minlength=self._groups**2)
        self._pairs = pairs.reshape(self._groups, self._groups).astype(np.float64)
        self._keep_tail(experiment)

    def _keep_tail(self, experiment: Experiment) -> None:
        scores = experiment.nonmated
        count = min(len(scores), TAIL_FACTOR * (_allowed(len(scores), self._fmr) + 100))
        tail = np.argpartition(scores, len(scores) - count)[len(scores) - count :]
        tail = tail[np.argsort(-scores[tail], kind="stable")]
        self._tail = scores[tail]
        self._tail_groups = experiment.nonmated_groups[tail]

    def fnmr(self, draws: np.random.Generator) -> float:
        """FNMR of one replicate; NaN where it drew no mated comparison."""
        drawn = np.bincount(draws.integers(self._groups, size=self._groups), minlength=self._groups).astype(np.float64)
        weights = drawn[self._mated_groups]
        missed = (self._mated < self._threshold(drawn)) | np.isneginf(self._mated)
        total = weights.sum()
        return float(weights[missed].sum() / total) if total else np.nan

    def _threshold(self, drawn: NDArray[np.float64]) -> float:
        allowed = np.floor(self._fmr * float(drawn @ self._pairs @ drawn) * (1 + 1e-12))
        reached = np.cumsum(drawn[self._tail_groups].prod(axis=1))
        place = int(np.searchsorted(reached, allowed, side="right"))
        return _just_above(self._tail[min(place, len(self._tail) - 1)])


def _allowed(count: int, fmr: float) -> int:
    return int(np.floor(fmr * count * (1 + 1e-12)))


def _just_above(score: np.floating[Any]) -> float:
    return float(np.nextafter(score, score.dtype.type(np.inf)))


def _crossing(mated: NDArray[np.float64], nonmated: Scores) -> tuple[float, float]:
    """Two neighbouring mated scores between which FNMR overtakes FMR; ``mated`` ascends."""
    first, last = 0, len(mated)
    while first < last:
        middle = (first + last) // 2
        fnmr = np.searchsorted(mated, mated[middle]) / len(mated)
        if fnmr >= np.count_nonzero(nonmated >= mated[middle]) / len(nonmated):
            last = middle
        else:
            first = middle + 1
    low = mated[max(first - 1, 0)]
    high = mated[first] if first < len(mated) else np.inf
    return float(low), float(high)
