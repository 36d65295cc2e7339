"""A backup made under load is whole, is proved so, and brings everything back."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.throughput.random_encounters import GALLERY, NOW, audit_event, random_encounter
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.archive import read_header
from biometric_service.references.backup import (
    BackupReport,
    Kept,
    admit,
    create_backup,
    erased_since,
    follow,
    restore_backup,
    verify_backup,
)
from biometric_service.references.erasing_again import ErasedAgain, erase_again
from biometric_service.references.erasure_ledger import read_ledger, write_ledger
from biometric_service.references.key_renewal import renew
from biometric_service.references.master_keys import KeyFromEnvironment
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.vocabulary.events import AuditEvent, EventKind
from biometric_service.vocabulary.places import Zone, ZoneId
from biometric_service.vocabulary.references import ChangeNumber, EncounterId, EncounterKey, EncounterStatus, SubjectId
from biometric_service.vocabulary.statements import read_statement

KEY = KeyFromEnvironment("17" * 32)
PAUSE_S = 0.01
"""Between two writes of whoever writes meanwhile: enough come, and the store does not grow all the time."""


def opening(url: str) -> OpenedStore:
    return open_store(url, KEY, ChainedLog)


@pytest.fixture
def opened(store_url: str) -> Iterator[OpenedStore]:
    opened = opening(store_url)
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
    backup = back_up(opened, tmp_path / "backups" / "one.backup")
    assert [path.name for path in backup.parent.iterdir()] == ["one.backup"]
    assert backup.stat().st_mode & 0o777 == 0o600
    before = backup.read_bytes()
    assert verify_backup(backup, KEY, ChainedLog) == BackupReport(events=6, changes=4, references=12)
    assert backup.read_bytes() == before
    assert [path.name for path in backup.parent.iterdir()] == ["one.backup"]


def test_a_backup_under_load_is_of_one_moment(opened: OpenedStore, tmp_path: Path) -> None:
    done = threading.Event()

    def backed_up(turn: int) -> BackupReport:
        """Not before somebody wrote since the last one."""
        before, until = opened.store.last_change(), time.monotonic() + 60
        while opened.store.last_change() == before and time.monotonic() < until:
            time.sleep(PAUSE_S)
        return verify_backup(back_up(opened, tmp_path / f"{turn}.backup"), KEY, ChainedLog)

    def write() -> None:
        seed = 100
        while not done.is_set():
            opened.store.enrol(random_encounter(seed, f"B-{seed}"), audit_event())
            seed += 1
            done.wait(PAUSE_S)

    writer = threading.Thread(target=write)
    writer.start()
    reports = [backed_up(turn) for turn in range(3)]
    done.set()
    writer.join()
    assert reports[0].changes < reports[2].changes
    for turn, report in enumerate(reports):
        assert (report.references, report.events) == (3 * report.changes, report.changes + 2 + turn)


def test_a_restored_store_has_everything_on_either_database_and_goes_on(
    opened: OpenedStore, tmp_path: Path, other_url: str, store_url: str
) -> None:
    backup = back_up(opened, tmp_path / "one.backup")
    opened.store.enrol(random_encounter(9, "late"), audit_event())
    assert restore_backup(backup, other_url, KEY, ChainedLog).changes == 4
    again = opening(other_url)
    assert [one.subject for one in again.store.subjects(GALLERY, None, 9)] == ["A-0", "A-1", "A-2", "A-3"]
    assert again.store.enrol(random_encounter(9, "late"), audit_event()) == 5
    assert again.store.verify_events() == 7
    again.store.erase(SubjectId("A-1"), audit_event())  # its foreign keys hold again
    assert again.store.last_change() == 6
    again.close()
    for taken in (other_url, store_url):
        assert refused(partial(restore_backup, backup, taken, KEY, ChainedLog)) is ErrorCode.REQUEST_INVALID


def test_nothing_is_written_over(opened: OpenedStore, tmp_path: Path) -> None:
    backup = back_up(opened, tmp_path / "one.backup")
    before = backup.read_bytes()
    assert refused(lambda: back_up(opened, backup)) is ErrorCode.REQUEST_INVALID
    assert refused(lambda: verify_backup(tmp_path / "none", KEY, ChainedLog)) is ErrorCode.REQUEST_INVALID
    assert backup.read_bytes() == before
    assert opened.store.verify_events() == 6


def test_a_damaged_backup_or_a_wrong_key_is_refused_and_not_restored(
    opened: OpenedStore, tmp_path: Path, other_url: str
) -> None:
    backup = back_up(opened, tmp_path / "one.backup")
    wrong = KeyFromEnvironment("18" * 32)
    assert refused(lambda: restore_backup(backup, other_url, wrong, ChainedLog)) is ErrorCode.KEY_WRONG
    content = backup.read_bytes()
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    for spoilt in (content[:middle], b"", b"x" * 5000, flipped, content + b"x", content[:-40]):
        backup.write_bytes(spoilt)
        assert refused(lambda: restore_backup(backup, other_url, KEY, ChainedLog)) is ErrorCode.BACKUP_DAMAGED
    backup.write_bytes(content)
    assert restore_backup(backup, other_url, KEY, ChainedLog).references == 12


def test_nothing_biometric_and_no_name_is_in_the_clear_in_a_backup(opened: OpenedStore, tmp_path: Path) -> None:
    content = back_up(opened, tmp_path / "one.backup").read_bytes()
    for seed in range(4):
        assert not any(sample.image[:16] in content for sample in random_encounter(seed, "A").samples)
    assert b"A-1" not in content
    assert b"yard" not in content


def test_any_followed_moment_can_be_come_back_to(opened: OpenedStore, tmp_path: Path, other_url: str) -> None:
    folder, moments = tmp_path / "backups", []
    for turn in range(4):
        kept = follow(opened, folder, audit_event(EventKind.BACKUP_CREATED))
        assert kept
        assert kept.kind == ("increment" if turn else "base")
        moments.append(datetime.fromisoformat(read_header(kept.file).at))
        opened.store.erase(SubjectId(f"A-{turn}"), audit_event(EventKind.SUBJECT_ERASED, f"A-{turn}"))
        opened.store.enrol(random_encounter(turn, f"B-{turn}"), audit_event())
    follow(opened, folder, audit_event())
    assert follow(opened, folder, audit_event()) is None
    restore_backup(folder, other_url, KEY, ChainedLog, moments[2])
    again = opening(other_url)
    assert [one.subject for one in again.store.subjects(GALLERY, None, 9)] == ["A-2", "A-3", "B-0", "B-1"]
    again.close()
    assert verify_backup(folder, KEY, ChainedLog).changes == 12
    early = moments[0] - timedelta(hours=1)
    assert refused(lambda: verify_backup(folder, KEY, ChainedLog, early)) is ErrorCode.REQUEST_INVALID
    sorted(folder.iterdir())[2].unlink()
    assert refused(lambda: verify_backup(folder, KEY, ChainedLog)) is ErrorCode.BACKUP_DAMAGED


def test_a_folder_is_followed_on_after_a_clock_was_set_back(
    opened: OpenedStore, tmp_path: Path, other_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, kept = tmp_path / "backups", list[Kept | None]()
    for hours in (0, -1, -3, -2):
        clock = SimpleNamespace(
            now=lambda _, hours=hours: NOW + timedelta(hours=hours), fromisoformat=datetime.fromisoformat
        )
        monkeypatch.setattr("biometric_service.references.backup.datetime", clock)
        opened.store.enrol(random_encounter(4 - hours, f"B{hours}"), audit_event())
        kept.append(follow(opened, folder, audit_event(EventKind.BACKUP_CREATED)))
    assert [each and each.file for each in kept] == sorted(folder.iterdir())
    assert restore_backup(folder, other_url, KEY, ChainedLog).changes == 8
    restore_backup(folder, f"sqlite:///{tmp_path}/first.db", KEY, ChainedLog, NOW)
    again = opening(f"sqlite:///{tmp_path}/first.db")
    assert again.store.last_change() == 5
    again.close()


def test_whoever_follows_beside_another_breaks_no_chain(
    opened: OpenedStore, store_url: str, tmp_path: Path, other_url: str
) -> None:
    folder, beside = tmp_path / "backups", opening(store_url)
    follow(opened, folder, audit_event())
    with ThreadPoolExecutor(2) as threads:
        for turn in range(8):
            opened.store.enrol(random_encounter(turn, f"B-{turn}"), audit_event())
            list(threads.map(lambda each: follow(each, folder, audit_event()), (opened, beside)))
    beside.close()
    restore_backup(folder, other_url, KEY, ChainedLog)
    again = opening(other_url)
    found = [one.subject for one in again.store.subjects(GALLERY, None, 99)]
    assert found == [*(f"A-{seed}" for seed in range(4)), *(f"B-{turn}" for turn in range(8))]
    again.close()


def test_a_restore_that_was_cut_off_before_it_erased_again_is_opened_by_nobody(
    opened: OpenedStore, tmp_path: Path, other_url: str
) -> None:
    restore_backup(back_up(opened, tmp_path / "one.backup"), other_url, KEY, ChainedLog, closed=True)
    assert refused(lambda: opening(other_url)) is ErrorCode.STORE_UNAVAILABLE
    restored = open_store(other_url, KEY, ChainedLog, even_moved=True)
    admit(restored, audit_event(EventKind.BACKUP_RESTORED))
    restored.close()
    again = opening(other_url)
    assert [each.event.kind for each in again.store.events(0, 99)][-1] is EventKind.BACKUP_RESTORED
    again.close()


def test_a_store_that_was_restored_or_rotated_is_followed_from_a_new_base(
    opened: OpenedStore, tmp_path: Path, other_url: str
) -> None:
    folder = tmp_path / "backups"
    follow(opened, folder, audit_event())
    restore_backup(folder, other_url, KEY, ChainedLog)
    again = opening(other_url)
    kept = follow(again, folder, audit_event())
    assert kept
    assert kept.kind == "base"
    again.close()


def test_who_was_erased_since_a_backup_does_not_come_back(
    opened: OpenedStore, tmp_path: Path, other_url: str, store_url: str
) -> None:
    ledger = tmp_path / "erasures.jsonl"
    watched = open_store(store_url, KEY, ChainedLog, ledger=ledger)
    backup = back_up(opened, tmp_path / "one.backup")
    watched.store.erase(SubjectId("A-1"), audit_event(EventKind.SUBJECT_ERASED, "A-1"))
    watched.store.enrol(random_encounter(5, "A-1"), audit_event())
    watched.close()
    restore_backup(backup, other_url, KEY, ChainedLog)
    again = opening(other_url)
    assert len(again.store.references(SubjectId("A-1"))) == 3
    assert erase_again(again, read_ledger(ledger), audit_event(EventKind.SUBJECT_ERASED)).erased == ["A-1"]
    assert erase_again(again, read_ledger(ledger), audit_event(EventKind.SUBJECT_ERASED)) == ErasedAgain([], {})
    assert refused(lambda: again.store.references(SubjectId("A-1"))) is ErrorCode.SUBJECT_UNKNOWN
    assert again.store.verify_events() == 7
    again.close()
    ledger.write_text(ledger.read_text().replace("A-1", "A-2"))
    assert refused(lambda: erase_again(opened, read_ledger(ledger), audit_event())) is ErrorCode.SIGNATURE_INVALID
    assert refused(lambda: read_ledger(tmp_path / "none")) is ErrorCode.REQUEST_INVALID


def test_who_was_erased_since_a_backup_goes_wherever_they_were_believed_to_be_in_it(
    opened: OpenedStore, tmp_path: Path, other_url: str
) -> None:
    person, zone = SubjectId("A-1"), Zone(ZoneId("wing"), "Wing A")
    opened.day.places.set_zone(zone, audit_event(EventKind.ZONE_SET))
    opened.day.movements.place(person, zone.id, audit_event(EventKind.WHEREABOUTS_CHANGED))
    backup = back_up(opened, tmp_path / "one.backup")
    assert refused(lambda: opened.store.erase(person, audit_event())) is ErrorCode.RELEASE_REQUIRED
    died = EncounterKey(person, EncounterId("first"))
    opened.encounters.set_status(died, EncounterStatus.DECEASED, audit_event(EventKind.STATUS_CHANGED))
    opened.store.erase(person, audit_event(EventKind.SUBJECT_ERASED, person))
    restore_backup(backup, other_url, KEY, ChainedLog)
    again = opening(other_url)
    erasures = opened.store.erasures(ChangeNumber(0))
    assert erase_again(again, erasures, audit_event(EventKind.SUBJECT_ERASED)).erased == [person]
    assert again.day.movements.whereabouts(GALLERY, zone.id, None, 9) == []
    again.close()


def test_the_ledger_tells_of_erasures_made_before_and_after_a_restore(
    opened: OpenedStore, tmp_path: Path, other_url: str
) -> None:
    ledger, backup = tmp_path / "erasures.jsonl", back_up(opened, tmp_path / "one.backup")
    for seed in range(4, 7):
        opened.store.enrol(random_encounter(seed, f"A-{seed}"), audit_event())
    opened.store.erase(SubjectId("A-1"), audit_event(EventKind.SUBJECT_ERASED, "A-1"))
    write_ledger(ledger, opened.database)
    restore_backup(backup, other_url, KEY, ChainedLog)
    again = open_store(other_url, KEY, ChainedLog, ledger=ledger)
    assert again.store.erase(SubjectId("A-2"), audit_event(EventKind.SUBJECT_ERASED, "A-2")) == 5
    told = [read_statement(each).fields for each in read_ledger(ledger)]
    assert [(each["change"], each["subjects"]) for each in told] == [(8, ["A-1"]), (5, ["A-2"])]
    write_ledger(ledger, again.database)
    assert len(read_ledger(ledger)) == 2
    again.close()


def test_who_was_enrolled_anew_after_a_restore_is_not_whom_an_older_certificate_tells_of(
    opened: OpenedStore, tmp_path: Path, other_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers restart with the restore: the second A-9 has the number of the first."""
    monkeypatch.setattr("biometric_service.references.erasing_again._EVENTS_A_READ", 3)
    ledger, backup = tmp_path / "erasures.jsonl", back_up(opened, tmp_path / "one.backup")
    opened.store.enrol(random_encounter(9, "A-9"), later(0, EventKind.SUBJECT_ENROLLED, "A-9"))
    opened.store.erase(SubjectId("A-9"), later(1, EventKind.SUBJECT_ERASED, "A-9"))
    opened.store.erase(SubjectId("A-1"), later(1, EventKind.SUBJECT_ERASED, "A-1"))
    write_ledger(ledger, opened.database)
    restore_backup(backup, other_url, KEY, ChainedLog)
    again = opening(other_url)
    old = replace(random_encounter(9, "A-9"), at=NOW - timedelta(days=900))  # as a caller may say of an encounter
    again.store.enrol(old, later(2, EventKind.SUBJECT_ENROLLED, "A-9"))
    for _ in range(4):
        again.store.record(later(2, EventKind.SUBJECTS_LISTED))
    done = erase_again(again, read_ledger(ledger), later(3, EventKind.SUBJECT_ERASED))
    assert done == ErasedAgain([person(1)], {person(9): "whoever has the id now was enrolled after that erasure"})
    assert len(again.store.references(SubjectId("A-9"))) == 3
    again.close()


def test_a_certificate_of_the_same_number_and_id_is_not_of_whoever_has_another_data_key(
    opened: OpenedStore, tmp_path: Path, other_url: str
) -> None:
    """A copy of the store went its own way: there the first A-9 was enrolled, and erased later than the one here."""
    backup = back_up(opened, tmp_path / "one.backup")
    restore_backup(backup, other_url, KEY, ChainedLog)
    copy = opening(other_url)
    copy.store.enrol(random_encounter(9, "A-9"), later(1, EventKind.SUBJECT_ENROLLED, "A-9"))
    copy.store.erase(SubjectId("A-9"), later(3, EventKind.SUBJECT_ERASED, "A-9"))
    opened.store.enrol(random_encounter(10, "A-9"), later(2, EventKind.SUBJECT_ENROLLED, "A-9"))
    told = copy.store.erasures(ChangeNumber(0))
    done = erase_again(opened, told, later(4, EventKind.SUBJECT_ERASED))
    assert done == ErasedAgain([], {person(9): "the data key that was destroyed is not that of whoever has the id now"})
    assert len(opened.store.references(SubjectId("A-9"))) == 3
    copy.close()


def test_a_certificate_by_another_key_erases_nobody_unless_it_lay_in_a_backup(
    opened: OpenedStore, tmp_path: Path, other_url: str
) -> None:
    backup = back_up(opened, tmp_path / "one.backup")
    list(renew(opened, audit_event(EventKind.STORE_KEY_RENEWED)))
    opened.store.erase(SubjectId("A-1"), audit_event(EventKind.SUBJECT_ERASED, "A-1"))
    told = opened.store.erasures(ChangeNumber(0))
    restore_backup(backup, other_url, KEY, ChainedLog)
    again = opening(other_url)
    done = erase_again(again, told, audit_event(EventKind.SUBJECT_ERASED))
    assert (done.erased, list(done.left)) == ([], ["A-1"])
    assert opened.keys.current.public_key.hex()[:16] in done.left[SubjectId("A-1")]
    assert len(again.store.references(SubjectId("A-1"))) == 3
    done = erase_again(again, told, audit_event(EventKind.SUBJECT_ERASED), proven=told)
    assert done == ErasedAgain([person(1)], {})
    again.close()


def later(hours: int, kind: EventKind, subject: str | None = None) -> AuditEvent:
    return replace(audit_event(kind, subject), at=NOW + timedelta(hours=hours))


def person(seed: int) -> SubjectId:
    return SubjectId(f"A-{seed}")


def name(seed: int) -> EncounterId:
    return EncounterId(f"encounter of {seed}")


def test_whoever_was_merged_before_or_after_a_backup_is_erased_again_and_nobody_else(
    opened: OpenedStore, tmp_path: Path, other_url: str
) -> None:
    """A-0 was merged into A-3 after the backup; A-1 into A-2 before it, which was undone before A-1 was erased."""
    for seed in range(4):
        opened.store.add_encounter(random_encounter(seed + 9, person(seed), name(seed)), audit_event())
        opened.encounters.delete(EncounterKey(person(seed), EncounterId("first")), audit_event())
    opened.encounters.merge(person(1), person(2), audit_event(EventKind.SUBJECTS_MERGED))
    backup = back_up(opened, tmp_path / "one.backup")
    opened.encounters.unmerge(person(1), audit_event(EventKind.SUBJECT_UNMERGED))
    opened.encounters.merge(person(0), person(3), audit_event(EventKind.SUBJECTS_MERGED))
    opened.store.erase(person(3), audit_event(EventKind.SUBJECT_ERASED))
    opened.store.erase(person(1), audit_event(EventKind.SUBJECT_ERASED))
    restore_backup(backup, other_url, KEY, ChainedLog)
    again = opening(other_url)
    erasures = opened.store.erasures(ChangeNumber(0))
    assert erase_again(again, erasures, audit_event(EventKind.SUBJECT_ERASED)).erased == ["A-0", "A-3", "A-1"]
    assert [one.subject for one in again.store.subjects(GALLERY, None, 9)] == ["A-2"]
    assert [kept.encounter.encounter for kept in again.encounters.encounters(person(2))] == [name(2)]
    again.close()


def test_a_ledger_that_was_cut_off_in_a_line_is_told_again_what_it_lost(
    opened: OpenedStore, store_url: str, tmp_path: Path
) -> None:
    ledger = tmp_path / "erasures.jsonl"
    watched = open_store(store_url, KEY, ChainedLog, ledger=ledger)
    assert ledger.stat().st_mode & 0o777 == 0o600
    for person in ("A-0", "A-1"):
        opened.store.erase(SubjectId(person), audit_event(EventKind.SUBJECT_ERASED, person))
    write_ledger(ledger, watched.database)
    whole = ledger.read_text()
    for left, told in ((whole[:-300], 1), (whole[:-1], 2), ("", 0), (whole + "\0" * 9, 2)):
        ledger.write_text(left)
        assert len(read_ledger(ledger)) == told
        write_ledger(ledger, watched.database)
        assert ledger.read_text() == whole
    ledger.write_text(whole[:-300])
    watched.store.erase(SubjectId("A-2"), audit_event(EventKind.SUBJECT_ERASED, "A-2"))
    assert [read_statement(each).fields["subjects"] for each in read_ledger(ledger)] == [["A-0"], ["A-1"], ["A-2"]]
    watched.close()


def test_an_erasure_stands_though_the_ledger_cannot_be_told_and_the_start_says_so(
    opened: OpenedStore, store_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    ledger = tmp_path / "erasures.jsonl"
    watched = open_store(store_url, KEY, ChainedLog, ledger=ledger)
    ledger.unlink()
    ledger.mkdir()
    change = watched.store.erase(SubjectId("A-1"), audit_event(EventKind.SUBJECT_ERASED, "A-1"))
    assert "The ledger of erasures cannot be written" in caplog.text
    assert opened.store.last_change() == change
    assert refused(lambda: open_store(store_url, KEY, ChainedLog, ledger=ledger)) is ErrorCode.STORE_UNAVAILABLE
    ledger.rmdir()
    watched.store.erase(SubjectId("A-2"), audit_event(EventKind.SUBJECT_ERASED, "A-2"))
    assert [read_statement(each).fields["subjects"] for each in read_ledger(ledger)] == [["A-1"], ["A-2"]]
    watched.close()


def test_later_increments_tell_of_erasures_where_there_is_no_ledger(opened: OpenedStore, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    follow(opened, folder, audit_event())
    opened.store.erase(SubjectId("A-1"), audit_event(EventKind.SUBJECT_ERASED, "A-1"))
    follow(opened, folder, audit_event())
    assert [read_statement(each).fields["subjects"] for each in erased_since(folder, KEY)] == [["A-1"]]


def test_a_followed_folder_is_restored_under_either_key_of_a_rotation(
    opened: OpenedStore, tmp_path: Path, other_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder, new = tmp_path / "backups", KeyFromEnvironment("71" * 32)
    kept = follow(opened, folder, audit_event())
    assert kept
    before = datetime.fromisoformat(read_header(kept.file).at)
    opened.rotate_master_key(new, audit_event(EventKind.MASTER_KEY_ROTATED))
    follow(opened, folder, audit_event())
    opened.store.erase(SubjectId("A-1"), audit_event(EventKind.SUBJECT_ERASED, "A-1"))
    follow(opened, folder, audit_event())
    assert [read_statement(each).fields["subjects"] for each in erased_since(folder, new)] == [["A-1"]]
    assert "under another master key" in caplog.text
    assert erased_since(folder, KEY) == []
    assert verify_backup(folder, KEY, ChainedLog, before).references == 12
    assert restore_backup(folder, other_url, new, ChainedLog).references == 9


def test_a_certificate_says_what_was_destroyed_and_is_signed_by_the_store(opened: OpenedStore) -> None:
    change = opened.store.erase(SubjectId("A-1"), audit_event(EventKind.SUBJECT_ERASED, "A-1"))
    (certificate,) = opened.store.erasures(ChangeNumber(change - 1))
    statement = read_statement(certificate)
    assert statement.public_key == opened.keys.current.public_key.hex()
    assert statement.fields["destroyed"] == {"data_keys": 1, "encounters": 1, "images": 3, "templates": 3}
    assert statement.fields["change"] == change
    assert refused(lambda: read_statement(certificate.replace("A-1", "A-2"))) is ErrorCode.SIGNATURE_INVALID
