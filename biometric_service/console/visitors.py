"""Visits: who is in, and letting visitors in and out."""

from typing import Annotated

from fastapi import Depends, Query
from fastapi.responses import HTMLResponse

from biometric_service.api.operations import visits
from biometric_service.console.places import zone_names
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.visits import GalleryRole

PAGE = 50

router = page_router()


@router.get("/visits")
async def list_visits(
    visit: Annotated[Visit, Depends(visiting(Scope.VISIT))],
    left: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter
    after: Annotated[int, Query(ge=0)] = 0,
) -> HTMLResponse:
    """Who is in, or who has left; and who wants to come in."""
    listed = await visits.list_visits(visit.admission, visit.asking, visit.services, left, after, PAGE)
    said = visit.services.settings.gallery_roles
    open_to = [each for each in visit.named_galleries() if said.get(each) == GalleryRole.VISITORS.value]
    return visit.page(
        "visits.html", {"listed": listed, "left": left, "open_to": open_to, "zones": await zone_names(visit)}
    )
