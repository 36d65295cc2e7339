"""Where everybody is believed to be, and one person's trail."""

from typing import Annotated

from fastapi import Depends, Query
from fastapi.responses import HTMLResponse, Response

from biometric_service.api.operations import whereabouts
from biometric_service.api.operations.movement_wire import PlacementBody
from biometric_service.console.places import post_names, zone_names
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.vocabulary.access import Scope

PAGE = 50

router = page_router()

Reader = Annotated[Visit, Depends(visiting(Scope.WHEREABOUTS_READ))]
Text = Annotated[str, Query(max_length=128)]


@router.get("/whereabouts")
async def list_whereabouts(visit: Reader, gallery: Text = "", zone: Text = "", after: Text = "") -> HTMLResponse:
    """How many are in each zone of a gallery, and who is where."""
    galleries = visit.galleries()
    chosen = gallery or (galleries[0] if galleries else "")
    listed = None
    if chosen:
        listed = await whereabouts.list_whereabouts(
            visit.admission, visit.asking, chosen, visit.services, zone or None, after or None, PAGE
        )
    shown = {"listed": listed, "galleries": galleries, "gallery": chosen, "zone": zone, "after": after}
    return visit.page("whereabouts.html", {**shown, "zones": await zone_names(visit)})


@router.get("/whereabouts/find")
async def find(visit: Reader, subject: Annotated[str, Query(min_length=1, max_length=128)]) -> Response:
    """To the trail of one person."""
    return visit.go(f"/whereabouts/of/{subject}")


@router.get("/whereabouts/of/{subject}")
async def show_trail(visit: Reader, subject: str) -> HTMLResponse:
    """Where one person is believed to be, and where they were seen."""
    trail = await whereabouts.read_whereabouts(visit.admission, visit.asking, subject, visit.services, PAGE)
    shown = {"trail": trail, "zones": await zone_names(visit), "posts": await post_names(visit), "subject": subject}
    may = {"pictured": visit.may(Scope.ENCOUNTER_READ), "may_place": visit.may(Scope.MOVEMENT)}
    return visit.page("trail.html", {**shown, **may})


@router.post("/whereabouts/of/{subject}")
async def place(visit: Annotated[Visit, Depends(visiting(Scope.MOVEMENT))], subject: str) -> Response:
    """Say where somebody is of whom nobody knew."""
    body = await visit.form(PlacementBody)
    await whereabouts.place_person(visit.admission, subject, body, visit.services)
    return visit.go(f"/whereabouts/of/{subject}", "whereabouts.placed")
