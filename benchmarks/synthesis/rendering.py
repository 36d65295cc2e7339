"""From ridges and moisture to the grey levels of a sensor."""

import numpy as np
from numpy.typing import NDArray

from benchmarks.synthesis.fields import Field, blurred, grain
from benchmarks.synthesis.sensor import Sensor


def render(rng: np.random.Generator, sensor: Sensor, relief: Field) -> NDArray[np.uint8]:
    """The image, uint8 (sensor.height, sensor.width), dark ridges.

    ``relief``: float32 of the same shape, above 0 where a ridge touches, by how much deciding how dark it is.
    """
    shape = relief.shape[0], relief.shape[1]
    ink = 1 / (1 + np.exp(np.clip(-np.float32(sensor.sharpness) * relief, -30, 30)))
    ink *= np.clip(0.86 + 0.10 * grain(rng, shape, 25) + 0.05 * grain(rng, shape, 1), 0, 1)
    ground = _ground(sensor) - 6 * np.maximum(_specks(rng, sensor), 0)
    grey = ground - ink * (ground - sensor.ink)
    grey = blurred(np.asarray(grey, np.float32), sensor.blur)
    grey += np.float32(sensor.noise) * rng.standard_normal(shape, dtype=np.float32)
    return np.asarray(np.clip(np.rint(grey), 0, 255), np.uint8)


def _ground(sensor: Sensor) -> Field:
    y, x = np.mgrid[-1 : 1 : sensor.height * 1j, -1 : 1 : sensor.width * 1j]
    return np.asarray(sensor.ground - sensor.vignette * (x * x + y * y) / 2, np.float32)


def _specks(rng: np.random.Generator, sensor: Sensor) -> Field:
    canvas = np.zeros((sensor.height, sensor.width), np.float32)
    count = int(rng.poisson(sensor.dirt))
    canvas[rng.integers(0, sensor.height, count), rng.integers(0, sensor.width, count)] = rng.uniform(10, 60, count)
    return blurred(canvas, 1.6)
