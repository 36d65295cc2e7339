"""Writing one encounter: its rows, with every image, template and detail sealed under the subject's data key."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, select, update

from biometric_service.references.details import pack_details, pack_notes
from biometric_service.references.holders import Holder
from biometric_service.references.intake_tables import PersonNameRow
from biometric_service.references.models import (
    CaptureExceptionRow,
    ConsentRow,
    EncounterGalleryRow,
    EncounterRow,
    GalleryRow,
    ModelInUseRow,
    SampleRow,
    TemplateRow,
)
from biometric_service.references.numbers import Numbers
from biometric_service.references.person_names import pack_name
from biometric_service.references.protection import (
    details_binding,
    image_binding,
    name_binding,
    notes_binding,
    template_binding,
)
from biometric_service.references.refusals import check_name, encounter_taken, gallery_unknown, models_switched
from biometric_service.templates import native
from biometric_service.vocabulary.references import (
    Encounter,
    EncounterId,
    EncounterKey,
    EncounterStatus,
    EnrolledSample,
    GalleryId,
)
from biometric_service.vocabulary.templates import TemplateFormat

Values = dict[str, object]
Rows = Mapping[type[object], Sequence[Values]]

_IN_USE = select(ModelInUseRow.modality, ModelInUseRow.form)
_TABLES = (
    EncounterRow,
    EncounterGalleryRow,
    CaptureExceptionRow,
    ConsentRow,
    PersonNameRow,
    SampleRow,
    TemplateRow,
)
"""In the order that they point to one another."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the encounter goes: its subject and its own number, and the numbers taken for its other rows."""

    holder: Holder
    encounter: int
    numbers: Numbers


def write_encounter(connection: Connection, encounter: Encounter, place: Place) -> None:
    """Write a new encounter; ENCOUNTER_EXISTS, GALLERY_UNKNOWN, MODELS_DIFFER, REQUEST_INVALID for an unusable id."""
    check_name(encounter.encounter, "id of the encounter")
    _require_searched(connection, encounter)
    require_no_encounters(connection, place.holder, [encounter.encounter])
    _check_galleries(connection, encounter.galleries)
    write_rows(connection, [new_rows(encounter, place)])


def rewrite_encounter(connection: Connection, encounter: Encounter, place: Place) -> None:
    """Write over an encounter whose references were removed; GALLERY_UNKNOWN, MODELS_DIFFER."""
    _require_searched(connection, encounter)
    for table in (SampleRow, EncounterGalleryRow, CaptureExceptionRow, ConsentRow, PersonNameRow):
        connection.execute(delete(table).where(table.encounter == place.encounter))
    this = EncounterRow.number == place.encounter
    connection.execute(update(EncounterRow).where(this).values(**_facts(encounter, place)))
    touch_encounters(connection, [place.encounter])
    _check_galleries(connection, encounter.galleries)
    write_rows(connection, [_contents(encounter, place)])


def new_rows(encounter: Encounter, place: Place) -> Rows:
    """All rows of a new encounter, sealed; nothing is checked."""
    row = {"number": place.encounter, "subject": place.holder.number, "id": encounter.encounter}
    values = {**row, "version": 1, "changed_at": datetime.now(UTC), **_facts(encounter, place)}
    return {EncounterRow: [values], **_contents(encounter, place)}


def write_rows(connection: Connection, sets: Sequence[Rows]) -> None:
    """Insert the rows of one or many encounters, a table at a time."""
    for table in _TABLES:
        values = [row for rows in sets for row in rows.get(table, ())]
        if values:
            connection.execute(insert(table), values)


def touch_encounters(connection: Connection, encounters: Sequence[int]) -> None:
    """Count a change of each, made now."""
    changed = {"version": EncounterRow.version + 1, "changed_at": datetime.now(UTC)}
    connection.execute(update(EncounterRow).where(EncounterRow.number.in_(encounters)).values(**changed))


def write_galleries(connection: Connection, encounter: int, galleries: frozenset[GalleryId]) -> None:
    """Give an encounter its galleries; GALLERY_UNKNOWN."""
    _check_galleries(connection, galleries)
    write_rows(connection, [{EncounterGalleryRow: list(_gallery_values(encounter, galleries))}])


def require_no_encounters(connection: Connection, holder: Holder, ids: Sequence[EncounterId]) -> None:
    """ENCOUNTER_EXISTS where the subject has one of them."""
    own = select(EncounterRow.id).where(EncounterRow.subject == holder.number, EncounterRow.id.in_(ids))
    for taken in connection.scalars(own.order_by(EncounterRow.id).limit(1)):
        raise encounter_taken(EncounterKey(holder.known_as, EncounterId(taken)))


def template_count(encounter: Encounter) -> int:
    """How many templates there are to be kept."""
    return sum(len(each.templates) for each in encounter.samples)


def format_name(form: TemplateFormat) -> str:
    """The format as the store names it beside a sealed template."""
    return f"{form.modality.value}:{form}"


def _check_galleries(connection: Connection, galleries: frozenset[GalleryId]) -> None:
    known = set(connection.scalars(select(GalleryRow.id).where(GalleryRow.id.in_(galleries))))
    for gallery in sorted(galleries - known):
        raise gallery_unknown(gallery)


def _require_searched(connection: Connection, encounter: Encounter) -> None:
    """MODELS_DIFFER where the models were switched since the templates were made: nobody would find them."""
    in_use = dict(connection.execute(_IN_USE).all())
    for each in encounter.samples:
        made = [format_name(template.format) for template in each.templates]
        if made and in_use.get(each.sample.modality.value, made[0]) not in made:
            raise models_switched()


def _contents(encounter: Encounter, place: Place) -> Rows:
    return {
        EncounterGalleryRow: list(_gallery_values(place.encounter, encounter.galleries)),
        CaptureExceptionRow: list(_exception_values(encounter, place)),
        ConsentRow: list(_consent_values(encounter, place)),
        PersonNameRow: list(_name_values(encounter, place)),
        SampleRow: list(_sample_values(encounter, place)),
        TemplateRow: list(_template_values(encounter, place)),
    }


def _gallery_values(encounter: int, galleries: frozenset[GalleryId]) -> Iterator[Values]:
    for gallery in sorted(galleries):
        yield {"encounter": encounter, "gallery": gallery}


def _facts(encounter: Encounter, place: Place) -> Values:
    circumstances = encounter.circumstances
    details = pack_details(circumstances)
    binding = details_binding(place.encounter, place.holder.number)
    return {
        "at": encounter.at,
        "status": circumstances.status.value,
        "kind": circumstances.kind,
        "legal_basis": circumstances.legal_basis,
        "keep_until": circumstances.keep_until,
        "ended_at": None if circumstances.status is EncounterStatus.ACTIVE else datetime.now(UTC),
        "details": details and place.holder.key.seal(details, binding),
    }


def _name_values(encounter: Encounter, place: Place) -> Iterator[Values]:
    name = pack_name(encounter.circumstances.biographic)
    if name is not None:
        binding = name_binding(place.encounter, place.holder.number)
        yield {"encounter": place.encounter, "sealed": place.holder.key.seal(name, binding)}


def _exception_values(encounter: Encounter, place: Place) -> Iterator[Values]:
    for exception in encounter.exceptions:
        yield {
            "encounter": place.encounter,
            "position": int(exception.position),
            "kind": exception.kind.value,
            "since": exception.since,
        }


def _consent_values(encounter: Encounter, place: Place) -> Iterator[Values]:
    for consent in encounter.circumstances.consents:
        yield {
            "encounter": place.encounter,
            "purpose": consent.purpose,
            "given_at": consent.given_at,
            "withdrawn_at": consent.withdrawn_at,
        }


def _numbered(encounter: Encounter, place: Place) -> Iterator[tuple[int, EnrolledSample]]:
    return enumerate(encounter.samples, place.numbers.sample - len(encounter.samples) + 1)


def _sample_values(encounter: Encounter, place: Place) -> Iterator[Values]:
    key = place.holder.key
    for number, enrolled in _numbered(encounter, place):
        sample, where = enrolled.sample, (number, place.encounter, place.holder.number)
        notes = pack_notes(enrolled.notes)
        yield {
            "number": number,
            "encounter": place.encounter,
            "modality": sample.modality.value,
            "position": int(sample.position),
            "dpi": sample.dpi,
            "device": sample.source.device,
            "captured_at": sample.source.captured_at,
            "digest": sample.digest,
            "quality": enrolled.quality,
            "image": key.seal(enrolled.image, image_binding(*where)),
            "notes": notes and key.seal(notes, notes_binding(*where)),
        }


def _template_values(encounter: Encounter, place: Place) -> Iterator[Values]:
    made = ((sample, template) for sample, each in _numbered(encounter, place) for template in each.templates)
    for number, (sample, template) in enumerate(made, place.numbers.template - template_count(encounter) + 1):
        form = format_name(template.format)
        binding = template_binding(number, sample, place.holder.number, form)
        yield {
            "number": number,
            "sample": sample,
            "change": place.numbers.change,
            "format": form,
            "sealed": place.holder.key.seal(native.encode(template), binding),
        }
