"""Third parties can check the log without the store, and prove that it was not rolled back as a whole."""

import hashlib
import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.audit.chain import Head
from biometric_service.audit.exported import verify_lines
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.backup import create_backup, restore_backup
from biometric_service.references.erasure import KIND
from biometric_service.references.key_renewal import renew
from biometric_service.references.master_keys import KeyFromEnvironment
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.references.witness import ANCHOR, anchor, check_anchor, own_statement
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ChangeNumber, SubjectId
from biometric_service.vocabulary.statements import read_statement

KEY = KeyFromEnvironment("17" * 32)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenedStore]:
    opened = open_store(f"sqlite:///{tmp_path}/store.db", KEY, ChainedLog)
    opened.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
    for seed in range(3):
        opened.store.enrol(random_encounter(seed, f"A-{seed}"), audit_event())
    yield opened
    opened.close()


def exported(opened: OpenedStore) -> list[str]:
    with opened.database.reading() as connection:
        return list(opened.log.export(connection))


def refused(act: Callable[[], object]) -> ErrorCode:
    with pytest.raises(BiometricServiceError) as caught:
        act()
    return caught.value.code


def test_ten_lines_of_anybodys_code_check_an_export(opened: OpenedStore) -> None:
    before = bytes(32)
    for number, line in enumerate(exported(opened), 1):
        event = json.loads(line)
        assert json.loads(event["body"])["number"] == number
        before = hashlib.sha256(before + event["body"].encode()).digest()
        assert event["digest"] == before.hex()
    assert verify_lines(exported(opened)) == Head(4, before)


def test_an_export_that_was_changed_cut_or_reordered_is_found(opened: OpenedStore) -> None:
    lines = exported(opened)
    head = verify_lines(lines)
    spoilt = [
        [lines[0].replace("desk 1", "desk 2"), *lines[1:]],
        [lines[1], lines[0], *lines[2:]],
        [lines[0], *lines[2:]],
        ["{}", *lines[1:]],
        ["not json", *lines[1:]],
    ]
    assert [refused(partial(verify_lines, each)) for each in spoilt] == [ErrorCode.AUDIT_CHAIN_BROKEN] * 5
    assert refused(lambda: verify_lines(lines[:-1], head)) is ErrorCode.AUDIT_ROLLED_BACK


def test_a_log_goes_on_from_its_anchor_also_after_a_renewal_of_the_keys(opened: OpenedStore) -> None:
    kept = anchor(opened)
    opened.store.enrol(random_encounter(9, "late"), audit_event())
    assert check_anchor(opened, kept) == 4
    list(renew(opened, audit_event(EventKind.STORE_KEY_RENEWED)))
    assert check_anchor(opened, kept) == 4
    assert check_anchor(opened, anchor(opened)) == 6
    assert read_statement(kept).public_key != read_statement(anchor(opened)).public_key


def test_a_whole_older_database_is_found_by_an_anchor(opened: OpenedStore, tmp_path: Path) -> None:
    create_backup(opened, tmp_path / "old.backup", audit_event(EventKind.BACKUP_CREATED))
    opened.store.enrol(random_encounter(9, "late"), audit_event())
    kept = anchor(opened)
    restore_backup(tmp_path / "old.backup", f"sqlite:///{tmp_path}/old.db", KEY, ChainedLog)
    old = open_store(f"sqlite:///{tmp_path}/old.db", KEY, ChainedLog)
    assert old.store.verify_events() == 5
    assert refused(lambda: check_anchor(old, kept)) is ErrorCode.AUDIT_ROLLED_BACK
    old.store.enrol(random_encounter(10, "other"), audit_event(subject="other"))
    assert refused(lambda: check_anchor(old, kept)) is ErrorCode.AUDIT_ROLLED_BACK
    old.close()


def test_a_statement_of_another_store_or_that_was_changed_is_refused(opened: OpenedStore, tmp_path: Path) -> None:
    other = open_store(f"sqlite:///{tmp_path}/other.db", KEY, ChainedLog)
    foreign, kept = anchor(other), anchor(opened)
    other.close()
    for wrong in (foreign, kept.replace('"events":4', '"events":3'), "", "{}", "[]"):
        assert refused(partial(check_anchor, opened, wrong)) is ErrorCode.SIGNATURE_INVALID
    change = opened.store.erase(SubjectId("A-1"), audit_event(EventKind.SUBJECT_ERASED, "A-1"))
    (certificate,) = opened.store.erasures(ChangeNumber(change - 1))
    assert own_statement(opened, certificate, KIND).fields["subjects"] == ["A-1"]
    assert refused(lambda: own_statement(opened, certificate, ANCHOR)) is ErrorCode.SIGNATURE_INVALID
