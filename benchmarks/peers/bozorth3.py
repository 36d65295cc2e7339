"""NIST's mindtct and bozorth3, through nbis-py, in the form that the accuracy benchmark compares.

nbis-py keeps nothing of a probe between two comparisons, so that its speed says less of bozorth3 than of this binding:
NIST's own program does some 1,800 a second.
"""

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.fingerprint import FingerSet
from biometric_service.evaluation.subjects import SampleFile, fingerprints
from biometric_service.vocabulary.protocols import Comparator


@dataclass(slots=True)
class Bozorth3Bank:
    """Minutiae as nbis-py holds them, compared one by one."""

    held: list[Any] = field(default_factory=list)

    def add(self, minutiae: object) -> int:
        """Hold minutiae; returns their row."""
        self.held.append(minutiae)
        return len(self.held) - 1

    def scores(self, probe: Any, rows: NDArray[np.int64]) -> NDArray[np.float32]:  # noqa: ANN401
        """bozorth3's scores, float32, higher is more alike."""
        return np.array([probe.compare(self.held[row]) for row in rows.tolist()], np.float32)


class Bozorth3:
    """What ``compare_all`` wants of a comparator."""

    def bank(self) -> Bozorth3Bank:
        """A new empty bank."""
        return Bozorth3Bank()


def comparator() -> Comparator:
    """bozorth3 for ``compare_all``, which asks no more of a comparator than a bank."""
    return cast("Comparator", Bozorth3())


def mindtct_all(folders: Sequence[Path]) -> tuple[list[FingerSet], float]:
    """Every impression's minutiae, and CPU milliseconds an impression."""
    started = time.process_time()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as workers:
        sets = [_finger_set(folder, workers) for folder in folders]
    count = sum(len(each.templates) for each in sets)
    return sets, 1000 * (time.process_time() - started) / count


def _finger_set(folder: Path, workers: ThreadPoolExecutor) -> FingerSet:
    fingers = fingerprints([folder])
    made = workers.map(_minutiae, [file for finger in fingers for file in finger.samples])
    numbers = [number for number, finger in enumerate(fingers) for _ in finger.samples]
    return FingerSet(folder.name, list(made), np.array(numbers, np.int32))


def _minutiae(file: SampleFile) -> Any:  # noqa: ANN401  # no template of ours, but carried like one
    from nbis import NbisError, NbisExtractorSettings, new_nbis_extractor  # noqa: PLC0415  # an extra

    settings = NbisExtractorSettings(
        min_quality=0.0, get_center=False, check_fingerprint=False, compute_nfiq2=False, ppi=file.dpi
    )
    try:
        return new_nbis_extractor(settings).extract_minutiae(file.given().data)
    except NbisError:
        return None
