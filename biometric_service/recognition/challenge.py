"""Is the claimed person there, alive, and not in a picture? An active challenge at an unattended camera."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from biometric_service.presentation_attack.challenge.judging import judge
from biometric_service.presentation_attack.challenge.sequence import draw, turns_taken
from biometric_service.recognition.recording import decision_facts, event_of
from biometric_service.recognition.requests import ChallengeAnswer, ChallengeOutcome, ChallengeRequest
from biometric_service.recognition.verification import decide_claim
from biometric_service.recognition.vouching import vouched
from biometric_service.recognition.walk import Observation, Walk, observe, require_member, serving, with_template
from biometric_service.vocabulary.challenges import ChallengeCheck, ChallengeFinding, ChallengeFrame, Turn
from biometric_service.vocabulary.decisions import Decision, Outcome
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.samples import FaceArea
from biometric_service.vocabulary.templates import Template

OUTCOMES: Mapping[ChallengeCheck, ChallengeOutcome] = {
    ChallengeCheck.NO_FRAME_TWICE: ChallengeOutcome.ATTACK_SUSPECTED,
    ChallengeCheck.SAME_PERSON: ChallengeOutcome.ATTACK_SUSPECTED,
    ChallengeCheck.DEPTH: ChallengeOutcome.ATTACK_SUSPECTED,
    ChallengeCheck.SEQUENCE: ChallengeOutcome.NOT_FOLLOWED,
    ChallengeCheck.TIMING: ChallengeOutcome.NOT_FOLLOWED,
}
"""What a failed check comes to, gravest first."""


def issue_challenge(walk: Walk, subject: SubjectId, gallery: GalleryId, turns: int, caller: Caller) -> tuple[Turn, ...]:
    """Poses to be asked of whoever says to be the subject; SUBJECT_UNKNOWN, GALLERY_UNKNOWN."""
    subject = require_member(walk, subject, gallery)
    asked = draw(turns)
    details = {"turns": " ".join(asked)}
    walk.store.record(AuditEvent(EventKind.CHALLENGE_ISSUED, datetime.now(UTC), caller, subject, gallery, details))
    return asked


def answer_challenge(walk: Walk, request: ChallengeRequest, caller: Caller) -> ChallengeAnswer:
    """Judge the frames and compare the frontal ones with the claimed subject; one event tells of both.

    A frame without a face that can be used says nothing of what went on in it, so none may be. Raises SUBJECT_UNKNOWN,
    GALLERY_UNKNOWN and what ``identify`` raises.
    """
    subject = require_member(walk, request.subject, request.gallery)
    observed = observe(walk, vouched(walk, request.images, caller, EventKind.CHALLENGE_ANSWERED))
    usable = len(with_template(observed)) == len(observed)
    frames = frames_of(walk, observed, request.times) if usable else ()
    findings = judge(frames, request.turns, request.elapsed) if frames else ()
    decision = decide_claim(walk, _frontal(observed, frames), subject, caller)
    outcome = _outcome(findings, decision)
    facts = _facts(outcome, findings, decision)
    event = event_of(EventKind.CHALLENGE_ANSWERED, caller, observed, subject, request.gallery, facts)
    reports = tuple(each.report() for each in observed)
    return ChallengeAnswer(outcome, findings, decision, reports, walk.store.record(event))


def frames_of(walk: Walk, observed: Sequence[Observation], times: Sequence[float]) -> tuple[ChallengeFrame, ...]:
    """What was observed in each image, which has a template, with its time in seconds."""
    first = observed[0].template
    assert first is not None
    return tuple(_frame(walk, each, at, first) for each, at in zip(observed, times, strict=True))


def _frame(walk: Walk, observation: Observation, at: float, first: Template) -> ChallengeFrame:
    located, template, quality = observation.located, observation.template, observation.quality
    assert located is not None
    assert isinstance(located.area, FaceArea)
    assert template is not None
    assert quality is not None
    comparator = serving(walk.comparators, observation)
    likeness = comparator.calibrate(comparator.compare(template, first)).value
    pixels, landmarks = located.sample.pixels, located.area.landmarks
    return ChallengeFrame(at, observation.digest, pixels, landmarks, quality.measures["yaw"], likeness)


def _frontal(observed: Sequence[Observation], frames: Sequence[ChallengeFrame]) -> Sequence[Observation]:
    """What shows the face from the front, where references were taken from; nothing where a frame is missing."""
    digests = {frame.digest for turn, run in turns_taken(frames) if turn is Turn.FRONT for frame in run}
    return [each for each in observed if each.digest in digests]


def _outcome(findings: Sequence[ChallengeFinding], decision: Decision) -> ChallengeOutcome:
    if not findings:
        return ChallengeOutcome.RECAPTURE
    failed = {finding.check for finding in findings if not finding.passed}
    found = next((outcome for check, outcome in OUTCOMES.items() if check in failed), ChallengeOutcome.PASSED)
    if found is ChallengeOutcome.PASSED and decision.outcome is not Outcome.MATCH:
        return ChallengeOutcome.NOT_VERIFIED
    return found


def _facts(outcome: ChallengeOutcome, findings: Sequence[ChallengeFinding], decision: Decision) -> dict[str, str]:
    facts = {f"verification_{name}": fact for name, fact in decision_facts(decision).items()}
    failed = " ".join(finding.check for finding in findings if not finding.passed)
    return {"challenge": outcome.value, "failed": failed, **facts}
