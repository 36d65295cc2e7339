"""Keep a person."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answering import decision_answer, sample_answers
from biometric_service.api.operations.answers import EnrolmentAnswer
from biometric_service.api.operations.bodies import EnrolmentBody
from biometric_service.api.operations.positions import position_of
from biometric_service.api.operations.receiving import Received, documented, reads
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import ServicesOf
from biometric_service.api.workers import WorkersOf
from biometric_service.errors import BiometricServiceError
from biometric_service.recognition.enrolment import enrol
from biometric_service.recognition.requests import Enrolment, EnrolmentOutcome, EnrolmentRequest
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.references import CaptureException, GalleryId, SubjectId

router = APIRouter(prefix=OPERATIONS, tags=["recognition"])


@router.post(
    "/enrolments",
    openapi_extra=documented(EnrolmentBody),
    responses={201: {"model": EnrolmentAnswer, "description": "The person was enrolled."}},
    response_description="Nothing was kept; the outcome says why.",
)
async def enrol_person(
    admission: Annotated[Admission, Depends(requires(Scope.ENCOUNTER_WRITE))],
    received: Annotated[Received[EnrolmentBody], Depends(reads(EnrolmentBody))],
    services: ServicesOf,
    workers: WorkersOf,
    response: Response,
) -> EnrolmentAnswer:
    """Enrol a new person, unless an image is poor or the person seems to be enrolled under another id."""
    asked = received.asked
    request = _request(received)
    caller = await admission.caller(asked.purpose, sorted(request.galleries), asked.device)
    kept = await workers.run(enrol, services.walk, request, caller)
    if kept.outcome is EnrolmentOutcome.ENROLLED:
        response.status_code = 201
    return await run_in_threadpool(_answer, kept, _visible(admission))


def _request(received: Received[EnrolmentBody]) -> EnrolmentRequest:
    asked = received.asked
    return EnrolmentRequest(
        received.images,
        SubjectId(asked.subject),
        frozenset(map(GalleryId, asked.galleries)),
        tuple(CaptureException(position_of(each.position), each.kind) for each in asked.exceptions),
        asked.despite_duplicates,
    )


def _visible(admission: Admission) -> Callable[[SubjectId], bool]:
    """Duplicates are sought everywhere; the caller learns the names of those that the key reaches."""

    def may_see(subject: SubjectId) -> bool:
        try:
            return admission.reaches(admission.store.subject(subject))
        except BiometricServiceError:  # erased meanwhile
            return False

    return may_see


def _answer(kept: Enrolment, may_see: Callable[[SubjectId], bool]) -> EnrolmentAnswer:
    return EnrolmentAnswer(
        outcome=kept.outcome,
        subject=kept.subject,
        encounter=kept.encounter,
        change=kept.change,
        samples=sample_answers(kept.samples),
        duplicates=decision_answer(kept.duplicates, "fpir", may_see) if kept.duplicates else None,
    )
