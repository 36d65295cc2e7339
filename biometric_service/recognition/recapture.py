"""Keep a further encounter of a person who is enrolled: it must be that person, and nobody else."""

from collections.abc import Sequence
from dataclasses import replace

from biometric_service.recognition.enrolment import (
    Findings,
    keep_or_refuse,
    kept_before,
    search_duplicates,
    unfit_to_keep,
)
from biometric_service.recognition.requests import Enrolment, EnrolmentOutcome, EnrolmentRequest
from biometric_service.recognition.verification import decide_claim
from biometric_service.recognition.walk import Walk, observe, present_subject
from biometric_service.vocabulary.candidates import Candidate
from biometric_service.vocabulary.decisions import Decision, Outcome
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.references import UNGUARDED, Guard


def add_encounter(walk: Walk, request: EnrolmentRequest, caller: Caller, guard: Guard = UNGUARDED) -> Enrolment:
    """Keep what was captured now beside what is kept of the subject already.

    Every image must be usable (RECAPTURE) and no finger there twice (FINGERS_CONFUSED). The person must verify as the
    subject (IDENTITY_DOUBTED) and nobody else may be as like (DUPLICATE_SUSPECTED): all but the first is kept only
    where an officer has looked (``despite_duplicates``). Raises SUBJECT_UNKNOWN, ENCOUNTER_EXISTS, VERSION_MISMATCH and
    what ``enrol`` raises.
    """
    made = kept_before(walk, request, guard, EnrolmentOutcome.ENCOUNTER_ADDED)
    if made is not None:
        return made
    request = replace(request, subject=present_subject(walk, request.subject))
    observed = observe(walk, request.images)
    unfit = unfit_to_keep(walk, observed, request, caller)
    if unfit is not None:
        return keep_or_refuse(walk, request, caller, unfit, guard)
    with walk.store.enrolling():
        claim = decide_claim(walk, observed, request.subject, caller)
        others = search_duplicates(walk, observed, caller)
        findings = Findings(observed, _outcome(request, claim, others), others, claim)
        return keep_or_refuse(walk, request, caller, findings, guard)


def _somebody_else(request: EnrolmentRequest, others: Decision) -> Sequence[Candidate]:
    return [candidate for candidate in others.candidates if candidate.subject != request.subject]


def _outcome(request: EnrolmentRequest, claim: Decision, others: Decision) -> EnrolmentOutcome:
    if others.outcome is Outcome.INCOMPLETE:
        return EnrolmentOutcome.SEARCH_INCOMPLETE
    if request.despite_duplicates:
        return EnrolmentOutcome.ENCOUNTER_ADDED
    if any(candidate.score >= others.review_threshold for candidate in _somebody_else(request, others)):
        return EnrolmentOutcome.DUPLICATE_SUSPECTED
    return EnrolmentOutcome.ENCOUNTER_ADDED if claim.outcome is Outcome.MATCH else EnrolmentOutcome.IDENTITY_DOUBTED
