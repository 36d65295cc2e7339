"""Transactions of other agencies that could not be taken in: why, and to take them in anew or hand them out."""

import base64
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Query
from fastapi.responses import HTMLResponse, Response

from biometric_service.api.operations import transactions
from biometric_service.api.operations.bodies import AskingBody
from biometric_service.api.operations.transactions import TakingBody
from biometric_service.api.workers import WorkersOf
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.interchange.receiving import ImportOutcome
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.transactions import HoldState

PAGE = 50
PATH = "/held-transactions"

router = page_router()

Reader = Annotated[Visit, Depends(visiting(Scope.TRANSACTION_READ))]
Writer = Annotated[Visit, Depends(visiting(Scope.TRANSACTION_WRITE))]


@router.get(PATH)
async def list_held(
    visit: Reader,
    settled: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter
    after: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:
    """What is held, or what is held no longer."""
    listed = await transactions.list_held_transactions(
        visit.admission, visit.asking, visit.services, settled, after, PAGE
    )
    return visit.page("held_transactions.html", {"listed": listed, "settled": settled})


@router.get(f"{PATH}/{{held}}")
async def show_held(visit: Reader, held: str) -> HTMLResponse:
    """One: why it is held, and what an officer may do about it."""
    found = await transactions.read_held_transaction(visit.admission, visit.asking, held, visit.services)
    is_held = found.state is HoldState.HELD
    may = {
        "may_take_in": is_held and visit.may(Scope.TRANSACTION_WRITE, Scope.ENCOUNTER_WRITE),
        "may_hand_out": is_held and visit.may(Scope.TRANSACTION_WRITE),
    }
    return visit.page("held_transaction.html", {"held": found, "galleries": visit.named_galleries(), **may})


@router.post(f"{PATH}/{{held}}/retry")
async def take_in(visit: Writer, held: str, workers: WorkersOf) -> Response:
    """Try to take it in again."""
    body = await visit.form(TakingBody)
    found = await transactions.retry_held_transaction(visit.admission, held, body, visit.services, workers)
    said = "enrolled" if found.subject and found.outcome is ImportOutcome.TAKEN_IN else found.outcome.value
    return visit.go(f"{PATH}/{held}", f"held.said.{said}", subject=found.subject or "")


@router.post(f"{PATH}/{{held}}/release")
async def hand_out(visit: Writer, held: str) -> Response:
    """Hand it out as it came, as a file; it is held no longer."""
    body = await visit.form(AskingBody)
    handed_out = await transactions.release_held_transaction(visit.admission, held, body, visit.services)
    named = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(held, safe='')}.an2"}
    data = base64.b64decode(handed_out.data)
    return Response(data, media_type="application/octet-stream", headers=named)
