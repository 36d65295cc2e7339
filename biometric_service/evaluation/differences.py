"""Differences between groups of samples at one threshold for all (ISO/IEC 19795-10): FNMR and FMR of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biometric_service.evaluation.labels import Labels, values_of
from biometric_service.evaluation.resampling import drawn_groups, share_interval, spread
from biometric_service.evaluation.samples import ComparedSet
from biometric_service.evaluation.verification import nonmated_samples

Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class _Taken:
    """Non-mated pairs of one set at the threshold: their samples and their subjects, integer (t, 2) each."""

    samples: NDArray[np.integer[Any]]
    subjects: NDArray[np.integer[Any]]


@dataclass(frozen=True, slots=True)
class _Mated:
    """Mated pairs of one set: which values both samples have, whose they are, and which missed the threshold."""

    low: Codes
    high: Codes
    subjects: NDArray[np.integer[Any]]
    missed: NDArray[np.bool_]


def differences(sets: Sequence[ComparedSet], labels: Labels, threshold: float) -> dict[str, dict[str, Any]]:
    """By column and value, and by two values where the samples of a mated pair differ (two sensors, two fingers)."""
    taken = [_taken(each, threshold) for each in sets] if labels.columns else []
    return {column: _by_value(sets, labels, column, threshold, taken) for column in labels.columns}


def _taken(of: ComparedSet, threshold: float) -> _Taken:
    reached = np.flatnonzero(of.pairs.nonmated >= threshold)
    return _Taken(nonmated_samples(of.samples, reached), of.pairs.nonmated_groups[reached])


def _by_value(
    sets: Sequence[ComparedSet], labels: Labels, column: str, threshold: float, taken: Sequence[_Taken]
) -> dict[str, Any]:
    given = [values_of(labels, column, each.subjects) for each in sets]
    names = sorted({value for values in given for value in values if value})
    codes = [np.array([names.index(value) if value else -1 for value in values], np.int32) for values in given]
    mated = _pooled_mated(sets, codes, threshold)
    found: dict[str, Any] = {}
    for code, name in enumerate(names):
        found[name] = {
            "subjects": sum(len(set(each.samples[of == code].tolist())) for each, of in zip(sets, codes, strict=True)),
            "samples": int(sum(np.count_nonzero(of == code) for of in codes)),
            **_fnmr(mated, code, code),
            **_fmr([_nonmated(*each, code) for each in zip(sets, codes, taken, strict=True)]),
        }
    return found | {
        f"{names[low]} / {names[high]}": _fnmr(mated, low, high)
        for low, high in sorted(set(zip(mated.low.tolist(), mated.high.tolist(), strict=True)))
        if 0 <= low < high
    }


def _pooled_mated(sets: Sequence[ComparedSet], codes: Sequence[Codes], threshold: float) -> _Mated:
    made, first = [], 0
    for each, of in zip(sets, codes, strict=True):
        one, other = of[each.mated_samples].T
        missed = (each.pairs.mated < threshold) | np.isneginf(each.pairs.mated)
        made.append((np.minimum(one, other), np.maximum(one, other), each.pairs.mated_groups + first, missed))
        first += len(each.subjects)
    return _Mated(*(np.concatenate(part) for part in zip(*made, strict=True)))


def _fnmr(mated: _Mated, low: int, high: int) -> dict[str, Any]:
    chosen = (mated.low == low) & (mated.high == high)
    missed = mated.missed[chosen]
    return {
        "mated": len(missed),
        "fnmr": float(missed.mean()) if len(missed) else None,
        "interval": share_interval(missed, mated.subjects[chosen]) if len(missed) else None,
    }


def _fmr(parts: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> dict[str, Any]:
    """Of the non-mated pairs that both have the value."""
    count, taken = sum(int(_pairs(sizes)) for sizes, _ in parts), sum(len(each) for _, each in parts)
    return {
        "nonmated": count,
        "fmr": taken / count if count else None,
        "fmr_interval": spread(_drawn_fmrs(parts)) if count else None,
    }


def _nonmated(of: ComparedSet, codes: Codes, taken: _Taken, code: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """How many samples of each subject have the value, and the two subjects of each pair at the threshold."""
    within = codes == code
    sizes = np.bincount(of.samples[within], minlength=len(of.subjects)).astype(np.float64)
    return sizes, taken.subjects[within[taken.samples].all(axis=1)]


def _pairs(weights: NDArray[np.float64]) -> float:
    """How many pairs across subjects there are, with so many samples of each."""
    return float((weights.sum() ** 2 - (weights**2).sum()) / 2)


def _drawn_fmrs(parts: Sequence[tuple[NDArray[Any], NDArray[Any]]]) -> Iterator[float]:
    present = [np.flatnonzero(sizes) for sizes, _ in parts]
    for drawn in drawn_groups(sum(map(len, present))):
        taken, count, first = 0.0, 0.0, 0
        for (sizes, pairs), those in zip(parts, present, strict=True):
            weights = np.zeros(len(sizes))
            weights[those] = drawn[first : first + len(those)]
            first += len(those)
            taken += float(weights[pairs].prod(axis=1).sum())
            count += _pairs(weights * sizes)
        yield taken / count if count > 0 else 0.0
