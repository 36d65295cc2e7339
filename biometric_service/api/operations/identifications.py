"""Who is this, and is this the person who is claimed?"""

from typing import Annotated

from fastapi import APIRouter, Depends

from biometric_service.api.explanation.explaining import Recogniser
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answers import RecognitionAnswer
from biometric_service.api.operations.bodies import IdentificationBody, VerificationBody
from biometric_service.api.operations.receiving import Received, documented, reads
from biometric_service.api.security import Admission, requires
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
    recogniser: Annotated[Recogniser, Depends()],
) -> RecognitionAnswer:
    """Identify a person among everyone in a gallery (1:N, open set)."""
    request = IdentificationRequest(received.images, GalleryId(received.asked.gallery))
    return await recogniser.answer(admission, received.asked, "fpir", identify, request)


@router.post("/verifications", openapi_extra=documented(VerificationBody))
async def verify_person(
    admission: Annotated[Admission, Depends(requires(Scope.VERIFY))],
    received: Annotated[Received[VerificationBody], Depends(reads(VerificationBody))],
    recogniser: Annotated[Recogniser, Depends()],
) -> RecognitionAnswer:
    """Verify that a person is who is claimed (1:1)."""
    asked = received.asked
    request = VerificationRequest(received.images, SubjectId(asked.subject), GalleryId(asked.gallery))
    return await recogniser.answer(admission, asked, "fmr", verify, request)
