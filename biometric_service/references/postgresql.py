"""The store's database on PostgreSQL 15 or later, through psycopg 3."""

import logging
from collections.abc import Sequence
from importlib.util import find_spec
from threading import Lock

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.change_watch import watch_server
from biometric_service.references.database import ENROLMENTS, WRITING, Database
from biometric_service.references.enrolment_turn import turn_by_server

_LOG = logging.getLogger(__name__)
_REWRITE_LOCK_MS = 500
_CONNECTIONS = 16
_MORE_CONNECTIONS = 48
_CONNECT_S = 5
_WRITERS_LOCK = 0x62696F6D
_OF_KEYS = ("data_keys", "snapshot_keys")
_UNDER_STORE_KEY = (
    *("intakes", "intake_captures", "cases", "reviews", "tasks", "disclosures", "agency_requests"),
    "idempotency_keys",
)
"""What lies there of a person is sealed under keys that stay; what is done with leaves them, so that they are small."""
_TAKE_WRITERS_LOCK = f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})"


def postgresql_database(url: URL, patience_s: float) -> Database:
    """Prepare to connect; nothing is asked of the server yet. SETTINGS_INVALID where psycopg is not installed."""
    _require_driver()
    patience_ms = int(1000 * patience_s)
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=_CONNECTIONS,
        max_overflow=_MORE_CONNECTIONS,
        pool_timeout=patience_s,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": _CONNECT_S,
            "options": f"-c timezone=UTC -c synchronous_commit=on -c lock_timeout={patience_ms}",
        },
    )
    event.listen(engine, "begin", _begin)
    readers = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Database(
        engine=engine.execution_options(**{WRITING: True, "isolation_level": "READ COMMITTED"}),
        readers=readers,
        patience_s=patience_s,
        check=_nothing,
        shed=lambda tables=(): _rewrite(engine, tables or (*_OF_KEYS, *_UNDER_STORE_KEY)),
        turn=Lock(),
        enrolment=turn_by_server(readers, ENROLMENTS * patience_s),
        watch=watch_server(readers),
    )


def _require_driver() -> None:
    if find_spec("psycopg") is None:
        raise BiometricServiceError(
            ErrorCode.SETTINGS_INVALID,
            "The store is to be kept in PostgreSQL, and its driver is not installed.",
            "Install it with: pip install 'biometric-service[postgres]'.",
        )


def _begin(connection: Connection) -> None:
    """One writer at a time in all processes, so that numbers and events become visible in their order."""
    if connection.get_execution_options().get(WRITING, False):
        connection.exec_driver_sql(_TAKE_WRITERS_LOCK)


def _nothing() -> None:
    """The server itself guards its files."""


def _rewrite(engine: Engine, tables: Sequence[str]) -> None:
    """Destroyed keys and what lay under keys that stay leave the tables' files; what destroyed keys opened is noise.

    The noise is cleared away in the server's time. What its log and archives still hold is beyond a client (ADR 4).
    """
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"SET lock_timeout = {_REWRITE_LOCK_MS}"))
            left = [table for table in tables if not _rewritten(connection, table)]
            connection.execute(text("RESET lock_timeout"))
    except SQLAlchemyError:
        left = list(tables)
    if left:
        _LOG.warning("%s may still hold what was destroyed: the next erasure will rewrite them.", ", ".join(left))


def _rewritten(connection: Connection, table: str) -> bool:
    try:
        connection.execute(text(f"VACUUM (FULL) {table}"))
    except SQLAlchemyError:
        return False
    return True
