"""How far what is on the platen moved from one picture to the next."""

import cv2
import numpy as np
from numpy.typing import NDArray

from device_drivers.protocol import Frame

MM = 25.4
USUAL_DPI = 500.0
AT_ONCE = 0.5
"""Seconds between two pictures of one touch, at the most."""
FAR_MM = 0.5
SURE = 0.05
"""Least response of the correlation, 0 to 1: below it the pictures have nothing in common, and nothing is said."""


def moved(before: Frame, after: Frame) -> bool:
    """Whether a finger slid between two pictures of the same touch.

    By the peak of the phase correlation (Kuglin and Hines 1975). Pictures that are further apart in time say nothing.
    """
    if before.pixels.shape != after.pixels.shape or after.monotonic - before.monotonic > AT_ONCE:
        return False
    one, two = (_reduced(each.pixels) for each in (before, after))
    window = cv2.createHanningWindow((one.shape[1], one.shape[0]), cv2.CV_32F)
    (across, down), response = cv2.phaseCorrelate(one, two, window)
    millimetres = 2 * float(np.hypot(across, down)) * MM / (after.dpi or USUAL_DPI)
    return response > SURE and millimetres > FAR_MM


def _reduced(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)  # noqa: PLR2004 (grey, or BGR)
    height, width = grey.shape
    half = cv2.resize(grey.astype(np.float32), (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    return np.asarray(half, np.float32)
