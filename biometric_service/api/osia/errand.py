"""One OSIA call that was let in: for whom it is done, and what it may touch; the same at once and as a task."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from biometric_service.api.services import Services
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.refusals import subject_unknown
from biometric_service.vocabulary.candidates import Candidate
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    UNGUARDED,
    EncounterId,
    EncounterKey,
    GalleryId,
    Guard,
    KeptEncounter,
    Once,
    ReferenceId,
    SubjectId,
)

_TASKS = "osia tasks"
"""Whose the names of the tasks' writes are: nobody who calls is called so."""


@dataclass(frozen=True, slots=True)
class Errand:
    """``reach``: the galleries that the caller reaches. ``task``: of which this is the work, empty for none.

    ``again``: the work was begun before, and perhaps done, when the process that did it ended. ``fetched``: what is
    behind the URLs of its items, None where it is still to be fetched.
    """

    services: Services
    caller: Caller
    reach: frozenset[GalleryId]
    task: str = ""
    again: bool = False
    fetched: Mapping[str, bytes] | None = None

    @property
    def guard(self) -> Guard:
        """Has the write of a task made once, also where two processes work on it at a time."""
        return Guard(once=Once(_TASKS, self.task, b"")) if self.task else UNGUARDED

    def may_search(self, gallery: GalleryId) -> bool:
        """Whether the caller reaches the gallery."""
        return ALL_GALLERIES in self.reach or gallery in self.reach

    def seen(self, galleries: Iterable[GalleryId]) -> tuple[GalleryId, ...]:
        """Those of the galleries that the caller reaches, by name."""
        return tuple(sorted(filter(self.may_search, galleries)))

    def galleries_of(self, subject: SubjectId) -> tuple[GalleryId, ...]:
        """Those of a subject that the caller reaches; none where it was erased meanwhile."""
        try:
            return self.seen(self.services.store.subject(subject).galleries) if subject else ()
        except BiometricServiceError as fault:
            if fault.code is ErrorCode.SUBJECT_UNKNOWN:
                return ()
            raise

    def origins(self, candidate: Candidate) -> Mapping[ReferenceId, EncounterId]:
        """The encounters that a candidate's references are of, where the caller reaches them."""
        compared = [part.reference for part in candidate.parts]
        return self.services.walk.encounters.origins(compared, self.reach) if candidate.subject else {}

    def event(
        self,
        kind: EventKind,
        subject: SubjectId | None = None,
        gallery: GalleryId | None = None,
        details: Mapping[str, str] | None = None,
        evidence: tuple[str, ...] = (),
    ) -> AuditEvent:
        """An event of now."""
        return AuditEvent(kind, datetime.now(UTC), self.caller, subject, gallery, details or {}, evidence)

    def encounters(self, subject: SubjectId) -> tuple[KeptEncounter, ...]:
        """A person's encounters that the caller reaches; SUBJECT_UNKNOWN where there is none, as if it were nobody."""
        kept = self.services.walk.encounters.encounters(subject)
        reached = tuple(each for each in kept if self.seen(each.encounter.galleries))
        if not reached:
            raise subject_unknown(subject)
        return reached

    def encounter(self, key: EncounterKey) -> KeptEncounter:
        """One of them; SUBJECT_UNKNOWN, ENCOUNTER_UNKNOWN."""
        kept = self.services.walk.encounters.encounter(key)
        if not self.seen(kept.encounter.galleries):
            raise subject_unknown(key.subject)
        return kept

    def require_all(self, galleries: Iterable[GalleryId], subject: SubjectId) -> None:
        """NOT_AUTHORISED, and in the audit log, unless the caller reaches every gallery."""
        foreign = sorted(gallery for gallery in galleries if not self.may_search(gallery))
        if foreign:
            why = "The caller does not reach every gallery that this would change."
            self.services.store.record(self.event(EventKind.ACCESS_REFUSED, subject, foreign[0], {"why": why}))
            raise BiometricServiceError(
                ErrorCode.NOT_AUTHORISED, why, "Ask the operator for access that includes them."
            )
