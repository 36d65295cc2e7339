"""Subscriptions in SQL (``vocabulary.outward.SubscriptionStore``), and laying events out for them.

A subscription sends data out of the house, so its row is closed with a seal and bound to the head of the audit log as
an API key is. What is on its way lies in ``deliveries`` (``references.deliveries``).
"""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, func, insert, select, true, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.anchored import AnchoredRights
from biometric_service.references.database import Database
from biometric_service.references.deliveries import DEAD, WAITING, Deliveries, LaidOut
from biometric_service.references.event_log import EventLog
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.protection import Binding, StoreKey
from biometric_service.references.refusals import check_name
from biometric_service.references.rights import RightsSeal, reseal
from biometric_service.references.subscription_tables import DeliveryRow, SubscriptionProgressRow, SubscriptionRow
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.outward import (
    DeadLetter,
    Derive,
    Letter,
    OutwardType,
    Post,
    Subscription,
    SubscriptionState,
    Wanted,
)
from biometric_service.vocabulary.references import GalleryId

_SECRET_BYTES = 32
_COLUMNS = select(*SubscriptionRow.__table__.columns).order_by(SubscriptionRow.id)
_WHAT = "A subscription"


class SqlSubscriptionStore:
    """Keeps subscriptions in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._keys = keys
        self._log = log
        self._seal = RightsSeal(lambda: keys.current.subscriptions_seal, _WHAT)
        self._anchored = AnchoredRights(SubscriptionRow, log)
        self._deliveries = Deliveries(log)
        self._laid_out = LaidOut(database, log)

    def create(self, subscription: Subscription, event: AuditEvent, after: int | None = None) -> bytes:
        """Keep the subscription and return the key it is signed with; REQUEST_INVALID, STORE_CONFLICT."""
        check_name(subscription.id, "id of the subscription")
        check_name(subscription.name, "name of the subscription")
        secret = secrets.token_bytes(_SECRET_BYTES)
        with self._database.writing() as connection:
            row = _new_row(subscription) | {"secret": self._sealed(subscription.id, secret)}
            if self._rows(connection, SubscriptionRow.id == subscription.id):
                raise _taken(subscription.id)
            connection.execute(insert(SubscriptionRow), self._seal.sealed(row))
            self._anchored.bind(connection)
            number = self._log.append(connection, event)
            reached = {"subscription": subscription.id, "event": number if after is None else min(after, number)}
            connection.execute(insert(SubscriptionProgressRow), reached)
        return secret

    def subscriptions(self) -> Sequence[SubscriptionState]:
        """Every subscription that was not deleted, by id."""
        with self._database.reading() as connection:
            counts = dict(_counted(connection))
            reached = dict(
                connection.execute(select(SubscriptionProgressRow.subscription, SubscriptionProgressRow.event)).all()
            )
            rows = [row for row in self._rows(connection, true()) if self._seal.in_force(row)]
        return [
            SubscriptionState(
                _subscription(row), reached[row["id"]], *(counts.get((row["id"], s), 0) for s in _STATUSES)
            )
            for row in rows
        ]

    def named(self, subscription: str) -> Subscription:
        """The subscription; SUBSCRIPTION_UNKNOWN, RECORD_TAMPERED, RIGHTS_REPLAYED."""
        with self._database.reading() as connection:
            return _subscription(self._row(connection, subscription))

    def rotate(self, subscription: str, until: datetime, event: AuditEvent) -> bytes:
        """Give it another key and return that; the former one signs as well ``until`` then. SUBSCRIPTION_UNKNOWN."""
        secret = secrets.token_bytes(_SECRET_BYTES)
        with self._database.writing() as connection:
            former = self._row(connection, subscription)["secret"]
            sealed = self._sealed(subscription, secret)
            self._change(connection, subscription, event, secret=sealed, former=former, former_until=until)
        return secret

    def pause(self, subscription: str, event: AuditEvent, *, paused: bool) -> None:
        """Send it nothing from now on, or go on with what has waited. SUBSCRIPTION_UNKNOWN."""
        with self._database.writing() as connection:
            self._change(connection, subscription, event, paused_at=event.at.astimezone(UTC) if paused else None)

    def delete(self, subscription: str, event: AuditEvent) -> None:
        """End it at once, with its keys and all that waits. SUBSCRIPTION_UNKNOWN."""
        gone = {"secret": b"", "former": None, "former_until": None, "revoked_at": event.at.astimezone(UTC)}
        with self._database.writing() as connection:
            self._change(connection, subscription, event, **gone)
            for row in (DeliveryRow, SubscriptionProgressRow):
                connection.execute(delete(row).where(row.subscription == subscription))

    def replay(self, subscription: str, after: int, event: AuditEvent) -> None:
        """Tell it once more of all that came after an audit event. SUBSCRIPTION_UNKNOWN."""
        later = (DeliveryRow.subscription == subscription) & (DeliveryRow.event > after)
        progress = SubscriptionProgressRow
        with self._database.writing() as connection:
            self._row(connection, subscription)
            connection.execute(delete(DeliveryRow).where(later))
            back = update(progress).where(progress.subscription == subscription, progress.event > after)
            connection.execute(back.values(event=after))
            self._log.append(connection, event)

    def dead_letters(self, subscription: str, after: int, limit: int) -> Sequence[DeadLetter]:
        """What was given up, in the order of events, after the given one. SUBSCRIPTION_UNKNOWN."""
        with self._database.reading() as connection:
            self._row(connection, subscription)
            return self._deliveries.dead(connection, subscription, after, limit)

    def spread(self, derive: Derive) -> bool:
        """Lay the next events out for whom they concern, each once; False where there were none."""
        with self._database.reading() as connection:
            told = [_subscription(row) for row in self._rows(connection, _TOLD) if self._seal.in_force(row)]
        return self._laid_out.go_on(told, derive)

    def due(self, now: datetime) -> Sequence[str]:
        """The subscriptions that something can be sent to now."""
        told = select(SubscriptionRow.id).where(_TOLD)
        with self._database.reading() as connection:
            return self._deliveries.due(connection, now, told)

    def claim(self, subscription: str, now: datetime, until: datetime, most: int) -> Post | None:
        """The next letters of a subscription: none before an earlier one about the same subject. None without any."""
        with self._database.reading() as connection:
            if not self._deliveries.next(connection, subscription, now, 1):
                return None
        with self._database.writing() as connection:
            row = self._row(connection, subscription)
            if row["paused_at"] is not None:
                return None
            letters = self._deliveries.claim(connection, subscription, (now, until), most)
            return Post(_subscription(row), self._keys_of(row, now), letters) if letters else None

    def hold(self, letters: Sequence[Letter], until: datetime) -> None:
        """Go on holding what was claimed."""
        if letters:
            with self._database.writing() as connection:
                self._deliveries.hold(connection, letters, until)

    def delivered(self, letters: Sequence[Letter]) -> None:
        """They were taken."""
        if letters:
            with self._database.writing() as connection:
                self._deliveries.taken(connection, letters)

    def undelivered(self, letter: Letter, answer: str, due: datetime) -> None:
        """It was not taken, and is sent again then."""
        with self._database.writing() as connection:
            self._deliveries.put(connection, letter, due_at=due, claimed_until=None, answer=answer)

    def give_up(self, letter: Letter, answer: str, event: AuditEvent) -> None:
        """It was not taken for too long: keep it as a dead letter, which holds nothing back any more."""
        with self._database.writing() as connection:
            self._deliveries.put(connection, letter, status=DEAD, claimed_until=None, answer=answer)
            self._log.append(connection, event)

    def _rows(self, connection: Connection, which: ColumnElement[bool]) -> Sequence[RowMapping]:
        rows = connection.execute(_COLUMNS.where(which)).mappings().all()
        for row in rows:
            self._anchored.require(connection, row["id"], row["seal"])
        return rows

    def _row(self, connection: Connection, subscription: str) -> RowMapping:
        row = next(iter(self._rows(connection, SubscriptionRow.id == subscription)), None)
        if row is None or not self._seal.in_force(row):
            raise _unknown(subscription)
        return row

    def _change(self, connection: Connection, subscription: str, event: AuditEvent, **values: object) -> None:
        row = self._seal.sealed({**self._row(connection, subscription), **values})
        connection.execute(update(SubscriptionRow).where(SubscriptionRow.id == subscription).values(**row))
        self._anchored.bind(connection)
        self._log.append(connection, event)

    def _keys_of(self, row: RowMapping, now: datetime) -> tuple[bytes, ...]:
        """The newest first."""
        sealed = [row["secret"]]
        if row["former"] is not None and row["former_until"] > now:
            sealed.append(row["former"])
        return tuple(self._keys.current.subscriptions.open(each, _binding(row["id"])) for each in sealed)

    def _sealed(self, subscription: str, secret: bytes) -> bytes:
        return self._keys.current.subscriptions.seal(secret, _binding(subscription))


_TOLD = SubscriptionRow.revoked_at.is_(None) & SubscriptionRow.paused_at.is_(None)
_STATUSES = (WAITING, DEAD)


def reseal_subscriptions(connection: Connection, present: StoreKey, new: StoreKey) -> None:
    """Put every key under a new store key, and the rows under another seal; RECORD_TAMPERED."""
    before = RightsSeal(lambda: present.subscriptions_seal, _WHAT)
    for row in connection.execute(_COLUMNS).mappings().all():
        before.in_force(row)
        moved = {name: _moved(row["id"], row[name], present, new) for name in ("secret", "former")}
        fields = before.sealed({**row, **moved})
        connection.execute(update(SubscriptionRow).where(SubscriptionRow.id == row["id"]).values(**fields))
    reseal(connection, SubscriptionRow, before, RightsSeal(lambda: new.subscriptions_seal, ""))


def _moved(subscription: str, sealed: bytes | None, present: StoreKey, new: StoreKey) -> bytes | None:
    if not sealed:
        return sealed
    binding = _binding(subscription)
    return new.subscriptions.seal(present.subscriptions.open(sealed, binding), binding)


def _binding(subscription: str) -> Binding:
    return Binding(f"subscription {subscription}".encode())


def _counted(connection: Connection) -> Sequence[tuple[tuple[str, str], int]]:
    counts = select(DeliveryRow.subscription, DeliveryRow.status, func.count())
    rows = connection.execute(counts.group_by(DeliveryRow.subscription, DeliveryRow.status))
    return [((subscription, status), count) for subscription, status, count in rows]


def _new_row(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": subscription.id,
        "name": subscription.name,
        "url": subscription.url,
        "types": sorted(subscription.wanted.types),
        "galleries": sorted(subscription.wanted.galleries),
        "purpose": subscription.purpose,
        "created_by": subscription.created_by,
        **dict.fromkeys(("former", "former_until", "paused_at", "expires_at", "revoked_at")),
    }


def _subscription(row: RowMapping) -> Subscription:
    wanted = Wanted(frozenset(map(OutwardType, row["types"])), frozenset(map(GalleryId, row["galleries"])))
    return Subscription(row["id"], row["name"], row["url"], wanted, row["purpose"], row["created_by"], row["paused_at"])


def _unknown(subscription: str) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.SUBSCRIPTION_UNKNOWN, f"There is no subscription {subscription!r}.", "Check its id."
    )


def _taken(subscription: str) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.STORE_CONFLICT, f"There was a subscription {subscription!r} already.", "Give another id."
    )
