"""Is this the person who is claimed? One comparison with the claimed subject's references (1:1)."""

from collections.abc import Sequence

from biometric_service.decision.open_set import decide_verification
from biometric_service.decision.policy import Question
from biometric_service.recognition.comparing import compare_subjects
from biometric_service.recognition.recording import decision_facts, event_of
from biometric_service.recognition.requests import Recognition, VerificationRequest
from biometric_service.recognition.vouching import vouched
from biometric_service.recognition.walk import Observation, Walk, best_quality, observe, operating_point, require_member
from biometric_service.vocabulary.decisions import Decision
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.trace import SILENT, Trace


def verify(walk: Walk, request: VerificationRequest, caller: Caller, trace: Trace = SILENT) -> Recognition:
    """Verify the claim that the images are of the subject.

    Raises SUBJECT_UNKNOWN, GALLERY_UNKNOWN and what ``identify`` raises.
    """
    subject = require_member(walk, request.subject, request.gallery)
    observed = observe(walk, vouched(walk, request.images, caller, EventKind.VERIFICATION), trace)
    decision = decide_claim(walk, observed, subject, caller, trace)
    facts = {**decision_facts(decision), **request.terms}
    event = event_of(EventKind.VERIFICATION, caller, observed, subject, request.gallery, facts)
    return Recognition(decision, tuple(each.report() for each in observed), walk.store.record(event))


def decide_claim(
    walk: Walk, observed: Sequence[Observation], subject: SubjectId, caller: Caller, trace: Trace = SILENT
) -> Decision:
    """Compare what was observed with the subject's references and decide at the verification's operating point."""
    parts = compare_subjects(walk, observed, [subject], trace)[subject]
    point = operating_point(walk, caller, Question.VERIFICATION)
    return decide_verification(subject, parts, best_quality(observed), point)
