"""Is the claimed person there, alive, and not in a picture? For posts that nobody attends."""

import time
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.once import OnceRoute
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answering import decision_answer, sample_answers
from biometric_service.api.operations.challenge_tickets import Ticket, redeem, ticket
from biometric_service.api.operations.challenge_wire import (
    ChallengeAnswerBody,
    ChallengeBody,
    ChallengeIssuedAnswer,
    ChallengeJudgedAnswer,
    FindingAnswer,
    FrameBody,
    TurnAnswer,
)
from biometric_service.api.operations.receiving import Received, documented, reads
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import ServicesOf
from biometric_service.api.workers import WorkersOf
from biometric_service.recognition.challenge import answer_challenge, issue_challenge
from biometric_service.recognition.requests import ChallengeRequest, GivenImage
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.challenges import TURN_INSTRUCTIONS
from biometric_service.vocabulary.references import GalleryId, SubjectId

router = APIRouter(prefix=OPERATIONS, tags=["recognition"], route_class=OnceRoute)


@router.post("/challenges", status_code=201)
async def ask_for_challenge(
    admission: Annotated[Admission, Depends(requires(Scope.VERIFY))], body: ChallengeBody, services: ServicesOf
) -> ChallengeIssuedAnswer:
    """Ask for turns of the head, drawn by lot, that show a claimed person to be there and no picture."""
    subject, gallery, settings = SubjectId(body.subject), GalleryId(body.gallery), services.settings
    caller = await admission.caller(body.purpose, [gallery], body.device)
    turns = await run_in_threadpool(issue_challenge, services.walk, subject, gallery, settings.challenge_turns, caller)
    given = ticket(turns, subject, gallery, settings.challenge_seconds)
    return ChallengeIssuedAnswer(
        challenge=await run_in_threadpool(lambda: given.sealed(services.tasks.signing_key, caller)),
        turns=tuple(TurnAnswer(turn=turn, instruction=TURN_INSTRUCTIONS[turn]) for turn in turns),
        expires_at=datetime.fromtimestamp(given.expires_at, UTC),
    )


@router.post("/challenge-answers", openapi_extra=documented(ChallengeAnswerBody))
async def judge_challenge(
    admission: Annotated[Admission, Depends(requires(Scope.VERIFY))],
    received: Annotated[Received[ChallengeAnswerBody], Depends(reads(ChallengeAnswerBody))],
    services: ServicesOf,
    workers: WorkersOf,
) -> ChallengeJudgedAnswer:
    """Judge the frames that answer a challenge: turned as asked, one person, no picture, and who was claimed."""
    asked, answered_at = received.asked, time.time()
    caller = await admission.caller(asked.purpose, [], asked.device)
    key = services.tasks.signing_key
    given = await run_in_threadpool(redeem, asked.challenge, key, caller, services.devices.use)
    caller = await admission.caller(asked.purpose, [given.gallery], asked.device)
    request = _request(given, received.images, asked.frames, answered_at)
    judged = await workers.run(answer_challenge, services.walk, request, caller)
    return ChallengeJudgedAnswer(
        outcome=judged.outcome,
        findings=tuple(FindingAnswer(check=each.check, passed=each.passed, why=each.why) for each in judged.findings),
        decision=decision_answer(judged.decision, "fmr"),
        samples=sample_answers(judged.samples),
        event=judged.event,
    )


def _request(
    given: Ticket, images: tuple[GivenImage, ...], frames: tuple[FrameBody, ...], answered_at: float
) -> ChallengeRequest:
    times = tuple(frame.at for frame in frames)
    return ChallengeRequest(images, times, given.turns, given.elapsed(answered_at), given.subject, given.gallery)
