"""Thin curved lines: creases of the skin and scratches on the sensor."""

import cv2
import numpy as np

from benchmarks.synthesis.fields import Field, blurred


def draw_strokes(
    rng: np.random.Generator, shape: tuple[int, int], count: int, lengths: tuple[float, float], width: float = 1.0
) -> Field:
    """Lines as float32 of a shape, 0 off them to 1 on them, with lengths from a range and of a width, in pixels."""
    canvas = np.zeros(shape, np.uint8)
    for _ in range(count):
        _draw_one(rng, canvas, float(rng.uniform(*lengths)))
    return blurred(canvas.astype(np.float32) / np.float32(255), width)


def _draw_one(rng: np.random.Generator, canvas: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], length: float) -> None:
    along = np.linspace(0, length, 16)
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.06, len(along)))
    steps = np.stack([np.cos(heading), np.sin(heading)], axis=1) * (along[1] - along[0])
    start = rng.uniform(0, 1, 2) * canvas.shape[::-1]
    points = np.rint((start + np.cumsum(steps, axis=0)) * 16).astype(np.int32)
    cv2.polylines(
        canvas, [points.reshape(-1, 1, 2)], isClosed=False, color=255, thickness=2, lineType=cv2.LINE_AA, shift=4
    )
