"""Drift in SQL (``vocabulary.protocols.DriftStore``): how far the audit log was read, streams, and sketches by day."""

import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.models import DriftDayRow, DriftProgressRow, DriftStreamRow
from biometric_service.vocabulary.drift import Alarm, DaySketch, Direction, Evidence, Fold, Measure, Stream, StreamKey
from biometric_service.vocabulary.events import AuditEvent

PAGE = 500
KEPT_DAYS = 400
_ONLY = 1
_PROGRESS = select(DriftProgressRow.event).where(DriftProgressRow.id == _ONLY)


class SqlDriftStore:
    """Keeps what is known of drift in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, log: EventLog) -> None:
        self._database = database
        self._log = log

    def catch_up(self, fold: Fold) -> int:
        """Fold the next page of the audit log in, each event once; returns how many there were."""
        with self._database.reading() as connection:
            if not self._log.read(connection, _progress(connection), 1):
                return 0
        with self._database.writing() as connection:
            return self._fold(connection, fold)

    def streams(self) -> Sequence[Stream]:
        """Every stream, by key."""
        with self._database.reading() as connection:
            return sorted(_streams(connection), key=lambda each: each.key)

    def sketches(self, since: date) -> Sequence[DaySketch]:
        """What came in on each day from that one on."""
        wanted = select(*DriftDayRow.__table__.columns).where(DriftDayRow.day >= since.isoformat())
        with self._database.reading() as connection:
            return [_sketch(row) for row in connection.execute(wanted).mappings()]

    def close(self, device: str, event: AuditEvent, *, forget: bool) -> int:
        """End the alarms of a device; returns how many. ``forget``: its past too, which is learned anew then."""
        of_device = DriftStreamRow.device == device
        with self._database.writing() as connection:
            ended = [each for each in _streams(connection) if each.key.device == device and each.alarm is not None]
            if forget:
                connection.execute(delete(DriftStreamRow).where(of_device))
            else:
                connection.execute(update(DriftStreamRow).where(of_device).values(**_alarm_values(None)))
            self._log.append(connection, event)
        return len(ended)

    def _fold(self, connection: Connection, fold: Fold) -> int:
        events = self._log.read(connection, _own_progress(connection), PAGE)
        if not events:
            return 0
        known = {each.key: each for each in _streams(connection)}
        folded = fold(events, known)
        _write_streams(connection, folded.streams, known)
        _add_sketches(connection, folded.sketches)
        for event in folded.events:
            self._log.append(connection, event)
        last = events[-1]
        connection.execute(update(DriftProgressRow).values(event=last.number))
        oldest = (last.event.at - timedelta(days=KEPT_DAYS)).date()
        connection.execute(delete(DriftDayRow).where(DriftDayRow.day < oldest.isoformat()))
        return len(events)


def _progress(connection: Connection) -> int:
    return connection.scalar(_PROGRESS) or 0


def _own_progress(connection: Connection) -> int:
    """How far it has come, for one process at a time. A store that nobody watched yet has no row of it."""
    found = connection.scalar(_PROGRESS.with_for_update())
    if found is None:
        connection.execute(insert(DriftProgressRow), {"id": _ONLY, "event": 0})
    return found or 0


def _streams(connection: Connection) -> list[Stream]:
    rows = connection.execute(select(*DriftStreamRow.__table__.columns)).mappings()
    return [_stream(row) for row in rows]


def _write_streams(connection: Connection, streams: Iterable[Stream], known: Iterable[StreamKey]) -> None:
    there = set(known)
    for each in streams:
        values = _stream_values(each)
        if each.key in there:
            same = [getattr(DriftStreamRow, name) == value for name, value in _key_values(each.key).items()]
            connection.execute(update(DriftStreamRow).where(*same).values(**values))
        else:
            connection.execute(insert(DriftStreamRow), {**_key_values(each.key), **values})


def _add_sketches(connection: Connection, sketches: Iterable[DaySketch]) -> None:
    for each in sketches:
        named = {**_key_values(each.key), "day": each.day.isoformat()}
        same = [getattr(DriftDayRow, name) == value for name, value in named.items()]
        before = connection.scalar(select(DriftDayRow.counts).where(*same))
        if before is None:
            connection.execute(insert(DriftDayRow), {**named, "counts": list(each.counts)})
        else:
            counts = [one + other for one, other in zip(before, each.counts, strict=True)]
            connection.execute(update(DriftDayRow).where(*same).values(counts=counts))


def _key(row: RowMapping) -> StreamKey:
    return StreamKey(row["device"], row["post"], row["kind"], Measure(row["measure"]))


def _key_values(key: StreamKey) -> dict[str, str]:
    return {"device": key.device, "post": key.post, "kind": key.kind, "measure": key.measure.value}


def _stream_values(stream: Stream) -> dict[str, object]:
    evidence = {"lower": _packed(stream.lower), "higher": _packed(stream.higher)}
    return {"counts": list(stream.counts), "checks": stream.checks, **evidence, **_alarm_values(stream.alarm)}


def _alarm_values(alarm: Alarm | None) -> dict[str, object]:
    if alarm is None:
        return {"alarm": None, "alarm_at": None, "alarm_event": None}
    return {"alarm": alarm.direction.value, "alarm_at": alarm.at, "alarm_event": alarm.event}


def _packed(evidence: Evidence) -> list[float | None]:
    """JSON has no infinity."""
    return [None if math.isinf(each) else each for each in evidence]


def _unpacked(packed: Sequence[float | None]) -> Evidence:
    return tuple(-math.inf if each is None else each for each in packed)


def _stream(row: RowMapping) -> Stream:
    alarm = Alarm(Direction(row["alarm"]), row["alarm_at"], row["alarm_event"]) if row["alarm"] else None
    return Stream(
        _key(row), tuple(row["counts"]), _unpacked(row["lower"]), _unpacked(row["higher"]), row["checks"], alarm
    )


def _sketch(row: RowMapping) -> DaySketch:
    return DaySketch(_key(row), date.fromisoformat(row["day"]), tuple(row["counts"]))
