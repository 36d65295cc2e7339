"""Statistics for the observatory: counts of a month by sex and age band, and nothing of any person."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Measure(StrEnum):
    """What is counted."""

    ADMISSIONS = "admissions"
    RELEASES = "releases"
    MOVEMENTS = "movements"
    REFUSED_ENROLMENTS = "refused_enrolments"
    STOPPED_PASSAGES = "stopped_passages"
    BLOCKED_RELEASES = "blocked_releases"


MEANINGS: Mapping[Measure, str] = {
    Measure.ADMISSIONS: "Persons who were enrolled for the first time as inmates.",
    Measure.RELEASES: "Releases: an encounter was set to released, or a release was completed.",
    Measure.MOVEMENTS: "Passages of a checkpoint that were let through.",
    Measure.REFUSED_ENROLMENTS: "Enrolments refused because the person seems to be enrolled under another id.",
    Measure.STOPPED_PASSAGES: "Passages of a checkpoint that were stopped: somebody else, or somebody unknown.",
    Measure.BLOCKED_RELEASES: "Releases that something stood against, each once.",
}

MOST_A_PERSON: Mapping[Measure, int] = {
    Measure.ADMISSIONS: 1,
    Measure.RELEASES: 1,
    Measure.MOVEMENTS: 31,
    Measure.REFUSED_ENROLMENTS: 1,
    Measure.STOPPED_PASSAGES: 2,
    Measure.BLOCKED_RELEASES: 1,
}
"""How often one person counts in a month where noise protects the figures: it is measured by this."""


class Sex(StrEnum):
    """As it was said at the enrolment; anything but M and F, and nothing, is not stated."""

    MALE = "M"
    FEMALE = "F"
    NOT_STATED = "_U"


class AgeBand(StrEnum):
    """In whole years on the day of the event."""

    UNDER_18 = "Y_LT18"
    FROM_18 = "Y18T24"
    FROM_25 = "Y25T34"
    FROM_35 = "Y35T49"
    FROM_50 = "Y_GE50"
    NOT_STATED = "_U"


AGE_BANDS: Final[tuple[tuple[int, AgeBand], ...]] = (
    (18, AgeBand.UNDER_18),
    (25, AgeBand.FROM_18),
    (35, AgeBand.FROM_25),
    (50, AgeBand.FROM_35),
    (200, AgeBand.FROM_50),
)
"""Each band with the age that is too old for it."""

TOTAL: Final = "_T"
"""The code for all of a dimension."""

SEXES: Final = tuple(Sex)
BANDS: Final = tuple(AgeBand)

Counts = Mapping[tuple[Sex, AgeBand], int]


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure; ``value``: None where it is suppressed. ``sex`` and ``age``: a code, or TOTAL."""

    measure: Measure
    sex: str
    age: str
    value: int | None


@dataclass(frozen=True, slots=True)
class MonthTable:
    """The figures of one month as they were published.

    ``event`` and ``event_digest``: the last event of the audit log that was counted. ``smallest``: counts from 1 to
    below it are suppressed, and others with them so that nothing gives them away. ``epsilon``: of the noise, None for
    none. ``digest``: SHA-256 (hex) of all the rest.
    """

    month: str
    event: int
    event_digest: str
    smallest: int
    epsilon: float | None
    cells: tuple[Cell, ...]
    digest: str
