"""The open-set decision: a match, a review, nobody known, or a reason why none of them can be said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from biometric_service.decision import reasons
from biometric_service.decision.fusion import best_parts, join
from biometric_service.decision.policy import Thresholds, thresholds
from biometric_service.vocabulary.candidates import Candidate, CandidateList, PartScore
from biometric_service.vocabulary.decisions import Decision, OperatingPoint, Outcome
from biometric_service.vocabulary.references import SubjectId


@dataclass(frozen=True, slots=True)
class _Ruling:
    outcome: Outcome
    reasons: Iterable[str]


def decide_identification(candidates: CandidateList, usable: bool, point: OperatingPoint) -> Decision:  # noqa: FBT001
    """Who it is, at the operating point's FPIR.

    ``usable``: whether a template was made of any sample. MATCH names the one subject at or above the threshold, even
    where the search was incomplete (the reasons say so); two subjects there, or a best one between the thresholds, are
    for an officer to review. UNKNOWN is said of a complete search only.
    """
    needed = thresholds(point, candidates.searched)
    found = candidates.candidates
    ruling = _identification(candidates, needed, point) if usable else _recapture()
    return _decision(ruling, found, needed, point, candidates.searched)


def decide_verification(
    subject: SubjectId,
    parts: Sequence[PartScore],
    usable: bool,  # noqa: FBT001
    point: OperatingPoint,
) -> Decision:
    """Whether it is the claimed subject, at the operating point's FMR.

    ``parts``: every comparison of the probe with the subject's references. RECAPTURE where no sample was usable, or
    where the subject has no reference of what was captured, which proves nothing either way.
    """
    needed = thresholds(point, len(parts))
    found = (Candidate(subject, join(parts), best_parts(parts)),) if parts else ()
    ruling = _verification(found, needed, point, len(parts)) if usable else _recapture()
    return _decision(ruling, found, needed, point, len(parts))


def _identification(candidates: CandidateList, needed: Thresholds, point: OperatingPoint) -> _Ruling:
    found = candidates.candidates
    partly = () if candidates.complete else (reasons.INCOMPLETE,)
    if not found:
        nobody = (reasons.nobody(candidates.searched),)
        return _Ruling(Outcome.UNKNOWN, nobody) if candidates.complete else _Ruling(Outcome.INCOMPLETE, partly)
    figures = reasons.identification(found[0].score, needed, point, candidates.searched)
    same = sum(candidate.score >= needed.match for candidate in found)
    if same > 1:
        return _Ruling(Outcome.REVIEW, (figures, reasons.several(same), *partly))
    if same:
        return _Ruling(Outcome.MATCH, (figures, *partly))
    if found[0].score >= needed.review:
        return _Ruling(Outcome.REVIEW, (figures, *partly))
    return _Ruling(Outcome.UNKNOWN if candidates.complete else Outcome.INCOMPLETE, (figures, *partly))


def _verification(found: Sequence[Candidate], needed: Thresholds, point: OperatingPoint, comparisons: int) -> _Ruling:
    if not found:
        return _Ruling(Outcome.RECAPTURE, (reasons.NOTHING_TO_COMPARE,))
    score = found[0].score
    outcome = Outcome.MATCH if score >= needed.match else Outcome.REVIEW if score >= needed.review else Outcome.NO_MATCH
    return _Ruling(outcome, (reasons.verification(score, needed, point, comparisons),))


def _recapture() -> _Ruling:
    return _Ruling(Outcome.RECAPTURE, (reasons.NOT_USABLE,))


def _decision(
    ruling: _Ruling, found: Sequence[Candidate], needed: Thresholds, point: OperatingPoint, searched: int
) -> Decision:
    return Decision(
        outcome=ruling.outcome,
        subject=found[0].subject if ruling.outcome is Outcome.MATCH else None,
        operating_point=point,
        threshold=needed.match,
        review_threshold=needed.review,
        margin=found[0].score - found[1].score if len(found) > 1 else None,
        candidates=tuple(found),
        searched=searched,
        reasons=tuple(ruling.reasons),
    )
