"""Copies of a store in a SQLite file: made while it is in use, proved whole, and put back.

A copy is as sealed as the store: it opens with the master key that the store was under when it was made.
"""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.event_log import MakeLog
from biometric_service.references.faults import typed_faults, unavailable
from biometric_service.references.master_keys import MasterKeyProvider
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.references import ChangeNumber


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What was opened and found whole: audit events, changes, references with their images."""

    events: int
    changes: int
    references: int


def create_backup(opened: OpenedStore, target: Path, event: AuditEvent) -> None:
    """Copy the store as it is at one moment to a new file in mode 0600; the event is in store and copy.

    REQUEST_INVALID where the file exists or the store is not in SQLite, STORE_UNAVAILABLE where it cannot be written.
    """
    if opened.database.engine.dialect.name != "sqlite":
        message, action = (
            "This store is not in a SQLite file.",
            "Back it up with pg_dump, and keep the master key apart.",
        )
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, action)
    _require_absent(target)
    opened.store.record(event)
    with _new_file(target) as draft, opened.database.reading() as connection:
        _copy(connection, draft)


def verify_backup(source: Path, provider: MasterKeyProvider, log: MakeLog) -> BackupReport:
    """Open everything in a copy of the copy, which itself stays as it is.

    Raises what opening a store raises, AUDIT_CHAIN_BROKEN, RECORD_TAMPERED, and STORE_UNAVAILABLE for a damaged file.
    """
    with typed_faults(), tempfile.TemporaryDirectory(prefix="biometric-service-") as folder:
        copied = Path(shutil.copyfile(_existing(source), Path(folder) / "store.db"))
        _check_integrity(copied)
        opened = open_store(f"sqlite:///{copied}", provider, log)
        try:
            return _read_everything(opened)
        finally:
            opened.close()


def restore_backup(source: Path, target: Path, provider: MasterKeyProvider, log: MakeLog) -> BackupReport:
    """Put a verified copy where a store is to be; REQUEST_INVALID where there is one already."""
    _require_absent(target)
    report = verify_backup(source, provider, log)
    with _new_file(target) as draft, typed_faults():
        shutil.copyfile(source, draft)
    return report


@contextmanager
def _new_file(target: Path) -> Iterator[Path]:
    """A draft that becomes the target, durably, once it is whole; the target is never written over."""
    _require_absent(target)
    with typed_faults():
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    draft = Path(name)
    try:
        yield draft
        with typed_faults():
            os.fsync(descriptor)
            os.link(draft, target)
    finally:
        os.close(descriptor)
        draft.unlink(missing_ok=True)


def _copy(connection: Connection, draft: Path) -> None:
    """One file that needs no write-ahead log beside it."""
    source = connection.connection.driver_connection
    assert isinstance(source, sqlite3.Connection)
    try:
        with closing(sqlite3.connect(draft, isolation_level=None)) as copied:
            source.backup(copied)
            copied.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.Error as fault:
        raise unavailable("The backup cannot be written.", "Check the folder, its rights and its disk.") from fault


def _existing(source: Path) -> Path:
    if not source.is_file():
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, "There is no backup there.", "Check the file's name.")
    return source


def _require_absent(target: Path) -> None:
    if target.exists():
        message, action = "There is a file there already.", "Give another name, or move the file away first."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, action)


def _check_integrity(path: Path) -> None:
    try:
        with closing(sqlite3.connect(path)) as raw:
            whole = raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            whole = whole and not raw.execute("PRAGMA foreign_key_check").fetchall()
            whole = whole and raw.execute("SELECT count(*) FROM store").fetchone() == (1,)
    except sqlite3.DatabaseError:
        whole = False
    if not whole:
        raise unavailable("The backup is damaged.", "Take an older one, and find out what damaged this one.")


def _read_everything(opened: OpenedStore) -> BackupReport:
    events, changes, references = opened.store.verify_events(), 0, 0
    for _, change in opened.store.changes(ChangeNumber(0)):
        changes += 1
        references += len(change.added)
        for reference in change.added:
            opened.store.image(reference.id)
    return BackupReport(events, changes, references)
