"""From a terminal's push to the service's audit log: once each, whatever is away or dies in between."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from biometric_service.cli.forwarding import forward_zkteco
from biometric_service.client.outbox import Outbox, Waiting
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import AuditEvent, EventKind
from tests.emulators.zkteco_terminal import ZktecoTerminal
from tests.live_service import LiveService, live_service, without_models

KNOWN = "104\t2026-03-04 06:30:00\t1\t15\t0\t0"
NOBODY_CAN_BE_CALLED_THAT = "1 0 4\t2026-03-04 06:30:00\t1\t15"
STRANGER = "7\t2026-03-04 06:31:00\t0\t1"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveService]:
    with live_service(without_models(tmp_path / "data")) as live:
        live.gallery("ours")
        live.subject("P-104", "ours")
        yield live


@contextmanager
def forwarding(folder: Path, service: str, key: str) -> Iterator[tuple[ZktecoTerminal, "subprocess.Popen[str]"]]:
    (folder / "key").write_text(key)
    options = {
        "service": service,
        "key-file": folder / "key",
        "outbox": folder / "outbox",
        "terminal": "CQZ7=gate-3",
        "gallery": "ours",
        "claimed": "P-{}",
        "zone": "America/Belize",
        "port": 0,
    }
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "biometric_service", "devices", "forward-zkteco", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        port = int(process.stderr.readline().rpartition(":")[2])
        try:
            yield ZktecoTerminal(port), process
        finally:
            process.kill()


def reported(live: LiveService) -> list[AuditEvent]:
    events = (each.event for each in live.service.store.events(0, 1_000))
    return [event for event in events if event.kind is EventKind.MOVEMENT_REPORTED]


def settle(outbox: Path) -> None:
    until = time.monotonic() + 180
    while Outbox(outbox).counts()["waiting"]:
        assert time.monotonic() < until, "not all was sent"
        time.sleep(0.05)


def test_what_a_terminal_pushed_while_the_service_was_away_is_noted_once(live: LiveService, tmp_path: Path) -> None:
    key = live.key(frozenset({Scope.MOVEMENT}), frozenset({"ours"}), frozenset({"movement"}))
    with forwarding(tmp_path, NOWHERE, key) as (terminal, process):
        assert terminal.introduce()
        assert terminal.push(KNOWN, STRANGER) == 1
        assert terminal.push(KNOWN) == 1  # it did not hear that it was kept
        assert process.stderr
        assert "could not be reached" in process.stderr.readline()
    assert Outbox(tmp_path / "outbox").counts() == {"waiting": 2, "sent": 0, "refused": 0}
    with forwarding(tmp_path, live.url, key) as (terminal, _):
        terminal.push(NOBODY_CAN_BE_CALLED_THAT, STRANGER, "nonsense", KNOWN)
        settle(tmp_path / "outbox")
    known, stranger = reported(live)
    assert (known.subject, known.gallery, known.caller.purpose) == ("P-104", "ours", "movement")
    said = known.details
    assert (said["terminal"], said["checkpoint"], said["person"]) == ("CQZ7", "gate-3", "104")
    assert (said["direction"], said["method"], said["status"]) == ("out", "face", "active")
    assert said["seen_at"] == "2026-03-04T12:30:00+00:00"
    assert (stranger.subject, stranger.details["claimed"], stranger.details["status"]) == (None, "P-7", "unknown")
    assert Outbox(tmp_path / "outbox").counts() == {"waiting": 0, "sent": 2, "refused": 2}


def test_a_key_that_may_not_holds_everything_up_and_says_why(live: LiveService, tmp_path: Path) -> None:
    with forwarding(tmp_path, live.url, live.key(frozenset({Scope.VERIFY}))) as (terminal, process):
        terminal.push(KNOWN)
        assert process.stderr
        assert "not_authorised" in process.stderr.readline()
    assert Outbox(tmp_path / "outbox").counts()["waiting"] == 1


def test_a_report_is_noted_once_under_its_key(live: LiveService) -> None:
    client = live.client(live.key())
    body = {"purpose": "movement", "report": "r-1", "gallery": "ours", "checkpoint": "gate", "terminal": "T"}
    body |= {"person": "104", "claimed": "P-104", "seen_at": datetime(2026, 3, 4, tzinfo=UTC).isoformat()}
    url, headers = "/v1/operations/movement-reports", {"Idempotency-Key": "r-1"}
    answers = [client.post(url, json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["subject"] == "P-104"
    assert len(reported(live)) == 1


def test_an_outbox_is_its_owners_alone_and_forgets_what_was_sent(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox")
    outbox.put([Waiting("a", "first"), Waiting("b", "second"), Waiting("a", "again")])
    assert (tmp_path / "outbox").stat().st_mode & 0o077 == 0
    assert outbox.first() == Waiting("a", "first")
    outbox.sent("a")
    outbox.put([Waiting("a", "first")])
    assert outbox.first() == Waiting("b", "second")
    outbox.refused("b", "never")
    assert outbox.first() is None
    assert b"first" not in (tmp_path / "outbox").read_bytes()


@pytest.mark.parametrize(("outbox", "key"), [("broken", "key"), ("outbox", "none"), ("none/outbox", "key")])
def test_files_that_cannot_be_opened_are_a_fault_of_the_settings(tmp_path: Path, outbox: str, key: str) -> None:
    (tmp_path / "broken").write_bytes(b"no database" * 100)
    (tmp_path / "key").write_text("secret")
    at, by = tmp_path / outbox, tmp_path / key
    with pytest.raises(BiometricServiceError) as fault:
        forward_zkteco(outbox=at, key_file=by, service=NOWHERE, terminal=["CQZ7=gate-3"], gallery="ours")
    assert fault.value.code is ErrorCode.SETTINGS_INVALID
