"""Visits: who is in, and that the same person leaves. One of a gallery beyond the caller's reads like none."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.asking import Asking, LimitQuery
from biometric_service.api.operations.bodies import Id
from biometric_service.api.operations.reaching import may_see, reached
from biometric_service.api.operations.receiving import Received, documented, reads
from biometric_service.api.operations.release_wire import (
    LeavingBody,
    VisitAnswer,
    VisitBody,
    VisitCheckAnswer,
    VisitsAnswer,
    visit_answer,
    visit_check_answer,
)
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.api.workers import WorkersOf
from biometric_service.recognition.day_events import day_event
from biometric_service.recognition.visiting import Galleries, SignIn, galleries_by_role, sign_in, sign_out
from biometric_service.references.visits import visit_unknown
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.places import ZoneId
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.visits import Visit

router = APIRouter(prefix=f"{OPERATIONS}/visits", tags=["visits"], route_class=OnceRoute)

VisitPath = Annotated[Id, Path(description="The visit's id.")]
Officer = Annotated[Admission, Depends(requires(Scope.VISIT))]


@router.get("")
async def list_visits(  # noqa: PLR0913, PLR0917 - one parameter for each part of the query
    admission: Officer,
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    left: Annotated[bool, Query(description="True for visitors who have left.")] = False,  # noqa: FBT002
    after: Annotated[int, Query(ge=0, lt=2**63, description="Begin after this place: what next was.")] = 0,
    limit: LimitQuery = 50,
) -> VisitsAnswer:
    """List who is in, or who has left, of the galleries that the caller reaches; a page may be shorter than asked."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    store = services.day.visits
    page = await run_in_threadpool(lambda: store.visits(after, limit + 1, left=left))
    await run_in_threadpool(services.store.record, day_event(EventKind.VISITS_READ, caller))
    shown = tuple(visit_answer(each) for each in page[:limit] if admission.key.may_search(each.gallery))
    return VisitsAnswer(visits=shown, next=page[limit - 1].number if len(page) > limit else None)


@router.post("", openapi_extra=documented(VisitBody))
async def let_in(
    admission: Officer,
    received: Annotated[Received[VisitBody], Depends(reads(VisitBody))],
    services: ServicesOf,
    workers: WorkersOf,
) -> VisitCheckAnswer:
    """Let a visitor in who is enrolled as one and is neither an inmate nor on the watch list."""
    asked = received.asked
    caller = await admission.caller(asked.purpose, [GalleryId(asked.gallery)], asked.device)
    if asked.host is not None:
        await run_in_threadpool(reached, services, admission, SubjectId(asked.host))
    request = _request(received)
    galleries = await run_in_threadpool(_galleries, services)
    check = await workers.run(sign_in, services.walk, request, galleries, caller)
    return await run_in_threadpool(visit_check_answer, check, may_see(services, admission))


@router.get("/{visit}")
async def read_visit(
    admission: Officer, asking: Annotated[Asking, Depends()], visit: VisitPath, services: ServicesOf
) -> VisitAnswer:
    """Read a visit."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    found = await run_in_threadpool(_reached, services, admission, visit)
    read = day_event(EventKind.VISITS_READ, caller, found.visitor, found.gallery, visit=visit)
    await run_in_threadpool(services.store.record, read)
    return visit_answer(found)


@router.post("/{visit}/leaving", openapi_extra=documented(LeavingBody))
async def let_out(
    admission: Officer,
    visit: VisitPath,
    received: Annotated[Received[LeavingBody], Depends(reads(LeavingBody))],
    services: ServicesOf,
    workers: WorkersOf,
) -> VisitCheckAnswer:
    """Let a visitor out: the one who came in, and nobody who is like an inmate."""
    asked = received.asked
    caller = await admission.caller(asked.purpose, [], asked.device)
    await run_in_threadpool(_reached, services, admission, visit)
    galleries = await run_in_threadpool(_galleries, services)
    check = await workers.run(sign_out, services.walk, visit, received.images, galleries, caller)
    return await run_in_threadpool(visit_check_answer, check, may_see(services, admission))


def _request(received: Received[VisitBody]) -> SignIn:
    asked = received.asked
    return SignIn(
        received.images,
        GalleryId(asked.gallery),
        None if asked.claimed is None else SubjectId(asked.claimed),
        None if asked.host is None else SubjectId(asked.host),
        None if asked.zone is None else ZoneId(asked.zone),
    )


def _galleries(services: Services) -> Galleries:
    return galleries_by_role(services.settings.gallery_roles, services.store.galleries())


def _reached(services: Services, admission: Admission, visit: str) -> Visit:
    found = services.day.visits.visit(visit)
    if not admission.key.may_search(found.gallery):
        raise visit_unknown()
    return found
