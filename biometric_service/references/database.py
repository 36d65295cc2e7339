"""Transactions on either database: many readers with a steady view, one writer at a time."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

from sqlalchemy import Connection, Engine

from biometric_service.references.change_watch import Watch
from biometric_service.references.enrolment_turn import EnrolmentTurn
from biometric_service.references.faults import busy, typed_faults

WRITING = "writing"

ENROLMENTS = 6
"""How many times longer than other writers an enrolment waits for others: each searches before it writes."""


class Shed(Protocol):
    """Takes what was deleted off the disk, beyond the transaction that deleted it; what could not is logged."""

    def __call__(self, tables: Sequence[str] = ()) -> None:
        """``tables``: where it was deleted; none for an erasure, which leaves nothing anywhere."""


@dataclass(frozen=True, slots=True)
class Database:
    """An engine, with how it is asked for transactions.

    ``readers``: the engine with options that give a reader one steady view. ``patience_s``: how long a writer waits
    for another one. ``check``: raises where the database is no longer the one that was opened. ``enrolment``: whose
    turn it is to enrol. ``watch``: waits for changes. ``during``: entered at the start of every transaction.
    """

    engine: Engine
    readers: Engine
    patience_s: float
    check: Callable[[], None]
    shed: Shed
    turn: Lock
    enrolment: EnrolmentTurn
    watch: Watch
    during: Callable[[Connection], AbstractContextManager[None]] = lambda _: nullcontext()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the store throughout."""
        with typed_faults(), self.readers.begin() as connection, self.during(connection):
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that commits at its end, durably, or leaves nothing behind."""
        with self._turn(), typed_faults():
            self.check()
            with self.engine.begin() as connection, self.during(connection):
                yield connection

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Threads of one process queue here: SQLite's own waiting is not fair."""
        if not self.turn.acquire(timeout=self.patience_s):
            raise busy("The store is busy.")
        try:
            yield
        finally:
            self.turn.release()
