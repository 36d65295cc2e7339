"""The release desk: the right person, nobody else, and two officers who say so."""

from typing import Annotated

from fastapi import Depends, Query
from fastapi.responses import HTMLResponse, Response

from biometric_service.api.operations import releases
from biometric_service.api.operations.release_wire import ReleaseBody, ReleaseStepBody
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.releases import CONFIRMATIONS, ReleaseKind

PAGE = 50

router = page_router()

Officer = Annotated[Visit, Depends(visiting(Scope.RELEASE))]


@router.get("/releases")
async def list_releases(
    visit: Officer,
    ended: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter
    after: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:
    """The open releases, or those that are over, and a form to open one."""
    listed = await releases.list_releases(visit.admission, visit.asking, visit.services, ended, after, PAGE)
    shown = {"listed": listed, "ended": ended, "galleries": visit.named_galleries(), "kinds": tuple(ReleaseKind)}
    return visit.page("releases.html", shown)


@router.post("/releases")
async def open_one(visit: Officer) -> Response:
    """Open a release, and on to it."""
    body = await visit.form(ReleaseBody)
    opened = await releases.open_one(visit.admission, body, visit.services)
    return visit.go(f"/releases/{opened.release}", "release.opened_said")


@router.get("/releases/{release}")
async def show_release(visit: Officer, release: str) -> HTMLResponse:
    """A release as it stands: what stands against it, and who has confirmed it."""
    found = await releases.read_release(visit.admission, visit.asking, release, visit.services)
    mine = visit.is_one_of(*found.confirmed_by)
    shown = {"release": found, "mine": mine, "needed": CONFIRMATIONS, "pictured": visit.may(Scope.ENCOUNTER_READ)}
    return visit.page("release.html", {**shown, "judges": visit.may(Scope.ADJUDICATE)})


@router.post("/releases/{release}/confirmation")
async def confirm(visit: Officer, release: str) -> Response:
    """Confirm it; the second officer's confirmation lets the person go."""
    body = await visit.form(ReleaseStepBody)
    confirmed = await releases.confirm(visit.admission, release, body, visit.services)
    return visit.go(f"/releases/{release}", f"release.said.{confirmed.state.value}")


@router.post("/releases/{release}/cancellation")
async def cancel(visit: Officer, release: str) -> Response:
    """Call it off."""
    body = await visit.form(ReleaseStepBody)
    await releases.cancel(visit.admission, release, body, visit.services)
    return visit.go(f"/releases/{release}", "release.said.cancelled")
