"""How coarsely each subband is quantised, so that a picture comes out at the bit rate that is asked for."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from device_drivers.wsq.subbands import Area
from device_drivers.wsq.tables import BANDS, Quantisers

CENTRE = 0.44
LOADING = 2.5
"""Standard deviations that the bins of a subband reach to either side."""
ZERO_BIN = 1.2
"""Width of the bin around zero, in those of the others."""
LEAST_VARIANCE = 1.01
LOWEST_BANDS = 4
CODED_BANDS = 60
LIVELY = 20_000.0
"""Variance of the four lowest bands together, under which the borders of the picture are looked at as well."""
ACUITY = {52: 1.32, 53: 1.08, 54: 1.42, 55: 1.08, 56: 1.32, 57: 1.42, 58: 1.08, 59: 1.08}

Numbers = NDArray[np.float64]


def quantisers_for(plane: NDArray[np.float32], bands: Sequence[Area], rate: float) -> Quantisers:
    """Bins for a wavelet plane by the standard's rate control; ``rate``: bits a pixel that it aims at."""
    variances = _variances(plane, bands)
    shares = np.array([band.width * band.height / plane.size for band in bands])
    steps = _relative_steps(variances)
    widths = steps / _fineness(steps, np.sqrt(variances), shares, rate)
    return Quantisers(CENTRE, widths, ZERO_BIN * widths)


def _relative_steps(variances: Numbers) -> Numbers:
    """Widths of the bins in proportion to one another; 0 for a subband with next to nothing in it."""
    acuity = np.array([ACUITY.get(band, 1.0) for band in range(BANDS)])
    steps = 10 / (acuity * np.log(np.maximum(variances, LEAST_VARIANCE)))
    steps[:LOWEST_BANDS] = 1
    steps[variances < LEAST_VARIANCE] = 0
    steps[CODED_BANDS:] = 0
    return steps


def _fineness(steps: Numbers, deviations: Numbers, shares: Numbers, rate: float) -> float:
    """What to divide the steps by; subbands that would come out as nothing but zeros give their bits to the others."""
    taken = steps > 0
    while taken.any():
        share = shares[taken].sum()
        level = (shares[taken] * np.log2(deviations[taken] / steps[taken])).sum() / share
        fineness = float(2 ** (rate / share - 1 - level) / LOADING)
        empty = taken & (steps / fineness >= 2 * LOADING * deviations)
        if not empty.any():
            return fineness
        taken &= ~empty
    return 1.0


def _variances(plane: NDArray[np.float32], bands: Sequence[Area]) -> Numbers:
    """Of each subband, in the middle of the picture where the finger is, unless there is too little there."""
    inner = np.array([_variance(plane, _middle(band)) for band in bands])
    if inner[:LOWEST_BANDS].sum() >= LIVELY:
        return inner
    return np.array([_variance(plane, band) for band in bands])


def _middle(band: Area) -> Area:
    across, down = band.width // 8, 9 * band.height // 32
    return Area(band.x + across, band.y + down, max(3 * band.width // 4, 1), max(7 * band.height // 16, 1))


def _variance(plane: NDArray[np.float32], area: Area) -> float:
    return float(plane[area.y : area.y + area.height, area.x : area.x + area.width].astype(np.float64).var())
