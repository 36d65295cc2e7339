"""Names of the fingers on the wire."""

from enum import StrEnum

from biometric_service.vocabulary.samples import FingerPosition


class Finger(StrEnum):
    """Finger positions by name; the vocabulary has them by their code (ISO/IEC 19794-2)."""

    UNKNOWN = "unknown"
    RIGHT_THUMB = "right_thumb"
    RIGHT_INDEX = "right_index"
    RIGHT_MIDDLE = "right_middle"
    RIGHT_RING = "right_ring"
    RIGHT_LITTLE = "right_little"
    LEFT_THUMB = "left_thumb"
    LEFT_INDEX = "left_index"
    LEFT_MIDDLE = "left_middle"
    LEFT_RING = "left_ring"
    LEFT_LITTLE = "left_little"


def position_of(finger: Finger) -> FingerPosition:
    """The code of a name."""
    return FingerPosition[finger.name]


def finger_of(position: FingerPosition) -> Finger:
    """The name of a code."""
    return Finger[position.name]
