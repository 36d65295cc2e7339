"""Quality of a sample and the things that can be expected to go wrong with it, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


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


INSTRUCTIONS: Mapping[Defect, str] = {
    Defect.NO_FINGER: (
        "No fingerprint is to be seen: place the finger flat on the sensor, or check that the right image was given."
    ),
    Defect.TOO_DRY: "The print is too light: moisten the finger slightly, press harder and capture again.",
    Defect.TOO_WET: "The print is too dark: dry the finger and the sensor, press less hard and capture again.",
    Defect.PARTIAL: "Only part of the finger is on the sensor: lay the whole finger pad flat and capture again.",
    Defect.OFF_CENTRE: "The finger is off centre: move it to the middle of the sensor and capture again.",
    Defect.LOW_CONTRAST: "Ridges are hard to tell from valleys: clean the sensor and the finger and capture again.",
    Defect.SMUDGED: "The print is smudged: keep the finger still and lift it straight up.",
    Defect.TOO_FEW_MINUTIAE: "Too few minutiae were found: capture more of the finger pad, or use another finger.",
    Defect.NO_FACE: "No face is to be seen: have the subject look into the camera, or check the image.",
    Defect.SEVERAL_FACES: "More than one face stands out: have only the subject in front of the camera.",
    Defect.FACE_TOO_SMALL: "The face is too small: have the subject come closer.",
    Defect.FACE_CUT_OFF: "The face is cut off at the edge: have the subject stand in the middle of the picture.",
    Defect.TURNED_LEFT: "The head is turned to the subject's left: have the subject turn a little right.",
    Defect.TURNED_RIGHT: "The head is turned to the subject's right: have the subject turn a little left.",
    Defect.LOOKING_UP: "The head is tilted back: have the subject lower the chin.",
    Defect.LOOKING_DOWN: "The head is tilted forward: have the subject raise the chin.",
    Defect.TILTED: "The head leans to one side: have the subject hold it upright.",
    Defect.BLURRED: "The picture is blurred: have the subject keep still and check the focus.",
    Defect.TOO_DARK: "The face is too dark: put more light on it from the front.",
    Defect.TOO_BRIGHT: "The face is too bright: take away some light or move out of the sun.",
    Defect.WASHED_OUT: "The face has little contrast: clean the lens and put no light behind the subject.",
    Defect.UNEVEN_LIGHT: "One side of the face is in shadow: light it evenly from the front.",
    Defect.FACE_UNCLEAR: "The face is hard to make out: have whatever covers it taken off and capture again.",
    Defect.EYES_CLOSED: "The eyes are closed or nearly so: have the subject open them and look into the camera.",
    Defect.MOUTH_OPEN: "The mouth is open: have the subject close it and keep a plain face.",
    Defect.HEAD_COVERED: "The forehead seems covered: have the subject take off what is worn, or push the hair back.",
    Defect.MOUTH_COVERED: "The mouth or chin seems covered: have the subject take off the mask, scarf or hand.",
    Defect.EYES_COVERED: "The eyes are behind dark glasses: have the subject take them off.",
    Defect.BUSY_BACKGROUND: "Much is to be seen behind the subject: use a plain wall.",
    Defect.COMPRESSED: "The picture is spoilt by compression: set the camera to a better quality of JPEG.",
}


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
