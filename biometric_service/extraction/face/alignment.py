"""Five-point alignment: a face is turned, scaled and moved onto the model's template."""

import cv2
import numpy as np
from numpy.typing import NDArray

from biometric_service.extraction.face.input_tensor import Pixels


def similarity(points: NDArray[np.float32], targets: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """The similarity, float64 (2, 3), that takes the points nearest to the targets by least squares (Umeyama 1991).

    ``points``, ``targets``: float32 (n, 2). In the complex plane it is z -> a z + b. None where the points coincide.
    """
    source, target = _complex(points), _complex(targets)
    spread = source - source.mean()
    extent = np.vdot(spread, spread).real
    if not extent > 0:
        return None
    a = np.vdot(spread, target - target.mean()) / extent
    b = target.mean() - a * source.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def align(pixels: Pixels, transform: NDArray[np.float64], size: tuple[int, int]) -> Pixels:
    """The face of an image under a similarity: uint8 ``size`` (width, height).

    A face much larger than ``size`` is shrunk by averaging first, so that nothing aliases.
    """
    shrink = max(int(0.5 / np.hypot(transform[0, 0], transform[1, 0])), 1)
    if shrink > 1:
        height, width = pixels.shape[:2]
        smaller = (max(width // shrink, 1), max(height // shrink, 1))
        pixels = np.asarray(cv2.resize(pixels, smaller, interpolation=cv2.INTER_AREA), np.uint8)
        transform = transform * np.array([width / smaller[0], height / smaller[1], 1])
    return np.asarray(cv2.warpAffine(pixels, transform, size, flags=cv2.INTER_LINEAR), np.uint8)


def _complex(points: NDArray[np.float32]) -> NDArray[np.complex128]:
    return np.asarray(points[:, 0] + 1j * points[:, 1], np.complex128)
