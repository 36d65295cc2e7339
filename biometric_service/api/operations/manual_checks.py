"""Manual checks: two officers say who somebody is. One of a gallery beyond the caller's reads like none."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Path, Query
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import IdempotencyKey, OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.asking import Asking, LimitQuery
from biometric_service.api.operations.bodies import Id
from biometric_service.api.operations.movement_wire import (
    ConfirmationBody,
    ConfirmedAnswer,
    ManualCheckAnswer,
    ManualCheckBody,
    ManualChecksAnswer,
    confirmed_answer,
    manual_check_answer,
)
from biometric_service.api.operations.posting import PostsOf, require_officer
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.recognition.day_events import day_event
from biometric_service.recognition.manual import confirm_manual_check, expiry, open_manual_check
from biometric_service.recognition.walk import require_member
from biometric_service.references.manual_checks import manual_check_unknown
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.movements import ManualCheck, NewManualCheck
from biometric_service.vocabulary.places import PostId, ZoneId
from biometric_service.vocabulary.references import GalleryId, SubjectId

router = APIRouter(prefix=f"{OPERATIONS}/manual-checks", tags=["places"], route_class=OnceRoute)

CheckPath = Annotated[Id, Path(description="The id of the manual check.")]
Officer = Annotated[Admission, Depends(requires(Scope.MANUAL_CHECK))]


@router.get("")
async def list_manual_checks(  # noqa: PLR0913, PLR0917 - one parameter for each part of the query
    admission: Officer,
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    confirmed: Annotated[bool, Query(description="True for those that are confirmed.")] = False,  # noqa: FBT002
    after: Annotated[int, Query(ge=0, lt=2**63, description="Begin after this place: what next was.")] = 0,
    limit: LimitQuery = 50,
) -> ManualChecksAnswer:
    """List the manual checks that wait for a second officer, or are confirmed; a page may be shorter than asked for."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    checks = services.day.manual_checks
    page = await run_in_threadpool(lambda: checks.checks(after, limit + 1, confirmed=confirmed))
    await run_in_threadpool(services.store.record, day_event(EventKind.MANUAL_CHECKS_READ, caller))
    shown = tuple(manual_check_answer(each) for each in page[:limit] if admission.key.may_search(each.gallery))
    return ManualChecksAnswer(manual_checks=shown, next=page[limit - 1].number if len(page) > limit else None)


@router.post("", status_code=201)
async def open_check(
    admission: Officer, body: ManualCheckBody, services: ServicesOf, posts: PostsOf, _: IdempotencyKey = None
) -> ManualCheckAnswer:
    """Say who somebody is, with the reason why by hand; nothing follows before a second officer confirms it."""
    caller = await admission.caller(body.purpose, [GalleryId(body.gallery)], body.device)
    await require_officer(admission, caller)
    if body.post is not None:
        await posts.reached(admission, body.post)
    subject = await run_in_threadpool(require_member, services.walk, SubjectId(body.subject), GalleryId(body.gallery))
    check = NewManualCheck(
        id=uuid4().hex,
        subject=subject,
        gallery=GalleryId(body.gallery),
        reason=body.reason,
        expires_at=expiry(services.settings.manual_check_minutes),
        post=None if body.post is None else PostId(body.post),
        direction=body.direction,
        muster=body.muster or "",
        zone=None if body.zone is None else ZoneId(body.zone),
    )
    return manual_check_answer(await run_in_threadpool(open_manual_check, services.day, check, caller))


@router.post("/{check}/confirmation")
async def confirm_check(
    admission: Officer, check: CheckPath, body: ConfirmationBody, services: ServicesOf, _: IdempotencyKey = None
) -> ConfirmedAnswer:
    """Confirm what another officer said: the person passes the post or is counted, and nobody is matched by it."""
    caller = await admission.caller(body.purpose, [], body.device)
    await require_officer(admission, caller)
    await run_in_threadpool(_reached, services, admission, check)
    return confirmed_answer(*await run_in_threadpool(confirm_manual_check, services.day, check, caller))


def _reached(services: Services, admission: Admission, check: str) -> ManualCheck:
    found = services.day.manual_checks.check(check)
    if not admission.key.may_search(found.gallery):
        raise manual_check_unknown()
    return found
