"""Keep a person."""

from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import GuardOf, OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answering import decision_answer, like_fingers_answer, sample_answers
from biometric_service.api.operations.answers import EnrolmentAnswer
from biometric_service.api.operations.asking import SubjectPath
from biometric_service.api.operations.bodies import EncounterBody, EnrolmentBody
from biometric_service.api.operations.positions import position_of
from biometric_service.api.operations.reaching import visible, writer
from biometric_service.api.operations.receiving import Received, documented, reads
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import ServicesOf
from biometric_service.api.workers import WorkersOf
from biometric_service.recognition.enrolment import enrol
from biometric_service.recognition.recapture import add_encounter
from biometric_service.recognition.requests import Enrolment, EnrolmentOutcome, EnrolmentRequest
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.references import (
    CaptureException,
    Circumstances,
    Consent,
    EncounterId,
    GalleryId,
    SubjectId,
)

router = APIRouter(prefix=OPERATIONS, tags=["recognition"], route_class=OnceRoute)

Kept = TypeVar("Kept", bound=EncounterBody)


@router.post(
    "/enrolments",
    openapi_extra=documented(EnrolmentBody),
    responses={201: {"model": EnrolmentAnswer, "description": "The person was enrolled."}},
    response_description="Nothing was kept; the outcome says why.",
)
async def enrol_person(  # noqa: PLR0913, PLR0917 - one parameter for each part of the request
    admission: Annotated[Admission, Depends(requires(Scope.ENCOUNTER_WRITE))],
    received: Annotated[Received[EnrolmentBody], Depends(reads(EnrolmentBody))],
    services: ServicesOf,
    workers: WorkersOf,
    response: Response,
    guard: GuardOf,
) -> EnrolmentAnswer:
    """Enrol a new person, unless an image is poor or the person seems to be enrolled under another id."""
    asked = received.asked
    request = _request(received, asked.subject)
    caller = await admission.caller(asked.purpose, sorted(request.galleries), asked.device)
    kept = await workers.run(enrol, services.walk, request, caller, guard)
    if kept.outcome is EnrolmentOutcome.ENROLLED:
        response.status_code = 201
    return await run_in_threadpool(_answer, kept, visible(admission))


@router.post(
    "/subjects/{subject}/encounters",
    openapi_extra=documented(EncounterBody),
    responses={201: {"model": EnrolmentAnswer, "description": "The encounter was kept."}},
    response_description="Nothing was kept; the outcome says why.",
)
async def add_further_encounter(  # noqa: PLR0913, PLR0917 - one parameter for each part of the request
    admission: Annotated[Admission, Depends(requires(Scope.ENCOUNTER_WRITE))],
    subject: SubjectPath,
    received: Annotated[Received[EncounterBody], Depends(reads(EncounterBody))],
    services: ServicesOf,
    workers: WorkersOf,
    response: Response,
    guard: GuardOf,
) -> EnrolmentAnswer:
    """Keep a further encounter of an enrolled person, who must verify as that person."""
    asked = received.asked
    request = _request(received, subject)
    await admission.caller(asked.purpose, sorted(request.galleries), asked.device)
    caller = await writer(services, admission, asked, subject)
    kept = await workers.run(add_encounter, services.walk, request, caller, guard)
    if kept.outcome is EnrolmentOutcome.ENCOUNTER_ADDED:
        response.status_code = 201
    return await run_in_threadpool(_answer, kept, visible(admission))


def _request(received: Received[Kept], subject: str) -> EnrolmentRequest:
    asked = received.asked
    return EnrolmentRequest(
        received.images,
        SubjectId(subject),
        frozenset(map(GalleryId, asked.galleries)),
        tuple(CaptureException(position_of(each.position), each.kind, each.since) for each in asked.exceptions),
        asked.despite_duplicates,
        EncounterId(asked.encounter) if asked.encounter else None,
        _circumstances(asked),
    )


def _circumstances(asked: EncounterBody) -> Circumstances:
    return Circumstances(
        kind=asked.kind,
        legal_basis=asked.legal_basis,
        consents=tuple(Consent(each.purpose, each.given_at) for each in asked.consents),
        keep_until=asked.keep_until,
        contextual=asked.contextual,
        biographic=asked.biographic,
    )


def _answer(kept: Enrolment, may_see: Callable[[SubjectId], bool]) -> EnrolmentAnswer:
    return EnrolmentAnswer(
        outcome=kept.outcome,
        subject=kept.subject,
        encounter=kept.encounter,
        change=kept.change,
        samples=sample_answers(kept.samples),
        duplicates=decision_answer(kept.duplicates, "fpir", may_see) if kept.duplicates else None,
        claim=decision_answer(kept.claim, "fmr", may_see) if kept.claim else None,
        alike=tuple(like_fingers_answer(each) for each in kept.alike),
    )
