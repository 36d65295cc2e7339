"""Whether a fingerprint shows bright ridges on dark, as some sensors and scans of negatives do."""

import numpy as np
from numpy.typing import NDArray

BLOCK = 16
DARK_BACKGROUND = 0.15


def dark_ridges(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The fingerprint with dark ridges on bright, uint8 (h, w): turned where its background is clearly dark."""
    return np.invert(pixels) if background_level(pixels) < DARK_BACKGROUND else pixels


def background_level(pixels: NDArray[np.uint8]) -> float:
    """Where the flat background lies between the dark (0) and the bright (1) parts of the ridge area.

    Where no finger touches, a sensor sees what it sees in a valley: the background is as bright as valleys, about 1,
    and where ridges are bright about 0. A picture without background says nothing: 1. Flat and ridged are told
    apart by the standard deviation in blocks of 16 pixels, against that of the most ridged tenth of the blocks.
    """
    blocks = _blocks(pixels)
    deviation = blocks.std(axis=1)
    most = np.percentile(deviation, 90) if len(blocks) else 0.0
    flat, ridged = blocks[deviation < most / 4], blocks[deviation > most / 2]
    if not len(flat) or not len(ridged):
        return 1.0
    dark, bright = np.percentile(ridged, [20, 80])
    return float((np.median(flat) - dark) / max(bright - dark, 1.0))


def _blocks(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    rows, columns = (side // BLOCK for side in pixels.shape)
    cut = pixels[: rows * BLOCK, : columns * BLOCK].reshape(rows, BLOCK, columns, BLOCK)
    return cut.swapaxes(1, 2).reshape(-1, BLOCK * BLOCK).astype(np.float32)
