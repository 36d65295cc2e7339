"""Musters: start a count, follow it on a board that keeps itself up to date, close it with its report."""

from datetime import UTC, datetime
from typing import Annotated
from zlib import crc32

from fastapi import Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, PlainTextResponse, Response

from biometric_service.api.operations import musters
from biometric_service.api.operations.muster_wire import BoardAnswer, MusterBody, MusterClosingBody, TallyAnswer
from biometric_service.console.places import zone_names
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.references.musters import muster_unknown
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.musters import Board, Shown

PAGE = 50
LISTED = 300
"""People whom a board lists as missing; the figures and the report tell of all."""

router = page_router()

Officer = Annotated[Visit, Depends(visiting(Scope.MUSTER))]


@router.get("/musters")
async def list_musters(visit: Officer, before: Annotated[int, Query(ge=0)] = 0) -> HTMLResponse:
    """The musters, the newest first, and a form to start one."""
    listed = await musters.list_musters(visit.admission, visit.asking, visit.services, before, PAGE)
    shown = {"listed": listed, "galleries": visit.named_galleries(), "zones": await zone_names(visit)}
    return visit.page("musters.html", {**shown, "ways": tuple(Shown)})


@router.post("/musters")
async def start(visit: Officer) -> Response:
    """Start a count, and on to its board."""
    body = await visit.form(MusterBody)
    started = await musters.start(visit.admission, body, visit.services)
    return visit.go(f"/musters/{started.muster}", "muster.started_said")


@router.get("/musters/{muster}")
async def show_board(visit: Officer, muster: str) -> HTMLResponse:
    """The board: figures, who is missing, who is elsewhere, what was found besides."""
    board = await musters.read_board(visit.admission, visit.asking, muster, visit.services)
    shown = {"board": board, "zones": await zone_names(visit), "now": datetime.now(UTC)}
    shown["most"] = LISTED
    shown["pulse"] = _pulse(board)
    may = {"pictured": visit.may(Scope.ENCOUNTER_READ), "by_hand": visit.may(Scope.MANUAL_CHECK)}
    return visit.page("muster.html", {**shown, **may})


@router.get("/musters/{muster}/pulse")
async def feel_pulse(visit: Officer, muster: str) -> PlainTextResponse:
    """What tells of nobody, and changes whenever the board does: the board asks it often, and for itself only then."""
    found = await run_in_threadpool(visit.services.day.musters.muster, muster)
    if not all(visit.principal.may_search(gallery) for gallery in found.galleries):
        raise muster_unknown()
    await visit.caller()
    board = await run_in_threadpool(visit.services.day.musters.board, muster, LISTED)
    return PlainTextResponse(_pulse(board))


@router.post("/musters/{muster}/closing")
async def close(visit: Officer, muster: str) -> Response:
    """End the count."""
    body = await visit.form(MusterClosingBody)
    await musters.close(visit.admission, muster, body, visit.services)
    return visit.go(f"/musters/{muster}", "muster.closed")


def _pulse(board: Board | BoardAnswer) -> str:
    """The figures, and a sum over where those who are listed were last seen."""
    figures = [str(getattr(board.tally, name)) for name in TallyAnswer.model_fields]
    seen = [f"{each.subject} {each.zone} {each.since}" for each in (*board.missing[:LISTED], *board.away[:LISTED])]
    ended = "closed" if board.muster.closed_at else "open"
    return " ".join([*figures, f"{crc32(repr(seen).encode()):08x}", ended])
