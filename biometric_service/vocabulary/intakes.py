"""An intake: an enrolment in the making, kept step by step until it is complete, refused, given up or over its time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Protocol

from biometric_service.vocabulary.events import AuditEvent
from biometric_service.vocabulary.particulars import SexCode
from biometric_service.vocabulary.quality import Defect
from biometric_service.vocabulary.references import CaptureException, EncounterId, GalleryId, SubjectId
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.templates import Template


class IntakeState(StrEnum):
    """How far it is: only an open one takes captures; a refused one keeps them as evidence, a complete one nothing."""

    OPEN = "open"
    REFUSED = "refused"
    COMPLETE = "complete"


class FacePose(StrEnum):
    """How the head is to be held: into the camera, or turned to the person's own left or right by about 45 degrees."""

    FRONTAL = "frontal"
    LEFT = "left"
    RIGHT = "right"


class PoseHint(StrEnum):
    """Why a face is not in the pose that was asked for; each has an instruction in ``POSE_INSTRUCTIONS``."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    TURN_LESS = "turn_less"


POSE_INSTRUCTIONS: Mapping[PoseHint, str] = {
    PoseHint.TURN_LEFT: "The head is not turned far enough: have the subject turn further to the left.",
    PoseHint.TURN_RIGHT: "The head is not turned far enough: have the subject turn further to the right.",
    PoseHint.TURN_LESS: "The head is turned too far: have the subject turn back a little.",
}

Advice = Defect | PoseHint

FACE_PLACES: Final[Mapping[str, FacePose]] = {f"face_{pose}": pose for pose in FacePose}
FINGER_PLACES: Final[Mapping[str, FingerPosition]] = {each.name.lower(): each for each in FingerPosition if each}
SLAP_PLACES: Final[Mapping[str, int]] = {"right_four": 13, "left_four": 14, "thumbs": 15}
"""Scans of several fingers, by friction ridge position code (ANSI/NIST-ITL 1-2011, Table 8)."""
MARK: Final = "mark"
MOST_MARKS: Final = 20


class MarkKind(StrEnum):
    """What a person can be told by beside face and fingers (ANSI/NIST-ITL SMT)."""

    SCAR = "scar"
    MARK = "mark"
    TATTOO = "tattoo"


@dataclass(frozen=True, slots=True)
class Mark:
    """A scar, mark or tattoo: where it is on the body, and what it shows."""

    kind: MarkKind
    place: str
    description: str


@dataclass(frozen=True, slots=True)
class IntakePerson:
    """Who it is said to be. ``subject``: the id that the record is to have. ``circumstances``: of the intake.

    ``sex``: None where it is not said.
    """

    subject: SubjectId
    name: str
    born: date | None = None
    circumstances: str = ""
    legal_basis: str = ""
    sex: SexCode | None = None


@dataclass(frozen=True, slots=True)
class IntakeCapture:
    """What is known of one capture beside its picture.

    ``place``: a finger, such as ``right_thumb``, a face, such as ``face_left``, or ``mark_1`` and on. ``quality``: 0 to
    100. ``device``: as a sample's. ``vouched``: whether a registered scanner's signature was verified. ``digest``:
    SHA-256 (hex) of the picture's bytes. ``defects``: what could be better about it.
    """

    place: str
    at: datetime
    quality: float
    digest: str
    dpi: float | None = None
    device: str = ""
    vouched: bool = False
    defects: tuple[Advice, ...] = ()
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class NewCapture:
    """A capture with its picture, the bytes of the file, and the template that was made of it; None for a mark."""

    capture: IntakeCapture
    image: bytes
    template: Template | None = None


@dataclass(frozen=True, slots=True)
class Intake:
    """An intake as the store has it.

    ``galleries``: where the person is to be found. ``found``: subjects for whose likeness it was refused.
    ``expires_at``: when everything in it is wiped. ``encounter``: what it became.
    """

    id: str
    state: IntakeState
    galleries: frozenset[GalleryId]
    opened_by: str
    opened_at: datetime
    expires_at: datetime
    person: IntakePerson
    exceptions: tuple[CaptureException, ...] = ()
    captures: tuple[IntakeCapture, ...] = ()
    found: tuple[SubjectId, ...] = ()
    encounter: EncounterId | None = None

    def at(self, place: str) -> IntakeCapture | None:
        """What was captured there, None where nothing was."""
        return next((each for each in self.captures if each.place == place), None)


@dataclass(frozen=True, slots=True)
class Namesake:
    """An enrolled subject of the same name. ``same_birth``: whether the date of birth is the same, None if unknown."""

    subject: SubjectId
    same_birth: bool | None


class IntakeStore(Protocol):
    """Keeps intakes, each change with its audit event in one transaction; everything about the person is sealed.

    An intake that is over its time reads like none. All raise INTAKE_UNKNOWN; changes INTAKE_CLOSED where it is not
    open any more.
    """

    def open(self, intake: Intake, event: AuditEvent) -> None:
        """Keep a new one; GALLERY_UNKNOWN."""

    def intake(self, intake: str) -> Intake:
        """One, whatever its state."""

    def intakes(self) -> Sequence[Intake]:
        """Those that are open or refused, newest first."""

    def keep(self, intake: str, captures: Sequence[NewCapture], until: datetime, event: AuditEvent) -> None:
        """Keep captures, each in the stead of what was captured in its place before; it then lasts ``until``."""

    def discard(self, intake: str, place: str, event: AuditEvent) -> None:
        """Destroy what was captured in a place; REQUEST_INVALID where nothing was."""

    def except_fingers(self, intake: str, exceptions: Sequence[CaptureException], event: AuditEvent) -> None:
        """Say which fingers cannot be captured, in the stead of what was said before."""

    def images(self, intake: str, places: Collection[str] | None = None) -> Sequence[NewCapture]:
        """The captures with their pictures, of these places or of all."""

    def refuse(self, intake: str, found: Sequence[SubjectId], until: datetime, event: AuditEvent) -> None:
        """Keep it as evidence until then, again where somebody else is found for whom it is refused."""

    def complete(self, intake: str, encounter: EncounterId, until: datetime, event: AuditEvent) -> None:
        """Wipe what was captured: it is in the record now. What became of it is told until then."""

    def wipe(self, intake: str, event: AuditEvent) -> None:
        """Destroy everything about it."""

    def expire(self, now: datetime, event: AuditEvent) -> int:
        """Destroy every one that is over its time; returns how many, with an event for each that was not complete."""

    def namesakes(self, name: str, born: date | None) -> Sequence[Namesake]:
        """Everyone enrolled under the name, however it is written (case, accents, order of its words)."""
