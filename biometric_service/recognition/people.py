"""Whose an encounter is and what became of the person: each is one change with its audit event."""

from datetime import UTC, datetime

from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.protocols import EncounterStore
from biometric_service.vocabulary.references import (
    UNGUARDED,
    ChangeNumber,
    EncounterKey,
    EncounterStatus,
    GalleryId,
    Guard,
    SubjectId,
)


def set_status(
    people: EncounterStore, key: EncounterKey, status: EncounterStatus, caller: Caller, guard: Guard = UNGUARDED
) -> ChangeNumber:
    """Say what became of the person since the encounter; who is not active is found under ALL galleries alone."""
    event = _event(EventKind.STATUS_CHANGED, caller, key.subject, encounter=key.encounter, status=status.value)
    return people.set_status(key, status, event, guard)


def set_galleries(
    people: EncounterStore, key: EncounterKey, galleries: frozenset[GalleryId], caller: Caller, guard: Guard = UNGUARDED
) -> ChangeNumber:
    """Say where the encounter is searched from now on."""
    names = " ".join(sorted(galleries))
    event = _event(EventKind.GALLERIES_CHANGED, caller, key.subject, encounter=key.encounter, galleries=names)
    return people.set_galleries(key, galleries, event, guard)


def withdraw_consent(
    people: EncounterStore, key: EncounterKey, purpose: str, caller: Caller, guard: Guard = UNGUARDED
) -> ChangeNumber:
    """End what the person agreed to; what is kept on consent alone goes with the next run of retention."""
    event = _event(EventKind.CONSENT_WITHDRAWN, caller, key.subject, encounter=key.encounter, consent=purpose)
    return people.withdraw_consent(key, purpose, event, guard)


def delete_encounter(
    people: EncounterStore, key: EncounterKey, caller: Caller, guard: Guard = UNGUARDED
) -> ChangeNumber:
    """Delete an encounter, and with its last one the subject."""
    event = _event(EventKind.ENCOUNTER_DELETED, caller, key.subject, encounter=key.encounter)
    return people.delete(key, event, guard)


def move_encounter(
    people: EncounterStore, key: EncounterKey, target: SubjectId, caller: Caller, guard: Guard = UNGUARDED
) -> ChangeNumber:
    """Give an encounter to the subject whose it is."""
    event = _event(EventKind.ENCOUNTER_MOVED, caller, key.subject, encounter=key.encounter, to=target)
    return people.move(key, target, event, guard)


def merge(
    people: EncounterStore, source: SubjectId, target: SubjectId, caller: Caller, guard: Guard = UNGUARDED
) -> ChangeNumber:
    """Join two subjects that are one person; the source's id keeps answering with the target."""
    return people.merge(source, target, _event(EventKind.SUBJECTS_MERGED, caller, source, into=target), guard)


def unmerge(people: EncounterStore, source: SubjectId, caller: Caller, guard: Guard = UNGUARDED) -> ChangeNumber:
    """Take a merge back."""
    return people.unmerge(source, _event(EventKind.SUBJECT_UNMERGED, caller, source), guard)


def _event(kind: EventKind, caller: Caller, subject: SubjectId, **facts: str) -> AuditEvent:
    return AuditEvent(kind, datetime.now(UTC), caller, subject, None, facts)
