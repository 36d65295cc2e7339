"""A shortlist by the inner products of keys, long enough to prove that nobody who is not on it belongs there."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from biometric_service.gallery.descriptors import Coding, Descriptors, Found
from biometric_service.gallery.filing import DEFAULT_PLAN, Filing, Plan
from biometric_service.gallery.lists import Lists
from biometric_service.gallery.rows import Rows, RowSet
from biometric_service.gallery.sharing import SharedLock
from biometric_service.gallery.shortlisting import Narrowed, Sought
from biometric_service.gallery.side_by_side import SideBySide
from biometric_service.gallery.trials import Best, Tried, tried
from biometric_service.vocabulary.protocols import KeyedBank
from biometric_service.vocabulary.storage import ArraySink, ArraySource, SinkWithin, SourceWithin
from biometric_service.vocabulary.templates import Template

SPREAD = 16
"""Rows that are looked at for each subject that is wanted, to begin with."""
GROWTH = 8
"""By how much longer the list is next time where it proved too short."""
TRIALS = 200
TRIED = 10
"""Best rows that a trial looks for."""
SHARES = (0.37, 0.6)
"""How much of one person there is in what a trial searches for, the rest being another's: cosines of 0.5 to 0.8."""
SEED = 1


class NearestShortlister:
    """Keeps the rows whose keys have the highest products with the probe's query; finds what a full search finds.

    Whoever is not among the nearest has at most the last one's product, give or take what the coding of keys loses, and
    so at most a score that the bank can tell. Once as many subjects as are wanted score higher the list is long enough.
    In galleries as large as the plan says, lists are looked into instead (see ``filing``), which proves nothing.
    """

    def __init__(self, bank: KeyedBank, coding: Coding = Coding.BYTE, plan: Plan = DEFAULT_PLAN) -> None:
        self._bank = bank
        self._plan = plan
        self._descriptors = Descriptors(coding)
        self.filing = Filing(bank, plan)

    def add(self, row: int, template: Template) -> None:  # noqa: ARG002 (the bank has it)
        """Hold the key of a row."""
        key = self._bank.keys(np.array([row]))[0]
        self._descriptors.put(row, key)
        self.filing.put(row, key)

    def remove(self, row: int) -> None:
        """Overwrite the row's key."""
        self._descriptors.wipe(row)
        self.filing.wipe(row)

    def narrow(self, sought: Sequence[Sought], limit: int, threads: SideBySide) -> list[Narrowed]:  # noqa: ARG002
        """Of each one's rows those of the ``limit`` best subjects and more, and those of the others' best subjects."""
        found = [self._nearest(each, limit) for each in sought]
        if len(sought) == 1:
            return found
        spoken_for = np.concatenate([each.owners[rows] for each, (rows, _) in zip(sought, found, strict=True)])
        return [Narrowed(each.rows[np.isin(each.subjects, spoken_for)]) for each in sought]

    def settle(self, lock: SharedLock) -> None:
        """Make lists where the gallery has grown enough."""
        self.filing.settle(lock, lambda lists, rows: self._trial(lock, lists, rows))

    def save(self, sink: ArraySink) -> None:
        """Put every key, and the lists."""
        self._descriptors.save(sink)
        self.filing.save(SinkWithin(sink, "filing"))

    def restore(self, source: ArraySource) -> None:
        """Hold what was saved instead; see ``Storable``."""
        self._descriptors.restore(source)
        self.filing.restore(SourceWithin(source, "filing"))

    def _nearest(self, sought: Sought, limit: int) -> Narrowed:
        lists = self.filing.lists
        if len(sought.among) <= max(self._plan.few, SPREAD * limit):
            return Narrowed(sought.rows)
        if lists is not None and len(sought.among) >= self._plan.lists_from:
            return self._listed(sought, limit, lists, lists.looked_into)
        return self._proven(sought, limit)

    def _proven(self, sought: Sought, limit: int) -> Narrowed:
        """As many of the nearest as it takes."""
        query, count = self._bank.query(sought.template), SPREAD * limit
        while count < len(sought.among):
            found = self._descriptors.nearest(query, sought.among, count)
            scores = self._bank.scores(sought.template, found.rows)
            above = found.rows[scores > self._ceiling(sought.template, query, found)]
            if len(set(sought.owners[above].tolist())) >= limit:
                return Narrowed(found.rows, scores)
            count *= GROWTH
        return Narrowed(sought.rows)

    def _ceiling(self, probe: Template, query: NDArray[np.float32], found: Found) -> float:
        """No row that was not found has a higher score."""
        beyond = float(found.products[-1]) + self._descriptors.inexact * float(np.linalg.norm(query))
        return self._bank.ceiling(probe, beyond)

    def _listed(self, sought: Sought, limit: int, lists: Lists, looked_into: int) -> Narrowed:
        """The nearest in so many lists."""
        query, count = self._bank.query(sought.template), SPREAD * limit
        rows = lists.near(query, sought.among, looked_into)
        if len(rows) > count:
            rows = rows[np.argpartition(self._descriptors.products(query, rows), len(rows) - count)[-count:]]
        return Narrowed(rows, self._bank.scores(sought.template, rows))

    def _trial(self, lock: SharedLock, lists: Lists, rows: Rows) -> Tried:
        """Faces between two that are held are searched for in all of them and in the lists."""
        among, owners = RowSet.of(rows), np.arange(rows.max() + 1, dtype=np.int32)

        def best(search: Callable[[Sought], Narrowed]) -> Best:
            def best_rows(probe: Template) -> Sequence[int]:
                with lock.reading():
                    found = search(Sought(probe, among, owners))
                    scores = found.scores if found.scores is not None else self._bank.scores(probe, found.rows)
                return [int(row) for row in found.rows[np.argsort(-scores)[:TRIED]]]

            return best_rows

        return tried(
            self._probes(rows),
            len(lists),
            best(lambda each: self._proven(each, TRIED)),
            lambda looked_into: best(lambda each: self._listed(each, TRIED, lists, looked_into)),
        )

    def _probes(self, rows: Rows) -> list[Template]:
        chance = np.random.default_rng(SEED)
        pairs, shares = chance.choice(rows, (TRIALS, 2)), np.linspace(*SHARES, TRIALS)
        chance.shuffle(shares)
        return [
            self._bank.between(row, other, share)
            for (row, other), share in zip(pairs.tolist(), shares.tolist(), strict=True)
        ]
