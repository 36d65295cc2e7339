"""A challenge and its answer, as they are written on the wire."""

from datetime import datetime
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, FiniteFloat, model_validator

from biometric_service.api.operations.answers import Answer, DecisionAnswer, SampleAnswer
from biometric_service.api.operations.bodies import AskingBody, Id, ImageBody
from biometric_service.recognition.requests import ChallengeOutcome
from biometric_service.vocabulary.challenges import ChallengeCheck, Turn
from biometric_service.vocabulary.samples import Modality

LONGEST_TICKET = 4096
FEWEST_FRAMES = 2
MOST_FRAMES = 100


class ChallengeBody(AskingBody):
    """Ask for a challenge to whoever stands before the camera."""

    gallery: Id = Field(description="Where the person is enrolled; ALL for anywhere.", examples=["residents"])
    subject: Id = Field(description="Who it is said to be.", examples=["P-1042"])


class FrameBody(ImageBody):
    """One frame of a camera."""

    modality: Literal[Modality.FACE] = Field(Modality.FACE, description="What the image shows.")
    at: FiniteFloat = Field(description="When it was taken, in seconds from any moment.", examples=[0.4])


class ChallengeAnswerBody(AskingBody):
    """Answer a challenge with frames."""

    challenge: Annotated[str, Field(min_length=1, max_length=LONGEST_TICKET)] = Field(description="As it was given.")
    frames: Annotated[tuple[FrameBody, ...], Field(min_length=FEWEST_FRAMES, max_length=MOST_FRAMES)] = Field(
        description="In the order in which they were taken."
    )

    @property
    def given(self) -> tuple[ImageBody, ...]:
        """Every frame."""
        return self.frames

    @model_validator(mode="after")
    def _in_order(self) -> "ChallengeAnswerBody":
        if any(after.at <= before.at for before, after in pairwise(self.frames)):
            raise ValueError("frames must be in the order of their times, no two at the same")
        return self


class TurnAnswer(Answer):
    """What to ask of the person next."""

    turn: Turn = Field(description="Where the head is to be turned, as the person sees it.")
    instruction: str = Field(description="The same in words.")


class ChallengeIssuedAnswer(Answer):
    """A challenge."""

    challenge: str = Field(description="To be sent back with the frames; good once.")
    turns: tuple[TurnAnswer, ...] = Field(description="In this order; take a frame or more of each.")
    expires_at: datetime = Field(description="Answer before this moment.")


class FindingAnswer(Answer):
    """What one check of the frames found."""

    check: ChallengeCheck = Field(description="Which check.")
    passed: bool = Field(description="Whether the frames passed it.")
    why: str = Field(description="What was found.")


class ChallengeJudgedAnswer(Answer):
    """What became of a challenge."""

    outcome: ChallengeOutcome = Field(description="Only passed lets anybody through.")
    findings: tuple[FindingAnswer, ...] = Field(description="Every check; none where a frame could not be used.")
    decision: DecisionAnswer = Field(description="Whether the frontal frames are of the claimed person.")
    samples: tuple[SampleAnswer, ...] = Field(description="What became of each frame.")
    event: int = Field(description="Number of the event in the audit log.")
