"""The reference store in SQL: the only durable truth (``vocabulary.protocols.ReferenceStore``)."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from sqlalchemy import Connection, delete, insert, select

from biometric_service.references.anchored import bind_day, bind_removals, require_removals
from biometric_service.references.change_feed import open_page, read_page
from biometric_service.references.database import Database
from biometric_service.references.encounters import Place, format_name, template_count, write_encounter
from biometric_service.references.erasure import certificates, destroy_subject
from biometric_service.references.event_facts import GALLERIES, with_facts
from biometric_service.references.event_log import EventLog
from biometric_service.references.holders import (
    Holder,
    find_holder,
    find_subject,
    followed,
    give_data_key,
    numbers_of,
    subject_number,
)
from biometric_service.references.idempotency import write_once
from biometric_service.references.images import open_image
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import (
    ChangeRow,
    EncounterGalleryRow,
    EncounterRow,
    GalleryRow,
    StoreRow,
    SubjectRow,
    TemplateRow,
)
from biometric_service.references.numbers import STORE, new_change, take_numbers
from biometric_service.references.recording import EventWriter
from biometric_service.references.refusals import (
    check_gallery_name,
    check_name,
    gallery_not_empty,
    gallery_taken,
    gallery_unknown,
    require_version,
    subject_taken,
)
from biometric_service.references.renewal import remove_references
from biometric_service.references.sealed_references import open_references, read_sealed
from biometric_service.references.sightings import Known
from biometric_service.references.staying import require_nobody_lost
from biometric_service.references.subjects import (
    anybody_searched,
    encounters_of,
    gallery_exists,
    list_subjects,
    summarise,
    touch_subject,
)
from biometric_service.vocabulary.events import AuditEvent, RecordedEvent
from biometric_service.vocabulary.references import (
    UNGUARDED,
    Change,
    ChangeNumber,
    Encounter,
    GalleryId,
    Guard,
    Reference,
    ReferenceId,
    SubjectId,
    SubjectSummary,
)
from biometric_service.vocabulary.templates import TemplateFormat

_GALLERIES = select(GalleryRow.id).order_by(GalleryRow.id)
_LAST_CHANGE = select(StoreRow.last_change).where(StoreRow.id == STORE)


class SqlReferenceStore:
    """Keeps everything in one database; safe in threads and beside other processes on the same database.

    Faults of the database are STORE_UNAVAILABLE, _FULL, _READ_ONLY, _BUSY, _DAMAGED or _CONFLICT; the
    transaction is then undone as a whole. Records that do not open are RECORD_TAMPERED.
    """

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._keys = keys
        self._log = log
        self._events = EventWriter(database, log)

    def create_gallery(self, gallery: GalleryId, event: AuditEvent) -> None:
        """Make a gallery; GALLERY_EXISTS, REQUEST_INVALID."""
        check_gallery_name(gallery)
        with self._database.writing() as connection:
            if gallery_exists(connection, gallery):
                raise gallery_taken(gallery)
            connection.execute(insert(GalleryRow).values(id=gallery, created_at=event.at))
            self._log.append(connection, event)

    def delete_gallery(self, gallery: GalleryId, event: AuditEvent) -> None:
        """Delete a gallery that nobody is in; GALLERY_UNKNOWN, GALLERY_NOT_EMPTY."""
        with self._database.writing() as connection:
            if not gallery_exists(connection, gallery):
                raise gallery_unknown(gallery)
            within = select(EncounterGalleryRow.encounter).where(EncounterGalleryRow.gallery == gallery).limit(1)
            if connection.scalar(within) is not None:
                raise gallery_not_empty(gallery)
            connection.execute(delete(GalleryRow).where(GalleryRow.id == gallery))
            self._log.append(connection, event)

    def galleries(self) -> Sequence[GalleryId]:
        """Every gallery, by name."""
        with self._database.reading() as connection:
            return [GalleryId(name) for name in connection.scalars(_GALLERIES)]

    def enrol(self, encounter: Encounter, event: AuditEvent, guard: Guard = UNGUARDED) -> ChangeNumber:
        """Keep an encounter of a new subject.

        SUBJECT_EXISTS, GALLERY_UNKNOWN, REQUEST_INVALID, TEMPLATE_INVALID, and MODELS_DIFFER where it was read by a
        model that is not searched any more.
        """
        check_name(encounter.subject, "id of the subject")

        def work(connection: Connection) -> ChangeNumber:
            if find_subject(connection, encounter.subject) is not None:
                raise subject_taken(encounter.subject)
            number = take_numbers(connection, subjects=1).subject
            subject = {"number": number, "id": encounter.subject, "enrolled_at": encounter.at, "version": 1}
            connection.execute(insert(SubjectRow), subject)
            give_data_key(connection, self._keys, number, encounter.subject)
            return self._keep(connection, encounter, find_holder(connection, self._keys, encounter.subject), event)

        return write_once(self._database, guard, work)

    def add_encounter(self, encounter: Encounter, event: AuditEvent, guard: Guard = UNGUARDED) -> ChangeNumber:
        """Keep a further encounter; what ``enrol`` raises, SUBJECT_UNKNOWN, SUBJECT_MERGED, ENCOUNTER_EXISTS."""

        def work(connection: Connection) -> ChangeNumber:
            holder = find_holder(connection, self._keys, encounter.subject)
            require_version(holder.version, guard)
            touch_subject(connection, holder.number)
            return self._keep(connection, encounter, holder, event)

        return write_once(self._database, guard, work)

    def erase(self, subject: SubjectId, event: AuditEvent, guard: Guard = UNGUARDED) -> ChangeNumber:
        """Destroy the subject's data key and rows, and take them out of the write-ahead log.

        Ids that were merged into it go with it; SUBJECT_UNKNOWN, SUBJECT_MERGED, VERSION_MISMATCH, RELEASE_REQUIRED.
        """

        def stays(connection: Connection, holder: Holder) -> None:
            held = encounters_of(connection, holder.number)
            require_nobody_lost(connection, Known(holder.number, subject), held)

        return self._erase(subject, event, guard, stays)

    def erase_again(self, subject: SubjectId, event: AuditEvent) -> ChangeNumber:
        """The same of whoever was erased in a later state than the store was brought back to, wherever they were."""
        return self._erase(subject, event, UNGUARDED, lambda *_: None)

    def enrolling(self) -> AbstractContextManager[None]:
        """Held by one enrolment at a time, in all threads and processes; STORE_BUSY where it takes too long."""
        return self._database.enrolment.held()

    def erasures(self, after: ChangeNumber) -> Sequence[str]:
        """The certificates of erasures made by later changes than the given one, signed statements, in order."""
        with self._database.reading() as connection:
            return certificates(connection, after)

    def record(self, event: AuditEvent) -> int:
        """Append an event that changes nothing else; returns its number."""
        return self._events.record(event)

    def subject(self, subject: SubjectId) -> SubjectSummary:
        """What may be told of a subject, or of where it went; SUBJECT_UNKNOWN."""
        with self._database.reading() as connection:
            return summarise(connection, subject)

    def subjects(self, gallery: GalleryId, after: SubjectId | None, limit: int) -> Sequence[SubjectSummary]:
        """Subjects of a gallery (or ALL_GALLERIES) by id, after the given one; GALLERY_UNKNOWN."""
        with self._database.reading() as connection:
            return list_subjects(connection, gallery, after, limit)

    def is_searched(self, gallery: GalleryId) -> bool:
        """Whether there is anybody whom a search of the gallery (or ALL_GALLERIES) is among."""
        with self._database.reading() as connection:
            return anybody_searched(connection, gallery)

    def references(self, subject: SubjectId) -> Sequence[Reference]:
        """The subject's references, decrypted, or those of where it went; SUBJECT_UNKNOWN."""
        with self._database.reading() as connection:
            number = followed(connection, subject_number(connection, subject))
            sealed = read_sealed(connection, EncounterRow.subject == number)
        return list(open_references(self._keys, sealed))

    def references_of(
        self, subjects: Collection[SubjectId], formats: Collection[TemplateFormat]
    ) -> Mapping[SubjectId, Sequence[Reference]]:
        """The references of several subjects, of these formats alone, decrypted; whoever is unknown is left out."""
        with self._database.reading() as connection:
            numbers = numbers_of(connection, subjects)
            of_formats = TemplateRow.format.in_([format_name(each) for each in formats])
            sealed = read_sealed(connection, EncounterRow.subject.in_(set(numbers.values())) & of_formats)
        opened: defaultdict[int, list[Reference]] = defaultdict(list)
        for one, reference in zip(sealed, open_references(self._keys, sealed), strict=True):
            opened[one.subject].append(reference)
        return {subject: opened[number] for subject, number in numbers.items()}

    def image(self, reference: ReferenceId) -> bytes:
        """The image, as it was given, that a reference was made from; SUBJECT_UNKNOWN."""
        with self._database.reading() as connection:
            return open_image(connection, self._keys, reference)

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
            yield from open_page(page, self._keys)
            after = page.numbers[-1]

    def last_change(self) -> ChangeNumber:
        """The number of the newest change, 0 where there is none."""
        with self._database.reading() as connection:
            return ChangeNumber(connection.execute(_LAST_CHANGE).scalar_one())

    def change_digest(self, number: ChangeNumber) -> str:
        """Of the audit event of a change, which no other past of a store has; empty where there is no such change."""
        with self._database.reading() as connection:
            event = connection.scalar(select(ChangeRow.event).where(ChangeRow.number == number))
            found = self._log.read(connection, event - 1, 1) if event is not None else ()
            return found[0].digest if found and found[0].number == event else ""

    def events(self, after: int, limit: int) -> Sequence[RecordedEvent]:
        """Audit events after the given number, in order; AUDIT_CHAIN_BROKEN for one that cannot be read."""
        with self._database.reading() as connection:
            return self._log.read(connection, after, limit)

    def require_removals(self) -> None:
        """RECORD_REPLAYED where what tells of a removal was taken away: what was removed may be back."""
        with self._database.reading() as connection:
            require_removals(connection, self._log, self._keys.current)

    def verify_events(self) -> int:
        """Check the whole audit log as it lies on disk, and what of the store its head closes over.

        Returns how many events there are; AUDIT_CHAIN_BROKEN, RECORD_REPLAYED.
        """
        with self._database.reading() as connection:
            count = self._log.verify(connection)
        self.require_removals()
        return count

    def _erase(
        self, subject: SubjectId, event: AuditEvent, guard: Guard, require: Callable[[Connection, Holder], None]
    ) -> ChangeNumber:
        def work(connection: Connection) -> ChangeNumber:
            holder = find_holder(connection, self._keys, subject)
            require_version(holder.version, guard)
            require(connection, holder)
            change = new_change(connection, self._log, with_facts(connection, event))
            remove_references(connection, encounters_of(connection, holder.number), change)
            destroy_subject(connection, holder.number, change, event, self._keys.current)
            bind_day(connection, self._log)
            bind_removals(connection, self._log, self._keys.current, change)
            return change

        change = write_once(self._database, guard, work)
        self._database.shed()
        return change

    def _keep(self, connection: Connection, encounter: Encounter, holder: Holder, event: AuditEvent) -> ChangeNumber:
        galleries = {GALLERIES: " ".join(sorted(encounter.galleries)), **event.details}
        change = new_change(connection, self._log, replace(event, details=galleries))
        samples, templates = len(encounter.samples), template_count(encounter)
        numbers = take_numbers(connection, encounters=1, samples=samples, templates=templates)
        write_encounter(connection, encounter, Place(holder, numbers.encounter, numbers))
        return change
