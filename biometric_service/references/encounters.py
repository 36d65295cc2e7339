"""Writing one encounter: its rows, with every image and template sealed under the subject's data key."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, insert, select

from biometric_service.references.models import (
    CaptureExceptionRow,
    EncounterGalleryRow,
    EncounterRow,
    GalleryRow,
    SampleRow,
    TemplateRow,
)
from biometric_service.references.numbers import Numbers
from biometric_service.references.protection import DataKey, image_binding, template_binding
from biometric_service.references.refusals import check_name, gallery_unknown
from biometric_service.templates import native
from biometric_service.vocabulary.references import Encounter, EnrolledSample
from biometric_service.vocabulary.templates import TemplateFormat

Values = dict[str, object]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the encounter goes: its subject's number and data key, and the numbers taken for its rows."""

    subject: int
    key: DataKey
    numbers: Numbers


def write_encounter(connection: Connection, encounter: Encounter, place: Place) -> None:
    """Write everything that hangs on the encounter; GALLERY_UNKNOWN, or REQUEST_INVALID for an unusable id."""
    check_name(encounter.encounter, "id of the encounter")
    _check_galleries(connection, encounter)
    connection.execute(insert(EncounterRow), _encounter_values(encounter, place))
    _insert(connection, EncounterGalleryRow, _gallery_values(encounter, place))
    _insert(connection, CaptureExceptionRow, _exception_values(encounter, place))
    _insert(connection, SampleRow, _sample_values(encounter, place))
    _insert(connection, TemplateRow, _template_values(encounter, place))


def format_name(form: TemplateFormat) -> str:
    """The format as the store names it beside a sealed template."""
    return f"{form.modality.value}:{form}"


def _insert(connection: Connection, table: type[object], rows: Iterator[Values]) -> None:
    values = list(rows)
    if values:
        connection.execute(insert(table), values)


def _check_galleries(connection: Connection, encounter: Encounter) -> None:
    known = set(connection.scalars(select(GalleryRow.id).where(GalleryRow.id.in_(encounter.galleries))))
    for gallery in sorted(encounter.galleries - known):
        raise gallery_unknown(gallery)


def _encounter_values(encounter: Encounter, place: Place) -> Values:
    return {
        "number": place.numbers.encounter,
        "subject": place.subject,
        "id": encounter.encounter,
        "at": encounter.at,
    }


def _gallery_values(encounter: Encounter, place: Place) -> Iterator[Values]:
    for gallery in sorted(encounter.galleries):
        yield {"encounter": place.numbers.encounter, "gallery": gallery}


def _exception_values(encounter: Encounter, place: Place) -> Iterator[Values]:
    for exception in encounter.exceptions:
        yield {
            "encounter": place.numbers.encounter,
            "position": int(exception.position),
            "kind": exception.kind.value,
        }


def _numbered(encounter: Encounter, last: int) -> Iterator[tuple[int, EnrolledSample]]:
    return enumerate(encounter.samples, last - len(encounter.samples) + 1)


def _sample_values(encounter: Encounter, place: Place) -> Iterator[Values]:
    for number, enrolled in _numbered(encounter, place.numbers.sample):
        sample = enrolled.sample
        binding = image_binding(number, place.numbers.encounter, place.subject)
        yield {
            "number": number,
            "encounter": place.numbers.encounter,
            "modality": sample.modality.value,
            "position": int(sample.position),
            "dpi": sample.dpi,
            "device": sample.source.device,
            "captured_at": sample.source.captured_at,
            "digest": sample.digest,
            "quality": enrolled.quality,
            "image": place.key.seal(enrolled.image, binding),
        }


def _template_values(encounter: Encounter, place: Place) -> Iterator[Values]:
    first_sample = place.numbers.sample - len(encounter.samples) + 1
    for number, enrolled in _numbered(encounter, place.numbers.template):
        sample = first_sample + number - (place.numbers.template - len(encounter.samples) + 1)
        form = format_name(enrolled.template.format)
        binding = template_binding(number, sample, place.subject, form)
        yield {
            "number": number,
            "sample": sample,
            "change": place.numbers.change,
            "format": form,
            "sealed": place.key.seal(native.encode(enrolled.template), binding),
        }
