"""What other systems are told of: events that were derived from the audit log, and who subscribed to them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from biometric_service.vocabulary.events import AuditEvent, RecordedEvent
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId, SubjectId


class OutwardType(StrEnum):
    """Every kind of event that other systems are told; the value is on the wire."""

    ENROLLED = "subject.enrolled"
    MOVED = "subject.moved"
    COUNTED = "subject.counted"
    RELEASED = "subject.released"
    TRANSFERRED = "subject.transferred"
    MERGED = "subject.merged"
    UNMERGED = "subject.unmerged"
    BLOCKED = "subject.blocked"
    ERASED = "subject.erased"


@dataclass(frozen=True, slots=True)
class OutwardEvent:
    """An event as it leaves: opaque ids and facts in short, never a name, a score or a sample.

    ``number``: of the audit event it was derived from, by which events are in order. ``id``: the same whenever and
    wherever it is derived. ``other``: whom it is about as well (who a subject was merged into). ``galleries``: only who
    reaches one of them may be told; none for who reaches all.
    """

    number: int
    id: str
    type: OutwardType
    at: datetime
    subject: SubjectId | None
    other: SubjectId | None
    galleries: frozenset[GalleryId]
    data: Mapping[str, str]

    def body(self) -> bytes:
        """As it is sent, the same bytes each time: type, timestamp and data, as Standard Webhooks has it."""
        data: dict[str, object] = {"number": self.number, "subject": self.subject, **self.data}
        moment = self.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        said = {"type": self.type.value, "timestamp": moment, "data": data}
        return json.dumps(said, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events somebody is to be told of; ``galleries``: ALL_GALLERIES for every one."""

    types: frozenset[OutwardType]
    galleries: frozenset[GalleryId]

    def includes(self, event: OutwardEvent) -> bool:
        """Whether the event is one of them."""
        reached = ALL_GALLERIES in self.galleries or not self.galleries.isdisjoint(event.galleries)
        return reached and event.type in self.types


Derive = Callable[[RecordedEvent], OutwardEvent | None]
"""The outward event of an audit event; None for one that stays inside."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who is told what. ``purpose``: what for. ``paused_at``: None while it is told; nothing is lost meanwhile."""

    id: str
    name: str
    url: str
    wanted: Wanted
    purpose: str
    created_by: str
    paused_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """How far a subscription has got: up to which audit event, how many deliveries wait, how many were given up."""

    subscription: Subscription
    reached: int
    waiting: int
    dead: int


@dataclass(frozen=True, slots=True)
class Letter:
    """One event to be sent to one subscription by whoever claimed it; ``attempt`` counts from 1.

    ``since``: when it was first to be sent.
    """

    subscription: str
    recorded: RecordedEvent
    attempt: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Post:
    """Letters of one subscription, each about another subject, and what they are signed with, the newest key first."""

    subscription: Subscription
    keys: tuple[bytes, ...]
    letters: Sequence[Letter]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that was not taken for so long that it was given up; ``answer``: what came of the last attempt."""

    event: int
    subject: SubjectId | None
    attempts: int
    since: datetime
    answer: str = field(default="")


class SubscriptionStore(Protocol):
    """Subscriptions and what is on its way to them; each write is one transaction, with its audit event if it has one.

    Whoever claims letters holds them ``until``; after that moment anybody may claim them again.
    """

    def create(self, subscription: Subscription, event: AuditEvent, after: int | None = None) -> bytes:
        """Keep the subscription and return the key it is signed with; REQUEST_INVALID, STORE_CONFLICT.

        ``after``: it is told of what came after that audit event, None for what comes from now on.
        """

    def subscriptions(self) -> Sequence[SubscriptionState]:
        """Every subscription that was not deleted, by id."""

    def named(self, subscription: str) -> Subscription:
        """The subscription; SUBSCRIPTION_UNKNOWN, RECORD_TAMPERED, RIGHTS_REPLAYED."""

    def rotate(self, subscription: str, until: datetime, event: AuditEvent) -> bytes:
        """Give it another key and return that; the former one signs as well ``until`` then. SUBSCRIPTION_UNKNOWN."""

    def pause(self, subscription: str, event: AuditEvent, *, paused: bool) -> None:
        """Send it nothing from now on, or go on with what has waited. SUBSCRIPTION_UNKNOWN."""

    def delete(self, subscription: str, event: AuditEvent) -> None:
        """End it at once, with its keys and all that waits. SUBSCRIPTION_UNKNOWN."""

    def replay(self, subscription: str, after: int, event: AuditEvent) -> None:
        """Tell it once more of all that came after an audit event. SUBSCRIPTION_UNKNOWN."""

    def dead_letters(self, subscription: str, after: int, limit: int) -> Sequence[DeadLetter]:
        """What was given up, in the order of events, after the given one."""

    def spread(self, derive: Derive) -> bool:
        """Lay the next events out for whom they concern, each once; False where there were none."""

    def due(self, now: datetime) -> Sequence[str]:
        """The subscriptions that something can be sent to now."""

    def claim(self, subscription: str, now: datetime, until: datetime, most: int) -> Post | None:
        """The next letters of a subscription: none before an earlier one about the same subject. None without any."""

    def hold(self, letters: Sequence[Letter], until: datetime) -> None:
        """Go on holding what was claimed."""

    def delivered(self, letters: Sequence[Letter]) -> None:
        """They were taken."""

    def undelivered(self, letter: Letter, answer: str, due: datetime) -> None:
        """It was not taken, and is sent again then."""

    def give_up(self, letter: Letter, answer: str, event: AuditEvent) -> None:
        """It was not taken for too long: keep it as a dead letter, which holds nothing back any more."""
