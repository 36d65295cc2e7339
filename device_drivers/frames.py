"""Frames made of pixels."""

import hashlib
import time
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from device_drivers.protocol import DeviceInfo, Frame


def frame_of(pixels: NDArray[np.uint8], dpi: float | None, device: DeviceInfo) -> Frame:
    """A frame captured now; the pixels are copied and can no longer be written to."""
    kept = np.ascontiguousarray(pixels).copy()
    kept.setflags(write=False)
    digest = hashlib.sha256(kept.tobytes()).hexdigest()
    return Frame(kept, dpi, datetime.now(UTC), time.monotonic(), device, digest)
