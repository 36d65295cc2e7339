"""Lists of a gallery that has grown large: made beside its searches, tried, and kept in step from then on."""

import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread

import numpy as np
from numpy.typing import NDArray

from biometric_service.gallery.lists import PER_CENTRE, Lists, centres_of
from biometric_service.gallery.rows import Rows
from biometric_service.gallery.sharing import SharedLock
from biometric_service.gallery.trials import LEAST_RECALL, Tried
from biometric_service.vocabulary.protocols import KeyedBank
from biometric_service.vocabulary.storage import ArraySink, ArraySource, SinkWithin, SourceWithin

PART = 256
"""Rows that are filed at a time: a search waits for no more than these."""
BREATH_S = 0.01
SEED = 1

Trial = Callable[[Lists, Rows], Tried]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """From how many rows on lists are made, and at which growth anew. Up to ``few`` rows all are compared at once."""

    few: int = 500
    lists_from: int = 2_000_000
    growth: float = 1.5

    def centres(self, rows: int) -> int:
        """How many lists for so many rows: looking into a few costs about what choosing them does."""
        return min(round(4 * math.sqrt(rows)), rows // PER_CENTRE)


DEFAULT_PLAN = Plan()


class Filing:
    """``lists``: those that searches look into; None while the gallery is too small or they find too little."""

    def __init__(self, bank: KeyedBank, plan: Plan) -> None:
        self._bank = bank
        self._plan = plan
        self._used: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._made_for = 0.0
        self._thread: Thread | None = None
        self._coming: Lists | None = None
        self.lists: Lists | None = None

    def put(self, row: int, key: NDArray[np.float32]) -> None:
        """A row has this key from now on."""
        if row >= len(self._used):
            more = max(row + 1, 2 * len(self._used)) - len(self._used)
            self._used = np.concatenate([self._used, np.zeros(more, np.bool_)])
        self._used[row] = True
        for lists in self._kept():
            lists.put(np.array([row]), key[np.newaxis])

    def wipe(self, row: int) -> None:
        """A row is no more."""
        self._used[row] = False
        for lists in self._kept():
            lists.wipe(row)

    def settle(self, lock: SharedLock, trial: Trial) -> None:
        """Begin to make lists where the gallery has grown enough for them; ``lock`` is its own."""
        size = int(np.count_nonzero(self._used))
        busy = self._thread is not None and self._thread.is_alive()
        if not busy and size >= max(self._plan.lists_from, self._plan.growth * self._made_for):
            self._made_for = size
            self._thread = Thread(target=self._make, args=(lock, trial), name="filing", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Until lists that are being made are in use, or refused."""
        if self._thread is not None:
            self._thread.join()

    def save(self, sink: ArraySink) -> None:
        """Put the lists where there are any."""
        sink.put("used", self._used.copy())
        sink.put("made", np.array([self._made_for, self.lists is not None]))
        if self.lists is not None:
            self.lists.save(SinkWithin(sink, "lists"))

    def restore(self, source: ArraySource) -> None:
        """Hold what was saved instead; see ``Storable``."""
        self._used = source.take("used")
        self._made_for, there = source.take("made").tolist()
        self.lists = Lists.taken_from(SourceWithin(source, "lists")) if there else None

    def _kept(self) -> list[Lists]:
        return [lists for lists in (self.lists, self._coming) if lists is not None]

    def _make(self, lock: SharedLock, trial: Trial) -> None:
        with lock.reading():
            rows = np.flatnonzero(self._used)
            count = self._plan.centres(len(rows)) * PER_CENTRE
            sample = self._bank.keys(np.random.default_rng(SEED).choice(rows, count, replace=False))
        lists = Lists(centres_of(sample))
        with lock.writing():
            self._coming = lists
            rows = np.flatnonzero(self._used)
        for part in np.array_split(rows, -(-len(rows) // PART)):
            self._file(lock, lists, part)
        with lock.reading():
            rows = np.flatnonzero(self._used)
        found = trial(lists, rows)
        with lock.writing():
            self._coming = None
            lists.looked_into, lists.recall = found.looked_into, found.recall
            self.lists = lists if found.looked_into else None
        _tell(len(rows), len(lists), found)

    def _file(self, lock: SharedLock, lists: Lists, rows: Rows) -> None:
        """Those of the rows that are still in use and came into no list meanwhile."""
        with lock.writing():
            left = lists.missing(rows[self._used[rows]])
            if len(left):
                lists.put(left, self._bank.keys(left))
        Event().wait(BREATH_S)


def _tell(rows: int, count: int, found: Tried) -> None:
    if found.looked_into:
        said = "searches among %d faces look into %d of %d lists, which find %.2f %% of the ten best"
        log.info(said, rows, found.looked_into, count, 100 * found.recall)
    else:
        said = "lists of %d faces are not used, as they find %.2f %% of the ten best, under %.0f %%: all are looked at"
        log.warning(said, rows, 100 * found.recall, 100 * LEAST_RECALL)
