"""Which rows and subjects several templates of one person leave standing between them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biometric_service.gallery.rows import Rows
from biometric_service.gallery.shortlisting import Sought

LEADERS = 1000
"""Subjects who are compared in full with every template because all of them together speak for them."""
OWN = 2
"""Subjects listed because one template alone speaks for them, whatever the others say."""


def pruned(sought: Sequence[Sought], likeness: Sequence[NDArray[np.int32]], kept: Sequence[int]) -> list[Rows]:
    """Each one's ``kept`` most similar rows, and all rows of the subjects who are most alike in all of them.

    ``likeness``: for each of the sought, how alike each of its rows is, in any unit.
    """
    wanted = [_highest(values, count) for values, count in zip(likeness, kept, strict=True)]
    if len(sought) > 1:
        leads = _marked(_leaders([_deviations(values) for values in likeness], sought, LEADERS), sought)
        wanted = [own | leads[each.subjects] for own, each in zip(wanted, sought, strict=True)]
    return [each.rows[chosen] for each, chosen in zip(sought, wanted, strict=True)]


def leading(sought: Sequence[Sought], scores: Sequence[NDArray[np.float32]], limit: int) -> NDArray[np.int32]:
    """Numbers of the ``limit`` subjects for whom all templates together speak most, and those for whom one does.

    A template speaks for a subject by the rank that its score has among all that it was compared with: -log10 of the
    share that scores as high, which needs no calibration; the sum over the templates is what is ranked here.
    """
    ranked = [_rarity(values) for values in scores]
    own = [each.subjects[_highest(values, OWN)] for each, values in zip(sought, scores, strict=True)]
    return np.unique(np.concatenate([_leaders(ranked, sought, limit), *own]))


def _leaders(evidence: Sequence[NDArray[Any]], sought: Sequence[Sought], limit: int) -> NDArray[np.int32]:
    """Numbers of the subjects with the highest sums over the templates of their best row's evidence."""
    total = np.zeros(_subjects(sought))
    for values, each in zip(evidence, sought, strict=True):
        best = np.full(len(total), -np.inf)
        np.maximum.at(best, each.subjects, values)
        total += np.where(np.isneginf(best), 0, best)
    return np.flatnonzero(_highest(total, limit)).astype(np.int32)


def _deviations(values: NDArray[np.int32]) -> NDArray[np.float64]:
    """By how many standard deviations each value is above the mean; 0 where all are equal."""
    spread = float(values.std()) if len(values) else 0.0
    return np.asarray((values - values.mean()) / spread if spread else np.zeros(len(values)), np.float64)


def _rarity(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """-log10 of the share of the scores that are as high."""
    ordered = np.sort(scores)
    reaching = len(scores) - np.searchsorted(ordered, scores, side="left")
    return np.asarray(np.log10(len(scores) / np.maximum(reaching, 1)), np.float64)


def _highest(values: NDArray[Any], count: int) -> NDArray[np.bool_]:
    """Which are the ``count`` highest, all that equal the last of them included."""
    if count >= len(values):
        return np.ones(len(values), np.bool_)
    return np.asarray(values >= np.partition(values, len(values) - count)[len(values) - count])


def _marked(numbers: NDArray[np.int32], sought: Sequence[Sought]) -> NDArray[np.bool_]:
    marks = np.zeros(_subjects(sought), np.bool_)
    marks[numbers] = True
    return marks


def _subjects(sought: Sequence[Sought]) -> int:
    """One more than the highest number of a subject."""
    return max((1 + int(each.subjects.max()) for each in sought if len(each.subjects)), default=0)
