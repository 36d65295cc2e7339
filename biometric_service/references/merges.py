"""Whose an encounter is: merging two subjects into one, moving an encounter, and taking a merge back."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.encounters import require_no_encounters, touch_encounters
from biometric_service.references.holders import (
    Holder,
    PresentMerge,
    find_holder,
    followed,
    give_data_key,
    present_merge,
    subject_id,
    subject_number,
)
from biometric_service.references.joining import Told, follow, follow_past
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import DataKeyRow, EncounterRow, MergedEncounterRow, MergeRow
from biometric_service.references.renewal import hand_over
from biometric_service.references.sightings import Known
from biometric_service.references.staying import loses
from biometric_service.references.subjects import encounters_of, touch_subject
from biometric_service.vocabulary.references import ChangeNumber, EncounterId, SubjectId


@dataclass(frozen=True, slots=True)
class Giving:
    """The change by which encounters change hands, and who tells the log of it."""

    change: ChangeNumber
    told: Told


def transfer(connection: Connection, encounters: Sequence[int], source: Holder, target: Holder, giving: Giving) -> None:
    """Give encounters to another subject; ENCOUNTER_EXISTS where it has one of the same id.

    A subject whose last encounter goes is from then on known as where it went: nobody is lost. Whoever is inside by
    these encounters is inside as the other.
    """
    _require_two(source, target)
    ids = connection.scalars(select(EncounterRow.id).where(EncounterRow.number.in_(encounters)))
    require_no_encounters(connection, target, [EncounterId(name) for name in ids])
    giver, receiver = Known(source.number, source.known_as), Known(target.number, target.known_as)
    inside = loses(connection, giver, encounters)
    hand_over(connection, encounters, source, target, giving.change)
    touch_encounters(connection, encounters)
    for holder in (source, target):
        touch_subject(connection, holder.number)
    whole = not encounters_of(connection, source.number)
    if inside or whole:
        follow(connection, giver, receiver, giving.told)
    if whole:
        _note_merge(connection, encounters, source, target, giving.change)
        follow_past(connection, giver, receiver)


def take_back(connection: Connection, keys: KeyRing, subject: SubjectId, giving: Giving) -> None:
    """Undo the merge that a subject is gone by: those of its encounters that are still there come back.

    STORE_CONFLICT where there is no such merge or none of them is left.
    """
    number = subject_number(connection, subject)
    merge = present_merge(connection, number)
    if merge is None:
        raise _conflict("not_merged", subject=subject)
    present = followed(connection, number)
    holder = find_holder(connection, keys, subject_id(connection, present))
    coming = _to_come_back(connection, merge, present)
    if not coming:
        raise _conflict("not_apart", subject=subject)
    connection.execute(update(MergeRow).where(MergeRow.change == merge.change).values(undone=giving.change))
    give_data_key(connection, keys, number, subject)
    transfer(connection, coming, holder, find_holder(connection, keys, subject), giving)


def _to_come_back(connection: Connection, merge: PresentMerge, present: int) -> Sequence[int]:
    came_along = (
        select(EncounterRow.number)
        .join(MergedEncounterRow, MergedEncounterRow.encounter == EncounterRow.number)
        .where(MergedEncounterRow.merge == merge.change, EncounterRow.subject == present)
        .order_by(EncounterRow.number)
    )
    return connection.scalars(came_along).all()


def _note_merge(
    connection: Connection, encounters: Sequence[int], source: Holder, target: Holder, change: ChangeNumber
) -> None:
    values = {"change": change, "source": source.number, "target": target.number, "undone": None}
    connection.execute(insert(MergeRow), values)
    rows = [{"merge": change, "encounter": encounter} for encounter in encounters]
    connection.execute(insert(MergedEncounterRow), rows)
    connection.execute(delete(DataKeyRow).where(DataKeyRow.subject == source.number))


def _require_two(source: Holder, target: Holder) -> None:
    if source.number == target.number:
        message = f"The subject {source.known_as!r} is named twice."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, "Name two subjects.")


def _conflict(case: str, **values: object) -> BiometricServiceError:
    return BiometricServiceError.of(ErrorCode.STORE_CONFLICT, case, **values)
