"""Quality of a sample and the things that can be expected to go wrong with it, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from biometric_service.texts.sentences import Sentence


class Defect(StrEnum):
    """Why a sample is poor or could not be used; each has an instruction in ``INSTRUCTIONS``."""

    NO_FINGER = "no_finger"
    TOO_DRY = "too_dry"
    TOO_WET = "too_wet"
    PARTIAL = "partial"
    OFF_CENTRE = "off_centre"
    LOW_CONTRAST = "low_contrast"
    SMUDGED = "smudged"
    TOO_FEW_MINUTIAE = "too_few_minutiae"
    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    FACE_TOO_SMALL = "face_too_small"
    FACE_CUT_OFF = "face_cut_off"
    TURNED_LEFT = "turned_left"
    TURNED_RIGHT = "turned_right"
    LOOKING_UP = "looking_up"
    LOOKING_DOWN = "looking_down"
    TILTED = "tilted"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    WASHED_OUT = "washed_out"
    UNEVEN_LIGHT = "uneven_light"
    FACE_UNCLEAR = "face_unclear"
    EYES_CLOSED = "eyes_closed"
    MOUTH_OPEN = "mouth_open"
    HEAD_COVERED = "head_covered"
    MOUTH_COVERED = "mouth_covered"
    EYES_COVERED = "eyes_covered"
    BUSY_BACKGROUND = "busy_background"
    COMPRESSED = "compressed"


def instruction(defect: Defect) -> Sentence:
    """What to do about it."""
    return Sentence(f"instruction.{defect.value}")


INSTRUCTIONS: Mapping[Defect, str] = {each: str(instruction(each)) for each in Defect}
"""What to do about each, in English."""


@dataclass(frozen=True, slots=True)
class QualityAssessment:
    """Quality of one sample.

    ``score``: 0 to 100, higher is better (ISO/IEC 29794-1). ``measures``: named figures behind it, each documented by
    its assessor. ``defects``: what to do better, worst first. ``acceptable``: False where the sample must not be used.
    ``notes``: sentences on the assessment itself, such as which part of it could not be made.
    ``components``: the measures that are graded, by name, each 0 to 100, higher is better.
    """

    score: float
    measures: Mapping[str, float]
    defects: tuple[Defect, ...]
    acceptable: bool
    notes: tuple[str, ...] = ()
    components: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ExtractionFailure:
    """A sample from which no template can be made (failure to extract, ISO/IEC 19795-1), and why."""

    defect: Defect


@dataclass(frozen=True, slots=True)
class AttackAssessment:
    """Presentation attack detection (ISO/IEC 30107): ``score`` 0 (bona fide) to 1 (attack), None where not assessed."""

    score: float | None
    suspected: bool
    method: str
