"""What keeps the prison's day: each change is one transaction with its audit events; safe in threads and processes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from biometric_service.vocabulary.decisions import Movement
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.movements import (
    Located,
    ManualCheck,
    NewManualCheck,
    Passed,
    Passing,
    Replayed,
    Ruling,
    Sighting,
    Standing,
    Whereabouts,
    ZoneCount,
)
from biometric_service.vocabulary.musters import Board, Count, Counted, Expected, Muster, NewMuster
from biometric_service.vocabulary.places import NewOrder, Order, Post, PostId, Zone, ZoneId
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.releases import History, NewRelease, Release, ReleaseCheck, ReleaseView
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.visits import NewVisit, Visit

PostRule = Callable[[Standing], Ruling]
"""What a post shows somebody whose identity is certain."""
MakeRule = Callable[[Post, Movement, Ruling], PostRule]
"""The rule of a post, in a direction, for somebody whose identity is certain."""
Draw = Callable[[Collection[FingerPosition]], FingerPosition | None]
"""Which of the fingers that somebody has enrolled is to be shown, None for the face."""
Report = Callable[[Board, Sequence[Expected]], Mapping[str, object]]
"""What the report of a muster says, given how it stands and everybody who was expected."""
ReleaseRule = Callable[[Release, History], ReleaseView]
"""How a release stands, given all that may stand against it."""


class PlaceStore(Protocol):
    """Zones and posts; PLACE_UNKNOWN for what is not there."""

    def set_zone(self, zone: Zone, event: AuditEvent) -> None:
        """Keep a zone, in the place of one with the same id."""

    def drop_zone(self, zone: ZoneId, event: AuditEvent) -> None:
        """Give up a zone; PLACE_CONFLICT where a post leads to it or somebody is believed to be there."""

    def zones(self) -> Sequence[Zone]:
        """Every zone, by id."""

    def set_post(self, post: Post, event: AuditEvent) -> None:
        """Keep a post, in the place of one with the same id; PLACE_UNKNOWN, GALLERY_UNKNOWN."""

    def drop_post(self, post: PostId, event: AuditEvent) -> None:
        """Give up a post."""

    def posts(self) -> Sequence[Post]:
        """Every post, by id; RECORD_TAMPERED, RIGHTS_REPLAYED."""

    def post(self, post: PostId) -> Post:
        """One post."""


class OrderStore(Protocol):
    """Movement orders; ORDER_UNKNOWN for what is not there."""

    def issue(self, order: NewOrder, event: AuditEvent) -> Order:
        """Keep an order; SUBJECT_UNKNOWN, PLACE_UNKNOWN, GALLERY_UNKNOWN."""

    def cancel(self, order: str, event: AuditEvent) -> Order:
        """End an order at once; one that is over stays as it is."""

    def order(self, order: str) -> Order:
        """One order."""

    def orders(
        self, gallery: GalleryId, subject: SubjectId | None, after: int, limit: int, *, over: bool
    ) -> Sequence[Order]:
        """Orders of a gallery (or ALL_GALLERIES), of one person or all, that stand or are over, by number."""


class MovementStore(Protocol):
    """Who passed where, and where everybody is believed to be."""

    def pass_post(self, passing: Passing, identity: Ruling, rule: PostRule, event: AuditEvent) -> Passed:
        """Decide on a passage on what is known at this moment, and keep it; who passes is elsewhere from then on.

        ``identity``: what was found out of the person; ``rule`` is asked only where it would let them pass.
        """

    def replay(self, passages: Sequence[Replayed], event: AuditEvent) -> Sequence[Passed]:
        """Keep what a device decided, in the order of the times at which it did, each once."""

    def place(self, subject: SubjectId, zone: ZoneId, event: AuditEvent) -> Whereabouts:
        """Say where somebody is of whom nobody knew; PLACE_UNKNOWN, PLACE_CONFLICT, SUBJECT_UNKNOWN."""

    def whereabouts(
        self, gallery: GalleryId, zone: ZoneId | None, after: SubjectId | None, limit: int
    ) -> Sequence[Located]:
        """Who is active in a gallery, by id, and where; in one zone, or in all and nowhere."""

    def counts(self, gallery: GalleryId) -> Sequence[ZoneCount]:
        """How many of a gallery are in each zone, and of how many nobody knows."""

    def located(self, subject: SubjectId) -> Located:
        """Where somebody is believed to be; SUBJECT_UNKNOWN."""

    def trail(self, subject: SubjectId, limit: int) -> Sequence[Sighting]:
        """When and where somebody was seen, the newest first; SUBJECT_UNKNOWN."""


class ManualCheckStore(Protocol):
    """Checks by two officers; MANUAL_CHECK_UNKNOWN for what is not there."""

    def open(self, check: NewManualCheck, event: AuditEvent) -> ManualCheck:
        """Keep what the first officer says; SUBJECT_UNKNOWN."""

    def confirm(
        self, check: str, identity: Ruling, rule: MakeRule, event: AuditEvent
    ) -> tuple[ManualCheck, Passed | Counted]:
        """Let another officer confirm it, and do what follows: a passage, or a count.

        MANUAL_CHECK_CONFLICT where it is confirmed or over, or by the officer who opened it.
        """

    def check(self, check: str) -> ManualCheck:
        """One check."""

    def checks(self, after: int, limit: int, *, confirmed: bool) -> Sequence[ManualCheck]:
        """Those that wait to be confirmed, or were, by number."""


class MusterStore(Protocol):
    """Counts; MUSTER_UNKNOWN for what is not there, MUSTER_CONFLICT for what is closed."""

    def start(self, muster: NewMuster, draw: Draw, event: AuditEvent) -> Muster:
        """Begin a count of everybody who is to be there; MUSTER_CONFLICT where one of the same people is open."""

    def muster(self, muster: str) -> Muster:
        """One muster."""

    def musters(self, after: int, limit: int) -> Sequence[Muster]:
        """Musters by number, the newest first; before the given one, where it is not 0."""

    def board(self, muster: str, limit: int) -> Board:
        """How a muster stands; up to ``limit`` of each list."""

    def expected(self, muster: str, subjects: Collection[SubjectId]) -> Sequence[Expected]:
        """Those of these people who are expected."""

    def people(self, muster: str) -> Sequence[Expected]:
        """Everybody who is expected, by id."""

    def count(self, muster: str, count: Count, event: AuditEvent) -> Counted:
        """Take a check in, each person once; what was seen before, or is not expected, is noted."""

    def close(self, muster: str, event: AuditEvent, report: Report) -> Muster:
        """End the count with a signed report; it is never opened again."""


class ReleaseStore(Protocol):
    """Releases and transfers; RELEASE_UNKNOWN for what is not there."""

    def open(self, release: NewRelease, event: AuditEvent) -> Release:
        """Open one; SUBJECT_UNKNOWN, RELEASE_CONFLICT where one of the same person is open."""

    def release(self, release: str) -> Release:
        """One release."""

    def releases(self, after: int, limit: int, *, ended: bool) -> Sequence[Release]:
        """Open or ended releases by number."""

    def view(self, release: str, rule: ReleaseRule) -> ReleaseView:
        """A release as it stands."""

    def history(self, subject: SubjectId) -> History:
        """What may stand against the release of somebody."""

    def checked(self, release: str, check: ReleaseCheck, rule: ReleaseRule, event: AuditEvent) -> ReleaseView:
        """Keep the biometric step; RELEASE_CONFLICT where it is over."""

    def confirm(self, release: str, rule: ReleaseRule, event: AuditEvent) -> ReleaseView:
        """Let an officer confirm it; with the second one the person is released and nowhere any more.

        RELEASE_CONFLICT where something stands against it, it is over, or the officer has confirmed it already.
        """

    def cancel(self, release: str, event: AuditEvent) -> Release:
        """Call it off; RELEASE_CONFLICT where it is over."""


class VisitStore(Protocol):
    """Visits; VISIT_UNKNOWN for what is not there."""

    def open(self, visit: NewVisit, event: AuditEvent) -> Visit:
        """Let a visitor in; VISIT_CONFLICT where the visitor is in already."""

    def leave(self, visit: str, event: AuditEvent) -> Visit:
        """Let the visitor out; VISIT_CONFLICT where that was done."""

    def visit(self, visit: str) -> Visit:
        """One visit."""

    def visits(self, after: int, limit: int, *, left: bool) -> Sequence[Visit]:
        """Open or past visits by number."""


@dataclass(frozen=True, slots=True)
class DayStores:
    """All that keeps the prison's day."""

    places: PlaceStore
    orders: OrderStore
    movements: MovementStore
    manual_checks: ManualCheckStore
    musters: MusterStore
    releases: ReleaseStore
    visits: VisitStore
