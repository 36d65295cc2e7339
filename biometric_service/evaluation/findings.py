"""What an evaluation finds, as the fields of its report: rates, worst subjects, and differences by label."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.evaluation.rates import Experiment, det, fnmr_below, summary, thresholds
from biometric_service.evaluation.samples import ComparedSet
from biometric_service.evaluation.verification import pool

OPERATING_FMR = 0.001
"""Where subjects and labels are compared with one another."""
WORST = 10
REPLICATES = 400
SEED = 19795
MARGIN = 1e-12
Labels = Mapping[str, Mapping[str, str]]
"""By column, then by subject."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """All sets together, with the name of each subject as the labels have it."""

    names: tuple[str, ...]
    pairs: Experiment
    threshold: float


def findings(sets: Sequence[ComparedSet], labels: Labels) -> dict[str, Any]:
    """Every figure, by the keys that the accuracy benchmarks share."""
    pooled = pool([each.pairs for each in sets])
    names = tuple(name for each in sets for name in each.subjects)
    together = Labelled(names, pooled, thresholds(pooled.nonmated, [OPERATING_FMR])[0])
    samples = sum(len(each.samples) for each in sets)
    return {
        "subjects": len(names),
        "samples": samples,
        "fte": sum(each.failures for each in sets) / samples,
        "pooled": summary(pooled),
        "sets": {each.name: summary(each.pairs) for each in sets},
        "det": det(pooled.mated, pooled.nonmated).tolist(),
        "operating_fmr": OPERATING_FMR,
        "worst": worst(together),
        "labels": {column: by_label(together, values) for column, values in labels.items()},
    }


def worst(of: Labelled) -> dict[str, list[dict[str, Any]]]:
    """``goats``: those who miss themselves most; ``lambs``: those taken for others most. At the operating FMR."""
    missed = (of.pairs.mated < of.threshold) | np.isneginf(of.pairs.mated)
    taken = np.repeat(of.pairs.nonmated >= of.threshold, 2)
    return {
        "goats": _worst(of.names, of.pairs.mated_groups, missed),
        "lambs": _worst(of.names, of.pairs.nonmated_groups.ravel(), taken),
    }


def by_label(of: Labelled, values: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """FNMR of each value at the one threshold of all, with its 95 % interval by subject, without the unlabelled."""
    given = np.array([values.get(name, "") for name in of.names])
    return {str(value): _of_value(of, given == value) for value in sorted(set(given) - {""})}


def read_labels(path: Path) -> dict[str, dict[str, str]]:
    """A CSV file with a column ``subject`` and further ones (sensor, finger, sex, age_band...); REQUEST_INVALID."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error):
        rows = []
    if not rows or "subject" not in rows[0]:
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID, f"{path.name} holds no labels.", "Give a CSV file with a column named subject."
        )
    columns = [name for name in rows[0] if name and name != "subject"]
    return {column: {row["subject"]: (row[column] or "").strip() for row in rows} for column in columns}


def _of_value(of: Labelled, within: NDArray[np.bool_]) -> dict[str, Any]:
    chosen = within[of.pairs.mated_groups]
    pairs = replace(of.pairs, mated=of.pairs.mated[chosen], mated_groups=of.pairs.mated_groups[chosen])
    known = len(pairs.mated) > 0
    return {
        "subjects": int(within.sum()),
        "mated": len(pairs.mated),
        "fnmr": fnmr_below(pairs.mated, of.threshold) if known else None,
        "interval": _interval(pairs, of.threshold) if known else None,
    }


def _interval(pairs: Experiment, threshold: float) -> list[float]:
    """Subjects are drawn anew; the threshold stays, as it does for those who are judged by it."""
    _, numbers = np.unique(pairs.mated_groups, return_inverse=True)
    missed = (pairs.mated < threshold) | np.isneginf(pairs.mated)
    wrong, all_of = np.bincount(numbers, missed), np.bincount(numbers)
    drawn = np.random.default_rng(SEED).integers(len(all_of), size=(REPLICATES, len(all_of)))
    rates = wrong[drawn].sum(axis=1) / all_of[drawn].sum(axis=1)
    return [float(bound) for bound in np.quantile(rates, [0.025, 0.975])]


def _worst(names: Sequence[str], groups: NDArray[Any], wrong: NDArray[np.bool_]) -> list[dict[str, Any]]:
    of_each = np.bincount(groups, minlength=len(names))
    rates = np.bincount(groups, wrong, minlength=len(names)) / np.maximum(of_each, 1)
    order = [number for number in np.argsort(-rates, kind="stable")[:WORST] if rates[number] > MARGIN]
    return [
        {"subject": names[number], "rate": float(rates[number]), "comparisons": int(of_each[number])}
        for number in order
    ]
