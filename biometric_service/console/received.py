"""What other agencies sent us under their agreements: a list that tells nothing of anybody, and each of them opened."""

from fastapi.responses import HTMLResponse

from biometric_service.api.operations import disclosures
from biometric_service.api.workers import WorkersOf
from biometric_service.console.agreements import Officer
from biometric_service.console.drafts import FAULTS, Draft, read_draft
from biometric_service.console.routing import page_router
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.sharing.agreeing import partner_terms
from biometric_service.interchange.sharing.parts import Sharing

PATH = "/received-disclosures"
MOST = 200
USUAL_PROFILE = "itl"

router = page_router()


@router.get(PATH)
async def list_received(visit: Officer) -> HTMLResponse:
    """The newest of what came."""
    found = await disclosures.list_received(visit.admission, visit.asking, visit.services, MOST)
    return visit.page("received_list.html", {"listed": found.received, "most": MOST})


@router.get(f"{PATH}/{{agency}}/{{received:path}}")
async def show_received(visit: Officer, agency: str, received: str, workers: WorkersOf) -> HTMLResponse:
    """One: who sent it and when, and what it holds; the look at it is in the audit log."""
    found = await disclosures.read_received_disclosure(visit.admission, agency, received, visit.asking, visit.services)
    draft = None
    if found.content is not None:
        draft = await workers.run(_opened, visit.services.sharing, agency, found.content.encode())
    return visit.page("received.html", {"found": found, "draft": draft})


def _opened(sharing: Sharing, agency: str, text: bytes) -> Draft | None:
    """What is in it; None where it is not written as this service writes. Transactions by the profile agreed upon."""
    try:
        return read_draft(sharing.rules, text, _profile(sharing, agency))
    except FAULTS:
        return None


def _profile(sharing: Sharing, agency: str) -> str:
    try:
        return partner_terms(sharing, agency).profile
    except BiometricServiceError as fault:
        if fault.code is not ErrorCode.AGREEMENT_UNKNOWN:
            raise
        return USUAL_PROFILE
