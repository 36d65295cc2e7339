"""One look-out a process for what comes into the audit log, and the answers that follow it from there."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition, Event, Thread
from typing import Final

from fastapi.concurrency import run_in_threadpool

from biometric_service.api.access.entrance import Entrance
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.delivering import Watch
from biometric_service.interchange.outward import outward
from biometric_service.vocabulary.access import Principal
from biometric_service.vocabulary.events import RecordedEvent
from biometric_service.vocabulary.outward import OutwardEvent, Wanted
from biometric_service.vocabulary.protocols import ReferenceStore

DRAINS: Final = "biometric.drains"
"""Under which name a request's scope has the event that is set once the server drains, among its extensions."""
PAGE: Final = 200
"""Audit events that a stream reads at a time; it reads no more until its client has taken what came of them."""
LOOK_EVERY_S: Final = 0.25
REST_S: Final = 1.0
HEARTBEAT_S: Final = 10.0
PROVE_EVERY_S: Final = 2.0
"""How often a stream asks whether its caller would still be let in."""

log = logging.getLogger(__name__)


class EventTail:
    """Wakes whoever follows the audit log once there is more of it, whichever process wrote that; safe in threads.

    Nothing is looked for while nobody follows.
    """

    def __init__(self, store: ReferenceStore, watch: Watch) -> None:
        self._store = store
        self._watch = watch
        self._followers: set[Callable[[], object]] = set()
        self._last = 0
        self._changed = Condition()
        self._ending = Event()
        self._thread: Thread | None = None

    def require_room(self, most: int) -> None:
        """RATE_LIMITED where so many follow already."""
        if len(self._followers) >= most:
            raise BiometricServiceError(
                ErrorCode.RATE_LIMITED, f"{most} callers follow the events already.", "Try again later."
            )

    @contextmanager
    def following(self, begun: int) -> Iterator[asyncio.Event]:
        """Gives what is set whenever there is more; ``begun``: an audit event of about now."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(woken.set)

        with self._changed:
            self._followers.add(wake)
            self._last = max(self._last, begun)
            self._changed.notify_all()
            if self._thread is None:
                self._thread = Thread(target=self._look, name="events", daemon=True)
                self._thread.start()
        try:
            yield woken
        finally:
            with self._changed:
                self._followers.discard(wake)

    def close(self) -> None:
        """Look out no more."""
        self._ending.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _look(self) -> None:
        while not self._ending.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._followers or self._ending.is_set())
            try:
                with self._watch() as wait:
                    self._wake_while_followed(wait)
            except BiometricServiceError as fault:
                log.warning("Events could not be looked for and will be again: %s", fault)
                self._ending.wait(REST_S)

    def _wake_while_followed(self, wait: Callable[[float], bool]) -> None:
        while self._followers and not self._ending.is_set():
            page = self._store.events(self._last, PAGE)
            if page:
                with self._changed:
                    self._last = page[-1].number
                    for wake in self._followers:
                        wake()
            if len(page) < PAGE:
                wait(LOOK_EVERY_S)


@dataclass(frozen=True, slots=True)
class Follower:
    """Whose stream it is and what they are told; ``after``: the audit event that it begins after.

    ``begun``: that which tells of the stream. ``drains``: set where the server is to end.
    """

    principal: Principal
    wanted: Wanted
    after: int
    begun: int
    drains: asyncio.Event


@dataclass(frozen=True, slots=True)
class Stream:
    """Where the events of a stream come from and who says that its caller may have them."""

    tail: EventTail
    store: ReferenceStore
    entrance: Entrance

    async def lines(self, follower: Follower) -> AsyncIterator[bytes]:
        """Server-sent events, one for each event that is wanted, and a heartbeat where there is none for long.

        The heartbeat has an id too, so that who comes back reads nothing twice. Ends where the server drains and where
        the caller would not be let in any more.
        """
        yield b"retry: 1000\n\n"
        with self.tail.following(follower.begun) as woken:
            reached, said_at, proven_at = follower.after, time.monotonic(), 0.0
            while not follower.drains.is_set():
                woken.clear()
                if time.monotonic() - proven_at >= PROVE_EVERY_S:
                    if not await run_in_threadpool(self.entrance.still, follower.principal):
                        return
                    proven_at = time.monotonic()
                page = await run_in_threadpool(self.store.events, reached, PAGE)
                reached = page[-1].number if page else reached
                said = _said(page, follower.wanted)
                if not said and time.monotonic() - said_at >= HEARTBEAT_S:
                    said = b": still here\nid: %d\n\n" % reached
                if said:
                    yield said
                    said_at = time.monotonic()
                if len(page) < PAGE:
                    await _either(woken, follower.drains)


async def _either(*events: asyncio.Event) -> None:
    """Until one is set, or it is time to look whether the caller is still let in."""
    waiting = {asyncio.ensure_future(each.wait()) for each in events}
    await asyncio.wait(waiting, timeout=PROVE_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
    for each in waiting:
        each.cancel()


def _said(page: Sequence[RecordedEvent], wanted: Wanted) -> bytes:
    events = (outward(each) for each in page)
    return b"".join(_written(event) for event in events if event and wanted.includes(event))


def _written(event: OutwardEvent) -> bytes:
    return b"id: %d\nevent: %b\ndata: %b\n\n" % (event.number, event.type.value.encode(), event.body())
