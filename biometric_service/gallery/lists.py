"""Rows in lists, each with those whose keys are nearest to one centre, so that a search looks into a few of them."""

from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from biometric_service.gallery.rows import Rows, RowSet
from biometric_service.vocabulary.storage import ArraySink, ArraySource

Vectors = NDArray[np.float32]

NOWHERE = -1
PER_CENTRE = 40
"""Keys that each centre is learnt from, on average: none is of one person."""
ROUNDS = 8
SEED = 1


class Lists:
    """An inverted file (Sivic and Zisserman 2003) over rows that are held elsewhere.

    ``looked_into``: how many lists a search reads. ``recall``: what that found of the ten best, when it was tried.
    """

    def __init__(self, centres: Vectors) -> None:
        self._centres = centres
        self._of: NDArray[np.int32] = np.empty(0, np.int32)
        self._rows = tuple(RowSet() for _ in centres)
        self.looked_into = len(centres)
        self.recall = 1.0

    def __len__(self) -> int:
        """How many lists there are."""
        return len(self._rows)

    def put(self, rows: Rows, keys: Vectors) -> None:
        """Rows with these keys; one that is in a list already leaves it."""
        nearest = np.argmax(keys @ self._centres.T, axis=1).astype(np.int32)
        self._make_room(int(rows.max(initial=0)))
        for row, into in zip(rows.tolist(), nearest.tolist(), strict=True):
            self.wipe(row)
            self._of[row] = into
            self._rows[into].append(row)

    def wipe(self, row: int) -> None:
        """Forget a row."""
        if row < len(self._of) and self._of[row] != NOWHERE:
            self._rows[self._of[row]].discard(np.array([row]))
            self._of[row] = NOWHERE

    def missing(self, rows: Rows) -> Rows:
        """Those of the rows that are in no list."""
        self._make_room(int(rows.max(initial=0)))
        return np.asarray(rows[self._of[rows] == NOWHERE], np.int64)

    def near(self, query: Vectors, among: RowSet, looked_into: int) -> Rows:
        """The rows of so many lists, the nearest, that are in the set, int64."""
        nearness = self._centres @ query
        chosen = np.argpartition(nearness, len(nearness) - looked_into)[len(nearness) - looked_into :]
        return among.common(np.concatenate([self._rows[each].view() for each in chosen]))

    def save(self, sink: ArraySink) -> None:
        """Put the centres, the list of each row, and how a search goes about it."""
        sink.put("centres", self._centres)
        sink.put("of", self._of.copy())
        sink.put("tried", np.array([self.looked_into, self.recall]))

    @classmethod
    def taken_from(cls, source: ArraySource) -> "Lists":
        """What was saved; KeyError or ValueError as of ``Storable``."""
        lists = cls(source.take("centres"))
        lists._of = source.take("of")
        looked_into, lists.recall = source.take("tried").tolist()
        lists.looked_into = int(looked_into)
        filed = np.flatnonzero(lists._of != NOWHERE)
        ordered = filed[np.argsort(lists._of[filed], kind="stable")]
        ends = np.cumsum(np.bincount(lists._of[filed], minlength=len(lists)))
        lists._rows = tuple(RowSet.of(part.copy()) for part in np.split(ordered, ends[:-1]))
        return lists

    def _make_room(self, row: int) -> None:
        if row >= len(self._of):
            more = max(row + 1, 2 * len(self._of)) - len(self._of)
            self._of = np.concatenate([self._of, np.full(more, NOWHERE, np.int32)])


def centres_of(keys: Vectors) -> Vectors:
    """As many centres as the keys suffice for, by k-means on one core, float32 (m, k)."""
    faiss.omp_set_num_threads(1)  # holds for the calling thread only
    learnt: Any = faiss.Kmeans(
        keys.shape[1],
        max(1, len(keys) // PER_CENTRE),
        niter=ROUNDS,
        seed=SEED,
        spherical=True,
        max_points_per_centroid=PER_CENTRE,
    )
    learnt.train(keys)
    return np.asarray(learnt.centroids, np.float32)
