"""A gallery index: references in a comparator's bank, all searched or as far as a shortlister narrows them down."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.gallery.membership import Membership
from biometric_service.gallery.pruning import leading
from biometric_service.gallery.rows import Rows, RowSet
from biometric_service.gallery.segments import ArrayCollector, LaidDown
from biometric_service.gallery.sharing import SharedLock
from biometric_service.gallery.shortlisting import Shortlisting, Sought
from biometric_service.gallery.side_by_side import SideBySide
from biometric_service.vocabulary.candidates import Probe, Shortlist, ShortlistEntry
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.references import Change, ChangeNumber, Reference, SubjectId
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.storage import ArraySource, SinkWithin, SourceWithin, Storable
from biometric_service.vocabulary.templates import Template, position_of

SPREAD = 4
"""How many references are looked at for each subject that is wanted, to begin with."""

LAYOUT = 3
"""Of what is laid down; to be raised with every change of it."""

Scores = NDArray[np.float32]


class BankedGallery:
    """Implements ``GalleryIndex``. Searches run side by side; a change waits for them and then has the index alone."""

    def __init__(self, comparator: Comparator, shortlisting: Shortlisting) -> None:
        self.format = comparator.format
        self._comparator = comparator.name
        self.applied = ChangeNumber(0)
        self._expected = ChangeNumber(0)
        self._bank = comparator.bank()
        self._shortlister = shortlisting(self._bank)
        self._members = Membership()
        self._lock = SharedLock()
        # A face is compared in one matrix product: cutting that up gains nothing.
        self._threads = SideBySide(1 if comparator.format.modality is Modality.FACE else 0)

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
        self._shortlister.settle(self._lock)

    def search(self, probe: Probe, limit: int) -> Shortlist:
        """The best reference of each of the best subjects (see ``GalleryIndex``); equal scores in order of ids."""
        return self.search_together((probe,), limit)[0]

    def search_together(self, probes: Sequence[Probe], limit: int) -> tuple[Shortlist, ...]:
        """A shortlist for each of the probes, which are of one person (see ``GalleryIndex``)."""
        for probe in probes:
            self._require_format(probe.template)
        with self._lock.reading():
            sought = [self._sought(probe) for probe in probes]
            kept = self._shortlister.narrow(sought, limit, self._threads)
            narrowed = [replace(each, among=RowSet.of(rows)) for each, (rows, _) in zip(sought, kept, strict=True)]
            scores = [self._scores(each, known) for each, (_, known) in zip(narrowed, kept, strict=True)]
            listed = self._entries_together(narrowed, scores, limit)
            complete = self.applied >= self._expected
            return tuple(
                Shortlist(probe, entries, len(each.among), complete, self.applied)
                for probe, entries, each in zip(probes, listed, sought, strict=True)
            )

    @property
    def kind(self) -> str:
        """See ``snapshots.SnapshotIndex``."""
        how = f"{self._comparator} {type(self._bank).__name__} {type(self._shortlister).__name__}"
        return f"{version('biometric-service')} {LAYOUT} {self.format} {how}"

    def laid_down(self) -> LaidDown | None:
        """All that it holds now, whatever changes meanwhile; None where it cannot be laid down."""
        parts, arrays = self._parts(), ArrayCollector()
        if not parts:
            return None
        with self._lock.writing():  # what is put is copied before the next change, which no two may do at a time
            for name, part in parts.items():
                part.save(SinkWithin(arrays, name))
            return LaidDown(arrays, self.applied)

    def restore(self, source: ArraySource, applied: ChangeNumber) -> None:
        """Hold what was laid down at a change instead; KeyError or ValueError leave it of no use."""
        with self._lock.writing():
            for name, part in self._parts().items():
                part.restore(SourceWithin(source, name))
            self.applied = applied

    def _parts(self) -> Mapping[str, Storable]:
        """What it is made of, none where a part cannot be laid down (templates in a Java machine)."""
        if isinstance(self._bank, Storable) and isinstance(self._shortlister, Storable):
            return {"bank": self._bank, "shortlister": self._shortlister, "members": self._members}
        return {}

    def _sought(self, probe: Probe) -> Sought:
        among = self._members.covered(probe.gallery, position_of(probe.template))
        return Sought(probe.template, among, self._members.owners)

    def _scores(self, sought: Sought, known: Scores | None) -> Scores:
        if known is not None:
            return known
        return self._threads.over(sought.rows, lambda rows: self._bank.scores(sought.template, rows))

    def _entries_together(
        self, sought: Sequence[Sought], scores: Sequence[Scores], limit: int
    ) -> list[tuple[ShortlistEntry, ...]]:
        """One template lists the best subjects; several list the same ones, whom they choose between them."""
        if len(sought) == 1:
            return [self._entries(sought[0].rows, scores[0], limit)]
        leaders = leading(sought, scores, limit)
        chosen = [np.isin(each.subjects, leaders) for each in sought]
        return [
            self._entries(each.rows[among], values[among], len(leaders))
            for each, values, among in zip(sought, scores, chosen, strict=True)
        ]

    def _entries(self, rows: Rows, scores: Scores, limit: int) -> tuple[ShortlistEntry, ...]:
        """One entry a subject: looks at as many of the best rows as it takes to meet ``limit`` subjects."""
        held, looked = self._members, SPREAD * limit
        while True:
            found: dict[SubjectId, ShortlistEntry] = {}
            for each in best(scores, held.references(rows), looked):
                subject = held.subject(rows[each])
                if subject not in found:
                    found[subject] = ShortlistEntry(held.reference(rows[each]), subject, float(scores[each]))
                if len(found) == limit:
                    break
            if len(found) == limit or looked >= len(rows):
                return tuple(found.values())
            looked *= SPREAD

    def _add(self, references: Sequence[Reference]) -> None:
        """Add all, or none where one cannot be held."""
        taken: list[int] = []

        def hold(reference: Reference) -> int:
            row = self._bank.add(reference.template)
            taken.append(row)
            self._shortlister.add(row, reference.template)
            return row

        try:
            rows = self._threads.each(references, hold)
        except BaseException:
            self._let_go(taken)
            raise
        for row, reference in zip(rows, references, strict=True):
            self._members.add(row, reference)

    def _remove(self, rows: Rows) -> None:
        self._let_go(rows.tolist())
        self._members.remove(rows)

    def _let_go(self, rows: Iterable[int]) -> None:
        for row in rows:
            self._shortlister.remove(row)
            self._bank.remove(row)

    def _require_format(self, template: Template) -> None:
        if template.format != self.format:
            raise BiometricServiceError(
                ErrorCode.TEMPLATE_VERSION_MISMATCH,
                f"The probe is of format {template.format}; this gallery holds {self.format}.",
                "Make the probe's template with the model that the gallery was enrolled with.",
            )


def best(scores: Scores, references: Rows, limit: int) -> Rows:
    """Where the ``limit`` highest scores are, highest first, equal ones by reference."""
    if limit < len(scores):
        least = np.partition(scores, len(scores) - limit)[len(scores) - limit]
        among = np.flatnonzero(scores >= least)
    else:
        among = np.arange(len(scores))
    return among[np.lexsort((references[among], -scores[among]))][:limit]
