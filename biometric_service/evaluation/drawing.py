"""Charts as shapes, so that the page and the PDF show the same picture: x to the right, y downwards."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Point = tuple[float, float]

INK, FAINT, GREY, BLUE, RED = "#1b1f24", "#e3e6ea", "#57606a", "#0b57d0", "#b3261e"
SMALL = 12.0


@dataclass(frozen=True, slots=True)
class Line:
    """Through the points in order."""

    points: Sequence[Point]
    colour: str = INK
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Dot:
    """A filled circle."""

    at: Point
    colour: str = BLUE
    radius: float = 4.0


@dataclass(frozen=True, slots=True)
class Words:
    """Text on the line through the point; ``turned``: reads upwards."""

    at: Point
    text: str
    anchor: Literal["start", "middle", "end"] = "start"
    colour: str = GREY
    turned: bool = False


Shape = Line | Dot | Words


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of so many units; ``about``: what it shows, for whoever cannot see it."""

    width: float
    height: float
    about: str
    shapes: tuple[Shape, ...]
