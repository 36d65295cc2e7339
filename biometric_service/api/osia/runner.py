"""Whoever does the tasks: threads that claim one at a time, so that any number of processes can share the queue."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from biometric_service.api.errors import STATUS, osia_error, unforeseen
from biometric_service.api.osia.answer import written
from biometric_service.api.osia.deferring import Reply, recall, statuses_of
from biometric_service.api.osia.delivery import address_of, headers_of
from biometric_service.api.services import Services
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.outbound.webhooks import TAKEN, pause, secret_of
from biometric_service.vocabulary.tasks import TaskDelivery, TaskWork

LEASE = timedelta(seconds=10)
HEARTBEAT_S = 3.0
POLL_S = 0.5
DELIVERERS = 4
PURGE_EVERY_S = 600.0
TRANSIENT = frozenset({ErrorCode.RATE_LIMITED, ErrorCode.STORE_CONFLICT})

log = logging.getLogger(__name__)


class TaskRunner:
    """Does tasks and delivers their results, from ``start`` to ``close``."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._tasks = services.tasks
        self._ending = threading.Event()
        self._idle = threading.Event()
        self._held: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._beating = threading.Thread(target=self._beat, name="tasks", daemon=True)

    def start(self) -> None:
        """Begin."""
        steps = [self._work] * self._services.settings.task_workers + [self._deliver] * DELIVERERS
        for step in steps:
            self._run(step)
        self._beating.start()

    def close(self) -> None:
        """Finish what has begun, held until it is done; whatever waits is done by the next process."""
        self._ending.set()
        for thread in self._threads:
            thread.join()
        self._idle.set()
        self._beating.join()

    def _run(self, step: Callable[[], bool]) -> None:
        thread = threading.Thread(target=self._repeat, args=(step,), name="tasks", daemon=True)
        thread.start()
        self._threads.append(thread)

    def _repeat(self, step: Callable[[], bool]) -> None:
        while not self._ending.is_set():
            if not _survived(step):
                self._ending.wait(POLL_S)

    def _beat(self) -> None:
        """Hold what is being done, and forget what is long over."""
        purged = 0.0
        while not self._idle.wait(HEARTBEAT_S if self._held else POLL_S):
            _survived(self._hold)
            if time.monotonic() - purged > PURGE_EVERY_S:
                purged = time.monotonic()
                _survived(self._purge)

    def _hold(self) -> bool:
        self._tasks.hold(tuple(self._held), datetime.now(UTC) + LEASE)
        return True

    def _purge(self) -> bool:
        return bool(self._tasks.purge(datetime.now(UTC) - timedelta(hours=self._services.settings.task_hours)))

    def _work(self) -> bool:
        now = datetime.now(UTC)
        work = self._tasks.claim_work(now, now + LEASE)
        if work is None:
            return False
        self._held.add(work.id)
        try:
            self._do(work)
        finally:
            self._held.discard(work.id)
        return True

    def _do(self, work: TaskWork) -> None:
        if work.attempt > self._services.settings.task_attempts:
            self._failed(work, unforeseen())  # it ended every process that began it
            return
        try:
            recalled = recall(self._services.for_one_request(), work)
            operation = recalled.operation
            asked, sent = operation.read_parameters(recalled.parameters), operation.read_body(recalled.body)
            result = written(operation.work(recalled.errand, asked, sent))
        except BiometricServiceError as fault:
            self._failed(work, fault)
        except Exception:  # whatever it is, the caller is told and the queue goes on
            log.exception("a task failed")
            self._failed(work, unforeseen())
        else:
            self._tasks.finish(work, result, datetime.now(UTC), failed=False)

    def _failed(self, work: TaskWork, fault: BiometricServiceError) -> None:
        settings = self._services.settings
        passing = fault.code in TRANSIENT or STATUS[fault.code] >= STATUS[ErrorCode.INTERNAL]
        if passing and work.attempt < settings.task_attempts:
            due = datetime.now(UTC) + timedelta(seconds=pause(work.attempt, settings.task_retry_seconds))
            self._tasks.postpone(work, due)
            return
        result = osia_error(fault, statuses_of(work)).model_dump_json().encode()
        self._tasks.finish(work, result, datetime.now(UTC), failed=True)

    def _deliver(self) -> bool:
        now = datetime.now(UTC)
        delivery = self._tasks.claim_delivery(now, now + LEASE)
        if delivery is None:
            return False
        self._held.add(delivery.id)
        try:
            self._send(delivery)
        finally:
            self._held.discard(delivery.id)
        return True

    def _send(self, delivery: TaskDelivery) -> None:
        written_key = self._services.settings.callback_secret.get_secret_value()
        key = secret_of(written_key, self._tasks.signing_key)
        reply = Reply.model_validate_json(delivery.reply)
        address = address_of(reply.callback, reply.transaction, delivery.id)
        try:
            answer = self._services.outbound.post(address, delivery.result, headers_of(delivery, key, int(time.time())))
        except BiometricServiceError as fault:
            log.warning("the result of task %s was not delivered: %s", delivery.id, fault.code.value)
        else:
            if answer.status in TAKEN:
                self._tasks.delivered(delivery.id)
                return
            log.warning("the result of task %s was answered with %d", delivery.id, answer.status)
        self._tasks.undelivered(delivery.id, self._next_attempt(delivery))

    def _next_attempt(self, delivery: TaskDelivery) -> datetime | None:
        settings = self._services.settings
        if delivery.attempt >= settings.task_attempts:
            return None
        return datetime.now(UTC) + timedelta(seconds=pause(delivery.attempt, settings.task_retry_seconds))


def _survived(step: Callable[[], bool]) -> bool:
    """Whether there was anything to do; a store that is away for a while ends no thread."""
    try:
        return step()
    except Exception:
        log.exception("the queue of tasks could not be worked on")
        return False
