"""From the contents of a WSQ file to its pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device_drivers.wsq.faults import DamagedError
from device_drivers.wsq.huffman import coefficients
from device_drivers.wsq.segments import CodedBlock, take_apart
from device_drivers.wsq.subbands import Area, plan
from device_drivers.wsq.tables import Filters, Frame, Quantisers
from device_drivers.wsq.wavelets import join

SMALLEST_SIDE = 64


@dataclass(frozen=True, slots=True)
class WsqFile:
    """A WSQ file whose tables were read; ``ppi`` is None where no NIST comment states it."""

    frame: Frame
    filters: Filters
    quantisers: Quantisers
    blocks: Sequence[CodedBlock]
    ppi: float | None

    def pixels(self) -> NDArray[np.uint8]:
        """The picture, uint8 (height, width); DamagedError where coefficients are missing or too many."""
        if min(self.frame.width, self.frame.height) < SMALLEST_SIDE:
            raise DamagedError("too small for the subbands of WSQ")
        try:
            with np.errstate(over="raise", invalid="raise"):
                return self._reconstructed()
        except FloatingPointError:
            raise DamagedError("its tables hold numbers beyond reason") from None

    def _reconstructed(self) -> NDArray[np.uint8]:
        layout = plan(self.frame.width, self.frame.height)
        plane = self._coefficient_plane(layout.bands)
        for area in layout.splits:
            join(plane, area, self.filters)
        levels = plane * np.float32(self.frame.scale) + np.float32(self.frame.shift + 0.5)
        return np.asarray(np.clip(levels, 0, 255), np.uint8)

    def _coefficient_plane(self, bands: Sequence[Area]) -> NDArray[np.float32]:
        """Every subband in its place, float32 (height, width), dequantised."""
        plane = np.zeros((self.frame.height, self.frame.width), np.float32)
        coded = [number for number in range(len(bands)) if self.quantisers.widths[number] != 0]
        sizes = [bands[number].width * bands[number].height for number in coded]
        values, end = coefficients(self.blocks, sum(sizes)), 0
        for number, size in zip(coded, sizes, strict=True):
            band, part = bands[number], values[end : end + size]
            end += size
            level = self.quantisers.level(number, part).reshape(band.height, band.width)
            plane[band.y : band.y + band.height, band.x : band.x + band.width] = level
        return plane


def read(data: bytes) -> WsqFile:
    """Read all tables but decode nothing yet; DamagedError where anything is missing."""
    found = take_apart(data)
    if found.frame is None or found.filters is None or found.quantisers is None:
        raise DamagedError("a table is missing")
    return WsqFile(found.frame, found.filters, found.quantisers, found.blocks, found.ppi)
