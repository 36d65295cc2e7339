"""Sending events to whoever subscribed to them: signed, in order for each subject, again until they are taken.

One thread looks for what is new and what is due; it hands subscriptions to others, of which a few work on each, so that
one receiver that is slow or away holds nobody else up.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event, Lock, Thread
from typing import Final

from biometric_service.errors import BiometricServiceError
from biometric_service.interchange.outward import outward
from biometric_service.outbound.gate import OutboundGate
from biometric_service.outbound.webhooks import GONE, TAKEN, pause, signed_headers
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.outward import Letter, Post, SubscriptionStore

ACTOR: Final = "service"
LEASE: Final = timedelta(seconds=10)
HOLD_EVERY_S: Final = 3.0
LOOK_EVERY_S: Final = 0.25
REST_S: Final = 1.0
A_TIME: Final = 16
"""Letters that are claimed at a time."""
LANES: Final = 2
"""Threads of a process that work on one subscription at the most."""
MOST_LANES: Final = 32
JSON: Final = {"Content-Type": "application/json"}

Watch = Callable[[], AbstractContextManager[Callable[[float], bool]]]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """``first_s``: pause after a first failure, doubled each time. ``days``: after which an event is given up."""

    first_s: float
    days: float


class Deliverer:
    """Delivers from ``start`` to ``close``; any number of processes share the work.

    ``watch``: gives what waits for the next change of the store for so many seconds.
    """

    def __init__(self, store: SubscriptionStore, gate: OutboundGate, watch: Watch, patience: Patience) -> None:
        self._store = store
        self._gate = gate
        self._watch = watch
        self._patience = patience
        self._ending = Event()
        self._lanes = Lanes()
        self._pool = ThreadPoolExecutor(MOST_LANES, "deliveries")
        self._thread = Thread(target=self._look, name="deliveries", daemon=True)
        self._held_at = 0.0

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """Finish what is being sent; whatever waits is sent by the next process."""
        self._ending.set()
        self._thread.join()
        self._pool.shutdown()

    def _look(self) -> None:
        """Look again and again; a store that is away for a while ends nothing."""
        while not self._ending.is_set():
            try:
                with self._watch() as wait:
                    while not self._ending.is_set():
                        self._turn()
                        wait(LOOK_EVERY_S)
            except BiometricServiceError as fault:
                log.warning("Events could not be looked for and will be again: %s", fault)
                self._ending.wait(REST_S)

    def _turn(self) -> None:
        while self._store.spread(outward) and not self._ending.is_set():
            pass
        now = datetime.now(UTC)
        if time.monotonic() - self._held_at > HOLD_EVERY_S:
            self._held_at = time.monotonic()
            self._store.hold(self._lanes.letters(), now + LEASE)
        for subscription in self._store.due(now):
            if self._lanes.enter(subscription):
                self._pool.submit(self._work, subscription)

    def _work(self, subscription: str) -> None:
        try:
            while not self._ending.is_set() and self._deliver(subscription):
                pass
        except Exception:  # whatever it is, the others go on, and this one once its lease is over
            log.exception("what is due to subscription %s could not be sent", subscription)
        finally:
            self._lanes.leave(subscription)

    def _deliver(self, subscription: str) -> bool:
        now = datetime.now(UTC)
        post = self._store.claim(subscription, now, now + LEASE, A_TIME)
        if post is None:
            return False
        with self._lanes.holding(post.letters):
            taken = [letter for letter in post.letters if not self._ending.is_set() and self._send(post, letter)]
            self._store.delivered(taken)
        return True

    def _send(self, post: Post, letter: Letter) -> bool:
        """Whether it was taken; what was not is put off, or given up."""
        event = outward(letter.recorded)
        if event is None:
            return True
        body = event.body()
        headers = {**JSON, **signed_headers(event.id, body, post.keys, int(time.time()))}
        try:
            answer = self._gate.post(post.subscription.url, body, headers)
        except BiometricServiceError as fault:
            self._failed(letter, fault.code.value)
            return False
        if answer.status in TAKEN:
            return True
        if answer.status == GONE:
            self._store.pause(post.subscription.id, _changed(letter, "gone"), paused=True)
        self._failed(letter, str(answer.status))
        return False

    def _failed(self, letter: Letter, answer: str) -> None:
        now = datetime.now(UTC)
        log.warning("event %d was not taken by %s: %s", letter.recorded.number, letter.subscription, answer)
        if now - letter.since > timedelta(days=self._patience.days):
            facts = {"event": str(letter.recorded.number), "subscription": letter.subscription, "answer": answer}
            given_up = AuditEvent(EventKind.DELIVERY_GIVEN_UP, now, Caller(ACTOR, "delivery"), None, None, facts)
            self._store.give_up(letter, answer, given_up)
        else:
            due = now + timedelta(seconds=pause(letter.attempt, self._patience.first_s))
            self._store.undelivered(letter, answer, due)


class Lanes:
    """How many threads work on each subscription, and which letters they hold; safe in threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._busy: Counter[str] = Counter()
        self._letters: list[Sequence[Letter]] = []

    def enter(self, subscription: str) -> bool:
        """Take a lane; False where all are taken."""
        with self._lock:
            if self._busy[subscription] >= LANES or self._busy.total() >= MOST_LANES:
                return False
            self._busy[subscription] += 1
            return True

    def leave(self, subscription: str) -> None:
        """Give it back."""
        with self._lock:
            self._busy[subscription] -= 1

    def letters(self) -> Sequence[Letter]:
        """All that are held."""
        with self._lock:
            return [letter for each in self._letters for letter in each]

    @contextmanager
    def holding(self, letters: Sequence[Letter]) -> Iterator[None]:
        """Hold letters while the context lasts."""
        with self._lock:
            self._letters.append(letters)
        try:
            yield
        finally:
            with self._lock:
                self._letters.remove(letters)


def _changed(letter: Letter, what: str) -> AuditEvent:
    facts = {"subscription": letter.subscription, "what": what}
    return AuditEvent(EventKind.SUBSCRIPTION_CHANGED, datetime.now(UTC), Caller(ACTOR, "delivery"), details=facts)
