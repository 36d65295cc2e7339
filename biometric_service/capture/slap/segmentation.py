"""A slap into its fingertips, upright, and the hand that was put down."""

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from biometric_service.capture.slap.ridges import MM, RidgeArea, ridge_areas

LONGEST_TIP_MM, MARGIN_MM = 30.0, 1.0
OVERLAP, SMEAR = 0.35, 0.7
MOST_TILT = 40.0
TIP_MM, WIDTH_MM, SURE = 6.0, 3.0, 0.5
"""How far the outer fingers differ in height and width between the hands, and what is sure enough to say."""


class Hand(StrEnum):
    """Which hand; the scanner sees a right hand's index finger on the left."""

    LEFT = "left"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Fingertip:
    """A finger of a slap. ``pixels``: uint8 (h, w), turned upright; edges in pixels of the slap; ``tilt``: degrees."""

    pixels: NDArray[np.uint8]
    left: int
    top: int
    right: int
    bottom: int
    tilt: float


@dataclass(frozen=True, slots=True)
class Slap:
    """``fingers``: from the left. ``tilt``: degrees clockwise of the hand. ``hand``: None where it cannot be told."""

    fingers: tuple[Fingertip, ...]
    tilt: float
    hand: Hand | None


def segmented(pixels: NDArray[np.uint8], dpi: float, most: int = 4) -> Slap:
    """The ``most`` largest fingertips at the most; ``pixels``: uint8 (h, w), dark ridges. What lies below is left."""
    tips = _tips(ridge_areas(pixels, dpi))
    largest = sorted(tips, key=lambda each: -each.area)[:most]
    chosen = sorted(largest, key=lambda each: each.middle)
    tilt = _tilt(chosen)
    return Slap(tuple(_cut(pixels, dpi, each) for each in chosen), tilt, _hand(chosen, tilt))


def _tips(areas: list[RidgeArea]) -> list[RidgeArea]:
    """The topmost area of each finger: what lies below another is a second joint, unless it is much larger."""
    tips: list[RidgeArea] = []
    for area in sorted(areas, key=lambda each: each.top):
        above = [tip for tip in tips if _below(area, tip)]
        if all(tip.area < SMEAR * area.area for tip in above):
            tips = [each for each in tips if each not in above] + [area]
    return tips


def _below(area: RidgeArea, tip: RidgeArea) -> bool:
    shift = np.tan(np.radians(np.clip(tip.tilt, -MOST_TILT, MOST_TILT))) * (area.top - tip.top)
    left, right = tip.left - max(shift, 0.0), tip.right - min(shift, 0.0)
    common = min(right, area.right) - max(left, area.left)
    return area.top > (tip.top + tip.bottom) / 2 and common > OVERLAP * min(area.width, tip.width)


def _tilt(tips: list[RidgeArea]) -> float:
    """Of the hand: the median of those of its fingers that are longer than wide."""
    tilts = [each.tilt for each in tips if abs(each.tilt) <= MOST_TILT]
    return float(np.median(tilts)) if tilts else 0.0


def _hand(tips: list[RidgeArea], tilt: float) -> Hand | None:
    """By the outer fingers: the little one ends lower and is narrower than the index finger."""
    if len(tips) < 3:  # noqa: PLR2004 (two fingers say nothing of a hand)
        return None
    first, last = tips[0], tips[-1]
    slope = np.tan(np.radians(tilt))
    lower = (last.top - slope * last.middle) - (first.top - slope * first.middle)
    sign = lower / TIP_MM + (first.width - last.width) / WIDTH_MM
    if abs(sign) < SURE:
        return None
    return Hand.RIGHT if sign > 0 else Hand.LEFT


def _cut(pixels: NDArray[np.uint8], dpi: float, tip: RidgeArea) -> Fingertip:
    per_mm = dpi / MM
    height, width = pixels.shape
    bottom = min(tip.bottom, tip.top + LONGEST_TIP_MM) + MARGIN_MM
    top, low = max(0, round((tip.top - MARGIN_MM) * per_mm)), min(height, round(bottom * per_mm))
    left = max(0, round((tip.left - MARGIN_MM) * per_mm))
    right = min(width, round((tip.right + MARGIN_MM) * per_mm))
    tilt = float(np.clip(tip.tilt, -MOST_TILT, MOST_TILT))
    return Fingertip(_upright(pixels[top:low, left:right], tilt), left, top, right, low, tilt)


def _upright(pixels: NDArray[np.uint8], tilt: float) -> NDArray[np.uint8]:
    height, width = pixels.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), tilt, 1.0)
    white = int(np.percentile(pixels, 95))
    turned = cv2.warpAffine(pixels, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=white)
    return np.asarray(turned, np.uint8)
