"""What intakes and cards are asked and answer, as it is written on the wire."""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, PastDate, StringConstraints

from biometric_service.api.languages import asked_language
from biometric_service.api.operations.answering import decision_answer, like_fingers_answer
from biometric_service.api.operations.answers import Answer, DecisionAnswer, ExceptionAnswer, LikeFingersAnswer
from biometric_service.api.operations.bodies import AskingBody, Body, ExceptionBody, Id, ImageBody, Line
from biometric_service.api.operations.positions import finger_of
from biometric_service.recognition.intake import IntakeFinding
from biometric_service.recognition.intake_captures import Fate, Taking
from biometric_service.recognition.requests import EnrolmentOutcome
from biometric_service.vocabulary.cards import Card
from biometric_service.vocabulary.intakes import (
    FACE_PLACES,
    FINGER_PLACES,
    MARK,
    POSE_INSTRUCTIONS,
    SLAP_PLACES,
    Advice,
    Intake,
    IntakeCapture,
    IntakeState,
    Mark,
    MarkKind,
    PoseHint,
)
from biometric_service.vocabulary.particulars import SexCode
from biometric_service.vocabulary.quality import INSTRUCTIONS
from biometric_service.vocabulary.references import SubjectId

Words = Annotated[str, StringConstraints(max_length=4000)]
PLACES = [*FINGER_PLACES, *SLAP_PLACES, *FACE_PLACES, MARK]


class IntakeBody(AskingBody):
    """Begin the intake of a person."""

    subject: Id = Field(description="The id that the record is to have.", examples=["P-1042"])
    name: Annotated[Line, Field(min_length=1, pattern=r"^[^\r\n]*\S[^\r\n]*$")] = Field(
        description="As the person gives it.", examples=["Ana Núñez"]
    )
    born: PastDate | None = Field(None, description="Date of birth, as far as it is known.", examples=["1990-02-03"])
    sex: SexCode | None = Field(None, description="M, F, or X for neither; null where it is not said.", examples=["F"])
    circumstances: Words = Field("", description="Of the intake: from where, by whom, why.")
    legal_basis: Line = Field("", description="Why the person may be kept.", examples=["Prisons Act, s. 12"])
    galleries: Annotated[frozenset[Id], Field(min_length=1, max_length=100)] = Field(
        description="Galleries to be found in.", examples=[["residents"]]
    )


class MarkBody(Body):
    """A scar, mark or tattoo."""

    kind: MarkKind = Field(description="What it is.", examples=["tattoo"])
    place: Annotated[Line, Field(min_length=1)] = Field(description="Where on the body.", examples=["left forearm"])
    description: Words = Field("", description="What it looks like.", examples=["an anchor"])


class IntakeCaptureBody(AskingBody):
    """Judge a picture, and keep it where it is better than what is there."""

    image: ImageBody = Field(description="The picture.")
    place: Annotated[Line, Field(json_schema_extra={"enum": list(PLACES)})] = Field(
        description="What it shows: a finger, several fingers, a face in one of three poses, or a mark.",
        examples=["right_thumb"],
    )
    only_good: bool = Field(default=False, description="Keep it only where nothing could be better.")
    mark: MarkBody | None = Field(None, description="What a mark is; needed for one.")

    @property
    def given(self) -> tuple[ImageBody, ...]:
        """The one image."""
        return (self.image,)


class IntakeExceptionsBody(AskingBody):
    """Say which fingers cannot be captured, in the stead of what was said before."""

    exceptions: tuple[ExceptionBody, ...] = Field(max_length=10, description="Each finger, why, and since when.")


class IntakeStepBody(AskingBody):
    """Search, or make the record."""


class CardBody(AskingBody):
    """Print a card."""

    language: Literal["en", "es"] = Field("en", description="Of the words on it.")


class CardCodeBody(AskingBody):
    """Whose card is this?"""

    code: Annotated[str, StringConstraints(min_length=1, max_length=400)] = Field(description="What the QR code says.")


class IntakeAdviceAnswer(Answer):
    """What could be better about a capture."""

    reason: str = Field(description="Its name.", examples=["too_dry"])
    instruction: str = Field(description="What to do.")


class IntakeMarkAnswer(Answer):
    """A scar, mark or tattoo."""

    kind: MarkKind = Field(description="What it is.")
    place: str = Field(description="Where on the body.")
    description: str = Field(description="What it looks like.")


class KeptCaptureAnswer(Answer):
    """What is kept of one finger, face or mark."""

    place: str = Field(description="Of what.")
    at: AwareDatetime = Field(description="When it was captured.")
    quality: float = Field(description="0 to 100, higher is better; 0 for a mark, of which nobody judges.")
    device: str = Field(description="What captured it.")
    signed: bool = Field(description="Whether a registered scanner signed it.")
    advice: tuple[IntakeAdviceAnswer, ...] = Field(description="What could be better, worst first.")
    mark: IntakeMarkAnswer | None = Field(description="What a mark is.")


class IntakeAnswer(Answer):
    """An intake, how far it is, and what is missing."""

    intake: str = Field(description="Its id.")
    state: IntakeState = Field(description="Only an open one takes captures.")
    subject: str = Field(description="The id that the record is to have.")
    name: str = Field(description="As the person gave it; empty once the record is made.")
    born: date | None = Field(description="Date of birth.")
    sex: SexCode | None = Field(description="M, F, or X for neither; null where it is not said.")
    circumstances: str = Field(description="Of the intake.")
    legal_basis: str = Field(description="Why the person may be kept.")
    galleries: tuple[str, ...] = Field(description="Galleries to be found in.")
    opened_by: str = Field(description="Who began it.")
    opened_at: datetime = Field(description="When.")
    expires_at: datetime = Field(description="When everything in it is destroyed.")
    exceptions: tuple[ExceptionAnswer, ...] = Field(description="Fingers that cannot be captured.")
    captures: tuple[KeptCaptureAnswer, ...] = Field(description="What is captured.")
    missing: tuple[str, ...] = Field(description="What must be captured yet, or excepted.")
    encounter: str | None = Field(description="What it became.")


class IntakesAnswer(Answer):
    """Intakes that are open or refused, newest first."""

    intakes: tuple[IntakeAnswer, ...] = Field(description="Those that the caller reaches.")


class JudgedAnswer(Answer):
    """What became of one finger, face or mark of a picture."""

    place: str = Field(description="Of what.")
    fate: Fate = Field(description="Only what is kept is in the intake now.")
    quality: float = Field(description="0 to 100, higher is better.")
    advice: tuple[IntakeAdviceAnswer, ...] = Field(description="What could be better, worst first.")


class TakingAnswer(Answer):
    """What became of a picture."""

    judged: tuple[JudgedAnswer, ...] = Field(description="Each finger, face or mark on it.")
    advice: str = Field(description="Why a scan of several fingers could not be taken apart; else empty.")
    intake: IntakeAnswer = Field(description="The intake as it is now.")


class NamesakeAnswer(Answer):
    """Somebody else of the same name."""

    subject: str = Field(description="Who.")
    same_birth: bool | None = Field(description="Whether the date of birth is the same; null where unknown.")


class RetakeAnswer(Answer):
    """A capture that could not be used."""

    place: str = Field(description="Of what.")
    advice: IntakeAdviceAnswer = Field(description="What to do better.")


class IntakeFindingAnswer(Answer):
    """What a search found, or what became of the record."""

    outcome: EnrolmentOutcome = Field(description="enrolled: nothing was in the way, or the record is made.")
    state: IntakeState = Field(description="Of the intake, after it.")
    subject: str = Field(description="The id that the record has or is to have.")
    encounter: str | None = Field(description="The record's encounter, once it is made.")
    duplicates: DecisionAnswer | None = Field(description="The search for the same person under another id.")
    found: tuple[str | None, ...] = Field(
        description="Subjects as like as asks for a look, best first; null for those that the key does not reach."
    )
    namesakes: tuple[NamesakeAnswer, ...] = Field(description="Others of the same name that the key reaches.")
    alike: tuple[LikeFingersAnswer, ...] = Field(description="Fingers that seem to be one, captured twice.")
    retake: tuple[RetakeAnswer, ...] = Field(description="Captures that could not be used.")


class CardAnswer(Answer):
    """A card; what its code says is on it alone."""

    card: str = Field(description="Its id.")
    subject: str = Field(description="Whose it is.")
    issued_at: datetime = Field(description="When it was made.")
    expires_at: datetime = Field(description="How long it is good.")


class CardsAnswer(Answer):
    """The cards of a subject."""

    cards: tuple[CardAnswer, ...] = Field(description="Those in force, newest first.")


def intake_answer(intake: Intake, missing: Iterable[str]) -> IntakeAnswer:
    """An intake."""
    person = intake.person
    return IntakeAnswer(
        intake=intake.id,
        state=intake.state,
        subject=person.subject,
        name=person.name,
        born=person.born,
        sex=person.sex,
        circumstances=person.circumstances,
        legal_basis=person.legal_basis,
        galleries=tuple(sorted(intake.galleries)),
        opened_by=intake.opened_by,
        opened_at=intake.opened_at,
        expires_at=intake.expires_at,
        exceptions=tuple(
            ExceptionAnswer(position=finger_of(each.position), kind=each.kind, since=each.since)
            for each in intake.exceptions
        ),
        captures=tuple(map(_capture, intake.captures)),
        missing=tuple(missing),
        encounter=intake.encounter,
    )


def taking_answer(taking: Taking, intake: IntakeAnswer) -> TakingAnswer:
    """What became of a picture."""
    judged = (
        JudgedAnswer(place=each.place, fate=each.fate, quality=each.quality, advice=_advices(each.advice))
        for each in taking.judged
    )
    return TakingAnswer(
        judged=tuple(judged), advice=taking.advice.told(asked_language()) if taking.advice else "", intake=intake
    )


def finding_answer(
    finding: IntakeFinding, state: IntakeState, may_see: Callable[[SubjectId], bool]
) -> IntakeFindingAnswer:
    """What was found, with the names alone of those that the caller reaches."""
    made = finding.enrolment
    return IntakeFindingAnswer(
        outcome=made.outcome,
        state=state,
        subject=made.subject,
        encounter=made.encounter,
        duplicates=decision_answer(made.duplicates, "fpir", may_see) if made.duplicates else None,
        found=tuple(each if may_see(each) else None for each in finding.found),
        namesakes=tuple(
            NamesakeAnswer(subject=each.subject, same_birth=each.same_birth)
            for each in finding.namesakes
            if may_see(each.subject)
        ),
        alike=tuple(map(like_fingers_answer, made.alike)),
        retake=tuple(RetakeAnswer(place=place, advice=_advice(defect)) for place, defect in finding.retake),
    )


def card_answer(card: Card) -> CardAnswer:
    """A card, without its code."""
    return CardAnswer(card=card.id, subject=card.subject, issued_at=card.issued_at, expires_at=card.expires_at)


def mark_of(body: MarkBody | None) -> Mark | None:
    """The mark that a body says."""
    return None if body is None else Mark(body.kind, body.place, body.description)


def _capture(capture: IntakeCapture) -> KeptCaptureAnswer:
    mark = capture.mark
    return KeptCaptureAnswer(
        place=capture.place,
        at=capture.at,
        quality=capture.quality,
        device=capture.device,
        signed=capture.vouched,
        advice=_advices(capture.defects),
        mark=IntakeMarkAnswer(kind=mark.kind, place=mark.place, description=mark.description) if mark else None,
    )


def _advices(found: Iterable[Advice]) -> tuple[IntakeAdviceAnswer, ...]:
    return tuple(map(_advice, found))


def _advice(reason: Advice) -> IntakeAdviceAnswer:
    instruction = POSE_INSTRUCTIONS[reason] if isinstance(reason, PoseHint) else INSTRUCTIONS[reason]
    return IntakeAdviceAnswer(reason=reason.value, instruction=instruction)
