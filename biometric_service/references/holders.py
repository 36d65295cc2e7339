"""A subject as its blobs are bound to it, and where a subject that was merged went."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, insert, select

from biometric_service.references.day_tables import ReleaseRow
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import DataKeyRow, MergeRow, SubjectRow
from biometric_service.references.place_tables import OrderRow
from biometric_service.references.protection import DataKey
from biometric_service.references.refusals import subject_merged, subject_unknown
from biometric_service.vocabulary.references import SubjectId

_NUMBER = select(SubjectRow.number).where(SubjectRow.id == bindparam("subject"))
_NUMBERS = select(SubjectRow.id, SubjectRow.number).where(SubjectRow.id.in_(bindparam("subjects", expanding=True)))
_MERGE_OF = select(MergeRow.change, MergeRow.target).where(
    MergeRow.source == bindparam("number"), MergeRow.undone.is_(None)
)
_MERGES_OF = select(MergeRow.source, MergeRow.target).where(
    MergeRow.source.in_(bindparam("numbers", expanding=True)), MergeRow.undone.is_(None)
)


@dataclass(frozen=True, slots=True)
class Holder:
    """The subject's number, id, version and data key."""

    number: int
    known_as: SubjectId
    version: int
    key: DataKey


def find_holder(connection: Connection, keys: KeyRing, subject: SubjectId) -> Holder:
    """The subject, to be written to; SUBJECT_UNKNOWN, or SUBJECT_MERGED where it is another by now."""
    number = live_number(connection, subject)
    row = select(SubjectRow.version, DataKeyRow.wrapped).join(DataKeyRow, DataKeyRow.subject == SubjectRow.number)
    version, wrapped = connection.execute(row.where(SubjectRow.number == number)).one()
    return Holder(number, subject, version, keys.data_key(wrapped, number, subject))


def give_data_key(connection: Connection, keys: KeyRing, number: int, subject: SubjectId) -> None:
    """A fresh data key for a subject that has none."""
    wrapped = keys.new_data_key(number, subject)
    connection.execute(insert(DataKeyRow), {"subject": number, "wrapped": wrapped})


def live_number(connection: Connection, subject: SubjectId) -> int:
    """The number of a subject that was not merged; SUBJECT_UNKNOWN, SUBJECT_MERGED."""
    number = subject_number(connection, subject)
    merge = present_merge(connection, number)
    if merge is not None:
        raise subject_merged(subject, subject_id(connection, followed(connection, number)))
    return number


def subject_number(connection: Connection, subject: SubjectId) -> int:
    """The number behind the id, merged or not; SUBJECT_UNKNOWN."""
    number = find_subject(connection, subject)
    if number is None:
        raise subject_unknown(subject)
    return number


def find_subject(connection: Connection, subject: SubjectId) -> int | None:
    """The number behind the id, None where there is none."""
    return connection.scalar(_NUMBER, {"subject": subject})


def subject_id(connection: Connection, number: int) -> SubjectId:
    """The id that the callers know."""
    return SubjectId(connection.execute(select(SubjectRow.id).where(SubjectRow.number == number)).scalar_one())


def followed(connection: Connection, number: int) -> int:
    """Where the encounters of a subject went, however many merges it took; itself where there was none."""
    while (merge := present_merge(connection, number)) is not None:
        number = merge.target
    return number


def of_holders(row: type[OrderRow] | type[ReleaseRow]) -> Select[Any]:
    """Rows that are about a subject or nobody, with its id as ``known_as`` and whom it was merged into as ``went``."""
    went = (MergeRow.source == row.subject) & MergeRow.undone.is_(None)
    columns = (*row.__table__.columns, SubjectRow.id.label("known_as"), MergeRow.target.label("went"))
    return select(*columns).outerjoin(SubjectRow, SubjectRow.number == row.subject).outerjoin(MergeRow, went)


def holder_of(connection: Connection, row: RowMapping) -> SubjectId:
    """The present id of whom a row of ``of_holders`` is about."""
    went = row["went"]
    return SubjectId(row["known_as"]) if went is None else subject_id(connection, followed(connection, went))


def merged_into(connection: Connection, number: int) -> list[int]:
    """The numbers of all subjects that were merged into one, directly or by way of another."""
    merged = connection.scalars(select(MergeRow.source).where(MergeRow.target == number, MergeRow.undone.is_(None)))
    return [each for source in merged.all() for each in (source, *merged_into(connection, source))]


def ids_of(connection: Connection, subject: SubjectId) -> Sequence[SubjectId]:
    """Every id that a person is known by after all merges; the given one alone where nobody has it any more."""
    number = find_subject(connection, subject)
    if number is None:
        return [subject]
    holder = followed(connection, number)
    return known_as(connection, [holder, *merged_into(connection, holder)])


def known_as(connection: Connection, numbers: Collection[int]) -> Sequence[SubjectId]:
    """The ids behind numbers, in order."""
    found = connection.scalars(select(SubjectRow.id).where(SubjectRow.number.in_(numbers)).order_by(SubjectRow.id))
    return [SubjectId(each) for each in found]


def numbers_of(connection: Connection, subjects: Collection[SubjectId]) -> Mapping[SubjectId, int]:
    """Where the encounters of each subject are, after all merges; whoever is unknown is left out."""
    rows = connection.execute(_NUMBERS, {"subjects": list(subjects)})
    found = {SubjectId(known_as): number for known_as, number in rows}
    while went := _went(connection, found.values()):
        found = {subject: went.get(number, number) for subject, number in found.items()}
    return found


def _went(connection: Connection, numbers: Iterable[int]) -> Mapping[int, int]:
    return {row.source: row.target for row in connection.execute(_MERGES_OF, {"numbers": list(set(numbers))})}


@dataclass(frozen=True, slots=True)
class PresentMerge:
    """A merge that is not undone: the change that made it, and the number of where the encounters went."""

    change: int
    target: int


def present_merge(connection: Connection, number: int) -> PresentMerge | None:
    """The merge that a subject is gone by, None for one that is there."""
    found = connection.execute(_MERGE_OF, {"number": number}).one_or_none()
    return PresentMerge(*found) if found else None
