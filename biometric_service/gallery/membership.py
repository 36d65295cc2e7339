"""Whose reference lies in which row of the bank, and which rows a search of a gallery and finger position covers."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np

from biometric_service.gallery.rows import Rows, RowSet
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId, Reference, ReferenceId, SubjectId
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.templates import position_of

NOBODY = SubjectId("")
VACANT = -1


class Membership:
    """Rows by gallery and by the position of a probe, each kept ready, so that a filter costs nothing at a search."""

    def __init__(self) -> None:
        self._references: Rows = np.empty(0, np.int64)
        self._subjects: list[SubjectId] = []
        self._covered: defaultdict[tuple[GalleryId, FingerPosition], RowSet] = defaultdict(RowSet)
        self._count = 0

    def __len__(self) -> int:
        """How many rows are in use."""
        return self._count

    def add(self, row: int, reference: Reference) -> None:
        """Note that the row holds the reference."""
        self._make_room(row)
        self._references[row] = reference.id
        self._subjects[row] = reference.subject
        for cover in _covers(reference):
            self._covered[cover].append(row)
        self._count += 1

    def rows_of(self, references: Iterable[ReferenceId]) -> Rows:
        """The rows that hold these references; those that are not held are passed over."""
        return np.flatnonzero(np.isin(self._references, np.fromiter(references, np.int64)))

    def remove(self, rows: Rows) -> None:
        """Forget whose references the rows held."""
        for covered in self._covered.values():
            covered.discard(rows)
        self._references[rows] = VACANT
        for row in rows:
            self._subjects[row] = NOBODY
        self._count -= len(rows)

    def covered(self, gallery: GalleryId, position: FingerPosition) -> Rows:
        """The rows that a probe of this position is compared with, int64 (n,), valid until the next change."""
        found = self._covered.get((gallery, position))
        return np.empty(0, np.int64) if found is None else found.view()

    def reference(self, row: int) -> ReferenceId:
        """The reference in a row."""
        return ReferenceId(int(self._references[row]))

    def references(self, rows: Rows) -> Rows:
        """The references in the rows, int64 (n,)."""
        return self._references[rows]

    def subject(self, row: int) -> SubjectId:
        """Whose reference is in a row."""
        return self._subjects[row]

    def _make_room(self, row: int) -> None:
        if row >= len(self._references):
            more = max(row + 1, 2 * len(self._references)) - len(self._references)
            self._references = np.concatenate([self._references, np.full(more, VACANT, np.int64)])
            self._subjects.extend([NOBODY] * more)


def _covers(reference: Reference) -> Iterator[tuple[GalleryId, FingerPosition]]:
    """Every search that the reference takes part in: of its own position, and of a probe of unknown position.

    A reference of unknown position takes part in the searches of every position.
    """
    position = position_of(reference.template)
    positions = {position, FingerPosition.UNKNOWN} if position else set(FingerPosition)
    for gallery in reference.galleries | {ALL_GALLERIES}:
        for each in positions:
            yield gallery, each
