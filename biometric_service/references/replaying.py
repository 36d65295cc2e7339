"""What a device decided without the service, beside what the service knows: kept as it was, and never silently."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import Connection

from biometric_service.references.sightings import Known, believed, id_of, left_since
from biometric_service.references.subjects import summarise
from biometric_service.vocabulary.decisions import Passage
from biometric_service.vocabulary.events import AuditEvent, EventKind
from biometric_service.vocabulary.movements import Passed, Passing, Replayed, Ruling
from biometric_service.vocabulary.references import EncounterStatus

_DIGITS = 16


class Doubt(StrEnum):
    """Why somebody whom a device let pass is to be looked for.

    NOT_ACTIVE: they were released, transferred or dead by then. ANSWERED_OTHERWISE: the same passage was recorded
    before, as that of somebody else or as none that passed.
    """

    NOT_ACTIVE = "not_active"
    ANSWERED_OTHERWISE = "answered_otherwise"


def is_same(made: Passed, ruling: Ruling, person: Known | None) -> bool:
    """Whether a passage that was recorded before says the same: as much opened, and for the same person."""
    return made.ruling.passage is ruling.passage and made.ruling.subject == id_of(person)


def told_apart(replayed: Replayed) -> Passing:
    """The passage under an id that no device can give, the same for the same decision: it too is recorded once."""
    ruling = replayed.ruling
    said = f"{ruling.passage.value} {ruling.subject or ''}"
    digest = hashlib.sha256(said.encode()).hexdigest()[:_DIGITS]
    return replace(replayed.passing, id=f"{replayed.passing.id}/{digest}")


def doubt_of(
    connection: Connection, ruling: Ruling, person: Known | None, at: datetime, answered: Passed | None
) -> Doubt | None:
    """What speaks against a pass; None of whoever was held back, since nothing was opened for them."""
    if ruling.passage is not Passage.PASS:
        return None
    if person is not None and _was_gone(connection, person, at):
        return Doubt.NOT_ACTIVE
    return None if answered is None else Doubt.ANSWERED_OTHERWISE


def came_from_elsewhere(connection: Connection, ruling: Ruling, person: Known | None, passing: Passing) -> bool:
    """Whether the person passed, and was believed by then to be in another zone than the one that the way is from."""
    known = None if person is None or ruling.passage is not Passage.PASS else believed(connection, person)
    return known is not None and known.since <= passing.at and known.zone != passing.post.origin(passing.direction)


def facts_of(replayed: Replayed, answered: Passed | None, doubt: Doubt | None) -> dict[str, str]:
    """What the log has of it besides; ``answered``: the event of the passage that was recorded before."""
    passing = replayed.passing
    facts = {"decided_offline": "true", "decided_at": passing.at.astimezone(UTC).isoformat()}
    facts |= {"slice": str(passing.slice or ""), "claimed": replayed.ruling.subject or "", **replayed.facts}
    facts |= {} if answered is None else {"answered": str(answered.event)}
    return facts if doubt is None else {**facts, "doubt": doubt.value}


def doubted(doubt: Doubt, passing: Passing, answered: Passed | None, event: AuditEvent) -> AuditEvent:
    """The event for somebody to look at, by whoever tells of the passage."""
    facts = {
        "doubt": doubt.value,
        "passage_id": passing.id,
        "post": passing.post.id,
        "direction": passing.direction.value,
        "decided_at": passing.at.astimezone(UTC).isoformat(),
    }
    facts |= {} if answered is None else {"answered": str(answered.event)}
    gallery = event.gallery or passing.post.gallery
    return replace(event, kind=EventKind.PASSAGE_DOUBTED, gallery=gallery, details=facts)


def _was_gone(connection: Connection, person: Known, at: datetime) -> bool:
    """Whether the person is not active, and had left by then."""
    active = summarise(connection, person.id).status is EncounterStatus.ACTIVE
    return not active and not left_since(connection, person, at)
