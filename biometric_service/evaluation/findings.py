"""What an evaluation finds, as the fields of its report: rates, worst subjects, and differences by label."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biometric_service.evaluation.differences import differences
from biometric_service.evaluation.identification import Identified
from biometric_service.evaluation.labels import Labels
from biometric_service.evaluation.rates import Experiment, Scores, det, summary, thresholds
from biometric_service.evaluation.resampling import share_interval
from biometric_service.evaluation.samples import Collected, ComparedSet
from biometric_service.evaluation.verification import pool
from biometric_service.vocabulary.protocols import Comparator

OPERATING_FMR = 0.001
"""Where subjects and labels are compared with one another."""
STATED = (1, 2, 3, 4)
WORST = 10
MARGIN = 1e-12


@dataclass(frozen=True, slots=True)
class Named:
    """All sets together, with the name of each subject, and the threshold of the operating FMR."""

    names: tuple[str, ...]
    pairs: Experiment
    threshold: float


def verification(sets: Sequence[ComparedSet], labels: Labels, comparator: Comparator) -> dict[str, Any]:
    """Every figure of the verification, by the keys that the accuracy benchmarks share."""
    pooled = pool([each.pairs for each in sets])
    threshold = thresholds(pooled.nonmated, [OPERATING_FMR])[0]
    together = Named(tuple(subject.known_as for each in sets for subject in each.subjects), pooled, threshold)
    samples = sum(len(each.samples) for each in sets)
    return {
        "subjects": len(together.names),
        "samples": samples,
        "fte": sum(each.failures for each in sets) / samples,
        "pooled": summary(pooled),
        "sets": {each.name: summary(each.pairs) for each in sets},
        "calibration": stated_and_measured(comparator, pooled.nonmated),
        "det": det(pooled.mated, pooled.nonmated).tolist(),
        "operating_fmr": OPERATING_FMR,
        "worst": worst(together),
        "labels": differences(sets, labels, threshold),
    }


def acquisition(collected: Collected) -> dict[str, Any]:
    """Failures to acquire: samples of which no template could be made, with their interval by subject and reasons."""
    failed = [
        (subject.name, collected.made[file] is None) for subject in collected.subjects for file in subject.samples
    ]
    hits = np.array([each for _, each in failed])
    return {
        "fta": float(hits.mean()),
        "interval": share_interval(hits, np.array([name for name, _ in failed])),
        "failed": int(hits.sum()),
        "reasons": dict(collected.failures),
    }


def enrolment(found: Identified) -> dict[str, Any]:
    """Failures to enrol: subjects whose first samples did not all give a template."""
    subjects = len(found.inside)
    hits = np.arange(subjects) < found.failures
    return {
        "fte": found.failures / subjects,
        "interval": share_interval(hits, np.arange(subjects)),
        "subjects": subjects,
        "failed": found.failures,
    }


def stated_and_measured(comparator: Comparator, nonmated: Scores) -> dict[str, dict[str, float]]:
    """The FMR measured at the raw scores that the comparator states as -log10 FMR, which rise with the raw ones."""
    ordered = np.sort(nonmated)
    reached = {f"{10.0**-score:g}": _reaching(comparator, ordered, score) / len(ordered) for score in STATED}
    return {"fmr": reached}


def worst(of: Named) -> dict[str, list[dict[str, Any]]]:
    """``goats``: those who miss themselves most; ``lambs``: those taken for others most. At the operating FMR."""
    missed = (of.pairs.mated < of.threshold) | np.isneginf(of.pairs.mated)
    taken = np.repeat(of.pairs.nonmated >= of.threshold, 2)
    return {
        "goats": _worst(of.names, of.pairs.mated_groups, missed),
        "lambs": _worst(of.names, of.pairs.nonmated_groups.ravel(), taken),
    }


def _reaching(comparator: Comparator, ordered: Scores, score: float) -> int:
    low, high = 0, len(ordered)
    while low < high:
        middle = (low + high) // 2
        if comparator.calibrate(float(ordered[middle])).value >= score:
            high = middle
        else:
            low = middle + 1
    return len(ordered) - low


def _worst(names: Sequence[str], groups: NDArray[Any], wrong: NDArray[np.bool_]) -> list[dict[str, Any]]:
    of_each = np.bincount(groups, minlength=len(names))
    rates = np.bincount(groups, wrong, minlength=len(names)) / np.maximum(of_each, 1)
    order = [number for number in np.argsort(-rates, kind="stable")[:WORST] if rates[number] > MARGIN]
    return [
        {"subject": names[number], "rate": float(rates[number]), "comparisons": int(of_each[number])}
        for number in order
    ]
