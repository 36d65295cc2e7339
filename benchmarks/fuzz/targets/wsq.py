"""WSQ files, by our decoder."""

from collections.abc import Iterator

import numpy as np

from benchmarks.fuzz.target import Target
from device_drivers.wsq.decoding import read
from device_drivers.wsq.encoding import encode
from device_drivers.wsq.faults import DamagedError
from device_drivers.wsq.segments import is_wsq

MOST_PIXELS = 1_000_000
"""As ``capture.files`` does, the size is looked at before anything is decoded."""


def exercise(data: bytes) -> None:
    """Decode what says that it is not too large."""
    if is_wsq(data):
        file = read(data)
        if file.frame.width * file.frame.height <= MOST_PIXELS:
            assert file.pixels().shape == (file.frame.height, file.frame.width)


def seeds() -> Iterator[bytes]:
    """Ridges, a flat picture and noise."""
    y, x = np.mgrid[:72, :66]
    yield encode((128 + 90 * np.sin(np.hypot(x - 20, y - 30) / 1.5)).astype(np.uint8), 500)
    yield encode(np.full((64, 64), 99, np.uint8))
    yield encode(np.random.default_rng(1).integers(0, 256, (64, 80), dtype=np.uint8), rate=2.25)


TARGET = Target(exercise, seeds, longest=8192, refusals=(DamagedError,))
