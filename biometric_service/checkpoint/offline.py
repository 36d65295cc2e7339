"""A decision on the slice: the service's own movement check, on what the device holds."""

from biometric_service.checkpoint.answers import OnlineAnswer
from biometric_service.checkpoint.held import HeldSlice
from biometric_service.checkpoint.link import Asked
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.movement import check_movement
from biometric_service.recognition.requests import MovementCheck, MovementRequest
from biometric_service.vocabulary.decisions import Passage
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.movements import Ground
from biometric_service.vocabulary.quality import instruction
from biometric_service.vocabulary.references import GalleryId
from biometric_service.vocabulary.rulings import RulingCode, because, sentences

DOUBTS = {
    ErrorCode.SUBJECT_UNKNOWN: RulingCode.CLAIM_NOT_IN_SLICE,
    ErrorCode.GALLERY_UNKNOWN: RulingCode.GALLERY_NOT_IN_SLICE,
    ErrorCode.MODALITY_UNAVAILABLE: RulingCode.MODALITY_NOT_IN_SLICE,
}
"""Faults that the service would tell apart, and a slice cannot."""


def decide_offline(held: HeldSlice, asked: Asked, caller: Caller) -> OnlineAnswer:
    """Decide as the service would, on those of the images that the slice has something of; SLICE_EXPIRED."""
    images = tuple(each for each in asked.images if each.modality in held.modalities)
    if held.rules is None or not images:
        return _doubt(ErrorCode.MODALITY_UNAVAILABLE)
    post, gallery = held.rules.post, GalleryId(asked.gallery)
    request = MovementRequest(images, gallery, post.id, asked.direction, asked.claimed, post, passage=asked.id)
    try:
        return _answer(check_movement(held.walk, request, caller))
    except BiometricServiceError as fault:
        if fault.code not in DOUBTS:
            raise
        return _doubt(fault.code)


def _answer(check: MovementCheck) -> OnlineAnswer:
    ruling = check.passed.ruling
    advice = tuple(instruction(each.failure) for each in check.samples if each.failure)
    return OnlineAnswer(ruling.passage, ruling.subject, sentences(ruling.why), advice, ruling.ground.value)


def _doubt(code: ErrorCode) -> OnlineAnswer:
    return OnlineAnswer(Passage.REVIEW, None, sentences(because(DOUBTS[code])), (), Ground.SEARCH_INCOMPLETE.value)
