"""What the service says in the end, and why."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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


class Passage(StrEnum):
    """What a checkpoint shows."""

    PASS = "pass"  # noqa: S105
    STOP = "stop"
    REVIEW = "review"
    RECAPTURE = "recapture"


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
    whether a REVIEW becomes a case for reviewers. ``score``: the score (-log10 FMR) that is needed for a MATCH however
    much is compared, None where the rates say it.
    """

    match: float
    review: float
    margin: float = 0.0
    quality: float = 0.0
    policy: PolicyStamp = NO_POLICY
    adjudicate: bool = True
    score: float | None = None


class ReasonCode(StrEnum):
    """Why it was decided so; each has a sentence ``reason.<code>`` among the texts."""

    NOT_USABLE = "not_usable"
    NOTHING_TO_COMPARE = "nothing_to_compare"
    NOBODY_COMPARABLE = "nobody_comparable"
    INCOMPLETE = "incomplete"
    NO_REFERENCES = "no_references"
    NOBODY_ALIKE = "nobody_alike"
    SEVERAL = "several"
    TOO_CLOSE = "too_close"
    TOO_POOR = "too_poor"
    SEARCH_REACHED = "search_reached"
    SEARCH_DOUBTFUL = "search_doubtful"
    SEARCH_BELOW = "search_below"
    CLAIM_REACHED = "claim_reached"
    CLAIM_DOUBTFUL = "claim_doubtful"
    CLAIM_BELOW = "claim_below"


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason with its figures by name: ``score``, ``needed``, ``review``, ``lead`` and ``margin`` are -log10 FMR.

    ``rate``: a fraction of 1. ``quality`` and ``least``: 0 to 100. The others count what they are called.
    """

    code: ReasonCode
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer with what it rests on.

    ``threshold`` and ``review_threshold``: the scores (-log10 FMR) that MATCH and REVIEW needed for this search.
    ``margin``: lead of the best candidate over the second one, None where there is none. ``complete``: False where a
    part of the gallery was not searched. ``reasons``: sentences, in English. ``why``: the same as codes with figures.
    """

    outcome: Outcome
    subject: SubjectId | None
    operating_point: OperatingPoint
    threshold: float
    review_threshold: float
    margin: float | None
    candidates: tuple[Candidate, ...]
    searched: int
    complete: bool
    reasons: tuple[str, ...]
    why: tuple[Reason, ...]
