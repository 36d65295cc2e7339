"""The audit log with somebody looking on: what it is told is passed on once it is written."""

from collections.abc import Callable

from sqlalchemy import Connection

from biometric_service.audit.log import ChainedLog
from biometric_service.vocabulary.events import AuditEvent


class WatchedLog(ChainedLog):
    """A chained log that tells ``seen`` of each event as it is appended."""

    def __init__(self, key: Callable[[], bytes], seen: Callable[[AuditEvent], None]) -> None:
        super().__init__(key)
        self._seen = seen

    def append(self, connection: Connection, event: AuditEvent) -> int:
        """As the log."""
        number = super().append(connection, event)
        self._seen(event)
        return number
