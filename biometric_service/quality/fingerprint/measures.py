"""What can be measured on the ridge area of a fingerprint at 500 dpi, in a few milliseconds."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from biometric_service.vocabulary.samples import FingerArea

Grey = NDArray[np.float32]

PIXELS_PER_MM = 500 / 25.4
FINE = 1.5
"""Sigma in pixels that takes the pores and the grain off."""
RIDGE = 15
"""Pixels across a window that holds a ridge and a valley of any finger."""


@dataclass(frozen=True, slots=True)
class FingerprintMeasures:
    """Figures on one print.

    ``ridge_area``: mm2 that ridges cover. ``clear_area``: mm2 of them, each counted as far as it is clear. ``clarity``:
    how clearly ridges are seen there on average, 0 to 1 (see ``FingerArea``).
    ``contrast``: grey levels between ridge and valley, 0 to 255, the median. ``dark_share``: share of the ridge area
    darker than halfway between ridge and valley: 0.25 to 0.55, less where it is dry, more where it is wet.
    ``eccentricity``: how far the middle of the ridge area lies from the image's, 0 (there) to 1 (at an edge).
    """

    ridge_area: float
    clear_area: float
    clarity: float
    contrast: float
    dark_share: float
    eccentricity: float


def measure(area: FingerArea, size: tuple[int, int]) -> FingerprintMeasures:
    """Measure a located print; ``size``: (width, height) in pixels of the whole image at 500 dpi."""
    pixels = np.asarray(cv2.GaussianBlur(area.pixels.astype(np.float32), (0, 0), FINE), np.float32)
    covered, clear = int(np.count_nonzero(area.mask)), float(area.clarity.sum())
    valley, ridge = _extremes(pixels)
    return FingerprintMeasures(
        ridge_area=covered / PIXELS_PER_MM**2,
        clear_area=clear / PIXELS_PER_MM**2,
        clarity=clear / max(covered, 1),
        contrast=float(np.median((valley - ridge)[area.mask])),
        dark_share=float(np.mean((pixels < (valley + ridge) / 2)[area.mask])),
        eccentricity=_eccentricity(area, size),
    )


def _extremes(pixels: Grey) -> tuple[Grey, Grey]:
    """The level of the nearest valley and of the nearest ridge at every place."""
    window = np.ones((RIDGE, RIDGE), np.uint8)
    levels = (cv2.dilate(pixels, window), cv2.erode(pixels, window))
    valley, ridge = (cv2.blur(level, (RIDGE, RIDGE)) for level in levels)
    return np.asarray(valley, np.float32), np.asarray(ridge, np.float32)


def _eccentricity(area: FingerArea, size: tuple[int, int]) -> float:
    rows, columns = np.nonzero(area.mask)
    middle = np.array([columns.mean(), rows.mean()]) + area.offset
    half = np.array(size) / 2
    return float(np.clip(np.abs(middle - half) / half, 0, 1).max())
