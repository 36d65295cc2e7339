"""Differences between groups of probes of an identification at one threshold for all: FNIR and FPIR of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biometric_service.evaluation.identification import Identified
from biometric_service.evaluation.labels import Labels
from biometric_service.evaluation.rates import thresholds
from biometric_service.evaluation.resampling import share_interval
from biometric_service.evaluation.subjects import SampleFile, Subject

OPERATING_FPIR = 0.01
"""Where labels are compared with one another."""


@dataclass(frozen=True, slots=True)
class _Half:
    """The mated or the non-mated probes: whose each is, and whether it went wrong at the threshold."""

    probes: Sequence[tuple[Subject, SampleFile]]
    subjects: NDArray[np.int64]
    wrong: NDArray[np.bool_]

    def values(self, labels: Labels, column: str) -> NDArray[np.str_]:
        return np.array([labels.of(column, *probe) for probe in self.probes])

    def rate(self, within: NDArray[np.bool_]) -> dict[str, Any]:
        wrong = self.wrong[within]
        return {
            "probes": len(wrong),
            "rate": float(wrong.mean()) if len(wrong) else None,
            "interval": share_interval(wrong, self.subjects[within]) if len(wrong) else None,
        }


def probe_differences(found: Identified, labels: Labels, enrolled: int) -> dict[str, dict[str, Any]]:
    """By column and value of the probe; nothing where there are too few probes for the operating FPIR."""
    rates = found.open_set()
    if not labels.columns or not rates.shows(OPERATING_FPIR):
        return {}
    threshold = thresholds(rates.nonmated, [OPERATING_FPIR])[0]
    missed = (rates.mated < threshold) | np.isneginf(rates.mated)
    mated = _Half(_files(found.inside, enrolled), rates.mated_subjects, missed)
    nonmated = _Half(_files(found.outside, 0), rates.nonmated_subjects, rates.nonmated >= threshold)
    return {column: _by_value(mated, nonmated, labels, column) for column in labels.columns}


def _by_value(mated: _Half, nonmated: _Half, labels: Labels, column: str) -> dict[str, Any]:
    inside, outside = mated.values(labels, column), nonmated.values(labels, column)
    return {
        str(value): {"fnir": mated.rate(inside == value), "fpir": nonmated.rate(outside == value)}
        for value in sorted({*inside.tolist(), *outside.tolist()} - {""})
    }


def _files(subjects: Sequence[Subject], skipped: int) -> list[tuple[Subject, SampleFile]]:
    return [(each, file) for each in subjects for file in each.samples[skipped:]]
