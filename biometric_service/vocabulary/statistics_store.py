"""What published statistics ask of the store."""

from collections.abc import Sequence
from typing import Protocol

from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.statistics import MonthTable


class StatisticsStore(Protocol):
    """Keeps the statistics of each month as they were published."""

    @property
    def noise_key(self) -> bytes:
        """32 bytes, which nobody learns."""

    def add(self, table: MonthTable, event: AuditEvent) -> MonthTable:
        """Keep what is published with its audit event; what is kept of the month already stands and is returned."""

    def find(self, month: str) -> MonthTable | None:
        """What was published of a month; RECORD_TAMPERED where it was changed by hand."""

    def tables(self) -> Sequence[MonthTable]:
        """Everything that was published, by month."""
