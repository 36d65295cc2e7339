"""What a device captured, decoded: biometric samples and the area of a sample that holds the characteristic."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

import numpy as np
from numpy.typing import NDArray


class Modality(StrEnum):
    """The biometric characteristic a sample shows."""

    FINGERPRINT = "fingerprint"
    FACE = "face"


class FingerPosition(IntEnum):
    """Finger position codes of ISO/IEC 19794-2 and ANSI/NIST-ITL (FGP 0 to 10)."""

    UNKNOWN = 0
    RIGHT_THUMB = 1
    RIGHT_INDEX = 2
    RIGHT_MIDDLE = 3
    RIGHT_RING = 4
    RIGHT_LITTLE = 5
    LEFT_THUMB = 6
    LEFT_INDEX = 7
    LEFT_MIDDLE = 8
    LEFT_RING = 9
    LEFT_LITTLE = 10


@dataclass(frozen=True, slots=True)
class CaptureSource:
    """Where and when a sample was captured; ``device`` is a device URL or the name of a file or caller."""

    device: str
    captured_at: datetime


@dataclass(frozen=True, slots=True)
class FrameSignature:
    """What a registered device signed of the image that it captured.

    ``nonce``: hexadecimal, other for each image. ``dpi``, ``position``: as the device says, None and 0 where it does
    not. ``signature``: Ed25519, 64 bytes.
    """

    device: str
    captured_at: datetime
    nonce: str
    dpi: float | None
    position: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """What is told of a sample without its pixels; fields as those of ``BiometricSample``."""

    modality: Modality
    dpi: float | None
    position: FingerPosition
    source: CaptureSource
    digest: str


@dataclass(frozen=True, slots=True)
class BiometricSample:
    """One decoded image of one characteristic.

    ``pixels``: uint8, (height, width) grey for a fingerprint (dark ridges), (height, width, 3) BGR for a face, upright.
    ``dpi``: pixels an inch of a fingerprint, 250 to 1000; None for a face. ``digest``: SHA-256 (hex) of the bytes that
    it came from.
    """

    modality: Modality
    pixels: NDArray[np.uint8]
    dpi: float | None
    position: FingerPosition
    source: CaptureSource
    digest: str

    def facts(self) -> SampleFacts:
        """What is told of it without its pixels."""
        return SampleFacts(self.modality, self.dpi, self.position, self.source, self.digest)


@dataclass(frozen=True, slots=True)
class FingerArea:
    """The ridge area of a fingerprint, resampled to 500 dpi and cropped.

    ``pixels``: uint8 (h, w) at 500 dpi. ``mask``: bool (h, w), True on ridges. ``clarity``: float32 (h, w), how clearly
    ridges are seen there, 0 (not at all, or outside the mask) to 1. ``offset``: (x, y) of the crop in the whole 500-dpi
    image, in pixels. ``scale``: 500 / the sample's dpi.
    """

    pixels: NDArray[np.uint8]
    mask: NDArray[np.bool_]
    clarity: NDArray[np.float32]
    offset: tuple[int, int]
    scale: float


@dataclass(frozen=True, slots=True)
class FaceArea:
    """The subject's face in a sample.

    ``box``: (x, y, width, height) in pixels of the sample. ``landmarks``: float32 (5, 2), in pixels of the sample:
    right eye, left eye, nose tip, right and left mouth corner, as seen in the image from left to right.
    ``confidence``: of the detector, 0 to 1. ``faces``: how many faces the detector found in the sample.
    """

    box: tuple[float, float, float, float]
    landmarks: NDArray[np.float32]
    confidence: float
    faces: int


@dataclass(frozen=True, slots=True)
class LocatedSample:
    """A sample with the area that quality assessment and extraction look at."""

    sample: BiometricSample
    area: FingerArea | FaceArea
