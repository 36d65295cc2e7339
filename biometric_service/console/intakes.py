"""The enrolment station: the intakes under way, and the page on which one is captured, searched and completed."""

from typing import Annotated

from fastapi import Depends, Path
from fastapi.responses import HTMLResponse, Response

from biometric_service.api.operations import intakes
from biometric_service.api.operations.bodies import Id
from biometric_service.api.operations.intake_bodies import IntakeBody
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, station_of, visiting
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.intakes import FACE_PLACES, MarkKind
from biometric_service.vocabulary.particulars import SexCode
from biometric_service.vocabulary.references import ExceptionKind

router = page_router()

Officer = Annotated[Visit, Depends(visiting(Scope.ENCOUNTER_WRITE))]
HANDS = (
    ("left", ("left_little", "left_ring", "left_middle", "left_index", "left_thumb")),
    ("right", ("right_thumb", "right_index", "right_middle", "right_ring", "right_little")),
)
"""As a person's own hands lie before them."""


@router.get("/intakes")
async def list_intakes(visit: Officer) -> HTMLResponse:
    """Begin an intake, or go on with one that was broken off."""
    listed = await intakes.list_intakes(visit.admission, visit.asking, visit.services)
    offered = {"galleries": visit.named_galleries(), "sexes": tuple(SexCode)}
    return visit.page("intakes.html", {"listed": listed.intakes, **offered})


@router.post("/intakes")
async def open_intake(visit: Officer) -> Response:
    """Begin an intake."""
    body = await visit.form(IntakeBody)
    opened = await intakes.open_intake(visit.admission, body, visit.services)
    return visit.go(f"/intakes/{opened.intake}")


@router.get("/intakes/{intake}")
async def capture_intake(visit: Officer, intake: Annotated[Id, Path()]) -> HTMLResponse:
    """The station: fingers, face, marks, the search, the record and its card; its script asks the operations."""
    found = await intakes.read_intake(visit.admission, visit.asking, intake, visit.services)
    station = station_of(visit.services.settings)
    context = {
        "intake": found,
        "told": found.model_dump_json(),
        "station": station,
        "hands": HANDS,
        "poses": tuple(FACE_PLACES),
        "reasons": tuple(ExceptionKind),
        "marks": tuple(MarkKind),
        "sees_people": visit.may(Scope.ENCOUNTER_READ),
    }
    return visit.page("intake.html", context, connect=(station,))
