"""Passages, whereabouts and manual checks as they are written on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AwareDatetime, Field

from biometric_service.api.operations.answers import Answer
from biometric_service.api.operations.bodies import AskingBody, Body, Id
from biometric_service.api.operations.place_wire import LONGEST_TEXT
from biometric_service.vocabulary.decisions import Movement, Passage
from biometric_service.vocabulary.movements import (
    Ground,
    How,
    Located,
    ManualCheck,
    Means,
    Passed,
    Sighting,
    Whereabouts,
    ZoneCount,
)
from biometric_service.vocabulary.musters import Counted, CountState, Finding
from biometric_service.vocabulary.rulings import sentences

MOST_PASSAGES = 500
"""Most passages of a batch."""


class ProofBody(Body):
    """That an officer gave a key for one check by hand."""

    key: Id = Field(description="The public part of the key, before the dot.", examples=["8a1f03c2d4e5"])
    proof: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] = Field(
        description="A MAC of the check under the digest of the key, hexadecimal."
    )


class PassageBody(Body):
    """One decision that a device made without the service."""

    passage: Id = Field(description="The device's own id of it, the same when it is sent again.", examples=["9f2c1e"])
    post: Id = Field(description="Where.", examples=["gate-3"])
    direction: Movement = Field(description="Which way.", examples=["in"])
    decided_at: AwareDatetime = Field(description="When, by the device's clock.")
    decision: Passage = Field(description="What it showed.")
    ground: Ground = Field(description="Why.")
    subject: Id | None = Field(None, description="Who it is, where that was certain.", examples=["P-1042"])
    means: Means = Field(Means.NONE, description="How that was found out.")
    order: Id | None = Field(None, description="The movement order that it went by.")
    slice: int | None = Field(None, ge=0, lt=2**63, description="Number of the slice that it decided on.")
    discrepancy: bool = Field(default=False, description="It believed the person to be in another zone.")
    officers: Annotated[tuple[Id, ...], Field(max_length=2)] = Field(
        (), description="Who answers for the person, where that was confirmed by hand.", examples=[["S-1", "S-2"]]
    )
    keys: Annotated[tuple[ProofBody, ...], Field(max_length=2)] = Field(
        (), description="Of officers who answer for the person by keys of their own: that each gave it for this."
    )
    why: Annotated[str, Field(pattern=r"^[a-z_]{0,40}$")] = Field(
        "", description="Why by hand, in a word.", examples=["not_readable"]
    )


class PassagesBody(AskingBody):
    """What a device decided while it could not ask."""

    passages: Annotated[tuple[PassageBody, ...], Field(min_length=1, max_length=MOST_PASSAGES)] = Field(
        description="In any order; they count by the time at which they were decided."
    )


class PassageState(StrEnum):
    """What became of a passage that was sent; REFUSED is never taken, and need not be sent again."""

    RECORDED = "recorded"
    REPEATED = "repeated"
    REFUSED = "refused"


class PassageAnswer(Answer):
    """What became of one passage."""

    passage: str = Field(description="The device's id of it.")
    state: PassageState = Field(description="Recorded just now, before, or refused for good.")
    reason: str = Field(description="Why it was refused; empty where it was not.")
    zone: str | None = Field(description="Where the person was after it; null where nobody known passed.")
    discrepancy: bool = Field(
        description="The person was believed in another zone, or a device decided against what was known or answered."
    )
    event: int | None = Field(description="Number of the event in the audit log; null where it was refused.")


class PassagesAnswer(Answer):
    """What became of each passage, in the order in which they were sent."""

    passages: tuple[PassageAnswer, ...] = Field(description="One for each that was sent.")


class WhereaboutsAnswer(Answer):
    """Where somebody is believed to be."""

    subject: str = Field(description="Who.")
    zone: str | None = Field(description="Where; null where nobody knows.")
    since: datetime | None = Field(description="Since when.")
    how: How | None = Field(description="How that is known.")
    event: int | None = Field(description="By which event of the audit log.")


class ZoneCountAnswer(Answer):
    """How many are in a zone."""

    zone: str | None = Field(description="Which; null for those of whom nobody knows.")
    people: int = Field(description="How many.")


class WhereaboutsListAnswer(Answer):
    """A page of a gallery's people with where they are, and how many are where."""

    counts: tuple[ZoneCountAnswer, ...] = Field(description="By zone, of the whole gallery.")
    people: tuple[WhereaboutsAnswer, ...] = Field(description="By id.")
    next: str | None = Field(description="Give it as after for the next page; null on the last.")


class SightingAnswer(Answer):
    """One time that somebody was seen."""

    at: datetime = Field(description="When.")
    received_at: datetime = Field(description="When the service learned of it.")
    how: How = Field(description="How that is known.")
    means: Means = Field(description="By what the person was known.")
    passage: Passage = Field(description="What was decided.")
    ground: str = Field(description="Why.")
    zone: str | None = Field(description="Where the person was then; null where they did not pass.")
    post: str | None = Field(description="At which post.")
    direction: Movement | None = Field(description="Which way.")
    device: str = Field(description="Who decided.")
    discrepancy: bool = Field(
        description="The person was believed in another zone, or a device decided against what was known or answered."
    )
    muster: str = Field(description="In which muster; empty for none.")
    event: int = Field(description="Number of the event in the audit log.")


class TrailAnswer(Answer):
    """Where somebody is believed to be, and where they were seen."""

    whereabouts: WhereaboutsAnswer = Field(description="Where they are believed to be.")
    trail: tuple[SightingAnswer, ...] = Field(description="The newest first.")


class PlacementBody(AskingBody):
    """Say where somebody is of whom nobody knew."""

    zone: Id = Field(description="Where.", examples=["reception"])


class ManualCheckBody(AskingBody):
    """Say who somebody is, where no face and no finger can."""

    subject: Id = Field(description="Who.", examples=["P-1042"])
    gallery: Id = Field(description="Where they are enrolled.", examples=["inmates"])
    reason: Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT, pattern=r"\S")] = Field(
        description="Why by hand; encrypted at rest."
    )
    post: Id | None = Field(None, description="To pass this post.")
    direction: Movement | None = Field(None, description="Which way, at a post.")
    muster: Id | None = Field(None, description="To be counted in this muster.")
    zone: Id | None = Field(None, description="Where they are counted.")


class ConfirmationBody(AskingBody):
    """Confirm what another officer said."""


class ManualCheckAnswer(Answer):
    """What two officers say of somebody."""

    manual_check: str = Field(description="Its id.")
    subject: str = Field(description="Who.")
    gallery: str = Field(description="Where they are enrolled.")
    reason: str = Field(description="Why by hand.")
    post: str | None = Field(description="To pass this post.")
    direction: Movement | None = Field(description="Which way.")
    muster: str | None = Field(description="To be counted in this muster.")
    zone: str | None = Field(description="Where they are counted.")
    opened_by: str = Field(description="The first officer.")
    opened_at: datetime | None = Field(description="When.")
    expires_at: datetime = Field(description="Until when a second officer can confirm it.")
    confirmed_by: str = Field(description="The second officer; empty while there is none.")
    confirmed_at: datetime | None = Field(description="When.")
    passage: Passage | None = Field(description="What followed at the post; pass for a count; null before.")


class ManualChecksAnswer(Answer):
    """A page of manual checks."""

    manual_checks: tuple[ManualCheckAnswer, ...] = Field(description="In the order in which they were opened.")
    next: int | None = Field(description="Give it as after for the next page; null on the last.")


class ConfirmedAnswer(Answer):
    """A manual check was confirmed, and what followed."""

    check: ManualCheckAnswer = Field(description="The check.")
    passage: Passage | None = Field(description="Whether the person passes the post; null for a count.")
    ground: Ground | None = Field(description="Why; null for a count.")
    reason: str = Field(description="Why, in a sentence; empty for a count.")
    zone: str | None = Field(description="Where the person is now, where they passed.")
    discrepancy: bool = Field(description="The person was believed to be in another zone.")
    state: CountState | None = Field(description="How it stands with the person in the muster; null for a passage.")
    finding: Finding | None = Field(description="What the muster found instead; null where the person was counted.")
    event: int = Field(description="Number of the event in the audit log.")


def passage_answer(passage: str, passed: Passed) -> PassageAnswer:
    """A passage that is recorded."""
    state = PassageState.REPEATED if passed.repeated else PassageState.RECORDED
    return PassageAnswer(
        passage=passage,
        state=state,
        reason="",
        zone=passed.zone,
        discrepancy=passed.ruling.discrepancy,
        event=passed.event,
    )


def refused_passage(passage: str, reason: str) -> PassageAnswer:
    """A passage that is not taken."""
    return PassageAnswer(
        passage=passage, state=PassageState.REFUSED, reason=reason, zone=None, discrepancy=False, event=None
    )


def whereabouts_answer(subject: str, believed: Whereabouts | None) -> WhereaboutsAnswer:
    """Where somebody is believed to be."""
    if believed is None:
        return WhereaboutsAnswer(subject=subject, zone=None, since=None, how=None, event=None)
    return WhereaboutsAnswer(
        subject=subject, zone=believed.zone, since=believed.since, how=believed.how, event=believed.event
    )


def located_answer(located: Located) -> WhereaboutsAnswer:
    """Where somebody of a list is."""
    return whereabouts_answer(located.subject, located.believed)


def zone_count_answer(count: ZoneCount) -> ZoneCountAnswer:
    """How many are in a zone."""
    return ZoneCountAnswer(zone=count.zone, people=count.people)


def sighting_answer(sighting: Sighting) -> SightingAnswer:
    """One time that somebody was seen."""
    return SightingAnswer(
        at=sighting.at,
        received_at=sighting.received_at,
        how=sighting.how,
        means=sighting.means,
        passage=sighting.passage,
        ground=sighting.ground,
        zone=sighting.zone,
        post=sighting.post,
        direction=sighting.direction,
        device=sighting.device,
        discrepancy=sighting.discrepancy,
        muster=sighting.muster,
        event=sighting.event,
    )


def manual_check_answer(check: ManualCheck) -> ManualCheckAnswer:
    """A manual check."""
    return ManualCheckAnswer(
        manual_check=check.id,
        subject=check.subject,
        gallery=check.gallery,
        reason=check.reason,
        post=check.post,
        direction=check.direction,
        muster=check.muster or None,
        zone=check.zone,
        opened_by=check.opened_by,
        opened_at=check.opened_at,
        expires_at=check.expires_at,
        confirmed_by=check.confirmed_by,
        confirmed_at=check.confirmed_at,
        passage=check.passage,
    )


def confirmed_answer(check: ManualCheck, followed: Passed | Counted) -> ConfirmedAnswer:
    """A confirmed manual check with what followed."""
    passed = followed if isinstance(followed, Passed) else None
    counted = followed if isinstance(followed, Counted) else None
    return ConfirmedAnswer(
        check=manual_check_answer(check),
        passage=passed.ruling.passage if passed else None,
        ground=passed.ruling.ground if passed else None,
        reason=" ".join(map(str, sentences(passed.ruling.why))) if passed else "",
        zone=passed.zone if passed else None,
        discrepancy=passed.ruling.discrepancy if passed else False,
        state=counted.state if counted else None,
        finding=counted.finding if counted else None,
        event=followed.event,
    )
