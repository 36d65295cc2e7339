"""Error rates of an open-set identification (ISO/IEC 19795-1) with bootstrap intervals by subject."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biometric_service.evaluation.rates import fnmr_below, thresholds
from biometric_service.evaluation.resampling import REPLICATES, SEED


@dataclass(frozen=True, slots=True)
class OpenSet:
    """Scores of the best candidates.

    ``mated``: float64 (m,), minus infinity where the best candidate is not the subject. ``nonmated``: float64 (n,).
    ``mated_subjects``, ``nonmated_subjects``: int64, whose probe each is.
    """

    mated: NDArray[np.float64]
    mated_subjects: NDArray[np.int64]
    nonmated: NDArray[np.float64]
    nonmated_subjects: NDArray[np.int64]

    @property
    def rank1(self) -> float:
        """Share of mated probes whose best candidate is the subject."""
        return float(np.mean(~np.isneginf(self.mated))) if len(self.mated) else np.nan

    def fnir(self, fpir: float) -> float:
        """FNIR at the lowest threshold that keeps to the FPIR."""
        return fnmr_below(self.mated, thresholds(self.nonmated, [fpir])[0])

    def shows(self, fpir: float) -> bool:
        """Whether there are enough non-mated probes for one of them to be allowed at the FPIR."""
        return bool(len(self.mated)) and fpir * len(self.nonmated) >= 1

    def interval(self, fpir: float) -> tuple[float, float]:
        """95 % bootstrap interval of the FNIR; subjects are drawn anew, the threshold is set anew each time."""
        chance = np.random.default_rng(SEED)
        draws = [self._drawn(chance).fnir(fpir) for _ in range(REPLICATES)]
        low, high = np.quantile(draws, [0.025, 0.975])
        return float(low), float(high)

    def _drawn(self, chance: np.random.Generator) -> "OpenSet":
        mated, nonmated = (_draw(subjects, chance) for subjects in (self.mated_subjects, self.nonmated_subjects))
        return OpenSet(
            self.mated[mated], self.mated_subjects[mated], self.nonmated[nonmated], self.nonmated_subjects[nonmated]
        )


def summary(experiment: OpenSet, fpirs: Sequence[float]) -> dict[str, Any]:
    """``rank1``, ``fnir`` and its ``interval`` at each FPIR that the probes can show."""
    shown = [fpir for fpir in fpirs if experiment.shows(fpir)]
    return {
        "rank1": experiment.rank1,
        "fnir": {f"{fpir:g}": experiment.fnir(fpir) for fpir in shown},
        "interval": {f"{fpir:g}": list(experiment.interval(fpir)) for fpir in shown},
    }


def cmc(ranks: Sequence[int], most: int) -> list[float]:
    """Share of mated probes whose subject is among the best 1, 2, ... ``most``; rank 0 is of those not listed."""
    listed = np.array(ranks, np.int64)
    return [float(np.mean((listed >= 1) & (listed <= rank))) for rank in range(1, most + 1)] if len(listed) else []


def _draw(subjects: NDArray[np.int64], chance: np.random.Generator) -> NDArray[np.int64]:
    """Indices of all probes of as many subjects as there are, drawn with replacement."""
    names, numbers = np.unique(subjects, return_inverse=True)
    times = np.bincount(chance.integers(len(names), size=len(names)), minlength=len(names))
    return np.repeat(np.arange(len(subjects)), times[numbers])
