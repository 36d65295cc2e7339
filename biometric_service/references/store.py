"""The reference store in SQL: the only durable truth (``vocabulary.protocols.ReferenceStore``)."""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, delete, insert, select

from biometric_service.references.change_feed import open_page, read_page
from biometric_service.references.database import Database
from biometric_service.references.encounters import Place, write_encounter
from biometric_service.references.event_log import EventLog
from biometric_service.references.images import open_image
from biometric_service.references.models import (
    ChangeRow,
    DataKeyRow,
    EncounterRow,
    GalleryRow,
    RemovedReferenceRow,
    SampleRow,
    StoreRow,
    SubjectRow,
    TemplateRow,
)
from biometric_service.references.numbers import STORE, Numbers, take_numbers
from biometric_service.references.protection import StoreKey
from biometric_service.references.refusals import check_gallery_name, check_name, gallery_taken, subject_taken
from biometric_service.references.sealed_references import open_references, read_sealed
from biometric_service.references.subjects import (
    find_subject,
    gallery_exists,
    list_subjects,
    subject_number,
    summarise,
)
from biometric_service.vocabulary.events import AuditEvent, RecordedEvent
from biometric_service.vocabulary.references import (
    Change,
    ChangeNumber,
    Encounter,
    GalleryId,
    Reference,
    ReferenceId,
    SubjectId,
    SubjectSummary,
)


class SqlReferenceStore:
    """Keeps everything in one database; safe in threads and beside other processes on the same database.

    Faults of the database are STORE_UNAVAILABLE (full, read-only, busy, missing, damaged) or STORE_CONFLICT; the
    transaction is then undone as a whole. Records that do not open are RECORD_TAMPERED.
    """

    def __init__(self, database: Database, store_key: StoreKey, log: EventLog) -> None:
        self._database = database
        self._key = store_key
        self._log = log

    def create_gallery(self, gallery: GalleryId, event: AuditEvent) -> None:
        """Make a gallery; GALLERY_EXISTS, REQUEST_INVALID."""
        check_gallery_name(gallery)
        with self._database.writing() as connection:
            if gallery_exists(connection, gallery):
                raise gallery_taken(gallery)
            connection.execute(insert(GalleryRow).values(id=gallery, created_at=event.at))
            self._log.append(connection, event)

    def galleries(self) -> Sequence[GalleryId]:
        """Every gallery, by name."""
        with self._database.reading() as connection:
            return [GalleryId(name) for name in connection.scalars(select(GalleryRow.id).order_by(GalleryRow.id))]

    def enrol(self, encounter: Encounter, event: AuditEvent) -> ChangeNumber:
        """Keep an encounter of a new subject; SUBJECT_EXISTS, GALLERY_UNKNOWN, REQUEST_INVALID, TEMPLATE_INVALID."""
        check_name(encounter.subject, "id of the subject")
        with self._database.writing() as connection:
            if find_subject(connection, encounter.subject) is not None:
                raise subject_taken(encounter.subject)
            numbers = take_numbers(connection, subjects=1, encounters=1, samples=len(encounter.samples))
            self._insert_subject(connection, numbers.subject, encounter)
            return self._keep(connection, encounter, numbers.subject, numbers, event)

    def add_encounter(self, encounter: Encounter, event: AuditEvent) -> ChangeNumber:
        """Keep a further encounter; SUBJECT_UNKNOWN, GALLERY_UNKNOWN, TEMPLATE_INVALID, STORE_CONFLICT for its id."""
        with self._database.writing() as connection:
            subject = subject_number(connection, encounter.subject)
            numbers = take_numbers(connection, encounters=1, samples=len(encounter.samples))
            return self._keep(connection, encounter, subject, numbers, event)

    def erase(self, subject: SubjectId, event: AuditEvent) -> ChangeNumber:
        """Destroy the subject's data key and rows, and take them out of the write-ahead log; SUBJECT_UNKNOWN."""
        with self._database.writing() as connection:
            number = subject_number(connection, subject)
            change = self._new_change(connection, take_numbers(connection), event)
            _remove_references(connection, number, change)
            connection.execute(delete(DataKeyRow).where(DataKeyRow.subject == number))
            connection.execute(delete(SubjectRow).where(SubjectRow.number == number))
        self._database.shed()
        return change

    def record(self, event: AuditEvent) -> int:
        """Append an event that changes nothing else; returns its number."""
        with self._database.writing() as connection:
            return self._log.append(connection, event)

    def subject(self, subject: SubjectId) -> SubjectSummary:
        """What may be told of a subject; SUBJECT_UNKNOWN."""
        with self._database.reading() as connection:
            return summarise(connection, subject)

    def subjects(self, gallery: GalleryId, after: SubjectId | None, limit: int) -> Sequence[SubjectSummary]:
        """Subjects of a gallery (or ALL_GALLERIES) by id, after the given one; GALLERY_UNKNOWN."""
        with self._database.reading() as connection:
            return list_subjects(connection, gallery, after, limit)

    def references(self, subject: SubjectId) -> Sequence[Reference]:
        """The subject's references, decrypted; SUBJECT_UNKNOWN."""
        with self._database.reading() as connection:
            number = subject_number(connection, subject)
            sealed = read_sealed(connection, EncounterRow.subject == number)
        return list(open_references(self._key, sealed))

    def image(self, reference: ReferenceId) -> bytes:
        """The image, as it was given, that a reference was made from; SUBJECT_UNKNOWN."""
        with self._database.reading() as connection:
            return open_image(connection, self._key, reference)

    def changes(self, after: ChangeNumber, limit: int = 1000) -> Iterator[tuple[ChangeNumber, Change]]:
        """Changes after the given number, in order, decrypted on the way.

        ``limit``: changes a read; no transaction is open between two of them. A change whose references were erased
        since is told without them, and the erasure as a removal.
        """
        while True:
            with self._database.reading() as connection:
                page = read_page(connection, after, limit)
            if not page.numbers:
                return
            yield from open_page(page, self._key)
            after = page.numbers[-1]

    def last_change(self) -> ChangeNumber:
        """The number of the newest change, 0 where there is none."""
        with self._database.reading() as connection:
            newest = select(StoreRow.last_change).where(StoreRow.id == STORE)
            return ChangeNumber(connection.execute(newest).scalar_one())

    def events(self, after: int, limit: int) -> Sequence[RecordedEvent]:
        """Audit events after the given number, in order; AUDIT_CHAIN_BROKEN for one that cannot be read."""
        with self._database.reading() as connection:
            return self._log.read(connection, after, limit)

    def verify_events(self) -> int:
        """Check the whole audit log as it lies on disk; returns how many events there are, or AUDIT_CHAIN_BROKEN."""
        with self._database.reading() as connection:
            return self._log.verify(connection)

    def _insert_subject(self, connection: Connection, number: int, encounter: Encounter) -> None:
        subject = {"number": number, "id": encounter.subject, "enrolled_at": encounter.at}
        connection.execute(insert(SubjectRow), subject)
        wrapped = self._key.new_data_key(number, encounter.subject)
        connection.execute(insert(DataKeyRow), {"subject": number, "wrapped": wrapped})

    def _keep(
        self, connection: Connection, encounter: Encounter, subject: int, numbers: Numbers, event: AuditEvent
    ) -> ChangeNumber:
        wrapped = connection.execute(select(DataKeyRow.wrapped).where(DataKeyRow.subject == subject)).scalar_one()
        key = self._key.data_key(wrapped, subject, encounter.subject)
        change = self._new_change(connection, numbers, event)
        write_encounter(connection, encounter, Place(subject, key, numbers))
        return change

    def _new_change(self, connection: Connection, numbers: Numbers, event: AuditEvent) -> ChangeNumber:
        recorded = self._log.append(connection, event)
        connection.execute(insert(ChangeRow), {"number": numbers.change, "event": recorded})
        return ChangeNumber(numbers.change)


def _remove_references(connection: Connection, subject: int, change: ChangeNumber) -> None:
    of_subject = (
        select(TemplateRow.number)
        .join(SampleRow, SampleRow.number == TemplateRow.sample)
        .join(EncounterRow, EncounterRow.number == SampleRow.encounter)
        .where(EncounterRow.subject == subject)
    )
    rows = [{"reference": number, "change": change} for number in connection.scalars(of_subject)]
    if rows:
        connection.execute(insert(RemovedReferenceRow), rows)
