"""The store's database as one SQLite file of the service's own."""

import errno
import logging
import os
import sqlite3
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.change_watch import watch_file
from biometric_service.references.database import ENROLMENTS, WRITING, Database
from biometric_service.references.enrolment_turn import turn_by_file
from biometric_service.references.faults import typed_faults, unavailable

_LOG = logging.getLogger(__name__)
_CONNECTIONS = 16
_MORE_CONNECTIONS = 48
_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    "PRAGMA secure_delete=ON",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA trusted_schema=OFF",
)


def sqlite_database(url: URL, patience_s: float) -> Database:
    """Open the file, made in mode 0600 where there is none; STORE_UNAVAILABLE where that fails."""
    path = _path(url)
    with typed_faults():
        _make_private(path)
        inode = path.stat().st_ino
    engine = _engine(path, patience_s)
    return Database(
        engine=engine.execution_options(**{WRITING: True}),
        readers=engine,
        patience_s=patience_s,
        check=lambda: _check_same_file(path, inode),
        shed=lambda tables=(): _truncate_wal(engine),  # noqa: ARG005 - one log for all tables
        turn=Lock(),
        enrolment=turn_by_file(path.with_name(f"{path.name}.enrolling"), ENROLMENTS * patience_s),
        watch=watch_file(engine),
    )


def _path(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        message, action = "SQLite needs a file to keep the store in.", "Set database_url to sqlite:///<path>."
        raise BiometricServiceError(ErrorCode.SETTINGS_INVALID, message, action)
    return Path(url.database).absolute()


def _make_private(path: Path) -> None:
    """SQLite gives the files beside it, WAL and shared memory, the same mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)


def _check_same_file(path: Path, inode: int) -> None:
    """A file that was moved away would go on taking writes that nobody finds again.

    STORE_READ_ONLY where its disk is: SQLite itself says no more than that it cannot be opened.
    """
    if path.stat().st_ino != inode:
        raise unavailable("The store's file was replaced by another.", "Restart the service on the right file.")
    if os.statvfs(path).f_flag & os.ST_RDONLY:
        raise OSError(errno.EROFS, "read-only")


def _engine(path: Path, patience_s: float) -> Engine:
    def connect() -> sqlite3.Connection:
        """Mode rw: a file that went missing is not made anew, empty."""
        return sqlite3.connect(
            f"{path.as_uri()}?mode=rw", uri=True, timeout=patience_s, isolation_level=None, check_same_thread=False
        )

    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=_CONNECTIONS,
        max_overflow=_MORE_CONNECTIONS,
        pool_timeout=patience_s,
    )
    event.listen(engine, "connect", _set_pragmas)
    event.listen(engine, "begin", _begin)
    return engine


def _set_pragmas(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    for pragma in _PRAGMAS:
        connection.execute(pragma).close()


def _begin(connection: Connection) -> None:
    """A writer takes the write lock at once: a lock taken later could come too late and fail."""
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _truncate_wal(engine: Engine) -> None:
    """Erased rows leave the write-ahead log as well; they are gone from the database whether or not that succeeds."""
    try:
        with engine.connect() as connection:
            busy = connection.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    except (SQLAlchemyError, sqlite3.Error):
        busy = True
    if busy:
        _LOG.warning("The write-ahead log still holds what was erased: the next erasure or a restart will empty it.")
