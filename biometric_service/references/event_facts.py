"""What only the store knows of an event at the moment it is written, put into the event's facts.

Whoever is told of events later (``interchange.outward``) must know which galleries each concerns, also when the person
it is about is erased by then; that the last encounter of somebody went; and from whom encounters come back.
"""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import Connection, select

from biometric_service.references.holders import followed, numbers_of, subject_id
from biometric_service.references.models import EncounterGalleryRow, EncounterRow
from biometric_service.references.subjects import encounters_of
from biometric_service.vocabulary.events import AuditEvent, EventKind
from biometric_service.vocabulary.references import SubjectId

GALLERIES, LAST, INTO = "galleries", "last", "into"
_ENDING = frozenset({EventKind.ENCOUNTER_DELETED, EventKind.ENCOUNTER_EXPIRED, EventKind.ENCOUNTER_MOVED})


def with_facts(connection: Connection, event: AuditEvent) -> AuditEvent:
    """The event with ``galleries`` of those it is about, where it names none, and ``last`` where somebody goes by it.

    A merge that is taken back names ``into``, as the merge did: who had the encounters. To be asked before the change
    is made.
    """
    giver = SubjectId(event.details.get("from", event.subject or ""))
    numbers = numbers_of(connection, {giver, *([event.subject] if event.subject else [])})
    facts = dict(event.details)
    if event.gallery is None and GALLERIES not in facts and numbers:
        facts[GALLERIES] = " ".join(_galleries(connection, numbers.values()))
    if event.kind in _ENDING and giver in numbers:
        number = followed(connection, numbers[giver])
        facts[LAST] = str(len(encounters_of(connection, number)) == 1).lower()
    if event.kind is EventKind.SUBJECT_UNMERGED and giver in numbers:
        facts[INTO] = subject_id(connection, numbers[giver])
    return replace(event, details=facts)


def _galleries(connection: Connection, subjects: Collection[int]) -> list[str]:
    within = select(EncounterGalleryRow.gallery).join(
        EncounterRow, EncounterRow.number == EncounterGalleryRow.encounter
    )
    return sorted(set(connection.scalars(within.where(EncounterRow.subject.in_(subjects)))))
