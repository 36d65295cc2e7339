"""Musters as they are written on the wire."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from biometric_service.api.operations.answering import decision_answer, sample_answers
from biometric_service.api.operations.answers import Answer, DecisionAnswer, SampleAnswer
from biometric_service.api.operations.bodies import AskingBody, Id, RequestBody
from biometric_service.api.operations.positions import Finger, finger_of
from biometric_service.recognition.muster import MusterCheck
from biometric_service.vocabulary.movements import Means
from biometric_service.vocabulary.musters import Board, CountState, Expected, Finding, Muster, Noted, Shown, Tally
from biometric_service.vocabulary.references import SubjectId


class MusterBody(AskingBody):
    """Start a count."""

    muster: Id | None = Field(None, description="The muster's id; left out, one is made.")
    galleries: Annotated[frozenset[Id], Field(min_length=1, max_length=100)] = Field(
        description="Whom to count.", examples=[["inmates"]]
    )
    zones: Annotated[frozenset[Id], Field(max_length=1000)] = Field(
        frozenset(), description="Where; left out, everywhere within the walls."
    )
    shown: Shown = Field(Shown.EITHER, description="What everybody is to show.")


class MusterCheckBody(RequestBody):
    """Somebody stands before the officer who counts."""

    zone: Id | None = Field(None, description="Where that is; somebody expected elsewhere is told apart by it.")


class MusterClosingBody(AskingBody):
    """End a count."""


class MusterAnswer(Answer):
    """A muster."""

    muster: str = Field(description="Its id.")
    number: int = Field(description="Its place among all.")
    galleries: tuple[str, ...] = Field(description="Who is counted.")
    zones: tuple[str, ...] = Field(description="Where; empty for everywhere within the walls.")
    shown: Shown = Field(description="What everybody is to show.")
    started_by: str = Field(description="By whom.")
    started_at: datetime | None = Field(description="When.")
    closed_by: str = Field(description="By whom it was closed; empty while it is open.")
    closed_at: datetime | None = Field(description="When it was closed.")


class MustersAnswer(Answer):
    """A page of musters."""

    musters: tuple[MusterAnswer, ...] = Field(description="The newest first.")
    next: int | None = Field(description="Give it as before for the next page; null on the last.")


class TallyAnswer(Answer):
    """A muster in figures."""

    expected: int = Field(description="How many are to be counted.")
    counted: int = Field(description="Counted where they were expected, or where nobody said.")
    elsewhere: int = Field(description="Counted in another zone than expected.")
    missing: int = Field(description="Not counted.")
    duplicates: int = Field(description="Checks of somebody who was counted before.")
    unknown: int = Field(description="Checks of somebody whom nobody knows.")
    unexpected: int = Field(description="Checks of somebody who was not expected here.")
    manual: int = Field(description="Counted by two officers' word.")
    off_site: int = Field(description="Known to be beyond the walls, and not expected.")
    unplaced: int = Field(description="Of those expected, of how many nobody knew where they are.")
    off_site_since: int = Field(0, description="Of those expected, how many went beyond the walls since it began.")
    left_since: int = Field(0, description="Of those expected, how many were released, died or left since it began.")


class ExpectedAnswer(Answer):
    """Somebody who is to be counted."""

    subject: str = Field(description="Who.")
    state: CountState = Field(description="How it stands.")
    zone: str | None = Field(description="Where they are believed to be, or were when they were counted or left.")
    since: datetime | None = Field(description="Since when: they were last seen then.")
    demanded: Finger | None = Field(description="The finger to show; null for the face.")
    counted_at: datetime | None = Field(description="When they were counted.")
    counted_by: str = Field(description="By whom.")
    counted_zone: str | None = Field(description="Where.")
    means: Means = Field(description="By what.")


class NotedAnswer(Answer):
    """What a count found besides."""

    finding: Finding = Field(description="What.")
    subject: str | None = Field(description="Who, where that is certain.")
    at: datetime = Field(description="When.")
    zone: str | None = Field(description="Where.")
    event: int = Field(description="Number of the event in the audit log.")


class BoardAnswer(Answer):
    """A muster as it stands."""

    muster: MusterAnswer = Field(description="The muster.")
    tally: TallyAnswer = Field(description="In figures.")
    missing: tuple[ExpectedAnswer, ...] = Field(description="Who was not counted, by id.")
    elsewhere: tuple[ExpectedAnswer, ...] = Field(description="Who was counted in another zone, by id.")
    away: tuple[ExpectedAnswer, ...] = Field((), description="Who went beyond the walls or left since it began, by id.")
    noted: tuple[NotedAnswer, ...] = Field(description="What was found besides, the newest first.")


class PeopleAnswer(Answer):
    """Everybody who is expected."""

    people: tuple[ExpectedAnswer, ...] = Field(description="By id.")


class MusterCheckAnswer(Answer):
    """What became of a check."""

    subject: str | None = Field(description="Who it is, where that is certain.")
    state: CountState | None = Field(description="How it stands with the person; null where they are not expected.")
    finding: Finding | None = Field(description="Why they were not counted; null where they were.")
    demanded: Finger | None = Field(description="The finger that they are to show instead; null for none.")
    decision: DecisionAnswer = Field(description="How it was found out.")
    samples: tuple[SampleAnswer, ...] = Field(description="What became of each image.")
    event: int = Field(description="Number of the event in the audit log.")


class MusterReportAnswer(Answer):
    """The report of a closed muster."""

    muster: MusterAnswer = Field(description="The muster.")
    statement: str = Field(description="The report, signed (Ed25519); one line of JSON.")
    report: Mapping[str, Any] = Field(description="What it says.")


def muster_answer(muster: Muster) -> MusterAnswer:
    """A muster."""
    return MusterAnswer(
        muster=muster.id,
        number=muster.number,
        galleries=tuple(sorted(muster.galleries)),
        zones=tuple(sorted(muster.zones)),
        shown=muster.shown,
        started_by=muster.started_by,
        started_at=muster.started_at,
        closed_by=muster.closed_by,
        closed_at=muster.closed_at,
    )


def board_answer(board: Board, may_see: Callable[[SubjectId], bool]) -> BoardAnswer:
    """A muster as it stands; whoever was found whom the caller may not know of is not named."""
    return BoardAnswer(
        muster=muster_answer(board.muster),
        tally=_tally(board.tally),
        missing=tuple(map(expected_answer, board.missing)),
        elsewhere=tuple(map(expected_answer, board.elsewhere)),
        away=tuple(map(expected_answer, board.away)),
        noted=tuple(_noted(each, may_see) for each in board.noted),
    )


def expected_answer(expected: Expected) -> ExpectedAnswer:
    """Somebody who is to be counted."""
    return ExpectedAnswer(
        subject=expected.subject,
        state=expected.state,
        zone=expected.zone,
        since=expected.since,
        demanded=None if expected.demanded is None else finger_of(expected.demanded),
        counted_at=expected.counted_at,
        counted_by=expected.counted_by,
        counted_zone=expected.counted_zone,
        means=expected.means,
    )


def muster_check_answer(check: MusterCheck, may_see: Callable[[SubjectId], bool]) -> MusterCheckAnswer:
    """What became of a check; whoever the caller may not know of is not named."""
    counted = check.counted
    return MusterCheckAnswer(
        subject=counted.subject if counted.subject is not None and may_see(counted.subject) else None,
        state=counted.state,
        finding=counted.finding,
        demanded=None if check.demanded is None else finger_of(check.demanded),
        decision=decision_answer(check.decision, "fpir", may_see),
        samples=sample_answers(check.samples),
        event=counted.event,
    )


def _tally(tally: Tally) -> TallyAnswer:
    return TallyAnswer(
        expected=tally.expected,
        counted=tally.counted,
        elsewhere=tally.elsewhere,
        missing=tally.missing,
        duplicates=tally.duplicates,
        unknown=tally.unknown,
        unexpected=tally.unexpected,
        manual=tally.manual,
        off_site=tally.off_site,
        unplaced=tally.unplaced,
        off_site_since=tally.off_site_since,
        left_since=tally.left_since,
    )


def _noted(noted: Noted, may_see: Callable[[SubjectId], bool]) -> NotedAnswer:
    subject = noted.subject if noted.subject is not None and may_see(noted.subject) else None
    return NotedAnswer(finding=noted.finding, subject=subject, at=noted.at, zone=noted.zone, event=noted.event)
