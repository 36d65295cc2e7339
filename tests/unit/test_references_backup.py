"""A backup made under load is whole, is proved so, and brings everything back."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.backup import BackupReport, create_backup, restore_backup, verify_backup
from biometric_service.references.master_keys import KeyFromEnvironment
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.vocabulary.events import EventKind

KEY = KeyFromEnvironment("17" * 32)


def opening(path: Path) -> OpenedStore:
    return open_store(f"sqlite:///{path}", KEY, ChainedLog)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenedStore]:
    opened = opening(tmp_path / "data" / "store.db")
    opened.store.create_gallery(GALLERY, audit_event())
    for seed in range(4):
        opened.store.enrol(random_encounter(seed, f"A-{seed}"), audit_event())
    yield opened
    opened.close()


def back_up(opened: OpenedStore, target: Path) -> Path:
    create_backup(opened, target, audit_event(EventKind.BACKUP_CREATED))
    return target


def refused(act: Callable[[], object]) -> ErrorCode:
    with pytest.raises(BiometricServiceError) as caught:
        act()
    return caught.value.code


def test_a_backup_is_one_private_file_that_verifies_and_stays_as_it_is(opened: OpenedStore, tmp_path: Path) -> None:
    backup = back_up(opened, tmp_path / "backups" / "one.db")
    assert [path.name for path in backup.parent.iterdir()] == ["one.db"]
    assert backup.stat().st_mode & 0o777 == 0o600
    before = backup.read_bytes()
    assert verify_backup(backup, KEY, ChainedLog) == BackupReport(events=6, changes=4, references=12)
    assert backup.read_bytes() == before
    assert [path.name for path in backup.parent.iterdir()] == ["one.db"]


def test_a_backup_under_load_is_of_one_moment(opened: OpenedStore, tmp_path: Path) -> None:
    done = threading.Event()

    def write() -> None:
        seed = 100
        while not done.is_set():
            opened.store.enrol(random_encounter(seed, f"B-{seed}"), audit_event())
            seed += 1

    writer = threading.Thread(target=write)
    writer.start()
    reports = [verify_backup(back_up(opened, tmp_path / f"{turn}.db"), KEY, ChainedLog) for turn in range(3)]
    done.set()
    writer.join()
    assert reports[0].changes < reports[2].changes
    for turn, report in enumerate(reports):
        assert (report.references, report.events) == (3 * report.changes, report.changes + 2 + turn)


def test_a_restored_store_has_everything_and_goes_on(opened: OpenedStore, tmp_path: Path) -> None:
    backup = back_up(opened, tmp_path / "one.db")
    opened.store.enrol(random_encounter(9, "late"), audit_event())
    target = tmp_path / "restored" / "store.db"
    assert restore_backup(backup, target, KEY, ChainedLog).changes == 4
    again = opening(target)
    assert [one.subject for one in again.store.subjects(GALLERY, None, 9)] == ["A-0", "A-1", "A-2", "A-3"]
    assert again.store.enrol(random_encounter(9, "late"), audit_event()) == 5
    assert again.store.verify_events() == 7
    again.close()


def test_nothing_is_written_over(opened: OpenedStore, tmp_path: Path) -> None:
    backup = back_up(opened, tmp_path / "one.db")
    before = backup.read_bytes()
    assert refused(lambda: back_up(opened, backup)) is ErrorCode.REQUEST_INVALID
    assert refused(lambda: restore_backup(backup, backup, KEY, ChainedLog)) is ErrorCode.REQUEST_INVALID
    assert refused(lambda: verify_backup(tmp_path / "none.db", KEY, ChainedLog)) is ErrorCode.REQUEST_INVALID
    assert backup.read_bytes() == before
    assert opened.store.verify_events() == 6


def test_a_damaged_backup_or_a_wrong_key_is_refused_and_not_restored(opened: OpenedStore, tmp_path: Path) -> None:
    backup, target = back_up(opened, tmp_path / "one.db"), tmp_path / "restored.db"
    wrong = KeyFromEnvironment("18" * 32)
    assert refused(lambda: restore_backup(backup, target, wrong, ChainedLog)) is ErrorCode.KEY_WRONG
    content = backup.read_bytes()
    for spoilt in (content[: len(content) // 2], b"", b"x" * 5000, content.replace(b"desk 1", b"desk 2", 1)):
        backup.write_bytes(spoilt)
        assert refused(lambda: restore_backup(backup, target, KEY, ChainedLog)) in {
            ErrorCode.STORE_UNAVAILABLE,
            ErrorCode.AUDIT_CHAIN_BROKEN,
        }
    assert not target.exists()
    assert {path.name for path in tmp_path.iterdir()} == {"one.db", "data"}
