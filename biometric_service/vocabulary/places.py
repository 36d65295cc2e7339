"""Where people may be and pass: zones, the posts between them, and orders that let somebody move."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from biometric_service.vocabulary.decisions import Movement
from biometric_service.vocabulary.references import GalleryId, SubjectId

ZoneId = NewType("ZoneId", str)
PostId = NewType("PostId", str)


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the prison.

    ``capacity``: how many people it holds, None for any number. ``off_site``: beyond the walls (court, hospital), where
    nobody is counted.
    """

    id: ZoneId
    name: str
    capacity: int | None = None
    off_site: bool = False


class OnDiscrepancy(StrEnum):
    """What a post does with somebody who is believed to be in another zone than the one they come from."""

    REVIEW = "review"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Post:
    """A way between two zones at which people are checked.

    IN leads from ``from_zone`` to ``to_zone``, OUT back. ``gallery``: who passes here. ``devices``: ids of the devices,
    or of API keys, that may speak for it; none for any caller with the scope. ``demands_order``: nobody passes without
    a movement order.
    """

    id: PostId
    name: str
    from_zone: ZoneId
    to_zone: ZoneId
    gallery: GalleryId
    devices: frozenset[str] = frozenset()
    demands_order: bool = False
    on_discrepancy: OnDiscrepancy = OnDiscrepancy.REVIEW

    def origin(self, direction: Movement) -> ZoneId:
        """Where whoever passes comes from."""
        return self.from_zone if direction is Movement.IN else self.to_zone

    def result(self, direction: Movement) -> ZoneId:
        """Where whoever passes is then."""
        return self.to_zone if direction is Movement.IN else self.from_zone


class OrderPurpose(StrEnum):
    """Why somebody moves."""

    COURT = "court"
    CLINIC = "clinic"
    VISIT = "visit"
    WORK = "work"
    EDUCATION = "education"
    TRANSFER = "transfer"
    RELEASE = "release"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class NewOrder:
    """Somebody may move, or must.

    ``subject``: who, None for everybody of the gallery who is believed to be in ``zone`` (None: wherever they are).
    ``from_zone``: where from, None for anywhere. ``both_ways``: and back. ``must``: it is no leave but an order.
    ``note``: for people; sealed at rest.
    """

    id: str
    gallery: GalleryId
    subject: SubjectId | None
    zone: ZoneId | None
    from_zone: ZoneId | None
    to_zone: ZoneId
    valid_from: datetime
    valid_until: datetime
    purpose: OrderPurpose
    must: bool = False
    both_ways: bool = True
    note: str = ""

    def leads(self, origin: ZoneId, result: ZoneId) -> bool:
        """Whether it covers the way from one zone to another."""
        there = self.to_zone == result and self.from_zone in {None, origin}
        back = self.both_ways and self.to_zone == origin and self.from_zone in {None, result}
        return there or back


@dataclass(frozen=True, slots=True)
class Order(NewOrder):
    """An order as the store has it; ``number``: its place among all. ``cancelled_at``: None while it stands."""

    number: int = 0
    issued_by: str = ""
    issued_at: datetime | None = None
    cancelled_by: str = ""
    cancelled_at: datetime | None = None
