"""Rows that are kept until a moment of their own (``keep_until``): found, counted and deleted alike in either table."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, delete, func, select

from biometric_service.errors import BiometricServiceError
from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.refusals import latent_unknown, transaction_unknown
from biometric_service.references.transaction_tables import HeldTransactionRow, LatentRow
from biometric_service.vocabulary.events import AuditEvent

Expiring = type[HeldTransactionRow] | type[LatentRow]
_UNKNOWN: Mapping[Expiring, Callable[[], BiometricServiceError]] = {
    HeldTransactionRow: transaction_unknown,
    LatentRow: latent_unknown,
}


def find_row(connection: Connection, row: Expiring, name: str) -> RowMapping:
    """One without what is sealed of it; TRANSACTION_UNKNOWN or LATENT_UNKNOWN."""
    found = connection.execute(_told(row).where(row.id == name)).mappings().one_or_none()
    if found is None:
        fault = _UNKNOWN[row]
        raise fault()
    return found


def page_of(
    connection: Connection, row: Expiring, after: int, limit: int, *wanted: ColumnElement[bool]
) -> Sequence[RowMapping]:
    """Those that are wanted by number, after the given one, without what is sealed of them."""
    rows = _told(row).where(row.number > after, *wanted).order_by(row.number).limit(limit)
    return connection.execute(rows).mappings().all()


def sealed_of(connection: Connection, row: Expiring, name: str) -> bytes:
    """What is sealed of one; TRANSACTION_UNKNOWN or LATENT_UNKNOWN, also where it is gone."""
    sealed = connection.scalar(select(row.sealed).where(row.id == name))
    if sealed is None:
        fault = _UNKNOWN[row]
        raise fault()
    return sealed


def count_due(database: Database, row: Expiring, now: datetime) -> int:
    """How many rows ``delete_due`` would delete at a moment."""
    with database.reading() as connection:
        return connection.scalar(select(func.count()).select_from(row).where(row.keep_until <= now)) or 0


def delete_due(database: Database, log: EventLog, row: Expiring, event: AuditEvent) -> int:
    """Delete all whose time is over; returns how many, and records nothing where there are none."""
    with database.writing() as connection:
        count = connection.execute(delete(row).where(row.keep_until <= event.at)).rowcount
        if count:
            log.append(connection, event)
    return count


def _told(row: Expiring) -> Select[Any]:
    return select(*(column for column in row.__table__.columns if column.key != "sealed"))
