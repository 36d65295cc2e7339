"""Where a large scan shows ridges: connected areas, without writing, print and dust."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

STEP_DPI = 62.5
"""The scan is looked at in cells of 8 pixels of 500 dpi."""
FINE, COARSE = 0.11, 0.5
"""Of a ridge period of half a millimetre: blur within a ridge, and over several, in millimetres."""
LEAST_ENERGY = 8.0
"""Grey levels by which ridges and valleys swing at the least."""
INK, OPEN_MM, CLOSE_MM, CORE_MM = 0.5, 5.5, 1.2, 8.0
LEAST_AREA_MM2, LEAST_WIDTH_MM, LEAST_WIDTH_AT_EDGE_MM = 60.0, 5.0, 9.0
MM = 25.4


@dataclass(frozen=True, slots=True)
class RidgeArea:
    """A connected area. Millimetres from the scan's upper left; ``tilt``: of its axis, degrees clockwise."""

    left: float
    top: float
    right: float
    bottom: float
    tilt: float
    area: float

    @property
    def width(self) -> float:
        """Millimetres across."""
        return self.right - self.left

    @property
    def middle(self) -> float:
        """Millimetres from the left."""
        return (self.left + self.right) / 2


def ridge_areas(pixels: NDArray[np.uint8], dpi: float) -> list[RidgeArea]:
    """The areas large enough for a fingertip, from the left; ``pixels``: uint8 (height, width), dark ridges."""
    labels = _apart(_mask(pixels, dpi))
    scale, wide = MM / STEP_DPI, labels.shape[1]
    found = [_area(labels == number, scale) for number in range(1, int(labels.max()) + 1) if (labels == number).any()]
    kept = [each for each in found if each.area >= LEAST_AREA_MM2 and each.width >= _least(each, wide * scale)]
    return sorted(kept, key=lambda each: each.middle)


def _least(area: RidgeArea, wide: float) -> float:
    """What lies at the side of a scan and is narrow is of a neighbouring field."""
    at_side = area.left <= MM / STEP_DPI or area.right >= wide - MM / STEP_DPI
    return LEAST_WIDTH_AT_EDGE_MM if at_side else LEAST_WIDTH_MM


def _mask(pixels: NDArray[np.uint8], dpi: float) -> NDArray[np.uint8]:
    """uint8 (height, width) at 62.5 dpi, 1 where ridges alternate with valleys closely enough."""
    per_mm = dpi / MM
    grey = pixels.astype(np.float32)
    swing = cv2.GaussianBlur(grey, (0, 0), FINE * per_mm) - cv2.GaussianBlur(grey, (0, 0), COARSE * per_mm)
    size = (max(1, round(pixels.shape[1] * STEP_DPI / dpi)), max(1, round(pixels.shape[0] * STEP_DPI / dpi)))
    crossings = cv2.resize((np.abs(swing) > LEAST_ENERGY).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    dense = (cv2.GaussianBlur(crossings, (0, 0), 2.5) > INK).astype(np.uint8)
    closed = cv2.morphologyEx(dense, cv2.MORPH_CLOSE, _disc(CLOSE_MM))
    padded = cv2.copyMakeBorder(closed, *(1,) * 4, cv2.BORDER_CONSTANT, value=0)
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, _disc(OPEN_MM), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(opened[1:-1, 1:-1], np.uint8)


def _apart(mask: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Numbers from 1, 0 outside: fingers that touch are told apart by their cores, each cell going to the nearest.

    What has no core of 8 mm is no finger.
    """
    cores = cv2.erode(mask, _disc(CORE_MM), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    _, seeds = cv2.connectedComponents(cores)
    _, nearest = cv2.distanceTransformWithLabels(1 - cores, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    _, areas = cv2.connectedComponents(mask)
    core_of, area_of = (np.zeros(int(nearest.max()) + 1, np.int32) for _ in range(2))
    core_of[nearest[cores > 0]], area_of[nearest[cores > 0]] = seeds[cores > 0], areas[cores > 0]
    return np.where((mask > 0) & (area_of[nearest] == areas), core_of[nearest], 0).astype(np.int32)


def _disc(millimetres: float) -> NDArray[np.uint8]:
    side = round(millimetres * STEP_DPI / MM) | 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side)), np.uint8)


def _area(inside: NDArray[np.bool_], scale: float) -> RidgeArea:
    y, x = np.nonzero(inside)
    _, axes = np.linalg.eigh(np.cov(np.stack([x, y])) if len(x) > 1 else np.eye(2))
    along = axes[:, 1] if axes[1, 1] < 0 else -axes[:, 1]
    tilt = float(np.degrees(np.arctan2(along[0], -along[1])))
    left, top, right, bottom = (float(each) * scale for each in (x.min(), y.min(), x.max() + 1, y.max() + 1))
    return RidgeArea(left, top, right, bottom, tilt, len(x) * scale**2)
