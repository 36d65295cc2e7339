"""Who is measured, and what each makes of the same impressions."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.accuracy.fingerprint import FingerSet, compare_all, extract_all
from benchmarks.peers import bozorth3
from biometric_service.app import build_walk
from biometric_service.evaluation.rates import Experiment, summary
from biometric_service.evaluation.verification import pool
from biometric_service.settings import load_settings
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.samples import Modality

OURS = "ours"
SETTINGS: Mapping[str, Mapping[str, str]] = {
    OURS: {},
    "SourceAFIS": {"fingerprint_model": "sourceafis", "fingerprint_comparator": "sourceafis"},
    "LEADER + SourceAFIS": {"fingerprint_model": "leader", "fingerprint_comparator": "sourceafis"},
}
BOZORTH3 = "mindtct + bozorth3"


@dataclass(frozen=True, slots=True)
class Showing:
    """What one contender did. ``compared``: every comparison among the impressions, folder by folder."""

    name: str
    extractor: str
    comparator: str
    pooled: Experiment
    fte: float
    extract_ms: float
    compare_per_s: float

    def figures(self) -> dict[str, Any]:
        """By the keys that all accuracy benchmarks share."""
        return {
            "extractor": self.extractor,
            "comparator": self.comparator,
            "pooled": summary(self.pooled),
            "fte": self.fte,
            "extract_ms": self.extract_ms,
            "compare_per_s": self.compare_per_s,
        }


class Arena:
    """The impressions of the folders; contenders of one extractor are given the same templates."""

    def __init__(self, folders: Sequence[Path], cache: Path | None) -> None:
        self._folders = folders
        self._cache = cache
        self._made: dict[str, tuple[list[FingerSet], float]] = {}

    def show(self, name: str) -> Showing:
        """Put the impressions through one contender."""
        if name == BOZORTH3:
            return _showing(name, ("mindtct", "bozorth3"), bozorth3.comparator(), *bozorth3.mindtct_all(self._folders))
        chosen = {**SETTINGS[name], "face_model": "", "fingerprint_quality": "native"}
        with tempfile.TemporaryDirectory() as scratch:
            walk = build_walk(load_settings().model_copy(update={**chosen, "data_dir": Path(scratch)}))
            comparator = walk.comparators[Modality.FINGERPRINT]
            extractor = str(comparator.format)
            made = self._made.get(extractor) or extract_all(walk, self._folders, self._cache)
        self._made[extractor] = made
        return _showing(name, (extractor, comparator.name), comparator, *made)


def _showing(
    name: str, what: tuple[str, str], comparator: Comparator, sets: Sequence[FingerSet], extract_ms: float
) -> Showing:
    compare_all(comparator, sets[0])  # for compilers that start with the first comparisons
    compared = [compare_all(comparator, each) for each in sets]
    rate = sum(count for _, count, _ in compared) / sum(seconds for _, _, seconds in compared)
    fte = float(np.mean([template is None for each in sets for template in each.templates]))
    return Showing(name, *what, pool([experiment for experiment, _, _ in compared]), fte, extract_ms, rate)
