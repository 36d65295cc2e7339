"""Releases and transfers. One of a gallery beyond the caller's reads like none."""

from collections.abc import Callable
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Path, Query
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import IdempotencyKey, OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.asking import Asking, LimitQuery
from biometric_service.api.operations.bodies import Id
from biometric_service.api.operations.posting import require_officer
from biometric_service.api.operations.reaching import may_see
from biometric_service.api.operations.receiving import Received, documented, reads
from biometric_service.api.operations.release_wire import (
    ReleaseAnswer,
    ReleaseBody,
    ReleaseCheckAnswer,
    ReleaseCheckBody,
    ReleasesAnswer,
    ReleaseStepBody,
    release_answer,
    release_check_answer,
)
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.api.workers import WorkersOf
from biometric_service.recognition.day_events import day_event
from biometric_service.recognition.manual import expiry
from biometric_service.recognition.release import (
    cancel_release,
    check_release,
    confirm_release,
    open_release,
    standing,
)
from biometric_service.recognition.walk import require_member
from biometric_service.references.releases import release_unknown
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.day_stores import DayStores
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.releases import NewRelease, Release, ReleaseView

router = APIRouter(prefix=f"{OPERATIONS}/releases", tags=["releases"], route_class=OnceRoute)

MINUTES = 60
ReleasePath = Annotated[Id, Path(description="The release's id.")]
Officer = Annotated[Admission, Depends(requires(Scope.RELEASE))]
Step = Callable[[DayStores, str, Caller], ReleaseView]


@router.get("")
async def list_releases(  # noqa: PLR0913, PLR0917 - one parameter for each part of the query
    admission: Officer,
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    ended: Annotated[bool, Query(description="True for those that are over.")] = False,  # noqa: FBT002
    after: Annotated[int, Query(ge=0, lt=2**63, description="Begin after this place: what next was.")] = 0,
    limit: LimitQuery = 50,
) -> ReleasesAnswer:
    """List the open releases, or those that are over, that the caller reaches; a page may be shorter than asked for."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    store = services.day.releases
    page = await run_in_threadpool(lambda: store.releases(after, limit + 1, ended=ended))
    await run_in_threadpool(services.store.record, day_event(EventKind.RELEASES_READ, caller))
    reached = [each for each in page[:limit] if admission.key.may_search(each.gallery)]
    views = await run_in_threadpool(lambda: [store.view(each.id, standing) for each in reached])
    shown = await run_in_threadpool(lambda: tuple(release_answer(view, may_see(services, admission)) for view in views))
    return ReleasesAnswer(releases=shown, next=page[limit - 1].number if len(page) > limit else None)


@router.post("", status_code=201)
async def open_one(
    admission: Officer, body: ReleaseBody, services: ServicesOf, _: IdempotencyKey = None
) -> ReleaseAnswer:
    """Open a release or transfer of a claimed person; one at a time for each."""
    gallery = GalleryId(body.gallery)
    caller = await admission.caller(body.purpose, [gallery], body.device)
    await require_officer(admission, caller)
    subject = await run_in_threadpool(require_member, services.walk, SubjectId(body.subject), gallery)
    release = NewRelease(
        id=uuid4().hex,
        kind=body.kind,
        subject=subject,
        gallery=gallery,
        legal_basis=body.legal_basis,
        destination=body.destination,
        expires_at=expiry(services.settings.release_hours * MINUTES),
    )
    return await _answered(services, admission, await run_in_threadpool(open_release, services.day, release, caller))


@router.get("/{release}")
async def read_release(
    admission: Officer, asking: Annotated[Asking, Depends()], release: ReleasePath, services: ServicesOf
) -> ReleaseAnswer:
    """Read a release as it stands: what stands against it, and who has confirmed it."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    found = await run_in_threadpool(_reached, services, admission, release)
    read = day_event(EventKind.RELEASES_READ, caller, found.subject, found.gallery, release=release)
    await run_in_threadpool(services.store.record, read)
    view = await run_in_threadpool(services.day.releases.view, release, standing)
    return await _answered(services, admission, view)


@router.post("/{release}/checks", openapi_extra=documented(ReleaseCheckBody))
async def check_person(
    admission: Officer,
    release: ReleasePath,
    received: Annotated[Received[ReleaseCheckBody], Depends(reads(ReleaseCheckBody))],
    services: ServicesOf,
    workers: WorkersOf,
) -> ReleaseCheckAnswer:
    """Compare who is to go with the record and with everybody else; any other hit blocks the release."""
    asked = received.asked
    caller = await admission.caller(asked.purpose, [], asked.device)
    await run_in_threadpool(_reached, services, admission, release)
    done = await workers.run(check_release, services.walk, release, received.images, caller)
    return await run_in_threadpool(release_check_answer, done, may_see(services, admission))


@router.post("/{release}/confirmations")
async def confirm(
    admission: Officer, release: ReleasePath, body: ReleaseStepBody, services: ServicesOf, _: IdempotencyKey = None
) -> ReleaseAnswer:
    """Confirm a release; the second officer's confirmation lets the person go."""
    return await _step(services, admission, release, body, confirm_release)


@router.post("/{release}/cancellation")
async def cancel(
    admission: Officer, release: ReleasePath, body: ReleaseStepBody, services: ServicesOf, _: IdempotencyKey = None
) -> ReleaseAnswer:
    """Call a release off."""
    return await _step(services, admission, release, body, cancel_release)


async def _step(
    services: Services, admission: Admission, release: str, body: ReleaseStepBody, step: Step
) -> ReleaseAnswer:
    caller = await admission.caller(body.purpose, [], body.device)
    await require_officer(admission, caller)
    await run_in_threadpool(_reached, services, admission, release)
    return await _answered(services, admission, await run_in_threadpool(step, services.day, release, caller))


async def _answered(services: Services, admission: Admission, view: ReleaseView) -> ReleaseAnswer:
    return await run_in_threadpool(release_answer, view, may_see(services, admission))


def _reached(services: Services, admission: Admission, release: str) -> Release:
    found = services.day.releases.release(release)
    if not admission.key.may_search(found.gallery):
        raise release_unknown()
    return found
