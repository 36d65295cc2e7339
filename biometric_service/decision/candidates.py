"""From the comparisons with each shortlisted subject to the candidate list."""

from collections.abc import Mapping, Sequence

from biometric_service.decision.fusion import best_parts, join
from biometric_service.vocabulary.candidates import Candidate, CandidateList, PartScore, Shortlist
from biometric_service.vocabulary.references import ChangeNumber, SubjectId


def rank(parts: Mapping[SubjectId, Sequence[PartScore]], shortlists: Sequence[Shortlist], limit: int) -> CandidateList:
    """The ``limit`` best candidates, best first, so that the order is always the same.

    Scores are equal where calibration ends; then the best raw score goes first, and then the lower id.

    ``parts``: every comparison of the probe with each subject that a shortlist names. A subject without any (erased
    meanwhile) is left out. ``searched`` adds up what the shortlists searched; the list is complete where all are.
    """
    found = [Candidate(subject, join(scores), best_parts(scores)) for subject, scores in parts.items() if scores]
    found.sort(key=lambda each: (-each.score, -max(part.score.raw for part in each.parts), each.subject))
    return CandidateList(
        candidates=tuple(found[:limit]),
        searched=sum(shortlist.searched for shortlist in shortlists),
        complete=all(shortlist.complete for shortlist in shortlists),
        applied=min((shortlist.applied for shortlist in shortlists), default=ChangeNumber(0)),
    )
