"""What the day knows of somebody follows their encounters to another record: no roll loses who is inside.

Movement orders, releases and sightings stay with the record that they were made for, and are read by way of its merges:
a merge that is taken back takes back what it gave leave for, and where whom was seen.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, RowMapping, delete, select, update

from biometric_service.references.day_tables import MusterPersonRow, MusterRow, VisitRow
from biometric_service.references.event_log import EventLog
from biometric_service.references.sightings import Known, believed, leave, move
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.movements import How
from biometric_service.vocabulary.musters import CountState


@dataclass(frozen=True, slots=True)
class Told:
    """The log, and the event that says why encounters change hands."""

    log: EventLog
    event: AuditEvent


def follow(connection: Connection, source: Known, target: Known, told: Told) -> None:
    """Let the target be where the source is, as a visitor too, and be expected by the counts that are open."""
    _follow_whereabouts(connection, source, target, told)
    _follow_musters(connection, source, target)
    open_visits = (VisitRow.visitor == source.number) & VisitRow.left_at.is_(None)
    connection.execute(update(VisitRow).where(open_visits).values(visitor=target.number))


def follow_past(connection: Connection, source: Known, target: Known) -> None:
    """Let visits of two who are one person be of the target."""
    for column in (VisitRow.visitor, VisitRow.host):
        told = {column: target.number}
        connection.execute(update(column.class_).where(column == source.number).values(told))


def _follow_whereabouts(connection: Connection, source: Known, target: Known, told: Told) -> None:
    """The later of what is known of the two holds."""
    left, present = believed(connection, source), believed(connection, target)
    if left is None:
        return
    leave(connection, told.log, source, told.event, {"how": How.MERGED.value, "record": target.id})
    if present is None or present.since < left.since:
        facts = {"record": source.id}
        move(connection, told.log, target, left.zone, left.since, How.MERGED, told.event, facts)


def _follow_musters(connection: Connection, source: Known, target: Known) -> None:
    """Whoever is expected twice is expected once, and counted where either was."""
    row = MusterPersonRow
    open_musters = select(MusterRow.number).where(MusterRow.closed_at.is_(None))
    of_both = row.muster.in_(open_musters) & row.subject.in_((source.number, target.number))
    rows = connection.execute(select(*row.__table__.columns).where(of_both)).mappings().all()
    expected = {each["muster"]: each for each in rows if each["subject"] == target.number}
    for mine in (each for each in rows if each["subject"] == source.number):
        _hand_on(connection, mine, expected.get(mine["muster"]), target)


def _hand_on(connection: Connection, mine: RowMapping, theirs: RowMapping | None, target: Known) -> None:
    row = MusterPersonRow
    this = row.muster == mine["muster"]
    dropped = theirs
    if theirs is not None and theirs["state"] != CountState.MISSING.value:
        dropped = mine
    if dropped is not None:
        connection.execute(delete(row).where(this, row.subject == dropped["subject"]))
    connection.execute(update(row).where(this, row.subject == mine["subject"]).values(subject=target.number))
