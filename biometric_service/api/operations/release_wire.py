"""Releases and visits as they are written on the wire."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from pydantic import Field

from biometric_service.api.operations.answering import decision_answer, sample_answers
from biometric_service.api.operations.answers import Answer, DecisionAnswer, SampleAnswer
from biometric_service.api.operations.bodies import AskingBody, Id, RequestBody
from biometric_service.api.operations.place_wire import Text
from biometric_service.recognition.release import ReleaseRecognition
from biometric_service.recognition.visiting import VisitCheck
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.releases import Block, BlockKind, ReleaseKind, ReleaseState, ReleaseView
from biometric_service.vocabulary.visits import Visit, VisitState, VisitStop

MaySee = Callable[[SubjectId], bool]
"""Whether the caller may know of somebody."""


class ReleaseBody(AskingBody):
    """Open a release or transfer."""

    kind: ReleaseKind = Field(description="What becomes of the person.")
    subject: Id = Field(description="Who it is said to be.", examples=["P-1042"])
    gallery: Id = Field(description="Where they are enrolled.", examples=["inmates"])
    legal_basis: Annotated[Text, Field(min_length=1)] = Field(description="On what; encrypted at rest.")
    destination: Text = Field("", description="Where to; encrypted at rest.")


class ReleaseCheckBody(RequestBody):
    """The person who is to go stands before the officer."""


class ReleaseStepBody(AskingBody):
    """Confirm a release, or call it off."""


class BlockAnswer(Answer):
    """Something that stands against a release."""

    kind: BlockKind = Field(description="What.")
    subject: str | None = Field(description="The other person it is about; null for none, or beyond your reach.")
    case: str | None = Field(description="The case of adjudication that resolves it; null for none.")
    score: float | None = Field(description="How alike the other is (-log10 FMR); null where nothing was compared.")


class ReleaseAnswer(Answer):
    """A release or transfer."""

    release: str = Field(description="Its id.")
    kind: ReleaseKind = Field(description="What becomes of the person.")
    subject: str = Field(description="Who it is said to be.")
    gallery: str = Field(description="Where they are enrolled.")
    legal_basis: str = Field(description="On what.")
    destination: str = Field(description="Where to.")
    state: ReleaseState = Field(description="How it stands now.")
    blocks: tuple[BlockAnswer, ...] = Field(description="What stands against it now, or stopped it.")
    opened_by: str = Field(description="By whom it was opened.")
    opened_at: datetime | None = Field(description="When.")
    expires_at: datetime = Field(description="Until when it can be confirmed.")
    checked_at: datetime | None = Field(description="When the person was compared; null before.")
    confirmed_by: tuple[str, ...] = Field(description="The officers who confirmed it; two let the person go.")
    ended_at: datetime | None = Field(description="When it was over; null before.")


class ReleasesAnswer(Answer):
    """A page of releases."""

    releases: tuple[ReleaseAnswer, ...] = Field(description="In the order in which they were opened.")
    next: int | None = Field(description="Give it as after for the next page; null on the last.")


class ReleaseCheckAnswer(Answer):
    """The biometric step of a release."""

    release: ReleaseAnswer = Field(description="How it stands now.")
    verification: DecisionAnswer = Field(description="The comparison with the record (1:1).")
    identification: DecisionAnswer = Field(description="The search of everybody else (1:N).")
    samples: tuple[SampleAnswer, ...] = Field(description="What became of each image.")


class VisitBody(RequestBody):
    """A visitor wants to come in."""

    gallery: Id = Field(description="The visitors' gallery.", examples=["visitors"])
    claimed: Id | None = Field(None, description="Who they say to be; left out, the visitors are searched.")
    host: Id | None = Field(None, description="Whom they see.", examples=["P-1042"])
    zone: Id | None = Field(None, description="Where.", examples=["visiting-room"])


class LeavingBody(RequestBody):
    """A visitor wants to leave."""


class VisitAnswer(Answer):
    """A visit."""

    visit: str = Field(description="Its id.")
    visitor: str = Field(description="Who came in.")
    gallery: str = Field(description="The visitors' gallery.")
    host: str | None = Field(description="Whom they see.")
    zone: str | None = Field(description="Where.")
    state: VisitState = Field(description="Whether the visitor is in.")
    opened_by: str = Field(description="Who let them in.")
    opened_at: datetime | None = Field(description="When.")
    left_at: datetime | None = Field(description="When they left; null while they are in.")


class VisitsAnswer(Answer):
    """A page of visits."""

    visits: tuple[VisitAnswer, ...] = Field(description="In the order in which they began.")
    next: int | None = Field(description="Give it as after for the next page; null on the last.")


class VisitCheckAnswer(Answer):
    """Whether a visitor is let in or out."""

    visit: VisitAnswer | None = Field(description="The visit; null where the person is stopped.")
    stop: VisitStop | None = Field(description="Why the person is stopped; null where they are not.")
    subject: str | None = Field(description="Who it is, where that is certain and within your reach.")
    decision: DecisionAnswer = Field(description="How it was found out.")
    samples: tuple[SampleAnswer, ...] = Field(description="What became of each image.")


def release_answer(view: ReleaseView, may_see: MaySee) -> ReleaseAnswer:
    """A release; of others who stand against it, those alone are named whom the caller may know of."""
    release = view.release
    return ReleaseAnswer(
        release=release.id,
        kind=release.kind,
        subject=release.subject,
        gallery=release.gallery,
        legal_basis=release.legal_basis,
        destination=release.destination,
        state=view.state,
        blocks=tuple(_block(block, may_see) for block in view.blocks),
        opened_by=release.opened_by,
        opened_at=release.opened_at,
        expires_at=release.expires_at,
        checked_at=release.check.at if release.check else None,
        confirmed_by=release.confirmed_by,
        ended_at=release.ended_at,
    )


def release_check_answer(recognition: ReleaseRecognition, may_see: MaySee) -> ReleaseCheckAnswer:
    """The biometric step."""
    return ReleaseCheckAnswer(
        release=release_answer(recognition.view, may_see),
        verification=decision_answer(recognition.verification, "fmr"),
        identification=decision_answer(recognition.identification, "fpir", may_see),
        samples=sample_answers(recognition.samples),
    )


def visit_answer(visit: Visit) -> VisitAnswer:
    """A visit."""
    return VisitAnswer(
        visit=visit.id,
        visitor=visit.visitor,
        gallery=visit.gallery,
        host=visit.host,
        zone=visit.zone,
        state=visit.state,
        opened_by=visit.opened_by,
        opened_at=visit.opened_at,
        left_at=visit.left_at,
    )


def visit_check_answer(check: VisitCheck, may_see: MaySee) -> VisitCheckAnswer:
    """Whether a visitor is let in or out."""
    subject = check.subject if check.subject is not None and may_see(check.subject) else None
    return VisitCheckAnswer(
        visit=visit_answer(check.visit) if check.visit else None,
        stop=check.stop,
        subject=subject,
        decision=decision_answer(check.decision, "fpir", may_see),
        samples=sample_answers(check.samples),
    )


def _block(block: Block, may_see: MaySee) -> BlockAnswer:
    seen = block.subject is not None and may_see(block.subject)
    return BlockAnswer(
        kind=block.kind, subject=block.subject if seen else None, case=block.case or None, score=block.score
    )
