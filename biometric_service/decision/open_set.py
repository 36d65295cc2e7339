"""The open-set decision: a match, a review, nobody known, or a reason why none of them can be said."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from biometric_service.decision import reasons
from biometric_service.decision.fusion import best_parts, join
from biometric_service.decision.policy import Thresholds, thresholds
from biometric_service.vocabulary.candidates import Candidate, CandidateList, PartScore
from biometric_service.vocabulary.decisions import Decision, OperatingPoint, Outcome, Reason, ReasonCode
from biometric_service.vocabulary.references import SubjectId


@dataclass(frozen=True, slots=True)
class _Ruling:
    outcome: Outcome
    why: Sequence[Reason]


@dataclass(frozen=True, slots=True)
class _Search:
    searched: int
    complete: bool


def decide_identification(candidates: CandidateList, quality: float | None, point: OperatingPoint) -> Decision:
    """Who it is, at the operating point's FPIR.

    ``quality``: of the best sample that a template was made of, 0 to 100; None where there is none. MATCH names the one
    subject at or above the threshold that leads the second by the margin, even where the search was incomplete (the
    decision says so); two subjects there or close together, or a best one between the thresholds, are for an officer to
    review. UNKNOWN is said of a complete search only, and of a good enough probe only: else it is captured again, as it
    is where nobody there is has a reference of what was captured. Nor is it said where the best score ends its scale,
    however large the gallery.
    """
    found = candidates.candidates
    needed = _within_reach(thresholds(point, candidates.searched), found)
    ruling = _recapture() if quality is None else _identification(candidates, needed, point, quality)
    return _decision(ruling, found, needed, point, _Search(candidates.searched, candidates.complete))


def decide_verification(
    subject: SubjectId,
    parts: Sequence[PartScore],
    quality: float | None,
    point: OperatingPoint,
) -> Decision:
    """Whether it is the claimed subject, at the operating point's FMR.

    ``quality``: as in ``decide_identification``; below that of the operating point nobody is told NO_MATCH.
    ``parts``: every comparison of the probe with the subject's references. RECAPTURE where no sample was usable, or
    where the subject has no reference of what was captured, which proves nothing either way.
    """
    needed = thresholds(point, len(parts))
    found = (Candidate(subject, join(parts), best_parts(parts)),) if parts else ()
    ruling = _recapture() if quality is None else _verification(found, needed, point, quality, len(parts))
    return _decision(ruling, found, needed, point, _Search(len(parts), complete=True))


def _within_reach(needed: Thresholds, found: Sequence[Candidate]) -> Thresholds:
    """A review needs no more than the scale can say: of a huge gallery, more than any calibration ends with."""
    if found and any(part.score.capped for part in found[0].parts):
        return replace(needed, review=min(needed.review, found[0].score))
    return needed


def _identification(candidates: CandidateList, needed: Thresholds, point: OperatingPoint, quality: float) -> _Ruling:
    found = candidates.candidates
    if candidates.incomparable and candidates.complete:
        return _Ruling(Outcome.RECAPTURE, (Reason(ReasonCode.NOBODY_COMPARABLE),))
    if not found:
        nobody = (reasons.nobody(candidates.searched),)
        return _unknown(nobody, point, quality) if candidates.complete else _Ruling(Outcome.INCOMPLETE, ())
    figures = (reasons.identification(found[0].score, needed, point, candidates.searched),)
    if found[0].score >= needed.match:
        doubt = _doubt(found, needed, point)
        return _Ruling(Outcome.REVIEW if doubt else Outcome.MATCH, (*figures, *doubt))
    if found[0].score >= needed.review:
        return _Ruling(Outcome.REVIEW, figures)
    return _unknown(figures, point, quality) if candidates.complete else _Ruling(Outcome.INCOMPLETE, figures)


def _doubt(found: Sequence[Candidate], needed: Thresholds, point: OperatingPoint) -> tuple[Reason, ...]:
    """Why the best candidate is no match although its score reaches the threshold, empty where it is one."""
    same, lead = sum(candidate.score >= needed.match for candidate in found), _lead(found)
    if same > 1:
        return (reasons.several(same),)
    if lead is not None and lead < point.margin:
        return (reasons.too_close(lead, point.margin),)
    return ()


def _unknown(why: Sequence[Reason], point: OperatingPoint, quality: float) -> _Ruling:
    """Nobody known, where the probe was good enough to say so."""
    if quality < point.quality:
        return _Ruling(Outcome.RECAPTURE, (*why, reasons.too_poor(quality, point.quality)))
    return _Ruling(Outcome.UNKNOWN, why)


def _verification(
    found: Sequence[Candidate], needed: Thresholds, point: OperatingPoint, quality: float, comparisons: int
) -> _Ruling:
    if not found:
        return _Ruling(Outcome.RECAPTURE, (Reason(ReasonCode.NOTHING_TO_COMPARE),))
    score = found[0].score
    figures = reasons.verification(score, needed, point, comparisons)
    if score >= needed.match:
        return _Ruling(Outcome.MATCH, (figures,))
    if score >= needed.review:
        return _Ruling(Outcome.REVIEW, (figures,))
    if quality < point.quality:
        return _Ruling(Outcome.RECAPTURE, (figures, reasons.too_poor(quality, point.quality)))
    return _Ruling(Outcome.NO_MATCH, (figures,))


def _recapture() -> _Ruling:
    return _Ruling(Outcome.RECAPTURE, (Reason(ReasonCode.NOT_USABLE),))


def _decision(
    ruling: _Ruling, found: Sequence[Candidate], needed: Thresholds, point: OperatingPoint, search: _Search
) -> Decision:
    why = (*ruling.why, *(() if search.complete else (Reason(ReasonCode.INCOMPLETE),)))
    return Decision(
        outcome=ruling.outcome,
        subject=found[0].subject if ruling.outcome is Outcome.MATCH else None,
        operating_point=point,
        threshold=needed.match,
        review_threshold=needed.review,
        margin=_lead(found),
        candidates=tuple(found),
        searched=search.searched,
        complete=search.complete,
        reasons=tuple(map(reasons.told, why)),
        why=why,
    )


def _lead(found: Sequence[Candidate]) -> float | None:
    return found[0].score - found[1].score if len(found) > 1 else None
