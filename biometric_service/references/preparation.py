"""Making a store ready: whose key it is under, its tables brought up to date, a new one started; changing its key."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, inspect, select, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.models import StoreRow
from biometric_service.references.numbers import STORE
from biometric_service.references.protection import MasterKey, StoreKey
from biometric_service.references.schema import is_current, migrate

_COUNTERS = ("last_change", "last_subject", "last_encounter", "last_sample", "last_template")


@dataclass(frozen=True, slots=True)
class Found:
    """What is there: the check value of the master key (None where the store is new), and whether all is ready."""

    key_check: bytes | None
    ready: bool


def look(database: Database) -> Found:
    """Look without writing; STORE_UNAVAILABLE for tables of a newer version."""
    with database.reading() as connection:
        if not inspect(connection).has_table(StoreRow.__tablename__):
            return Found(None, ready=False)
        current = is_current(connection)
        check = connection.scalar(select(StoreRow.key_check).where(StoreRow.id == STORE))
        return Found(check, ready=current and check is not None)


def prepare(database: Database, master: MasterKey, log: Callable[[bytes], EventLog]) -> None:
    """Bring the tables up to date and start a new store, in one transaction."""
    with database.writing() as connection:
        migrate(connection)
        if connection.scalar(select(StoreRow.id)) is None:
            wrapped = master.new_store_key()
            keys = {"key_check": master.check, "store_key": wrapped, "created_at": datetime.now(UTC)}
            connection.execute(insert(StoreRow), {"id": STORE, **keys, **dict.fromkeys(_COUNTERS, 0)})
            log(master.store_key(wrapped).audit).begin(connection)


def read_store_key(database: Database, master: MasterKey) -> StoreKey:
    """The store key; KEY_WRONG where another master key wrapped it."""
    with database.reading() as connection:
        return master.store_key(_wrapped(connection, master))


def change_master_key(connection: Connection, present: MasterKey, new: MasterKey) -> None:
    """Wrap the store key with the new master key; KEY_WRONG where the present one is not the store's."""
    wrapped = present.rewrapped(_wrapped(connection, present), new)
    keys = {"key_check": new.check, "store_key": wrapped}
    connection.execute(update(StoreRow).where(StoreRow.id == STORE).values(**keys))


def require_key(check: bytes, master: MasterKey) -> None:
    """KEY_WRONG where the check value is of another master key."""
    if check != master.check:
        raise BiometricServiceError(
            ErrorCode.KEY_WRONG,
            "The master key is not the one that this store is under.",
            "Give the right master key (settings master_key or master_key_file); nothing was written.",
        )


def _wrapped(connection: Connection, master: MasterKey) -> bytes:
    check, wrapped = connection.execute(select(StoreRow.key_check, StoreRow.store_key)).one()
    require_key(check, master)
    return wrapped
