"""What the use cases are asked and what they answer."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.challenges import ChallengeFinding, Turn
from biometric_service.vocabulary.decisions import Decision, Movement, Passage
from biometric_service.vocabulary.movements import Passed
from biometric_service.vocabulary.places import Post
from biometric_service.vocabulary.quality import AttackAssessment, Defect, QualityAssessment
from biometric_service.vocabulary.references import (
    CaptureException,
    ChangeNumber,
    Circumstances,
    EncounterId,
    GalleryId,
    SubjectId,
)
from biometric_service.vocabulary.rulings import sentences
from biometric_service.vocabulary.samples import FingerPosition, FrameSignature, Modality
from biometric_service.vocabulary.templates import Template, position_of

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@-]{0,63}")


def require_name(what: str, name: str) -> None:
    """REQUEST_INVALID unless the name is 1 to 64 letters, digits and ``. _ : @ -``, the first a letter or digit."""
    if not NAME.fullmatch(name):
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID,
            f"The {what} is not a valid name.",
            "Use 1 to 64 letters, digits and . _ : @ - and start with a letter or digit.",
        )


@dataclass(frozen=True, slots=True)
class GivenImage:
    """An image as it was handed in.

    ``data``: the bytes of the file. ``dpi``: None to go by what the file says. ``device``: what captured it.
    ``signature``: of a registered device, None where nobody signed it. ``vouched``: the signature was verified when it
    was captured, and is not there any more.
    """

    data: bytes
    modality: Modality
    position: FingerPosition = FingerPosition.UNKNOWN
    dpi: float | None = None
    device: str = ""
    signature: FrameSignature | None = None
    vouched: bool = False


@dataclass(frozen=True, slots=True)
class GivenTemplate:
    """A template as it was handed in, with no image; ``digest``: SHA-256 (hex) of the bytes that it came from."""

    template: Template
    digest: str
    device: str = ""

    @property
    def modality(self) -> Modality:
        """What it is a template of."""
        return self.template.format.modality

    @property
    def position(self) -> FingerPosition:
        """Of which finger; UNKNOWN for a face."""
        return position_of(self.template)


Given = GivenImage | GivenTemplate


@dataclass(frozen=True, slots=True)
class SampleReport:
    """What became of one given image: its quality, or why it could not be used."""

    modality: Modality
    position: FingerPosition
    quality: QualityAssessment | None
    attack: AttackAssessment | None
    failure: Defect | None

    @property
    def usable(self) -> bool:
        """Whether a template was made of it."""
        return self.failure is None


Meant = Callable[[SubjectId], bool]
"""Whether somebody is one of those who are asked about."""


@dataclass(frozen=True, slots=True)
class IdentificationRequest:
    """Who is this? ``gallery``: where to look, or ALL_GALLERIES. ``terms``: the caller's own, for the audit log.

    ``meant``: who may be found, None for everybody.
    """

    images: tuple[Given, ...]
    gallery: GalleryId
    terms: Mapping[str, str] = field(default_factory=dict)
    meant: Meant | None = None


@dataclass(frozen=True, slots=True)
class VerificationRequest:
    """Is this the person who is claimed? ``gallery``: one that the subject is in, or ALL_GALLERIES.

    ``terms``: the caller's own, for the audit log.
    """

    images: tuple[Given, ...]
    subject: SubjectId
    gallery: GalleryId
    terms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CollationRequest:
    """Are these two sets of samples of one person? Nobody of the store has a part in it.

    ``terms``: the caller's own, for the audit log.
    """

    first: tuple[Given, ...]
    second: tuple[Given, ...]
    terms: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EnrolmentRequest:
    """Keep this person under this id.

    ``despite_duplicates``: an officer has looked at the candidates, and at fingers that look alike.
    ``judged_apart``: subjects whom reviewers found to be other people; a likeness to anybody else is still in the way.
    ``encounter``: None for an id made here.
    """

    images: tuple[GivenImage, ...]
    subject: SubjectId
    galleries: frozenset[GalleryId]
    exceptions: tuple[CaptureException, ...] = ()
    despite_duplicates: bool = False
    encounter: EncounterId | None = None
    circumstances: Circumstances = field(default_factory=Circumstances)
    judged_apart: frozenset[SubjectId] = frozenset()

    def __post_init__(self) -> None:
        require_name("subject", self.subject)
        for gallery in self.galleries:
            require_name("gallery", gallery)


@dataclass(frozen=True, slots=True)
class MovementRequest:
    """May this person pass? ``claimed``: who it is said to be, None where nobody said.

    ``post``: where, of those that are set up, None for a checkpoint that is only a name. ``passage``: the caller's own
    id of this passage, under which it is made once; empty for none.
    """

    images: tuple[Given, ...]
    gallery: GalleryId
    checkpoint: str
    direction: Movement
    claimed: SubjectId | None = None
    post: Post | None = None
    passage: str = ""

    def __post_init__(self) -> None:
        require_name("checkpoint", self.checkpoint)


@dataclass(frozen=True, slots=True)
class Recognition:
    """Answer to an identification or a verification; ``event``: its number in the audit log."""

    decision: Decision
    samples: tuple[SampleReport, ...]
    event: int


class EnrolmentOutcome(StrEnum):
    """What became of an enrolment; only ENROLLED and ENCOUNTER_ADDED kept anything."""

    ENROLLED = "enrolled"
    ENCOUNTER_ADDED = "encounter_added"
    RECAPTURE = "recapture"
    DUPLICATE_SUSPECTED = "duplicate_suspected"
    IDENTITY_DOUBTED = "identity_doubted"
    FINGERS_CONFUSED = "fingers_confused"
    SEARCH_INCOMPLETE = "search_incomplete"


@dataclass(frozen=True, slots=True)
class LikeFingers:
    """Two samples that are said to be of different fingers and look like one.

    ``samples``: their numbers in the request, from 0. ``positions``: what they are said to be. ``score``: -log10 FMR.
    """

    samples: tuple[int, int]
    positions: tuple[FingerPosition, FingerPosition]
    score: float


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Answer to an enrolment.

    ``duplicates``: the search for the same person under another id. ``claim``: whether a further encounter is of the
    subject it was said to be. ``alike``: fingers that seem to have been captured twice, or swapped.
    """

    outcome: EnrolmentOutcome
    subject: SubjectId
    encounter: EncounterId | None
    change: ChangeNumber | None
    samples: tuple[SampleReport, ...]
    duplicates: Decision | None
    claim: Decision | None = None
    alike: tuple[LikeFingers, ...] = ()


@dataclass(frozen=True, slots=True)
class ChallengeRequest:
    """The frames that answer a challenge, in the order in which they were taken.

    ``images``: two or more, of faces. ``times``: of each, in seconds from any moment. ``elapsed``: seconds since
    ``turns`` were asked. ``subject``: who it is said to be.
    """

    images: tuple[GivenImage, ...]
    times: tuple[float, ...]
    turns: tuple[Turn, ...]
    elapsed: float
    subject: SubjectId
    gallery: GalleryId


class ChallengeOutcome(StrEnum):
    """What became of a challenge; only PASSED says that the claimed person stood there and turned the head."""

    PASSED = "passed"
    RECAPTURE = "recapture"
    ATTACK_SUSPECTED = "attack_suspected"
    NOT_FOLLOWED = "not_followed"
    NOT_VERIFIED = "not_verified"


@dataclass(frozen=True, slots=True)
class ChallengeAnswer:
    """Answer to the frames of a challenge.

    ``findings``: of every check, none where a frame could not be used. ``decision``: whether the frontal frames are of
    the claimed subject.
    """

    outcome: ChallengeOutcome
    findings: tuple[ChallengeFinding, ...]
    decision: Decision
    samples: tuple[SampleReport, ...]
    event: int


@dataclass(frozen=True, slots=True)
class MovementCheck:
    """Answer to a movement check: ``verification`` of the claimed subject, ``identification`` where it was needed."""

    passed: Passed
    verification: Decision | None
    identification: Decision | None
    samples: tuple[SampleReport, ...]

    @property
    def passage(self) -> Passage:
        """What the checkpoint shows."""
        return self.passed.ruling.passage

    @property
    def subject(self) -> SubjectId | None:
        """Who it is, where that is certain."""
        return self.passed.ruling.subject

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why, in sentences in English."""
        return tuple(map(str, sentences(self.passed.ruling.why)))

    @property
    def event(self) -> int:
        """Number of the event in the audit log."""
        return self.passed.event
