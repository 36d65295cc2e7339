"""Keep an encounter that was made ready by another contract: by the search, claim, turn and cases of an enrolment here.

Samples of no use for comparing are kept with it, and an encounter may have no other: nobody is searched for then.
"""

from collections.abc import Callable
from dataclasses import dataclass

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.enrolment import (
    EVENTS,
    HINDRANCES,
    Findings,
    finding_facts,
    refer_duplicates,
    require_new,
    search_duplicates,
)
from biometric_service.recognition.fingers_apart import like_fingers
from biometric_service.recognition.recapture import check_claim, others_as_like
from biometric_service.recognition.recording import event_of
from biometric_service.recognition.requests import EnrolmentOutcome
from biometric_service.recognition.walk import Observation, Walk, with_template
from biometric_service.references.refusals import subject_merged
from biometric_service.vocabulary.decisions import Decision, Outcome
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import UNGUARDED, ChangeNumber, Encounter, Guard

Keep = Callable[[Encounter, AuditEvent, Guard], ChangeNumber]


@dataclass(frozen=True, slots=True)
class Offered:
    """An encounter as it would be kept, and what was made of its samples.

    ``keep_duplicates``: somebody who seems to be enrolled under another id is kept, and a case for reviewers; whoever
    does not verify as the subject is refused all the same.
    """

    encounter: Encounter
    observed: tuple[Observation, ...]
    keep_duplicates: bool


@dataclass(frozen=True, slots=True)
class _Keeping:
    """How an encounter is kept, and what the audit log calls that."""

    kind: EventKind
    keep: Keep
    guard: Guard


def enrol_offered(walk: Walk, offered: Offered, caller: Caller, guard: Guard = UNGUARDED) -> Findings:
    """Keep it as the first of a new subject.

    Raises SUBJECT_EXISTS, ENROLMENT_REFUSED where fingers seem confused or the person enrolled, SAMPLES_UNUSABLE,
    SEARCH_INCOMPLETE, STORE_BUSY and what ``ReferenceStore.enrol`` raises.
    """
    with walk.store.enrolling():
        require_new(walk, offered.encounter.subject)
        findings = _as_newcomer(walk, offered, caller, EnrolmentOutcome.ENROLLED)
        keeping = _Keeping(EventKind.SUBJECT_ENROLLED, walk.store.enrol, guard)
        return _keep_or_refuse(walk, offered, findings, caller, keeping)


def add_offered(walk: Walk, offered: Offered, caller: Caller, guard: Guard = UNGUARDED) -> Findings:
    """Keep it beside what is kept of the subject, who must verify as that person, and as whoever was captured first.

    Raises SUBJECT_MERGED, what ``enrol_offered`` raises but SUBJECT_EXISTS, and what ``ReferenceStore.add_encounter``
    raises.
    """
    with walk.store.enrolling():
        findings = _as_subject(walk, offered, caller)
        keeping = _Keeping(EventKind.ENCOUNTER_ADDED, walk.store.add_encounter, guard)
        return _keep_or_refuse(walk, offered, findings, caller, keeping)


def replace_offered(walk: Walk, offered: Offered, caller: Caller, guard: Guard = UNGUARDED) -> Findings:
    """Put it in the place of the encounter with its id; the person must verify as with ``add_offered``.

    What is replaced counts as what is kept, for it may be all by which the subject is known. Then it is not replaced by
    nothing either: whoever came next would be the subject. Raises what ``add_offered`` and ``EncounterStore.replace``
    raise.
    """
    with walk.store.enrolling():
        findings = _as_subject(walk, offered, caller)
        if not with_template(offered.observed) and _is_last_likeness(walk, offered.encounter):
            findings = Findings(offered.observed, EnrolmentOutcome.IDENTITY_DOUBTED)
        keeping = _Keeping(EventKind.ENCOUNTER_REPLACED, walk.encounters.replace, guard)
        return _keep_or_refuse(walk, offered, findings, caller, keeping)


def _is_last_likeness(walk: Walk, encounter: Encounter) -> bool:
    """Whether the subject is known by the encounter with this id alone."""
    kept = (each.encounter for each in walk.encounters.encounters(encounter.subject))
    known_by = [each.encounter for each in kept if any(sample.templates for sample in each.samples)]
    return known_by == [encounter.encounter]


def _as_newcomer(walk: Walk, offered: Offered, caller: Caller, kept: EnrolmentOutcome) -> Findings:
    """Whether anybody else is as like; ``kept``: the outcome where nothing is in the way."""
    observed = offered.observed
    if not with_template(observed):
        return Findings(observed, kept)
    if alike := like_fingers(walk, observed, caller):
        return Findings(observed, EnrolmentOutcome.FINGERS_CONFUSED, alike=alike)
    others = search_duplicates(walk, observed, caller)
    outcome = HINDRANCES.get(others.outcome, kept)
    if outcome is EnrolmentOutcome.DUPLICATE_SUSPECTED and offered.keep_duplicates:
        outcome = kept
    return Findings(observed, outcome, others)


def _as_subject(walk: Walk, offered: Offered, caller: Caller) -> Findings:
    """Whether it is the subject and nobody else; who has nothing kept to compare with comes in as a newcomer does."""
    subject, observed = offered.encounter.subject, offered.observed
    merged_into = walk.store.subject(subject).merged_into
    if merged_into is not None:
        raise subject_merged(subject, merged_into)
    if not with_template(observed) or not walk.store.references(subject):
        return _as_newcomer(walk, offered, caller, EnrolmentOutcome.ENCOUNTER_ADDED)
    if alike := like_fingers(walk, observed, caller):
        return Findings(observed, EnrolmentOutcome.FINGERS_CONFUSED, alike=alike)
    claim = check_claim(walk, observed, subject, caller)
    others = search_duplicates(walk, observed, caller)
    return Findings(observed, _outcome(offered, claim, others), others, claim)


def _outcome(offered: Offered, claim: Decision, others: Decision) -> EnrolmentOutcome:
    if others.outcome is Outcome.INCOMPLETE:
        return EnrolmentOutcome.SEARCH_INCOMPLETE
    if claim.outcome is not Outcome.MATCH:
        return EnrolmentOutcome.IDENTITY_DOUBTED
    if others_as_like(offered.encounter.subject, others) and not offered.keep_duplicates:
        return EnrolmentOutcome.DUPLICATE_SUSPECTED
    return EnrolmentOutcome.ENCOUNTER_ADDED


def _keep_or_refuse(walk: Walk, offered: Offered, findings: Findings, caller: Caller, keeping: _Keeping) -> Findings:
    """Cases are opened before, so that none is lost where the work is cut off; a refusal is in the audit log."""
    encounter = offered.encounter
    refer_duplicates(walk, findings, encounter.subject, encounter.galleries, caller)
    if findings.outcome in EVENTS:
        keeping.keep(encounter, _event(offered, findings, caller, keeping.kind), keeping.guard)
        return findings
    walk.store.record(_event(offered, findings, caller, EventKind.ENROLMENT_REFUSED))
    raise _refusal(findings.outcome)


def _refusal(outcome: EnrolmentOutcome) -> BiometricServiceError:
    match outcome:
        case EnrolmentOutcome.SEARCH_INCOMPLETE:
            return BiometricServiceError.of(ErrorCode.SEARCH_INCOMPLETE, "enrolment")
        case EnrolmentOutcome.DUPLICATE_SUSPECTED:
            return BiometricServiceError.of(ErrorCode.ENROLMENT_REFUSED, "duplicate_suspected")
        case EnrolmentOutcome.FINGERS_CONFUSED:
            return BiometricServiceError.of(ErrorCode.ENROLMENT_REFUSED, "fingers_confused")
        case EnrolmentOutcome.IDENTITY_DOUBTED:
            return BiometricServiceError.of(ErrorCode.ENROLMENT_REFUSED, "identity_doubted")
    return BiometricServiceError.of(ErrorCode.SAMPLES_UNUSABLE, "enrolment")


def _event(offered: Offered, findings: Findings, caller: Caller, kind: EventKind) -> AuditEvent:
    encounter = offered.encounter
    details = {
        "enrolment": findings.outcome.value,
        "encounter": encounter.encounter,
        "galleries": " ".join(sorted(encounter.galleries)),
        "samples": str(len(encounter.samples)),
        "usable": str(len(with_template(findings.observed))),
    }
    return event_of(kind, caller, findings.observed, encounter.subject, None, details | finding_facts(findings))
