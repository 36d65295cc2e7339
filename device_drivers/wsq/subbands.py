"""Where in the picture each of the 64 subbands lies, and which areas were split to get there."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of the wavelet plane, in pixels.

    ``across``, ``down``: whether, when it is split that way, the high half of the spectrum comes first. So it is in
    the right and in the lower quarter of a split, where filtering turned the spectrum round.
    """

    x: int
    y: int
    width: int
    height: int
    across: bool = False
    down: bool = False

    def quarters(self) -> "tuple[Area, Area, Area, Area]":
        """Upper left, upper right, lower left, lower right; the low half is the larger one of an odd length."""
        left, top = _first(self.width, self.across), _first(self.height, self.down)
        right, bottom = self.width - left, self.height - top
        return (
            Area(self.x, self.y, left, top),
            Area(self.x + left, self.y, right, top, across=True),
            Area(self.x, self.y + top, left, bottom, down=True),
            Area(self.x + left, self.y + top, right, bottom, across=True, down=True),
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """``bands``: the 64 subbands in the order in which they are coded. ``splits``: the areas to join, inner ones first.

    The last four subbands are quarters of an area that is not among the splits: they are never used.
    """

    bands: tuple[Area, ...]
    splits: tuple[Area, ...]


def plan(width: int, height: int) -> Plan:
    """The fixed tree of the standard for a picture of this size."""
    whole = Area(0, 0, width, height)
    low, right, below, corner = whole.quarters()
    low_low, low_right, low_below, low_corner = low.quarters()
    inner = low_low.quarters()
    core = inner[0].quarters()
    outer = low_right.quarters() + low_below.quarters()
    bands = _all_quarters(core[:1]) + core[1:] + _all_quarters((*inner[1:], *outer))
    splits = (core[0], *inner, *outer, low_low, low_right, low_below, low, right, below, whole)
    return Plan((*bands, low_corner, *_all_quarters((right, below, corner))), splits)


def _all_quarters(areas: tuple[Area, ...]) -> tuple[Area, ...]:
    return tuple(quarter for area in areas for quarter in area.quarters())


def _first(length: int, high_first: bool) -> int:  # noqa: FBT001
    return length // 2 if high_first else (length + 1) // 2
