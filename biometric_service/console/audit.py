"""The audit log: the newest events first, by whom, about whom, what and when; and whether the chain is whole."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from biometric_service.api.operations import audit_events
from biometric_service.api.operations.answering import event_answer
from biometric_service.api.operations.asking import event
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind, RecordedEvent
from biometric_service.vocabulary.protocols import ReferenceStore
from biometric_service.vocabulary.references import ALL_GALLERIES

PAGE = 50
STRETCH = 500
"""Events that are read at once while one is looked for."""
MOST_READ = 2000
"""Events that one page is looked for among; the next page goes on from there."""

router = page_router()

Auditor = Annotated[Visit, Depends(visiting(Scope.AUDIT_READ))]
Text = Annotated[str, Query(max_length=128)]


@dataclass(frozen=True, slots=True)
class Sought:
    """Which events are wanted; an empty part wants any. A FastAPI dependency. Times are local."""

    subject: Text = ""
    actor: Text = ""
    kind: Text = ""
    since: Text = ""
    until: Text = ""

    @property
    def anything(self) -> bool:
        """Whether only some are wanted."""
        return any((self.subject, self.actor, self.kind, self.since, self.until))

    def wants(self, recorded: RecordedEvent) -> bool:
        """Whether the event is one of them."""
        found = recorded.event
        return (
            self.subject in {"", found.subject}
            and self.actor in {"", found.caller.actor, found.caller.owner}
            and self.kind in {"", found.kind.value}
            and self._in_time(found.at)
        )

    def _in_time(self, at: datetime) -> bool:
        since, until = _moment(self.since), _moment(self.until)
        return (since is None or at >= since) and (until is None or at <= until)


@router.get("/audit")
async def read_log(
    visit: Auditor, sought: Annotated[Sought, Depends()], before: Annotated[int | None, Query(ge=1)] = None
) -> HTMLResponse:
    """The events before one, the newest first."""
    caller = await visit.caller(ALL_GALLERIES)
    store = visit.services.store
    newest = await run_in_threadpool(store.record, event(EventKind.AUDIT_READ, caller))
    last = newest if before is None else min(before - 1, newest)
    found, reached = await run_in_threadpool(_found, store, sought, last)
    shown = {"events": [event_answer(recorded) for recorded in found], "older": reached + 1 if reached else None}
    kinds = sorted(kind.value for kind in EventKind)
    more = {"before": before, "sought": sought, "kinds": kinds, "read": last - reached}
    return visit.page("audit.html", {**shown, **more})


@router.get("/audit/chain")
async def check_chain(visit: Auditor) -> HTMLResponse:
    """Whether every event follows from the one before; it takes longer the longer the log is."""
    chain = await audit_events.verify_events(visit.admission, visit.asking, visit.services)
    return visit.page("audit_chain.html", {"chain": chain})


def _found(store: ReferenceStore, sought: Sought, last: int) -> tuple[Sequence[RecordedEvent], int]:
    """Up to a page of those that are wanted, the newest first, and after which event looking for them ended."""
    found: list[RecordedEvent] = []
    stretch = STRETCH if sought.anything else PAGE
    reached = last
    while reached and len(found) < PAGE and last - reached < MOST_READ:
        after = max(0, reached - stretch)
        for recorded in reversed(store.events(after, reached - after)):
            if len(found) == PAGE:
                return found, recorded.number
            found += [recorded] if sought.wants(recorded) else []
        reached = after
    return found, reached


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text).astimezone() if text else None
    except ValueError:
        return None
