"""Who is this, and is this the person who is claimed?"""

from typing import Annotated

from fastapi import APIRouter, Depends

from biometric_service.api.explanation.explaining import Explainer, recognition_answer
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answers import RecognitionAnswer
from biometric_service.api.operations.bodies import IdentificationBody, VerificationBody
from biometric_service.api.operations.receiving import Received, documented, reads
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import ServicesOf
from biometric_service.api.workers import WorkersOf
from biometric_service.recognition.identification import identify
from biometric_service.recognition.requests import IdentificationRequest, VerificationRequest
from biometric_service.recognition.verification import verify
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.references import GalleryId, SubjectId

router = APIRouter(prefix=OPERATIONS, tags=["recognition"])


@router.post("/identifications", openapi_extra=documented(IdentificationBody))
async def identify_person(
    admission: Annotated[Admission, Depends(requires(Scope.IDENTIFY))],
    received: Annotated[Received[IdentificationBody], Depends(reads(IdentificationBody))],
    services: ServicesOf,
    workers: WorkersOf,
) -> RecognitionAnswer:
    """Identify a person among everyone in a gallery (1:N, open set)."""
    asked, gallery = received.asked, GalleryId(received.asked.gallery)
    caller = await admission.caller(asked.purpose, [gallery], asked.device)
    explainer = await Explainer.admitted(admission, caller, services, wanted=asked.explain)
    request = IdentificationRequest(received.images, gallery)
    answer = await workers.run(identify, explainer.walk, request, caller, explainer.trace)
    return await recognition_answer(answer, "fpir", explainer, workers)


@router.post("/verifications", openapi_extra=documented(VerificationBody))
async def verify_person(
    admission: Annotated[Admission, Depends(requires(Scope.VERIFY))],
    received: Annotated[Received[VerificationBody], Depends(reads(VerificationBody))],
    services: ServicesOf,
    workers: WorkersOf,
) -> RecognitionAnswer:
    """Verify that a person is who is claimed (1:1)."""
    asked, gallery = received.asked, GalleryId(received.asked.gallery)
    caller = await admission.caller(asked.purpose, [gallery], asked.device)
    explainer = await Explainer.admitted(admission, caller, services, wanted=asked.explain)
    request = VerificationRequest(received.images, SubjectId(asked.subject), gallery)
    answer = await workers.run(verify, explainer.walk, request, caller, explainer.trace)
    return await recognition_answer(answer, "fmr", explainer, workers)
