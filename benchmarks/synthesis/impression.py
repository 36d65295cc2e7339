"""What a sensor shows of a finger in one touch."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.synthesis.contact import Contact, draw_contact
from benchmarks.synthesis.distortion import Placement, draw_placement
from benchmarks.synthesis.fields import Field, grain, grid
from benchmarks.synthesis.master import HEIGHT, WIDTH, Master
from benchmarks.synthesis.rendering import render
from benchmarks.synthesis.sensor import SENSORS, Sensor
from benchmarks.synthesis.strokes import draw_strokes

DPI = 500
SCRATCHES = (30.0, 120.0)
"""Shortest and longest scratch, in pixels."""


@dataclass(frozen=True, slots=True)
class Touch:
    """One touch of a sensor.

    ``placement``: where and how the skin lies. ``contact``: what of it touches. ``blotches``: standard deviation of
    moisture in blotches of a ridge or two, 0 to 0.6. ``scratches``: how many there are on the plate, 0 to 6.
    """

    placement: Placement
    contact: Contact
    blotches: float
    scratches: int


def draw_touch(rng: np.random.Generator) -> Touch:
    """A touch as it may come."""
    return Touch(draw_placement(rng), draw_contact(rng), float(rng.uniform(0.1, 0.45)), int(rng.poisson(0.5)))


def make_impression(
    master: Master, seed: int, sensor: Sensor = SENSORS["optical"], touch: Touch | None = None
) -> NDArray[np.uint8]:
    """The impression of a seed, uint8 (sensor.height, sensor.width), dark ridges; its touch is drawn unless given."""
    rng = np.random.default_rng([master.seed, 1, seed])
    drawn = draw_touch(rng)
    return render(rng, sensor, _relief(rng, master, sensor, touch or drawn))


def touch_of(master_seed: int, seed: int) -> Touch:
    """The touch that ``make_impression`` draws for these seeds."""
    return draw_touch(np.random.default_rng([master_seed, 1, seed]))


def _relief(rng: np.random.Generator, master: Master, sensor: Sensor, touch: Touch) -> Field:
    """The finger's relief as the sensor sees it, raised by moisture and marred by grain, blotches and scratches."""
    shape = (sensor.height, sensor.width)
    x, y = touch.placement.on_finger(*grid(*shape, DPI / sensor.dpi))
    columns, rows = x + np.float32((WIDTH - 1) / 2), y + np.float32((HEIGHT - 1) / 2)
    relief = cv2.remap(master.relief, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=-6)
    marred = np.float32(touch.contact.dryness_grain) * grain(rng, shape, 1.1) + np.float32(touch.blotches) * grain(
        rng, shape, 5
    )
    scratched = 2.5 * draw_strokes(rng, shape, touch.scratches, SCRATCHES)
    return (relief + touch.contact.moisture(x, y) + marred - scratched).astype(np.float32)
