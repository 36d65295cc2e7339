"""One picture of an intake: taken apart where it shows several fingers, judged by the stages of the walk, and kept.

What is captured again takes the place of what was there only where it is better.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from biometric_service.capture.devices import png
from biometric_service.capture.session.scans import HANDS, SCANS
from biometric_service.capture.slap.checking import NamedFinger, SlapAdvice, named, named_as
from biometric_service.capture.slap.segmentation import segmented
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.intake_desk import IntakeDesk, intake_event
from biometric_service.recognition.requests import GivenImage
from biometric_service.recognition.vouching import images_vouched
from biometric_service.recognition.walk import Observation, Walk, observe
from biometric_service.texts.sentences import Sentence
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.intakes import (
    FACE_PLACES,
    FINGER_PLACES,
    MARK,
    MOST_MARKS,
    SLAP_PLACES,
    Advice,
    FacePose,
    Intake,
    IntakeCapture,
    Mark,
    NewCapture,
    PoseHint,
)
from biometric_service.vocabulary.quality import Defect
from biometric_service.vocabulary.samples import Modality

FRONTAL_DEGREES = 18.0
"""How far a frontal face may be turned aside."""
TURNED_DEGREES = (25.0, 65.0)
"""How far a face is turned that is to be turned by about 45 degrees, as five landmarks tell it."""
OF_THE_POSE = frozenset({Defect.TURNED_LEFT, Defect.TURNED_RIGHT})
FOR_THE_SIDE = frozenset({*OF_THE_POSE, Defect.UNEVEN_LIGHT})
"""What is no defect of a face that is turned aside."""
ALLOWED = frozenset({Defect.BUSY_BACKGROUND, Defect.COMPRESSED})
"""What is told, and nothing to wait for: the person in front of the camera cannot change it."""


class Fate(StrEnum):
    """What became of a capture: only KEPT is in the intake now."""

    KEPT = "kept"
    WORSE = "worse_than_before"
    NOT_GOOD = "not_good_yet"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True)
class IntakePicture:
    """A picture as it was handed in.

    ``place``: what it shows, a key of ``FINGER_PLACES``, ``FACE_PLACES`` or ``SLAP_PLACES``, or MARK. ``only_good``:
    keep it only where nothing could be better, as of a live camera that goes on. ``mark``: what a MARK shows.
    """

    image: GivenImage
    place: str
    only_good: bool = False
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """One finger, face or mark of the picture. ``quality``: 0 to 100; ``advice``: what could be better, worst first."""

    place: str
    fate: Fate
    quality: float
    advice: tuple[Advice, ...] = ()


@dataclass(frozen=True, slots=True)
class Taking:
    """What became of a picture; ``advice``: why a scan of several fingers could not be taken apart, else None."""

    judged: tuple[Judged, ...]
    advice: Sentence | None = None


def take(desk: IntakeDesk, intake: str, picture: IntakePicture, caller: Caller) -> Taking:
    """Judge a picture, and keep what is better than what is there.

    INTAKE_UNKNOWN, INTAKE_CLOSED, REQUEST_INVALID for a place that is none, and what the walk raises.
    """
    present = desk.open_one(intake)
    if picture.place == MARK:
        return _take_mark(desk, present, picture, caller)
    (image,) = images_vouched(desk.walk, [picture.image], caller, EventKind.INTAKE_CAPTURED)
    image = replace(image, signature=None, vouched=image.signature is not None)
    found = _parts(desk.walk, present, image, picture.place)
    if isinstance(found, SlapAdvice):
        return Taking((), found.advice)
    observed = observe(desk.walk, [part for _, part in found])
    weighed = [_weighed(present, place, each, picture) for (place, _), each in zip(found, observed, strict=True)]
    kept = [new for judged, new in weighed if judged.fate is Fate.KEPT]
    if kept:
        desk.intakes.keep(intake, kept, desk.until(), _captured(present, caller, kept))
    return Taking(tuple(judged for judged, _ in weighed))


def _take_mark(desk: IntakeDesk, present: Intake, picture: IntakePicture, caller: Caller) -> Taking:
    """Of marks there is no telling how good a picture is: each is kept."""
    taken = {each.place for each in present.captures}
    free = (f"{MARK}_{number}" for number in range(1, MOST_MARKS + 1))
    place = next((name for name in free if name not in taken), None)
    if place is None or picture.mark is None:
        message = f"A mark needs its description, and an intake holds {MOST_MARKS} of them."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, "Say what it is and where on the body.")
    sample = desk.walk.decode(replace(picture.image, modality=Modality.FACE))
    capture = IntakeCapture(
        place, datetime.now(UTC), 0.0, sample.digest, device=picture.image.device, mark=picture.mark
    )
    kept = [NewCapture(capture, picture.image.data)]
    desk.intakes.keep(present.id, kept, desk.until(), _captured(present, caller, kept))
    return Taking((Judged(place, Fate.KEPT, 0.0),))


def _parts(walk: Walk, intake: Intake, image: GivenImage, place: str) -> list[tuple[str, GivenImage]] | SlapAdvice:
    """The picture as one of what it shows, or each finger of several."""
    if place in FACE_PLACES:
        return [(place, replace(image, modality=Modality.FACE))]
    if place in FINGER_PLACES:
        return [(place, replace(image, modality=Modality.FINGERPRINT, position=FINGER_PLACES[place]))]
    if place not in SLAP_PLACES:
        known = ", ".join([*FINGER_PLACES, *SLAP_PLACES, *FACE_PLACES, MARK])
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, f"{place!r} is nothing to capture.", f"Name {known}.")
    sample = walk.decode(replace(image, modality=Modality.FINGERPRINT))
    assert sample.dpi is not None
    fingers = _fingers(intake, SLAP_PLACES[place], sample.pixels, sample.dpi)
    if isinstance(fingers, SlapAdvice):
        return fingers
    return [(each.position.name.lower(), _cut(image, each, sample.dpi)) for each in fingers]


def _fingers(intake: Intake, code: int, pixels: NDArray[np.uint8], dpi: float) -> tuple[NamedFinger, ...] | SlapAdvice:
    absent = {each.position for each in intake.exceptions}
    wanted = [each for each in SCANS[code] if each not in absent]
    slap = segmented(pixels, dpi, most=max(len(wanted), 1))
    hand = HANDS.get(code)
    return named(slap, hand, absent) if hand else named_as(slap, wanted)


def _cut(image: GivenImage, finger: NamedFinger, dpi: float) -> GivenImage:
    data = png(finger.tip.pixels, dpi)
    return replace(image, data=data, modality=Modality.FINGERPRINT, position=finger.position, dpi=dpi)


def _weighed(intake: Intake, place: str, each: Observation, picture: IntakePicture) -> tuple[Judged, NewCapture]:
    assert isinstance(each.image, GivenImage)
    assert each.sample is not None
    advice = _advice(place, each)
    score = each.quality.score if each.quality else 0.0
    capture = IntakeCapture(
        place=place,
        at=datetime.now(UTC),
        quality=score,
        digest=each.digest,
        dpi=each.sample.dpi,
        device=each.image.device,
        vouched=each.image.vouched,
        defects=advice,
    )
    fate = _fate(intake, each, capture, only_good=picture.only_good)
    return Judged(place, fate, score, advice), NewCapture(capture, each.image.data, each.template)


def _fate(intake: Intake, each: Observation, capture: IntakeCapture, *, only_good: bool) -> Fate:
    if each.failure is not None:
        return Fate.UNUSABLE
    if only_good and not _is_good(capture):
        return Fate.NOT_GOOD
    before = intake.at(capture.place)
    return Fate.KEPT if before is None or _rank(capture) >= _rank(before) else Fate.WORSE


def _rank(capture: IntakeCapture) -> tuple[bool, float]:
    """What nothing could be better about comes before all else."""
    return _is_good(capture), capture.quality


def _is_good(capture: IntakeCapture) -> bool:
    return set(capture.defects) <= ALLOWED


def _advice(place: str, each: Observation) -> tuple[Advice, ...]:
    found: Sequence[Defect] = each.quality.defects if each.quality else ()
    if each.failure is not None:
        return tuple(dict.fromkeys((each.failure, *found)))
    if place not in FACE_PLACES or each.quality is None:
        return tuple(found)
    pose, yaw = FACE_PLACES[place], each.quality.measures["yaw"]
    passed_over = OF_THE_POSE if pose is FacePose.FRONTAL else FOR_THE_SIDE
    others = (defect for defect in found if defect not in passed_over)
    return (*_of_the_pose(pose, yaw), *others)


def _of_the_pose(pose: FacePose, yaw: float) -> tuple[Advice, ...]:
    """What the person should do with the head; ``yaw``: degrees, positive to the person's left."""
    if pose is FacePose.FRONTAL:
        if abs(yaw) <= FRONTAL_DEGREES:
            return ()
        return (Defect.TURNED_LEFT if yaw > 0 else Defect.TURNED_RIGHT,)
    least, most = TURNED_DEGREES
    turned = yaw if pose is FacePose.LEFT else -yaw
    if turned > most:
        return (PoseHint.TURN_LESS,)
    further = PoseHint.TURN_LEFT if pose is FacePose.LEFT else PoseHint.TURN_RIGHT
    return () if turned >= least else (further,)


def _captured(intake: Intake, caller: Caller, kept: Sequence[NewCapture]) -> AuditEvent:
    captured = " ".join(f"{each.capture.place}={each.capture.quality:.1f}" for each in kept)
    event = intake_event(EventKind.INTAKE_CAPTURED, caller, intake, captured=captured)
    return replace(event, evidence=tuple(each.capture.digest for each in kept))
