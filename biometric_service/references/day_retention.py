"""Deleting what is over of the day, and of what other agencies sent, once it was kept long enough, in SQL."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import InstrumentedAttribute

from biometric_service.references.database import Database
from biometric_service.references.day_tables import MusterRow, ReleaseRow, VisitRow
from biometric_service.references.event_log import EventLog
from biometric_service.references.models import Base
from biometric_service.references.place_tables import ManualCheckRow, OrderRow
from biometric_service.references.sharing_tables import ReceivedRow
from biometric_service.vocabulary.events import AuditEvent

_Ended = InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
_OVER: Final[Mapping[type[Base], _Ended]] = {
    MusterRow: MusterRow.closed_at,
    VisitRow: VisitRow.left_at,
    ManualCheckRow: ManualCheckRow.expires_at,
    OrderRow: OrderRow.valid_until,
    ReleaseRow: ReleaseRow.ended_at,
    ReceivedRow: ReceivedRow.received_at,
}
"""What is deleted, and since when it is over; nothing that is still open has such a moment in the past."""


class SqlDayRetention:
    """Deletes in the store's database, with one audit event that counts what went."""

    def __init__(self, database: Database, log: EventLog) -> None:
        self._database = database
        self._log = log

    def due(self, days: int, now: datetime) -> Mapping[str, int]:
        """How many of each table ``expire`` would delete at a moment."""
        before = now - timedelta(days=days)
        over = {row: _is_over(row, ended, before) for row, ended in _OVER.items()}
        with self._database.reading() as connection:
            return {
                row.__tablename__: connection.scalar(select(func.count()).select_from(row).where(which)) or 0
                for row, which in over.items()
            }

    def expire(self, days: int, event: AuditEvent) -> Mapping[str, int]:
        """Delete what has been over for so many days; returns how many of each table, and records nothing for none."""
        before = event.at - timedelta(days=days)
        with self._database.writing() as connection:
            gone = {
                row.__tablename__: connection.execute(delete(row).where(_is_over(row, ended, before))).rowcount
                for row, ended in _OVER.items()
            }
            if any(gone.values()):
                told = {name: str(number) for name, number in gone.items()}
                self._log.append(connection, replace(event, details={**event.details, **told}))
        return gone


def _is_over(row: type[Base], ended: _Ended, before: datetime) -> ColumnElement[bool]:
    """An order keeps its seal bound until it was seen to be over, and is left until then; so is a release."""
    over: ColumnElement[bool] = ended < before
    return over & OrderRow.over if row is OrderRow else over
