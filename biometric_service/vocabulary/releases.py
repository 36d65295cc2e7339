"""Releases and transfers: nobody leaves in another's name, and no one officer lets anybody go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from biometric_service.vocabulary.adjudication import Case
from biometric_service.vocabulary.references import GalleryId, SubjectId

CONFIRMATIONS = 2
"""How many officers confirm, none of them twice."""


class ReleaseKind(StrEnum):
    """What becomes of the person."""

    RELEASE = "release"
    TRANSFER = "transfer"


class ReleaseState(StrEnum):
    """How far it has come; COMPLETED, CANCELLED, STOPPED and EXPIRED are the end of it.

    STOPPED: somebody else came in the person's place.
    """

    OPEN = "open"
    BLOCKED = "blocked"
    CHECKED = "checked"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


ENDED = frozenset({ReleaseState.COMPLETED, ReleaseState.STOPPED, ReleaseState.CANCELLED})
"""States that are kept as such; EXPIRED follows from the time."""


class BlockKind(StrEnum):
    """Why nobody is let go."""

    NOT_CHECKED = "not_checked"
    NOT_VERIFIED = "not_verified"
    SEARCH_INCOMPLETE = "search_incomplete"
    SOMEBODY_ELSE = "somebody_else"
    OTHER_HIT = "other_hit"
    MERGE_IN_HISTORY = "merge_in_history"
    PENDING_CASE = "pending_case"
    SAME_PERSON = "same_person"
    NOT_ACTIVE = "not_active"


@dataclass(frozen=True, slots=True)
class Block:
    """One reason. ``subject``: the other person it is about; ``case``: the case whose outcome resolves it."""

    kind: BlockKind
    subject: SubjectId | None = None
    case: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True)
class OtherHit:
    """Somebody else whom the search found; ``score``: -log10 FMR, at or above the review threshold."""

    subject: SubjectId
    score: float


class CheckOutcome(StrEnum):
    """What the comparison with the claimed record gave."""

    VERIFIED = "verified"
    NOT_VERIFIED = "not_verified"


@dataclass(frozen=True, slots=True)
class ReleaseCheck:
    """The biometric step: the claim 1:1, and everybody else 1:N.

    ``complete``: False where a part of the galleries could not be searched.
    """

    outcome: CheckOutcome
    others: tuple[OtherHit, ...]
    complete: bool
    at: datetime
    event: int = 0


@dataclass(frozen=True, slots=True)
class PastMerge:
    """Two records that were joined; ``undone``: and parted again."""

    source: SubjectId
    target: SubjectId
    undone: bool


@dataclass(frozen=True, slots=True)
class History:
    """What may stand against a release: the person's status, merges in the past, and every case about the person."""

    active: bool
    merges: tuple[PastMerge, ...]
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class NewRelease:
    """A release or transfer to open; ``legal_basis`` and ``destination`` are sealed at rest."""

    id: str
    kind: ReleaseKind
    subject: SubjectId
    gallery: GalleryId
    legal_basis: str
    destination: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Release(NewRelease):
    """A release as the store has it.

    ``state``: as it is kept, see ``recognition.release.state_of`` for how it stands now. ``confirmed_by``: in order.
    """

    number: int = 0
    opened_by: str = ""
    opened_at: datetime | None = None
    state: ReleaseState = ReleaseState.OPEN
    check: ReleaseCheck | None = None
    confirmed_by: tuple[str, ...] = ()
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A release with what stands against it now."""

    release: Release
    state: ReleaseState
    blocks: tuple[Block, ...]


def involved(cases: Sequence[Case], one: SubjectId, other: SubjectId) -> tuple[Case, ...]:
    """The cases of just these two."""
    return tuple(case for case in cases if {case.subject, case.candidate} == {one, other})
