"""Who is this? The straight walk, from a captured image to a decision: read it from top to bottom."""

from biometric_service.decision.open_set import decide_identification
from biometric_service.decision.policy import Question
from biometric_service.recognition.adjudication import Doubt, refer
from biometric_service.recognition.comparing import compare, of_those
from biometric_service.recognition.recording import decision_facts, event_of
from biometric_service.recognition.requests import IdentificationRequest, Recognition
from biometric_service.recognition.vouching import vouched
from biometric_service.recognition.walk import (
    Walk,
    assess_quality,
    best_quality,
    capture,
    detect_attacks,
    extract,
    locate,
    operating_point,
    search,
)
from biometric_service.vocabulary.adjudication import Origin
from biometric_service.vocabulary.decisions import Outcome
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.trace import SILENT, Trace


def identify(walk: Walk, request: IdentificationRequest, caller: Caller, trace: Trace = SILENT) -> Recognition:
    """Identify the person in the images among everyone in the gallery (1:N, open set).

    Raises GALLERY_UNKNOWN, MODALITY_UNAVAILABLE, REQUEST_INVALID and what decoding raises. Whatever the answer is, it
    is in the audit log before it is given.
    """
    images = vouched(walk, request.images, caller, EventKind.IDENTIFICATION)  # → by which scanner, where it signed
    observed = capture(walk, images)  # bytes → BiometricSample
    observed = locate(walk, observed, trace)  # → the finger's ridge area, the subject's face
    observed = assess_quality(walk, observed)  # → how good it is and what to do better
    observed = detect_attacks(walk, observed)  # → how likely it is an attack
    observed = extract(walk, observed, trace)  # → Template
    shortlists = search(walk, observed, request.gallery)  # → the references most like each template
    candidates = compare(walk, observed, shortlists, trace)  # → subjects with calibrated scores
    candidates = of_those(candidates, request.meant)  # → of those alone who are asked about
    point = operating_point(walk, caller, Question.IDENTIFICATION)  # → the error rates to keep to
    decision = decide_identification(candidates, best_quality(observed), point)  # → match, unknown, review
    if decision.outcome is Outcome.REVIEW:
        doubt = Doubt(observed, decision, Origin.SEARCHED, None, frozenset({request.gallery}))
        refer(walk, doubt, caller)  # → a case for those who judge
    facts = {**decision_facts(decision), **request.terms}
    event = event_of(EventKind.IDENTIFICATION, caller, observed, decision.subject, request.gallery, facts)
    return Recognition(decision, tuple(each.report() for each in observed), walk.store.record(event))
