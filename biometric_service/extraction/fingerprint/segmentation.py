"""Where in an image ridges are: by gradient magnitude (GMFS: Cappelli, "Unveiling the power of simplicity", 2023).

The constants are those published for 500 dpi. Unlike there, all large parts are kept, not the largest alone, so that a
print broken by a crease and the fingers of a slap stay whole; and holes are filled last, so that a frame around the
print is thin enough to go, instead of being filled.
"""

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes

SMOOTHING = 13 / 3
STRONG = 95
THRESHOLD = 0.2
CLOSING = 6
OPENING = 12
LARGE_PART = 0.25

_DISC = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))


def ridge_mask(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Bool (h, w), True where strong gradients are dense, in a grey image (h, w) at 500 dpi."""
    across, down = (cv2.Sobel(pixels, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    magnitude = cv2.magnitude(across, down)
    strength = cv2.GaussianBlur(magnitude, (0, 0), SMOOTHING)
    mask = (strength > THRESHOLD * float(np.percentile(magnitude, STRONG))).astype(np.uint8)
    dense = _morph(_morph(mask, cv2.MORPH_CLOSE, CLOSING), cv2.MORPH_OPEN, OPENING)
    return _large_parts(binary_fill_holes(dense).astype(np.uint8))


def _morph(mask: NDArray[np.uint8], operation: int, times: int) -> NDArray[np.uint8]:
    return np.asarray(cv2.morphologyEx(mask, operation, _DISC, iterations=times, borderType=cv2.BORDER_CONSTANT))


def _large_parts(mask: NDArray[np.uint8]) -> NDArray[np.bool_]:
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(mask)
    areas = statistics[:, cv2.CC_STAT_AREA].copy()
    areas[0] = 0
    large = (areas > 0) & (areas >= LARGE_PART * areas.max())
    return np.asarray(large[labels])
