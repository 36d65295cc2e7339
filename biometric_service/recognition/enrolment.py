"""Keep a person: quality gates, a search for the same person under another id, then one transaction."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import uuid4

from biometric_service.decision.open_set import decide_identification
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.comparing import compare
from biometric_service.recognition.recording import decision_facts, event_of
from biometric_service.recognition.requests import Enrolment, EnrolmentOutcome, EnrolmentRequest, GivenImage
from biometric_service.recognition.walk import Observation, Walk, observe, search, with_template
from biometric_service.vocabulary.decisions import Decision, Outcome
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    Encounter,
    EncounterId,
    EnrolledSample,
)

HINDRANCES: Mapping[Outcome, EnrolmentOutcome] = {
    Outcome.MATCH: EnrolmentOutcome.DUPLICATE_SUSPECTED,
    Outcome.REVIEW: EnrolmentOutcome.DUPLICATE_SUSPECTED,
    Outcome.INCOMPLETE: EnrolmentOutcome.SEARCH_INCOMPLETE,
}
"""What the search for duplicates may find that keeps a person from being enrolled."""


def enrol(walk: Walk, request: EnrolmentRequest, caller: Caller) -> Enrolment:
    """Enrol a new subject.

    Every image must be usable, or nothing is kept (RECAPTURE says what to do better). A person who seems to be
    enrolled under another id is kept only where the request says that an officer has looked (``despite_duplicates``),
    and nobody is kept on an incomplete search. One enrolment at a time searches and keeps, so that the same person
    cannot come in twice at once. Whatever becomes of it is in the audit log.
    Raises SUBJECT_EXISTS, GALLERY_UNKNOWN and what ``identify`` raises.
    """
    _require_new(walk, request)
    observed = observe(walk, request.images)
    if len(with_template(observed)) < len(observed):
        return _refused(walk, request, caller, observed, None, EnrolmentOutcome.RECAPTURE)
    with walk.store.enrolling():
        duplicates = search_duplicates(walk, observed)
        hindrance = HINDRANCES.get(duplicates.outcome)
        if hindrance is EnrolmentOutcome.DUPLICATE_SUSPECTED and request.despite_duplicates:
            hindrance = None
        if hindrance is not None:
            return _refused(walk, request, caller, observed, duplicates, hindrance)
        return _kept(walk, request, caller, observed, duplicates)


def search_duplicates(walk: Walk, observed: Sequence[Observation]) -> Decision:
    """The same person under another id, among everyone ever enrolled."""
    candidates = compare(walk, observed, search(walk, observed, ALL_GALLERIES))
    return decide_identification(candidates, bool(with_template(observed)), walk.policy.duplicates)


def _require_new(walk: Walk, request: EnrolmentRequest) -> None:
    try:
        walk.store.subject(request.subject)
    except BiometricServiceError as fault:
        if fault.code is ErrorCode.SUBJECT_UNKNOWN:
            return
        raise
    raise BiometricServiceError(
        ErrorCode.SUBJECT_EXISTS,
        f"A subject {request.subject} is enrolled already.",
        "Verify the person against that record, or enrol under another id.",
    )


def _kept(
    walk: Walk, request: EnrolmentRequest, caller: Caller, observed: Sequence[Observation], duplicates: Decision
) -> Enrolment:
    encounter = Encounter(
        request.subject,
        EncounterId(str(uuid4())),
        request.galleries,
        datetime.now(UTC),
        tuple(_enrolled(each) for each in observed),
        request.exceptions,
    )
    change = walk.store.enrol(encounter, _event(request, caller, observed, duplicates, EnrolmentOutcome.ENROLLED))
    reports = tuple(each.report() for each in observed)
    return Enrolment(EnrolmentOutcome.ENROLLED, request.subject, encounter.encounter, change, reports, duplicates)


def _enrolled(each: Observation) -> EnrolledSample:
    assert isinstance(each.image, GivenImage)
    assert each.sample is not None
    assert each.template is not None
    assert each.quality is not None
    return EnrolledSample(each.sample.facts(), each.image.data, (each.template,), each.quality.score)


def _refused(  # noqa: PLR0913, PLR0917 - everything that the audit log is told
    walk: Walk,
    request: EnrolmentRequest,
    caller: Caller,
    observed: Sequence[Observation],
    duplicates: Decision | None,
    outcome: EnrolmentOutcome,
) -> Enrolment:
    walk.store.record(_event(request, caller, observed, duplicates, outcome))
    return Enrolment(outcome, request.subject, None, None, tuple(each.report() for each in observed), duplicates)


def _event(
    request: EnrolmentRequest,
    caller: Caller,
    observed: Sequence[Observation],
    duplicates: Decision | None,
    outcome: EnrolmentOutcome,
) -> AuditEvent:
    kept = outcome is EnrolmentOutcome.ENROLLED
    details = {
        "enrolment": outcome.value,
        "galleries": " ".join(sorted(request.galleries)),
        "samples": str(len(observed)),
        "exceptions": " ".join(f"{each.position.name.lower()}:{each.kind.value}" for each in request.exceptions),
        "despite_duplicates": str(request.despite_duplicates).lower(),
    }
    if duplicates is not None:
        details |= {f"duplicates_{name}": fact for name, fact in decision_facts(duplicates).items()}
    kind = EventKind.SUBJECT_ENROLLED if kept else EventKind.ENROLMENT_REFUSED
    return event_of(kind, caller, observed, request.subject, None, details)
