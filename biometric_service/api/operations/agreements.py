"""Agreements with other agencies: drawn up, signed by two officers, read, withdrawn."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.asking import Asking
from biometric_service.api.operations.bodies import Id
from biometric_service.api.operations.sharing_bodies import (
    AgreementAnswer,
    AgreementBody,
    AgreementsAnswer,
    OfficerBody,
    agreement_answer,
)
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.interchange.sharing import agreeing
from biometric_service.interchange.sharing.parts import sharing_event
from biometric_service.references.sharing_refusals import agreement_unknown
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import GalleryId
from biometric_service.vocabulary.sharing import Agreement

router = APIRouter(prefix=f"{OPERATIONS}/agreements", tags=["sharing"], route_class=OnceRoute)

Officer = Annotated[Admission, Depends(requires(Scope.SHARING_APPROVE))]
AgreementPath = Annotated[Id, Path(description="The id of a version, such as police:1.")]


@router.post("", status_code=201)
async def propose_agreement(admission: Officer, body: AgreementBody, services: ServicesOf) -> AgreementAnswer:
    """Draw up the next version of an agreement; two officers sign it before it is in force."""
    caller = await admission.caller(body.purpose, _galleries(body.terms.galleries), body.device)
    terms = body.terms.terms()
    return _answer(services, await run_in_threadpool(agreeing.propose, services.sharing, body.name, terms, caller))


@router.get("")
async def list_agreements(
    admission: Officer, asking: Annotated[Asking, Depends()], services: ServicesOf
) -> AgreementsAnswer:
    """List every version of the agreements about galleries that the caller reaches."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    found = await run_in_threadpool(services.sharing.agreements.agreements)
    await run_in_threadpool(services.store.record, sharing_event(EventKind.AGREEMENTS_LISTED, caller, {}))
    return AgreementsAnswer(agreements=tuple(_answer(services, each) for each in found if reaches(admission, each)))


@router.get("/{agreement}")
async def read_agreement(
    admission: Officer, agreement: AgreementPath, asking: Annotated[Asking, Depends()], services: ServicesOf
) -> AgreementAnswer:
    """Read one version of an agreement."""
    caller = await admission.caller(asking.purpose, [], asking.device)
    found = await run_in_threadpool(reached, services, admission, agreement)
    event = sharing_event(EventKind.AGREEMENTS_LISTED, caller, {"agreement": agreement})
    await run_in_threadpool(services.store.record, event)
    return _answer(services, found)


@router.post("/{agreement}/signatures", status_code=201)
async def sign_agreement(
    admission: Officer, agreement: AgreementPath, body: OfficerBody, services: ServicesOf
) -> AgreementAnswer:
    """Sign a version of an agreement as the officer who asks; with the second signature it comes into force."""
    caller = await admission.caller(body.purpose, [], body.device)
    await run_in_threadpool(reached, services, admission, agreement)
    return _answer(services, await run_in_threadpool(agreeing.sign, services.sharing, agreement, caller))


@router.post("/{agreement}/withdrawal")
async def withdraw_agreement(
    admission: Officer, agreement: AgreementPath, body: OfficerBody, services: ServicesOf
) -> AgreementAnswer:
    """End an agreement at once: nothing leaves under it any more, and what left is recalled."""
    caller = await admission.caller(body.purpose, [], body.device)
    await run_in_threadpool(reached, services, admission, agreement)
    return _answer(services, await run_in_threadpool(agreeing.withdraw, services.sharing, agreement, caller))


def reached(services: Services, admission: Admission, agreement: str) -> Agreement:
    """An agreement about galleries that the caller reaches; any other reads like none."""
    found = services.sharing.agreements.agreement(agreement)
    if not reaches(admission, found):
        raise agreement_unknown()
    return found


def reaches(admission: Admission, agreement: Agreement) -> bool:
    """Whether the caller reaches every gallery that an agreement is about."""
    return all(admission.key.may_search(gallery) for gallery in agreement.terms.circle.galleries)


def _answer(services: Services, agreement: Agreement) -> AgreementAnswer:
    return agreement_answer(agreement, agreeing.lacks(services.sharing, agreement), datetime.now(UTC))


def _galleries(names: Iterable[str]) -> list[GalleryId]:
    return sorted(map(GalleryId, names))
