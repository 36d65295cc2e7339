"""Visits in SQL (``vocabulary.day_stores.VisitStore``): who is in, and since when."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.orm import aliased

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.database import Database
from biometric_service.references.day_notes import maybe
from biometric_service.references.day_tables import VisitRow
from biometric_service.references.event_log import EventLog
from biometric_service.references.models import SubjectRow
from biometric_service.references.movement_store import present_person
from biometric_service.references.numbers import next_number
from biometric_service.references.places import require_zone
from biometric_service.references.refusals import check_name
from biometric_service.references.sightings import Known, leave, move
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.movements import How
from biometric_service.vocabulary.places import ZoneId
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.visits import NewVisit, Visit

_HOST = aliased(SubjectRow)
_NAMED = (
    select(*VisitRow.__table__.columns, SubjectRow.id.label("visitor_id"), _HOST.id.label("host_id"))
    .join(SubjectRow, SubjectRow.number == VisitRow.visitor)
    .outerjoin(_HOST, _HOST.number == VisitRow.host)
)


class SqlVisitStore:
    """Keeps visits in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, log: EventLog) -> None:
        self._database = database
        self._log = log

    def open(self, visit: NewVisit, event: AuditEvent) -> Visit:
        """Let a visitor in, whoever that is today; VISIT_CONFLICT where they are, SUBJECT_UNKNOWN, PLACE_UNKNOWN."""
        check_name(visit.id, "id of the visit")
        with self._database.writing() as connection:
            visitor = present_person(connection, visit.visitor)
            standing = (VisitRow.visitor == visitor.number) & VisitRow.left_at.is_(None)
            if connection.scalar(select(VisitRow.id).where(standing)) is not None:
                raise _conflict("inside", visitor=visit.visitor)
            connection.execute(insert(VisitRow), _values(connection, visit, visitor, event))
            self._log.append(connection, event)
            if visit.zone is not None:
                require_zone(connection, visit.zone)
                move(connection, self._log, visitor, visit.zone, event.at, How.VISIT, event, {"visit": visit.id})
            return _read(connection, visit.id)

    def leave(self, visit: str, event: AuditEvent) -> Visit:
        """Let the visitor out; VISIT_UNKNOWN, VISIT_CONFLICT where that was done."""
        with self._database.writing() as connection:
            row = _row(connection, visit)
            if row["left_at"] is not None:
                raise _conflict("left")
            connection.execute(update(VisitRow).where(VisitRow.id == visit).values(left_at=event.at))
            self._log.append(connection, event)
            visitor = present_person(connection, SubjectId(row["visitor_id"]))
            leave(connection, self._log, visitor, event, {"visit": visit})
            return _read(connection, visit)

    def visit(self, visit: str) -> Visit:
        """One visit; VISIT_UNKNOWN."""
        with self._database.reading() as connection:
            return _read(connection, visit)

    def visits(self, after: int, limit: int, *, left: bool) -> Sequence[Visit]:
        """Open or past visits by number."""
        over = VisitRow.left_at.is_not(None)
        wanted = _NAMED.where(over if left else ~over, VisitRow.number > after).order_by(VisitRow.number)
        with self._database.reading() as connection:
            return [_visit(dict(row)) for row in connection.execute(wanted.limit(limit)).mappings()]


def visit_unknown() -> BiometricServiceError:
    """VISIT_UNKNOWN."""
    return BiometricServiceError(ErrorCode.VISIT_UNKNOWN, "There is no such visit.", "Check its id.")


def _values(connection: Connection, visit: NewVisit, visitor: Known, event: AuditEvent) -> dict[str, object]:
    return {
        "number": next_number(connection, VisitRow),
        "id": visit.id,
        "visitor": visitor.number,
        "host": None if visit.host is None else present_person(connection, visit.host).number,
        "gallery": visit.gallery,
        "zone": visit.zone,
        "opened_by": event.caller.actor,
        "opened_at": event.at.astimezone(UTC),
    }


def _row(connection: Connection, visit: str) -> Mapping[str, Any]:
    row = connection.execute(_NAMED.where(VisitRow.id == visit)).mappings().one_or_none()
    if row is None:
        raise visit_unknown()
    return dict(row)


def _read(connection: Connection, visit: str) -> Visit:
    return _visit(_row(connection, visit))


def _visit(row: Mapping[str, Any]) -> Visit:
    return Visit(
        id=row["id"],
        visitor=SubjectId(row["visitor_id"]),
        gallery=GalleryId(row["gallery"]),
        host=maybe(SubjectId, row["host_id"]),
        zone=maybe(ZoneId, row["zone"]),
        number=row["number"],
        opened_by=row["opened_by"],
        opened_at=row["opened_at"],
        left_at=row["left_at"],
    )


def _conflict(case: str, **values: object) -> BiometricServiceError:
    return BiometricServiceError.of(ErrorCode.VISIT_CONFLICT, case, **values)
