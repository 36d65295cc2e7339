"""The part of the image that the image measures look at."""

import cv2
import numpy as np
from numpy.typing import NDArray

EYE_DISTANCE = 48
REACH = 1.3
SMALLEST = 8


def face_view(pixels: NDArray[np.uint8], landmarks: NDArray[np.float32], eye_distance: float) -> NDArray[np.uint8]:
    """The face from forehead to chin in grey, uint8 (h, w), scaled so that the eyes are 48 pixels apart.

    ``pixels``: uint8 BGR (h, w, 3). What lies outside the image is left out; black where nothing lies inside.
    """
    crop = _inside(pixels, landmarks.mean(axis=0), REACH * max(eye_distance, 1.0))
    if not crop.size:
        return np.zeros((SMALLEST, SMALLEST), np.uint8)
    scale = EYE_DISTANCE / max(eye_distance, 1.0)
    height, width = (max(round(side * scale), SMALLEST) for side in crop.shape[:2])
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    grey = cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey, (width, height), interpolation=method), np.uint8)


def _inside(pixels: NDArray[np.uint8], centre: NDArray[np.float32], reach: float) -> NDArray[np.uint8]:
    left, top = (max(int(side - reach), 0) for side in centre)
    right, bottom = (max(int(side + reach), 0) for side in centre)
    return pixels[top:bottom, left:right]
