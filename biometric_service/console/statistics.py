"""Statistics: quality, decisions, throughput by the hour, and what reviewers tell of mates that are missed."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import Depends
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from biometric_service.api.operations.asking import event
from biometric_service.api.services import Services
from biometric_service.console.plots import bars
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.evaluation.adjudicated import closed_cases
from biometric_service.monitoring.figures import SCALES
from biometric_service.recognition.drift import catch_up
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.adjudication import Case, Origin, Verdict
from biometric_service.vocabulary.drift import DaySketch, Measure
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES

DAYS = 30
QUALITY_STEP = 4
Z95 = 1.96

router = page_router()


@dataclass(frozen=True, slots=True)
class Missed:
    """Mates that were no match at once, as far as reviewers saw them: ``same`` of ``same`` and ``matches`` together.

    A lower bound of the FNMR of the whole walk: whoever scored below a review was seen by nobody. ``interval``: 95 %
    (Wilson).
    """

    same: int
    matches: int
    share: float | None
    interval: tuple[float, float] | None


@router.get("/statistics")
async def show_statistics(visit: Annotated[Visit, Depends(visiting(Scope.AUDIT_READ))]) -> HTMLResponse:
    """The figures of the last 30 days, drawn and in tables."""
    caller = await visit.caller(ALL_GALLERIES)
    newest = await run_in_threadpool(visit.services.store.record, event(EventKind.AUDIT_READ, caller))
    now = datetime.now(UTC)
    told = await run_in_threadpool(_figures, visit.services, now)
    told["hours"] = await run_in_threadpool(_by_hour, visit.services, newest, now)
    return visit.page("statistics.html", {**told, "days": DAYS})


def _figures(services: Services, now: datetime) -> dict[str, object]:
    catch_up(services.drift)
    since = now.date() - timedelta(days=DAYS - 1)
    sketches = services.drift.sketches(since)
    qualities = {
        measure.value: _qualities(sketches, measure) for measure in SCALES if measure.value.endswith("quality")
    }
    decisions = _decisions(sketches)
    return {
        "qualities": {name: (bars(found), found) for name, found in qualities.items() if found},
        "decisions": (bars(list(decisions.items())), decisions) if any(decisions.values()) else None,
        "missed": missed_of(closed_cases(services.walk.cases), int(decisions["match"]), since),
    }


def _qualities(sketches: Sequence[DaySketch], measure: Measure) -> list[tuple[str, float]]:
    """How many samples had which quality, in steps of the watch over drift."""
    counts = Counter[int]()
    for sketch in sketches:
        if sketch.key.measure is measure:
            counts.update(dict(enumerate(sketch.counts)))
    return [(str((place - 1) * QUALITY_STEP), float(counts[place])) for place in range(1, max(counts, default=0) + 1)]


def _decisions(sketches: Sequence[DaySketch]) -> Mapping[str, float]:
    """How many checks ended as what."""
    found = {measure: Counter[int]() for measure in (Measure.UNKNOWN, Measure.REVIEW)}
    for sketch in sketches:
        if sketch.key.measure in found:
            found[sketch.key.measure].update(dict(enumerate(sketch.counts)))
    unknown, review = found[Measure.UNKNOWN][1], found[Measure.REVIEW][1]
    total = sum(found[Measure.UNKNOWN].values())
    return {"match": float(max(total - unknown - review, 0)), "review": float(review), "unknown": float(unknown)}


def missed_of(judged: Iterable[Case], matches: int, since: date) -> Missed:
    """Of searches that asked for a look since the day, in UTC, those in which reviewers saw the same person.

    ``matches``: of the same days.
    """
    searched = (case for case in judged if case.origin is Origin.SEARCHED and case.opened_at.date() >= since)
    same = sum(case.outcome is Verdict.SAME_PERSON for case in searched)
    total = same + matches
    return Missed(same, matches, same / total, _wilson(same, total)) if total else Missed(0, 0, None, None)


def _wilson(hits: int, total: int) -> tuple[float, float]:
    share, squared = hits / total, Z95**2
    middle = (share + squared / (2 * total)) / (1 + squared / total)
    half = Z95 * math.sqrt(share * (1 - share) / total + squared / (4 * total**2)) / (1 + squared / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def _by_hour(services: Services, newest: int, now: datetime) -> object:
    """Checks in each of the last 24 hours; None where there were none."""
    counted = services.hourly_checks.of_last_day(services.store.events, newest, now)
    values = [(f"{hour:%H}", float(checks)) for hour, checks in counted]
    return (bars(values), values) if any(checks for _, checks in values) else None
