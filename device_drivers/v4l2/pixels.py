"""What cameras send uncompressed, as pixels."""

import numpy as np
from numpy.typing import NDArray

BLACK, HALF = 16, 128
LUMA, RED_V, GREEN_U, GREEN_V, BLUE_U = 255 / 219, 1.596, -0.392, -0.813, 2.017


def grey(data: bytes, width: int, height: int, stride: int) -> NDArray[np.uint8]:
    """GREY: a byte a pixel, uint8 (height, width); ValueError where bytes are missing."""
    return _rows(data, height, stride)[:, :width]


def yuyv(data: bytes, width: int, height: int, stride: int) -> NDArray[np.uint8]:
    """YUYV (ITU-R BT.601, 16 to 235), two pixels in four bytes, uint8 BGR (height, width, 3); ValueError as above."""
    pairs = _rows(data, height, stride)[:, : 2 * width].reshape(height, width // 2, 4).astype(np.float32)
    luma = (pairs[:, :, 0::2] - BLACK) * LUMA
    u, v = pairs[:, :, 1:2] - HALF, pairs[:, :, 3:4] - HALF
    channels = [luma + BLUE_U * u, luma + GREEN_U * u + GREEN_V * v, luma + RED_V * v]
    pixels = np.stack(channels, 3).reshape(height, width, 3)
    return np.asarray(np.clip(pixels.round(), 0, 255), np.uint8)


def _rows(data: bytes, height: int, stride: int) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8, height * stride).reshape(height, stride)
