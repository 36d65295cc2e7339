"""What the service says in the end, and why."""

from dataclasses import dataclass
from enum import StrEnum

from biometric_service.vocabulary.candidates import Candidate
from biometric_service.vocabulary.references import SubjectId


class Outcome(StrEnum):
    """The answer. Only MATCH names somebody; UNKNOWN is never said of an incomplete search."""

    MATCH = "match"
    UNKNOWN = "unknown"
    REVIEW = "review"
    NO_MATCH = "no_match"
    RECAPTURE = "recapture"
    INCOMPLETE = "incomplete"


class Movement(StrEnum):
    """Which way a subject passes a checkpoint."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Error rates a decision is made at: ``match`` for MATCH, ``review`` (larger) for REVIEW; fractions of 1.

    Each is an FMR for a verification and an FPIR for an identification (ISO/IEC 19795-1).
    """

    match: float
    review: float


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer with what it rests on.

    ``threshold`` and ``review_threshold``: the scores (-log10 FMR) that MATCH and REVIEW needed for this search.
    ``margin``: lead of the best candidate over the second one, None where there is none. ``reasons``: sentences.
    """

    outcome: Outcome
    subject: SubjectId | None
    operating_point: OperatingPoint
    threshold: float
    review_threshold: float
    margin: float | None
    candidates: tuple[Candidate, ...]
    searched: int
    reasons: tuple[str, ...]
