"""What a session tells as it goes on: for a page, a terminal, or a program."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from biometric_service.capture.session.hints import Hint
from biometric_service.vocabulary.quality import Defect
from biometric_service.vocabulary.references import Json
from biometric_service.vocabulary.samples import BiometricSample, FingerPosition
from device_drivers.errors import Reason
from device_drivers.protocol import Advice, Frame


class Ending(StrEnum):
    """How a session ended; only COMPLETE captured all that was asked for."""

    COMPLETE = "complete"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Opened:
    """The device is open. ``wanted``: the fingers that are to be captured, empty for whatever it gives."""

    device: str
    wanted: tuple[FingerPosition, ...]

    def told(self) -> Mapping[str, Json]:
        """Without biometric data."""
        return {"event": "opened", "device": self.device, "wanted": _names(self.wanted)}


@dataclass(frozen=True, slots=True)
class Seen:
    """A live picture. ``there``: whether a finger or a face is in it."""

    frame: Frame
    there: bool

    def told(self) -> Mapping[str, Json]:
        """Without biometric data."""
        height, width = self.frame.pixels.shape[:2]
        return {"event": "seen", "there": self.there, "width": width, "height": height}


@dataclass(frozen=True, slots=True)
class Asked:
    """The fingers that the person is to put down now, together."""

    fingers: tuple[FingerPosition, ...]

    def told(self) -> Mapping[str, Json]:
        """Without biometric data."""
        return {"event": "asked", "fingers": _names(self.fingers)}


@dataclass(frozen=True, slots=True)
class Presence:
    """A finger was laid on or lifted, or a face came or went."""

    there: bool

    def told(self) -> Mapping[str, Json]:
        """Without biometric data."""
        return {"event": "presence", "there": self.there}


@dataclass(frozen=True, slots=True)
class Advised:
    """What the person can do better. ``position``: of the finger it is about."""

    reason: Defect | Hint | Advice
    advice: str
    position: FingerPosition = FingerPosition.UNKNOWN

    def told(self) -> Mapping[str, Json]:
        """Without biometric data."""
        named = self.position.name.lower()
        return {"event": "advised", "reason": self.reason.value, "advice": self.advice, "position": named}


@dataclass(frozen=True, slots=True)
class Taken:
    """A sample was taken. ``score``: its quality, 0 to 100. ``of``: how many good pictures it is the best of."""

    sample: BiometricSample
    score: float
    of: int = 1

    def told(self) -> Mapping[str, Json]:
        """Without biometric data."""
        named = self.sample.position.name.lower()
        return {"event": "taken", "position": named, "quality": round(self.score, 1), "best_of": self.of}


@dataclass(frozen=True, slots=True)
class Ended:
    """The session is over. ``missing``: fingers that were not captured and not excepted; ``why``: in a sentence.

    ``fault``: of the device, where that ended it.
    """

    ending: Ending
    missing: tuple[FingerPosition, ...] = ()
    why: str = ""
    fault: Reason | None = None

    def told(self) -> Mapping[str, Json]:
        """Without biometric data."""
        return {"event": "ended", "ending": self.ending.value, "missing": _names(self.missing), "why": self.why}


CaptureEvent = Opened | Asked | Seen | Presence | Advised | Taken | Ended


def _names(fingers: tuple[FingerPosition, ...]) -> list[str]:
    return [each.name.lower() for each in fingers]
