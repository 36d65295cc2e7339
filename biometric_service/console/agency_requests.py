"""What other agencies ask: the most urgent first, what was found, and the review of the answer by two officers."""

from typing import Annotated

from fastapi import Query
from fastapi.responses import HTMLResponse

from biometric_service.api.operations import agency_requests, disclosures
from biometric_service.api.operations.sharing_bodies import AgencyRequestAnswer, DisclosureAnswer
from biometric_service.console.agreements import Officer
from biometric_service.console.disclosures import review_of
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.sharing import OFFICERS

PAGE = 50

router = page_router()


@router.get("/agency-requests")
async def list_requests(
    visit: Officer,
    all: Annotated[bool, Query()] = False,  # noqa: A002, FBT002 - a query parameter
    after: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:
    """What waits to be looked at or for the review of its answer, by priority; or everything, as it came."""
    listed = await agency_requests.list_requests(
        visit.admission, visit.asking, visit.services, after, PAGE, pressing=not all
    )
    return visit.page("agency_requests.html", {"listed": listed, "all": all})


@router.get("/agency-requests/{request}")
async def show_request(visit: Officer, request: str) -> HTMLResponse:
    """What is asked, what was found, and the answer."""
    asked = await agency_requests.read_request(visit.admission, request, visit.asking, visit.services)
    answer = await _answer(visit, asked)
    reviewed = {"waits": False, "made": False, "mine": False} if answer is None else review_of(visit, answer)
    may = {"sees_people": visit.may(Scope.ENCOUNTER_READ), "needed": OFFICERS}
    return visit.page("agency_request.html", {"asked": asked, "answer": answer, **reviewed, **may})


async def _answer(visit: Visit, asked: AgencyRequestAnswer) -> DisclosureAnswer | None:
    """The disclosure that answers it, if there is one and the officer reaches all that its agreement is about."""
    if not asked.answer:
        return None
    try:
        return await disclosures.read_progress(visit.admission, asked.answer, visit.asking, visit.services)
    except BiometricServiceError as fault:
        if fault.code is not ErrorCode.DISCLOSURE_UNKNOWN:
            raise
        return None
