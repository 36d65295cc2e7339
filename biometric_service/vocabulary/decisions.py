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
class PolicyStamp:
    """Which policy a decision was made by: its version, and the SHA-256 (hex) of its file."""

    version: str
    digest: str


NO_POLICY = PolicyStamp("", "")


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Error rates a decision is made at: ``match`` for MATCH, ``review`` (larger) for REVIEW; fractions of 1.

    Each is an FMR for a verification and an FPIR for an identification (ISO/IEC 19795-1). ``margin``: by how much the
    best candidate's score must lead the second one's for a MATCH. ``quality``: the quality, 0 to 100, that the best
    sample must have for the answer to be UNKNOWN or NO_MATCH. ``policy``: which policy it stands in. ``adjudicate``:
    whether a REVIEW becomes a case for reviewers.
    """

    match: float
    review: float
    margin: float = 0.0
    quality: float = 0.0
    policy: PolicyStamp = NO_POLICY
    adjudicate: bool = True


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
