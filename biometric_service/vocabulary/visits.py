"""Visits: who came in, whom they see, and that the same person leaves."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from biometric_service.vocabulary.places import ZoneId
from biometric_service.vocabulary.references import GalleryId, SubjectId


class GalleryRole(StrEnum):
    """Whom a gallery holds."""

    INMATES = "inmates"
    VISITORS = "visitors"
    STAFF = "staff"
    WATCH_LIST = "watch_list"


class VisitState(StrEnum):
    """How a visit stands."""

    OPEN = "open"
    LEFT = "left"


class VisitStop(StrEnum):
    """Why a visitor is not let in or out."""

    IS_INMATE = "is_inmate"
    ON_WATCH_LIST = "on_watch_list"
    NOT_ENROLLED = "not_enrolled"
    NOT_THE_VISITOR = "not_the_visitor"
    NOT_CERTAIN = "not_certain"
    NOT_USABLE = "not_usable"
    SEARCH_INCOMPLETE = "search_incomplete"


@dataclass(frozen=True, slots=True)
class NewVisit:
    """A visitor who is let in; ``host``: whom they see, None where nobody said. ``zone``: where, likewise."""

    id: str
    visitor: SubjectId
    gallery: GalleryId
    host: SubjectId | None = None
    zone: ZoneId | None = None


@dataclass(frozen=True, slots=True)
class Visit(NewVisit):
    """A visit as the store has it; ``left_at``: None while the visitor is in."""

    number: int = 0
    opened_by: str = ""
    opened_at: datetime | None = None
    left_at: datetime | None = None

    @property
    def state(self) -> VisitState:
        """Whether the visitor is in."""
        return VisitState.OPEN if self.left_at is None else VisitState.LEFT
