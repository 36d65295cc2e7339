"""Where people are believed to be, and where they were seen; every look is in the audit log."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import IdempotencyKey, OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.asking import Asking, GalleryQuery, LimitQuery, SubjectPath
from biometric_service.api.operations.bodies import Id
from biometric_service.api.operations.movement_wire import (
    PlacementBody,
    TrailAnswer,
    WhereaboutsAnswer,
    WhereaboutsListAnswer,
    located_answer,
    sighting_answer,
    whereabouts_answer,
    zone_count_answer,
)
from biometric_service.api.operations.reaching import reached
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import ServicesOf
from biometric_service.recognition.day_events import day_event
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.places import ZoneId
from biometric_service.vocabulary.references import GalleryId, SubjectId

router = APIRouter(prefix=f"{OPERATIONS}/whereabouts", tags=["places"], route_class=OnceRoute)

Reader = Annotated[Admission, Depends(requires(Scope.WHEREABOUTS_READ))]


@router.get("")
async def list_whereabouts(  # noqa: PLR0913, PLR0917 - one parameter for each part of the query
    admission: Reader,
    asking: Annotated[Asking, Depends()],
    gallery: GalleryQuery,
    services: ServicesOf,
    zone: Annotated[Id | None, Query(description="Only those who are believed to be here.")] = None,
    after: Annotated[Id | None, Query(description="Begin after this subject.")] = None,
    limit: LimitQuery = 50,
) -> WhereaboutsListAnswer:
    """List who is active in a gallery with where they are, and count who is where."""
    caller = await admission.caller(asking.purpose, [GalleryId(gallery)], asking.device)
    begin, where = None if after is None else SubjectId(after), None if zone is None else ZoneId(zone)
    movements = services.day.movements
    page = await run_in_threadpool(movements.whereabouts, GalleryId(gallery), where, begin, limit + 1)
    counts = await run_in_threadpool(movements.counts, GalleryId(gallery))
    read = day_event(EventKind.WHEREABOUTS_READ, caller, None, GalleryId(gallery), zone=zone or "")
    await run_in_threadpool(services.store.record, read)
    return WhereaboutsListAnswer(
        counts=tuple(map(zone_count_answer, counts)),
        people=tuple(map(located_answer, page[:limit])),
        next=page[limit - 1].subject if len(page) > limit else None,
    )


@router.get("/{subject}")
async def read_whereabouts(
    admission: Reader,
    asking: Annotated[Asking, Depends()],
    subject: SubjectPath,
    services: ServicesOf,
    limit: LimitQuery = 50,
) -> TrailAnswer:
    """Read where one person is believed to be, and where they were last seen."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    summary = await run_in_threadpool(reached, services, admission, SubjectId(subject))
    movements = services.day.movements
    located = await run_in_threadpool(movements.located, summary.subject)
    trail = await run_in_threadpool(movements.trail, summary.subject, limit)
    await run_in_threadpool(services.store.record, day_event(EventKind.WHEREABOUTS_READ, caller, located.subject))
    return TrailAnswer(whereabouts=located_answer(located), trail=tuple(map(sighting_answer, trail)))


@router.post("/{subject}/placement", status_code=201)
async def place_person(
    admission: Annotated[Admission, Depends(requires(Scope.MOVEMENT))],
    subject: SubjectPath,
    body: PlacementBody,
    services: ServicesOf,
    _: IdempotencyKey = None,
) -> WhereaboutsAnswer:
    """Say where somebody is of whom nobody knew, as after the intake; once known, people pass posts."""
    caller = await admission.caller(body.purpose, [], body.device)
    summary = await run_in_threadpool(reached, services, admission, SubjectId(subject))
    person = summary.merged_into or summary.subject
    placed = day_event(EventKind.WHEREABOUTS_CHANGED, caller, person)
    believed = await run_in_threadpool(services.day.movements.place, person, ZoneId(body.zone), placed)
    return whereabouts_answer(person, believed)
