"""Giving out the numbers of rows, in the order of commits and never twice."""

from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from biometric_service.references.change_watch import tell_of_change
from biometric_service.references.event_log import EventLog
from biometric_service.references.models import Base, ChangeRow, StoreRow
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.references import ChangeNumber

STORE = 1


@dataclass(frozen=True, slots=True)
class Numbers:
    """The last number given out of each kind, after those that were asked for."""

    change: int
    subject: int
    encounter: int
    sample: int
    template: int


def next_number(connection: Connection, row: type[Base]) -> int:
    """One more than the largest there is; there is one writer at a time."""
    number = row.__table__.c.number
    return (connection.scalar(select(func.max(number))) or 0) + 1


def take_numbers(  # noqa: PLR0913 - one for each kind of row
    connection: Connection,
    *,
    changes: int = 0,
    subjects: int = 0,
    encounters: int = 0,
    samples: int = 0,
    templates: int = 0,
) -> Numbers:
    """Take so many of each.

    The row stays locked until the transaction ends, so that numbers become visible in their order.
    """
    taken = (
        update(StoreRow)
        .where(StoreRow.id == STORE)
        .values(
            last_change=StoreRow.last_change + changes,
            last_subject=StoreRow.last_subject + subjects,
            last_encounter=StoreRow.last_encounter + encounters,
            last_sample=StoreRow.last_sample + samples,
            last_template=StoreRow.last_template + templates,
        )
        .returning(
            StoreRow.last_change,
            StoreRow.last_subject,
            StoreRow.last_encounter,
            StoreRow.last_sample,
            StoreRow.last_template,
        )
    )
    return Numbers(*connection.execute(taken).one())


def new_change(connection: Connection, log: EventLog, event: AuditEvent) -> ChangeNumber:
    """Begin a change: its number and its audit event."""
    number = take_numbers(connection, changes=1).change
    connection.execute(insert(ChangeRow), {"number": number, "event": log.append(connection, event)})
    tell_of_change(connection)
    return ChangeNumber(number)
