"""Splits a picture into the subbands of a wavelet decomposition and joins them again."""

import numpy as np
from numpy.typing import NDArray

from device_drivers.wsq.subbands import Area
from device_drivers.wsq.tables import Filters

Plane = NDArray[np.float32]


def split(plane: Plane, area: Area, filters: Filters) -> None:
    """Split an area into its four quarters in place, the reverse of ``join``; ``filters`` are those of analysis."""
    part = _part(plane, area)
    part[...] = _split_columns(part.T, area.across, filters).T
    part[...] = _split_columns(part, area.down, filters)


def join(plane: Plane, area: Area, filters: Filters) -> None:
    """Join the four quarters of an area in place: first down the columns, then along the rows."""
    part = _part(plane, area)
    part[...] = _join_rows(part.T, area.down, filters).T
    part[...] = _join_rows(part, area.across, filters)


def _part(plane: Plane, area: Area) -> Plane:
    return plane[area.y : area.y + area.height, area.x : area.x + area.width]


def _split_columns(columns: Plane, high_first: bool, filters: Filters) -> Plane:  # noqa: FBT001
    """The low half of each column's spectrum at the even positions, the high one at the odd."""
    low, high = _thinned(columns, filters.low, 0), _thinned(columns, filters.high, 1)
    return np.concatenate([high, low] if high_first else [low, high])


def _thinned(columns: Plane, taps: Plane, parity: int) -> Plane:
    """Every second value, from ``parity`` on, of each column filtered, mirrored about its first and last value."""
    margin, length = len(taps) // 2, len(columns)
    mirrored = np.pad(np.ascontiguousarray(columns), ((margin, margin), (0, 0)), mode="reflect")
    filtered = np.zeros(((length + 1 - parity) // 2, columns.shape[1]), np.float32)
    for shift, tap in enumerate(taps):
        filtered += tap * mirrored[shift + parity : shift + length : 2]
    return filtered


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
