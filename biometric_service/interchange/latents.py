"""Latents: kept as they come, marked by an examiner, and only then searched like any finger."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

from biometric_service.capture import tones
from biometric_service.capture.devices import png
from biometric_service.capture.face_records import open_part
from biometric_service.capture.files import ImageLimits, open_picture
from biometric_service.capture.resolution import LEAST, MOST, USUAL
from biometric_service.errors import FAULTS_OF_AN_IMAGE, BiometricServiceError, ErrorCode
from biometric_service.interchange.exchange import Exchange, ExchangeRules, Occasion
from biometric_service.interchange.itl.images import LATENT, RecordedImage, images_of
from biometric_service.interchange.itl.message import Message
from biometric_service.interchange.itl.writing import excerpt
from biometric_service.recognition.identification import identify
from biometric_service.recognition.requests import GivenImage, IdentificationRequest, Recognition
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.latents import Latent, LatentMark, LatentStore, NewLatent, Region
from biometric_service.vocabulary.references import GalleryId
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.transactions import Hold, Refusal

MINUTIAE = 9
LATENT_TYPES = frozenset({LATENT})


@dataclass(frozen=True, slots=True)
class Marking:
    """What an examiner says of a latent; fields as those of ``LatentMark``."""

    position: FingerPosition = FingerPosition.UNKNOWN
    region: Region | None = None
    note: str = ""


def latents_of(message: Message, rules: ExchangeRules, *, alone: bool = False) -> tuple[NewLatent, ...] | Refusal:
    """The latents of a message, or why one of them cannot be kept.

    ``alone``: whether nobody is enrolled with whom its other records could be kept; the first latent keeps them then.
    """
    kept_until = Occasion(Caller("", "")).at + timedelta(days=rules.latent_days)
    found: list[NewLatent] = []
    for image in images_of(message):
        if image.kind != LATENT:
            continue
        dpi = image.part.raster.dpi or USUAL
        file = _file(image, rules.image_limits)
        if isinstance(file, Refusal):
            return file
        if not LEAST <= dpi <= MOST:
            return Refusal.of(Hold.RESOLUTION_UNUSABLE, "dpi", record=image.record, dpi=f"{dpi:g}")
        header = message.header
        found.append(
            NewLatent(
                id=uuid4().hex,
                image=file,
                dpi=dpi,
                records=_records(message, image, rest=alone and not found),
                positions=image.positions,
                control=header.control,
                origin=header.origin,
                digest=hashlib.sha256(image.part.data).hexdigest(),
                keep_until=kept_until,
            )
        )
    return tuple(found)


def keep_latents(store: LatentStore, latents: Iterable[NewLatent], caller: Caller) -> tuple[Latent, ...]:
    """Keep them, sealed and not searched."""
    occasion = Occasion(caller)
    return tuple(
        store.keep(each, occasion.event(EventKind.LATENT_RECEIVED, {"latent": each.id, "origin": each.origin}))
        for each in latents
    )


def mark_latent(exchange: Exchange, latent: str, marking: Marking, caller: Caller) -> Latent:
    """An examiner says what a latent shows; from now on it is searched.

    LATENT_UNKNOWN; REQUEST_INVALID for a region that is not within the image.
    """
    occasion = Occasion(caller)
    if marking.region is not None:
        _require_within(exchange, latent, marking.region)
    mark = LatentMark(caller.actor, occasion.at, marking.position, marking.region, marking.note)
    facts = {"latent": latent, "position": marking.position.name.lower(), "whole": str(marking.region is None)}
    return exchange.latents.mark(latent, mark, occasion.event(EventKind.LATENT_MARKED, facts))


def search_latent(exchange: Exchange, latent: str, gallery: GalleryId, caller: Caller) -> Recognition:
    """Who left it, among everyone in the gallery; LATENT_UNKNOWN, LATENT_NOT_MARKED and what ``identify`` raises."""
    kept = exchange.latents.latent(latent)
    if kept.mark is None:
        raise BiometricServiceError(
            ErrorCode.LATENT_NOT_MARKED,
            "No examiner has marked this latent.",
            "Have it marked first (interchange latents mark).",
        )
    image = marked_image(exchange.latents.content(latent).image, kept.dpi, kept.mark, exchange.rules.image_limits)
    given = GivenImage(image, Modality.FINGERPRINT, kept.mark.position, kept.dpi, f"latent:{kept.id}")
    found = identify(exchange.walk, IdentificationRequest((given,), gallery), caller)
    facts = {"latent": latent, "outcome": found.decision.outcome.value, "event": str(found.event)}
    exchange.walk.store.record(Occasion(caller).event(EventKind.LATENT_SEARCHED, facts, found.decision.subject))
    return found


def marked_image(image: bytes, dpi: float, mark: LatentMark, limits: ImageLimits) -> bytes:
    """The latent, a PNG file, without what lies outside the region that was marked."""
    pixels = tones.grey(open_picture(image, limits).image)
    if mark.region is not None:
        left, top = mark.region.left, mark.region.top
        pixels = pixels[top : top + mark.region.height, left : left + mark.region.width]
    return png(pixels, dpi)


def _file(image: RecordedImage, limits: ImageLimits) -> bytes | Refusal:
    try:
        picture = open_part(image.part, limits)
    except BiometricServiceError as fault:
        if fault.code not in FAULTS_OF_AN_IMAGE:
            raise
        return Refusal.of(Hold.IMAGE_UNREADABLE, "image", record=image.record, why=fault.what)
    if image.part.raster.compressed:
        return image.part.data
    return png(tones.grey(picture.image), image.part.raster.dpi)


def _records(message: Message, image: RecordedImage, *, rest: bool) -> bytes:
    """A transaction with the latent's own record, the minutiae that belong to it by their IDC, and maybe the rest."""
    own, others = message.transaction.records[image.record - 1], message.transaction.records[1:]
    of_latents = {each.idc() for each in message.records(LATENT)}
    kept = [
        each
        for each in others
        if each is own
        or (each.kind == MINUTIAE and each.idc() == image.idc)
        or (rest and each.kind != LATENT and not (each.kind == MINUTIAE and each.idc() in of_latents))
    ]
    return excerpt(message.transaction, kept).encoded()


def _require_within(exchange: Exchange, latent: str, region: Region) -> None:
    width, height = open_picture(exchange.latents.content(latent).image, exchange.rules.image_limits).image.size
    fits = min(region.left, region.top) >= 0 and min(region.width, region.height) > 0
    if not fits or region.left + region.width > width or region.top + region.height > height:
        message = f"The region is not within the latent's image, which has {width} by {height} pixels."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, "Mark a part of the image.")
