"""Making a store ready: whose key it is under, its tables brought up to date, a new one started; changing its key."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, insert, inspect, select, update

from biometric_service.references.anchored import REMOVED, bind_all
from biometric_service.references.database import Database
from biometric_service.references.event_log import MakeLog
from biometric_service.references.faults import unavailable
from biometric_service.references.journal import COPYING, watch
from biometric_service.references.key_faults import wrong
from biometric_service.references.models import StoreRow
from biometric_service.references.numbers import STORE
from biometric_service.references.protection import MasterKey, StoreKey
from biometric_service.references.schema import is_current, migrate
from biometric_service.references.transaction_seals import seal_unsealed

_LOG = logging.getLogger(__name__)
_KEYS = select(StoreRow.key_check, StoreRow.store_key, StoreRow.next_store_key).where(StoreRow.id == STORE)
_COUNTERS = ("last_change", "last_subject", "last_encounter", "last_sample", "last_template")


@dataclass(frozen=True, slots=True)
class Found:
    """What is there: the check value of the master key (None where the store is new), and whether all is ready."""

    key_check: bytes | None
    ready: bool


def look(database: Database) -> Found:
    """Look without writing; STORE_UNAVAILABLE for tables of a newer version."""
    with database.reading() as connection:
        if inspect(connection).has_table(COPYING):
            raise unavailable("The copy of a store is not finished here.", "Finish it: biometric-service store copy.")
        if not inspect(connection).has_table(StoreRow.__tablename__):
            return Found(None, ready=False)
        current = is_current(connection)
        check = connection.scalar(select(StoreRow.key_check).where(StoreRow.id == STORE))
        return Found(check, ready=current and check is not None)


def prepare(database: Database, master: MasterKey, log: MakeLog) -> None:
    """Bring the tables up to date and start a new store, in one transaction."""
    with database.writing() as connection:
        migrate(connection)
        watch(connection)
        if connection.scalar(select(StoreRow.id)) is None:
            wrapped = master.new_store_key()
            keys = {"key_check": master.check, "store_key": wrapped, "created_at": datetime.now(UTC)}
            connection.execute(insert(StoreRow), {"id": STORE, **keys, **dict.fromkeys(_COUNTERS, 0)})
            audit = master.store_key(wrapped).audit
            log(lambda: audit).begin(connection)
        key = master.store_key(connection.execute(select(StoreRow.store_key)).scalar_one())
        _bind_where_not_bound(connection, key, log)
        seal_unsealed(connection, key)


def _bind_where_not_bound(connection: Connection, key: StoreKey, log: MakeLog) -> None:
    """A store from before there were states has its present ones bound."""
    chained = log(lambda: key.audit)
    if not chained.bound(connection, REMOVED):
        if chained.head(connection)[0]:
            _LOG.warning("The head of the audit log closes over rights and removals from now on, as they are now.")
        bind_all(connection, chained, key)


def change_master_key(connection: Connection, present: MasterKey, new: MasterKey) -> None:
    """Wrap the store key, and the one that is to follow, with the new master key; KEY_WRONG."""
    check, *wrapped = connection.execute(_KEYS).one()
    require_key(check, present)
    current, following = (None if one is None else present.rewrapped(one, new) for one in wrapped)
    keys = {"key_check": new.check, "store_key": current, "next_store_key": following}
    connection.execute(update(StoreRow).where(StoreRow.id == STORE).values(**keys))


def require_key(check: bytes, master: MasterKey) -> None:
    """KEY_WRONG where the check value is of another master key."""
    if check != master.check:
        raise wrong()
