"""Cases: two who may be one person, laid before people who judge independently of one another."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from biometric_service.vocabulary.candidates import PartScore
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.samples import FingerPosition, Modality


class Verdict(StrEnum):
    """What a reviewer says of the probe and the candidate."""

    SAME_PERSON = "same_person"
    DIFFERENT_PEOPLE = "different_people"
    UNSURE = "unsure"


class Origin(StrEnum):
    """What became of the probe: not kept for its likeness to the candidate, kept all the same, or only searched for."""

    REFUSED = "refused"
    KEPT = "kept"
    SEARCHED = "searched"


class Consequence(StrEnum):
    """What follows from the outcome of a case; a person does it, none of it happens by itself.

    MERGE: the probe's subject into the candidate. REFUSE: the enrolment stays refused. ENROL: enrol again, despite the
    likeness.
    """

    MERGE = "merge"
    REFUSE = "refuse"
    ENROL = "enrol"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class ProbeImage:
    """An image of the probe as it was given; empty where only a template was."""

    modality: Modality
    position: FingerPosition
    data: bytes


@dataclass(frozen=True, slots=True)
class Likeness:
    """Why the case was opened: the score of both and its parts (-log10 FMR), and the score that asks for a look.

    ``evidence``: SHA-256 digests (hex) of the probe's samples.
    """

    score: float
    threshold: float
    parts: tuple[PartScore, ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Likened:
    """The two of a case: ``subject`` (or, where that is None, the samples with these digests) and ``candidate``."""

    subject: SubjectId | None
    candidate: SubjectId
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NewCase:
    """A case to open.

    ``subject``: whom the probe was said to be, None where nobody said. ``galleries``: those of both.
    """

    id: str
    origin: Origin
    subject: SubjectId | None
    candidate: SubjectId
    galleries: frozenset[GalleryId]
    likeness: Likeness
    probe: tuple[ProbeImage, ...]

    @property
    def likened(self) -> Likened:
        """Whom it is about."""
        return Likened(self.subject, self.candidate, self.likeness.evidence)


@dataclass(frozen=True, slots=True)
class Review:
    """What one reviewer said, and why."""

    reviewer: str
    at: datetime
    verdict: Verdict
    note: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """A case as the store has it; once it has an ``outcome`` it is labelled evidence, and its images are destroyed.

    ``number``: its place among all cases. ``opened_by``: who may not judge it. ``closed_at``: None while it is open.
    """

    number: int
    id: str
    origin: Origin
    subject: SubjectId | None
    candidate: SubjectId
    galleries: frozenset[GalleryId]
    likeness: Likeness
    opened_at: datetime
    opened_by: str
    reviews: tuple[Review, ...] = ()
    outcome: Verdict | None = None
    closed_at: datetime | None = None
