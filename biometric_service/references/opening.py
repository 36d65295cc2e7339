"""Opening the store: the right database, the right master key, the right version of the tables, in this order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import insert, inspect, make_url, select
from sqlalchemy.exc import ArgumentError

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.api_keys import SqlApiKeyStore
from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.master_keys import MasterKeyProvider
from biometric_service.references.models import StoreRow
from biometric_service.references.numbers import STORE
from biometric_service.references.postgresql import postgresql_database
from biometric_service.references.protection import MasterKey
from biometric_service.references.schema import is_current, migrate
from biometric_service.references.sqlite import sqlite_database
from biometric_service.references.store import SqlReferenceStore

PATIENCE_S = 10.0

_DATABASES = {"sqlite": sqlite_database, "postgresql": postgresql_database}


@dataclass(frozen=True, slots=True)
class OpenedStore:
    """The store and the callers' keys on one database; ``close`` when done."""

    store: SqlReferenceStore
    api_keys: SqlApiKeyStore
    database: Database

    def close(self) -> None:
        """Close every connection."""
        self.database.close()


def open_store(
    url: str, provider: MasterKeyProvider, log: Callable[[bytes], EventLog], patience_s: float = PATIENCE_S
) -> OpenedStore:
    """Open the store at a SQLAlchemy URL (SQLite or PostgreSQL), made where there is none yet.

    ``log``: makes the audit log from the key of its head (``audit.log.ChainedLog``). ``patience_s``: how long a
    request waits for other writers. Raises KEY_WRONG before anything is written where the master key is not the
    store's, KEY_UNUSABLE, and STORE_UNAVAILABLE also for tables of a newer version.
    """
    database = _database(url, patience_s)
    try:
        return _opened(database, provider, log)
    except BaseException:
        database.close()
        raise


def _opened(database: Database, provider: MasterKeyProvider, log: Callable[[bytes], EventLog]) -> OpenedStore:
    found = _look(database)
    master = MasterKey(provider.master_key(create=found.key_check is None))
    events = log(master.audit)
    _require_key(found, master)
    if not found.ready:
        _prepare(database, master, events)
        _require_key(_look(database), master)
    return OpenedStore(SqlReferenceStore(database, master, events), SqlApiKeyStore(database, master, events), database)


def _database(url: str, patience_s: float) -> Database:
    try:
        parsed = make_url(url)
    except ArgumentError:
        parsed = make_url("none://")
    if parsed.get_backend_name() not in _DATABASES:
        raise BiometricServiceError(
            ErrorCode.SETTINGS_INVALID,
            "The database URL is not one that the store works on.",
            "Set database_url to sqlite:///<path> or postgresql://<user>@<host>/<database>, or leave it empty.",
        )
    return _DATABASES[parsed.get_backend_name()](parsed, patience_s)


@dataclass(frozen=True, slots=True)
class _Found:
    """What is there: the check value of the master key (None where the store is new), and whether all is prepared."""

    key_check: bytes | None
    ready: bool


def _look(database: Database) -> _Found:
    with database.reading() as connection:
        if not inspect(connection).has_table(StoreRow.__tablename__):
            return _Found(None, ready=False)
        current = is_current(connection)
        check = connection.scalar(select(StoreRow.key_check).where(StoreRow.id == STORE))
        return _Found(check, ready=current and check is not None)


def _require_key(found: _Found, master: MasterKey) -> None:
    if found.key_check not in {None, master.check}:
        raise BiometricServiceError(
            ErrorCode.KEY_WRONG,
            "The master key is not the one that this store was made with.",
            "Give the right master key (settings master_key or master_key_file); nothing was written.",
        )


def _prepare(database: Database, master: MasterKey, log: EventLog) -> None:
    """Bring the tables up to date and start a new store, in one transaction."""
    with database.writing() as connection:
        migrate(connection)
        if connection.scalar(select(StoreRow.id)) is None:
            new = {"key_check": master.check, "created_at": datetime.now(UTC)}
            numbers = dict.fromkeys(_COUNTERS, 0)
            connection.execute(insert(StoreRow), {"id": STORE, **new, **numbers})
            log.begin(connection)


_COUNTERS = ("last_change", "last_subject", "last_encounter", "last_sample", "last_template")
