"""Writes that are made once however often they are asked for, and what was answered to them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.database import Database
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import IdempotencyKeyRow
from biometric_service.references.protection import StoreKey, answer_binding
from biometric_service.references.refusals import check_name
from biometric_service.vocabulary.references import ChangeNumber, Guard, Once

KEPT: Final = timedelta(hours=24)
GIVEN_UP: Final = timedelta(seconds=90)
"""After so long, whoever took a request up and did not answer it is taken for dead."""

_ROWS = select(
    IdempotencyKeyRow.request, IdempotencyKeyRow.begun_at, IdempotencyKeyRow.change, IdempotencyKeyRow.answer
)
_Found = Row[bytes, datetime, int | None, bytes | None]


def write_once(database: Database, guard: Guard, work: Callable[[Connection], ChangeNumber]) -> ChangeNumber:
    """Do the work in one transaction, unless it was done under the guard's key: then the change that it made."""
    with database.writing() as connection:
        if guard.once is None:
            return work(connection)
        found = _find(connection, guard.once)
        if found is None:
            _take_up(connection, guard.once)
        elif found.change is not None:
            return ChangeNumber(found.change)
        change = work(connection)
        connection.execute(update(IdempotencyKeyRow).where(_named(guard.once)).values(change=change))
        return change


class SqlAnswerStore:
    """Keeps answers in the store's database, sealed (``vocabulary.protocols.AnswerStore``)."""

    def __init__(self, database: Database, keys: KeyRing, given_up: timedelta = GIVEN_UP) -> None:
        self._database = database
        self._keys = keys
        self._given_up = given_up

    def begin(self, once: Once) -> bytes | None:
        """The answer that was given, None where the request is the caller's to do now.

        IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED, REQUEST_INVALID for a key that is none.
        """
        check_name(once.key, "idempotency key")
        with self._database.writing() as connection:
            found = _find(connection, once)
            if found is None:
                _take_up(connection, once)
                return None
            if found.answer is not None:
                return self._keys.current.answers.open(found.answer, answer_binding(once.actor, once.key))
            now = datetime.now(UTC)
            if now - found.begun_at < self._given_up:
                raise _in_use()
            connection.execute(update(IdempotencyKeyRow).where(_named(once)).values(begun_at=now))
            return None

    def finish(self, once: Once, answer: bytes) -> None:
        """Keep the answer."""
        with self._database.writing() as connection:
            sealed = self._keys.current.answers.seal(answer, answer_binding(once.actor, once.key))
            connection.execute(update(IdempotencyKeyRow).where(_named(once)).values(answer=sealed))

    def give_up(self, once: Once) -> None:
        """Nothing was done: the next who asks may do it."""
        undone = _named(once) & IdempotencyKeyRow.change.is_(None) & IdempotencyKeyRow.answer.is_(None)
        with self._database.writing() as connection:
            connection.execute(delete(IdempotencyKeyRow).where(undone))

    def change_made(self, once: Once) -> ChangeNumber | None:
        """The change that the request made, None where it made none yet."""
        with self._database.reading() as connection:
            change = connection.scalar(select(IdempotencyKeyRow.change).where(_named(once)))
        return None if change is None else ChangeNumber(change)


def reseal_answers(connection: Connection, present: StoreKey, new: StoreKey) -> None:
    """Put every answer under a new store key; RECORD_TAMPERED."""
    rows = select(IdempotencyKeyRow.actor, IdempotencyKeyRow.key, IdempotencyKeyRow.answer)
    for actor, key, answer in connection.execute(rows.where(IdempotencyKeyRow.answer.is_not(None))).all():
        binding = answer_binding(actor, key)
        sealed = new.answers.seal(present.answers.open(answer or b"", binding), binding)
        this = (IdempotencyKeyRow.actor == actor) & (IdempotencyKeyRow.key == key)
        connection.execute(update(IdempotencyKeyRow).where(this).values(answer=sealed))


def _find(connection: Connection, once: Once) -> _Found | None:
    """The row of the key; IDEMPOTENCY_KEY_REUSED where it was for something else. Old rows go."""
    connection.execute(delete(IdempotencyKeyRow).where(IdempotencyKeyRow.at < datetime.now(UTC) - KEPT))
    found = connection.execute(_ROWS.where(_named(once))).one_or_none()
    if found is not None and found.request != once.request:
        raise _reused()
    return found


def _take_up(connection: Connection, once: Once) -> None:
    now = datetime.now(UTC)
    values = {"actor": once.actor, "key": once.key, "request": once.request, "at": now, "begun_at": now}
    connection.execute(insert(IdempotencyKeyRow), values)


def _named(once: Once) -> ColumnElement[bool]:
    return (IdempotencyKeyRow.actor == once.actor) & (IdempotencyKeyRow.key == once.key)


def _in_use() -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.IDEMPOTENCY_KEY_IN_USE,
        "The first request under this idempotency key is still being worked on.",
        "Wait a moment and ask again with the same key.",
    )


def _reused() -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.IDEMPOTENCY_KEY_REUSED,
        "This idempotency key was given with another request.",
        "Make a new key for every request; use one again only to repeat the very same request.",
    )
