"""Pages to sign, to file or to hand to somebody (PDF): titles, paragraphs and tables, in whichever language."""

import io
from collections.abc import Iterable, Sequence
from typing import Protocol

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Table, TableStyle

from biometric_service.texts.speaking import say

_MARGIN = 18 * mm
_HEAD = colors.HexColor("#e8e8e8")
_STYLES = getSampleStyleSheet()


class Words(Protocol):
    """Says a text by its name within an area, with its placeholders filled in."""

    def __call__(self, name: str, /, **values: object) -> str:
        """The text."""


def words_of(language: str, area: str) -> Words:
    """What is said in a language under ``<area>.<name>``."""
    return lambda name, /, **values: say(language, f"{area}.{name}", **values)


def printed(name: str, parts: Iterable[Flowable]) -> bytes:
    """The parts on pages of A4; ``name``: what the document is called."""
    written = io.BytesIO()
    margins = dict.fromkeys(("leftMargin", "rightMargin", "topMargin", "bottomMargin"), _MARGIN)
    SimpleDocTemplate(written, pagesize=A4, title=name, author="Biometric service", **margins).build(list(parts))
    return written.getvalue()


def title(said: str) -> Paragraph:
    """What the document is."""
    return Paragraph(_plain(said), _STYLES["Title"])


def section(said: str) -> Paragraph:
    """What follows."""
    return Paragraph(_plain(said), _STYLES["Heading3"])


def text(said: str) -> Paragraph:
    """A paragraph."""
    return Paragraph(_plain(said), _STYLES["BodyText"])


def listed(rows: Sequence[Sequence[str]], head: Sequence[str], nobody: str) -> list[Flowable]:
    """A table with a head, or that there is nobody."""
    return [table([head, *rows], head)] if rows else [text(nobody)]


def table(rows: Sequence[Sequence[str]], head: Sequence[str] | None) -> Table:
    """Rows of text; the first one is a head where one is given."""
    cells = [[text(cell) for cell in row] for row in rows]
    style = [("GRID", (0, 0), (-1, -1), 0.25, colors.grey), ("VALIGN", (0, 0), (-1, -1), "TOP")]
    if head:
        style.append(("BACKGROUND", (0, 0), (-1, 0), _HEAD))
    made = Table(cells, repeatRows=1 if head else 0, hAlign="LEFT")
    made.setStyle(TableStyle(style))
    return made


def _plain(said: str) -> str:
    """Nothing that somebody named is read as mark-up."""
    return said.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
