"""What leaves for other agencies: looked at by two officers, followed until it is signed for, recalled."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from fastapi import Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from biometric_service.api.operations import disclosures
from biometric_service.api.operations.sharing_bodies import DiscloseBody, DisclosureAnswer, HoldBackBody, OfficerBody
from biometric_service.api.workers import WorkersOf
from biometric_service.console.agreements import Officer, known_agreements
from biometric_service.console.drafts import Draft, read_draft
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit
from biometric_service.interchange.sharing.parts import Sharing
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.sharing import OFFICERS, DisclosureKind, DisclosureState

PAGE = 50
WAITING = DisclosureState.AWAITING_REVIEW
LEFT = frozenset({DisclosureState.SENT, DisclosureState.ACKNOWLEDGED})
SENDABLE = LEFT | {DisclosureState.FAILED}
"""What may be sent once more, as long as it is kept."""
OVER = frozenset({DisclosureState.CANCELLED, DisclosureState.REFUSED})

router = page_router()


@router.get("/disclosures")
async def list_disclosures(
    visit: Officer,
    state: Annotated[DisclosureState | Literal[""], Query()] = WAITING,
    agreement: Annotated[str, Query(max_length=128)] = "",
    after: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:
    """What waits for a review, the oldest first; or what left or is over, the newest first."""
    listed = await disclosures.list_disclosures(
        visit.admission,
        visit.asking,
        visit.services,
        state or None,
        after,
        PAGE,
        agreement or None,
        newest=state != WAITING,
    )
    known, now = await run_in_threadpool(known_agreements, visit), datetime.now(UTC)
    chosen = {"state": state, "agreement": agreement, "states": tuple(DisclosureState)}
    choices = {"agreements": [each.id for each in known], "in_force": [each.id for each in known if each.in_force(now)]}
    return visit.page("disclosures.html", {"listed": listed, "needed": OFFICERS, **chosen, **choices})


@router.post("/disclosures")
async def share(visit: Officer) -> Response:
    """Share a person under an agreement."""
    body = await visit.form(DiscloseBody)
    made = await disclosures.disclose_person(visit.admission, body, visit.services)
    return visit.go(page_of(made), "disclosures.said.waits" if made.state is WAITING else "disclosures.said.shared")


@router.get("/disclosures/{disclosure}")
async def show_disclosure(visit: Officer, disclosure: str) -> HTMLResponse:
    """One: who receives what of whom, how far it has got, and what an officer may do about it."""
    found = await disclosures.read_progress(visit.admission, disclosure, visit.asking, visit.services)
    return visit.page("disclosure.html", {"found": found, **review_of(visit, found), **_offered(visit, found)})


@router.get("/disclosures/{disclosure}/draft")
async def show_draft(visit: Officer, disclosure: str, workers: WorkersOf) -> HTMLResponse:
    """What exactly is to leave."""
    answer = await disclosures.read_draft(visit.admission, disclosure, visit.asking, visit.services)
    draft = await workers.run(_draft, visit.services.sharing, disclosure, bytes(answer.body))
    return visit.page("draft.html", {"draft": draft, "disclosure": disclosure})


@router.post("/disclosures/{disclosure}/approval")
async def approve(visit: Officer, disclosure: str) -> Response:
    """Let it go; the second officer's approval has it sent."""
    body = await visit.form(OfficerBody)
    approved = await disclosures.approve_disclosure(visit.admission, disclosure, body, visit.services)
    said = "approved" if approved.state is WAITING else "let_go"
    return visit.go(page_of(approved), f"disclosures.said.{said}")


@router.post("/disclosures/{disclosure}/refusal")
async def hold_back(visit: Officer, disclosure: str) -> Response:
    """Hold it back for good."""
    body = await visit.form(HoldBackBody)
    refused = await disclosures.hold_back_disclosure(visit.admission, disclosure, body, visit.services)
    return visit.go(page_of(refused), "disclosures.said.held_back")


@router.post("/disclosures/{disclosure}/redelivery")
async def send_again(visit: Officer, disclosure: str) -> Response:
    """Send it once more."""
    body = await visit.form(OfficerBody)
    sent = await disclosures.send_again(visit.admission, disclosure, body, visit.services)
    return visit.go(page_of(sent), "disclosures.said.sent_again")


@router.post("/disclosures/{disclosure}/recall")
async def recall(visit: Officer, disclosure: str) -> Response:
    """Stop what has not left, and send a recall after what has."""
    body = await visit.form(HoldBackBody)
    recalled = await disclosures.recall_disclosure(visit.admission, disclosure, body, visit.services)
    return visit.go(
        page_of(recalled), "disclosures.said.recalled" if recalled.recalled_by else "disclosures.said.stopped"
    )


def review_of(visit: Visit, found: DisclosureAnswer) -> dict[str, object]:
    """What a page shows of the review: whether it waits for one, and whether this officer may give it."""
    mine = visit.is_one_of(*(each.officer for each in found.approvals))
    return {"waits": found.state is WAITING, "made": visit.is_one_of(found.made_by), "mine": mine}


def page_of(found: DisclosureAnswer) -> str:
    """Where officers follow it: an answer beside what was asked."""
    answers = found.kind is DisclosureKind.ANSWER
    return f"/agency-requests/{found.about}" if answers else f"/disclosures/{found.disclosure}"


def _draft(sharing: Sharing, disclosure: str, text: bytes) -> Draft:
    agreed = sharing.agreements.agreement(sharing.disclosures.disclosure(disclosure).agreement)
    return read_draft(sharing.rules, text, agreed.terms.profile)


def _offered(visit: Visit, found: DisclosureAnswer) -> dict[str, object]:
    gone = found.kind is DisclosureKind.RECALL or bool(found.recalled_by) or found.state in OVER
    sendable = found.state in SENDABLE and not found.recalled_by
    return {"recallable": not gone, "sendable": sendable, "sees_people": visit.may(Scope.ENCOUNTER_READ)}
