"""Two fingerprints side by side with their minutiae; those that were paired share a colour, a number and a line."""

from collections.abc import Sequence
from math import cos, sin

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from biometric_service.recognition.explanation import ExplainedComparison, Specimen
from biometric_service.templates.sourceafis import minutiae_of
from biometric_service.texts.sentences import Sentence
from biometric_service.vocabulary.templates import FaceTemplate, MinutiaeTemplate, SourceAfisTemplate

FINE = 2
SIZE = 1.5
MOST_HEIGHT = 640
GAP = 56
NUMBERED = 16
RING, TAIL, WIDTH = 5.5, 11.0, 2.0
FADE = 0.5
LINE_ALPHA = 110
TONES = 128
UNMATCHED = (104, 114, 132, 190)
COLOURS: Sequence[tuple[int, int, int]] = (
    (0, 98, 160),
    (196, 78, 0),
    (0, 122, 88),
    (158, 52, 140),
    (136, 24, 70),
    (62, 44, 150),
    (132, 94, 0),
    (84, 130, 0),
)

Point = tuple[float, float]


class _Panel:
    """One print on the canvas: ``left`` is its edge; both prints have the same ``scale``, so that sizes compare."""

    def __init__(self, specimen: Specimen, left: int, scale: float) -> None:
        self.template = _minutiae(specimen)
        self.left = left
        self.scale = scale
        width, height = self.template.size
        self.size = (round(width * scale), round(height * scale))
        self.picture = _faded(specimen.sample.pixels, self.size)

    @property
    def right(self) -> int:
        """Where it ends on the canvas."""
        return self.left + self.size[0]

    def point(self, minutia: int) -> Point:
        """Where a minutia is on the canvas."""
        x, y = self.template.positions[minutia]
        return self.left + float(x) * self.scale, float(y) * self.scale

    def mark(self, pen: ImageDraw.ImageDraw, minutia: int, colour: tuple[int, ...]) -> None:
        """A ring with a tail along the ridge."""
        x, y = self.point(minutia)
        angle = float(self.template.directions[minutia])
        ring, tail, width = RING * FINE, TAIL * FINE, round(WIDTH * FINE)
        pen.ellipse((x - ring, y - ring, x + ring, y + ring), outline=colour, width=width)
        along, across = cos(angle), -sin(angle)
        begin, end = ring, ring + tail
        pen.line((x + begin * along, y + begin * across, x + end * along, y + end * across), colour, width)


def draw(compared: ExplainedComparison) -> Image.Image:
    """The two prints, lines between the minutiae that were paired, and numbers on the best of them."""
    scale = _scale(compared)
    probe = _Panel(compared.probe, 0, scale)
    reference = _Panel(compared.reference, probe.right + GAP * FINE, scale)
    canvas = Image.new("RGB", (reference.right, max(probe.size[1], reference.size[1])), "white")
    pen = ImageDraw.Draw(canvas, "RGBA")
    for panel, matched in ((probe, compared.pairs[:, 0]), (reference, compared.pairs[:, 1])):
        canvas.paste(panel.picture, (panel.left, 0))
        _mark_unmatched(pen, panel, matched)
    _join(pen, probe, reference, compared.pairs)
    drawn = canvas.resize((canvas.width // FINE, canvas.height // FINE), Image.Resampling.LANCZOS)
    return drawn.quantize(TONES, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def words(compared: ExplainedComparison) -> Sentence:
    """What is to be seen."""
    ours, theirs = (len(_minutiae(each).positions) for each in (compared.probe, compared.reference))
    counts = {"pairs": len(compared.pairs), "given": ours, "enrolled": theirs}
    return Sentence("picture.fingerprints", {**counts, "subject": compared.subject})


def _minutiae(specimen: Specimen) -> MinutiaeTemplate:
    template = specimen.template
    assert not isinstance(template, FaceTemplate)
    return minutiae_of(template) if isinstance(template, SourceAfisTemplate) else template


def _scale(compared: ExplainedComparison) -> float:
    tallest = max(_minutiae(each).size[1] for each in (compared.probe, compared.reference))
    return min(SIZE, MOST_HEIGHT / tallest) * FINE


def _faded(pixels: NDArray[np.uint8], size: tuple[int, int]) -> Image.Image:
    print_ = Image.fromarray(pixels).convert("RGB").resize(size, Image.Resampling.BICUBIC)
    return Image.blend(print_, Image.new("RGB", size, "white"), FADE)


def _mark_unmatched(pen: ImageDraw.ImageDraw, panel: _Panel, matched: NDArray[np.int64]) -> None:
    for minutia in np.setdiff1d(np.arange(len(panel.template.positions)), matched):
        panel.mark(pen, int(minutia), UNMATCHED)


def _join(pen: ImageDraw.ImageDraw, probe: _Panel, reference: _Panel, pairs: NDArray[np.int64]) -> None:
    for number, (ours, theirs) in enumerate(pairs.tolist()):
        pale = (*COLOURS[number % len(COLOURS)], LINE_ALPHA)
        pen.line((*probe.point(ours), *reference.point(theirs)), pale, FINE)
    for number, (ours, theirs) in enumerate(pairs.tolist()):
        colour = COLOURS[number % len(COLOURS)]
        for panel, minutia in ((probe, ours), (reference, theirs)):
            panel.mark(pen, minutia, colour)
            if number < NUMBERED:
                _write_number(pen, panel.point(minutia), number + 1, colour)


def _write_number(pen: ImageDraw.ImageDraw, point: Point, number: int, colour: tuple[int, ...]) -> None:
    font = ImageFont.load_default(15 * FINE)
    place = (point[0] + 7 * FINE, point[1] + 3 * FINE)
    pen.text(place, str(number), colour, font, stroke_width=2 * FINE, stroke_fill="white")
