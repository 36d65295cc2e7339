"""A slice in memory as the store that the walk reads: the same questions, answered from what the device was given."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from threading import Lock
from typing import Any, NoReturn, cast

from biometric_service.checkpoint.queue import LONG_AGO
from biometric_service.checkpoint.receiving import ReceivedSlice
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.protocols import ReferenceStore
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    Change,
    ChangeNumber,
    EncounterInShort,
    EncounterStatus,
    GalleryId,
    Reference,
    ReferenceId,
    SubjectId,
    SubjectSummary,
)
from biometric_service.vocabulary.slices import WHOLE
from biometric_service.vocabulary.templates import TemplateFormat


class NotHere:
    """Stands for stores that a device has no part of: whatever is asked of it is STORE_READ_ONLY."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - nothing is ever given
        """Refuse."""

        def refuse(*_: object, **__: object) -> NoReturn:
            raise BiometricServiceError(
                ErrorCode.STORE_READ_ONLY,
                f"A checkpoint cannot do this by itself ({name}).",
                "Do it at the service.",
            )

        return refuse


class SliceStore(NotHere):
    """What the device holds. Its change numbers are its own: one for each slice that it took; safe in threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._references: dict[ReferenceId, Reference] = {}
        self._subjects: dict[SubjectId, dict[ReferenceId, Reference]] = {}
        self._statuses: dict[SubjectId, EncounterStatus] = {}
        self._galleries: frozenset[GalleryId] = frozenset()
        self._last = ChangeNumber(0)
        self._untold: list[tuple[ChangeNumber, Change]] = []
        self._recorded = 0

    def __len__(self) -> int:
        """How many references there are."""
        return len(self._references)

    def as_reference_store(self) -> ReferenceStore:
        """This, as the walk takes it: of the protocol it does what recognition reads and ``NotHere`` refuses."""
        return cast("ReferenceStore", self)

    def take(self, received: ReceivedSlice) -> None:
        """Hold what a slice says, whole or on top of what is held."""
        said = received.content
        with self._lock:
            change = self._change(received)
            for reference in change.removed:
                self._remove(reference)
            for each in change.added:
                self._add(each)
            for subject in {each.subject for each in said.added}:
                self._statuses.pop(subject, None)
            self._statuses.update(said.statuses)
            self._galleries = said.galleries
            self._last = ChangeNumber(self._last + 1)
            self._untold.append((self._last, change))

    def settle(self) -> None:
        """Forget changes that every index has taken: with them what was erased."""
        with self._lock:
            self._untold.clear()

    def galleries(self) -> Sequence[GalleryId]:
        """Those that the slice holds whole."""
        return sorted(self._galleries - {ALL_GALLERIES} or {each for one in self._all() for each in one.galleries})

    def covers(self, gallery: GalleryId) -> bool:
        """Whether everybody of the gallery is in the slice."""
        return ALL_GALLERIES in self._galleries or gallery in self._galleries

    def is_searched(self, gallery: GalleryId) -> bool:
        """As of ``ReferenceStore``."""
        return any(gallery in each.galleries | {ALL_GALLERIES} for each in self._all())

    def subject(self, subject: SubjectId) -> SubjectSummary:
        """What is known here of somebody; SUBJECT_UNKNOWN."""
        with self._lock:
            held = tuple(self._subjects.get(subject, {}).values())
        if not held:
            raise _unknown(subject)
        searched_in = frozenset(gallery for each in held for gallery in each.galleries)
        status = EncounterStatus.ACTIVE if searched_in else self._statuses.get(subject, EncounterStatus.INACTIVE)
        encounter = EncounterInShort(LONG_AGO, status, searched_in)  # when is not told
        return SubjectSummary(subject, (encounter,), LONG_AGO, 1)

    def references_of(
        self, subjects: Collection[SubjectId], formats: Collection[TemplateFormat]
    ) -> Mapping[SubjectId, Sequence[Reference]]:
        """As of ``ReferenceStore``."""
        found: defaultdict[SubjectId, list[Reference]] = defaultdict(list)
        with self._lock:
            for subject in subjects:
                for each in self._subjects.get(subject, {}).values():
                    if each.template.format in formats:
                        found[subject].append(each)
        return found

    def changes(self, after: ChangeNumber, limit: int = 1000) -> Iterator[tuple[ChangeNumber, Change]]:  # noqa: ARG002
        """What the indexes have not taken yet."""
        with self._lock:
            untold = tuple(self._untold)
        yield from (each for each in untold if each[0] > after)

    def last_change(self) -> ChangeNumber:
        """How many slices were taken."""
        return self._last

    def record(self, event: AuditEvent) -> int:  # noqa: ARG002 - what a checkpoint did goes through its queue
        """Nothing: the log is the service's, which hears of every decision from the queue."""
        self._recorded += 1
        return self._recorded

    def _all(self) -> Sequence[Reference]:
        with self._lock:
            return tuple(self._references.values())

    def _change(self, received: ReceivedSlice) -> Change:
        """Of a whole slice, only what differs from what is held."""
        said = received.content
        if received.head.base != WHOLE:
            return Change(said.added, said.removed)
        kept = {each.id for each in said.added}
        gone = tuple(each for each in self._references if each not in kept)
        return Change(tuple(each for each in said.added if each.id not in self._references), gone)

    def _add(self, reference: Reference) -> None:
        self._references[reference.id] = reference
        self._subjects.setdefault(reference.subject, {})[reference.id] = reference

    def _remove(self, reference: ReferenceId) -> None:
        removed = self._references.pop(reference, None)
        if removed is None:
            return
        held = self._subjects[removed.subject]
        del held[reference]
        if not held:
            del self._subjects[removed.subject]
            self._statuses.pop(removed.subject, None)


def _unknown(subject: SubjectId) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.SUBJECT_UNKNOWN, f"No subject {subject} is held here.", "Check the id, or ask the service."
    )
