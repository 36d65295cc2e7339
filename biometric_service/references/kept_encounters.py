"""Reading encounters: everything that was given at an enrolment, opened."""

import base64
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, select

from biometric_service.references.details import unpack_notes
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import (
    CaptureExceptionRow,
    ConsentRow,
    DataKeyRow,
    EncounterGalleryRow,
    EncounterRow,
    SampleRow,
    SubjectRow,
    TemplateRow,
)
from biometric_service.references.protection import (
    DataKey,
    details_binding,
    image_binding,
    notes_binding,
    template_binding,
)
from biometric_service.templates import native
from biometric_service.vocabulary.references import (
    CaptureException,
    Circumstances,
    Consent,
    Encounter,
    EncounterId,
    EncounterStatus,
    EnrolledSample,
    ExceptionKind,
    GalleryId,
    KeptEncounter,
    SubjectId,
)
from biometric_service.vocabulary.samples import CaptureSource, FingerPosition, Modality, SampleFacts
from biometric_service.vocabulary.templates import Template

_ENCOUNTERS = (
    select(*EncounterRow.__table__.columns, SubjectRow.id.label("known_as"), DataKeyRow.wrapped)
    .join(SubjectRow, SubjectRow.number == EncounterRow.subject)
    .join(DataKeyRow, DataKeyRow.subject == SubjectRow.number)
    .order_by(EncounterRow.at, EncounterRow.number)
)


def read_encounters(connection: Connection, keys: KeyRing, which: ColumnElement[bool]) -> Sequence[KeptEncounter]:
    """The encounters that a condition picks, oldest first; RECORD_TAMPERED."""
    return [_kept(connection, keys, row) for row in connection.execute(_ENCOUNTERS.where(which)).mappings().all()]


def galleries_of(connection: Connection, encounter: int) -> frozenset[GalleryId]:
    """The galleries of one encounter, whatever its status."""
    names = select(EncounterGalleryRow.gallery).where(EncounterGalleryRow.encounter == encounter)
    return frozenset(map(GalleryId, connection.scalars(names)))


def _kept(connection: Connection, keys: KeyRing, row: RowMapping) -> KeptEncounter:
    subject = SubjectId(row["known_as"])
    key = keys.data_key(row["wrapped"], row["subject"], subject)
    encounter = Encounter(
        subject=subject,
        encounter=EncounterId(row["id"]),
        galleries=galleries_of(connection, row["number"]),
        at=row["at"],
        samples=_samples(connection, key, row),
        exceptions=_exceptions(connection, row["number"]),
        circumstances=_circumstances(connection, key, row),
    )
    return KeptEncounter(encounter, row["version"], row["changed_at"])


def _exceptions(connection: Connection, encounter: int) -> tuple[CaptureException, ...]:
    row = CaptureExceptionRow
    rows = select(row.position, row.kind, row.since).where(row.encounter == encounter).order_by(row.position)
    return tuple(
        CaptureException(FingerPosition(position), ExceptionKind(kind), since)
        for position, kind, since in connection.execute(rows)
    )


def _circumstances(connection: Connection, key: DataKey, row: RowMapping) -> Circumstances:
    sealed = row["details"]
    details: Mapping[str, Any] = unpack_notes(
        sealed and key.open(sealed, details_binding(row["number"], row["subject"]))
    )
    return Circumstances(
        kind=row["kind"],
        status=EncounterStatus(row["status"]),
        legal_basis=row["legal_basis"],
        consents=_consents(connection, row["number"]),
        keep_until=row["keep_until"],
        contextual=details.get("contextual", {}),
        biographic=details.get("biographic", {}),
        client_data=base64.b64decode(details.get("client_data", "")),
        remarks=details.get("remarks", {}),
    )


def _consents(connection: Connection, encounter: int) -> tuple[Consent, ...]:
    row = ConsentRow
    rows = select(row.purpose, row.given_at, row.withdrawn_at).where(row.encounter == encounter).order_by(row.purpose)
    return tuple(Consent(*each) for each in connection.execute(rows))


def _samples(connection: Connection, key: DataKey, row: RowMapping) -> tuple[EnrolledSample, ...]:
    templates = _templates(connection, key, row)
    samples = select(SampleRow.__table__).where(SampleRow.encounter == row["number"]).order_by(SampleRow.number)
    return tuple(_sample(each, key, row, templates[each["number"]]) for each in connection.execute(samples).mappings())


def _sample(sample: RowMapping, key: DataKey, row: RowMapping, templates: Sequence[Template]) -> EnrolledSample:
    where, notes = (sample["number"], row["number"], row["subject"]), sample["notes"]
    facts = SampleFacts(
        Modality(sample["modality"]),
        sample["dpi"],
        FingerPosition(sample["position"]),
        CaptureSource(sample["device"], sample["captured_at"]),
        sample["digest"],
    )
    return EnrolledSample(
        sample=facts,
        image=key.open(sample["image"], image_binding(*where)),
        templates=tuple(templates),
        quality=sample["quality"],
        notes=unpack_notes(notes and key.open(notes, notes_binding(*where))),
    )


def _templates(connection: Connection, key: DataKey, row: RowMapping) -> Mapping[int, Sequence[Template]]:
    rows = (
        select(TemplateRow.number, TemplateRow.sample, TemplateRow.format, TemplateRow.sealed)
        .join(SampleRow, SampleRow.number == TemplateRow.sample)
        .where(SampleRow.encounter == row["number"])
        .order_by(TemplateRow.number)
    )
    found: defaultdict[int, list[Template]] = defaultdict(list)
    for number, sample, form, sealed in connection.execute(rows):
        plain = key.open(sealed, template_binding(number, sample, row["subject"], form))
        found[sample].append(native.decode(plain))
    return found
