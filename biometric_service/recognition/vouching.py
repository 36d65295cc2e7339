"""Which scanner took an image: what is signed is verified, and what is not is refused where signatures are demanded."""

from collections.abc import Sequence
from dataclasses import replace

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.requests import Given, GivenImage
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.samples import FingerPosition, FrameSignature

SCANNER = "device:"
"""How the device of a signed sample is named, and of no other."""


def vouched(walk: Walk, images: Sequence[Given], caller: Caller, use: EventKind) -> tuple[Given, ...]:
    """The images, each that is signed named after its scanner and as the scanner says.

    FRAME_UNSIGNED where a signature is missing that the purpose or the post demands (a template has none),
    REQUEST_INVALID where another finger is claimed than the scanner says, or an unsigned image is said to be of a
    scanner, and what ``FrameVouching.vouched`` raises.
    """
    demanded = walk.vouching.demanded(caller)
    return tuple(_vouched(walk, each, caller, use, demanded=demanded) for each in images)


def images_vouched(walk: Walk, images: Sequence[GivenImage], caller: Caller, use: EventKind) -> tuple[GivenImage, ...]:
    """The same of images alone."""
    return tuple(each for each in vouched(walk, images, caller, use) if isinstance(each, GivenImage))


def _vouched(walk: Walk, given: Given, caller: Caller, use: EventKind, *, demanded: bool) -> Given:
    if isinstance(given, GivenImage) and given.vouched:
        return given
    signature = given.signature if isinstance(given, GivenImage) else None
    if signature is not None and isinstance(given, GivenImage):
        device = walk.vouching.vouched(given.data, signature, caller, use.value)
        dpi = signature.dpi or given.dpi
        return replace(given, device=device.actor, position=_position(given, signature), dpi=dpi)
    if demanded:
        raise BiometricServiceError(
            ErrorCode.FRAME_UNSIGNED,
            f"An image for the purpose {caller.purpose} is not signed by a registered scanner.",
            "Capture at a scanner whose key is registered, and send what it signed.",
        )
    if given.device.startswith(SCANNER):
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID,
            f"An image that nobody signed is said to come from {given.device}.",
            f"Name its device otherwise: {SCANNER} is for scanners that sign.",
        )
    return given


def _position(given: GivenImage, signature: FrameSignature) -> FingerPosition:
    said = FingerPosition(signature.position) if signature.position in set(FingerPosition) else FingerPosition.UNKNOWN
    if FingerPosition.UNKNOWN in {said, given.position} or said is given.position:
        return said or given.position
    raise BiometricServiceError(
        ErrorCode.REQUEST_INVALID,
        f"The scanner says that the image shows the finger {said.value}, the request finger {given.position.value}.",
        "Capture the right finger, or correct its name.",
    )
