"""What the store tells of subjects: no biometric data, nothing to decrypt."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, Connection, Select, bindparam, exists, select, update

from biometric_service.references.holders import followed, subject_number
from biometric_service.references.models import (
    EncounterGalleryRow,
    EncounterRow,
    GalleryRow,
    SampleRow,
    SubjectRow,
    TemplateRow,
)
from biometric_service.references.refusals import gallery_unknown
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    EncounterId,
    EncounterInShort,
    EncounterKey,
    EncounterStatus,
    GalleryId,
    ReferenceId,
    SubjectId,
    SubjectSummary,
)

_SUBJECTS = (
    select(SubjectRow.number, SubjectRow.id, SubjectRow.enrolled_at, SubjectRow.version)
    .where(SubjectRow.number.in_(bindparam("numbers", expanding=True)))
    .order_by(SubjectRow.id)
)
_ENCOUNTERS = (
    select(EncounterRow.subject, EncounterRow.number, EncounterRow.at, EncounterRow.status, EncounterGalleryRow.gallery)
    .outerjoin(EncounterGalleryRow, EncounterGalleryRow.encounter == EncounterRow.number)
    .where(EncounterRow.subject.in_(bindparam("numbers", expanding=True)))
    .order_by(EncounterRow.at, EncounterRow.number)
)
_ORIGINS = (
    select(TemplateRow.number, EncounterRow.id)
    .join(SampleRow, SampleRow.number == TemplateRow.sample)
    .join(EncounterRow, EncounterRow.number == SampleRow.encounter)
    .where(TemplateRow.number.in_(bindparam("references", expanding=True)))
)
_ORIGINS_WITHIN = _ORIGINS.join(EncounterGalleryRow, EncounterGalleryRow.encounter == EncounterRow.number).where(
    EncounterGalleryRow.gallery.in_(bindparam("galleries", expanding=True))
)


def gallery_exists(connection: Connection, gallery: GalleryId) -> bool:
    """Whether the gallery was created."""
    return connection.scalar(select(GalleryRow.id).where(GalleryRow.id == gallery)) is not None


def summarise(connection: Connection, subject: SubjectId) -> SubjectSummary:
    """One subject, or where it went; SUBJECT_UNKNOWN."""
    number = subject_number(connection, subject)
    present = followed(connection, number)
    (summary,) = _summaries(connection, [present])
    if present == number:
        return summary
    version = connection.execute(select(SubjectRow.version).where(SubjectRow.number == number)).scalar_one()
    return replace(summary, subject=subject, version=version, merged_into=summary.subject)


def encounters_of(connection: Connection, number: int) -> Sequence[int]:
    """The numbers of a subject's encounters."""
    return connection.scalars(select(EncounterRow.number).where(EncounterRow.subject == number)).all()


def touch_subject(connection: Connection, number: int) -> None:
    """Count a change of the subject."""
    connection.execute(update(SubjectRow).where(SubjectRow.number == number).values(version=SubjectRow.version + 1))


def list_subjects(
    connection: Connection, gallery: GalleryId, after: SubjectId | None, limit: int
) -> Sequence[SubjectSummary]:
    """A page of a gallery's subjects, by id; GALLERY_UNKNOWN."""
    page = select(SubjectRow.number).where(_has_encounters()).order_by(SubjectRow.id).limit(limit)
    if after is not None:
        page = page.where(SubjectRow.id > after)
    if gallery != ALL_GALLERIES:
        _require_gallery(connection, gallery)
        page = page.where(SubjectRow.number.in_(_subjects_in(gallery)))
    return _summaries(connection, connection.scalars(page).all())


def list_members(
    connection: Connection, gallery: GalleryId, after: EncounterKey | None, limit: int
) -> Sequence[EncounterKey]:
    """A page of a gallery's encounters, by subject and id; GALLERY_UNKNOWN."""
    rows = select(SubjectRow.id, EncounterRow.id).join(EncounterRow, EncounterRow.subject == SubjectRow.number)
    if gallery != ALL_GALLERIES:
        _require_gallery(connection, gallery)
        named = (EncounterGalleryRow.encounter == EncounterRow.number) & (EncounterGalleryRow.gallery == gallery)
        rows = rows.join(EncounterGalleryRow, named)
    if after is not None:
        further = (SubjectRow.id == after.subject) & (EncounterRow.id > after.encounter)
        rows = rows.where((SubjectRow.id > after.subject) | further)
    page = rows.order_by(SubjectRow.id, EncounterRow.id).limit(limit)
    return [EncounterKey(SubjectId(subject), EncounterId(name)) for subject, name in connection.execute(page)]


def anybody_searched(connection: Connection, gallery: GalleryId) -> bool:
    """Whether a sample is searched in the gallery: that of an active encounter, under ALL_GALLERIES of any."""
    if gallery == ALL_GALLERIES:
        return connection.scalar(select(SampleRow.number).limit(1)) is not None
    named = (
        select(SampleRow.number)
        .join(EncounterRow, EncounterRow.number == SampleRow.encounter)
        .join(EncounterGalleryRow, EncounterGalleryRow.encounter == EncounterRow.number)
        .where(EncounterGalleryRow.gallery == gallery, EncounterRow.status == EncounterStatus.ACTIVE.value)
    )
    return connection.scalar(named.limit(1)) is not None


def origins_of(
    connection: Connection, references: Collection[ReferenceId], galleries: Collection[GalleryId]
) -> Mapping[ReferenceId, EncounterId]:
    """The encounter in these galleries that each reference is of; those that are gone are left out."""
    within = {"references": list(references), "galleries": list(galleries)}
    found = connection.execute(_ORIGINS if ALL_GALLERIES in galleries else _ORIGINS_WITHIN, within)
    return {ReferenceId(number): EncounterId(name) for number, name in found}


def _require_gallery(connection: Connection, gallery: GalleryId) -> None:
    if not gallery_exists(connection, gallery):
        raise gallery_unknown(gallery)


def _has_encounters() -> ColumnElement[bool]:
    """True of all but those that were merged."""
    return exists().where(EncounterRow.subject == SubjectRow.number)


def _subjects_in(gallery: GalleryId) -> Select[int]:
    return (
        select(EncounterRow.subject)
        .join(EncounterGalleryRow, EncounterGalleryRow.encounter == EncounterRow.number)
        .where(EncounterGalleryRow.gallery == gallery)
    )


def _summaries(connection: Connection, numbers: Sequence[int]) -> list[SubjectSummary]:
    encounters = _encounters_in_short(connection, numbers)
    return [
        SubjectSummary(SubjectId(known_as), tuple(encounters[number].values()), enrolled_at, version)
        for number, known_as, enrolled_at, version in connection.execute(_SUBJECTS, {"numbers": numbers})
        if number in encounters
    ]


def _encounters_in_short(connection: Connection, subjects: Sequence[int]) -> dict[int, dict[int, EncounterInShort]]:
    """By subject and number, oldest first."""
    found: dict[int, dict[int, EncounterInShort]] = {}
    for subject, number, at, status, gallery in connection.execute(_ENCOUNTERS, {"numbers": subjects}):
        known = found.setdefault(subject, {})
        before = known[number].galleries if number in known else frozenset[GalleryId]()
        named = before | frozenset(map(GalleryId, filter(None, [gallery])))
        known[number] = EncounterInShort(at, EncounterStatus(status), named)
    return found
