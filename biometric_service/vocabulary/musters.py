"""Musters: everybody who is to be somewhere is counted, each once."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from biometric_service.vocabulary.movements import Means
from biometric_service.vocabulary.places import ZoneId
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.samples import FingerPosition


class Shown(StrEnum):
    """What everybody is to show: the face, a finger drawn by lot, or whichever of the two works."""

    FACE = "face"
    FINGER = "finger"
    EITHER = "either"


class CountState(StrEnum):
    """How it stands with somebody who is expected; ELSEWHERE was counted, in another zone than expected.

    OFF_SITE and LEFT were not counted, and need not be: since the count began they were seen to go beyond the walls, or
    were released, transferred or died, or left as visitors.
    """

    MISSING = "missing"
    COUNTED = "counted"
    ELSEWHERE = "elsewhere"
    OFF_SITE = "off_site"
    LEFT = "left"


class Finding(StrEnum):
    """What else a count finds."""

    DUPLICATE = "duplicate"
    UNKNOWN = "unknown"
    UNEXPECTED = "unexpected"
    WRONG_FINGER = "wrong_finger"
    NOT_CERTAIN = "not_certain"
    NOT_USABLE = "not_usable"


@dataclass(frozen=True, slots=True)
class NewMuster:
    """A count to start: of the galleries, in the zones (none for all that are within the walls)."""

    id: str
    galleries: frozenset[GalleryId]
    zones: frozenset[ZoneId]
    shown: Shown


@dataclass(frozen=True, slots=True)
class Expected:
    """Somebody who is to be counted.

    ``zone``: where they are believed to be, None where nobody knows; ``since``: and since when. Both are as of now, or
    of when they were counted, left or the count was closed. ``demanded``: the finger that they are to show, None for
    the face. ``counted_zone``: where they were counted, as far as that was said.
    """

    subject: SubjectId
    zone: ZoneId | None
    since: datetime | None
    demanded: FingerPosition | None
    state: CountState = CountState.MISSING
    counted_at: datetime | None = None
    counted_by: str = ""
    counted_zone: ZoneId | None = None
    means: Means = Means.NONE
    event: int | None = None


@dataclass(frozen=True, slots=True)
class Noted:
    """Something that a count found beside those it counted."""

    finding: Finding
    subject: SubjectId | None
    at: datetime
    zone: ZoneId | None
    event: int


@dataclass(frozen=True, slots=True)
class Tally:
    """A muster in figures; ``missing`` are those nobody has counted yet, ``off_site`` those who are known to be out.

    ``off_site`` were out when it began and are not expected. ``unplaced``: of those expected, how many were nowhere
    when it began; ``off_site_since``: how many went beyond the walls since, ``left_since``: how many are gone for good.
    """

    expected: int
    counted: int
    missing: int
    elsewhere: int
    duplicates: int
    unknown: int
    unexpected: int
    manual: int
    off_site: int
    unplaced: int
    off_site_since: int
    left_since: int


@dataclass(frozen=True, slots=True)
class Muster(NewMuster):
    """A muster as the store has it; ``report``: the signed statement it was closed with, empty while it is open."""

    number: int = 0
    started_by: str = ""
    started_at: datetime | None = None
    closed_by: str = ""
    closed_at: datetime | None = None
    report: str = ""

    @property
    def is_open(self) -> bool:
        """Whether people can be counted."""
        return self.closed_at is None


@dataclass(frozen=True, slots=True)
class Board:
    """A muster as it stands: its figures, who is missing or was counted elsewhere, and the newest findings.

    ``away``: who went off site or left since it began.
    """

    muster: Muster
    tally: Tally
    missing: tuple[Expected, ...]
    elsewhere: tuple[Expected, ...]
    away: tuple[Expected, ...]
    noted: tuple[Noted, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """What one check of a count gave.

    ``subject``: who it is, None where nobody could say. ``zone``: where the officer counts, None where that was not
    said. ``finding``: None where the person is to be counted.
    """

    subject: SubjectId | None
    means: Means
    zone: ZoneId | None
    at: datetime
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of a check: how it stands with the person now, or what was found instead; ``event``: its number."""

    subject: SubjectId | None
    state: CountState | None
    finding: Finding | None
    expected: Expected | None
    event: int
