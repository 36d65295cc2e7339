"""Whether the platen shows more than the finger that lies on it: what is left of an old print."""

import cv2
import numpy as np
from numpy.typing import NDArray

Cells = NDArray[np.float32]

MM = 25.4
FINE, COARSE, AROUND = 0.11, 0.5, 0.8
"""Blur within a ridge, over several, and over a neighbourhood that runs one way, in millimetres."""
FAINT, SHARE = 2.5, 0.4
"""Grey levels by which an old print swings at the least; and of the finger's own swing, at the most."""
PARALLEL = 0.55
"""How much of the changes there go one way, 0 to 1: ridges do, noise does not."""
MARGIN_MM, LEAST_CELLS = 3, 40
"""Around the finger, this far is looked away: it fades out there."""


def residue(pixels: NDArray[np.uint8], dpi: float) -> float:
    """Share of the platen beside the finger that shows faint ridges, 0 to 1; 0 where hardly any of it is free.

    ``pixels``: uint8 (h, w), dark ridges on bright.
    """
    swing, parallel = _cells(pixels, dpi / MM)
    strength = float(np.percentile(swing, 95))
    finger = _whole((swing > SHARE * strength).astype(np.uint8))
    beside = cv2.dilate(finger, np.ones((2 * MARGIN_MM + 1,) * 2, np.uint8)) == 0
    if np.count_nonzero(beside) < LEAST_CELLS:
        return 0.0
    return float(np.mean((swing > FAINT)[beside] & (parallel > PARALLEL)[beside]))


def _cells(pixels: NDArray[np.uint8], per_mm: float) -> tuple[Cells, Cells]:
    """Of each square millimetre: how far ridges and valleys swing in grey levels, and how much they run one way."""
    grey = pixels.astype(np.float32)
    band = cv2.GaussianBlur(grey, (0, 0), FINE * per_mm) - cv2.GaussianBlur(grey, (0, 0), COARSE * per_mm)
    across, down = (cv2.Sobel(band, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    xx, yy, xy = (cv2.GaussianBlur(each, (0, 0), AROUND * per_mm) for each in (across**2, down**2, across * down))
    parallel = np.hypot(xx - yy, 2 * xy) / np.maximum(xx + yy, 1e-3)
    return np.sqrt(_of_cells(band**2, per_mm)), _of_cells(parallel, per_mm)


def _of_cells(values: NDArray[np.floating], per_mm: float) -> Cells:
    height, width = (max(1, round(side / per_mm)) for side in values.shape)
    return np.asarray(cv2.resize(values, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _whole(finger: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The finger without specks, its gaps closed."""
    closed = cv2.morphologyEx(finger, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    return np.asarray(cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)), np.uint8)
