"""May this person pass the checkpoint?"""

from typing import Annotated

from fastapi import APIRouter, Depends

from biometric_service.api.explanation.explaining import Recogniser
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answering import decision_answer, sample_answers
from biometric_service.api.operations.answers import MovementAnswer
from biometric_service.api.operations.bodies import MovementBody
from biometric_service.api.operations.receiving import Received, documented, reads
from biometric_service.api.security import Admission, requires
from biometric_service.recognition.movement import check_movement
from biometric_service.recognition.requests import MovementRequest
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.references import GalleryId, SubjectId

router = APIRouter(prefix=OPERATIONS, tags=["recognition"])


@router.post("/movement-checks", openapi_extra=documented(MovementBody))
async def check_person(
    admission: Annotated[Admission, Depends(requires(Scope.MOVEMENT))],
    received: Annotated[Received[MovementBody], Depends(reads(MovementBody))],
    recogniser: Annotated[Recogniser, Depends()],
) -> MovementAnswer:
    """Check one person at a checkpoint: verify the claim, or find out who it is."""
    request, workers = _request(received), recogniser.workers
    explainer = await recogniser.explainer(admission, received.asked, request.gallery)
    check = await workers.run(check_movement, explainer.walk, request, explainer.caller, explainer.trace)
    return MovementAnswer(
        passage=check.passage,
        subject=check.subject,
        verification=decision_answer(check.verification, "fmr") if check.verification else None,
        identification=decision_answer(check.identification, "fpir") if check.identification else None,
        samples=sample_answers(check.samples),
        reasons=check.reasons,
        explanation=await explainer.pictures(check.identification or check.verification, check.event, workers),
        event=check.event,
    )


def _request(received: Received[MovementBody]) -> MovementRequest:
    asked = received.asked
    claimed = None if asked.claimed is None else SubjectId(asked.claimed)
    return MovementRequest(received.images, GalleryId(asked.gallery), asked.checkpoint, asked.direction, claimed)
