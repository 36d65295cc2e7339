"""Minutiae in LEADER's maps: peaks of the smoothed position map, with what the other maps say there."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

BLUR = (5, 5)
"""As LEADER was trained to be read: smoothed by 5x5, then the greatest of 7x7."""
NEIGHBOURHOOD = np.ones((7, 7), np.uint8)
ENDING, BIFURCATION = 1, 2


@dataclass(frozen=True, slots=True)
class Peaks:
    """Minutiae of one image: ``positions`` float32 (n, 2) in pixels of the maps, the rest as in MinutiaeTemplate."""

    positions: NDArray[np.float32]
    directions: NDArray[np.float32]
    qualities: NDArray[np.float32]
    kinds: NDArray[np.uint8]


def likelihood(maps: NDArray[np.float32]) -> NDArray[np.float32]:
    """How likely there is a minutia at each place, float32 (h, w), 0 to 1, from LEADER's ``maps``."""
    blurred = cv2.GaussianBlur(1 / (1 + np.exp(-maps[0])), BLUR, 0, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(blurred, np.float32)


def find_peaks(maps: NDArray[np.float32], mask: NDArray[np.bool_], least_quality: float) -> Peaks:
    """Minutiae in ``maps``, float32 (4, h, w): logit of one, cosine and sine of its direction, logit of an ending.

    Only places in ``mask``, bool (h, w), count, and peaks of at least ``least_quality``. LEADER's directions run along
    the ridge away from its ending, counter-clockwise with y up, so they are taken as they are.
    """
    likely = likelihood(maps)
    peak = (likely == cv2.dilate(likely, NEIGHBOURHOOD)) & (likely >= least_quality) & mask
    rows, columns = np.nonzero(peak)
    return Peaks(
        positions=np.column_stack([columns, rows]).astype(np.float32) + _summit(likely, rows, columns),
        directions=np.mod(np.arctan2(maps[2, rows, columns], maps[1, rows, columns]), np.float32(2 * np.pi)),
        qualities=likely[rows, columns],
        kinds=np.where(maps[3, rows, columns] >= 0, ENDING, BIFURCATION).astype(np.uint8),
    )


def _summit(values: NDArray[np.float32], rows: NDArray[np.int64], columns: NDArray[np.int64]) -> NDArray[np.float32]:
    """Offset (x, y), float32 (n, 2), of the top of the parabola through each peak and its neighbours, +-0.5 at most."""
    padded = np.pad(values, 1, mode="edge")
    here = values[rows, columns]
    offsets = []
    for down, right in ((0, 1), (1, 0)):
        before = padded[rows + 1 - down, columns + 1 - right]
        after = padded[rows + 1 + down, columns + 1 + right]
        curve = 2 * here - before - after
        offsets.append(np.divide(after - before, 2 * curve, out=np.zeros_like(here), where=curve > 0))
    return np.asarray(np.clip(np.column_stack(offsets), -0.5, 0.5), np.float32)
