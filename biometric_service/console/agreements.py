"""Agreements with other agencies: who receives what of whom, and the two officers who sign."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Query
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, Response

from biometric_service.api.operations import agreements
from biometric_service.api.operations.sharing_bodies import AgreementAnswer, OfficerBody
from biometric_service.console.routing import page_router
from biometric_service.console.visits import Visit, visiting
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.sharing import OFFICERS, Agreement

router = page_router()

Officer = Annotated[Visit, Depends(visiting(Scope.SHARING_APPROVE))]


class Standing(StrEnum):
    """How an agreement stands; SIGNED: it is not in force yet."""

    PROPOSED = "proposed"
    SIGNED = "signed"
    IN_FORCE = "in_force"
    ENDED = "ended"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"


OVER = frozenset({Standing.ENDED, Standing.REPLACED, Standing.WITHDRAWN})


@router.get("/agreements")
async def list_agreements(
    visit: Officer,
    over: Annotated[bool, Query()] = False,  # noqa: FBT002 - a query parameter
) -> HTMLResponse:
    """Every version that stands or waits for signatures, or those that are over."""
    found = (await agreements.list_agreements(visit.admission, visit.asking, visit.services)).agreements
    known = await run_in_threadpool(known_agreements, visit)
    standings = {each.agreement: standing(each, known) for each in found}
    shown = [each for each in found if (standings[each.agreement] in OVER) == over]
    return visit.page(
        "agreements.html", {"agreements": shown, "standings": standings, "over": over, "needed": OFFICERS}
    )


@router.get("/agreements/{agreement}")
async def show_agreement(visit: Officer, agreement: str) -> HTMLResponse:
    """One version: who receives what of whom, why, until when, and who has signed it."""
    found = await agreements.read_agreement(visit.admission, agreement, visit.asking, visit.services)
    known = await run_in_threadpool(known_agreements, visit)
    stands = standing(found, known)
    shown = {"agreement": found, "standing": stands, "over": stands in OVER, "needed": OFFICERS}
    told = {"fields": _by_area(found.terms.fields), "versions": [each.id for each in _versions(agreement, known)]}
    return visit.page(
        "agreement.html", {**shown, **told, "mine": visit.is_one_of(*(each.officer for each in found.signatures))}
    )


@router.post("/agreements/{agreement}/signature")
async def sign(visit: Officer, agreement: str) -> Response:
    """Sign it; the second officer's signature puts it in force."""
    body = await visit.form(OfficerBody)
    signed = await agreements.sign_agreement(visit.admission, agreement, body, visit.services)
    return visit.go(f"/agreements/{agreement}", f"agreements.said.{standing(signed).value}")


@router.post("/agreements/{agreement}/withdrawal")
async def withdraw(visit: Officer, agreement: str) -> Response:
    """End it at once."""
    body = await visit.form(OfficerBody)
    await agreements.withdraw_agreement(visit.admission, agreement, body, visit.services)
    return visit.go(f"/agreements/{agreement}", "agreements.said.withdrawn")


def standing(agreement: AgreementAnswer, known: Iterable[Agreement] = ()) -> Standing:
    """How it stands now among the known agreements, later versions of it with them."""
    if agreement.ended_at is not None:
        return Standing.REPLACED if _took_its_place(agreement, known) else Standing.WITHDRAWN
    if agreement.in_force:
        return Standing.IN_FORCE
    if agreement.terms.until <= datetime.now(UTC):
        return Standing.ENDED
    return Standing.PROPOSED if len(agreement.signatures) < OFFICERS else Standing.SIGNED


def known_agreements(visit: Visit) -> Sequence[Agreement]:
    """Every version that the officer reaches."""
    known = visit.services.sharing.agreements.agreements()
    return [each for each in known if agreements.reaches(visit.admission, each)]


def _took_its_place(agreement: AgreementAnswer, known: Iterable[Agreement]) -> bool:
    """Whether another version came into force at the moment at which this one ended."""
    return any(
        signed.at == agreement.ended_at for each in _versions(agreement.agreement, known) for signed in each.signatures
    )


def _versions(agreement: str, known: Iterable[Agreement]) -> Sequence[Agreement]:
    """Those of the same name."""
    return [each for each in known if each.name == agreement.rpartition(":")[0]]


def _by_area(fields: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """The names of fields by what they are of."""
    areas: dict[str, list[str]] = {}
    for each in fields:
        area, _, name = each.partition(".")
        areas.setdefault(area, []).append(name)
    return areas
