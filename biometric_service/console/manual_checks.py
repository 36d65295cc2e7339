"""Checks by hand: what one officer says of somebody whom nothing can show, and another confirms."""

from typing import Annotated

from fastapi import Depends, Query
from fastapi.responses import HTMLResponse, Response

from biometric_service.api.operations import manual_checks
from biometric_service.api.operations.bodies import Id
from biometric_service.api.operations.movement_wire import ConfirmationBody, ManualCheckBody
from biometric_service.api.operations.posting import PostsOf
from biometric_service.console.places import post_names, zone_names
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.vocabulary.access import Scope

PAGE = 50
PATH = "/manual-checks"

router = page_router()

Officer = Annotated[Visit, Depends(visiting(Scope.MANUAL_CHECK))]


@router.get(PATH)
async def list_checks(
    visit: Officer,
    confirmed: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter
    after: Annotated[int, Query(ge=0)] = 0,
    muster: Annotated[Id | None, Query()] = None,
) -> HTMLResponse:
    """Those that wait for another officer, or are confirmed, and a form to begin one, for a post or for a muster."""
    listed = await manual_checks.list_manual_checks(
        visit.admission, visit.asking, visit.services, confirmed, after, PAGE
    )
    shown = {"listed": listed, "confirmed": confirmed, "is_one_of": visit.is_one_of, "muster": muster}
    places = {"posts": await post_names(visit), "zones": await zone_names(visit)}
    return visit.page("manual_checks.html", {**shown, **places, "galleries": visit.named_galleries()})


@router.post(PATH)
async def open_check(visit: Officer, posts: PostsOf) -> Response:
    """Say who somebody is."""
    body = await visit.form(ManualCheckBody)
    await manual_checks.open_check(visit.admission, body, visit.services, posts)
    return visit.go(PATH, "manual_checks.opened_said")


@router.post(f"{PATH}/{{check}}/confirmation")
async def confirm_check(visit: Officer, check: str) -> Response:
    """Confirm what another officer said."""
    body = await visit.form(ConfirmationBody)
    done = await manual_checks.confirm_check(visit.admission, check, body, visit.services)
    said = "counted" if done.passage is None else done.passage.value
    return visit.go(PATH, f"manual_checks.said.{said}", subject=done.check.subject)
