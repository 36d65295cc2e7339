"""What is on its way to subscriptions: laid out from the audit log, claimed, taken or given up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import aliased

from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.leases import about_the_same, is_free
from biometric_service.references.subscription_tables import DeliveryRow, SubscriptionProgressRow
from biometric_service.vocabulary.outward import DeadLetter, Derive, Letter, OutwardEvent, Subscription
from biometric_service.vocabulary.references import SubjectId

WAITING, DEAD = "waiting", "dead"
PAGE = 500
_NEXT = (DeliveryRow.number, DeliveryRow.event, DeliveryRow.attempts, DeliveryRow.since)


@dataclass(frozen=True, slots=True)
class Reached:
    """A subscription with the events of one page that concern it; ``begin``, ``end``: between which audit events."""

    subscription: Subscription
    begin: int
    end: int
    events: tuple[OutwardEvent, ...]


class Deliveries:
    """The queue of each subscription; every method works in its caller's transaction."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    def due(self, connection: Connection, now: datetime, told: Select[str]) -> Sequence[str]:
        """Which of these subscriptions something can be sent to."""
        wanted = select(DeliveryRow.subscription).distinct().where(_SENDABLE, DeliveryRow.subscription.in_(told))
        return connection.scalars(wanted, {"now": now}).all()

    def next(
        self, connection: Connection, subscription: str, now: datetime, most: int
    ) -> Sequence[Row[int, int, int, datetime]]:
        """The next rows, each about another subject, the oldest event first."""
        rows = select(*_NEXT).where(DeliveryRow.subscription == subscription, _SENDABLE)
        return connection.execute(rows.order_by(DeliveryRow.event).limit(most), {"now": now}).all()

    def claim(
        self, connection: Connection, subscription: str, lease: tuple[datetime, datetime], most: int
    ) -> Sequence[Letter]:
        """Claim the next letters; ``lease``: from now until when."""
        now, until = lease
        rows = self.next(connection, subscription, now, most)
        claimed = update(DeliveryRow).where(DeliveryRow.number.in_([row.number for row in rows]))
        connection.execute(claimed.values(claimed_until=until, attempts=DeliveryRow.attempts + 1))
        return [
            Letter(subscription, self._log.read(connection, row.event - 1, 1)[0], row.attempts + 1, row.since)
            for row in rows
        ]

    @staticmethod
    def hold(connection: Connection, letters: Sequence[Letter], until: datetime) -> None:
        """Go on holding them."""
        held = or_(*map(_same, letters)) & DeliveryRow.claimed_until.is_not(None)
        connection.execute(update(DeliveryRow).where(held).values(claimed_until=until))

    @staticmethod
    def taken(connection: Connection, letters: Sequence[Letter]) -> None:
        """Forget them."""
        connection.execute(delete(DeliveryRow).where(or_(*map(_same, letters))))

    @staticmethod
    def put(connection: Connection, letter: Letter, **values: object) -> None:
        """Say what became of a letter."""
        connection.execute(update(DeliveryRow).where(_same(letter)).values(**values))

    @staticmethod
    def dead(connection: Connection, subscription: str, after: int, limit: int) -> Sequence[DeadLetter]:
        """A page of what was given up."""
        rows = (
            select(DeliveryRow.event, DeliveryRow.subject, DeliveryRow.attempts, DeliveryRow.since, DeliveryRow.answer)
            .where(DeliveryRow.subscription == subscription, DeliveryRow.status == DEAD, DeliveryRow.event > after)
            .order_by(DeliveryRow.event)
            .limit(limit)
        )
        return [
            DeadLetter(row.event, SubjectId(row.subject) if row.subject else None, row.attempts, row.since, row.answer)
            for row in connection.execute(rows)
        ]


@dataclass(slots=True)
class LaidOut:
    """Lays events out as deliveries; a page that concerns nobody is not written down until it has grown long.

    ``_looked``: for each subscription, where it stood in the database and how far was looked from there in vain.
    """

    database: Database
    log: EventLog
    _looked: dict[str, tuple[int, int]] = field(default_factory=dict)

    def go_on(self, subscriptions: Sequence[Subscription], derive: Derive) -> bool:
        """Take the next page for each; False where there was nothing new for any."""
        with self.database.reading() as connection:
            pages = _Pages(connection, self.log, derive)
            found = [self._next(pages, each) for each in subscriptions]
        worthwhile = [each for each in found if each.events or each.end - each.begin >= PAGE]
        self._looked |= {each.subscription.id: (each.begin, each.end) for each in found if not each.events}
        if worthwhile:
            with self.database.writing() as connection:
                for each in worthwhile:
                    _lay_out(connection, each)
        return any(each.end > each.begin for each in worthwhile)

    def _next(self, pages: "_Pages", subscription: Subscription) -> Reached:
        begin = _progress(pages.connection, subscription.id)
        start, looked = self._looked.get(subscription.id, (begin, begin))
        after = looked if start == begin else begin
        events = pages.after(after)
        told = tuple(event for _, event in events if event and subscription.wanted.includes(event))
        return Reached(subscription, begin, events[-1][0] if events else after, told)


@dataclass(slots=True)
class _Pages:
    """Pages of the log as outward events, each read once for all that stand at the same place."""

    connection: Connection
    log: EventLog
    derive: Derive
    _read: dict[int, Sequence[tuple[int, OutwardEvent | None]]] = field(default_factory=dict)

    def after(self, number: int) -> Sequence[tuple[int, OutwardEvent | None]]:
        if number not in self._read:
            self._read[number] = [
                (each.number, self.derive(each)) for each in self.log.read(self.connection, number, PAGE)
            ]
        return self._read[number]


def _progress(connection: Connection, subscription: str) -> int:
    reached = select(SubscriptionProgressRow.event).where(SubscriptionProgressRow.subscription == subscription)
    return connection.scalar(reached) or 0


def _lay_out(connection: Connection, reached: Reached) -> None:
    """Once: nothing is done where another process went on meanwhile, or the subscription is gone."""
    row, name = SubscriptionProgressRow, reached.subscription.id
    moved = update(row).where(row.subscription == name, row.event == reached.begin).values(event=reached.end)
    if not connection.execute(moved).rowcount or not reached.events:
        return
    last = connection.scalar(select(func.max(DeliveryRow.number))) or 0
    rows = [_row(name, number, event) for number, event in enumerate(reached.events, last + 1)]
    connection.execute(insert(DeliveryRow), rows)


def _row(subscription: str, number: int, event: OutwardEvent) -> dict[str, object]:
    now = datetime.now(UTC)
    return {
        "number": number,
        "subscription": subscription,
        "event": event.number,
        "subject": event.subject or "",
        "other": event.other,
        "status": WAITING,
        "since": now,
        "due_at": now,
        "claimed_until": None,
        "attempts": 0,
        "answer": "",
    }


def _sendable(now: ColumnElement[datetime]) -> ColumnElement[bool]:
    """It waits, is due, is nobody's, and nothing earlier about the same subject waits."""
    earlier = aliased(DeliveryRow)
    same = (earlier.subscription == DeliveryRow.subscription) & about_the_same(earlier, DeliveryRow)
    before = exists().where(earlier.event < DeliveryRow.event, earlier.status == WAITING, same)
    return (DeliveryRow.status == WAITING) & (DeliveryRow.due_at <= now) & is_free(DeliveryRow, now) & ~before


_SENDABLE = _sendable(bindparam("now", type_=DeliveryRow.due_at.type))
"""At a moment ``now``; made once, since it is asked all the time whether there is anything to send."""


def _same(letter: Letter) -> ColumnElement[bool]:
    return (DeliveryRow.subscription == letter.subscription) & (DeliveryRow.event == letter.recorded.number)
