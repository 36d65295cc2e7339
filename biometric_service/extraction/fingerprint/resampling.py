"""A fingerprint at any resolution becomes one at 500 dpi, which everything after it works at."""

import cv2
import numpy as np
from numpy.typing import NDArray

DPI = 500.0


def to_500_dpi(pixels: NDArray[np.uint8], dpi: float) -> NDArray[np.uint8]:
    """The image, uint8 (h, w), at 500 dpi: shrunk by averaging, so that ridges do not alias, enlarged by cubics."""
    scale = DPI / dpi
    if scale == 1:
        return pixels
    size = tuple(max(round(side * scale), 1) for side in pixels.shape[::-1])
    rule = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=rule), np.uint8)
