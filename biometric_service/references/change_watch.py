"""Waiting for the next change, whoever makes it: PostgreSQL tells of it, in SQLite the file's version is looked at."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlalchemy import Connection, Engine

from biometric_service.references.faults import typed_faults, unavailable

CHANNEL = "biometric_changes"
_POLL_S = 0.05

Wait = Callable[[float], bool]
"""Waits for at most so many seconds; True where something was committed since the last wait, or may have been."""

Watch = Callable[[], AbstractContextManager[Wait]]


def tell_of_change(connection: Connection) -> None:
    """Wake those that listen once the transaction commits; SQLite's readers see it by themselves."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"NOTIFY {CHANNEL}")


def watch_file(engine: Engine) -> Watch:
    """Looks at SQLite's ``data_version``, which differs after another connection's commit, 20 times a second."""

    @contextmanager
    def watching() -> Iterator[Wait]:
        with typed_faults():
            raw = engine.raw_connection()
        seen = _data_version(raw.cursor())

        def wait(seconds: float) -> bool:
            nonlocal seen
            deadline, before = time.monotonic() + seconds, seen
            with typed_faults():
                while (seen := _data_version(raw.cursor())) == before and time.monotonic() < deadline:
                    time.sleep(_POLL_S)
            return seen != before

        try:
            yield wait
        finally:
            raw.close()

    return watching


def watch_server(engine: Engine) -> Watch:
    """Listens on a session of its own; STORE_UNAVAILABLE where that breaks."""

    @contextmanager
    def watching() -> Iterator[Wait]:
        with typed_faults():
            connection = engine.execution_options(isolation_level="AUTOCOMMIT").connect()
        try:
            with typed_faults():
                connection.exec_driver_sql(f"LISTEN {CHANNEL}")
            yield lambda seconds: _told(connection, seconds)
        finally:
            connection.invalidate()
            connection.close()

    return watching


def _told(connection: Connection, seconds: float) -> bool:
    driver: Any = connection.connection.driver_connection
    try:
        return any(True for _ in driver.notifies(timeout=seconds, stop_after=1))
    except driver.Error as fault:
        raise unavailable("The connection to the database broke.", "It is tried again by itself.") from fault


def _data_version(cursor: Any) -> int:  # noqa: ANN401 - a cursor of the driver's
    cursor.execute("PRAGMA data_version")
    (version,) = cursor.fetchone()
    cursor.close()
    return int(version)
