"""May this person pass the checkpoint?"""

from typing import Annotated

from fastapi import APIRouter, Depends

from biometric_service.api.explanation.explaining import Recogniser
from biometric_service.api.once import IdempotencyKey
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answering import decision_answer, sample_answers
from biometric_service.api.operations.answers import MovementAnswer, RulingReasonAnswer
from biometric_service.api.operations.bodies import MovementBody
from biometric_service.api.operations.posting import PostsOf
from biometric_service.api.operations.receiving import Received, documented, reads
from biometric_service.api.security import Admission, requires
from biometric_service.recognition.movement import check_movement
from biometric_service.recognition.passing import require_gallery_of
from biometric_service.recognition.requests import MovementRequest
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.places import Post
from biometric_service.vocabulary.references import GalleryId, SubjectId

router = APIRouter(prefix=OPERATIONS, tags=["recognition"])


@router.post("/movement-checks", openapi_extra=documented(MovementBody))
async def check_person(
    admission: Annotated[Admission, Depends(requires(Scope.MOVEMENT))],
    received: Annotated[Received[MovementBody], Depends(reads(MovementBody))],
    recogniser: Annotated[Recogniser, Depends()],
    posts: PostsOf,
    key: IdempotencyKey = None,
) -> MovementAnswer:
    """Check one person at a checkpoint: verify the claim, or find out who it is, and whether they may pass the post."""
    asked, workers = received.asked, recogniser.workers
    explainer = await recogniser.explainer(admission, asked, GalleryId(asked.gallery))
    post = None if asked.post is None else await posts.spoken_for(admission, explainer.caller, asked.post)
    request = _request(received, post, received.asked.passage or key or "")
    check = await workers.run(check_movement, explainer.walk, request, explainer.caller, explainer.trace)
    ruling = check.passed.ruling
    return MovementAnswer(
        passage=ruling.passage,
        ground=ruling.ground,
        subject=ruling.subject,
        zone=check.passed.zone,
        order=ruling.order or None,
        discrepancy=ruling.discrepancy,
        verification=decision_answer(check.verification, "fmr") if check.verification else None,
        identification=decision_answer(check.identification, "fpir") if check.identification else None,
        samples=sample_answers(check.samples),
        reasons=check.reasons,
        why=tuple(RulingReasonAnswer(code=each.code, facts=each.facts) for each in ruling.why),
        explanation=await explainer.pictures(check.identification or check.verification, check.event, workers),
        event=check.event,
    )


def _request(received: Received[MovementBody], post: Post | None, passage: str) -> MovementRequest:
    asked = received.asked
    if post is not None:
        require_gallery_of(post, GalleryId(asked.gallery))
    claimed = None if asked.claimed is None else SubjectId(asked.claimed)
    checkpoint = asked.checkpoint or (post.id if post else "")
    return MovementRequest(
        received.images, GalleryId(asked.gallery), checkpoint, asked.direction, claimed, post, passage
    )
