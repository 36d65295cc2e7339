"""Keep a further encounter of a person who is enrolled: it must be that person, and nobody else."""

from collections.abc import Sequence
from dataclasses import replace

from biometric_service.decision.open_set import decide_verification
from biometric_service.decision.policy import Question
from biometric_service.recognition.comparing import compare_references
from biometric_service.recognition.enrolment import (
    Findings,
    keep_or_refuse,
    kept_before,
    search_duplicates,
    unfit_to_keep,
)
from biometric_service.recognition.requests import Enrolment, EnrolmentOutcome, EnrolmentRequest
from biometric_service.recognition.verification import decide_claim
from biometric_service.recognition.vouching import images_vouched
from biometric_service.recognition.walk import (
    Observation,
    Walk,
    best_quality,
    observe,
    operating_point,
    present_subject,
)
from biometric_service.vocabulary.candidates import Candidate, PartScore
from biometric_service.vocabulary.decisions import Decision, Outcome
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import UNGUARDED, Encounter, Guard, Reference, ReferenceId, SubjectId


def add_encounter(walk: Walk, request: EnrolmentRequest, caller: Caller, guard: Guard = UNGUARDED) -> Enrolment:
    """Keep what was captured now beside what is kept of the subject already.

    Every image must be usable (RECAPTURE) and no finger there twice (FINGERS_CONFUSED). The person must verify as the
    subject, and as whoever was captured first under that id (IDENTITY_DOUBTED): a record follows a person who ages, and
    never drifts from one likeness to the next until it is somebody else's. Nobody else may be as like
    (DUPLICATE_SUSPECTED). These two are kept only where an officer has looked (``despite_duplicates``). Raises
    SUBJECT_UNKNOWN, ENCOUNTER_EXISTS, VERSION_MISMATCH and what ``enrol`` raises.
    """
    made = kept_before(walk, request, guard, EnrolmentOutcome.ENCOUNTER_ADDED)
    if made is not None:
        return made
    request = replace(request, subject=present_subject(walk, request.subject))
    request = replace(request, images=images_vouched(walk, request.images, caller, EventKind.ENCOUNTER_ADDED))
    observed = observe(walk, request.images)
    unfit = unfit_to_keep(walk, observed, request, caller)
    if unfit is not None:
        return keep_or_refuse(walk, request, caller, unfit, guard)
    with walk.store.enrolling():
        claim = check_claim(walk, observed, request.subject, caller)
        others = search_duplicates(walk, observed, caller)
        findings = Findings(observed, _outcome(request, claim, others), others, claim)
        return keep_or_refuse(walk, request, caller, findings, guard)


def check_claim(walk: Walk, observed: Sequence[Observation], subject: SubjectId, caller: Caller) -> Decision:
    """Whether it is the subject by everything that is kept, and where it is, whether by what was kept first."""
    claim = decide_claim(walk, observed, subject, caller)
    if claim.outcome is not Outcome.MATCH:
        return claim
    parts = [part for number, each in enumerate(observed) for part in _first_parts(walk, each, subject, number)]
    point = operating_point(walk, caller, Question.VERIFICATION)
    return decide_verification(subject, parts, best_quality(observed), point)


def _first_parts(walk: Walk, probe: Observation, subject: SubjectId, number: int) -> Sequence[PartScore]:
    """Comparisons with the oldest encounter that has something to compare the sample with."""
    kept = (_references(each.encounter) for each in walk.encounters.encounters(subject))
    compared = (compare_references(walk, [probe], references) for references in kept)
    return [replace(part, sample=number) for part in next(filter(None, compared), ())]


def _references(encounter: Encounter) -> Sequence[Reference]:
    templates = (template for sample in encounter.samples for template in sample.templates)
    return [Reference(ReferenceId(0), encounter.subject, encounter.galleries, template) for template in templates]


def others_as_like(subject: SubjectId, others: Decision) -> Sequence[Candidate]:
    """Who else is as like as asks for a look."""
    alike = (each for each in others.candidates if each.score >= others.review_threshold)
    return [candidate for candidate in alike if candidate.subject != subject]


def _outcome(request: EnrolmentRequest, claim: Decision, others: Decision) -> EnrolmentOutcome:
    if others.outcome is Outcome.INCOMPLETE:
        return EnrolmentOutcome.SEARCH_INCOMPLETE
    if request.despite_duplicates:
        return EnrolmentOutcome.ENCOUNTER_ADDED
    if others_as_like(request.subject, others):
        return EnrolmentOutcome.DUPLICATE_SUSPECTED
    return EnrolmentOutcome.ENCOUNTER_ADDED if claim.outcome is Outcome.MATCH else EnrolmentOutcome.IDENTITY_DOUBTED
