"""Encounters one by one, and whose they are (``vocabulary.protocols.EncounterStore``), in SQL."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, select, update

from biometric_service.references.anchored import bind_day, bind_removals
from biometric_service.references.database import Database
from biometric_service.references.encounters import (
    Place,
    rewrite_encounter,
    template_count,
    touch_encounters,
    write_galleries,
)
from biometric_service.references.erasure import destroy_subject
from biometric_service.references.event_facts import with_facts
from biometric_service.references.event_log import EventLog
from biometric_service.references.holders import (
    Holder,
    find_holder,
    followed,
    live_number,
    subject_number,
)
from biometric_service.references.idempotency import write_once
from biometric_service.references.joining import Told
from biometric_service.references.kept_encounters import read_encounters
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.merges import Giving, take_back, transfer
from biometric_service.references.models import ConsentRow, EncounterGalleryRow, EncounterRow, SubjectRow
from biometric_service.references.numbers import new_change, take_numbers
from biometric_service.references.refusals import encounter_unknown, no_consent, require_version
from biometric_service.references.renewal import remove_references, renew_references
from biometric_service.references.sightings import Known, leave
from biometric_service.references.staying import nobody_let_go, require_nobody_lost
from biometric_service.references.subjects import encounters_of, list_members, origins_of, summarise, touch_subject
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.references import (
    UNGUARDED,
    ChangeNumber,
    Encounter,
    EncounterId,
    EncounterKey,
    EncounterStatus,
    GalleryId,
    Guard,
    KeptEncounter,
    ReferenceId,
    SubjectId,
)


@dataclass(frozen=True, slots=True)
class _Found:
    holder: Holder
    number: int


Work = Callable[[Connection, _Found, ChangeNumber], None]


def _staying(work: Work) -> Work:
    """The same, refused where it would let go whom the day is kept for."""

    def guarded(connection: Connection, found: _Found, change: ChangeNumber) -> None:
        with nobody_let_go(connection, Known(found.holder.number, found.holder.known_as)):
            work(connection, found, change)

    return guarded


class SqlEncounterStore:
    """On the tables of ``SqlReferenceStore``, with the same promises."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._keys = keys
        self._log = log

    def encounter(self, key: EncounterKey) -> KeptEncounter:
        """One encounter, opened; SUBJECT_UNKNOWN, ENCOUNTER_UNKNOWN, RECORD_TAMPERED."""
        with self._database.reading() as connection:
            subject = followed(connection, subject_number(connection, key.subject))
            this = (EncounterRow.subject == subject) & (EncounterRow.id == key.encounter)
            found = read_encounters(connection, self._keys, this)
        if not found:
            raise encounter_unknown(key)
        return found[0]

    def encounters(self, subject: SubjectId) -> Sequence[KeptEncounter]:
        """All of a subject, oldest first; SUBJECT_UNKNOWN, RECORD_TAMPERED."""
        with self._database.reading() as connection:
            number = followed(connection, subject_number(connection, subject))
            return read_encounters(connection, self._keys, EncounterRow.subject == number)

    def origins(
        self, references: Collection[ReferenceId], galleries: Collection[GalleryId]
    ) -> Mapping[ReferenceId, EncounterId]:
        """The encounter in these galleries (ALL_GALLERIES for any) that each reference is of; nothing is decrypted."""
        with self._database.reading() as connection:
            return origins_of(connection, references, galleries)

    def members(self, gallery: GalleryId, after: EncounterKey | None, limit: int) -> Sequence[EncounterKey]:
        """The encounters of a gallery (or ALL_GALLERIES) by subject and id, after the given one; GALLERY_UNKNOWN."""
        with self._database.reading() as connection:
            return list_members(connection, gallery, after, limit)

    def replace(self, encounter: Encounter, event: AuditEvent, guard: Guard = UNGUARDED) -> ChangeNumber:
        """Put another in the place of the encounter with the same id; RELEASE_REQUIRED, what ``enrol`` raises."""

        def work(connection: Connection, found: _Found, change: ChangeNumber) -> None:
            remove_references(connection, [found.number], change)
            samples, templates = len(encounter.samples), template_count(encounter)
            numbers = take_numbers(connection, samples=samples, templates=templates)
            rewrite_encounter(connection, encounter, Place(found.holder, found.number, numbers))

        return self._write(EncounterKey(encounter.subject, encounter.encounter), event, guard, _staying(work))

    def delete(self, key: EncounterKey, event: AuditEvent, guard: Guard = UNGUARDED) -> ChangeNumber:
        """Delete an encounter; with its last one the subject is erased, data key and all.

        RELEASE_REQUIRED where somebody who is inside would be on no roll any more.
        """

        def work(connection: Connection, found: _Found, change: ChangeNumber) -> None:
            require_nobody_lost(connection, Known(found.holder.number, key.subject), [found.number])
            remove_references(connection, [found.number], change)
            if encounters_of(connection, found.holder.number) == [found.number]:
                destroy_subject(connection, found.holder.number, change, event, self._keys.current)
                bind_day(connection, self._log)
            connection.execute(delete(EncounterRow).where(EncounterRow.number == found.number))

        change = self._write(key, event, guard, work)
        self._database.shed()
        return change

    def set_status(
        self, key: EncounterKey, status: EncounterStatus, event: AuditEvent, guard: Guard = UNGUARDED
    ) -> ChangeNumber:
        """Say what became of the person; the indexes learn where the encounter is to be searched from now on.

        Who has no active encounter any more is nowhere. RELEASE_REQUIRED for whom the day is kept for.
        """

        def work(connection: Connection, found: _Found, change: ChangeNumber) -> None:
            this = EncounterRow.number == found.number
            ended_at = None if status is EncounterStatus.ACTIVE else event.at
            connection.execute(update(EncounterRow).where(this).values(status=status.value, ended_at=ended_at))
            touch_encounters(connection, [found.number])
            renew_references(connection, [found.number], found.holder, found.holder, change)
            if summarise(connection, key.subject).status is not EncounterStatus.ACTIVE:
                person = Known(found.holder.number, key.subject)
                leave(connection, self._log, person, event, {"status": status.value})

        return self._write(key, event, guard, _staying(work))

    def set_galleries(
        self, key: EncounterKey, galleries: frozenset[GalleryId], event: AuditEvent, guard: Guard = UNGUARDED
    ) -> ChangeNumber:
        """Say where the encounter is searched; GALLERY_UNKNOWN, RELEASE_REQUIRED."""

        def work(connection: Connection, found: _Found, change: ChangeNumber) -> None:
            row = EncounterGalleryRow
            connection.execute(delete(row).where(row.encounter == found.number))
            write_galleries(connection, found.number, galleries)
            touch_encounters(connection, [found.number])
            renew_references(connection, [found.number], found.holder, found.holder, change)

        return self._write(key, event, guard, _staying(work))

    def withdraw_consent(
        self, key: EncounterKey, purpose: str, event: AuditEvent, guard: Guard = UNGUARDED
    ) -> ChangeNumber:
        """End a consent as of now; REQUEST_INVALID where there is none in force."""

        def work(connection: Connection, found: _Found, change: ChangeNumber) -> None:  # noqa: ARG001
            this = (ConsentRow.encounter == found.number) & (ConsentRow.purpose == purpose)
            standing = update(ConsentRow).where(this & ConsentRow.withdrawn_at.is_(None))
            if not connection.execute(standing.values(withdrawn_at=event.at)).rowcount:
                raise no_consent(purpose)
            touch_encounters(connection, [found.number])

        return self._write(key, event, guard, work)

    def move(self, key: EncounterKey, target: SubjectId, event: AuditEvent, guard: Guard = UNGUARDED) -> ChangeNumber:
        """Give an encounter to another subject; ENCOUNTER_EXISTS, SUBJECT_UNKNOWN, SUBJECT_MERGED.

        Where it was the last one, its subject is from then on merged into the target.
        """

        def work(connection: Connection, found: _Found, change: ChangeNumber) -> None:
            receiver = find_holder(connection, self._keys, target)
            transfer(connection, [found.number], found.holder, receiver, self._giving(change, event))

        return self._write(key, event, guard, work)

    def merge(self, source: SubjectId, target: SubjectId, event: AuditEvent, guard: Guard = UNGUARDED) -> ChangeNumber:
        """Give all encounters of the source to the target: they are one person. What ``move`` raises; no half of it."""

        def work(connection: Connection) -> ChangeNumber:
            giver = find_holder(connection, self._keys, source)
            require_version(giver.version, guard)
            receiver = find_holder(connection, self._keys, target)
            change = new_change(connection, self._log, with_facts(connection, event))
            given = encounters_of(connection, giver.number)
            transfer(connection, given, giver, receiver, self._giving(change, event))
            bind_removals(connection, self._log, self._keys.current, change)
            return change

        return write_once(self._database, guard, work)

    def unmerge(self, source: SubjectId, event: AuditEvent, guard: Guard = UNGUARDED) -> ChangeNumber:
        """Take a merge back: encounters that came from the source return to it; STORE_CONFLICT where none can."""

        def work(connection: Connection) -> ChangeNumber:
            number = subject_number(connection, source)
            version = select(SubjectRow.version).where(SubjectRow.number == number)
            require_version(connection.execute(version).scalar_one(), guard)
            change = new_change(connection, self._log, with_facts(connection, event))
            take_back(connection, self._keys, source, self._giving(change, event))
            bind_removals(connection, self._log, self._keys.current, change)
            return change

        return write_once(self._database, guard, work)

    def _giving(self, change: ChangeNumber, event: AuditEvent) -> Giving:
        return Giving(change, Told(self._log, event))

    def _write(self, key: EncounterKey, event: AuditEvent, guard: Guard, work: Work) -> ChangeNumber:
        def whole(connection: Connection) -> ChangeNumber:
            found = self._find(connection, key, guard)
            change = new_change(connection, self._log, with_facts(connection, event))
            touch_subject(connection, found.holder.number)
            work(connection, found, change)
            bind_removals(connection, self._log, self._keys.current, change)
            return change

        return write_once(self._database, guard, whole)

    def _find(self, connection: Connection, key: EncounterKey, guard: Guard) -> _Found:
        subject = live_number(connection, key.subject)
        row = select(EncounterRow.number, EncounterRow.version)
        this = (EncounterRow.subject == subject) & (EncounterRow.id == key.encounter)
        found = connection.execute(row.where(this)).one_or_none()
        if found is None:
            raise encounter_unknown(key)
        require_version(found.version, guard)
        return _Found(find_holder(connection, self._keys, key.subject), found.number)
