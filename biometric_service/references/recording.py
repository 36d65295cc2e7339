"""Events that change nothing else, written together: threads that come at the same time share one write to disk."""

from dataclasses import dataclass
from threading import Lock

from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.vocabulary.events import AuditEvent


@dataclass(slots=True)
class _Waiting:
    """An event whose writer waits; ``number`` is None until it is written, ``fault`` why it could not be."""

    event: AuditEvent
    number: int | None = None
    fault: BaseException | None = None


class EventWriter:
    """Appends events to the log; whoever has the turn writes for all who wait, each durably before its call returns."""

    def __init__(self, database: Database, log: EventLog) -> None:
        self._database = database
        self._log = log
        self._waiting: list[_Waiting] = []
        self._queue = Lock()
        self._turn = Lock()

    def record(self, event: AuditEvent) -> int:
        """Append the event; returns its number. Raises what the log and the database raise for it."""
        mine = _Waiting(event)
        with self._queue:
            self._waiting.append(mine)
        with self._turn:
            if mine.number is None and mine.fault is None:
                self._write(self._taken())
        if mine.fault is not None:
            raise mine.fault
        assert mine.number is not None
        return mine.number

    def _taken(self) -> list[_Waiting]:
        with self._queue:
            taken, self._waiting = self._waiting, []
        return taken

    def _write(self, taken: list[_Waiting]) -> None:
        """All in one transaction; where that fails, each by itself, so that nobody's fault is another's."""
        try:
            with self._database.writing() as connection:
                numbers = [self._log.append(connection, each.event) for each in taken]
        except BaseException as fault:  # noqa: BLE001 - it is raised where its event came from
            self._fail(taken, fault)
            return
        for each, number in zip(taken, numbers, strict=True):
            each.number = number

    def _fail(self, taken: list[_Waiting], fault: BaseException) -> None:
        if len(taken) == 1:
            taken[0].fault = fault
            return
        for each in taken:
            self._write([each])
