"""The kiosk: a post's own screen, with the camera of the machine that shows it."""

from typing import Annotated

from fastapi import Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from biometric_service.api.operations.bodies import Id
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, station_of, visiting
from biometric_service.recognition.passing import speaks_for
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.decisions import Movement
from biometric_service.vocabulary.places import Post
from biometric_service.vocabulary.samples import Modality

router = page_router()


@router.get("/kiosk")
async def kiosk(
    visit: Annotated[Visit, Depends(visiting(Scope.MOVEMENT))],
    post: Annotated[Id | None, Query()] = None,
    direction: Annotated[Movement, Query()] = Movement.IN,
) -> HTMLResponse:
    """Choose a post, or be one; the script asks the movement check for everything else."""
    posts = await _posts(visit)
    chosen = next((each for each in posts if each.id == post), None)
    station = station_of(visit.services.settings)
    fingers = Modality.FINGERPRINT in visit.services.walk.extractors
    shown = {"posts": posts, "post": chosen, "direction": direction.value, "purpose": visit.asking.purpose}
    offered = {"agent": False, "station": station, "fingers": fingers}
    offered |= {"by_hand": True, "by_keys": True, "by_faces": False}
    return visit.page("kiosk.html", {**shown, **offered}, connect=(station,))


async def _posts(visit: Visit) -> list[Post]:
    """Those that whoever is signed in may speak for."""
    caller = await visit.caller()
    every = await run_in_threadpool(visit.services.day.places.posts)
    return [each for each in every if visit.principal.may_search(each.gallery) and speaks_for(each, caller)]
