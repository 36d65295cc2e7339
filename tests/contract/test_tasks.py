"""The queue of tasks, on every database: order, claims, retries, and what becomes of results."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from benchmarks.throughput.random_encounters import audit_event, random_encounter
from biometric_service.errors import ErrorCode
from biometric_service.references.key_renewal import renew
from biometric_service.references.opening import OpenedStore
from biometric_service.references.tasks import SqlTaskStore
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.tasks import Commission, TaskDelivery, TaskStatus, TaskWork
from tests.stores import refused

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
LATER = NOW + timedelta(seconds=10)


@pytest.fixture
def tasks(opened: OpenedStore) -> SqlTaskStore:
    return opened.tasks


def given(
    tasks: SqlTaskStore, *subjects: str, priority: int = 4, most: int = 100, most_of_one: int = 100, of: str = "caller"
) -> str:
    task = uuid4().hex
    about = tuple(map(SubjectId, subjects))
    tasks.add(Commission(task, of, priority, about, b"asked " + task.encode(), b"reply", NOW), most, most_of_one)
    return task


def claimed(tasks: SqlTaskStore, now: datetime = NOW) -> TaskWork:
    work = tasks.claim_work(now, now + timedelta(seconds=10))
    assert work is not None
    return work


def sent(tasks: SqlTaskStore, now: datetime = NOW) -> TaskDelivery | None:
    return tasks.claim_delivery(now, now + timedelta(seconds=10))


def test_the_most_urgent_is_done_first_and_then_the_first_that_came(tasks: SqlTaskStore) -> None:
    low, first, second, high = (given(tasks, priority=priority) for priority in (1, 5, 5, 9))
    assert [claimed(tasks).id for _ in range(4)] == [high, first, second, low]
    assert tasks.claim_work(NOW, LATER) is None


def test_tasks_about_one_subject_are_done_in_their_order(tasks: SqlTaskStore) -> None:
    first = given(tasks, "A", priority=0)
    merge = given(tasks, "B", "A", priority=9)
    last = given(tasks, "B", priority=9)
    other = given(tasks, "C", priority=0)
    assert [claimed(tasks).id, claimed(tasks).id] == [first, other]
    assert tasks.claim_work(NOW, LATER) is None
    tasks.finish(TaskWork(first, b"", 1), b"", NOW, failed=False)
    assert claimed(tasks).id == merge
    assert tasks.claim_work(NOW, LATER) is None
    tasks.finish(TaskWork(merge, b"", 1), b"", NOW, failed=True)
    assert claimed(tasks).id == last


def test_what_a_dead_process_held_is_claimed_again_and_says_so(tasks: SqlTaskStore) -> None:
    task = given(tasks)
    assert claimed(tasks).attempt == 1
    tasks.hold([task], NOW + timedelta(seconds=20))
    assert tasks.claim_work(NOW + timedelta(seconds=15), LATER) is None
    again = claimed(tasks, NOW + timedelta(seconds=21))
    assert (again.id, again.attempt, again.request) == (task, 2, b"asked " + task.encode())


def test_whoever_lost_a_task_neither_ends_nor_postpones_it(tasks: SqlTaskStore) -> None:
    task, later = given(tasks), NOW + timedelta(seconds=11)
    lost, held = claimed(tasks), claimed(tasks, later)
    tasks.postpone(lost, NOW)
    tasks.finish(lost, b"late", NOW, failed=False)
    assert tasks.state(task).status is TaskStatus.PENDING
    assert tasks.claim_work(later, LATER) is None
    tasks.finish(held, b"result", NOW, failed=False)
    delivery = sent(tasks)
    assert delivery is not None
    assert delivery.result == b"result"


def test_a_task_that_is_postponed_waits_until_then(tasks: SqlTaskStore) -> None:
    given(tasks)
    tasks.postpone(claimed(tasks), LATER)
    assert tasks.claim_work(NOW, LATER) is None
    assert claimed(tasks, LATER).attempt == 2


def test_a_result_is_sent_until_it_is_taken(tasks: SqlTaskStore) -> None:
    task = given(tasks)
    assert tasks.state(task).status is TaskStatus.PENDING
    tasks.finish(claimed(tasks), b"result", NOW, failed=True)
    assert tasks.state(task).status is TaskStatus.RESPONSE_SCHEDULED
    assert sent(tasks) == TaskDelivery(task, b"reply", b"result", failed=True, attempt=1)
    assert sent(tasks) is None
    tasks.undelivered(task, LATER)
    assert (tasks.state(task).status, sent(tasks)) == (TaskStatus.RESPONSE_RETRY, None)
    again = sent(tasks, LATER)
    assert again is not None
    assert again.attempt == 2
    tasks.delivered(task)
    assert tasks.state(task).status is TaskStatus.COMPLETED
    assert sent(tasks, LATER) is None


def test_a_result_that_nobody_takes_is_given_up_and_sent_again_when_asked(tasks: SqlTaskStore) -> None:
    task = given(tasks)
    tasks.redeliver(task, NOW)
    assert tasks.state(task).status is TaskStatus.PENDING
    tasks.finish(claimed(tasks), b"result", NOW, failed=False)
    assert sent(tasks)
    tasks.undelivered(task, None)
    assert (tasks.state(task).status, sent(tasks, LATER)) == (TaskStatus.RESPONSE_ERROR, None)
    tasks.redeliver(task, NOW)
    again = sent(tasks)
    assert again is not None
    assert (again.result, again.attempt) == (b"result", 1)


def test_what_is_over_and_old_is_forgotten(tasks: SqlTaskStore) -> None:
    waiting, over = given(tasks, priority=0), given(tasks, priority=9)
    work = claimed(tasks)
    assert work.id == over
    tasks.finish(work, b"", NOW, failed=False)
    sent(tasks)
    tasks.delivered(over)
    assert tasks.purge(NOW) == 0
    assert tasks.purge(LATER) == 1
    refused(ErrorCode.TASK_UNKNOWN, lambda: tasks.state(over))
    refused(ErrorCode.TASK_UNKNOWN, lambda: tasks.redeliver(over, NOW))
    assert tasks.state(waiting).status is TaskStatus.PENDING


def test_too_many_waiting_tasks_are_refused(tasks: SqlTaskStore) -> None:
    given(tasks, most=1)
    refused(ErrorCode.RATE_LIMITED, lambda: given(tasks, most=1))
    refused(ErrorCode.RATE_LIMITED, lambda: given(tasks, most_of_one=1))
    given(tasks, most_of_one=1, of="another")


def test_a_task_outlives_the_renewal_of_the_store_key(opened: OpenedStore) -> None:
    tasks = opened.tasks
    waiting, _ = given(tasks, priority=0), given(tasks, priority=9)
    tasks.finish(claimed(tasks), b"result", NOW, failed=False)
    list(renew(opened, audit_event(EventKind.STORE_KEY_RENEWED)))
    delivery = sent(tasks)
    assert delivery
    assert (delivery.reply, delivery.result) == (b"reply", b"result")
    assert claimed(tasks).request == b"asked " + waiting.encode()


def test_results_about_somebody_who_is_erased_are_forgotten(opened: OpenedStore) -> None:
    opened.store.enrol(random_encounter(1, "A"), audit_event())
    about, other = given(opened.tasks, "A"), given(opened.tasks, "B")
    for _ in (about, other):
        opened.tasks.finish(claimed(opened.tasks), b"image", NOW, failed=False)
    opened.store.erase(SubjectId("A"), audit_event(EventKind.SUBJECT_ERASED))
    refused(ErrorCode.TASK_UNKNOWN, lambda: opened.tasks.state(about))
    assert opened.tasks.state(other).status is TaskStatus.RESPONSE_SCHEDULED
