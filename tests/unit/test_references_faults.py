"""What can go wrong with a database is told in the service's own words, and is over when its cause is."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event, text

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.master_keys import KeyFile
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.vocabulary.access import ApiKey
from biometric_service.vocabulary.references import ReferenceId, SubjectId


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "store.db"


@pytest.fixture
def opened(path: Path) -> Iterator[OpenedStore]:
    opened = opening(path)
    opened.store.create_gallery(GALLERY, audit_event())
    yield opened
    opened.close()


def opening(path: Path, patience_s: float = 0.2) -> OpenedStore:
    return open_store(f"sqlite:///{path}", KeyFile(path.parent / "master.key"), ChainedLog, patience_s)


def fault(act: Callable[[], object]) -> tuple[ErrorCode, str]:
    with pytest.raises(BiometricServiceError) as caught:
        act()
    return caught.value.code, caught.value.message


def enrol(opened: OpenedStore, seed: int = 1) -> Callable[[], object]:
    return lambda: opened.store.enrol(random_encounter(seed, f"A-{seed}"), audit_event())


def set_on_every_connection(opened: OpenedStore, pragma: str) -> None:
    opened.database.engine.dispose()
    event.listen(opened.database.readers, "connect", lambda raw, _: raw.execute(pragma).close())


@pytest.mark.parametrize(
    ("spoil", "mend", "told"),
    [
        ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000", ErrorCode.STORE_FULL),
        ("PRAGMA query_only = ON", "PRAGMA query_only = OFF", ErrorCode.STORE_READ_ONLY),
    ],
)
def test_a_full_or_read_only_disk_is_told_and_got_over(
    opened: OpenedStore, spoil: str, mend: str, told: ErrorCode
) -> None:
    set_on_every_connection(opened, spoil)
    assert fault(enrol(opened))[0] is told
    assert opened.store.last_change() == 0
    set_on_every_connection(opened, mend)
    enrol(opened)()
    assert opened.store.verify_events() == 2


def test_a_store_that_another_process_writes_to_for_too_long_is_busy(opened: OpenedStore, path: Path) -> None:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert fault(enrol(opened)) == (ErrorCode.STORE_BUSY, "The store is busy.")
    assert opened.store.subjects(GALLERY, None, 9) == []
    other.execute("ROLLBACK")
    other.close()
    enrol(opened)()


def test_a_file_that_went_missing_is_not_made_anew(opened: OpenedStore, path: Path) -> None:
    moved = path.rename(path.with_name("moved.db"))
    assert fault(enrol(opened))[0] is ErrorCode.STORE_UNAVAILABLE
    opened.database.engine.dispose()
    assert fault(opened.store.last_change)[1] == "The store's file is missing or may not be opened."
    assert not path.exists()
    path.write_bytes(b"")
    assert fault(enrol(opened))[1] == "The store's file was replaced by another."
    moved.rename(path)
    enrol(opened)()


def test_a_damaged_or_foreign_file_is_refused(tmp_path: Path) -> None:
    foreign = tmp_path / "store.db"
    foreign.write_bytes(b"this is no database, " * 500)
    assert fault(lambda: opening(foreign)) == (
        ErrorCode.STORE_DAMAGED,
        "The store's file is not a database.",
    )


def test_a_folder_where_the_file_should_be_is_refused(tmp_path: Path) -> None:
    assert fault(lambda: opening(tmp_path))[0] is ErrorCode.STORE_UNAVAILABLE


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", ErrorCode.SETTINGS_INVALID),
        ("nonsense", ErrorCode.SETTINGS_INVALID),
        ("mysql://localhost/x", ErrorCode.SETTINGS_INVALID),
        ("sqlite://", ErrorCode.SETTINGS_INVALID),
        ("sqlite:///:memory:", ErrorCode.SETTINGS_INVALID),
    ],
)
def test_urls_that_no_store_can_be_kept_at_are_refused(tmp_path: Path, url: str, code: ErrorCode) -> None:
    assert fault(lambda: open_store(url, KeyFile(tmp_path / "master.key"), ChainedLog))[0] is code
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_master_key_writes_nothing(opened: OpenedStore, path: Path) -> None:
    enrol(opened)()
    opened.close()
    (path.parent / "master.key").write_text("00" * 32)
    before = path.read_bytes()
    assert fault(lambda: opening(path))[0] is ErrorCode.KEY_WRONG
    assert path.read_bytes() == before
    (path.parent / "master.key").unlink()
    assert fault(lambda: opening(path))[0] is ErrorCode.KEY_UNUSABLE
    assert not (path.parent / "master.key").exists()


def test_values_that_no_database_keeps_are_the_callers_fault(opened: OpenedStore) -> None:
    assert fault(lambda: opened.store.subject(SubjectId("\ud800")))[0] is ErrorCode.REQUEST_INVALID
    assert fault(lambda: opened.store.image(ReferenceId(2**70)))[0] is ErrorCode.REQUEST_INVALID
    naive = random_encounter(1, "A-1")
    object.__setattr__(naive, "at", naive.at.replace(tzinfo=None))
    assert fault(lambda: opened.store.enrol(naive, audit_event()))[0] is ErrorCode.REQUEST_INVALID


def test_processes_that_make_the_store_together_make_one(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        stores = list(pool.map(lambda _: opening(path, patience_s=60), range(8)))
    assert [one.store.record(audit_event()) for one in stores] == list(range(1, 9))
    for one in stores:
        one.close()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE subjects SET enrolled_at = 'never'",
        "UPDATE api_keys SET scopes = '{'",
        "UPDATE subjects SET id = CAST(x'ff' AS TEXT)",
    ],
)
def test_a_value_changed_by_hand_to_another_kind_is_a_fault_with_a_code(
    opened: OpenedStore, path: Path, change: str
) -> None:
    enrol(opened)()
    opened.api_keys.create(ApiKey("a", "A", frozenset(), frozenset(), frozenset(), None), audit_event())
    with sqlite3.connect(path) as raw:
        raw.execute(change)
    raw.close()
    codes = {ErrorCode.RECORD_TAMPERED, ErrorCode.STORE_UNAVAILABLE}
    assert fault(lambda: (opened.api_keys.keys(), opened.store.subjects(GALLERY, None, 9)))[0] in codes


def test_an_erasure_beside_a_long_read_is_done_and_the_log_warns(
    opened: OpenedStore, caplog: pytest.LogCaptureFixture
) -> None:
    enrol(opened)()
    with opened.database.reading() as reader:
        reader.execute(text("SELECT count(*) FROM subjects")).scalar_one()
        opened.store.erase(SubjectId("A-1"), audit_event())
    assert "still holds what was erased" in caplog.text
    assert opened.store.subjects(GALLERY, None, 9) == []
