"""Copies of a store: made while it is in use, from either database, proved whole, and put back into either.

A copy is as sealed as the store: it opens with the master key that the store was under when it was made. A folder that
is followed holds a base and increments, and any moment at which one of them was made can be come back to.
"""

import fcntl
import logging
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, select, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references import frames, journal
from biometric_service.references.archive import (
    BASE,
    INCREMENT,
    Header,
    chain_until,
    read_frames,
    read_header,
    write_file,
)
from biometric_service.references.database import Database
from biometric_service.references.event_log import MakeLog
from biometric_service.references.faults import typed_faults
from biometric_service.references.frames import Frame, Loader
from biometric_service.references.loading import put_back, set_aside, unconstrained
from biometric_service.references.master_keys import MasterKeyProvider
from biometric_service.references.models import ErasureRow, StoreRow
from biometric_service.references.numbers import STORE
from biometric_service.references.opening import OpenedStore, open_database, open_store
from biometric_service.references.preparation import require_key
from biometric_service.references.schema import downgrade, migrate, revision
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.references import ChangeNumber

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class BackupReport:
    """What was opened and found whole: audit events, changes, references with their images."""

    events: int
    changes: int
    references: int


@dataclass(frozen=True, slots=True)
class Kept:
    """One file of a backup: a base or an increment, how many rows, how far the journal had come."""

    file: Path
    kind: str
    rows: int


def create_backup(opened: OpenedStore, target: Path, event: AuditEvent, last: Header | None = None) -> Kept:
    """Copy the store as it is at one moment to a new file in mode 0600; the event is in store and copy.

    ``last``: of the file that it comes after in a folder. REQUEST_INVALID where the file exists, STORE_UNAVAILABLE
    where it cannot be written.
    """
    _require_absent(target)
    opened.store.record(event)
    return _write(opened, target, None, last)


def follow(opened: OpenedStore, folder: Path, event: AuditEvent) -> Kept | None:
    """Bring a folder up to the store: a base where it has none that can be gone on from, else what was done since.

    None where nothing was done. ``event``: recorded with a base. Whoever follows into the same folder waits.
    STORE_UNAVAILABLE where it cannot be written.
    """
    with _alone(folder):
        last = _last(folder)
        with opened.database.reading() as connection:
            lineage, newest = journal.position(connection)
            check = connection.execute(select(StoreRow.key_check)).scalar_one().hex()
            here = (lineage, revision(connection), check)
        before = last if last and (last.journal, last.revision, last.key_check) == here else None
        if before and newest <= before.position:
            return None
        target = folder / f"{_moment(last):%Y%m%dT%H%M%S%fZ}.backup"
        return _write(opened, target, before, last) if before else create_backup(opened, target, event, last)


def verify_backup(
    source: Path, provider: MasterKeyProvider, log: MakeLog, until: datetime | None = None
) -> BackupReport:
    """Restore a file, or a folder as it was at a moment, into a passing store and open everything in it.

    Raises KEY_WRONG, BACKUP_DAMAGED, AUDIT_CHAIN_BROKEN, RECORD_TAMPERED.
    """
    with tempfile.TemporaryDirectory(prefix="biometric-service-") as folder:
        return restore_backup(source, f"sqlite:///{folder}/store.db", provider, log, until)


def restore_backup(  # noqa: PLR0913 - from where to where, under which key, with which log, and as when
    source: Path,
    url: str,
    provider: MasterKeyProvider,
    log: MakeLog,
    until: datetime | None = None,
    *,
    closed: bool = False,
) -> BackupReport:
    """Make the store of a backup at a database URL, and open everything in it; REQUEST_INVALID where there is one.

    What ``verify_backup`` raises. A store that is not whole is not left there. ``closed``: nobody opens it before
    ``admit``, also where whoever restores it is cut off before.
    """
    keys = {path: _backup_key(read_header(path), provider) for path in _files(source, until)}
    database = open_database(url)
    try:
        with unconstrained(database) as connection:
            _require_empty(connection)
            _load(connection, keys)
            if closed:
                _set_closed(connection, datetime.now(UTC))
        return _proved(url, database, provider, log)
    finally:
        database.close()


def admit(opened: OpenedStore, event: AuditEvent) -> None:
    """Let everybody open a store that was restored closed, once what is to be erased again is; the log is told."""
    with opened.database.writing() as connection:
        _set_closed(connection, None)
        opened.log.append(connection, event)


def erased_since(source: Path, provider: MasterKeyProvider) -> Sequence[str]:
    """The certificates of all erasures that any file of a folder tells of, also of later ones than are restored.

    A file under another master key, from before or after a rotation, is passed over with a warning: of erasures that it
    alone tells of, the ledger knows. BACKUP_DAMAGED.
    """
    paths = sorted(source.glob("*.backup")) if source.is_dir() else [source]
    return [certificate for path in paths for certificate in _certificates(path, provider)]


def _certificates(path: Path, provider: MasterKeyProvider) -> Iterator[str]:
    try:
        key = _backup_key(read_header(path), provider)
    except BiometricServiceError as fault:
        if fault.code is not ErrorCode.KEY_WRONG:
            raise
        _LOG.warning("%s is under another master key: whom it says was erased, the ledger has to tell.", path.name)
        return
    for frame in read_frames(path, key):
        if frame.table == ErasureRow.__tablename__:
            yield from (row[frame.columns.index("certificate")] for row in frame.rows)


def _files(source: Path, until: datetime | None) -> list[Path]:
    if source.is_dir():
        return chain_until(source, until.astimezone(UTC).isoformat(timespec="microseconds") if until else None)
    return [source]


def _last(folder: Path) -> Header | None:
    paths = sorted(folder.glob("*.backup"))
    return read_header(paths[-1]) if paths else None


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """While nobody else goes on from the files of the folder: two that did would break the chain of its files."""
    with typed_faults():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def _moment(last: Header | None) -> datetime:
    """Now, but after the last file in any case: their names give their order, and a clock may be set back."""
    now = datetime.now(UTC)
    return now if last is None else max(now, datetime.fromisoformat(last.at) + timedelta(microseconds=1))


def _write(opened: OpenedStore, target: Path, before: Header | None, last: Header | None) -> Kept:
    with opened.database.reading() as connection:
        lineage, newest = journal.position(connection)
        row = connection.execute(select(StoreRow.key_check, StoreRow.store_key)).one()
        header = Header(
            id=uuid4().hex,
            kind=INCREMENT if before else BASE,
            at=_moment(last).isoformat(timespec="microseconds"),
            previous=before.id if before else "",
            journal=lineage,
            position=newest,
            revision=revision(connection),
            key_check=row[0].hex(),
            store_key=row[1].hex(),
        )
        content = frames.since(connection, before.position) if before else _everything(connection)
        rows = write_file(target, header, opened.keys.current.backups, content)
    return Kept(target, header.kind, rows)


def _everything(connection: Connection) -> Iterator[Frame]:
    for table in journal.tables(connection):
        yield from frames.whole(connection, table)


def _backup_key(header: Header, provider: MasterKeyProvider) -> bytes:
    master = provider.open(create=False)
    require_key(bytes.fromhex(header.key_check), master)
    return master.store_key(bytes.fromhex(header.store_key)).backups


def _proved(url: str, database: Database, provider: MasterKeyProvider, log: MakeLog) -> BackupReport:
    """What is in the restored store, which is taken away again where not everything in it opens."""
    try:
        opened = open_store(url, provider, log, even_moved=True)
        try:
            return _read_everything(opened)
        finally:
            opened.close()
    except BiometricServiceError:
        with database.writing() as connection:
            downgrade(connection, "base")
        raise


def _load(connection: Connection, files: Mapping[Path, bytes]) -> None:
    migrate(connection, read_header(next(iter(files))).revision)
    keys = set_aside(connection)
    loader = Loader(connection)
    for path, key in files.items():
        for frame in read_frames(path, key):
            if frame.table:
                loader.put(frame)
    put_back(connection, keys)
    migrate(connection)
    journal.watch(connection)


def _set_closed(connection: Connection, at: datetime | None) -> None:
    connection.execute(update(StoreRow).where(StoreRow.id == STORE).values(moved_at=at))


def _require_absent(target: Path) -> None:
    if target.exists():
        message, action = "There is a file there already.", "Give another name, or move the file away first."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, action)


def _require_empty(connection: Connection) -> None:
    if journal.tables(connection):
        message, action = "There is a store there already.", "Restore into a new file or an empty database."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, action)


def _read_everything(opened: OpenedStore) -> BackupReport:
    events, changes, references = opened.store.verify_events(), 0, 0
    for _, change in opened.store.changes(ChangeNumber(0)):
        changes += 1
        references += len(change.added)
        for reference in change.added:
            opened.store.image(reference.id)
    return BackupReport(events, changes, references)
