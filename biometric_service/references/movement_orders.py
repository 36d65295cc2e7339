"""Movement orders in SQL (``vocabulary.day_stores.OrderStore``): sealed, and bound as long as they stand."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import Connection, RowMapping, insert, or_, select, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.anchored import AnchoredRights
from biometric_service.references.database import Database
from biometric_service.references.day_notes import maybe, note_of, sealed_note
from biometric_service.references.event_log import EventLog
from biometric_service.references.holders import find_subject, holder_of, live_number, merged_into, of_holders
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.numbers import next_number
from biometric_service.references.place_tables import OrderRow
from biometric_service.references.places import require_zone
from biometric_service.references.refusals import check_name, gallery_unknown
from biometric_service.references.rights import RightsSeal
from biometric_service.references.subjects import gallery_exists
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.places import NewOrder, Order, OrderPurpose, ZoneId
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId, SubjectId

_COLUMNS = select(*OrderRow.__table__.columns)
_NAMED = of_holders(OrderRow)


class SqlOrderStore:
    """Keeps movement orders in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._keys = keys
        self._log = log
        self._seal = RightsSeal(lambda: keys.current.day_rights, "A movement order")
        self._anchored = AnchoredRights(OrderRow, log)

    def issue(self, order: NewOrder, event: AuditEvent) -> Order:
        """Keep an order; SUBJECT_UNKNOWN, SUBJECT_MERGED, PLACE_UNKNOWN, GALLERY_UNKNOWN, REQUEST_INVALID."""
        check_name(order.id, "id of the order")
        with self._database.writing() as connection:
            _require_sensible(connection, order)
            subject = None if order.subject is None else live_number(connection, order.subject)
            self._end_those_over(connection, event.at)
            note = sealed_note(self._keys.current, OrderRow.__tablename__, order.id, "note", order.note)
            values = {**_values(order), "subject": subject, "note": note, "number": next_number(connection, OrderRow)}
            issued = {"issued_by": event.caller.actor, "issued_at": event.at.astimezone(UTC), "over": False}
            row = {**values, **issued, "cancelled_by": "", "cancelled_at": None}
            connection.execute(insert(OrderRow), self._seal.sealed(row))
            self._anchored.bind(connection)
            self._log.append(connection, event)
            return self._read(connection, order.id)

    def cancel(self, order: str, event: AuditEvent) -> Order:
        """End an order at once, and tell nothing where it is over; ORDER_UNKNOWN."""
        with self._database.writing() as connection:
            row = self._row(connection, order)
            if not row["over"]:
                ended = {"over": True, "cancelled_by": event.caller.actor, "cancelled_at": event.at.astimezone(UTC)}
                self._end(connection, row, ended)
                self._anchored.bind(connection)
                self._log.append(connection, event)
            return self._read(connection, order)

    def order(self, order: str) -> Order:
        """One order; ORDER_UNKNOWN, RECORD_TAMPERED, RIGHTS_REPLAYED."""
        with self._database.reading() as connection:
            return self._read(connection, order)

    def orders(
        self, gallery: GalleryId, subject: SubjectId | None, after: int, limit: int, *, over: bool
    ) -> Sequence[Order]:
        """Orders of a gallery, of one person or all, that stand (also later ones) or are over, by number."""
        now = datetime.now(UTC)
        past = or_(OrderRow.over, OrderRow.valid_until <= now)
        wanted = _NAMED.where(past if over else ~past, OrderRow.number > after)
        if gallery != ALL_GALLERIES:
            wanted = wanted.where(OrderRow.gallery == gallery)
        with self._database.reading() as connection:
            if subject is not None:
                wanted = wanted.where(OrderRow.subject.in_(_records(connection, subject)))
            rows = connection.execute(wanted.order_by(OrderRow.number).limit(limit)).mappings().all()
            return [self._opened(connection, row) for row in rows]

    def in_force(
        self, connection: Connection, subject: int, galleries: frozenset[GalleryId], at: datetime
    ) -> tuple[Order, ...]:
        """Orders that hold at a moment for a person of these galleries, or for everybody of one of them."""
        holding = (OrderRow.over.is_(False), OrderRow.valid_from <= at, OrderRow.valid_until > at)
        records = [subject, *merged_into(connection, subject)]
        whom = or_(OrderRow.subject.in_(records), OrderRow.subject.is_(None) & OrderRow.gallery.in_(galleries))
        rows = connection.execute(_NAMED.where(*holding, whom).order_by(OrderRow.number)).mappings().all()
        return tuple(self._opened(connection, row) for row in rows)

    def _end_those_over(self, connection: Connection, now: datetime) -> None:
        """Whatever ran out need not be bound any more."""
        past = _COLUMNS.where(OrderRow.over.is_(False), OrderRow.valid_until <= now)
        for row in connection.execute(past).mappings().all():
            self._end(connection, row, {"over": True})

    def _end(self, connection: Connection, row: RowMapping, ended: dict[str, object]) -> None:
        self._require_right(connection, row)
        fields = {name: row[name] for name in OrderRow.__table__.columns.keys()}  # noqa: SIM118 - not a mapping
        changed = self._seal.sealed({**fields, **ended})
        connection.execute(update(OrderRow).where(OrderRow.number == row["number"]).values(**changed))

    def _row(self, connection: Connection, order: str) -> RowMapping:
        row = connection.execute(_NAMED.where(OrderRow.id == order)).mappings().one_or_none()
        if row is None:
            raise order_unknown()
        return row

    def _read(self, connection: Connection, order: str) -> Order:
        return self._opened(connection, self._row(connection, order))

    def _opened(self, connection: Connection, row: RowMapping) -> Order:
        self._require_right(connection, row)
        note = note_of(self._keys.current, OrderRow.__tablename__, row["id"], "note", row["note"])
        subject = None if row["subject"] is None else holder_of(connection, row)
        return _order(row, subject, note)

    def _require_right(self, connection: Connection, row: RowMapping) -> None:
        self._seal.require_intact({name: row[name] for name in OrderRow.__table__.columns.keys()})  # noqa: SIM118
        if not row["over"]:
            self._anchored.require(connection, row["id"], row["seal"])


def order_unknown() -> BiometricServiceError:
    """ORDER_UNKNOWN."""
    return BiometricServiceError(
        ErrorCode.ORDER_UNKNOWN, "There is no such movement order.", "Check its id; those of erased people are gone."
    )


def _require_sensible(connection: Connection, order: NewOrder) -> None:
    for zone in filter(None, (order.zone, order.from_zone, order.to_zone)):
        require_zone(connection, zone)
    if not gallery_exists(connection, order.gallery):
        raise gallery_unknown(order.gallery)
    if order.from_zone == order.to_zone:
        raise BiometricServiceError.of(ErrorCode.REQUEST_INVALID, "order_nowhere")
    if order.valid_until <= order.valid_from:
        raise BiometricServiceError.of(ErrorCode.REQUEST_INVALID, "order_backwards")
    if connection.scalar(select(OrderRow.number).where(OrderRow.id == order.id)) is not None:
        raise BiometricServiceError.of(ErrorCode.STORE_CONFLICT, "order_exists", order=order.id)


def _values(order: NewOrder) -> dict[str, object]:
    values = asdict(order)
    moments = {name: values[name].astimezone(UTC) for name in ("valid_from", "valid_until")}
    return {**values, **moments, "purpose": order.purpose.value}


def _records(connection: Connection, subject: SubjectId) -> Sequence[int]:
    """The numbers of a subject and of those merged into it; none of one who is not known."""
    number = find_subject(connection, subject)
    return [] if number is None else [number, *merged_into(connection, number)]


def _order(row: RowMapping, subject: SubjectId | None, note: str) -> Order:
    return Order(
        id=row["id"],
        gallery=GalleryId(row["gallery"]),
        subject=subject,
        zone=maybe(ZoneId, row["zone"]),
        from_zone=maybe(ZoneId, row["from_zone"]),
        to_zone=ZoneId(row["to_zone"]),
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        purpose=OrderPurpose(row["purpose"]),
        must=row["must"],
        both_ways=row["both_ways"],
        note=note,
        number=row["number"],
        issued_by=row["issued_by"],
        issued_at=row["issued_at"],
        cancelled_by=row["cancelled_by"],
        cancelled_at=row["cancelled_at"],
    )
