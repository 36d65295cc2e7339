"""The way to the service: what a checkpoint asks of it, and a breaker that lets nobody wait for a dead line."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final, Protocol, TypeVar

from biometric_service.checkpoint.answers import OnlineAnswer
from biometric_service.checkpoint.queue import QueuedEvent
from biometric_service.client.faults import NoAnswer
from biometric_service.recognition.requests import Given
from biometric_service.vocabulary.decisions import Movement
from biometric_service.vocabulary.references import ChangeNumber, SubjectId

FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 5.0

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Asked:
    """May this person pass? ``id``: of the passage; ``claimed``: None where nobody said who it is.

    ``gallery``: who may be there; empty for those of the post.
    """

    id: str
    images: tuple[Given, ...]
    direction: Movement
    claimed: SubjectId | None = None
    gallery: str = ""


class Link(Protocol):
    """What is asked of the service. NoAnswer where it cannot be reached in time, else what the service says.

    A refusal of the service is a BiometricServiceError with its code.
    """

    def check(self, asked: Asked) -> OnlineAnswer:
        """Let the service decide."""

    def slice(self, held: ChangeNumber, *, awaited: bool = False) -> bytes:
        """The slice that goes on from a change, or a whole one; ``awaited``: whether somebody stands at the gate."""

    def tell(self, event: QueuedEvent) -> None:
        """Tell what was decided here; telling it again changes nothing."""

    def standing(self, nonce: str) -> str:
        """A signed statement of how this device stands."""


class Breaker:
    """A link that, once it gave no answer, gives none for a moment without asking; safe in threads.

    ``clock``: seconds that only grow. While it is open, one call after each pause tries whether the service is back.
    """

    def __init__(self, link: Link, clock: Callable[[], float]) -> None:
        self._link, self._clock = link, clock
        self._lock = Lock()
        self._pause = FIRST_PAUSE_S
        self._until = 0.0
        self._down = False

    @property
    def up(self) -> bool:
        """Whether the last call got an answer."""
        return not self._down

    def check(self, asked: Asked) -> OnlineAnswer:
        """As of ``Link``, but never the call that tries a line that was dead: somebody stands at the gate."""
        if self._down:
            raise NoAnswer("The service could not be reached a moment ago.")
        return self._asked(lambda: self._link.check(asked))

    def slice(self, held: ChangeNumber, *, awaited: bool = False) -> bytes:
        """As of ``Link``."""
        return self._asked(lambda: self._link.slice(held, awaited=awaited))

    def tell(self, event: QueuedEvent) -> None:
        """As of ``Link``."""
        self._asked(lambda: self._link.tell(event))

    def standing(self, nonce: str) -> str:
        """As of ``Link``."""
        return self._asked(lambda: self._link.standing(nonce))

    def _asked(self, ask: Callable[[], Result]) -> Result:
        with self._lock:
            if self._down and self._clock() < self._until:
                raise NoAnswer("The service could not be reached a moment ago.")
            self._until = self._clock() + self._pause
        try:
            answer = ask()
        except NoAnswer:
            self._note(down=True)
            raise
        except BaseException:
            self._note(down=False)
            raise
        self._note(down=False)
        return answer

    def _note(self, *, down: bool) -> None:
        with self._lock:
            self._pause = min(2 * self._pause, LONGEST_PAUSE_S) if down and self._down else FIRST_PAUSE_S
            self._until = self._clock() + self._pause
            self._down = down
