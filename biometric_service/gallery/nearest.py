"""A shortlist by the inner products of keys, long enough to prove that nobody who is not on it belongs there."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from biometric_service.gallery.descriptors import Coding, Descriptors, Found
from biometric_service.gallery.shortlisting import Narrowed, Sought
from biometric_service.gallery.side_by_side import SideBySide
from biometric_service.vocabulary.protocols import KeyedBank
from biometric_service.vocabulary.storage import ArraySink, ArraySource
from biometric_service.vocabulary.templates import Template

SPREAD = 16
"""Rows that are looked at for each subject that is wanted, to begin with."""
FEW = 500
"""Up to so many rows are all compared: that is quicker."""
GROWTH = 8
"""By how much longer the list is next time where it proved too short."""


class NearestShortlister:
    """Keeps the rows whose keys have the highest products with the probe's query; finds what a full search finds.

    Whoever is not among the nearest has at most the last one's product, give or take what the coding of keys loses, and
    so at most a score that the bank can tell. Once as many subjects as are wanted score higher the list is long enough.
    """

    def __init__(self, bank: KeyedBank, coding: Coding = Coding.BYTE, few: int = FEW) -> None:
        self._bank = bank
        self._few = few
        self._descriptors = Descriptors(coding)

    def add(self, row: int, template: Template) -> None:  # noqa: ARG002 (the bank has it)
        """Hold the key of a row."""
        self._descriptors.put(row, self._bank.keys(np.array([row]))[0])

    def remove(self, row: int) -> None:
        """Overwrite the row's key."""
        self._descriptors.wipe(row)

    def narrow(self, sought: Sequence[Sought], limit: int, threads: SideBySide) -> list[Narrowed]:  # noqa: ARG002
        """Of each one's rows those of the ``limit`` best subjects and more, and those of the others' best subjects."""
        found = [self._nearest(each, limit) for each in sought]
        if len(sought) == 1:
            return found
        spoken_for = np.concatenate([each.owners[rows] for each, (rows, _) in zip(sought, found, strict=True)])
        return [Narrowed(each.rows[np.isin(each.subjects, spoken_for)]) for each in sought]

    def save(self, sink: ArraySink) -> None:
        """Put every key."""
        self._descriptors.save(sink)

    def restore(self, source: ArraySource) -> None:
        """Hold what was saved instead; see ``Storable``."""
        self._descriptors.restore(source)

    def _nearest(self, sought: Sought, limit: int) -> Narrowed:
        count = SPREAD * limit
        if len(sought.among) <= max(self._few, count):
            return Narrowed(sought.rows)
        query = self._bank.query(sought.template)
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
