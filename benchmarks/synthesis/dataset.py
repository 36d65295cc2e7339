"""A folder of synthetic fingerprints: FINGER_IMPRESSION.png and a manifest that says what each is.

Every picture depends only on the seed, its finger and its impression, so making a
folder can be broken off and resumed, and a folder extended.
"""

import io
import json
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.synthesis.impression import DPI, Touch, make_impression, touch_of
from benchmarks.synthesis.master import design, make_master
from benchmarks.synthesis.seeds import finger_seed
from benchmarks.synthesis.sensor import SENSORS, Sensor

GENERATOR = "1"
"""Raised whenever the same seed gives other pictures, so that a folder never mixes two generators."""
MANIFEST = "manifest.json"


class ManifestMismatchError(Exception):
    """The folder holds fingerprints of another seed, sensor or generator."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to make: ``fingers`` from 1 on, ``impressions`` of each, all from ``seed``, on ``sensor`` (a name)."""

    folder: Path
    fingers: int
    impressions: int
    seed: int
    sensor: str = "optical"


@dataclass(frozen=True, slots=True)
class Made:
    """A finger that is done: how many of its pictures were written now and how many were there."""

    finger: int
    written: int
    skipped: int


def fulfil(order: Order, workers: int) -> Iterator[Made]:
    """Make every picture that is not there yet, a finger at a time, in ``workers`` processes.

    Raises ManifestMismatchError where the folder holds something else.
    """
    order.folder.mkdir(parents=True, exist_ok=True)
    _write_manifest(order)
    fingers = range(1, order.fingers + 1)
    if workers == 1:
        yield from (_make_finger(order, finger) for finger in fingers)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        for done in as_completed([pool.submit(_make_finger, order, finger) for finger in fingers]):
            yield done.result()


def _make_finger(order: Order, finger: int) -> Made:
    missing = [number for number in range(1, order.impressions + 1) if not _picture(order, finger, number).exists()]
    if missing:
        master = make_master(finger_seed(order.seed, finger))
        for number in missing:
            image = make_impression(master, number, SENSORS[order.sensor])
            _write(_picture(order, finger, number), _png(image, SENSORS[order.sensor].dpi))
    return Made(finger, len(missing), order.impressions - len(missing))


def _picture(order: Order, finger: int, impression: int) -> Path:
    return order.folder / f"{finger:05d}_{impression}.png"


def _png(image: NDArray[np.uint8], dpi: float) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", dpi=(dpi, dpi))
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)


def _write_manifest(order: Order) -> None:
    path, sensor = order.folder / MANIFEST, SENSORS[order.sensor]
    origin = {"generator": GENERATOR, "seed": order.seed, "sensor": order.sensor}
    if path.exists() and {key: json.loads(path.read_text()).get(key) for key in origin} != origin:
        raise ManifestMismatchError(f"{order.folder} holds fingerprints of another seed, sensor or generator")
    fingers = [_finger_entry(order, sensor, finger) for finger in range(1, order.fingers + 1)]
    _write(path, json.dumps({**origin, "dpi": sensor.dpi, "fingers": fingers}, indent=1).encode())
    if sensor.dpi != DPI:
        _write(order.folder / "dpi", f"{sensor.dpi:g}\n".encode())


def _finger_entry(order: Order, sensor: Sensor, finger: int) -> dict[str, Any]:
    seed = finger_seed(order.seed, finger)
    flow = design(seed)
    touches = (touch_of(seed, number) for number in range(1, order.impressions + 1))
    return {
        "finger": finger,
        "seed": seed,
        "class": flow.pattern.pattern_class.value,
        "cores": flow.pattern.cores,
        "deltas": flow.pattern.deltas,
        "period": round(flow.period, 2),
        "impressions": [_touch_entry(touch, sensor) for touch in touches],
    }


def _touch_entry(touch: Touch, sensor: Sensor) -> dict[str, Any]:
    placement, contact = touch.placement, touch.contact
    return {
        "shift": placement.shift,
        "rotation": placement.rotation,
        "drag": placement.drag,
        "torsion": placement.torsion,
        "wetness": contact.wetness,
        "contact": (contact.across, contact.tip, contact.base),
        "size": (sensor.width, sensor.height),
    }
