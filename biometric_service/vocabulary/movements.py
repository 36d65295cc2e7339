"""Who passed where, where everybody is believed to be, and checks that two officers make by hand."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from biometric_service.vocabulary.decisions import Movement, Passage
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.places import Order, Post, PostId, ZoneId
from biometric_service.vocabulary.references import EncounterStatus, GalleryId, SubjectId
from biometric_service.vocabulary.rulings import RulingReason


class Means(StrEnum):
    """How it was found out who somebody is; MANUAL is no biometric match."""

    FACE = "face"
    FINGERPRINT = "fingerprint"
    BOTH = "face_and_fingerprint"
    MANUAL = "manual"
    NONE = "none"


class Ground(StrEnum):
    """Why somebody passes or does not; each has a sentence beside it. COUNTED and PLACED passed no post.

    OFFICERS_UNPROVEN: a device knew two officers by their faces alone, or took keys that may not do so: nothing counts
    it as confirmed by two.
    """

    COUNTED = "counted"
    PLACED = "placed"

    CLAIM_VERIFIED = "claim_verified"
    IDENTIFIED = "identified"
    CONFIRMED_BY_TWO = "confirmed_by_two"
    OFFICERS_UNPROVEN = "officers_unproven"
    ANOTHER_PERSON = "another_person"
    UNKNOWN_PERSON = "unknown_person"
    NOT_CERTAIN = "not_certain"
    SEARCH_INCOMPLETE = "search_incomplete"
    NOT_USABLE = "not_usable"
    NOT_ACTIVE = "not_active"
    NO_ORDER = "no_order"
    ELSEWHERE = "elsewhere"
    ZONE_FULL = "zone_full"


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a post shows.

    ``why``: empty where another decided it. ``subject``: who it is, where that is certain. ``order``: id of the one
    that lets them pass. ``discrepancy``: they are believed to be in another zone than the one they come from, or a
    device decided it without the service, against what that knew or had answered.
    """

    passage: Passage
    ground: Ground
    why: tuple[RulingReason, ...]
    subject: SubjectId | None = None
    order: str = ""
    discrepancy: bool = False


class How(StrEnum):
    """What made it known where somebody is; MERGED: it was known of a record that was joined to theirs."""

    CHECK = "check"
    OFFLINE = "offline"
    MANUAL = "manual"
    PLACED = "placed"
    COUNT = "count"
    VISIT = "visit"
    MERGED = "merged"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a person is believed to be, since when, and by which event of the audit log; ``how`` that is known."""

    subject: SubjectId
    zone: ZoneId
    since: datetime
    event: int
    how: How


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of a person who is to pass a post, at one moment.

    ``believed``: None where nobody knows where the person is. ``orders``: those in force that name the person.
    ``present``: how many are believed to be in the zone that the way leads to, and ``capacity`` how many it holds.
    """

    status: EncounterStatus
    believed: Whereabouts | None
    orders: tuple[Order, ...]
    present: int
    capacity: int | None


@dataclass(frozen=True, slots=True)
class Passing:
    """Somebody is at a post.

    ``id``: of this passage, once for each ``device`` (the actor that decides). ``at``: when it was decided.
    ``offline``: it was decided by a device without the service, from the slice of this number.
    """

    id: str
    device: str
    post: Post
    direction: Movement
    at: datetime
    means: Means
    offline: bool = False
    slice: int | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """What became of a passage: ``zone``: where the person is then; ``before``: where they were believed to be.

    ``event``: number in the audit log. ``repeated``: it was recorded before, and nothing was changed.
    """

    ruling: Ruling
    zone: ZoneId | None
    before: Whereabouts | None
    event: int
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a device decided without the service: of whom it was, as far as it knew; ``facts``: for the log alone.

    ``alarm``: an event to go with it, None where nothing is wrong.
    """

    passing: Passing
    ruling: Ruling
    facts: Mapping[str, str] = field(default_factory=dict)
    alarm: AuditEvent | None = None


@dataclass(frozen=True, slots=True)
class Located:
    """Somebody who is active in a gallery, and where; None where nobody knows."""

    subject: SubjectId
    believed: Whereabouts | None


@dataclass(frozen=True, slots=True)
class Sighting:
    """One time that somebody was seen, at a post, at a count or when they were placed.

    ``zone``: where they were then, None where they did not pass. ``received_at``: when the service learned of it.
    """

    number: int
    subject: SubjectId | None
    at: datetime
    received_at: datetime
    how: How
    means: Means
    passage: Passage
    ground: str
    zone: ZoneId | None
    post: PostId | None
    direction: Movement | None
    device: str
    discrepancy: bool
    muster: str
    event: int


@dataclass(frozen=True, slots=True)
class ZoneCount:
    """How many of a gallery are believed to be in a zone; None for those of whom nobody knows."""

    zone: ZoneId | None
    people: int


@dataclass(frozen=True, slots=True)
class NewManualCheck:
    """Two officers say who somebody is, where no finger and no face can.

    Either at a ``post`` in a ``direction``, or for the count of a ``muster``. ``reason``: why; sealed at rest.
    """

    id: str
    subject: SubjectId
    gallery: GalleryId
    reason: str
    expires_at: datetime
    post: PostId | None = None
    direction: Movement | None = None
    muster: str = ""
    zone: ZoneId | None = None


@dataclass(frozen=True, slots=True)
class ManualCheck(NewManualCheck):
    """A manual check as the store has it; ``confirmed_at``: None while the second officer has not confirmed it."""

    number: int = 0
    opened_by: str = ""
    opened_at: datetime | None = None
    confirmed_by: str = ""
    confirmed_at: datetime | None = None
    passage: Passage | None = None
