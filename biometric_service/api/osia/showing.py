"""A kept encounter as OSIA writes it, and its templates in the format that is asked for."""

import base64
import json
from collections.abc import Iterator, Mapping

from biometric_service.api.osia.errand import Errand
from biometric_service.api.osia.keeping import INTEGRITY, ITEMS, ORDER
from biometric_service.api.osia.positions import TYPES, sub_type_of
from biometric_service.api.osia.records import RECORDS
from biometric_service.api.osia.schemas.biometrics import BiometricComputedData
from biometric_service.api.osia.schemas.encounter import Encounter, EncounterStatus
from biometric_service.api.osia.schemas.kinds import BiometricSubType, BiometricType
from biometric_service.api.osia.schemas.parameters import TemplateReading
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.templates import native
from biometric_service.templates.conversion import write_as
from biometric_service.vocabulary import references
from biometric_service.vocabulary.references import EnrolledSample, Json, KeptEncounter
from biometric_service.vocabulary.templates import MinutiaeTemplate, Template

QUALITY = "ISO_19794"
"""Quality from 0 to 100 as ISO/IEC 19794-1 and 29794-1 have it."""
RECORD = "ISO_19794_2"


def shown(errand: Errand, kept: KeptEncounter) -> Encounter:
    """The encounter with its images; of its galleries, those that the caller reaches."""
    encounter = kept.encounter
    known = encounter.circumstances
    written = {
        "encounterId": encounter.encounter,
        "status": _status(known.status),
        "encounterType": known.kind,
        "createdDate": encounter.at.isoformat(),
        "updatedDate": kept.changed_at.isoformat(),
        "galleries": list(errand.seen(encounter.galleries)),
        "clientData": base64.b64encode(known.client_data).decode() if known.client_data else None,
        "contextualData": known.contextual or None,
        "biographicData": known.biographic or None,
        "biometricData": [_item(each, encounter) for each in sorted(_items(encounter), key=_order)],
        "integrity": known.remarks.get(INTEGRITY),
    }
    return Encounter.model_validate_json(_json(written))


def templates(kept: KeptEncounter, asked: TemplateReading) -> list[BiometricComputedData]:
    """The templates of the items that are asked for; ENCOUNTER_UNKNOWN where there is no such item."""
    items = [each for each in kept.encounter.samples if _wanted(each, asked)]
    if not items and (asked.biometric_type or asked.biometric_sub_type or asked.instance):
        raise BiometricServiceError(
            ErrorCode.ENCOUNTER_UNKNOWN, "The encounter has no such biometric.", "Ask for all of them to see which."
        )
    return [_computed(sample, template, asked) for sample in items for template in sample.templates]


def _json(written: Mapping[str, Json]) -> str:
    return json.dumps({name: value for name, value in written.items() if value is not None})


def _status(status: references.EncounterStatus) -> str:
    active = status is references.EncounterStatus.ACTIVE
    return (EncounterStatus.ACTIVE if active else EncounterStatus.INACTIVE).value


def _items(encounter: references.Encounter) -> Iterator[Mapping[str, Json]]:
    for sample in encounter.samples:
        yield _as_sent(sample)
    items = encounter.circumstances.remarks.get(ITEMS, [])
    assert isinstance(items, list)
    yield from items


def _as_sent(sample: EnrolledSample) -> Mapping[str, Json]:
    facts = sample.sample
    part = sub_type_of(facts.modality, facts.position)
    said = {
        "biometricType": TYPES[facts.modality].value,
        **({"biometricSubType": part.value} if part else {}),
        "captureDate": facts.source.captured_at.isoformat(),
        **({"captureDevice": facts.source.device} if facts.source.device else {}),
        "quality": round(sample.quality),
        "qualityFormat": QUALITY,
        **sample.notes,
    }
    if sample.image:
        return {**said, "image": base64.b64encode(sample.image).decode()}
    if "template" not in said and sample.templates:
        return {**said, **_encoded(sample.templates[0], None)}
    return said


def _order(item: Mapping[str, Json]) -> int:
    order = item.get(ORDER, 0)
    return order if isinstance(order, int) else 0


def _item(item: Mapping[str, Json], encounter: references.Encounter) -> Mapping[str, Json]:
    return {**{name: value for name, value in item.items() if name != ORDER}, "encounterId": encounter.encounter}


def _wanted(sample: EnrolledSample, asked: TemplateReading) -> bool:
    kind = TYPES[sample.sample.modality]
    part = sub_type_of(sample.sample.modality, sample.sample.position) or BiometricSubType.UNKNOWN
    part = BiometricSubType(str(sample.notes.get("biometricSubType", part)))
    instance = sample.notes.get("instance")
    return (
        asked.biometric_type in {None, kind}
        and asked.biometric_sub_type in {None, part}
        and asked.instance in {None, instance}
    )


def _computed(sample: EnrolledSample, template: Template, asked: TemplateReading) -> BiometricComputedData:
    facts = sample.sample
    wanted = asked.quality_format in {None, QUALITY} and bool(sample.image)
    instance = sample.notes.get("instance")
    return BiometricComputedData(
        biometric_type=BiometricType(TYPES[facts.modality]),
        biometric_sub_type=sub_type_of(facts.modality, facts.position),
        instance=instance if isinstance(instance, str) else None,
        quality=round(sample.quality) if wanted else None,
        quality_format=QUALITY if wanted else None,
        algorithm=str(template.format),
        **_encoded(template, asked.template_format),
    )


def _encoded(template: Template, wanted: str | None) -> Mapping[str, str]:
    """Minutiae as ISO/IEC 19794-2:2005 unless another format is wanted; anything else as this service writes it."""
    name = wanted or (RECORD if isinstance(template, MinutiaeTemplate) else str(template.format))
    if name == str(template.format):
        return {"template": base64.b64encode(native.encode(template)).decode(), "template_format": name}
    if name not in RECORDS or not isinstance(template, MinutiaeTemplate):
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID,
            f"The templateFormat cannot be written for a {template.format.modality.value}.",
            f"Use {', '.join(RECORDS)} (fingers) or {template.format}.",
        )
    return {"template": base64.b64encode(write_as(template, RECORDS[name])).decode(), "template_format": name}
