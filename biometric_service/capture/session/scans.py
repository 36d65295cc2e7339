"""A frame becomes the samples that are on it: a slap comes apart into its fingers."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biometric_service.capture.polarity import dark_ridges
from biometric_service.capture.resolution import resolution
from biometric_service.capture.session.plan import Plan
from biometric_service.capture.slap.checking import LEFT, RIGHT, NamedFinger, SlapAdvice, named, named_as
from biometric_service.capture.slap.segmentation import Hand, segmented
from biometric_service.vocabulary.references import CaptureException, ExceptionKind
from biometric_service.vocabulary.samples import BiometricSample, CaptureSource, FingerPosition, Modality
from device_drivers.frames import said_of
from device_drivers.protocol import Frame

Fingers = tuple[FingerPosition, ...]

THUMBS = (FingerPosition.LEFT_THUMB, FingerPosition.RIGHT_THUMB)
HANDS = {13: Hand.RIGHT, 14: Hand.LEFT}
SLAPS = (13, 14, 15)
"""Ten fingers in three scans, in the order in which they are asked for."""
SCANS: Mapping[int, Fingers] = {
    **{each.value: (each,) for each in FingerPosition if each},
    11: (FingerPosition.RIGHT_THUMB,),
    12: (FingerPosition.LEFT_THUMB,),
    13: RIGHT,
    14: LEFT,
    15: THUMBS,
    40: RIGHT[:2],
    41: RIGHT[1:3],
    42: RIGHT[2:],
    43: LEFT[2:],
    44: LEFT[1:3],
    45: LEFT[:2],
    46: (LEFT[3], RIGHT[0]),
    47: RIGHT[:3],
    48: RIGHT[1:],
    49: LEFT[1:],
    50: LEFT[:3],
}
"""The fingers of a scan from its left, by friction ridge position code (ANSI/NIST-ITL 1-2011, Table 8)."""

ABSENCES: Mapping[str, ExceptionKind] = {"XX": ExceptionKind.AMPUTATED, "UP": ExceptionKind.BANDAGED}


@dataclass(frozen=True, slots=True)
class Scan:
    """What a frame says of itself. ``code``: what it shows; ``label``: which of several images of one capture."""

    code: int
    label: str
    last: bool
    absent: tuple[CaptureException, ...]

    @property
    def fingers(self) -> Fingers:
        """The fingers that it is said to show, none where nobody says."""
        return SCANS.get(self.code, ())


def scan_of(frame: Frame, shows: int) -> Scan:
    """What the frame says, and ``shows`` where it does not say which fingers it shows."""
    said = said_of(frame, "position")
    code = int(said) if said.isdecimal() and int(said) in SCANS else shows
    label = said_of(frame, "image")
    number, _, count = label.partition(" of ")
    return Scan(code, label, number == count, _absent(said_of(frame, "absent")))


def samples_on(
    frame: Frame, scan: Scan, plan: Plan, exceptions: Collection[FingerPosition]
) -> tuple[BiometricSample, ...] | SlapAdvice:
    """The samples on the frame, each named; or what is wrong with a slap. RESOLUTION_UNUSABLE for the plan's dpi."""
    modality = plan.modality
    if modality is Modality.FACE:
        return (_sample(frame, modality, _colour(frame.pixels), None, FingerPosition.UNKNOWN),)
    dpi = resolution(plan.dpi, (frame.dpi, frame.dpi) if frame.dpi else None)
    pixels = dark_ridges(_grey(frame.pixels))
    if len(scan.fingers) < 2:  # noqa: PLR2004 (one finger, or nobody says)
        position = scan.fingers[0] if scan.fingers else FingerPosition.UNKNOWN
        return (_sample(frame, modality, pixels, dpi, position),)
    found = apart(pixels, dpi, scan.code, exceptions)
    if isinstance(found, SlapAdvice):
        return found
    return tuple(_sample(frame, modality, each.tip.pixels, dpi, each.position) for each in found)


def apart(
    pixels: NDArray[np.uint8], dpi: float, code: int, exceptions: Collection[FingerPosition]
) -> tuple[NamedFinger, ...] | SlapAdvice:
    """The fingers of a slap, uint8 (h, w) with dark ridges; ``code``: one of ``SCANS`` that shows several."""
    hand, slap = HANDS.get(code), segmented(pixels, dpi)
    wanted = [each for each in SCANS[code] if each not in exceptions]
    return named(slap, hand, exceptions) if hand else named_as(slap, wanted)


def _sample(
    frame: Frame, modality: Modality, pixels: NDArray[np.uint8], dpi: float | None, position: FingerPosition
) -> BiometricSample:
    digest = hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()
    source = CaptureSource(frame.device.url, frame.captured_at)
    return BiometricSample(modality, pixels, dpi, position, source, digest)


def _grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return pixels if pixels.ndim == 2 else np.asarray(pixels.mean(axis=2), np.uint8)  # noqa: PLR2004 (grey, or BGR)


def _colour(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.repeat(pixels[..., np.newaxis], 3, axis=2) if pixels.ndim == 2 else pixels  # noqa: PLR2004 (as above)


def _absent(said: str) -> tuple[CaptureException, ...]:
    pairs = (each.partition(":") for each in said.split())
    return tuple(
        CaptureException(SCANS[int(finger)][0], ABSENCES[code])
        for finger, _, code in pairs
        if finger.isdecimal() and int(finger) in SCANS and code in ABSENCES
    )
