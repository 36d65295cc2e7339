"""An active challenge to whoever stands before an unattended camera: turn the head as asked (ISO/IEC 30107)."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Turn(StrEnum):
    """Where the head is to be turned, as the subject sees it."""

    FRONT = "front"
    LEFT = "left"
    RIGHT = "right"


TURN_INSTRUCTIONS: Mapping[Turn, str] = {
    Turn.FRONT: "Look straight into the camera.",
    Turn.LEFT: "Turn your head to your left.",
    Turn.RIGHT: "Turn your head to your right.",
}


class ChallengeCheck(StrEnum):
    """What frames are judged by."""

    SEQUENCE = "sequence"
    TIMING = "timing"
    NO_FRAME_TWICE = "no_frame_twice"
    SAME_PERSON = "same_person"
    DEPTH = "depth"


@dataclass(frozen=True, slots=True)
class ChallengeFrame:
    """One frame with what was found in it.

    ``at``: in seconds from any moment, the same for all frames. ``digest``: SHA-256 (hex) of its file. ``pixels``:
    uint8 BGR, upright. ``landmarks``: float32 (5, 2) as of ``FaceArea``. ``yaw``: in degrees, positive when turned to
    the subject's left. ``likeness``: -log10 FMR of the face against that of the first frame, higher is more alike.
    """

    at: float
    digest: str
    pixels: NDArray[np.uint8]
    landmarks: NDArray[np.float32]
    yaw: float
    likeness: float


@dataclass(frozen=True, slots=True)
class ChallengeFinding:
    """What one check found, ``why`` in a sentence."""

    check: ChallengeCheck
    passed: bool
    why: str
