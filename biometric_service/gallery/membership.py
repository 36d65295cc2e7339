"""Whose reference lies in which row of the bank, and which rows a search of a gallery and finger position covers."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from biometric_service.gallery.rows import Rows, RowSet
from biometric_service.gallery.subjects import SubjectNumbers
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId, Reference, ReferenceId, SubjectId
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.storage import ArraySink, ArraySource, SinkWithin, SourceWithin
from biometric_service.vocabulary.templates import FaceTemplate, position_of

VACANT = -1

Cover = tuple[GalleryId, FingerPosition]


class Membership:
    """Rows by gallery and by the position of a probe, each kept ready, so that a filter costs nothing at a search."""

    def __init__(self) -> None:
        self._references: Rows = np.empty(0, np.int64)
        self._owners: NDArray[np.int32] = np.empty(0, np.int32)
        self._subjects = SubjectNumbers()
        self._covered: defaultdict[Cover, RowSet] = defaultdict(RowSet)
        self._count = 0

    def __len__(self) -> int:
        """How many rows are in use."""
        return self._count

    def add(self, row: int, reference: Reference) -> None:
        """Note that the row holds the reference."""
        self._make_room(row)
        self._references[row] = reference.id
        self._owners[row] = self._subjects.claim(reference.subject)
        for cover in _covers(reference):
            self._covered[cover].append(row)
        self._count += 1

    def rows_of(self, references: Iterable[ReferenceId]) -> Rows:
        """The rows that hold these references; those that are not held are passed over."""
        wanted = np.fromiter(references, np.int64)
        return np.flatnonzero(np.isin(self._references, wanted)) if len(wanted) else wanted

    def remove(self, rows: Rows) -> None:
        """Forget whose references the rows held."""
        if not len(rows):
            return
        for covered in self._covered.values():
            covered.discard(rows)
        for owner in self._owners[rows].tolist():
            self._subjects.release(owner)
        self._references[rows] = VACANT
        self._count -= len(rows)

    def covered(self, gallery: GalleryId, position: FingerPosition) -> RowSet:
        """The rows that a probe of this position is compared with, valid until the next change."""
        return self._covered.get((gallery, position)) or RowSet()

    def reference(self, row: int) -> ReferenceId:
        """The reference in a row."""
        return ReferenceId(int(self._references[row]))

    def references(self, rows: Rows) -> Rows:
        """The references in the rows, int64 (n,)."""
        return self._references[rows]

    def subject(self, row: int) -> SubjectId:
        """Whose reference is in a row."""
        return self._subjects.name(int(self._owners[row]))

    @property
    def owners(self) -> NDArray[np.int32]:
        """The numbers of the subjects whose references are in each row, int32 (n,), valid until the next change."""
        return self._owners

    def save(self, sink: ArraySink) -> None:
        """Put whose reference is in which row, and every cover."""
        sink.put("references", self._references.copy())
        sink.put("owners", self._owners.copy())
        sink.put("count", np.array([self._count], np.int64))
        self._subjects.save(SinkWithin(sink, "subjects"))
        names = "\n".join(f"{position:d} {gallery}" for gallery, position in self._covered)
        sink.put("covers", np.frombuffer(names.encode(), np.uint8))
        for number, rows in enumerate(self._covered.values()):
            sink.put(f"cover {number}", rows.view().copy())

    def restore(self, source: ArraySource) -> None:
        """Hold what was saved instead; see ``Storable``."""
        self._references, self._owners = source.take("references"), source.take("owners")
        self._count = int(source.take("count")[0])
        self._subjects.restore(SourceWithin(source, "subjects"))
        self._covered.clear()
        for number, name in enumerate(source.take("covers").tobytes().decode().splitlines()):
            position, gallery = name.split(" ", 1)
            cover = GalleryId(gallery), FingerPosition(int(position))
            self._covered[cover] = RowSet.of(source.take(f"cover {number}"))

    def _make_room(self, row: int) -> None:
        if row >= len(self._references):
            more = max(row + 1, 2 * len(self._references)) - len(self._references)
            self._references = np.concatenate([self._references, np.full(more, VACANT, np.int64)])
            self._owners = np.concatenate([self._owners, np.zeros(more, np.int32)])


def _covers(reference: Reference) -> Iterator[Cover]:
    """Every search that the reference takes part in: of its own position, and of a probe of unknown position.

    A finger of unknown position takes part in the searches of every position. A face has none.
    """
    position = position_of(reference.template)
    whole = isinstance(reference.template, FaceTemplate)
    positions = {position, FingerPosition.UNKNOWN} if position or whole else set(FingerPosition)
    for gallery in reference.galleries | {ALL_GALLERIES}:
        for each in positions:
            yield gallery, each
