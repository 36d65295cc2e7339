"""Opening the image behind a reference."""

from sqlalchemy import Connection, select

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import (
    DataKeyRow,
    EncounterRow,
    RemovedReferenceRow,
    SampleRow,
    SubjectRow,
    TemplateRow,
)
from biometric_service.references.protection import image_binding, replayed
from biometric_service.vocabulary.references import ReferenceId, SubjectId

_IMAGES = (
    select(
        SampleRow.number,
        SampleRow.encounter,
        SampleRow.image,
        SubjectRow.number,
        SubjectRow.id,
        DataKeyRow.wrapped,
    )
    .join(TemplateRow, TemplateRow.sample == SampleRow.number)
    .join(EncounterRow, EncounterRow.number == SampleRow.encounter)
    .join(SubjectRow, SubjectRow.number == EncounterRow.subject)
    .join(DataKeyRow, DataKeyRow.subject == SubjectRow.number)
)


def open_image(connection: Connection, keys: KeyRing, reference: ReferenceId) -> bytes:
    """The image as it was given; SUBJECT_UNKNOWN where the reference is no more, RECORD_TAMPERED."""
    row = connection.execute(_IMAGES.where(TemplateRow.number == reference)).one_or_none()
    if row is None:
        raise BiometricServiceError(
            ErrorCode.SUBJECT_UNKNOWN,
            f"There is no reference {reference}.",
            "Its subject may have been erased since: search again.",
        )
    if (
        connection.scalar(select(RemovedReferenceRow.change).where(RemovedReferenceRow.reference == reference))
        is not None
    ):
        raise replayed()
    sample, encounter, image, subject, known_as, wrapped = row
    key = keys.data_key(wrapped, subject, SubjectId(known_as))
    return key.open(image, image_binding(sample, encounter, subject))
