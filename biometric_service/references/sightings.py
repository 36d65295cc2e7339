"""Sightings and whereabouts as rows, within the transaction of whoever saw somebody."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from biometric_service.references.day_tables import ReleaseRow, VisitRow
from biometric_service.references.event_log import EventLog
from biometric_service.references.holders import merged_into
from biometric_service.references.models import EncounterRow
from biometric_service.references.numbers import next_number
from biometric_service.references.place_tables import SightingRow, WhereaboutsRow
from biometric_service.vocabulary.decisions import Movement, Passage
from biometric_service.vocabulary.events import AuditEvent, EventKind
from biometric_service.vocabulary.movements import Ground, How, Means, Whereabouts
from biometric_service.vocabulary.places import PostId, ZoneId
from biometric_service.vocabulary.references import EncounterStatus, SubjectId
from biometric_service.vocabulary.releases import ReleaseState

KEPT_DAYS = 400
"""How long sightings are kept; where somebody is believed to be is kept for ever, and the audit log tells it all."""
EVERY = 1000
"""How many sightings are kept between two looks for old ones."""


@dataclass(frozen=True, slots=True)
class Known:
    """A subject as its rows and the callers know it."""

    number: int
    id: SubjectId


def id_of(person: Known | None) -> SubjectId | None:
    """The id of somebody, None of nobody."""
    return None if person is None else person.id


def number_of(person: Known | None) -> int | None:
    """The number of somebody, None of nobody."""
    return None if person is None else person.number


@dataclass(frozen=True, slots=True)
class Seen:
    """One sighting to keep; fields as those of ``vocabulary.movements.Sighting``."""

    device: str
    id: str
    subject: Known | None
    at: datetime
    received_at: datetime
    how: How
    means: Means
    passage: Passage
    ground: Ground
    zone: ZoneId | None
    post: PostId | None = None
    direction: Movement | None = None
    discrepancy: bool = False
    slice: int | None = None
    muster: str = ""


def keep_sighting(connection: Connection, seen: Seen, event: int) -> None:
    """Insert a row, and drop what is too old with every ``EVERY``th; the event is the one that tells of it."""
    number = next_number(connection, SightingRow)
    if number % EVERY == 0:
        connection.execute(delete(SightingRow).where(SightingRow.at < seen.received_at - timedelta(days=KEPT_DAYS)))
    values = {
        "number": number,
        "device": seen.device,
        "id": seen.id,
        "subject": number_of(seen.subject),
        "at": seen.at,
        "received_at": seen.received_at,
        "how": seen.how.value,
        "means": seen.means.value,
        "passage": seen.passage.value,
        "ground": seen.ground.value,
        "zone": seen.zone,
        "post": seen.post,
        "direction": seen.direction and seen.direction.value,
        "discrepancy": seen.discrepancy,
        "slice": seen.slice,
        "muster": seen.muster,
        "event": event,
    }
    connection.execute(insert(SightingRow), values)


def believed(connection: Connection, person: Known) -> Whereabouts | None:
    """Where the person is believed to be, None where nobody knows."""
    columns = select(WhereaboutsRow.zone, WhereaboutsRow.since, WhereaboutsRow.event, WhereaboutsRow.how)
    row = connection.execute(columns.where(WhereaboutsRow.subject == person.number)).one_or_none()
    return None if row is None else Whereabouts(person.id, ZoneId(row[0]), row[1], row[2], How(row[3]))


def present(connection: Connection, zone: ZoneId) -> int:
    """How many are believed to be in a zone."""
    return connection.scalar(select(func.count()).where(WhereaboutsRow.zone == zone)) or 0


def move(  # noqa: PLR0913, PLR0917 - who, where, when, how, and what the log is told
    connection: Connection,
    log: EventLog,
    person: Known,
    zone: ZoneId,
    at: datetime,
    how: How,
    told: AuditEvent,
    facts: Mapping[str, str],
) -> Whereabouts | None:
    """Believe somebody to be in a zone since a moment, and tell the log; returns where they were believed to be.

    What a device decided before what is known, or before they left, and tells of late changes nothing; what happens
    just now does, also where a clock was set back. ``told``: whose caller and gallery the event has.
    """
    before = believed(connection, person)
    late = left_since(connection, person, at) if before is None else before.since > at
    if late and how is How.OFFLINE:
        return before
    at = at if before is None else max(at, before.since)
    details = {"zone": zone, "from": before.zone if before else "", "how": how.value, "at": _stamp(at), **facts}
    event = log.append(
        connection,
        replace(told, kind=EventKind.WHEREABOUTS_CHANGED, subject=person.id, details=details, evidence=()),
    )
    values = {"zone": zone, "since": at, "event": event, "how": how.value}
    if before is None:
        connection.execute(insert(WhereaboutsRow), {"subject": person.number, **values})
    else:
        connection.execute(update(WhereaboutsRow).where(WhereaboutsRow.subject == person.number).values(**values))
    return before


def leave(connection: Connection, log: EventLog, person: Known, told: AuditEvent, facts: Mapping[str, str]) -> None:
    """Believe somebody to be nowhere any more: gone from the prison."""
    before = believed(connection, person)
    if before is None:
        return
    connection.execute(delete(WhereaboutsRow).where(WhereaboutsRow.subject == person.number))
    details = {"zone": "", "from": before.zone, "how": How.LEFT.value, "at": _stamp(told.at), **facts}
    log.append(
        connection, replace(told, kind=EventKind.WHEREABOUTS_CHANGED, subject=person.id, details=details, evidence=())
    )


def left_since(connection: Connection, person: Known, at: datetime) -> bool:
    """Whether the person left the prison after a moment: as a visitor, or for good; also when the release is gone."""
    records = [person.number, *merged_into(connection, person.number)]
    visited = exists().where(VisitRow.visitor.in_(records), VisitRow.left_at > at)
    let_go = ReleaseRow.subject.in_(records) & (ReleaseRow.state == ReleaseState.COMPLETED.value)
    mine, active = EncounterRow.subject.in_(records), EncounterRow.status == EncounterStatus.ACTIVE.value
    ended = ~exists().where(mine, active) & exists().where(mine, EncounterRow.ended_at > at)
    return bool(connection.scalar(select(visited | ended | exists().where(let_go, ReleaseRow.ended_at > at))))


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")
