"""What checkpoints decided while they could not ask: taken once each, of that device, by the time of decision."""

from collections.abc import Mapping
from dataclasses import dataclass
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
from biometric_service.api.operations.offline_checks import alarm_of, facts_of, heard, is_believed, is_by_hand
from biometric_service.api.operations.posting import PostsOf, require_device
from biometric_service.api.operations.reaching import may_see
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.day_events import day_event
from biometric_service.recognition.officers import Heard
from biometric_service.vocabulary.access import Device, Scope
from biometric_service.vocabulary.decisions import Passage
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.movements import Ground, Passing, Replayed, Ruling
from biometric_service.vocabulary.places import Post
from biometric_service.vocabulary.references import SubjectId

router = APIRouter(prefix=OPERATIONS, tags=["places"])

CLOCK = timedelta(minutes=5)
"""How far a device's clock may be ahead."""


@dataclass(frozen=True, slots=True)
class Teller:
    """The device that tells."""

    admission: Admission
    device: Device
    caller: Caller


@router.post("/passages")
async def record_passages(
    admission: Annotated[Admission, Depends(requires(Scope.MOVEMENT))],
    body: PassagesBody,
    services: ServicesOf,
    posts: PostsOf,
) -> PassagesAnswer:
    """Record what a registered device decided offline; each passage once, so that it can be sent until it is answered.

    Whom two officers answered for by their faces, or by keys that may not, is moved once two confirm it here.
    """
    caller = await admission.caller(body.purpose, [], body.device)
    device = await require_device(admission, caller)
    known: dict[str, Post | None] = {}
    for name in sorted({each.post for each in body.passages}):
        try:
            known[name] = await posts.spoken_for(admission, caller, name)
        except BiometricServiceError as fault:
            if fault.code is not ErrorCode.PLACE_UNKNOWN:
                raise
            known[name] = None
    return PassagesAnswer(
        passages=await run_in_threadpool(_recorded, services, Teller(admission, device, caller), body, known)
    )


def _recorded(
    services: Services, teller: Teller, body: PassagesBody, posts: Mapping[str, Post | None]
) -> tuple[PassageAnswer, ...]:
    answers: dict[int, PassageAnswer] = {}
    taken: dict[int, Replayed] = {}
    for index, each in enumerate(body.passages):
        post, why = posts[each.post], _refusal(each, posts[each.post])
        if post is None or why:
            answers[index] = refused_passage(each.passage, why)
            facts = {"passage_id": each.passage, "post": each.post, "refused": why, "decided_offline": "true"}
            services.store.record(day_event(EventKind.PASSAGE_RECORDED, teller.caller, **facts))
        else:
            taken[index] = _replayed(services, teller, each, post)
    event = day_event(EventKind.PASSAGE_RECORDED, teller.caller)
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


def _replayed(services: Services, teller: Teller, passage: PassageBody, post: Post) -> Replayed:
    caller = teller.caller
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
    said = heard(services.api_keys, teller.device, passage, passing, caller.purpose)
    ruling = _ruling(services, teller.admission, passage, said)
    return Replayed(passing, ruling, facts_of(passage, said), alarm_of(passage, said, passing, caller))


def _ruling(services: Services, admission: Admission, passage: PassageBody, said: Heard | None) -> Ruling:
    """As it was decided; nobody passes of whom the service does not know, or beyond the caller's reach.

    Nor by hand, but by the keys of two officers: of a face a photograph may be shown.
    """
    subject = None if passage.subject is None else SubjectId(passage.subject)
    if subject is not None and not may_see(services, admission)(subject):
        subject = None
    decision = passage.decision
    if decision is Passage.PASS and is_by_hand(passage) and not is_believed(passage, said):
        return Ruling(Passage.REVIEW, Ground.OFFICERS_UNPROVEN, (), subject, passage.order or "")
    ground = passage.ground if subject is not None or decision is not Passage.PASS else Ground.UNKNOWN_PERSON
    return Ruling(decision, ground, (), subject, passage.order or "", discrepancy=passage.discrepancy)
