"""Measures of the light and the focus on a face."""

from collections.abc import Mapping

import cv2
import numpy as np
from numpy.typing import NDArray

DARKEST = 25
BRIGHTEST = 247


def image_measures(view: NDArray[np.uint8]) -> Mapping[str, float]:
    """What a grey view of a face, uint8 (h, w), tells by itself.

    ``brightness``: mean luminance, 0 to 255. ``contrast``: its standard deviation, 0 to 127.5. ``under_exposed``,
    ``over_exposed``: share of pixels up to 25 and from 247 (ISO/IEC 29794-5). ``evenness``: 1 where both halves of the
    face are equally bright, 0 where one is black. ``sharpness``: finest detail against coarser detail, 0 upwards.
    """
    return {
        "brightness": float(view.mean()),
        "contrast": float(view.std()),
        "under_exposed": float((view <= DARKEST).mean()),
        "over_exposed": float((view >= BRIGHTEST).mean()),
        "evenness": _evenness(view),
        "sharpness": _sharpness(view),
    }


def _evenness(view: NDArray[np.uint8]) -> float:
    middle = view.shape[1] // 2
    left, right = float(view[:, :middle].mean()), float(view[:, middle:].mean())
    return 1 - abs(left - right) / max(left + right, 1.0)


def _sharpness(view: NDArray[np.uint8]) -> float:
    """Contrast between the view and itself blurred by 1 pixel, over that between blurs by 1 and by 4 pixels."""
    whole = view.astype(np.float32)
    fine, coarse = (cv2.GaussianBlur(whole, (0, 0), sigma) for sigma in (1.0, 4.0))
    return float((whole - fine).std() / max(float((fine - coarse).std()), 1.0))
