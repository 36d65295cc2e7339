"""Fingers as SBI names them."""

from collections.abc import Mapping

FINGERS = ("Thumb", "IndexFinger", "MiddleFinger", "RingFinger", "LittleFinger")
POSITIONS: Mapping[str, int] = {
    f"{hand} {finger}": number
    for number, (hand, finger) in enumerate(((hand, each) for hand in ("Right", "Left") for each in FINGERS), 1)
}
"""Finger positions as ISO/IEC 19794-4 numbers them, by their names in SBI."""
NAMES: Mapping[int, str] = {number: name for name, number in POSITIONS.items()}
UNKNOWN = "UNKNOWN"
PARTS: Mapping[str, tuple[int, ...]] = {"1": (7, 8, 9, 10), "2": (2, 3, 4, 5), "3": (1, 6)}
"""The fingers of a part of a slap scanner (``deviceSubId``): left slap, right slap, both thumbs."""


def positions_of(names: tuple[str, ...]) -> tuple[int, ...]:
    """The fingers named, without those that are not known by name; ValueError for what is no name of a finger."""
    strange = [name for name in names if name not in POSITIONS and name != UNKNOWN]
    if strange:
        raise ValueError(f"{strange[0]} is no finger as SBI names them")
    return tuple(POSITIONS[name] for name in names if name in POSITIONS)
