"""Writes that are made once however often they are asked for, and what was answered to them."""

from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, Connection, Row, delete, insert, select, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.database import Database
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import IdempotencyKeyRow, SubjectRow
from biometric_service.references.protection import StoreKey, answer_binding
from biometric_service.references.refusals import check_name, is_name
from biometric_service.vocabulary.references import ChangeNumber, Guard, Once

KEPT: Final = timedelta(hours=24)
GIVEN_UP: Final = timedelta(seconds=90)
"""After so long, whoever took a request up and did not answer it is taken for dead."""

FORGOTTEN: Final = b""
"""In the place of an answer that named somebody who was erased since: what was done is not done again."""

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

        IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED, REQUEST_INVALID for a key that is none, SUBJECT_UNKNOWN where
        the answer named somebody who was erased since.
        """
        check_name(once.key, "idempotency key")
        with self._database.writing() as connection:
            found = _find(connection, once)
            if found is None:
                _take_up(connection, once)
                return None
            if found.answer == FORGOTTEN:
                raise _forgotten()
            if found.answer is not None:
                return self._keys.current.answers.open(found.answer, answer_binding(once.actor, once.key))
            now = datetime.now(UTC)
            if now - found.begun_at < self._given_up:
                raise _in_use()
            connection.execute(update(IdempotencyKeyRow).where(_named(once)).values(begun_at=now))
            return None

    def finish(self, once: Once, answer: bytes, names: Collection[str] = ()) -> None:
        """Keep the answer, until one of the subjects is erased that are among the names."""
        with self._database.writing() as connection:
            sealed = self._keys.current.answers.seal(answer, answer_binding(once.actor, once.key))
            kept = {"answer": sealed, "about": _subjects_among(connection, names) or None}
            connection.execute(update(IdempotencyKeyRow).where(_named(once)).values(**kept))

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
        if answer == FORGOTTEN:
            continue
        binding = answer_binding(actor, key)
        sealed = new.answers.seal(present.answers.open(answer or b"", binding), binding)
        this = (IdempotencyKeyRow.actor == actor) & (IdempotencyKeyRow.key == key)
        connection.execute(update(IdempotencyKeyRow).where(this).values(answer=sealed))


def forget_answers(connection: Connection, subjects: Collection[int]) -> None:
    """Forget every answer that names the subjects with these numbers, which are erased."""
    known_as = set(connection.scalars(select(SubjectRow.id).where(SubjectRow.number.in_(subjects))))
    rows = select(IdempotencyKeyRow.actor, IdempotencyKeyRow.key, IdempotencyKeyRow.about)
    for actor, key, about in connection.execute(rows.where(IdempotencyKeyRow.about.is_not(None))).all():
        if known_as & set(about or ()):
            this = (IdempotencyKeyRow.actor == actor) & (IdempotencyKeyRow.key == key)
            connection.execute(update(IdempotencyKeyRow).where(this).values(answer=FORGOTTEN, about=None))


def _subjects_among(connection: Connection, names: Collection[str]) -> list[str]:
    there = select(SubjectRow.id).where(SubjectRow.id.in_(sorted(filter(is_name, names))))
    return list(connection.scalars(there.order_by(SubjectRow.id)))


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


def _forgotten() -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.SUBJECT_UNKNOWN,
        "The answer to this request named somebody who was erased since.",
        "Do not make it again: it was done, and nothing of its answer is kept.",
    )


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
