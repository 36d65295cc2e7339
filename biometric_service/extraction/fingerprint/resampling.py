"""A fingerprint at any resolution becomes one at 500 dpi, which everything after it works at."""

import cv2
import numpy as np
from numpy.typing import NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode

DPI = 500.0
MM = 25.4
"""An inch."""
LARGEST_SLAP = 2_600_000
"""Pixels at 500 dpi: four fingers side by side on 3.2 by 3.0 inches, with some room."""


def to_500_dpi(pixels: NDArray[np.uint8], dpi: float) -> NDArray[np.uint8]:
    """The image, uint8 (h, w), at 500 dpi.

    Raises IMAGE_TOO_LARGE for more than a slap of four fingers.
    """
    scale = DPI / dpi
    if pixels.size * scale**2 > LARGEST_SLAP:
        height, width = (side / dpi * MM for side in pixels.shape)
        message = f"At {dpi:.0f} dpi the fingerprint is {width:.0f} by {height:.0f} mm, which no fingers fill."
        action = "Give the resolution it was captured at, or cut the fingers out of it."
        raise BiometricServiceError(ErrorCode.IMAGE_TOO_LARGE, message, action)
    return resized(pixels, scale)


def resized(pixels: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """The image so many times as large: shrunk by averaging, so that ridges do not alias, enlarged by cubics."""
    if scale == 1:
        return pixels
    size = tuple(max(round(side * scale), 1) for side in pixels.shape[::-1])
    rule = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(pixels, size, interpolation=rule), np.uint8)
