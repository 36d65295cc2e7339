"""A card of the size ID-1 (ISO/IEC 7810) as a PDF: photograph, name, id, and the QR code with its opaque reference."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import segno
from numpy.typing import NDArray
from PIL import Image
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

SIZE = (85.6 * mm, 54.0 * mm)
MARGIN = 4 * mm
PICTURE = (24 * mm, 31 * mm)
CODE = 27 * mm
BAR = 8 * mm
INK, BLUE, QUIET, EMPTY = (0.09, 0.11, 0.16), (0.08, 0.25, 0.49), (0.36, 0.40, 0.47), (0.92, 0.93, 0.95)
BOLD, PLAIN = "Helvetica-Bold", "Helvetica"
QUIET_ZONE = 4
"""Modules of white round a QR code (ISO/IEC 18004)."""

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {"title": "Identification card", "name": "Name", "id": "Number", "until": "Good until", "none": "No picture"},
    "es": {
        "title": "Tarjeta de identificación",
        "name": "Nombre",
        "id": "Número",
        "until": "Válida hasta",
        "none": "Sin foto",
    },
}


@dataclass(frozen=True, slots=True)
class CardFace:
    """What a card shows. ``picture``: uint8 (h, w, 3) BGR, None for no picture; ``code``: what the QR code says."""

    subject: str
    name: str
    until: date
    code: str
    picture: NDArray[np.uint8] | None = None


def draw(face: CardFace, language: str = "en") -> bytes:
    """The card as a PDF of one page."""
    words, file = WORDS[language], io.BytesIO()
    canvas = Canvas(file, SIZE, invariant=True)
    canvas.setTitle(words["title"])
    _bar(canvas, words["title"])
    _picture(canvas, face.picture, words["none"])
    _lines(canvas, face, words)
    _code(canvas, face.code)
    canvas.showPage()
    canvas.save()
    return file.getvalue()


def _bar(canvas: Any, title: str) -> None:  # noqa: ANN401 - reportlab has no types
    width, height = SIZE
    canvas.setFillColorRGB(*BLUE)
    canvas.rect(0, height - BAR, width, BAR, stroke=0, fill=1)
    canvas.setFillColorRGB(1, 1, 1)
    canvas.setFont(BOLD, 9)
    canvas.drawString(MARGIN, height - BAR / 2 - 3, title)


def _picture(canvas: Any, picture: NDArray[np.uint8] | None, none: str) -> None:  # noqa: ANN401
    left, bottom = MARGIN, SIZE[1] - BAR - MARGIN - PICTURE[1]
    if picture is None:
        canvas.setFillColorRGB(*EMPTY)
        canvas.rect(left, bottom, *PICTURE, stroke=0, fill=1)
        canvas.setFillColorRGB(*QUIET)
        canvas.setFont(PLAIN, 6)
        canvas.drawCentredString(left + PICTURE[0] / 2, bottom + PICTURE[1] / 2, none)
        return
    canvas.drawImage(ImageReader(_filling(picture)), left, bottom, *PICTURE)


def _filling(picture: NDArray[np.uint8]) -> Image.Image:
    """As much of the middle of the picture as fills the frame."""
    height, width = picture.shape[:2]
    ratio = PICTURE[0] / PICTURE[1]
    wide, high = min(width, round(height * ratio)), min(height, round(width / ratio))
    x, y = (width - wide) // 2, (height - high) // 2
    return Image.fromarray(np.ascontiguousarray(picture[y : y + high, x : x + wide, ::-1]))


def _lines(canvas: Any, face: CardFace, words: Mapping[str, str]) -> None:  # noqa: ANN401
    left = MARGIN + PICTURE[0] + 3 * mm
    room = SIZE[0] - left - CODE
    top = SIZE[1] - BAR - MARGIN
    told = ((words["name"], face.name, 9), (words["id"], face.subject, 9), (words["until"], face.until.isoformat(), 8))
    for label, text, size in told:
        canvas.setFillColorRGB(*QUIET)
        canvas.setFont(PLAIN, 5.5)
        canvas.drawString(left, top - 5, label)
        canvas.setFillColorRGB(*INK)
        top -= 6
        for line in _wrapped(_printable(text), BOLD, size, room):
            top -= size + 1
            canvas.setFont(BOLD, size)
            canvas.drawString(left, top, line)
        top -= 7


def _wrapped(text: str, font: str, size: float, room: float) -> Sequence[str]:
    """Lines that are no wider than the room, three at the most."""
    lines = [""]
    for word in text.split() or [""]:
        longer = f"{lines[-1]} {word}".strip()
        if stringWidth(longer, font, size) <= room or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return [_cut(line, font, size, room) for line in lines[:3]]


def _cut(line: str, font: str, size: float, room: float) -> str:
    while line and stringWidth(line, font, size) > room:
        line = line[:-1]
    return line


def _printable(text: str) -> str:
    """What the standard fonts of PDF can show."""
    return text.encode("cp1252", "replace").decode("cp1252")


def _code(canvas: Any, code: str) -> None:  # noqa: ANN401
    rows = list(segno.make_qr(code, error="m").matrix)
    module = CODE / (len(rows) + 2 * QUIET_ZONE)
    left, top = SIZE[0] - CODE - 1 * mm, CODE + 1 * mm
    canvas.setFillColorRGB(0, 0, 0)
    for down, row in enumerate(rows, QUIET_ZONE + 1):
        for across, dark in enumerate(row, QUIET_ZONE):
            if dark:
                canvas.rect(left + across * module, top - down * module, module, module, stroke=0, fill=1)
