"""What stands in a report, whatever it is written on: sections of paragraphs, tables and charts."""

from collections.abc import Sequence
from dataclasses import dataclass

from biometric_service.evaluation.drawing import Drawing


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A few sentences; ``aside``: they qualify what stands above."""

    text: str
    aside: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table; the first column holds names, the others figures."""

    heads: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Headline:
    """A figure that must be seen first: what it is, the figure, and its interval or count."""

    name: str
    figure: str
    beside: str


@dataclass(frozen=True, slots=True)
class Headlines:
    """The figures at the top, side by side."""

    each: Sequence[Headline]


Block = Paragraph | Grid | Headlines | Drawing


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    heading: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Report:
    """``title``, what it is about in one sentence, and its sections."""

    title: str
    about: str
    sections: Sequence[Section]
