"""Minutiae templates without pictures, thousands a second: galleries too large to draw and extract.

A finger's minutiae are strewn over its pad, as far apart as real ones, and lie along the flow that ``design`` gives the
seed; an impression takes those that touch the sensor, displaced by the same distortion as in pictures, loses some and
adds some. The constants were fitted to LEADER's templates of this generator's own pictures.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks.synthesis.contact import draw_contact
from benchmarks.synthesis.distortion import draw_placement
from benchmarks.synthesis.fields import Field, make_ripple
from benchmarks.synthesis.flow import Flow
from benchmarks.synthesis.impression import DPI
from benchmarks.synthesis.master import design
from benchmarks.synthesis.sensor import SENSORS, Sensor
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import MinutiaeTemplate, TemplateFormat

FORMAT = TemplateFormat(Modality.FINGERPRINT, "synthetic-minutiae", "1")
PAD = (150.0, 230.0)
"""Half-axes of the area that minutiae are strewn over, pixels at 500 dpi."""
CANDIDATES = (75, 150)
"""Least and most minutiae strewn over a finger, before those too close to another are taken away."""
CLOSEST, FREE = 7.0, 17.0
"""No two minutiae are nearer than the one, and nearness beyond the other is chance; pixels at 500 dpi."""
CONTRARY = 0.6
"""How little the direction of a minutia follows its neighbours'."""
ENDINGS = 0.6
DRIEST, WETTEST = -1.0, 1.4
"""Moistures (see ``Contact``) between which minutiae are found."""
MISSED = 0.08
QUALITY_AT = np.array([-0.60, -0.12, 0.02, 0.25, 0.41, 0.65, 0.80, 1.0])
QUALITY = np.array([0.20, 0.40, 0.52, 0.80, 0.90, 0.944, 0.955, 0.965])
NOISE = np.array([[1.1], [1.1], [0.06]], np.float32)
"""Standard deviation of a minutia's place (pixels at 500 dpi) and direction (radians) between impressions."""
STRAY = 0.09
"""Expected false minutiae, as a share of the true ones."""
MARGIN = 8
"""How near the edge of the sensor none is found, pixels at 500 dpi."""


@dataclass(frozen=True, slots=True)
class FingerMinutiae:
    """All minutiae of a finger.

    ``x``, ``y``: float32 (n,), pixels at 500 dpi from the middle of the pad, y down. ``directions``: float32 (n,),
    radians counter-clockwise. ``kinds``: uint8 (n,), 1 ending, 2 bifurcation. ``clarity``: float32 (n,), 0 to 1,
    how well each shows in any impression.
    """

    seed: int
    x: Field
    y: Field
    directions: Field
    kinds: NDArray[np.uint8]
    clarity: Field


def make_finger(seed: int) -> FingerMinutiae:
    """The minutiae of the finger of a seed."""
    flow = design(seed)
    rng = np.random.default_rng([seed, 3])
    x, y = _strewn(rng)
    return FingerMinutiae(
        seed,
        x,
        y,
        directions=_directions(rng, flow, x, y),
        kinds=np.where(rng.random(len(x)) < ENDINGS, 1, 2).astype(np.uint8),
        clarity=rng.random(len(x), np.float32),
    )


def make_template(
    finger: FingerMinutiae,
    impression: int,
    template_format: TemplateFormat = FORMAT,
    position: FingerPosition = FingerPosition.UNKNOWN,
    sensor: Sensor = SENSORS["optical"],
) -> MinutiaeTemplate:
    """The template of an impression of a finger, 1 on; those of one finger are mated."""
    rng = np.random.default_rng([finger.seed, 4, impression])
    placement, contact = draw_placement(rng), draw_contact(rng)
    moisture = contact.moisture(finger.x, finger.y)
    chosen = np.flatnonzero(_shows(rng, moisture))
    x, y = placement.on_sensor(finger.x[chosen], finger.y[chosen])
    found = np.stack([x, y, finger.directions[chosen] + np.float32(placement.rotation)])
    found += rng.standard_normal(found.shape, np.float32) * NOISE
    marks = _Marks(found, _qualities(rng, finger.clarity[chosen], moisture[chosen]), finger.kinds[chosen])
    return _on(sensor, _with_strays(rng, marks), template_format, position)


def make_templates(
    seed: int, fingers: int, impression: int = 1, template_format: TemplateFormat = FORMAT
) -> Iterator[MinutiaeTemplate]:
    """One template of each of so many fingers; finger k of a seed is always the same."""
    for finger in range(fingers):
        yield make_template(make_finger(finger_seed(seed, finger)), impression, template_format)


def finger_seed(seed: int, finger: int) -> int:
    """The seed of a finger, 0 on, of a gallery."""
    return seed * 2**32 + finger


@dataclass(frozen=True, slots=True)
class _Marks:
    """What is found: float32 (3, n) of x, y and direction; float32 (n,) qualities; uint8 (n,) kinds."""

    found: Field
    qualities: Field
    kinds: NDArray[np.uint8]


def _strewn(rng: np.random.Generator) -> tuple[Field, Field]:
    count = int(rng.integers(*CANDIDATES))
    places = rng.uniform(-1, 1, (count, 2)).astype(np.float32) * np.array(PAD, np.float32)
    kept = places[_apart(places, rng.random(count, np.float32))]
    return kept[:, 0], kept[:, 1]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _apart(places: Field, chance: Field) -> NDArray[np.bool_]:
    """Which places stay when each gives way to those before it, the more likely the nearer they are."""
    kept = np.zeros(len(places), np.bool_)
    for index in range(len(places)):
        nearest = np.float32(1e9)
        for other in range(index):
            if kept[other]:
                right, down = places[index, 0] - places[other, 0], places[index, 1] - places[other, 1]
                nearest = min(nearest, np.sqrt(right * right + down * down))
        kept[index] = nearest > CLOSEST + chance[index] * (FREE - CLOSEST)
    return kept


def _directions(rng: np.random.Generator, flow: Flow, x: Field, y: Field) -> Field:
    """Along the ridges; which way round is mostly shared by neighbours, as ridges are added where they spread."""
    way = make_ripple(rng, 1.0, (60, 260), waves=3).at(x, y) + rng.normal(0, CONTRARY, len(x))
    return np.asarray(flow.orientation(x, y) + np.where(way > 0, np.pi, 0), np.float32)


def _shows(rng: np.random.Generator, moisture: Field) -> NDArray[np.bool_]:
    """Which minutiae are found: fewer where ridges are broken or run together, and now and then one is missed."""
    count = len(moisture)
    dryness = moisture + rng.normal(0, 0.3, count)
    return np.asarray((dryness > DRIEST) & (dryness < WETTEST) & (rng.random(count) > MISSED))


def _qualities(rng: np.random.Generator, clarity: Field, moisture: Field) -> Field:
    level = 0.5 * clarity + 0.5 * rng.random(len(clarity)) - 0.35 * np.abs(moisture)
    return np.asarray(np.interp(level, QUALITY_AT, QUALITY), np.float32)


def _with_strays(rng: np.random.Generator, marks: _Marks) -> _Marks:
    """Adds false minutiae of low quality beside true ones, along the same ridges."""
    count = int(rng.poisson(STRAY * len(marks.kinds)))
    beside = rng.integers(0, max(len(marks.kinds), 1), count if len(marks.kinds) else 0)
    spread = np.array([[22], [22], [0.2]], np.float32)
    false = marks.found[:, beside] + rng.standard_normal((3, len(beside)), np.float32) * spread
    false[2] += np.where(rng.random(len(beside)) < 0.5, np.pi, 0)  # noqa: PLR2004
    return _Marks(
        np.concatenate([marks.found, false], axis=1),
        np.concatenate([marks.qualities, rng.uniform(0.2, 0.7, len(beside)).astype(np.float32)]),
        np.concatenate([marks.kinds, marks.kinds[beside]]),
    )


def _on(sensor: Sensor, marks: _Marks, template_format: TemplateFormat, position: FingerPosition) -> MinutiaeTemplate:
    """What of it fits the sensor."""
    width, height = round(sensor.width * DPI / sensor.dpi), round(sensor.height * DPI / sensor.dpi)
    x, y = marks.found[0] + np.float32(width / 2), marks.found[1] + np.float32(height / 2)
    inside = (x >= MARGIN) & (y >= MARGIN) & (x < width - MARGIN) & (y < height - MARGIN)
    return MinutiaeTemplate(
        template_format,
        position,
        positions=np.stack([x, y], axis=1)[inside],
        directions=np.mod(marks.found[2][inside], np.float32(2 * np.pi)),
        qualities=marks.qualities[inside],
        kinds=marks.kinds[inside],
        size=(width, height),
    )
