"""Where the blobs are that subjects' data keys seal, and what each is bound to, said once for all who seal anew."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, Update, select, update
from sqlalchemy.orm import InstrumentedAttribute

from biometric_service.references.intake_tables import PersonNameRow
from biometric_service.references.models import EncounterRow, SampleRow, TemplateRow
from biometric_service.references.protection import (
    Binding,
    details_binding,
    image_binding,
    name_binding,
    notes_binding,
    template_binding,
)


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of blobs: the key of its row, what the binding is made of, and the way from the encounters to it."""

    blob: InstrumentedAttribute[Any]
    key: InstrumentedAttribute[int]
    belonging: tuple[InstrumentedAttribute[Any], ...]
    binding: Callable[..., Binding]

    def of(self, subject: int) -> "Select[Any]":
        """Key, blob and what the binding is made of, for every blob of a subject."""
        rows = select(self.key, self.blob, *self.belonging).select_from(EncounterRow)
        if self.key.class_ is PersonNameRow:
            rows = rows.join(PersonNameRow, PersonNameRow.encounter == EncounterRow.number)
        elif self.key.class_ is not EncounterRow:
            rows = rows.join(SampleRow, SampleRow.encounter == EncounterRow.number)
        if self.key.class_ is TemplateRow:
            rows = rows.join(TemplateRow, TemplateRow.sample == SampleRow.number)
        return rows.where(EncounterRow.subject == subject, self.blob.is_not(None))

    def put(self, number: int, sealed: bytes) -> Update:
        """Put another blob into the row with this key."""
        return update(self.key.class_).where(self.key == number).values({self.blob: sealed})


_OF_SAMPLE = (SampleRow.number, SampleRow.encounter, EncounterRow.subject)
_OF_TEMPLATE = (TemplateRow.number, TemplateRow.sample, EncounterRow.subject, TemplateRow.format)

SEALED_COLUMNS = (
    SealedColumn(SampleRow.image, SampleRow.number, _OF_SAMPLE, image_binding),
    SealedColumn(SampleRow.notes, SampleRow.number, _OF_SAMPLE, notes_binding),
    SealedColumn(TemplateRow.sealed, TemplateRow.number, _OF_TEMPLATE, template_binding),
    SealedColumn(
        EncounterRow.details, EncounterRow.number, (EncounterRow.number, EncounterRow.subject), details_binding
    ),
    SealedColumn(
        PersonNameRow.sealed, PersonNameRow.encounter, (PersonNameRow.encounter, EncounterRow.subject), name_binding
    ),
)
