"""Templates of several model versions side by side, and which are searched (``protocols.ModelStore``), in SQL."""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, select
from sqlalchemy.orm import aliased

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.database import Database
from biometric_service.references.encounters import format_name
from biometric_service.references.event_log import EventLog
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import (
    DataKeyRow,
    EncounterRow,
    FailedExtractionRow,
    ModelInUseRow,
    SampleRow,
    SubjectRow,
    TemplateRow,
)
from biometric_service.references.numbers import new_change, take_numbers
from biometric_service.references.protection import DataKey, image_binding, template_binding
from biometric_service.templates import native
from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.references import ChangeNumber, ModelInUse, Reextracted, StoredImage, SubjectId
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import TemplateFormat

_OWNED = (
    select(
        SampleRow.number,
        SampleRow.encounter,
        SampleRow.image,
        SampleRow.modality,
        SampleRow.position,
        SampleRow.dpi,
        SampleRow.device,
        SubjectRow.number,
        SubjectRow.id,
        DataKeyRow.wrapped,
    )
    .join(EncounterRow, EncounterRow.number == SampleRow.encounter)
    .join(SubjectRow, SubjectRow.number == EncounterRow.subject)
    .join(DataKeyRow, DataKeyRow.subject == SubjectRow.number)
    .order_by(SampleRow.number)
)
_HOLDERS = (
    select(SubjectRow.number, SubjectRow.id, DataKeyRow.wrapped)
    .join(EncounterRow, EncounterRow.subject == SubjectRow.number)
    .join(SampleRow, SampleRow.encounter == EncounterRow.number)
    .join(DataKeyRow, DataKeyRow.subject == SubjectRow.number)
)
_IN_USE = select(ModelInUseRow.modality, ModelInUseRow.form, ModelInUseRow.before)


class SqlModelStore:
    """On the tables of ``SqlReferenceStore``, with the same promises."""

    def __init__(self, database: Database, keys: KeyRing, log: EventLog) -> None:
        self._database = database
        self._keys = keys
        self._log = log

    def in_use(self) -> Mapping[Modality, ModelInUse]:
        """Which format is searched, of every modality that was ever switched."""
        with self._database.reading() as connection:
            found = connection.execute(_IN_USE).all()
        return {Modality(modality): ModelInUse(form, before) for modality, form, before in found}

    def lacking(self, form: TemplateFormat) -> int:
        """How many samples have a template of another version and neither one of this nor a failure to make one."""
        with self._database.reading() as connection:
            return _count_lacking(connection, form)

    def failed(self, form: TemplateFormat) -> int:
        """How many samples the model could make no template of."""
        rows = select(func.count()).where(FailedExtractionRow.form == format_name(form))
        with self._database.reading() as connection:
            return connection.execute(rows).scalar_one()

    def images_lacking(self, form: TemplateFormat, limit: int) -> Sequence[StoredImage]:
        """Some of them, with their images opened."""
        with self._database.reading() as connection:
            rows = connection.execute(_OWNED.where(_lacks(form)).limit(limit)).all()
        return [
            StoredImage(
                number,
                self._key(wrapped, subject, known_as).open(image, image_binding(number, encounter, subject)),
                Modality(modality),
                FingerPosition(position),
                dpi,
                device,
            )
            for number, encounter, image, modality, position, dpi, device, subject, known_as, wrapped in rows
        ]

    def add_templates(self, form: TemplateFormat, made: Sequence[Reextracted], event: AuditEvent) -> ChangeNumber:
        """Keep what was made beside what there is; samples that are gone by now, or have it, are passed over."""
        with self._database.writing() as connection:
            change = new_change(connection, self._log, event)
            for one in made:
                self._add(connection, form, one, change)
            return change

    def switch(self, form: TemplateFormat, before: str | None, event: AuditEvent) -> ChangeNumber:
        """Search this format from now on, in all processes; STORE_CONFLICT where samples lack it.

        ``before``: the format to go back to, None to leave it as it is told.
        """
        with self._database.writing() as connection:
            lacking = _count_lacking(connection, form)
            if lacking:
                raise _lacking(lacking, form)
            row, modality = ModelInUseRow, form.modality.value
            present = connection.scalar(select(row.form).where(row.modality == modality))
            connection.execute(delete(row).where(row.modality == modality))
            values = {"modality": modality, "form": format_name(form), "before": present or before, "since": event.at}
            connection.execute(insert(row), values)
            return new_change(connection, self._log, event)

    def _add(self, connection: Connection, form: TemplateFormat, one: Reextracted, change: ChangeNumber) -> None:
        row = connection.execute(_HOLDERS.where(_lacks(form), SampleRow.number == one.sample)).one_or_none()
        if row is None:
            return
        if isinstance(one.made, str):
            values = {"sample": one.sample, "form": format_name(form), "reason": one.made}
            connection.execute(insert(FailedExtractionRow), values)
            return
        subject, known_as, wrapped = row
        number = take_numbers(connection, templates=1).template
        binding = template_binding(number, one.sample, subject, format_name(form))
        sealed = self._key(wrapped, subject, known_as).seal(native.encode(one.made), binding)
        values = {"number": number, "sample": one.sample, "change": change, "format": format_name(form)}
        connection.execute(insert(TemplateRow), {**values, "sealed": sealed})

    def _key(self, wrapped: bytes, subject: int, known_as: str) -> DataKey:
        return self._keys.data_key(wrapped, subject, SubjectId(known_as))


def _lacks(form: TemplateFormat) -> ColumnElement[bool]:
    """Samples of the modality that were read by another version, and not by this one."""
    made, other = aliased(TemplateRow), aliased(TemplateRow)
    failed = exists().where(
        FailedExtractionRow.sample == SampleRow.number, FailedExtractionRow.form == format_name(form)
    )
    return (
        (SampleRow.modality == form.modality.value)
        & exists().where(other.sample == SampleRow.number)
        & ~exists().where(made.sample == SampleRow.number, made.format == format_name(form))
        & ~failed
    )


def _count_lacking(connection: Connection, form: TemplateFormat) -> int:
    return connection.execute(select(func.count()).select_from(SampleRow).where(_lacks(form))).scalar_one()


def _lacking(count: int, form: TemplateFormat) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.STORE_CONFLICT,
        f"{count} samples have no template of {form} yet.",
        f"Run `biometric-service models reextract {form.modality.value} {form.name}`, then switch.",
    )
