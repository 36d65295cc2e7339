"""The report as a PDF on A4, by ReportLab, in a font (Matplotlib's) that has more than Latin letters.

Both are of the extra ``reports``: nothing but ``pdf`` imports this.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, assert_never
from xml.sax.saxutils import escape

from matplotlib import get_data_path
from reportlab.graphics import shapes
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, KeepTogether, SimpleDocTemplate, Table, TableStyle
from reportlab.platypus import Paragraph as Written

from biometric_service.evaluation.drawing import BLUE, GREY, INK, SMALL, Dot, Drawing, Line, Shape, Words
from biometric_service.evaluation.report import Block, Grid, Headlines, Paragraph, Report, Section

BODY, STRONG = "ReportBody", "ReportStrong"
RULE = colors.HexColor("#d5d9de")
MARGIN = 56.0
PADDING = 6.0
"""That ReportLab keeps round the text."""
WIDTH = A4[0] - 2 * MARGIN - 2 * PADDING
PICTURE = 0.8 * WIDTH
FIRST, GAP = 80.0, 8.0
TOGETHER = 15
"""Tables of so many rows stay on one page."""
TEXT = ParagraphStyle("text", fontName=BODY, fontSize=9, leading=13, textColor=INK, spaceAfter=5)
ASIDE = ParagraphStyle("aside", TEXT, fontSize=7.8, leading=11, textColor=GREY)
TITLE = ParagraphStyle("title", TEXT, fontName=STRONG, fontSize=19, leading=24, spaceAfter=4)
HEADING = ParagraphStyle("heading", TEXT, fontName=STRONG, fontSize=12, leading=16, spaceBefore=14, spaceAfter=6)
FIGURE = ParagraphStyle("figure", TEXT, fontName=STRONG, fontSize=18, leading=22, spaceAfter=0)
CELL = ParagraphStyle("cell", TEXT, fontSize=7.6, leading=10, spaceAfter=0)
FIGURES = ParagraphStyle("figures", CELL, alignment=2)
HEAD = ParagraphStyle("head", CELL, fontName=STRONG, textColor=GREY)
HEADS = ParagraphStyle("heads", HEAD, alignment=2)


def document(report: Report) -> bytes:
    """The PDF."""
    written = BytesIO()
    for name, file in ((BODY, "DejaVuSans.ttf"), (STRONG, "DejaVuSans-Bold.ttf")):
        pdfmetrics.registerFont(TTFont(name, str(Path(get_data_path()) / "fonts" / "ttf" / file)))
    SimpleDocTemplate(
        written,
        pagesize=A4,
        margin=MARGIN,
        title=report.title,
        author="biometric-service",
        lang="en",
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
    ).build(list(_flow(report)), onFirstPage=_foot, onLaterPages=_foot)
    return written.getvalue()


def drawn(drawing: Drawing) -> Flowable:
    """The drawing a little narrower than the text; ReportLab's y goes upwards."""
    scale = PICTURE / drawing.width
    picture = shapes.Drawing(PICTURE, drawing.height * scale)
    group = shapes.Group(*(_shape(shape, drawing.height) for shape in drawing.shapes))
    group.scale(scale, scale)
    picture.add(group)
    return picture


def _flow(report: Report) -> Iterator[Flowable]:
    yield Written(escape(report.title), TITLE)
    yield Written(escape(report.about), ASIDE)
    for section in report.sections:
        yield from _section(section)


def _section(section: Section) -> Iterator[Flowable]:
    """The heading stays with what follows it."""
    first, *others = [_block(block) for block in section.blocks]
    yield KeepTogether([Written(escape(section.heading), HEADING), first])
    yield from others


def _block(block: Block) -> Flowable:
    match block:
        case Paragraph(text, aside):
            return Written(escape(text), ASIDE if aside else TEXT)
        case Grid(heads, rows):
            return _table(heads, rows)
        case Headlines(each):
            cells = [
                [
                    Written(escape(one.figure), FIGURE),
                    Written(escape(one.name), ASIDE),
                    Written(escape(one.beside), ASIDE),
                ]
                for one in each
            ]
            above = [("LINEABOVE", (at, 0), (at, 0), 2, colors.HexColor(BLUE)) for at in range(len(cells))]
            style = [*above, ("VALIGN", (0, 0), (-1, -1), "TOP")]
            return Table([cells], [WIDTH / len(cells)] * len(cells), style=style, spaceAfter=6)
        case Drawing():
            return drawn(block)
        case _:
            assert_never(block)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Flowable:
    """The first column takes what the others leave; where they leave too little all is written smaller."""
    others = [_width(column) for column in list(zip(heads, *rows, strict=True))[1:]]
    scale = min(1.0, (WIDTH - FIRST) / max(sum(others), 1.0))
    first, figures, head, heads_of = (_scaled(style, scale) for style in (CELL, FIGURES, HEAD, HEADS))
    written = [_row(heads, head, heads_of), *(_row(row, first, figures) for row in rows)]
    widths = [WIDTH - scale * sum(others), *(scale * each for each in others)]
    lines = [
        ("LINEBELOW", (0, 0), (-1, -1), 0.5, RULE),
        ("VALIGN", (0, 0), (-1, -1), "BOTTOM"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), GAP * scale),
    ]
    table = Table(written, widths, style=TableStyle(lines), repeatRows=1, spaceBefore=3, spaceAfter=7)
    return KeepTogether([table]) if len(rows) <= TOGETHER else table


def _scaled(style: ParagraphStyle, scale: float) -> ParagraphStyle:
    return ParagraphStyle(style.name, style, fontSize=style.fontSize * scale, leading=style.leading * scale)


def _row(cells: Sequence[str], first: ParagraphStyle, others: ParagraphStyle) -> list[Flowable]:
    return [Written(escape(cell), others if at else first) for at, cell in enumerate(cells)]


def _width(column: Sequence[str]) -> float:
    """What the widest figure needs, and its heading on two lines without a broken word."""
    head, *figures = column
    words = [_measured(word, STRONG) for word in head.split()]
    written = [_measured(figure, BODY) for figure in figures]
    return max(_measured(head, STRONG) / 2 + 12, *words, *written, 0.0) + GAP + 2


def _measured(text: str, font: str) -> float:
    return float(pdfmetrics.stringWidth(text, font, CELL.fontSize))


def _foot(canvas: Any, document: Any) -> None:  # noqa: ANN401 - ReportLab's have no types
    canvas.setFont(BODY, 7)
    canvas.setFillColor(colors.HexColor(GREY))
    canvas.drawRightString(A4[0] - MARGIN - PADDING, MARGIN / 2, str(document.page))
    canvas.drawString(MARGIN + PADDING, MARGIN / 2, document.title)


def _shape(shape: Shape, height: float) -> Any:  # noqa: ANN401 - ReportLab's have no types
    match shape:
        case Line(points, colour, width):
            places = [value for x, y in points for value in (x, height - y)]
            return shapes.PolyLine(places, strokeColor=colors.HexColor(colour), strokeWidth=width)
        case Dot((x, y), colour, radius):
            return shapes.Circle(x, height - y, radius, fillColor=colors.HexColor(colour), strokeColor=None)
        case Words():
            return _words(shape, height)
        case _:
            assert_never(shape)


def _words(words: Words, height: float) -> Any:  # noqa: ANN401 - ReportLab's have no types
    said = shapes.String(
        0,
        0,
        words.text,
        fontName=BODY,
        fontSize=SMALL,
        textAnchor=words.anchor,
        fillColor=colors.HexColor(words.colour),
    )
    group = shapes.Group(said)
    group.translate(words.at[0], height - words.at[1])
    if words.turned:
        group.rotate(90)
    return group
