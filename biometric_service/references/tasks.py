"""The queue of tasks in SQL (``vocabulary.protocols.TaskStore``): it survives whatever happens to a process.

Whoever claims a task holds it until a moment that is put off as long as the process lives; after it anybody may claim
the task again. Requests and results are sealed.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.database import Database
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.leases import about_the_same, is_free
from biometric_service.references.models import SubjectRow, TaskRow
from biometric_service.references.numbers import next_number
from biometric_service.references.protection import Binding, DataKey, StoreKey
from biometric_service.references.refusals import task_unknown
from biometric_service.vocabulary.tasks import Commission, TaskDelivery, TaskState, TaskStatus, TaskWork

UNDONE = TaskRow.status == TaskStatus.PENDING
UNSENT = TaskRow.status.in_([TaskStatus.RESPONSE_SCHEDULED, TaskStatus.RESPONSE_RETRY])
_SEALED = (TaskRow.request, TaskRow.reply, TaskRow.result)
_OVER = TaskRow.status.in_([TaskStatus.COMPLETED, TaskStatus.RESPONSE_ERROR])


class SqlTaskStore:
    """Keeps tasks in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    @property
    def signing_key(self) -> bytes:
        """32 bytes, for the signatures of deliveries; another one once the store key was renewed."""
        return self._keys.current.callbacks

    def add(self, commission: Commission, most: int, most_of_one: int) -> None:
        """Keep the task; RATE_LIMITED where ``most`` are waiting, or ``most_of_one`` of the actor's."""
        subject, other = (*commission.subjects, None, None)[:2]
        row = {
            "id": commission.id,
            "actor": commission.actor,
            "priority": commission.priority,
            "subject": subject,
            "other": other,
            "status": TaskStatus.PENDING.value,
            "created_at": commission.at,
            "due_at": commission.at,
            "attempts": 0,
            "failed": False,
        }
        with self._database.writing() as connection:
            waiting = connection.scalar(select(func.count()).select_from(TaskRow).where(UNDONE)) or 0
            if waiting >= most:
                raise _full(f"{waiting} tasks are waiting.")
            own = select(func.count()).select_from(TaskRow).where(UNDONE, TaskRow.actor == commission.actor)
            if (connection.scalar(own) or 0) >= most_of_one:
                raise _full(f"{most_of_one} tasks of this caller are waiting.")
            row |= {part: self._sealed(commission.id, part, getattr(commission, part)) for part in ("request", "reply")}
            connection.execute(insert(TaskRow), {"number": next_number(connection, TaskRow), **row})

    def claim_work(self, now: datetime, until: datetime) -> TaskWork | None:
        """The next task to do, the most urgent first and none before an earlier one about the same subject."""
        claimed = self._claim(_NEXT_WORK, now, until)
        if claimed is None:
            return None
        row, key = claimed
        return TaskWork(row["id"], _opened(key, row, "request"), row["attempts"] + 1)

    def claim_delivery(self, now: datetime, until: datetime) -> TaskDelivery | None:
        """The next result to send."""
        claimed = self._claim(_NEXT_DELIVERY, now, until)
        if claimed is None:
            return None
        row, key = claimed
        reply, result = _opened(key, row, "reply"), _opened(key, row, "result")
        return TaskDelivery(row["id"], reply, result, row["failed"], row["attempts"] + 1)

    def hold(self, tasks: Collection[str], until: datetime) -> None:
        """Go on holding what was claimed."""
        if tasks:
            self._set(and_(TaskRow.id.in_(tasks), TaskRow.claimed_until.is_not(None)), claimed_until=until)

    def finish(self, work: TaskWork, result: bytes, at: datetime, *, failed: bool) -> None:
        """The task is done; its result waits to be sent, and what was asked is forgotten.

        Nothing happens where somebody else has claimed it since.
        """
        done = {
            "request": None,
            "failed": failed,
            "status": TaskStatus.RESPONSE_SCHEDULED.value,
            "attempts": 0,
            "due_at": at,
            "claimed_until": None,
        }
        with self._database.writing() as connection:
            sealed = self._sealed(work.id, "result", result)
            connection.execute(update(TaskRow).where(_claimed_as(work)).values(result=sealed, **done))

    def postpone(self, work: TaskWork, due: datetime) -> None:
        """The task could not be done; it is tried again then, unless somebody else has claimed it since."""
        self._set(_claimed_as(work), due_at=due, claimed_until=None)

    def delivered(self, task: str) -> None:
        """The result was taken."""
        self._set(and_(TaskRow.id == task, UNSENT), status=TaskStatus.COMPLETED.value, claimed_until=None)

    def undelivered(self, task: str, due: datetime | None) -> None:
        """The result was not taken; it is sent again then, or not at all."""
        status = TaskStatus.RESPONSE_RETRY if due else TaskStatus.RESPONSE_ERROR
        moment = {"due_at": due} if due else {}
        self._set(and_(TaskRow.id == task, UNSENT), status=status.value, claimed_until=None, **moment)

    def redeliver(self, task: str, now: datetime) -> None:
        """Send the result once more, as soon as there is one; TASK_UNKNOWN."""
        with self._database.writing() as connection:
            if _state(connection, task).status is TaskStatus.PENDING:
                return
            again = {"status": TaskStatus.RESPONSE_RETRY.value, "attempts": 0, "due_at": now, "claimed_until": None}
            connection.execute(update(TaskRow).where(TaskRow.id == task).values(**again))

    def state(self, task: str) -> TaskState:
        """How far the task has got; TASK_UNKNOWN."""
        with self._database.reading() as connection:
            return _state(connection, task)

    def purge(self, before: datetime) -> int:
        """Forget tasks that are over and were given before a moment; returns how many."""
        old = and_(_OVER, TaskRow.created_at < before)
        with self._database.reading() as connection:
            found = connection.scalar(select(func.count()).select_from(TaskRow).where(old)) or 0
        if found:
            with self._database.writing() as connection:
                connection.execute(delete(TaskRow).where(old))
        return found

    def _claim(self, next_one: Select[Any], now: datetime, until: datetime) -> tuple[Mapping[str, Any], DataKey] | None:
        """Look first, so that an empty queue makes no writer wait. With the key that opens what is claimed.

        It is opened once it is claimed: one that does not open holds up nothing that comes after it.
        """
        with self._database.reading() as connection:
            if _first(connection, next_one, now) is None:
                return None
        with self._database.writing() as connection:
            row = _first(connection, next_one, now)
            if row is None:
                return None
            claimed = {"claimed_until": until, "attempts": row["attempts"] + 1}
            connection.execute(update(TaskRow).where(TaskRow.number == row["number"]).values(**claimed))
            return row, self._keys.current.tasks

    def _sealed(self, task: str, part: str, content: bytes) -> bytes:
        return self._keys.current.tasks.seal(content, _binding(task, part))

    def _set(self, which: ColumnElement[bool], **values: object) -> None:
        with self._database.writing() as connection:
            connection.execute(update(TaskRow).where(which).values(**values))


def reseal_tasks(connection: Connection, present: StoreKey, new: StoreKey) -> None:
    """Put every request, reply and result under a new store key; RECORD_TAMPERED."""
    for row in connection.execute(select(TaskRow.number, TaskRow.id, *_SEALED)).mappings().all():
        sealed = {
            column.key: new.tasks.seal(present.tasks.open(row[column.key], binding), binding)
            for column in _SEALED
            if row[column.key] is not None
            for binding in (_binding(row["id"], column.key),)
        }
        connection.execute(update(TaskRow).where(TaskRow.number == row["number"]).values(**sealed))


def forget_tasks(connection: Connection, subjects: Collection[int]) -> None:
    """Forget the results about the subjects with these numbers, which are erased."""
    known_as = select(SubjectRow.id).where(SubjectRow.number.in_(subjects))
    connection.execute(delete(TaskRow).where(or_(TaskRow.subject.in_(known_as), TaskRow.other.in_(known_as)), ~UNDONE))


def _claimed_as(work: TaskWork) -> ColumnElement[bool]:
    """True of the task while this claim of it is the last one."""
    return and_(TaskRow.id == work.id, TaskRow.attempts == work.attempt, UNDONE)


def _earlier_about_the_same() -> ColumnElement[bool]:
    earlier = aliased(TaskRow)
    pending = earlier.status == TaskStatus.PENDING
    return exists().where(earlier.number < TaskRow.number, pending, about_the_same(earlier, TaskRow))


def _next(which: ColumnElement[bool]) -> Select[Any]:
    """The next of these at a moment ``now``; made once, since an idle queue is looked at all the time."""
    found = select(*TaskRow.__table__.columns).where(which, is_free(TaskRow, _NOW), TaskRow.due_at <= _NOW)
    return found.order_by(TaskRow.priority.desc(), TaskRow.number).limit(1)


_NOW = bindparam("now", type_=TaskRow.due_at.type)
_NEXT_WORK = _next(and_(UNDONE, ~_earlier_about_the_same()))
_NEXT_DELIVERY = _next(UNSENT)


def _first(connection: Connection, statement: Select[Any], now: datetime) -> Mapping[str, Any] | None:
    row = connection.execute(statement, {"now": now}).mappings().first()
    return None if row is None else dict(row)


def _state(connection: Connection, task: str) -> TaskState:
    row = connection.execute(select(TaskRow.actor, TaskRow.status).where(TaskRow.id == task)).one_or_none()
    if row is None:
        raise task_unknown()
    return TaskState(row.actor, TaskStatus(row.status))


def _opened(key: DataKey, row: Mapping[str, Any], part: str) -> bytes:
    return key.open(row[part], _binding(row["id"], part))


def _binding(task: str, part: str) -> Binding:
    return Binding(f"task {task} {part}".encode())


def _full(message: str) -> BiometricServiceError:
    return BiometricServiceError(ErrorCode.RATE_LIMITED, message, "Try again later.")
