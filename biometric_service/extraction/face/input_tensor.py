"""Pixels become what a model is fed, as its manifest says."""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from biometric_service.weights.manifest import Colour, Layout, ModelInput

Pixels = NDArray[np.uint8]

CONVERSIONS = {Colour.RGB: cv2.COLOR_BGR2RGB, Colour.GREY: cv2.COLOR_BGR2GRAY}


def input_tensor(images: Sequence[Pixels], wanted: ModelInput) -> NDArray[np.float32]:
    """A batch of uint8 BGR images (h, w, 3) of one size as ``(pixel - mean) * scale``, float32.

    Of shape (n, channels, h, w), or (n, h, w, channels) where the model wants it so.
    """
    pixels = np.stack([_coloured(image, wanted.colour) for image in images])
    values = (pixels - np.asarray(wanted.mean, np.float32)) * np.asarray(wanted.scale, np.float32)
    ordered = values if wanted.layout is Layout.NHWC else values.transpose(0, 3, 1, 2)
    return np.ascontiguousarray(ordered, np.float32)


def _coloured(image: Pixels, colour: Colour) -> Pixels:
    if colour is Colour.BGR:
        return image
    converted = np.asarray(cv2.cvtColor(image, CONVERSIONS[colour]), np.uint8)
    return converted.reshape(*converted.shape[:2], -1)
