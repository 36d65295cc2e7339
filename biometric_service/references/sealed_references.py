"""References as they lie in the database, and how they are opened: one read, then no connection is needed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Row, select

from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import (
    DataKeyRow,
    EncounterGalleryRow,
    EncounterRow,
    RemovedReferenceRow,
    SampleRow,
    SubjectRow,
    TemplateRow,
)
from biometric_service.references.protection import DataKey, replayed, template_binding
from biometric_service.templates import native
from biometric_service.vocabulary.references import (
    ChangeNumber,
    EncounterStatus,
    GalleryId,
    Reference,
    ReferenceId,
    SubjectId,
)

_COLUMNS = (
    TemplateRow.number,
    TemplateRow.change,
    TemplateRow.sample,
    TemplateRow.format,
    TemplateRow.sealed,
    SampleRow.encounter,
    SubjectRow.number,
    SubjectRow.id,
    DataKeyRow.wrapped,
)
_REFERENCES = (
    select(*_COLUMNS)
    .join(SampleRow, SampleRow.number == TemplateRow.sample)
    .join(EncounterRow, EncounterRow.number == SampleRow.encounter)
    .join(SubjectRow, SubjectRow.number == EncounterRow.subject)
    .join(DataKeyRow, DataKeyRow.subject == SubjectRow.number)
    .order_by(TemplateRow.number)
)
_REPLAYED = (
    select(TemplateRow.number)
    .join(SampleRow, SampleRow.number == TemplateRow.sample)
    .join(EncounterRow, EncounterRow.number == SampleRow.encounter)
    .join(RemovedReferenceRow, RemovedReferenceRow.reference == TemplateRow.number)
)
_GALLERIES = (
    select(EncounterGalleryRow.encounter, EncounterGalleryRow.gallery)
    .distinct()
    .join(SampleRow, SampleRow.encounter == EncounterGalleryRow.encounter)
    .join(EncounterRow, EncounterRow.number == SampleRow.encounter)
    .join(TemplateRow, TemplateRow.sample == SampleRow.number)
    .where(EncounterRow.status == EncounterStatus.ACTIVE.value)
)
"""Only an active encounter is searched in its galleries; every other under ALL alone."""


@dataclass(frozen=True, slots=True)
class SealedReference:
    """One reference with all that it takes to open it but the store key."""

    number: ReferenceId
    change: ChangeNumber
    sample: int
    format: str
    sealed: bytes
    galleries: frozenset[GalleryId]
    subject: int
    known_as: SubjectId
    wrapped: bytes


def read_sealed(connection: Connection, which: ColumnElement[bool]) -> list[SealedReference]:
    """The references that a condition on templates or encounters picks, by number.

    RECORD_REPLAYED where one of them was removed before: numbers are given once, so somebody put it back.
    """
    if connection.scalar(_REPLAYED.where(which).limit(1)) is not None:
        raise replayed()
    galleries = _galleries(connection.execute(_GALLERIES.where(which)))
    return [
        SealedReference(
            number=ReferenceId(number),
            change=ChangeNumber(change),
            sample=sample,
            format=form,
            sealed=sealed,
            galleries=galleries[encounter],
            subject=subject,
            known_as=SubjectId(known_as),
            wrapped=wrapped,
        )
        for number, change, sample, form, sealed, encounter, subject, known_as, wrapped in connection.execute(
            _REFERENCES.where(which)
        )
    ]


def open_references(keys: KeyRing, sealed: Iterable[SealedReference]) -> Iterator[Reference]:
    """Decrypt and decode; RECORD_TAMPERED where one is not what or where it was. Each data key is unwrapped once."""
    opened: dict[int, DataKey] = {}
    for one in sealed:
        key = opened.get(one.subject) or keys.data_key(one.wrapped, one.subject, one.known_as)
        opened[one.subject] = key
        binding = template_binding(one.number, one.sample, one.subject, one.format)
        template = native.decode(key.open(one.sealed, binding))
        yield Reference(one.number, one.known_as, one.galleries, template)


def _galleries(rows: Iterable[Row[int, str]]) -> Mapping[int, frozenset[GalleryId]]:
    found: defaultdict[int, set[GalleryId]] = defaultdict(set)
    for encounter, gallery in rows:
        found[encounter].add(GalleryId(gallery))
    return defaultdict(frozenset, {encounter: frozenset(names) for encounter, names in found.items()})
