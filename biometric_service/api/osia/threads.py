"""The threads in which OSIA's calls are worked on: a kind of work that takes long holds up no other kind."""

from dataclasses import dataclass

from biometric_service.api.workers import BoundedThreads, RecognitionWorkers
from biometric_service.settings import Settings

OPENERS = 2
FETCHERS = 8


@dataclass(frozen=True, slots=True)
class Threads:
    """``recognition``: those that everybody shares. ``opening``: where protected bodies are opened and checked.

    ``fetching``: where hosts are asked for what the URLs of items lead to.
    """

    recognition: RecognitionWorkers
    opening: BoundedThreads
    fetching: BoundedThreads

    def close(self) -> None:
        """Finish what has begun and drop what waits."""
        for each in (self.opening, self.fetching, self.recognition):
            each.close()


def threads_for(recognition: RecognitionWorkers, settings: Settings) -> Threads:
    """With the settings' time limit for all of them."""
    opening = BoundedThreads("opening", OPENERS, settings.recognition_seconds)
    fetching = BoundedThreads("fetching", FETCHERS, settings.recognition_seconds)
    return Threads(recognition, opening, fetching)
