"""Biometric items as callers send them: images and templates as base64 or behind a URL, made ready to compare."""

import base64
import binascii
import hashlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pydantic import AnyUrl

from biometric_service.api.osia.errand import Errand
from biometric_service.api.osia.fetching import Fetched, fetch, require_few
from biometric_service.api.osia.positions import FINGERS, modality_of
from biometric_service.api.osia.records import CARD_RECORDS
from biometric_service.api.osia.schemas.biometrics import BiometricData
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.requests import Given, GivenImage, GivenTemplate
from biometric_service.recognition.walk import Walk
from biometric_service.templates import native
from biometric_service.templates.card_exchange import template_of
from biometric_service.templates.iso19794_2_card import read_card
from biometric_service.templates.minutiae_exchange import templates_of
from biometric_service.templates.minutiae_fields import MAGIC
from biometric_service.templates.minutiae_records import read_record
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import MinutiaeTemplate, Template


@dataclass(frozen=True, slots=True)
class Item:
    """One item: ``image`` and ``template`` as bytes, empty for none; ``given``: what of it can be compared."""

    data: BiometricData
    image: bytes
    template: bytes
    given: tuple[Given, ...]

    @property
    def excused(self) -> bool:
        """Whether a part of it is missing, so that nobody expects more of its image."""
        return bool(self.data.missing)


def read_items(errand: Errand, sent: Sequence[BiometricData]) -> tuple[Item, ...]:
    """Every item; they come from the caller's device, unless they say.

    REQUEST_INVALID, REQUEST_TOO_LARGE, TEMPLATE_INVALID, URL_REFUSED, URL_UNREACHABLE.
    """
    require_few(errand.services.settings, sent)
    fetched = _fetched(errand, sent) if errand.fetched is None else errand.fetched
    return tuple(_item(errand.services.walk, data, errand.caller.device, fetched) for data in sent)


def _fetched(errand: Errand, sent: Sequence[BiometricData]) -> Fetched:
    services = errand.services
    return fetch(services.outbound, services.settings, [sent], time.monotonic() + services.settings.recognition_seconds)


def _item(walk: Walk, data: BiometricData, device: str, fetched: Fetched) -> Item:
    image = _bytes("image", data.image, data.image_ref, fetched)
    template = _bytes("template", data.template, data.template_ref, fetched)
    modality = modality_of(data.biometric_type, data.biometric_sub_type)
    if modality is None:
        return Item(data, image, template, ())
    where = data.capture_device or device
    if image:
        position = _position(data, modality)
        dpi = float(data.resolution) if data.resolution and modality is Modality.FINGERPRINT else None
        return Item(data, image, template, (GivenImage(image, modality, position, dpi, where),))
    return Item(data, image, template, tuple(_templates(walk, data, modality, template, where)))


def _bytes(what: str, encoded: str | None, url: AnyUrl | None, fetched: Fetched) -> bytes:
    if encoded is None:
        return fetched[str(url)] if url else b""
    try:
        return base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID,
            f"The {what} of a biometric item is not base64.",
            "Encode it as in RFC 4648, section 4, without line breaks.",
        ) from None


def _templates(
    walk: Walk, data: BiometricData, modality: Modality, encoded: bytes, device: str
) -> Iterator[GivenTemplate]:
    digest = hashlib.sha256(encoded).hexdigest()
    for template in _decoded(walk, modality, encoded, data.template_format) if encoded else ():
        yield GivenTemplate(_placed(template, _position(data, modality)), digest, device)


def _decoded(walk: Walk, modality: Modality, encoded: bytes, said: str | None) -> Sequence[Template]:
    """Minutiae of a record of ISO/IEC 19794-2 or ANSI 378 of whatever edition, or this service's own template.

    A card's template begins with nothing that tells it, so that what is ``said`` of it counts.
    """
    comparator = walk.comparators.get(modality)
    card = CARD_RECORDS.get(said or "")
    if card and modality is Modality.FINGERPRINT and comparator:
        return [template_of(read_card(encoded, card), comparator.format, FingerPosition.UNKNOWN)]
    if encoded.startswith(MAGIC) and modality is Modality.FINGERPRINT and comparator:
        return templates_of(read_record(encoded, strict=False), comparator.format)
    template = native.decode(encoded)
    if template.format.modality is not modality:
        raise BiometricServiceError(
            ErrorCode.TEMPLATE_INVALID, "The template is of another modality than it says.", "Correct biometricType."
        )
    return [template]


def _placed(template: Template, position: FingerPosition) -> Template:
    """Minutiae with the finger that the item names, where the record does not."""
    if isinstance(template, MinutiaeTemplate) and template.position is FingerPosition.UNKNOWN:
        return replace(template, position=position)
    return template


def _position(data: BiometricData, modality: Modality) -> FingerPosition:
    return FINGERS[data.biometric_sub_type] if modality is Modality.FINGERPRINT else FingerPosition.UNKNOWN
