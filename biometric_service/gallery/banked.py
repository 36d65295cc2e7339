"""A gallery index: references in a comparator's bank, all searched or as far as a shortlister narrows them down."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.gallery.membership import Membership
from biometric_service.gallery.rows import Rows
from biometric_service.gallery.sharing import SharedLock
from biometric_service.vocabulary.candidates import Probe, Shortlist, ShortlistEntry
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.references import Change, ChangeNumber, Reference, ReferenceId, SubjectId
from biometric_service.vocabulary.templates import Template, position_of

SPREAD = 4
"""How many references are looked at for each subject that is wanted, to begin with."""


class Shortlister(Protocol):
    """Tells the rows that are worth a full comparison; holds a descriptor for each row of the bank."""

    def add(self, row: int, template: Template) -> None:
        """Hold the template's descriptor under its row."""

    def remove(self, row: int) -> None:
        """Forget a row and overwrite its descriptor."""

    def narrow(self, probe: Template, rows: Rows, limit: int) -> Rows:
        """Those of the rows that may be among the ``limit`` best, int64, in any order."""


class BankedGallery:
    """Implements ``GalleryIndex``. Searches run side by side; a change waits for them and then has the index alone."""

    def __init__(self, comparator: Comparator, shortlister: Shortlister) -> None:
        self.format = comparator.format
        self.applied = ChangeNumber(0)
        self._expected = ChangeNumber(0)
        self._bank = comparator.bank()
        self._shortlister = shortlister
        self._members = Membership()
        self._lock = SharedLock()

    def __len__(self) -> int:
        """How many references it holds."""
        return len(self._members)

    def expect(self, number: ChangeNumber) -> None:
        """Learn how far the store has got; until that is applied, searches are not complete."""
        self._expected = max(self._expected, number)

    def apply(self, number: ChangeNumber, change: Change) -> None:
        """Take one change, whole or not at all; see ``GalleryIndex``."""
        with self._lock.writing():
            if number <= self.applied:
                return
            self._add([reference for reference in change.added if reference.template.format == self.format])
            self._remove(self._members.rows_of(change.removed))
            self.applied = number

    def search(self, probe: Probe, limit: int) -> Shortlist:
        """The best reference of each of the best subjects (see ``GalleryIndex``); equal scores in order of ids."""
        self._require_format(probe.template)
        with self._lock.reading():
            rows = self._members.covered(probe.gallery, position_of(probe.template))
            narrowed = self._shortlister.narrow(probe.template, rows, SPREAD * limit) if len(rows) else rows
            scores = self._bank.scores(probe.template, narrowed)
            entries = self._entries(narrowed, scores, limit)
            return Shortlist(probe, entries, len(rows), self.applied >= self._expected, self.applied)

    def _entries(self, rows: Rows, scores: NDArray[np.float32], limit: int) -> tuple[ShortlistEntry, ...]:
        """One entry a subject: looks at as many of the best rows as it takes to meet ``limit`` subjects."""
        held, looked = self._members, SPREAD * limit
        while True:
            found: dict[SubjectId, ShortlistEntry] = {}
            for each in best(scores, held.references(rows), looked):
                subject = held.subject(rows[each])
                found.setdefault(subject, ShortlistEntry(held.reference(rows[each]), subject, float(scores[each])))
            if len(found) >= limit or looked >= len(rows):
                return tuple(found.values())[:limit]
            looked *= SPREAD

    def _add(self, references: Sequence[Reference]) -> None:
        """Add all, or none where one cannot be held."""
        added: list[ReferenceId] = []
        try:
            for reference in references:
                row = self._bank.add(reference.template)
                self._members.add(row, reference)
                added.append(reference.id)
                self._shortlister.add(row, reference.template)
        except BaseException:
            self._remove(self._members.rows_of(added))
            raise

    def _remove(self, rows: Rows) -> None:
        for row in rows:
            self._shortlister.remove(int(row))
            self._bank.remove(int(row))
        self._members.remove(rows)

    def _require_format(self, template: Template) -> None:
        if template.format != self.format:
            raise BiometricServiceError(
                ErrorCode.TEMPLATE_VERSION_MISMATCH,
                f"The probe is of format {template.format}; this gallery holds {self.format}.",
                "Make the probe's template with the model that the gallery was enrolled with.",
            )


def best(scores: NDArray[np.float32], references: Rows, limit: int) -> Rows:
    """Where the ``limit`` highest scores are, highest first, equal ones by reference."""
    if limit < len(scores):
        least = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        among = np.flatnonzero(scores >= least)
    else:
        among = np.arange(len(scores))
    return among[np.lexsort((references[among], -scores[among]))][:limit]
