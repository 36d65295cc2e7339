"""Cases of adjudication as they are written on the wire."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Base64Bytes, Field

from biometric_service.api.operations.answering import score_answer
from biometric_service.api.operations.answers import Answer, PartAnswer
from biometric_service.api.operations.bodies import AskingBody
from biometric_service.api.operations.positions import Finger, finger_of
from biometric_service.recognition.adjudication import follows
from biometric_service.vocabulary.adjudication import Case, Consequence, Origin, ProbeImage, Review, Verdict
from biometric_service.vocabulary.candidates import PartScore
from biometric_service.vocabulary.samples import Modality

LONGEST_NOTE = 1000


class ReviewBody(AskingBody):
    """What a reviewer says of a case."""

    verdict: Verdict = Field(description="Are the two the same person?")
    note: str = Field(default="", max_length=LONGEST_NOTE, description="Why; shown to the others once it is closed.")


class MergeOfCaseBody(AskingBody):
    """Do what follows from a case."""


class ReviewAnswer(Answer):
    """What a reviewer said."""

    reviewer: str = Field(description="Who.")
    at: datetime = Field(description="When.")
    verdict: Verdict = Field(description="What.")
    note: str = Field(description="Why.")


class CaseAnswer(Answer):
    """Two who may be one person."""

    case: str = Field(description="Its id.")
    origin: Origin = Field(description="What became of the probe: refused, kept all the same, or only searched for.")
    subject: str | None = Field(description="Whom the probe was said to be; null where nobody said.")
    candidate: str = Field(description="Whom it is like.")
    score: float = Field(description="How alike they are (-log10 FMR).")
    threshold: float = Field(description="The score from which on a person has to look.")
    parts: tuple[PartAnswer, ...] = Field(description="What the score is made of.")
    evidence: tuple[str, ...] = Field(description="SHA-256 of the probe's samples.")
    opened_at: datetime = Field(description="When it was opened.")
    reviews: tuple[ReviewAnswer, ...] = Field(description="The caller's own while the case is open, then everybody's.")
    outcome: Verdict | None = Field(description="What the reviewers agreed in; null while the case is open.")
    closed_at: datetime | None = Field(description="When it was closed.")
    follows: Consequence | None = Field(description="What somebody has to do now; nothing happens by itself.")


class CasesAnswer(Answer):
    """A page of cases."""

    cases: tuple[CaseAnswer, ...] = Field(description="In the order in which they were opened.")
    next: int | None = Field(description="Give it as after for the next page; null on the last.")


class CaseImageAnswer(Answer):
    """An image to judge by."""

    modality: Modality = Field(description="What it shows.")
    position: Finger = Field(description="Which finger, unknown for a face.")
    data: Base64Bytes = Field(description="The file as it was given (base64).")


class CaseImagesAnswer(Answer):
    """The images of both."""

    probe: tuple[CaseImageAnswer, ...] = Field(description="Of the one who was captured; none once it is closed.")
    candidate: tuple[CaseImageAnswer, ...] = Field(description="Of the one who was enrolled before.")


def case_answer(case: Case) -> CaseAnswer:
    """A case as its reader may see it."""
    likeness = case.likeness
    return CaseAnswer(
        case=case.id,
        origin=case.origin,
        subject=case.subject,
        candidate=case.candidate,
        score=likeness.score,
        threshold=likeness.threshold,
        parts=tuple(map(_part, likeness.parts)),
        evidence=likeness.evidence,
        opened_at=case.opened_at,
        reviews=tuple(map(_review, case.reviews)),
        outcome=case.outcome,
        closed_at=case.closed_at,
        follows=follows(case),
    )


def image_answers(images: Sequence[ProbeImage]) -> tuple[CaseImageAnswer, ...]:
    """Those that there are."""
    return tuple(
        CaseImageAnswer.model_construct(modality=each.modality, position=finger_of(each.position), data=each.data)
        for each in images
        if each.data
    )


def _part(part: PartScore) -> PartAnswer:
    return PartAnswer(modality=part.modality, position=finger_of(part.position), score=score_answer(part.score))


def _review(review: Review) -> ReviewAnswer:
    return ReviewAnswer(reviewer=review.reviewer, at=review.at, verdict=review.verdict, note=review.note)
