"""What checkpoints decided while they could not ask: taken once each, of that device, by the time of decision."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.movement_wire import (
    PassageAnswer,
    PassageBody,
    PassagesAnswer,
    PassagesBody,
    passage_answer,
    refused_passage,
)
from biometric_service.api.operations.posting import PostsOf, require_device
from biometric_service.api.operations.reaching import may_see
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.day_events import day_event
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.decisions import Passage
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.movements import Ground, Means, Passing, Replayed, Ruling
from biometric_service.vocabulary.places import Post
from biometric_service.vocabulary.references import SubjectId

router = APIRouter(prefix=OPERATIONS, tags=["places"])

CLOCK = timedelta(minutes=5)
"""How far a device's clock may be ahead."""


@router.post("/passages")
async def record_passages(
    admission: Annotated[Admission, Depends(requires(Scope.MOVEMENT))],
    body: PassagesBody,
    services: ServicesOf,
    posts: PostsOf,
) -> PassagesAnswer:
    """Record what a registered device decided offline; each passage once, so that it can be sent until it is answered.

    Whom two officers answered for by their faces alone is moved once two confirm it with their own keys.
    """
    caller = await admission.caller(body.purpose, [], body.device)
    await require_device(admission, caller)
    known: dict[str, Post | None] = {}
    for name in sorted({each.post for each in body.passages}):
        try:
            known[name] = await posts.spoken_for(admission, caller, name)
        except BiometricServiceError as fault:
            if fault.code is not ErrorCode.PLACE_UNKNOWN:
                raise
            known[name] = None
    return PassagesAnswer(passages=await run_in_threadpool(_recorded, services, admission, body, caller, known))


def _recorded(
    services: Services, admission: Admission, body: PassagesBody, caller: Caller, posts: Mapping[str, Post | None]
) -> tuple[PassageAnswer, ...]:
    answers: dict[int, PassageAnswer] = {}
    taken: dict[int, Replayed] = {}
    for index, each in enumerate(body.passages):
        post, why = posts[each.post], _refusal(each, posts[each.post])
        if post is None or why:
            answers[index] = refused_passage(each.passage, why)
            facts = {"passage_id": each.passage, "post": each.post, "refused": why, "decided_offline": "true"}
            services.store.record(day_event(EventKind.PASSAGE_RECORDED, caller, **facts))
        else:
            taken[index] = _replayed(services, admission, each, post, caller)
    event = day_event(EventKind.PASSAGE_RECORDED, caller)
    passed = services.day.movements.replay(list(taken.values()), event)
    for index, one in zip(taken, passed, strict=True):
        answers[index] = passage_answer(body.passages[index].passage, one)
    return tuple(answers[index] for index in range(len(body.passages)))


def _refusal(passage: PassageBody, post: Post | None) -> str:
    if post is None:
        return "There is no such post."
    if passage.decided_at > datetime.now(UTC) + CLOCK:
        return "It was decided in the future: the device's clock is wrong."
    return ""


def _replayed(services: Services, admission: Admission, passage: PassageBody, post: Post, caller: Caller) -> Replayed:
    passing = Passing(
        passage.passage,
        caller.actor,
        post,
        passage.direction,
        passage.decided_at,
        passage.means,
        offline=True,
        slice=passage.slice,
    )
    return Replayed(passing, _ruling(services, admission, passage), _by_hand(passage))


def _by_hand(passage: PassageBody) -> Mapping[str, str]:
    """What is told of a check by hand; ``decided``: what the device showed."""
    if passage.means is not Means.MANUAL and not passage.officers:
        return {}
    return {"officers": " ".join(passage.officers), "why": passage.why, "decided": passage.decision.value}


def _ruling(services: Services, admission: Admission, passage: PassageBody) -> Ruling:
    """As it was decided; nobody passes of whom the service does not know, or beyond the caller's reach.

    Nor by hand: a device knows officers by their faces, of which a photograph may be shown.
    """
    subject = None if passage.subject is None else SubjectId(passage.subject)
    if subject is not None and not may_see(services, admission)(subject):
        subject = None
    decision = passage.decision
    if decision is Passage.PASS and _by_hand(passage):
        return Ruling(Passage.REVIEW, Ground.OFFICERS_UNPROVEN, (), subject, passage.order or "")
    ground = passage.ground if subject is not None or decision is not Passage.PASS else Ground.UNKNOWN_PERSON
    return Ruling(decision, ground, (), subject, passage.order or "", discrepancy=passage.discrepancy)
