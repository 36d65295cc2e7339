"""What a capture session is to capture."""

from collections.abc import Collection
from dataclasses import dataclass

from biometric_service.vocabulary.references import CaptureException
from biometric_service.vocabulary.samples import FingerPosition, Modality

TEN = tuple(FingerPosition(number) for number in range(1, 11))


@dataclass(frozen=True, slots=True)
class Plan:
    """What to capture, and how patiently.

    ``fingers``: each must be captured or excepted; empty for whatever the device gives at once. ``shows``: what a scan
    shows where the device does not say it, as a friction ridge position code of ANSI/NIST-ITL (0 unknown, 1 to 10
    fingers, 13 and 14 the right and left four, 15 both thumbs). ``slaps``: ask for the right four, the left four
    and both thumbs instead of finger by finger. ``dpi``: pixels an inch, None to go by the device.
    ``best_of``: how many good pictures of a live device
    the best is chosen from. ``seconds``: how long to wait for the next thing that is taken. ``patience``: seconds that
    a picture which will do waits for a better one.
    """

    modality: Modality
    fingers: tuple[FingerPosition, ...] = ()
    exceptions: tuple[CaptureException, ...] = ()
    shows: int = 0
    slaps: bool = False
    dpi: float | None = None
    best_of: int = 1
    seconds: float = 10.0
    patience: float = 3.0

    def excepted(self) -> Collection[FingerPosition]:
        """The fingers that are said not to be there."""
        return frozenset(each.position for each in self.exceptions)

    def wanted(self) -> tuple[FingerPosition, ...]:
        """The fingers that must be captured."""
        return tuple(each for each in self.fingers if each not in self.excepted())
