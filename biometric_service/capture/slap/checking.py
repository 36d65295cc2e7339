"""Whether the slap that was asked for was put down, and if not, what to ask of the person."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from biometric_service.capture.slap.segmentation import Fingertip, Hand, Slap
from biometric_service.texts.sentences import Sentence
from biometric_service.vocabulary.samples import FingerPosition

RIGHT = (
    FingerPosition.RIGHT_INDEX,
    FingerPosition.RIGHT_MIDDLE,
    FingerPosition.RIGHT_RING,
    FingerPosition.RIGHT_LITTLE,
)
LEFT = (
    FingerPosition.LEFT_LITTLE,
    FingerPosition.LEFT_RING,
    FingerPosition.LEFT_MIDDLE,
    FingerPosition.LEFT_INDEX,
)
FROM_THE_LEFT = {Hand.RIGHT: RIGHT, Hand.LEFT: LEFT}


@dataclass(frozen=True, slots=True)
class NamedFinger:
    """A fingertip and which finger it is."""

    position: FingerPosition
    tip: Fingertip


@dataclass(frozen=True, slots=True)
class SlapAdvice:
    """The slap cannot be used. ``advice``: what the person should do; ``missing``: how many fingers were not seen.

    ``other_hand``: whether the other hand than was asked for seems to have been put down.
    """

    advice: Sentence
    missing: int
    other_hand: bool = False


def expected(hand: Hand, exceptions: Collection[FingerPosition] = ()) -> tuple[FingerPosition, ...]:
    """The fingers of the hand from the scan's left, without those that the person cannot put down."""
    return tuple(each for each in FROM_THE_LEFT[hand] if each not in exceptions)


def named(slap: Slap, hand: Hand, exceptions: Collection[FingerPosition] = ()) -> tuple[NamedFinger, ...] | SlapAdvice:
    """Each finger with its name, or what is to be done better; ``exceptions``: fingers amputated or bandaged."""
    found = named_as(slap, expected(hand, exceptions))
    whole = len(slap.fingers) == len(FROM_THE_LEFT[hand])
    if isinstance(found, SlapAdvice) or not whole or slap.hand in {None, hand}:
        return found
    hands = {"seen": Sentence(f"slap.hand.{slap.hand}"), "wanted": Sentence(f"slap.hand.{hand}")}
    return SlapAdvice(Sentence("slap.other_hand", hands), 0, other_hand=True)


def named_as(slap: Slap, wanted: Sequence[FingerPosition]) -> tuple[NamedFinger, ...] | SlapAdvice:
    """Each finger with its name; ``wanted``: the fingers that are to be seen, from the scan's left."""
    missing = len(wanted) - len(slap.fingers)
    if missing > 0:
        names = ", ".join(each.name.split("_")[1].lower() for each in wanted)
        text = f"{len(slap.fingers)} of {len(wanted)} fingers are seen ({names}): press all of them on the platen."
        return SlapAdvice(Sentence("slap.missing", {"seen": len(slap.fingers), "wanted": len(wanted)}, text), missing)
    if missing < 0:
        return SlapAdvice(Sentence("slap.more", {"more": -missing}), 0)
    return tuple(NamedFinger(position, tip) for position, tip in zip(wanted, slap.fingers, strict=True))
