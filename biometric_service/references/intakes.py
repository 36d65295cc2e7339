"""Intakes in SQL (``vocabulary.intakes.IntakeStore``): every change of one is one transaction with its audit event.

What was captured is sealed and kept at once, so that whatever fails (the page, a reader, this process) loses nothing.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, select, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.database import Database
from biometric_service.references.event_log import EventLog
from biometric_service.references.intake_details import (
    capture_binding,
    details_binding,
    pack_capture,
    pack_details,
    unpack_capture,
    unpack_details,
)
from biometric_service.references.intake_tables import IntakeCaptureRow, IntakeRow
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import GalleryRow, SubjectRow
from biometric_service.references.numbers import next_number
from biometric_service.references.person_names import namesakes
from biometric_service.references.protection import StoreKey
from biometric_service.references.refusals import check_name, gallery_unknown, intake_unknown, nothing_captured
from biometric_service.templates import native
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.intakes import (
    Intake,
    IntakeCapture,
    IntakePerson,
    IntakeState,
    Namesake,
    NewCapture,
)
from biometric_service.vocabulary.references import CaptureException, EncounterId, GalleryId, SubjectId

_ROWS = select(*IntakeRow.__table__.columns)
_CAPTURES = select(*IntakeCaptureRow.__table__.columns).order_by(IntakeCaptureRow.place)
_FACTS = select(IntakeCaptureRow.place, IntakeCaptureRow.facts).order_by(IntakeCaptureRow.place)
_TABLES = (IntakeRow.__tablename__, IntakeCaptureRow.__tablename__)


class SqlIntakeStore:
    """Keeps intakes in the store's database; safe in threads and beside other processes."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._keys = keys
        self._log = log

    def open(self, intake: Intake, event: AuditEvent) -> None:
        """Keep a new one; GALLERY_UNKNOWN."""
        check_name(intake.person.subject, "id of the subject")
        with self._database.writing() as connection:
            _require_galleries(connection, intake.galleries)
            number = next_number(connection, IntakeRow)
            connection.execute(insert(IntakeRow), {"number": number, **self._values(intake)})
            self._log.append(connection, event)

    def intake(self, intake: str) -> Intake:
        """One, whatever its state; INTAKE_UNKNOWN, RECORD_TAMPERED."""
        with self._database.reading() as connection:
            return self._read(connection, _row(connection, intake))

    def intakes(self) -> Sequence[Intake]:
        """Those that are open or refused, newest first; RECORD_TAMPERED."""
        present = (IntakeRow.state != IntakeState.COMPLETE.value, IntakeRow.expires_at > datetime.now(UTC))
        rows = _ROWS.where(*present).order_by(IntakeRow.number.desc())
        with self._database.reading() as connection:
            return [self._read(connection, row) for row in connection.execute(rows).mappings().all()]

    def keep(self, intake: str, captures: Sequence[NewCapture], until: datetime, event: AuditEvent) -> None:
        """Keep captures, each in the stead of what was in its place; INTAKE_UNKNOWN, INTAKE_CLOSED."""
        with self._database.writing() as connection:
            row = _open_row(connection, intake)
            places = [each.capture.place for each in captures]
            connection.execute(delete(IntakeCaptureRow).where(*_in_places(row["number"], places)))
            rows = [{"intake": row["number"], **self._sealed(intake, each)} for each in captures]
            connection.execute(insert(IntakeCaptureRow), rows)
            connection.execute(update(IntakeRow).where(IntakeRow.id == intake).values(expires_at=until))
            self._log.append(connection, event)

    def discard(self, intake: str, place: str, event: AuditEvent) -> None:
        """Destroy what was captured in a place; REQUEST_INVALID where nothing was."""
        with self._database.writing() as connection:
            row = _open_row(connection, intake)
            gone = connection.execute(delete(IntakeCaptureRow).where(*_in_places(row["number"], [place])))
            if not gone.rowcount:
                raise nothing_captured(place)
            self._log.append(connection, event)
        self._database.shed(_TABLES)

    def except_fingers(self, intake: str, exceptions: Sequence[CaptureException], event: AuditEvent) -> None:
        """Say which fingers cannot be captured, in the stead of what was said before."""
        with self._database.writing() as connection:
            present = self._read(connection, _open_row(connection, intake))
            self._put(connection, replace(present, exceptions=tuple(exceptions)), event)

    def images(self, intake: str, places: Collection[str] | None = None) -> Sequence[NewCapture]:
        """The captures with their pictures, of these places or of all; RECORD_TAMPERED."""
        with self._database.reading() as connection:
            number = _row(connection, intake)["number"]
            rows = connection.execute(_CAPTURES.where(*_in_places(number, places))).mappings().all()
            return [self._opened(intake, row) for row in rows]

    def refuse(self, intake: str, found: Sequence[SubjectId], until: datetime, event: AuditEvent) -> None:
        """Keep it as evidence until then; INTAKE_CLOSED where it is complete."""
        with self._database.writing() as connection:
            present = self._not_complete(connection, intake)
            alike = tuple(sorted(set(found)))
            self._put(connection, replace(present, state=IntakeState.REFUSED, found=alike, expires_at=until), event)

    def complete(self, intake: str, encounter: EncounterId, until: datetime, event: AuditEvent) -> None:
        """Wipe what was captured: it is in the record now; INTAKE_CLOSED where it is complete already."""
        with self._database.writing() as connection:
            present = self._not_complete(connection, intake)
            number = _row(connection, intake)["number"]
            connection.execute(delete(IntakeCaptureRow).where(IntakeCaptureRow.intake == number))
            bare, done = IntakePerson(present.person.subject, ""), IntakeState.COMPLETE
            known = replace(present, state=done, person=bare, exceptions=(), found=(), encounter=encounter)
            self._put(connection, replace(known, expires_at=until), event)
        self._database.shed(_TABLES)

    def wipe(self, intake: str, event: AuditEvent) -> None:
        """Destroy everything about it."""
        with self._database.writing() as connection:
            _destroy(connection, [_row(connection, intake)["number"]])
            self._log.append(connection, event)
        self._database.shed(_TABLES)

    def expire(self, now: datetime, event: AuditEvent) -> int:
        """Destroy every one that is over its time, with an event for each that was not complete."""
        over = select(IntakeRow.number, IntakeRow.id, IntakeRow.state).where(IntakeRow.expires_at <= now)
        with self._database.reading() as connection:
            if connection.execute(over.limit(1)).first() is None:
                return 0
        with self._database.writing() as connection:
            gone = connection.execute(over).all()
            _destroy(connection, [row.number for row in gone])
            for row in gone:
                if row.state != IntakeState.COMPLETE.value:
                    details = {**event.details, "intake": row.id, "state": row.state}
                    self._log.append(connection, replace(event, details=details))
        self._database.shed(_TABLES)
        return len(gone)

    def namesakes(self, name: str, born: date | None) -> Sequence[Namesake]:
        """Everyone enrolled under the name, however it is written; RECORD_TAMPERED."""
        with self._database.reading() as connection:
            return namesakes(connection, self._keys, name, born)

    def _not_complete(self, connection: Connection, intake: str) -> Intake:
        present = self._read(connection, _row(connection, intake))
        if present.state is IntakeState.COMPLETE:
            raise _closed(present.state)
        return present

    def _put(self, connection: Connection, intake: Intake, event: AuditEvent) -> None:
        connection.execute(update(IntakeRow).where(IntakeRow.id == intake.id).values(**self._values(intake)))
        self._log.append(connection, event)

    def _values(self, intake: Intake) -> dict[str, object]:
        return {
            "id": intake.id,
            "state": intake.state.value,
            "subject": intake.person.subject,
            "galleries": sorted(intake.galleries),
            "found": list(intake.found),
            "opened_by": intake.opened_by,
            "opened_at": intake.opened_at,
            "expires_at": intake.expires_at,
            "encounter": intake.encounter,
            "details": self._details(intake),
        }

    def _details(self, intake: Intake) -> bytes:
        return self._keys.current.intakes.seal(pack_details(intake), details_binding(intake.id))

    def _sealed(self, intake: str, each: NewCapture) -> dict[str, object]:
        place, key = each.capture.place, self._keys.current.intakes
        return {
            "place": place,
            "facts": key.seal(pack_capture(each.capture), capture_binding(intake, place, "facts")),
            "image": key.seal(each.image, capture_binding(intake, place, "image")),
            "template": each.template
            and key.seal(native.encode(each.template), capture_binding(intake, place, "template")),
        }

    def _read(self, connection: Connection, row: RowMapping) -> Intake:
        opened = self._keys.current.intakes.open(row["details"], details_binding(row["id"]))
        rows = connection.execute(_FACTS.where(IntakeCaptureRow.intake == row["number"])).mappings().all()
        stands = Intake(
            id=row["id"],
            state=IntakeState(row["state"]),
            galleries=frozenset(map(GalleryId, row["galleries"])),
            opened_by=row["opened_by"],
            opened_at=row["opened_at"],
            expires_at=row["expires_at"],
            person=IntakePerson(SubjectId(row["subject"]), ""),
            captures=tuple(self._capture(row["id"], each) for each in rows),
            found=tuple(map(SubjectId, row["found"])),
            encounter=EncounterId(row["encounter"]) if row["encounter"] else None,
        )
        return unpack_details(opened, stands)

    def _capture(self, intake: str, row: RowMapping) -> IntakeCapture:
        opened = self._keys.current.intakes.open(row["facts"], capture_binding(intake, row["place"], "facts"))
        return unpack_capture(opened, row["place"])

    def _opened(self, intake: str, row: RowMapping) -> NewCapture:
        key, place = self._keys.current.intakes, row["place"]
        image = key.open(row["image"], capture_binding(intake, place, "image"))
        made = row["template"] and key.open(row["template"], capture_binding(intake, place, "template"))
        return NewCapture(self._capture(intake, row), image, native.decode(made) if made else None)


def reseal_intakes(connection: Connection, present: StoreKey, new: StoreKey) -> None:
    """Put everything about every intake under a new store key; RECORD_TAMPERED."""
    for number, name, sealed in connection.execute(select(IntakeRow.number, IntakeRow.id, IntakeRow.details)).all():
        binding = details_binding(name)
        again = new.intakes.seal(present.intakes.open(sealed, binding), binding)
        connection.execute(update(IntakeRow).where(IntakeRow.number == number).values(details=again))
    captures = select(IntakeCaptureRow.intake, IntakeCaptureRow.place, IntakeRow.id).join(IntakeRow)
    for number, place, name in connection.execute(captures).all():
        _reseal_capture(connection, (number, place, name), present, new)


def forget_intakes(connection: Connection, subjects: Collection[int]) -> None:
    """Forget every intake of or like the subjects with these numbers, which are erased."""
    known_as = set(connection.scalars(select(SubjectRow.id).where(SubjectRow.number.in_(subjects))))
    rows = connection.execute(select(IntakeRow.number, IntakeRow.subject, IntakeRow.found)).all()
    _destroy(connection, [row.number for row in rows if known_as & {row.subject, *row.found}])


def _reseal_capture(connection: Connection, key: tuple[int, str, str], present: StoreKey, new: StoreKey) -> None:
    number, place, name = key
    this = (IntakeCaptureRow.intake == number, IntakeCaptureRow.place == place)
    parts = select(IntakeCaptureRow.facts, IntakeCaptureRow.image, IntakeCaptureRow.template)
    row = connection.execute(parts.where(*this)).mappings().one()
    again = {
        part: new.intakes.seal(present.intakes.open(sealed, binding), binding)
        for part, sealed in row.items()
        if sealed is not None
        for binding in [capture_binding(name, place, part)]
    }
    connection.execute(update(IntakeCaptureRow).where(*this).values(**again))


def _destroy(connection: Connection, numbers: Sequence[int]) -> None:
    connection.execute(delete(IntakeCaptureRow).where(IntakeCaptureRow.intake.in_(numbers)))
    connection.execute(delete(IntakeRow).where(IntakeRow.number.in_(numbers)))


def _in_places(intake: int, places: Collection[str] | None) -> Iterator[ColumnElement[bool]]:
    yield IntakeCaptureRow.intake == intake
    if places is not None:
        yield IntakeCaptureRow.place.in_(places)


def _row(connection: Connection, intake: str) -> RowMapping:
    row = connection.execute(_ROWS.where(IntakeRow.id == intake)).mappings().one_or_none()
    if row is None or row["expires_at"] <= datetime.now(UTC):
        raise intake_unknown()
    return row


def _open_row(connection: Connection, intake: str) -> RowMapping:
    row = _row(connection, intake)
    if row["state"] != IntakeState.OPEN.value:
        raise _closed(IntakeState(row["state"]))
    return row


def _require_galleries(connection: Connection, galleries: frozenset[GalleryId]) -> None:
    known = set(connection.scalars(select(GalleryRow.id).where(GalleryRow.id.in_(galleries))))
    for gallery in sorted(galleries - known):
        raise gallery_unknown(gallery)


def _closed(state: IntakeState) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.INTAKE_CLOSED, f"The intake is {state.value}: nothing in it changes any more.", "Open a new intake."
    )
