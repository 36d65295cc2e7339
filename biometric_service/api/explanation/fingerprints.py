"""Two fingerprints side by side with their minutiae; those that agree share a colour, a number and a line."""

from collections.abc import Sequence
from math import cos, sin

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from biometric_service.recognition.explanation import ExplainedComparison, Specimen
from biometric_service.vocabulary.templates import MinutiaeTemplate

HEIGHT = 480
GAP = 48
FINE = 2
NUMBERED = 12
RING, TAIL, WIDTH = 5.0, 11.0, 2
FADE = 0.45
UNMATCHED = (118, 128, 146, 170)
COLOURS: Sequence[tuple[int, int, int]] = (
    (0, 114, 178),
    (213, 94, 0),
    (0, 138, 100),
    (170, 68, 153),
    (136, 34, 85),
    (51, 34, 136),
    (153, 111, 0),
    (17, 119, 145),
)

Point = tuple[float, float]


class _Panel:
    """One print on the canvas: ``left`` is its edge and ``scale`` makes its pixels those of the canvas."""

    def __init__(self, specimen: Specimen, left: int) -> None:
        self.template = _minutiae(specimen)
        self.left = left
        width, height = self.template.size
        self.scale = HEIGHT * FINE / height
        self.size = (round(width * self.scale), HEIGHT * FINE)
        self.picture = _faded(specimen.sample.pixels, self.size)

    def point(self, minutia: int) -> Point:
        """Where a minutia is on the canvas."""
        x, y = self.template.positions[minutia]
        return self.left + float(x) * self.scale, float(y) * self.scale

    def mark(self, canvas: ImageDraw.ImageDraw, minutia: int, colour: tuple[int, ...]) -> None:
        """A ring with a tail along the ridge."""
        x, y = self.point(minutia)
        angle = float(self.template.directions[minutia])
        ring, tail, width = RING * FINE, TAIL * FINE, WIDTH * FINE
        canvas.ellipse((x - ring, y - ring, x + ring, y + ring), outline=colour, width=width)
        begin = (x + ring * cos(angle), y - ring * sin(angle))
        canvas.line((*begin, x + (ring + tail) * cos(angle), y - (ring + tail) * sin(angle)), colour, width)


def draw(compared: ExplainedComparison) -> Image.Image:
    """The two prints, lines between the minutiae that agree, and numbers on the best of them."""
    probe = _Panel(compared.probe, 0)
    reference = _Panel(compared.reference, probe.size[0] + GAP * FINE)
    canvas = Image.new("RGB", (reference.left + reference.size[0], HEIGHT * FINE), "white")
    canvas.paste(probe.picture, (probe.left, 0))
    canvas.paste(reference.picture, (reference.left, 0))
    pen = ImageDraw.Draw(canvas, "RGBA")
    _mark_unmatched(pen, probe, compared.pairs[:, 0])
    _mark_unmatched(pen, reference, compared.pairs[:, 1])
    _join(pen, probe, reference, compared.pairs)
    return canvas.resize((canvas.width // FINE, HEIGHT), Image.Resampling.LANCZOS)


def words(compared: ExplainedComparison) -> str:
    """What is to be seen."""
    ours, theirs = (len(_minutiae(each).positions) for each in (compared.probe, compared.reference))
    return (
        f"{len(compared.pairs)} minutiae agree, of {ours} in the print that was given "
        f"and {theirs} in the one enrolled for {compared.subject}."
    )


def _minutiae(specimen: Specimen) -> MinutiaeTemplate:
    assert isinstance(specimen.template, MinutiaeTemplate)
    return specimen.template


def _faded(pixels: NDArray[np.uint8], size: tuple[int, int]) -> Image.Image:
    print_ = Image.fromarray(pixels).convert("RGB").resize(size, Image.Resampling.BICUBIC)
    return Image.blend(print_, Image.new("RGB", size, "white"), FADE)


def _mark_unmatched(pen: ImageDraw.ImageDraw, panel: _Panel, matched: NDArray[np.int64]) -> None:
    for minutia in np.setdiff1d(np.arange(len(panel.template.positions)), matched):
        panel.mark(pen, int(minutia), UNMATCHED)


def _join(pen: ImageDraw.ImageDraw, probe: _Panel, reference: _Panel, pairs: NDArray[np.int64]) -> None:
    for number, (ours, theirs) in enumerate(pairs.tolist()):
        colour = COLOURS[number % len(COLOURS)]
        pen.line((*probe.point(ours), *reference.point(theirs)), (*colour, 70), FINE)
    for number, (ours, theirs) in enumerate(pairs.tolist()):
        colour = COLOURS[number % len(COLOURS)]
        for panel, minutia in ((probe, ours), (reference, theirs)):
            panel.mark(pen, minutia, colour)
            if number < NUMBERED:
                _number(pen, panel.point(minutia), number + 1, colour)


def _number(pen: ImageDraw.ImageDraw, point: Point, number: int, colour: tuple[int, ...]) -> None:
    font = ImageFont.load_default(12 * FINE)
    place = (point[0] + 6 * FINE, point[1] + 5 * FINE)
    pen.text(place, str(number), colour, font, stroke_width=2 * FINE, stroke_fill="white")
