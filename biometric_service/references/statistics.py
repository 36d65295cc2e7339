"""Published statistics in SQL (``vocabulary.statistics_store.StatisticsStore``): each month is written once."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import RowMapping, insert, select

from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.protection import tampered
from biometric_service.references.sharing_tables import StatisticsTableRow
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.statistics import Cell, Measure, MonthTable

_COLUMNS = select(*StatisticsTableRow.__table__.columns)


class SqlStatisticsStore:
    """Keeps published statistics in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._keys = keys
        self._log = log

    @property
    def noise_key(self) -> bytes:
        """32 bytes; another once the store key was renewed, which what was published before outlives."""
        return self._keys.current.statistics

    def add(self, table: MonthTable, event: AuditEvent) -> MonthTable:
        """Keep what is published with its audit event; what is kept of the month already stands and is returned."""
        with self._database.writing() as connection:
            before = (
                connection.execute(_COLUMNS.where(StatisticsTableRow.month == table.month)).mappings().one_or_none()
            )
            if before is not None:
                return _table(before)
            row = {
                "month": table.month,
                "published_at": event.at,
                "event": table.event,
                "event_digest": table.event_digest,
                "epsilon": table.epsilon,
                "table": _packed(table),
                "digest": table.digest,
            }
            connection.execute(insert(StatisticsTableRow), row)
            self._log.append(connection, event)
            return table

    def find(self, month: str) -> MonthTable | None:
        """What was published of a month; RECORD_TAMPERED where it was changed by hand."""
        with self._database.reading() as connection:
            row = connection.execute(_COLUMNS.where(StatisticsTableRow.month == month)).mappings().one_or_none()
        return None if row is None else _table(row)

    def tables(self) -> Sequence[MonthTable]:
        """Everything that was published, by month; RECORD_TAMPERED."""
        with self._database.reading() as connection:
            rows = connection.execute(_COLUMNS.order_by(StatisticsTableRow.month)).mappings().all()
        return [_table(row) for row in rows]


def _packed(table: MonthTable) -> str:
    said = {name: value for name, value in asdict(table).items() if name != "digest"}
    return json.dumps(said, sort_keys=True, separators=(",", ":"))


def _table(row: RowMapping) -> MonthTable:
    if hashlib.sha256(row["table"].encode()).hexdigest() != row["digest"]:
        raise tampered()
    said: dict[str, Any] = json.loads(row["table"])
    cells = tuple(Cell(Measure(each.pop("measure")), **each) for each in said.pop("cells"))
    return MonthTable(**said, cells=cells, digest=row["digest"])
