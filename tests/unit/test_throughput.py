"""Checks by the hour: whatever the length of the log, each event of the last day counts once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.monitoring import throughput
from biometric_service.monitoring.throughput import HOURS, HourlyChecks
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind, RecordedEvent

NOW = datetime(2026, 11, 30, 12, 30, tzinfo=UTC)
OFFICER = Caller("officer", "movement")


class Log:
    """Events in memory, and how many of them were read."""

    def __init__(self) -> None:
        self.events: list[RecordedEvent] = []
        self.given = 0

    def add(self, at: datetime, kind: EventKind = EventKind.MOVEMENT_CHECK) -> None:
        number = len(self.events) + 1
        self.events.append(RecordedEvent(number, AuditEvent(kind, at, OFFICER), "", ""))

    def read(self, after: int, limit: int) -> Sequence[RecordedEvent]:
        found = self.events[after : after + limit]
        self.given += len(found)
        return found


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Log:
    monkeypatch.setattr(throughput, "PAGE", 7)
    log = Log()
    for step in range(30 * 20):
        log.add(NOW - timedelta(hours=30) + timedelta(minutes=3 * step))
    return log


def test_each_check_of_the_last_day_counts_once_and_older_ones_are_hardly_read(log: Log) -> None:
    counted = HourlyChecks().of_last_day(log.read, len(log.events), NOW)
    assert len(counted) == HOURS
    assert [checks for _, checks in counted] == [20] * (HOURS - 1) + [10]
    assert counted[-1][0] == NOW.astimezone().replace(minute=0)
    assert log.given < len(log.events) - 5 * 20


def test_only_what_is_new_is_read_again_and_other_events_are_no_checks(log: Log) -> None:
    checks = HourlyChecks()
    checks.of_last_day(log.read, len(log.events), NOW)
    log.given = 0
    log.add(NOW)
    log.add(NOW, EventKind.AUDIT_READ)
    assert checks.of_last_day(log.read, len(log.events), NOW)[-1][1] == 11
    assert log.given == 2
    later = checks.of_last_day(log.read, len(log.events), NOW + timedelta(hours=2))
    assert [count for _, count in later[-3:]] == [11, 0, 0]


def test_what_came_in_late_hides_nothing_before_it(log: Log) -> None:
    for _ in range(3):
        log.add(NOW - timedelta(days=2))
    assert [checks for _, checks in HourlyChecks().of_last_day(log.read, len(log.events), NOW)][-2:] == [20, 10]


def test_a_log_that_cannot_be_read_counts_nothing_twice(log: Log) -> None:
    checks, broken = HourlyChecks(), BiometricServiceError(ErrorCode.AUDIT_CHAIN_BROKEN, "", "")
    read = log.read

    def once(after: int, limit: int) -> Sequence[RecordedEvent]:
        if log.given > 50:
            raise broken
        return read(after, limit)

    with pytest.raises(BiometricServiceError):
        checks.of_last_day(once, len(log.events), NOW)
    assert checks.of_last_day(log.read, len(log.events), NOW)[-2][1] == 20


def test_an_empty_log_has_no_checks() -> None:
    assert {count for _, count in HourlyChecks().of_last_day(Log().read, 0, NOW)} == {0}
