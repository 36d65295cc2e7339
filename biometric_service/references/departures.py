"""What stands in a person's past before a release, and what is written when the person leaves."""

from sqlalchemy import Connection, or_, select, update

from biometric_service.references.anchored import bind_removals
from biometric_service.references.cases import SqlCaseStore
from biometric_service.references.encounters import touch_encounters
from biometric_service.references.event_log import EventLog
from biometric_service.references.holders import find_holder, subject_id
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import EncounterRow, MergeRow
from biometric_service.references.numbers import new_change
from biometric_service.references.renewal import renew_references
from biometric_service.references.sightings import Known, leave
from biometric_service.references.subjects import summarise, touch_subject
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.references import EncounterStatus
from biometric_service.vocabulary.releases import History, PastMerge, Release, ReleaseKind

_STATUS = {ReleaseKind.RELEASE: EncounterStatus.RELEASED, ReleaseKind.TRANSFER: EncounterStatus.TRANSFERRED}


def history_of(connection: Connection, cases: SqlCaseStore, person: Known) -> History:
    """The person's status, every merge of any record that the person was ever known by, and every case about them."""
    merges = _merges(connection, person.number)
    ids = {person.id} | {each.source for each in merges} | {each.target for each in merges}
    active = summarise(connection, person.id).status is EncounterStatus.ACTIVE
    return History(active, merges, tuple(cases.about(connection, ids)))


def let_go(connection: Connection, keys: KeyRing, log: EventLog, release: Release, event: AuditEvent) -> None:
    """Say of every active encounter what became of the person, who is nowhere from then on; ``event`` tells it."""
    holder = find_holder(connection, keys, release.subject)
    active = (EncounterRow.subject == holder.number) & (EncounterRow.status == EncounterStatus.ACTIVE.value)
    encounters = connection.scalars(select(EncounterRow.number).where(active)).all()
    status = _STATUS[release.kind]
    change = new_change(connection, log, event)
    ended = {"status": status.value, "ended_at": event.at}
    connection.execute(update(EncounterRow).where(EncounterRow.number.in_(encounters)).values(**ended))
    touch_encounters(connection, encounters)
    touch_subject(connection, holder.number)
    renew_references(connection, encounters, holder, holder, change)
    bind_removals(connection, log, keys.current, change)
    person = Known(holder.number, release.subject)
    leave(connection, log, person, event, {"release": release.id, "status": status.value})


def _merges(connection: Connection, number: int) -> tuple[PastMerge, ...]:
    """Merges of a subject, of those merged into it, and so on; also those that were undone."""
    known, found = {number}, dict[int, PastMerge]()
    while True:
        either = or_(MergeRow.source.in_(known), MergeRow.target.in_(known))
        rows = select(MergeRow.change, MergeRow.source, MergeRow.target, MergeRow.undone).where(either)
        further = [row for row in connection.execute(rows) if row.change not in found]
        if not further:
            return tuple(found.values())
        for change, source, target, undone in further:
            names = (subject_id(connection, source), subject_id(connection, target))
            found[change] = PastMerge(*names, undone is not None)
            known |= {source, target} if undone is None else set()
