"""From an encounter as OSIA writes it to one that can be kept, and what became of each of its biometric items."""

import base64
import binascii
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pydantic import JsonValue

from biometric_service.api.osia.errand import Errand
from biometric_service.api.osia.positions import FINGERS
from biometric_service.api.osia.reading import Item, read_items
from biometric_service.api.osia.schemas.biometrics import BiometricData, MissingType
from biometric_service.api.osia.schemas.encounter import Encounter
from biometric_service.errors import FAULTS_OF_AN_IMAGE, BiometricServiceError, ErrorCode
from biometric_service.recognition.requests import Given, GivenTemplate
from biometric_service.recognition.vouching import vouched
from biometric_service.recognition.walk import Observation, observe
from biometric_service.vocabulary import references
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.quality import INSTRUCTIONS
from biometric_service.vocabulary.references import (
    CaptureException,
    Circumstances,
    EncounterKey,
    EncounterStatus,
    EnrolledSample,
    ExceptionKind,
    GalleryId,
    Json,
)
from biometric_service.vocabulary.samples import CaptureSource, FingerPosition, SampleFacts

ORDER, ITEMS, TASK, INTEGRITY = "order", "items", "task", "integrity"
"""What the remarks of an encounter and the notes of a sample hold beside what the caller said."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """An encounter that can be kept. ``observed``: what was made of its samples. ``reports``: one an item."""

    encounter: references.Encounter
    observed: tuple[Observation, ...]
    reports: tuple[Mapping[str, JsonValue], ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """What became of one item; without ``observed`` it is kept as it is."""

    order: int
    item: Item
    observed: tuple[Observation, ...]


def prepare(errand: Errand, key: EncounterKey, sent: Encounter, before: Circumstances) -> Prepared:
    """Read the items, make templates of those that can be compared.

    An item of which no template can be made is kept all the same, and the answer says so; an image that is damaged is
    refused, unless a part of what it should show is missing. ``before``: what was known where this replaces another.
    """
    items = read_items(errand, sent.biometric_data)
    read = [_Read(order, item, _observed(errand, item)) for order, item in enumerate(items)]
    encounter = references.Encounter(
        subject=key.subject,
        encounter=key.encounter,
        galleries=frozenset(map(GalleryId, sent.galleries)),
        at=sent.created_date or datetime.now(UTC),
        samples=tuple(_samples(read)),
        exceptions=_exceptions(sent.biometric_data),
        circumstances=_circumstances(errand, sent, read, before),
    )
    observed = tuple(each for one in read for each in one.observed)
    return Prepared(encounter, observed, tuple(map(_report, read)))


def _observed(errand: Errand, item: Item) -> tuple[Observation, ...]:
    try:
        walk = errand.services.walk
        given = vouched(walk, item.given, errand.caller, EventKind.ENCOUNTER_ADDED)
        return observe(walk, given) if given else ()
    except BiometricServiceError as fault:
        if item.excused and fault.code in FAULTS_OF_AN_IMAGE:
            return ()
        raise


def _samples(read: Sequence[_Read]) -> Iterator[EnrolledSample]:
    for one in read:
        for each in one.observed:
            yield EnrolledSample(
                sample=_facts(each.image, each, one.item.data),
                image=one.item.image,
                templates=(each.template,) if each.template else (),
                quality=each.quality.score if each.quality else 0.0,
                notes=_notes(one, whole=len(one.observed) == 1),
            )


def _facts(given: Given, each: Observation, data: BiometricData) -> SampleFacts:
    if each.sample:
        facts = each.sample.facts()
    else:
        source = CaptureSource(given.device, datetime.now(UTC))
        facts = SampleFacts(given.modality, None, given.position, source, each.digest)
    if data.capture_date:
        return replace(facts, source=replace(facts.source, captured_at=data.capture_date))
    return facts


def _notes(one: _Read, *, whole: bool) -> Mapping[str, Json]:
    """What the caller said of the item, less its image, which is kept beside; of a part of it, less the template."""
    left_out = {"image", "encounter_id"} | (set() if whole else {"template"})
    said = one.item.data.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=left_out)
    if whole and one.item.data.template_ref:
        said["template"] = base64.b64encode(one.item.template).decode()
    return {**said, ORDER: one.order}


def _exceptions(sent: Sequence[BiometricData]) -> tuple[CaptureException, ...]:
    found: dict[FingerPosition, CaptureException] = {}
    for data in sent:
        for missing in data.missing or ():
            position = FINGERS.get(missing.biometric_sub_type or data.biometric_sub_type, FingerPosition.UNKNOWN)
            if position is not FingerPosition.UNKNOWN:
                found[position] = CaptureException(position, _kind(missing))
    return tuple(found.values())


def _kind(missing: MissingType) -> ExceptionKind:
    return ExceptionKind[missing.presence.value] if missing.presence else ExceptionKind.MISSING


def _circumstances(errand: Errand, sent: Encounter, read: Sequence[_Read], before: Circumstances) -> Circumstances:
    return replace(
        before,
        kind=sent.encounter_type,
        status=EncounterStatus[sent.status.value],
        contextual=sent.contextual_data or {},
        biographic=sent.biographic_data or {},
        client_data=_client_data(sent),
        remarks=_remarks(errand, sent, read),
    )


def _remarks(errand: Errand, sent: Encounter, read: Sequence[_Read]) -> Mapping[str, Json]:
    """What nothing can be compared of is kept as it was sent."""
    remarks: dict[str, Json] = {}
    items = [_as_sent(one) for one in read if not one.observed]
    if items:
        remarks[ITEMS] = items
    if sent.integrity:
        remarks[INTEGRITY] = [each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in sent.integrity]
    if errand.task:
        remarks[TASK] = errand.task
    return remarks


def _as_sent(one: _Read) -> Mapping[str, Json]:
    said = one.item.data.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"encounter_id"})
    return {**said, ORDER: one.order}


def _client_data(sent: Encounter) -> bytes:
    try:
        return base64.b64decode(sent.client_data or "", validate=True)
    except (ValueError, binascii.Error):
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID, "The clientData is not base64.", "Encode it as in RFC 4648, section 4."
        ) from None


def _report(one: _Read) -> Mapping[str, JsonValue]:
    usable = any(each.template for each in one.observed)
    report: dict[str, JsonValue] = {"index": one.order, "usable": usable}
    for each in one.observed:
        if each.quality:
            report["quality"] = round(each.quality.score)
        if each.failure:
            report["advice"] = INSTRUCTIONS[each.failure]
        if isinstance(each.image, GivenTemplate):
            report["templateOnly"] = True
    return report
