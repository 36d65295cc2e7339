"""People judge where the machine is not sure: two who do not know of one another, and a third where they disagree.

What was likened (an enrolment with somebody who is enrolled, a search that asks for a look) becomes a case. A reviewer
sees what the others said once the case is closed. Closed cases are labelled evidence: the scores, and who is who.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition import people
from biometric_service.recognition.requests import GivenImage
from biometric_service.recognition.walk import Observation, Walk
from biometric_service.vocabulary.adjudication import (
    Case,
    Consequence,
    Likened,
    Likeness,
    NewCase,
    Origin,
    ProbeImage,
    Review,
    Verdict,
)
from biometric_service.vocabulary.candidates import Candidate
from biometric_service.vocabulary.decisions import Decision, Outcome
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.protocols import CaseStore, EncounterStore, ReferenceStore
from biometric_service.vocabulary.references import UNGUARDED, ChangeNumber, GalleryId, Guard, SubjectId

REVIEWERS = 2
"""How many judge a case at least; one more where they disagree."""

_FOLLOWS = {
    (Origin.KEPT, Verdict.SAME_PERSON): Consequence.MERGE,
    (Origin.REFUSED, Verdict.SAME_PERSON): Consequence.REFUSE,
    (Origin.REFUSED, Verdict.DIFFERENT_PEOPLE): Consequence.ENROL,
    (Origin.REFUSED, Verdict.UNSURE): Consequence.REFUSE,
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """What there is to judge: the probe, what the machine made of it, and what became of it.

    ``apart``: whom reviewers found to be other people than the subject already; nobody judges that again.
    """

    observed: Sequence[Observation]
    decision: Decision
    origin: Origin
    subject: SubjectId | None
    galleries: frozenset[GalleryId]
    apart: frozenset[SubjectId] = frozenset()


def refer(walk: Walk, doubt: Doubt, caller: Caller) -> Sequence[str]:
    """Open a case for each candidate that is as like as asks for a look; returns their ids.

    None where the policy says that reviews of this purpose and question are not adjudicated.
    """
    if not doubt.decision.operating_point.adjudicate:
        return []
    apart = doubt.apart if doubt.subject is None else doubt.apart | {doubt.subject}
    return [open_case(walk, doubt, candidate, caller) for candidate in doubtful(doubt.decision, apart)]


def doubtful(decision: Decision, apart: Collection[SubjectId] = ()) -> Sequence[Candidate]:
    """Who of a match or a review is as like as asks for a look, the likest first, but for those who are known."""
    if decision.outcome not in {Outcome.MATCH, Outcome.REVIEW}:
        return ()
    alike = (each for each in decision.candidates if each.score >= decision.review_threshold)
    return tuple(each for each in alike if each.subject not in apart)


def open_case(walk: Walk, doubt: Doubt, candidate: Candidate, caller: Caller) -> str:
    """Open a case of the probe and one candidate, whatever the policy says; returns the id of the one that is open."""
    evidence = tuple(each.digest for each in doubt.observed)
    present = walk.cases.open_already(Likened(doubt.subject, candidate.subject, evidence))
    return present or _opened(walk, doubt, candidate, evidence, caller)


def review(cases: CaseStore, case: str, verdict: Verdict, note: str, caller: Caller) -> Case:
    """Judge a case; what the judge may see of it then.

    CASE_UNKNOWN; CASE_CONFLICT where it is closed, or the caller has judged it already or did what it comes from.
    """
    said = Review(caller.officer, datetime.now(UTC), verdict, note)
    event = case_event(EventKind.CASE_REVIEWED, caller, case=case)
    return seen_by(cases.review(case, said, event, outcome_of), caller)


def case_event(kind: EventKind, caller: Caller, **facts: str) -> AuditEvent:
    """An event of now about cases."""
    return AuditEvent(kind, datetime.now(UTC), caller, None, None, facts)


def outcome_of(verdicts: Sequence[Verdict]) -> Verdict | None:
    """What two of the reviewers agree in, UNSURE where no two of three do; None while another one is needed."""
    most, agreeing = Counter(verdicts).most_common(1)[0]
    if agreeing >= REVIEWERS:
        return most
    return Verdict.UNSURE if len(verdicts) > REVIEWERS else None


def seen_by(case: Case, reviewer: Caller) -> Case:
    """The case as the reviewer may see it: blind to the others while it is open."""
    if case.outcome is not None:
        return case
    return replace(case, reviews=tuple(each for each in case.reviews if reviewer.is_one_of(each.reviewer)))


def follows(case: Case) -> Consequence | None:
    """What follows from the outcome, None while there is none."""
    return None if case.outcome is None else _FOLLOWS.get((case.origin, case.outcome), Consequence.NOTHING)


def merge(encounters: EncounterStore, case: Case, caller: Caller, guard: Guard = UNGUARDED) -> ChangeNumber:
    """Join the two of a case, as its outcome says; CASE_CONFLICT where it says something else."""
    return people.merge(encounters, *to_merge(case), caller, guard)


def to_merge(case: Case) -> tuple[SubjectId, SubjectId]:
    """Whose encounters go, and who gets them; CASE_CONFLICT where no merge follows from the case."""
    if case.subject is None or follows(case) is not Consequence.MERGE:
        raise BiometricServiceError.of(ErrorCode.CASE_CONFLICT, "no_merge")
    return case.subject, case.candidate


def candidate_images(store: ReferenceStore, case: Case) -> Sequence[ProbeImage]:
    """The images behind the candidate's references that were compared, as far as they are still kept."""
    shown = {part.reference: part for part in case.likeness.parts}
    present = {reference.id for reference in store.references(case.candidate)}
    return [
        ProbeImage(part.modality, part.position, store.image(reference))
        for reference, part in shown.items()
        if reference in present
    ]


def _opened(walk: Walk, doubt: Doubt, candidate: Candidate, evidence: tuple[str, ...], caller: Caller) -> str:
    likeness = Likeness(candidate.score, doubt.decision.review_threshold, candidate.parts, evidence)
    galleries = doubt.galleries | walk.store.subject(candidate.subject).galleries
    probe = tuple(map(_image, doubt.observed))
    case = NewCase(uuid4().hex, doubt.origin, doubt.subject, candidate.subject, galleries, likeness, probe)
    details = {
        "case": case.id,
        "candidate": candidate.subject,
        "origin": doubt.origin,
        "score": f"{candidate.score:.2f}",
    }
    event = AuditEvent(EventKind.CASE_OPENED, datetime.now(UTC), caller, doubt.subject, None, details, evidence)
    return walk.cases.open(case, event)


def _image(each: Observation) -> ProbeImage:
    data = each.image.data if isinstance(each.image, GivenImage) else b""
    return ProbeImage(each.image.modality, each.image.position, data)
