"""Who is enrolled: a page of subjects by id, and one person's; no biometric data; and what was shared of somebody."""

from typing import Annotated

from fastapi import Depends, Query, Response
from fastapi.responses import HTMLResponse

from biometric_service.api.operations import disclosures, encounters, subjects
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.vocabulary.access import Scope

PAGE = 50
FINDER = "/find-shared"
"""Outside the pages of people: an id may be any word."""

router = page_router()

Reader = Annotated[Visit, Depends(visiting(Scope.ENCOUNTER_READ))]


@router.get("/subjects")
async def list_subjects(
    visit: Annotated[Visit, Depends(visiting(Scope.GALLERY_READ))],
    gallery: Annotated[str, Query(max_length=128)] = "",
    after: Annotated[str | None, Query(max_length=128)] = None,
) -> HTMLResponse:
    """Who is enrolled in a gallery, or in all that the caller reaches."""
    galleries = visit.galleries()
    chosen = gallery or (galleries[-1] if galleries else "")
    listed = None
    if chosen:
        listed = await subjects.list_subjects(visit.admission, visit.asking, visit.services, chosen, after, PAGE)
    told: dict[str, object] = {"galleries": galleries, "gallery": chosen, "listed": listed, "after": after}
    told["known"] = visit.may(Scope.ENCOUNTER_READ)
    return visit.page("subjects.html", told)


@router.get(FINDER)
async def find(visit: Reader, subject: Annotated[str, Query(min_length=1, max_length=128)]) -> Response:
    """To what was shared of one person, also of one who was erased since."""
    return visit.go(f"/subjects/{subject}/disclosures")


@router.get("/subjects/{subject}")
async def show_subject(visit: Reader, subject: str) -> HTMLResponse:
    """What is kept of one person, the newest encounter first; the look at it is in the audit log."""
    asked = (visit.admission, visit.asking, subject, visit.services)
    person = await subjects.read_subject(*asked, Response())
    kept = await encounters.list_encounters(*asked)
    told: dict[str, object] = {"person": person, "encounters": kept.encounters[::-1]}
    return visit.page("subject.html", {**told, "placed": visit.may(Scope.WHEREABOUTS_READ)})


@router.get("/subjects/{subject}/disclosures")
async def show_shared(visit: Reader, subject: str) -> HTMLResponse:
    """All that was shared of a person, and the pages to hand to them."""
    found = await disclosures.list_disclosures_of_subject(visit.admission, subject, visit.asking, visit.services)
    told = {"subject": subject, "disclosures": found.disclosures, "reviews": visit.may(Scope.SHARING_APPROVE)}
    return visit.page("shared.html", {**told, "finder": FINDER})
