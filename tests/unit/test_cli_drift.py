"""``drift`` on the command line: what it prints, its exit status, and how an alarm is ended."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from biometric_service.app.service import settings_store
from biometric_service.cli import app
from biometric_service.references.opening import OpenedStore
from biometric_service.settings import Settings
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind


@pytest.fixture
def opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenedStore]:
    monkeypatch.setenv("BIOMETRIC_DATA_DIR", str(tmp_path))
    with settings_store(Settings(data_dir=tmp_path)) as opened:
        yield opened


def checks(opened: OpenedStore, quality: float, count: int) -> None:
    caller, now = Caller("officer", "movement", "reader-1"), datetime.now(UTC)
    with opened.database.writing() as connection:
        for at in range(count):
            details = {"checkpoint": "gate", "passage": "pass", "qualities": f"fingerprint={quality + at % 9:.1f}"}
            opened.log.append(connection, AuditEvent(EventKind.MOVEMENT_CHECK, now, caller, details=details))


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["drift", *words], catch_exceptions=False)


def test_a_reader_that_got_worse_is_shown_and_its_alarm_ended(opened: OpenedStore) -> None:
    checks(opened, 60, 150)
    assert run().exit_code == 0
    checks(opened, 25, 40)
    shown = run("--json")
    assert shown.exit_code == 1
    told = json.loads(shown.output)
    [stream] = told["streams"]
    assert told["alarms"] == 1
    assert stream["key"] == {
        "device": "reader-1",
        "post": "gate",
        "kind": "movement.check",
        "measure": "fingerprint_quality",
    }
    assert (stream["alarm"]["direction"], stream["checks"], stream["recent_checks"]) == ("lower", 190, 190)
    table = run()
    assert (table.exit_code, "reader-1" in table.output, "lower since" in table.output) == (1, True, True)
    assert "Ended: 1 alarms" in run("close", "reader-1").output
    assert run().exit_code == 0
    kinds = [each.event.kind for each in opened.store.events(0, 1000)]
    assert [kinds.count(kind) for kind in (EventKind.DRIFT_READ, EventKind.DRIFT_FOUND, EventKind.DRIFT_CLOSED)] == [
        4,
        1,
        1,
    ]


def test_without_any_check_there_is_nothing_to_say(opened: OpenedStore) -> None:
    shown = run("--json")
    assert (shown.exit_code, json.loads(shown.output)) == (0, {"alarms": 0, "streams": []})
    assert opened.drift.streams() == []
