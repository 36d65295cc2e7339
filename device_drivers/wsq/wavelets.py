"""Joins the subbands of a wavelet decomposition back into a picture."""

import numpy as np
from numpy.typing import NDArray

from device_drivers.wsq.subbands import Area
from device_drivers.wsq.tables import Filters

Plane = NDArray[np.float32]


def join(plane: Plane, area: Area, filters: Filters) -> None:
    """Join the four quarters of an area in place: first down the columns, then along the rows."""
    part = plane[area.y : area.y + area.height, area.x : area.x + area.width]
    part[...] = _join_rows(part.T, area.down, filters).T
    part[...] = _join_rows(part, area.across, filters)


def _join_rows(halves: Plane, high_first: bool, filters: Filters) -> Plane:  # noqa: FBT001
    """Low halves belong to the even positions of each row, high ones to the odd; between them is nothing yet."""
    length = halves.shape[1]
    low_length = (length + 1) // 2
    high = halves[:, : length - low_length] if high_first else halves[:, low_length:]
    low = halves[:, length - low_length :] if high_first else halves[:, :low_length]
    joined = np.zeros(halves.shape, np.float32)
    for values, parity, taps in ((low, 0, filters.low), (high, 1, filters.high)):
        spread = np.zeros(halves.shape, np.float32)
        spread[:, parity::2] = values
        joined += _filtered(spread, taps)
    return joined


def _filtered(rows: Plane, taps: Plane) -> Plane:
    """Each row filtered, mirrored about its first and its last value."""
    margin, length = len(taps) // 2, rows.shape[1]
    mirrored = np.pad(rows, ((0, 0), (margin, margin)), mode="reflect")
    filtered = np.zeros_like(rows)
    for shift, tap in enumerate(taps):
        filtered += tap * mirrored[:, shift : shift + length]
    return filtered
