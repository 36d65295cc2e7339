"""Keep a person: quality gates, a search for the same person under another id, then one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from biometric_service.decision.open_set import decide_identification
from biometric_service.decision.policy import Question
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.adjudication import Doubt, doubtful, refer
from biometric_service.recognition.comparing import compare
from biometric_service.recognition.fingers_apart import like_fingers
from biometric_service.recognition.recording import decision_facts, event_of
from biometric_service.recognition.requests import (
    Enrolment,
    EnrolmentOutcome,
    EnrolmentRequest,
    GivenImage,
    LikeFingers,
)
from biometric_service.recognition.vouching import images_vouched
from biometric_service.recognition.walk import (
    Observation,
    Walk,
    best_quality,
    observe,
    operating_point,
    search,
    with_template,
)
from biometric_service.vocabulary.adjudication import Origin
from biometric_service.vocabulary.decisions import Decision, Outcome
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    UNGUARDED,
    Encounter,
    EncounterId,
    EnrolledSample,
    GalleryId,
    Guard,
    SubjectId,
)

HINDRANCES: Mapping[Outcome, EnrolmentOutcome] = {
    Outcome.MATCH: EnrolmentOutcome.DUPLICATE_SUSPECTED,
    Outcome.REVIEW: EnrolmentOutcome.DUPLICATE_SUSPECTED,
    Outcome.INCOMPLETE: EnrolmentOutcome.SEARCH_INCOMPLETE,
    Outcome.RECAPTURE: EnrolmentOutcome.RECAPTURE,
}
"""What the search for duplicates may find that keeps a person from being enrolled."""

EVENTS: Mapping[EnrolmentOutcome, EventKind] = {
    EnrolmentOutcome.ENROLLED: EventKind.SUBJECT_ENROLLED,
    EnrolmentOutcome.ENCOUNTER_ADDED: EventKind.ENCOUNTER_ADDED,
}
"""What the audit log calls the outcomes that keep something; every other is a refusal."""


REFERRED: Mapping[EnrolmentOutcome, Origin] = {
    EnrolmentOutcome.ENROLLED: Origin.KEPT,
    EnrolmentOutcome.ENCOUNTER_ADDED: Origin.KEPT,
    EnrolmentOutcome.DUPLICATE_SUSPECTED: Origin.REFUSED,
}
"""Outcomes whose likenesses to others are judged by people afterwards."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What became of the images, and what was found on the way to the outcome."""

    observed: Sequence[Observation]
    outcome: EnrolmentOutcome
    duplicates: Decision | None = None
    claim: Decision | None = None
    alike: tuple[LikeFingers, ...] = ()


def enrol(walk: Walk, request: EnrolmentRequest, caller: Caller, guard: Guard = UNGUARDED) -> Enrolment:
    """Enrol a new subject.

    Every image must be usable, or nothing is kept (RECAPTURE says what to do better). A person who seems to be
    enrolled under another id, or to have a finger twice (FINGERS_CONFUSED), is kept only where the request says that an
    officer has looked (``despite_duplicates``), and nobody is kept on an incomplete search. One enrolment at a time
    searches and keeps, in all processes, so that the same person cannot come in twice at once. Whatever becomes of it
    is in the audit log.
    Raises SUBJECT_EXISTS, GALLERY_UNKNOWN and what ``identify`` raises.
    """
    made = _made_before(walk, request, guard)
    if made is not None:
        return made
    request = replace(request, images=images_vouched(walk, request.images, caller, EventKind.SUBJECT_ENROLLED))
    observed = observe(walk, request.images)
    unfit = unfit_to_keep(walk, observed, request, caller)
    if unfit is not None:
        return keep_or_refuse(walk, request, caller, unfit, guard)
    with walk.store.enrolling():
        made = _made_before(walk, request, guard)
        if made is not None:
            return made
        return keep_or_refuse(walk, request, caller, _search(walk, observed, request, caller), guard)


def rehearse(walk: Walk, request: EnrolmentRequest, caller: Caller) -> Enrolment:
    """What would become of an enrolment now: it is refused as it would be, cases and all, and otherwise not kept yet.

    ENROLLED says that nothing was in its way; no encounter is named. Raises what ``enrol`` raises.
    """
    require_new(walk, request.subject)
    request = replace(request, images=images_vouched(walk, request.images, caller, EventKind.INTAKE_SEARCHED))
    observed = observe(walk, request.images)
    findings = unfit_to_keep(walk, observed, request, caller) or _search(walk, observed, request, caller)
    if findings.outcome is EnrolmentOutcome.ENROLLED:
        return _enrolment(request, findings)
    return keep_or_refuse(walk, request, caller, findings, UNGUARDED)


def _search(walk: Walk, observed: Sequence[Observation], request: EnrolmentRequest, caller: Caller) -> Findings:
    duplicates = search_duplicates(walk, observed, caller)
    outcome = HINDRANCES.get(duplicates.outcome, EnrolmentOutcome.ENROLLED)
    looked_at = request.despite_duplicates or doubtful(duplicates, request.judged_apart) == ()
    if outcome is EnrolmentOutcome.DUPLICATE_SUSPECTED and looked_at:
        outcome = EnrolmentOutcome.ENROLLED
    return Findings(observed, outcome, duplicates)


def unfit_to_keep(
    walk: Walk, observed: Sequence[Observation], request: EnrolmentRequest, caller: Caller
) -> Findings | None:
    """Why these samples may not be kept, whoever they are of; None where they may."""
    if len(with_template(observed)) < len(observed):
        return Findings(observed, EnrolmentOutcome.RECAPTURE)
    alike = () if request.despite_duplicates else like_fingers(walk, observed, caller)
    return Findings(observed, EnrolmentOutcome.FINGERS_CONFUSED, alike=alike) if alike else None


def search_duplicates(walk: Walk, observed: Sequence[Observation], caller: Caller) -> Decision:
    """The same person under another id, among everyone ever enrolled."""
    candidates = compare(walk, observed, search(walk, observed, ALL_GALLERIES))
    candidates = replace(candidates, incomparable=False)  # whoever is the first of a kind is nobody's duplicate
    point = operating_point(walk, caller, Question.DUPLICATES)
    return decide_identification(candidates, best_quality(observed), point)


def kept_before(walk: Walk, request: EnrolmentRequest, guard: Guard, outcome: EnrolmentOutcome) -> Enrolment | None:
    """What is known of a request that kept its encounter once already and was cut off before its answer."""
    change = walk.answers.change_made(guard.once) if guard.once else None
    if change is None:
        return None
    return Enrolment(outcome, request.subject, request.encounter, change, (), None)


def _made_before(walk: Walk, request: EnrolmentRequest, guard: Guard) -> Enrolment | None:
    """None for a new subject, what is known where this very request made it; SUBJECT_EXISTS."""
    made = kept_before(walk, request, guard, EnrolmentOutcome.ENROLLED)
    if made is None:
        require_new(walk, request.subject)
    return made


def keep_or_refuse(
    walk: Walk, request: EnrolmentRequest, caller: Caller, findings: Findings, guard: Guard
) -> Enrolment:
    """Keep the encounter where the outcome says so; either way the audit log is told.

    Cases are opened before, so that none is lost where the work is cut off.
    """
    event = _event(request, caller, findings)
    refer_duplicates(walk, findings, request.subject, request.galleries, caller, request.judged_apart)
    if findings.outcome not in EVENTS:
        walk.store.record(event)
        return _enrolment(request, findings)
    encounter = _encounter(request, findings.observed)
    keep = walk.store.enrol if findings.outcome is EnrolmentOutcome.ENROLLED else walk.store.add_encounter
    change = keep(encounter, event, guard)
    return replace(_enrolment(request, findings), encounter=encounter.encounter, change=change)


def refer_duplicates(  # noqa: PLR0913, PLR0917 - a case has this many parts
    walk: Walk,
    findings: Findings,
    subject: SubjectId,
    galleries: frozenset[GalleryId],
    caller: Caller,
    apart: frozenset[SubjectId] = frozenset(),
) -> None:
    """Open a case for each likeness to somebody else that people are to judge, whatever becomes of the encounter."""
    if findings.duplicates is not None and findings.outcome in REFERRED:
        origin = REFERRED[findings.outcome]
        refer(walk, Doubt(findings.observed, findings.duplicates, origin, subject, galleries, apart), caller)


def _enrolment(request: EnrolmentRequest, findings: Findings) -> Enrolment:
    reports = tuple(each.report() for each in findings.observed)
    return Enrolment(
        findings.outcome, request.subject, None, None, reports, findings.duplicates, findings.claim, findings.alike
    )


def require_new(walk: Walk, subject: SubjectId) -> None:
    """SUBJECT_EXISTS where somebody is enrolled under the id."""
    try:
        walk.store.subject(subject)
    except BiometricServiceError as fault:
        if fault.code is ErrorCode.SUBJECT_UNKNOWN:
            return
        raise
    raise BiometricServiceError.of(ErrorCode.SUBJECT_EXISTS, "enrolled", subject=subject)


def _encounter(request: EnrolmentRequest, observed: Sequence[Observation]) -> Encounter:
    return Encounter(
        request.subject,
        request.encounter or EncounterId(str(uuid4())),
        request.galleries,
        datetime.now(UTC),
        tuple(_enrolled(each) for each in observed),
        request.exceptions,
        request.circumstances,
    )


def _enrolled(each: Observation) -> EnrolledSample:
    assert isinstance(each.image, GivenImage)
    assert each.sample is not None
    assert each.template is not None
    assert each.quality is not None
    return EnrolledSample(each.sample.facts(), each.image.data, (each.template,), each.quality.score)


def _event(request: EnrolmentRequest, caller: Caller, findings: Findings) -> AuditEvent:
    details = {
        "enrolment": findings.outcome.value,
        "galleries": " ".join(sorted(request.galleries)),
        "samples": str(len(findings.observed)),
        "exceptions": " ".join(f"{each.position.name.lower()}:{each.kind.value}" for each in request.exceptions),
        "despite_duplicates": str(request.despite_duplicates).lower(),
    }
    if request.judged_apart:
        details["judged_apart"] = " ".join(sorted(request.judged_apart))
    details |= finding_facts(findings)
    kind = EVENTS.get(findings.outcome, EventKind.ENROLMENT_REFUSED)
    return event_of(kind, caller, findings.observed, request.subject, None, details)


def finding_facts(findings: Findings) -> dict[str, str]:
    """What was found on the way to the outcome, in short."""
    found = {"alike": " ".join(_in_short(each) for each in findings.alike)} if findings.alike else {}
    for what, decision in (("duplicates", findings.duplicates), ("claim", findings.claim)):
        if decision is not None:
            found |= {f"{what}_{name}": fact for name, fact in decision_facts(decision).items()}
    return found


def _in_short(alike: LikeFingers) -> str:
    """Such as ``right_index=left_index=5.20``."""
    return "=".join([*(each.name.lower() for each in alike.positions), f"{alike.score:.2f}"])
