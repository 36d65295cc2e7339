"""Rows that are kept until a moment of their own (``keep_until``): counted and deleted alike, of whatever table."""

from datetime import datetime

from sqlalchemy import delete, func, select

from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.transaction_tables import HeldTransactionRow, LatentRow
from biometric_service.vocabulary.events import AuditEvent

Expiring = type[HeldTransactionRow] | type[LatentRow]


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
