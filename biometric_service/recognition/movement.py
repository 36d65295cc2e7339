"""May this person pass? One call at a checkpoint: verify the claim, and find out who it is where that fails."""

from collections.abc import Sequence
from dataclasses import replace

from biometric_service.decision.open_set import decide_identification
from biometric_service.decision.policy import Question
from biometric_service.recognition.adjudication import Doubt, refer
from biometric_service.recognition.comparing import compare
from biometric_service.recognition.day_events import means_of
from biometric_service.recognition.passing import passing_now, post_rule
from biometric_service.recognition.recording import decision_facts, event_of
from biometric_service.recognition.requests import MovementCheck, MovementRequest
from biometric_service.recognition.verification import decide_claim
from biometric_service.recognition.vouching import vouched
from biometric_service.recognition.walk import (
    Observation,
    Walk,
    best_quality,
    observe,
    operating_point,
    require_gallery,
    require_member,
    search,
)
from biometric_service.vocabulary.adjudication import Origin
from biometric_service.vocabulary.decisions import Decision, Outcome, Passage, ReasonCode
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.movements import Ground, Passed, Ruling
from biometric_service.vocabulary.references import EncounterStatus, SubjectId
from biometric_service.vocabulary.rulings import RulingCode, because
from biometric_service.vocabulary.trace import SILENT, Trace


def check_movement(walk: Walk, request: MovementRequest, caller: Caller, trace: Trace = SILENT) -> MovementCheck:
    """Check one person at a checkpoint.

    A claimed subject who is verified passes; one who is not is searched for in the gallery, so that the officer learns
    who it is. Without a claim, the person is identified. A check that ends in review lays those who are alike before
    reviewers. Raises SUBJECT_UNKNOWN, GALLERY_UNKNOWN and what ``identify`` raises.
    """
    if request.claimed is None:
        require_gallery(walk, request.gallery)
    else:
        request = replace(request, claimed=require_member(walk, request.claimed, request.gallery))
    observed = observe(walk, vouched(walk, request.images, caller, EventKind.MOVEMENT_CHECK), trace)
    verification = decide_claim(walk, observed, request.claimed, caller, trace) if request.claimed else None
    verified = verification is not None and verification.outcome is Outcome.MATCH
    identification = None if verified else _identified(walk, request, observed, caller, trace)
    ruling = _rule(request.claimed, verification, identification)
    if ruling.passage is Passage.REVIEW:
        _refer(walk, request, observed, caller, (verification, identification))
    passed = _passed(walk, request, observed, ruling, _event(request, caller, observed, verification, identification))
    reports = tuple(each.report() for each in observed)
    return MovementCheck(passed, verification, identification, reports)


def _passed(
    walk: Walk, request: MovementRequest, observed: Sequence[Observation], identity: Ruling, event: AuditEvent
) -> Passed:
    """What the post makes of it, or what is decided on the person alone where no post is named."""
    post, direction = request.post, request.direction
    if post is not None:
        passing = passing_now(post, direction, means_of(observed), event.caller, request.passage)
        return walk.day.movements.pass_post(passing, identity, post_rule(post, direction, identity), event)
    ruling = _of_the_active(walk, identity)
    details = {**event.details, "passage": ruling.passage.value, "ground": ruling.ground.value}
    number = walk.store.record(replace(event, subject=ruling.subject, details=details))
    return Passed(ruling, None, None, number)


def _identified(
    walk: Walk, request: MovementRequest, observed: Sequence[Observation], caller: Caller, trace: Trace
) -> Decision:
    candidates = compare(walk, observed, search(walk, observed, request.gallery), trace)
    point = operating_point(walk, caller, Question.IDENTIFICATION)
    return decide_identification(candidates, best_quality(observed), point)


def _refer(
    walk: Walk,
    request: MovementRequest,
    observed: Sequence[Observation],
    caller: Caller,
    decisions: Sequence[Decision | None],
) -> None:
    """Cases of the claimed subject and of whoever was found; the store keeps one of each."""
    for decision in filter(None, decisions):
        refer(walk, Doubt(observed, decision, Origin.SEARCHED, None, frozenset({request.gallery})), caller)


def _of_the_active(walk: Walk, ruling: Ruling) -> Ruling:
    """Nobody passes who was released, transferred or is dead: somebody goes by that name."""
    if ruling.passage is not Passage.PASS or ruling.subject is None:
        return ruling
    status = walk.store.subject(ruling.subject).status
    if status is EncounterStatus.ACTIVE:
        return ruling
    why = because(RulingCode.NOT_ACTIVE, subject=ruling.subject, status=status.value)
    return Ruling(Passage.STOP, Ground.NOT_ACTIVE, why, ruling.subject)


def _rule(claimed: SubjectId | None, verification: Decision | None, identification: Decision | None) -> Ruling:
    """What the checkpoint shows; never a pass on an incomplete search, on doubt, or in another's name."""
    if identification is None:
        why = because(RulingCode.CLAIM_VERIFIED, subject=claimed)
        return Ruling(Passage.PASS, Ground.CLAIM_VERIFIED, why, claimed)
    if verification is not None and _nothing_compared(verification, identification):
        return Ruling(Passage.RECAPTURE, Ground.NOT_USABLE, because(RulingCode.CLAIM_NOT_COMPARED, claimed=claimed))
    if identification.outcome is Outcome.RECAPTURE:
        return Ruling(Passage.RECAPTURE, Ground.NOT_USABLE, because(RulingCode.NOT_USABLE))
    if claimed is not None and verification is not None:
        return _rule_claim(claimed, verification, identification)
    return _rule_search(identification)


def _nothing_compared(verification: Decision, identification: Decision) -> bool:
    """Whether who is claimed has nothing of what was captured, and nobody else was found: that refutes no claim."""
    uncompared = any(each.code is ReasonCode.NOTHING_TO_COMPARE for each in verification.why)
    return uncompared and identification.outcome not in {Outcome.MATCH, Outcome.REVIEW}


def _rule_claim(claimed: SubjectId, verification: Decision, identification: Decision) -> Ruling:
    found = identification.subject
    if found is not None and found != claimed:
        why = because(RulingCode.ANOTHER_PERSON, subject=found, claimed=claimed)
        return Ruling(Passage.STOP, Ground.ANOTHER_PERSON, why, found)
    if found == claimed or Outcome.REVIEW in {verification.outcome, identification.outcome}:
        return Ruling(Passage.REVIEW, Ground.NOT_CERTAIN, because(RulingCode.CLAIM_NOT_CERTAIN, claimed=claimed))
    if identification.outcome is Outcome.INCOMPLETE:
        return Ruling(Passage.REVIEW, Ground.SEARCH_INCOMPLETE, because(RulingCode.CLAIM_INCOMPLETE, claimed=claimed))
    return Ruling(Passage.STOP, Ground.UNKNOWN_PERSON, because(RulingCode.NOT_AS_CLAIMED, claimed=claimed))


def _rule_search(identification: Decision) -> Ruling:
    subject = identification.subject
    if identification.outcome is Outcome.MATCH and identification.complete:
        return Ruling(Passage.PASS, Ground.IDENTIFIED, because(RulingCode.IDENTIFIED, subject=subject), subject)
    if identification.outcome is Outcome.UNKNOWN:
        return Ruling(Passage.STOP, Ground.UNKNOWN_PERSON, because(RulingCode.UNKNOWN_PERSON))
    ground = Ground.NOT_CERTAIN if identification.complete else Ground.SEARCH_INCOMPLETE
    return Ruling(Passage.REVIEW, ground, because(RulingCode.NOT_CERTAIN))


def _event(
    request: MovementRequest,
    caller: Caller,
    observed: Sequence[Observation],
    verification: Decision | None,
    identification: Decision | None,
) -> AuditEvent:
    details = {
        "checkpoint": request.checkpoint,
        "direction": request.direction.value,
        "claimed": request.claimed or "",
    }
    for name, decision in (("verification", verification), ("identification", identification)):
        if decision is not None:
            details |= {f"{name}_{fact}": value for fact, value in decision_facts(decision).items()}
    return event_of(EventKind.MOVEMENT_CHECK, caller, observed, None, request.gallery, details)
