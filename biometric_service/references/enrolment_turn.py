"""One enrolment at a time among all threads and processes: none of two workers can keep the same person at once.

The lock is the operating system's or the server's own, so that it ends with a process that dies with it.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import SQLAlchemyError

from biometric_service.errors import BiometricServiceError
from biometric_service.references.faults import busy, typed_faults

_ENROLMENT_LOCK = 0x62696F6E
_POLL_S = 0.01

TryLock = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class EnrolmentTurn:
    """``contending``: gives what tries once to take the lock, and lets go of it in the end."""

    contending: Callable[[], AbstractContextManager[TryLock]]
    patience_s: float
    _threads: Lock = field(default_factory=Lock)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it; STORE_BUSY where others hold it for too long."""
        deadline = time.monotonic() + self.patience_s
        if not self._threads.acquire(timeout=self.patience_s):
            raise _busy()
        try:
            with self.contending() as try_lock:
                _take(try_lock, deadline)
                yield
        finally:
            self._threads.release()


def turn_by_file(path: Path, patience_s: float) -> EnrolmentTurn:
    """By a lock on a file, for processes of one machine."""

    @contextmanager
    def contending() -> Iterator[TryLock]:
        with typed_faults():
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield lambda: _try_file(descriptor)
        finally:
            os.close(descriptor)

    return EnrolmentTurn(contending, patience_s)


def turn_by_server(engine: Engine, patience_s: float) -> EnrolmentTurn:
    """By PostgreSQL's advisory lock, for processes of any machine."""
    sessions = engine.execution_options(isolation_level="AUTOCOMMIT")
    take = text(f"SELECT pg_try_advisory_lock({_ENROLMENT_LOCK})")
    let_go = text(f"SELECT pg_advisory_unlock({_ENROLMENT_LOCK})")

    @contextmanager
    def contending() -> Iterator[TryLock]:
        with typed_faults():
            connection = sessions.connect()
        try:
            yield lambda: _try_server(connection, take)
        finally:
            with suppress(SQLAlchemyError):  # a session that broke has let go of it already
                connection.execute(let_go)
            connection.close()

    return EnrolmentTurn(contending, patience_s)


def _take(try_lock: TryLock, deadline: float) -> None:
    while not try_lock():
        if time.monotonic() > deadline:
            raise _busy()
        time.sleep(_POLL_S)


def _try_file(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _try_server(connection: Connection, take: TextClause) -> bool:
    with typed_faults():
        return bool(connection.scalar(take))


def _busy() -> BiometricServiceError:
    return busy("Other enrolments go first.")
