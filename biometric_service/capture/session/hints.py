"""What only a session can see: things that go wrong between one picture and the next."""

from collections.abc import Mapping
from enum import StrEnum

from biometric_service.vocabulary.quality import INSTRUCTIONS, Defect


class Hint(StrEnum):
    """Why the person is asked to do it again, beside the defects of a single picture (``Defect``)."""

    MOVED = "moved"
    PLATEN_DIRTY = "platen_dirty"
    WRONG_FINGER = "wrong_finger"
    OTHER_HAND = "other_hand"
    FINGERS_MISSING = "fingers_missing"
    FINGER_REPEATED = "finger_repeated"
    EXCEPTED = "excepted"


ADVICE: Mapping[Hint, str] = {
    Hint.MOVED: "The finger moved: put it down, keep it still, and lift it straight up.",
    Hint.PLATEN_DIRTY: "The platen shows an old print or dirt: wipe it, and put the finger down again.",
    Hint.WRONG_FINGER: "This is not the finger that was asked for: put down the one that is named.",
    Hint.OTHER_HAND: "This looks like the other hand: put down the one that is named.",
    Hint.FINGERS_MISSING: "Not all fingers are seen: press all of them on the platen, side by side.",
    Hint.FINGER_REPEATED: "This finger was captured already under another name: put down the one that is named.",
    Hint.EXCEPTED: "This finger is said not to be there: check which finger it is.",
}


def advice_on(reason: Defect | Hint) -> str:
    """What the person is told."""
    return ADVICE[reason] if isinstance(reason, Hint) else INSTRUCTIONS[reason]
