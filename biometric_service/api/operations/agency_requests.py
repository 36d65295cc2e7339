"""What other agencies ask of the prison's galleries, under an agreement: a search, a verification, a submission."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.agreements import Officer
from biometric_service.api.operations.asking import Asking, LimitQuery
from biometric_service.api.operations.bodies import Id
from biometric_service.api.operations.disclosures import AfterNumber, Agency
from biometric_service.api.operations.receiving import Received, documented, reads
from biometric_service.api.operations.sharing_bodies import (
    AgencyQuestion,
    AgencyRequestAnswer,
    AgencyRequestBody,
    AgencyRequestsAnswer,
    AgencyTransactionBody,
    request_answer,
)
from biometric_service.api.services import ServicesOf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.sharing import answering
from biometric_service.interchange.sharing.agreeing import agencies, in_force_with
from biometric_service.interchange.sharing.asking import packed, read_search
from biometric_service.interchange.sharing.parts import sharing_event
from biometric_service.references.sharing_refusals import request_unknown
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.sharing import Agreement, NewRequest, RequestKind

router = APIRouter(prefix=f"{OPERATIONS}/agency-requests", tags=["sharing"], route_class=OnceRoute)

PressingQuery = Annotated[
    bool, Query(description="Only what waits to be looked at, or for the review of its answer; the most urgent first.")
]
RequestPath = Annotated[Id, Path(description="The id that the agency gave it.")]


@router.post("", status_code=202, openapi_extra=documented(AgencyRequestBody))
async def ask_prison(
    admission: Agency,
    received: Annotated[Received[AgencyRequestBody], Depends(reads(AgencyRequestBody))],
    services: ServicesOf,
) -> AgencyRequestAnswer:
    """Ask, as another agency; the answer is a disclosure, which comes by the channel of the agreement."""
    asked = received.asked
    caller, agreement = await _asked(admission, asked, services)
    new = _new(asked, asked.request, agreement, packed(received.images))
    return request_answer(await run_in_threadpool(answering.ask, services.sharing, new, caller))


@router.post("/transactions", status_code=202)
async def ask_prison_by_transaction(
    admission: Agency, body: AgencyTransactionBody, services: ServicesOf
) -> AgencyRequestAnswer:
    """Ask by a transaction of ANSI/NIST-ITL, read by the agreement's profile; the answer names its number (TCN)."""
    caller, agreement = await _asked(admission, body, services)
    rules, profile = services.sharing.rules, agreement.terms.profile
    images, control = await run_in_threadpool(read_search, rules, body.data, profile)
    new = _new(body, body.request, agreement, packed(images, control))
    return request_answer(await run_in_threadpool(answering.ask, services.sharing, new, caller))


@router.get("")
async def list_own_requests(
    admission: Agency,
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    after: AfterNumber = 0,
    limit: LimitQuery = 50,
) -> AgencyRequestsAnswer:
    """List what the calling agency asked, and how far it has got."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    known = await run_in_threadpool(in_force_with, services.sharing, caller.actor)
    if not known:
        return AgencyRequestsAnswer(requests=())
    agency = known[0].terms.partner.agency
    page = await run_in_threadpool(answering.listed, services.sharing, caller, after, limit + 1, agency)
    following = page[limit - 1].number if len(page) > limit else None
    own = await run_in_threadpool(lambda: [answering.as_asked(services.sharing, each) for each in page[:limit]])
    return AgencyRequestsAnswer(requests=tuple(map(request_answer, own)), next=following)


@router.get("/queue")
async def list_requests(  # noqa: PLR0913, PLR0917 - one parameter for each part of the query
    admission: Officer,
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    after: AfterNumber = 0,
    limit: LimitQuery = 50,
    pressing: PressingQuery = False,  # noqa: FBT002 - a query parameter
) -> AgencyRequestsAnswer:
    """List, as an officer, what agencies asked of galleries that the caller reaches; a page may be shorter."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    listed = answering.pressing if pressing else answering.listed
    page = await run_in_threadpool(listed, services.sharing, caller, after, limit + 1)
    following = page[limit - 1].number if len(page) > limit else None
    shown = [request_answer(each) for each in page[:limit] if admission.key.may_search(each.gallery)]
    return AgencyRequestsAnswer(requests=tuple(shown), next=following)


@router.get("/queue/{request_id}")
async def read_request(
    admission: Officer, request_id: RequestPath, asking: Annotated[Asking, Depends()], services: ServicesOf
) -> AgencyRequestAnswer:
    """Read, as an officer, what an agency asked and what was found."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    found = await run_in_threadpool(services.sharing.requests.request, request_id)
    if not admission.key.may_search(found.gallery):
        raise request_unknown()
    event = sharing_event(EventKind.AGENCY_REQUESTS_LISTED, caller, {"request": request_id}, found.subject)
    await run_in_threadpool(services.store.record, event)
    return request_answer(found)


@router.get("/{request_id}")
async def read_own_request(
    admission: Agency, request_id: RequestPath, asking: Annotated[Asking, Depends()], services: ServicesOf
) -> AgencyRequestAnswer:
    """Read how far a request of the calling agency has got."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    found = await run_in_threadpool(services.sharing.requests.request, request_id)
    if found.agency not in await run_in_threadpool(agencies, services.sharing, caller.actor):
        raise request_unknown()
    return request_answer(await run_in_threadpool(answering.as_asked, services.sharing, found))


async def _asked(admission: Agency, asked: AgencyQuestion, services: ServicesOf) -> tuple[Caller, Agreement]:
    """Who asks, and the agreement under which they may."""
    gallery = GalleryId(asked.gallery)
    caller = await admission.caller(asked.purpose, [gallery], asked.device)
    if (asked.subject is None) == (asked.kind is RequestKind.VERIFICATION):
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID, "Only a verification names a subject.", "Say who it is said to be, or search."
        )
    return caller, await run_in_threadpool(answering.agreement_for, services.sharing, caller.actor, asked.kind, gallery)


def _new(asked: AgencyQuestion, name: str, agreement: Agreement, content: bytes) -> NewRequest:
    subject = None if asked.subject is None else SubjectId(asked.subject)
    return NewRequest(name, agreement, asked.kind, GalleryId(asked.gallery), subject, asked.priority, content)
