"""What is known of drift, on every database: each event is taken in once, alarms are told in the log and end."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from biometric_service.monitoring.folding import fold
from biometric_service.recognition.drift import StreamState, catch_up, close_alarms, drift
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.drift import Direction, Measure
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from tests.stores import Opener

START = datetime(2026, 3, 1, tzinfo=UTC)
ADMINISTRATOR = Caller("admin", "administration")
CHECKS = 260


def write(opened: OpenedStore, first: int, count: int, *, worse: bool = False) -> None:
    """Two readers in turn; the second may be worse. A day has a hundred checks."""
    with opened.database.writing() as connection:
        for number in range(first, first + count):
            chance = np.random.default_rng(number)
            device = "ab"[number % 2]
            quality = np.clip(chance.normal(20 if worse and device == "b" else 65, 10), 0, 100)
            details = {
                "qualities": f"fingerprint={quality:.1f}",
                "outcome": "match",
                "score": f"{chance.normal(7, 1):.2f}",
            }
            at = START + timedelta(days=number // 100)
            opened.log.append(
                connection, AuditEvent(EventKind.IDENTIFICATION, at, Caller("x", "y", device), details=details)
            )


def alarms(states: Sequence[StreamState]) -> list[tuple[str, Measure]]:
    return [(state.key.device, state.key.measure) for state in states if state.alarm]


def today(opened: OpenedStore) -> date:
    return opened.store.events(opened.store.verify_events() - 1, 1)[0].event.at.date()


def test_every_event_is_taken_in_once_whoever_asks(opened: OpenedStore, opener: Opener) -> None:
    write(opened, 0, 2 * CHECKS)
    other = opener()
    with ThreadPoolExecutor(4) as threads:
        for _ in threads.map(catch_up, [opened.drift, other.drift] * 2):
            pass
    other.close()
    states = drift(opened.drift, today(opened))
    assert {state.key.device: state.checks for state in states} == {"a": CHECKS, "b": CHECKS}
    assert alarms(states) == []
    write(opened, 2 * CHECKS, 2)
    assert catch_up(opened.drift) == 2
    assert catch_up(opened.drift) == 0


def test_sketches_are_kept_by_day(opened: OpenedStore) -> None:
    write(opened, 0, 250)
    catch_up(opened.drift)
    by_day = {
        sketch.day: sum(sketch.counts)
        for sketch in opened.drift.sketches(START.date())
        if (sketch.key.device, sketch.key.measure) == ("a", Measure.SCORE)
    }
    assert by_day == {START.date() + timedelta(days=day): count for day, count in enumerate((50, 50, 25))}
    [state] = [
        each
        for each in drift(opened.drift, START.date() + timedelta(days=8))
        if (each.key.device, each.key.measure) == ("a", Measure.FINGERPRINT_QUALITY)
    ]
    assert state.recent_checks == 25
    assert state.usual is not None
    assert 60 < state.usual < 70


def test_an_alarm_is_told_in_the_log_and_lasts_until_it_is_ended(opened: OpenedStore) -> None:
    write(opened, 0, 2 * CHECKS)
    write(opened, 2 * CHECKS, 200, worse=True)
    states = drift(opened.drift, today(opened))
    assert alarms(states) == [("b", Measure.FINGERPRINT_QUALITY)]
    assert states[0].alarm
    assert states[0].alarm.direction is Direction.LOWER
    told = [each.event for each in opened.store.events(2 * CHECKS, 1000) if each.event.kind is EventKind.DRIFT_FOUND]
    assert [(event.details["device"], event.details["measure"]) for event in told] == [("b", "fingerprint_quality")]
    assert opened.store.verify_events() > 0
    assert alarms(drift(opened.drift, today(opened))) == alarms(states)
    assert close_alarms(opened.drift, "b", ADMINISTRATOR, forget=False) == 1
    assert alarms(drift(opened.drift, today(opened))) == []
    write(opened, 10_000, 200, worse=True)
    assert alarms(drift(opened.drift, today(opened))) == [("b", Measure.FINGERPRINT_QUALITY)]


def test_a_device_that_was_replaced_is_learned_anew(opened: OpenedStore) -> None:
    write(opened, 0, 2 * CHECKS)
    write(opened, 2 * CHECKS, 200, worse=True)
    catch_up(opened.drift)
    assert close_alarms(opened.drift, "b", ADMINISTRATOR, forget=True) == 1
    assert {state.key.device for state in drift(opened.drift, today(opened))} == {"a"}
    newest = opened.store.events(opened.store.verify_events() - 1, 1)[0].event
    assert (newest.kind, newest.details) == (EventKind.DRIFT_CLOSED, {"device": "b", "forget": "true"})


def test_nothing_is_half_taken_in(opened: OpenedStore) -> None:
    write(opened, 0, 20)

    def failing(*given: object) -> None:
        fold(*given)  # type: ignore[arg-type]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        opened.drift.catch_up(failing)  # type: ignore[arg-type]
    assert opened.drift.streams() == []
    assert catch_up(opened.drift) >= 20
