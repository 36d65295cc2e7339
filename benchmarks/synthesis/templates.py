"""Minutiae templates without pictures, thousands a second: galleries too large to draw and extract.

An impression takes those minutiae of a finger (see ``strewing``) that touch the sensor, displaced by the same
distortion as in pictures, loses some and adds some. The constants were fitted to LEADER's templates of this
generator's own pictures.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.synthesis.contact import draw_contact
from benchmarks.synthesis.distortion import draw_placement
from benchmarks.synthesis.fields import Field
from benchmarks.synthesis.impression import DPI
from benchmarks.synthesis.seeds import finger_seed
from benchmarks.synthesis.sensor import SENSORS, Sensor
from benchmarks.synthesis.strewing import FingerMinutiae, make_finger
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import MinutiaeTemplate, TemplateFormat

FORMAT = TemplateFormat(Modality.FINGERPRINT, "synthetic-minutiae", "1")
DRIEST, WETTEST = -1.0, 1.4
"""Moistures (see ``Contact``) between which minutiae are found."""
MISSED = 0.08
QUALITY_AT = np.array([-0.60, -0.17, -0.04, 0.17, 0.32, 0.54, 0.70, 0.9])
QUALITY = np.array([0.20, 0.40, 0.52, 0.80, 0.90, 0.944, 0.955, 0.965])
NOISE = np.array([[1.1], [1.1], [0.06]], np.float32)
"""Standard deviation of a minutia's place (pixels at 500 dpi) and direction (radians) between impressions."""
STRAY = 0.09
"""Expected false minutiae, as a share of the true ones."""
STRAYED = (9.0, 35.0)
"""How far a false minutia may be from the true one it lies beside, pixels at 500 dpi."""
MARGIN = 8
"""How near the edge of the sensor none is found, pixels at 500 dpi."""


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
    for finger in range(1, fingers + 1):
        yield make_template(make_finger(finger_seed(seed, finger)), impression, template_format)


@dataclass(frozen=True, slots=True)
class _Marks:
    """What is found: float32 (3, n) of x, y and direction; float32 (n,) qualities; uint8 (n,) kinds."""

    found: Field
    qualities: Field
    kinds: NDArray[np.uint8]


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
    away, heading = rng.uniform(*STRAYED, len(beside)), rng.uniform(0, 2 * np.pi, len(beside))
    contrary = np.where(rng.random(len(beside)) < 0.5, np.pi, 0)  # noqa: PLR2004
    offset = np.stack([away * np.cos(heading), away * np.sin(heading), contrary]).astype(np.float32)
    false = marks.found[:, beside] + offset
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
