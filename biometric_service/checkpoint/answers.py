"""What a checkpoint shows and tells."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from biometric_service.texts.sentences import Sentence
from biometric_service.vocabulary.decisions import Passage
from biometric_service.vocabulary.references import Json, SubjectId


class Step(StrEnum):
    """What comes next for the person at the post."""

    NONE = "none"
    AGAIN = "again"
    FINGER = "finger"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class OnlineAnswer:
    """What the service said: ``reasons``, ``advice`` on how to do better; ``ground``: why, in a word."""

    passage: Passage
    subject: SubjectId | None
    reasons: tuple[Sentence, ...]
    advice: tuple[Sentence, ...] = ()
    ground: str = ""


@dataclass(frozen=True, slots=True)
class CheckpointAnswer:
    """``id``: of the passage. ``slice`` and ``age``: number and age (s) of the slice that it was decided on.

    Both are None where the service decided. ``took``: seconds from the picture to the answer.
    """

    id: str
    passage: Passage
    subject: SubjectId | None
    reasons: tuple[Sentence, ...]
    step: Step
    advice: tuple[Sentence, ...] = ()
    ground: str = ""
    slice: int | None = None
    age: float | None = None
    took: float = 0.0

    @property
    def offline(self) -> bool:
        """Whether it was decided here, without the service."""
        return self.slice is not None

    def told(self, language: str) -> Mapping[str, Json]:
        """For a line of JSON and for the screen; its sentences in a language."""
        return {
            "event": "answer",
            "id": self.id,
            "passage": self.passage.value,
            "subject": self.subject,
            "reasons": _told(self.reasons, language),
            "ground": self.ground,
            "next": self.step.value,
            "advice": _told(self.advice, language),
            "decided": "offline" if self.offline else "online",
            "slice": self.slice,
            "slice_age_s": None if self.age is None else round(self.age, 1),
            "took_ms": round(1000 * self.took),
        }


@dataclass(frozen=True, slots=True)
class CheckpointState:
    """How the checkpoint stands. ``waiting``: events that the service has not noted. ``slice``: None without one."""

    post: str
    linked: bool
    waiting: int
    refused: int
    slice: int | None
    age: float | None
    stale: bool
    locked: bool

    def told(self, _: str) -> Mapping[str, Json]:
        """For a line of JSON and for the screen, which is without sentences."""
        return {
            "event": "state",
            "post": self.post,
            "link": "up" if self.linked else "down",
            "waiting": self.waiting,
            "refused": self.refused,
            "slice": self.slice,
            "slice_age_s": None if self.age is None else round(self.age, 1),
            "stale": self.stale,
            "locked": self.locked,
        }


def _told(sentences: Iterable[Sentence], language: str) -> tuple[str, ...]:
    return tuple(each.told(language) for each in sentences)
