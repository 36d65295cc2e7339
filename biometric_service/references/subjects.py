"""What the store tells of subjects: no biometric data, nothing to decrypt."""

from collections.abc import Sequence

from sqlalchemy import Connection, Select, func, select

from biometric_service.references.models import EncounterGalleryRow, EncounterRow, GalleryRow, SubjectRow
from biometric_service.references.refusals import gallery_unknown, subject_unknown
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId, SubjectId, SubjectSummary


def subject_number(connection: Connection, subject: SubjectId) -> int:
    """The number behind the id; SUBJECT_UNKNOWN."""
    number = find_subject(connection, subject)
    if number is None:
        raise subject_unknown(subject)
    return number


def find_subject(connection: Connection, subject: SubjectId) -> int | None:
    """The number behind the id, None where there is none."""
    return connection.scalar(select(SubjectRow.number).where(SubjectRow.id == subject))


def gallery_exists(connection: Connection, gallery: GalleryId) -> bool:
    """Whether the gallery was created."""
    return connection.scalar(select(GalleryRow.id).where(GalleryRow.id == gallery)) is not None


def summarise(connection: Connection, subject: SubjectId) -> SubjectSummary:
    """One subject; SUBJECT_UNKNOWN."""
    found = _summaries(connection, select(SubjectRow.number).where(SubjectRow.id == subject))
    if not found:
        raise subject_unknown(subject)
    return found[0]


def list_subjects(
    connection: Connection, gallery: GalleryId, after: SubjectId | None, limit: int
) -> Sequence[SubjectSummary]:
    """A page of a gallery's subjects, by id; GALLERY_UNKNOWN."""
    page = select(SubjectRow.number).order_by(SubjectRow.id).limit(limit)
    if after is not None:
        page = page.where(SubjectRow.id > after)
    if gallery != ALL_GALLERIES:
        if not gallery_exists(connection, gallery):
            raise gallery_unknown(gallery)
        page = page.where(SubjectRow.number.in_(_subjects_in(gallery)))
    return _summaries(connection, page)


def _subjects_in(gallery: GalleryId) -> Select[int]:
    return (
        select(EncounterRow.subject)
        .join(EncounterGalleryRow, EncounterGalleryRow.encounter == EncounterRow.number)
        .where(EncounterGalleryRow.gallery == gallery)
    )


def _summaries(connection: Connection, which: Select[int]) -> list[SubjectSummary]:
    numbers = list(connection.scalars(which))
    counted = (
        select(SubjectRow.number, SubjectRow.id, SubjectRow.enrolled_at, func.count(EncounterRow.number))
        .join(EncounterRow, EncounterRow.subject == SubjectRow.number)
        .where(SubjectRow.number.in_(numbers))
        .group_by(SubjectRow.number, SubjectRow.id, SubjectRow.enrolled_at)
        .order_by(SubjectRow.id)
    )
    galleries = _galleries_of(connection, numbers)
    return [
        SubjectSummary(SubjectId(known_as), frozenset(galleries[number]), encounters, enrolled_at)
        for number, known_as, enrolled_at, encounters in connection.execute(counted)
    ]


def _galleries_of(connection: Connection, subjects: Sequence[int]) -> dict[int, set[GalleryId]]:
    rows = (
        select(EncounterRow.subject, EncounterGalleryRow.gallery)
        .join(EncounterGalleryRow, EncounterGalleryRow.encounter == EncounterRow.number)
        .where(EncounterRow.subject.in_(subjects))
    )
    found: dict[int, set[GalleryId]] = {subject: set() for subject in subjects}
    for subject, gallery in connection.execute(rows):
        found[subject].add(GalleryId(gallery))
    return found
