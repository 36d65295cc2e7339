"""Opening the store: the right database, the right master key, the right version of the tables, in this order."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.agency_requests import SqlAgencyRequestStore
from biometric_service.references.agreements import SqlAgreementStore
from biometric_service.references.api_keys import SqlApiKeyStore
from biometric_service.references.cards import SqlCardStore
from biometric_service.references.cases import SqlCaseStore
from biometric_service.references.database import Database
from biometric_service.references.day_retention import SqlDayRetention
from biometric_service.references.devices import SqlDeviceStore
from biometric_service.references.disclosures import SqlDisclosureStore
from biometric_service.references.drift import SqlDriftStore
from biometric_service.references.encounter_store import SqlEncounterStore
from biometric_service.references.erasure_ledger import write_ledger
from biometric_service.references.event_log import EventLog, MakeLog
from biometric_service.references.held_transactions import SqlQuarantineStore
from biometric_service.references.idempotency import SqlAnswerStore
from biometric_service.references.intakes import SqlIntakeStore
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.latents import SqlLatentStore
from biometric_service.references.master_keys import MasterKeyProvider
from biometric_service.references.model_store import SqlModelStore
from biometric_service.references.postgresql import postgresql_database
from biometric_service.references.preparation import change_master_key, look, prepare, require_key
from biometric_service.references.prison_day import day_stores
from biometric_service.references.received import SqlReceivedStore
from biometric_service.references.retention import SqlRetentionStore
from biometric_service.references.snapshot_keys import SnapshotKeys
from biometric_service.references.sqlite import sqlite_database
from biometric_service.references.statistics import SqlStatisticsStore
from biometric_service.references.store import SqlReferenceStore
from biometric_service.references.subscriptions import SqlSubscriptionStore
from biometric_service.references.tasks import SqlTaskStore
from biometric_service.vocabulary.day_stores import DayStores
from biometric_service.vocabulary.events import AuditEvent

PATIENCE_S = 10.0
_LOG = logging.getLogger(__name__)

_DATABASES = {"sqlite": sqlite_database, "postgresql": postgresql_database}


@dataclass(frozen=True, slots=True)
class OpenedStore:
    """The store, the callers' keys and the devices on one database; ``close`` when done."""

    store: SqlReferenceStore
    encounters: SqlEncounterStore
    answers: SqlAnswerStore
    retention: SqlRetentionStore
    day_retention: SqlDayRetention
    models: SqlModelStore
    api_keys: SqlApiKeyStore
    devices: SqlDeviceStore
    tasks: SqlTaskStore
    subscriptions: SqlSubscriptionStore
    cases: SqlCaseStore
    drift: SqlDriftStore
    day: DayStores
    quarantine: SqlQuarantineStore
    latents: SqlLatentStore
    agreements: SqlAgreementStore
    disclosures: SqlDisclosureStore
    received: SqlReceivedStore
    agency_requests: SqlAgencyRequestStore
    statistics: SqlStatisticsStore
    intakes: SqlIntakeStore
    cards: SqlCardStore
    snapshot_keys: SnapshotKeys
    database: Database
    keys: KeyRing
    log: EventLog

    def rotate_master_key(self, new: MasterKeyProvider, event: AuditEvent) -> None:
        """Put the store under a new master key, made where its provider makes keys; KEY_WRONG, KEY_UNUSABLE.

        Every process that has the store open goes on; whoever opens it from now on needs the new key. Backups from
        before still need the present one.
        """
        master = new.open(create=True)
        with self.database.writing() as connection:
            change_master_key(connection, self.keys.master, master)
            self.log.append(connection, event)

    def close(self) -> None:
        """Close every connection."""
        self.database.close()


def open_store(  # noqa: PLR0913 - where, under which key, with which log, and three ways to differ from the usual
    url: str,
    provider: MasterKeyProvider,
    log: MakeLog,
    patience_s: float = PATIENCE_S,
    *,
    ledger: Path | None = None,
    even_moved: bool = False,
) -> OpenedStore:
    """Open the store at a SQLAlchemy URL (SQLite or PostgreSQL), made where there is none yet.

    ``log``: makes the audit log from what gives the key of its head (``audit.log.ChainedLog``). ``patience_s``: how
    long a request waits for other writers. ``ledger``: file that tells of erasures beside the store. ``even_moved``:
    open it even where it was moved to another database. Raises KEY_WRONG before anything is written where the master
    key is not the store's, KEY_UNUSABLE, and STORE_UNAVAILABLE also for tables of a newer version.
    """
    database = open_database(url, patience_s)
    try:
        return _opened(database, provider, log, ledger, even_moved=even_moved)
    except BaseException:
        database.close()
        raise


def open_database(url: str, patience_s: float = PATIENCE_S) -> Database:
    """The database at a URL, whatever is in it; SETTINGS_INVALID, STORE_UNAVAILABLE."""
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


def _opened(
    database: Database, provider: MasterKeyProvider, log: MakeLog, ledger: Path | None, *, even_moved: bool
) -> OpenedStore:
    found = look(database)
    master = provider.open(create=found.key_check is None)
    if found.key_check is not None:
        require_key(found.key_check, master)
    if not found.ready:
        prepare(database, master, log)
    keys = KeyRing(master, even_moved)
    with database.reading() as connection:
        keys.sync(connection)
    followed = replace(database, during=keys.during)
    if ledger is not None:
        write_ledger(ledger, followed)
        followed = replace(followed, shed=partial(_shed, followed, ledger))
    keys.look = partial(_look, followed)
    events = log(lambda: keys.current.audit)
    cases = SqlCaseStore(followed, keys, events)
    agreements = SqlAgreementStore(followed, keys, events)
    return OpenedStore(
        store=SqlReferenceStore(followed, keys, events),
        encounters=SqlEncounterStore(followed, keys, events),
        answers=SqlAnswerStore(followed, keys),
        retention=SqlRetentionStore(followed, events),
        day_retention=SqlDayRetention(followed, events),
        models=SqlModelStore(followed, keys, events),
        api_keys=SqlApiKeyStore(followed, keys, events),
        devices=SqlDeviceStore(followed, keys, events),
        tasks=SqlTaskStore(followed, keys),
        subscriptions=SqlSubscriptionStore(followed, keys, events),
        cases=cases,
        drift=SqlDriftStore(followed, events),
        day=day_stores(followed, keys, events, cases),
        quarantine=SqlQuarantineStore(followed, keys, events),
        latents=SqlLatentStore(followed, keys, events),
        agreements=agreements,
        disclosures=SqlDisclosureStore(followed, keys, events, agreements),
        received=SqlReceivedStore(followed, keys, events),
        agency_requests=SqlAgencyRequestStore(followed, keys, events, agreements),
        statistics=SqlStatisticsStore(followed, keys, events),
        intakes=SqlIntakeStore(followed, keys, events),
        cards=SqlCardStore(followed, keys, events),
        snapshot_keys=SnapshotKeys(followed, keys),
        database=followed,
        keys=keys,
        log=events,
    )


def _shed(database: Database, ledger: Path, tables: Sequence[str] = ()) -> None:
    """What is done beyond the transaction of an erasure, which stands whether or not it succeeds."""
    database.shed(tables)
    try:
        write_ledger(ledger, database)
    except BiometricServiceError as fault:
        _LOG.warning("The next erasure or start is to tell the ledger of this one: %s", fault)


def _look(database: Database) -> None:
    """Begin a transaction, which is when the keys are looked at."""
    with database.reading():
        pass
