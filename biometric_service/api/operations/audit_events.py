"""The audit log: read it, and check that nobody changed it. It tells of every gallery, so the key must reach all."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.languages import asked_language
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answering import event_answer
from biometric_service.api.operations.answers import ChainAnswer, EventsAnswer
from biometric_service.api.operations.asking import Asking, LimitQuery, event
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES

router = APIRouter(prefix=f"{OPERATIONS}/audit-events", tags=["audit"])

LARGEST_NUMBER = 2**63 - 1


@router.get("")
async def read_events(
    admission: Annotated[Admission, Depends(requires(Scope.AUDIT_READ))],
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
    after: Annotated[int, Query(ge=0, le=LARGEST_NUMBER, description="Begin after this event.")] = 0,
    limit: LimitQuery = 50,
) -> EventsAnswer:
    """Read events in order."""
    caller = await admission.caller(asking.purpose, [ALL_GALLERIES], asking.device)
    await run_in_threadpool(services.store.record, event(EventKind.AUDIT_READ, caller))
    page = await run_in_threadpool(services.store.events, after, limit + 1)
    shown = tuple(event_answer(recorded) for recorded in page[:limit])
    return EventsAnswer(events=shown, next=shown[-1].number if len(page) > limit else None)


@router.get("/verification")
async def verify_events(
    admission: Annotated[Admission, Depends(requires(Scope.AUDIT_READ))],
    asking: Annotated[Asking, Depends()],
    services: ServicesOf,
) -> ChainAnswer:
    """Check every event of the log against the chain."""
    caller = await admission.caller(asking.purpose, [ALL_GALLERIES], asking.device)
    answer = await run_in_threadpool(_verified, services, asked_language())
    if answer.intact:
        await run_in_threadpool(services.store.record, event(EventKind.AUDIT_READ, caller))
    return answer


def _verified(services: Services, language: str) -> ChainAnswer:
    try:
        return ChainAnswer(intact=True, events=services.verify_audit(), fault=None)
    except BiometricServiceError as fault:
        if fault.code is not ErrorCode.AUDIT_CHAIN_BROKEN:
            raise
        return ChainAnswer(intact=False, events=0, fault=f"{fault.what.told(language)} {fault.do.told(language)}")
