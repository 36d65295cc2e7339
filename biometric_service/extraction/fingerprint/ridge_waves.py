"""Whether what is in an image can be ridges at all: waves of a ridge's width whose direction changes slowly.

Each window's spectrum is weighted with the squared frequency, which makes photographs flat (their power falls with
that very square) and leaves ridges a peak. How far neighbouring windows agree on the peak tells the two apart.
"""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

WINDOW = 32
STEP = 16
SHORTEST, LONGEST = 4.0, 16.0
"""Pixels at 500 dpi between two ridges: children's fingers to thumbs of men, with room."""
SAME_WAVELENGTH = 1.5
"""Greatest ratio between the wavelengths of neighbours."""
LEAST_SHARE = 0.05
"""A peak with less of its window's weighted power is none."""

_FREQUENCY = np.stack(np.meshgrid(np.fft.fftfreq(WINDOW), np.fft.rfftfreq(WINDOW), indexing="ij"))
_RADIUS = np.hypot(*_FREQUENCY)
_LENGTH = 1 / np.maximum(_RADIUS, 1 / WINDOW**2)
_BAND = (_LENGTH >= SHORTEST) & (_LENGTH <= LONGEST)
_TWICE = np.where(_FREQUENCY[1] % 0.5 == 0, 1, 2)
_WEIGHT = (_TWICE * _RADIUS**2).astype(np.float32)
_TAPER = np.outer(*[np.hanning(WINDOW + 2)[1:-1]] * 2).astype(np.float32)
_WAVES = (_FREQUENCY[1] + 1j * _FREQUENCY[0]).ravel()


@dataclass(frozen=True, slots=True)
class RidgeWaves:
    """``likeness``: how far neighbouring windows agree on one wave, 0 (not at all, nothing there) to 1.

    ``clarity``: float32 (h, w), how much of the power around a place is in a wave its neighbours agree on, 0 to 1.
    ``direction``: float32 (h, w), along the ridges, radians in [0, pi), counter-clockwise from the x axis with y up;
    NaN where there is no wave.
    """

    likeness: float
    clarity: NDArray[np.float32]
    direction: NDArray[np.float32]


def ridge_waves(pixels: NDArray[np.uint8], mask: NDArray[np.bool_]) -> RidgeWaves:
    """The waves in windows of 32 pixels, 16 apart, in the mask of a grey image (h, w) at 500 dpi."""
    if min(pixels.shape) < WINDOW:
        return RidgeWaves(0.0, np.zeros(pixels.shape, np.float32), np.full(pixels.shape, np.nan, np.float32))
    windows = sliding_window_view(pixels, (WINDOW, WINDOW))[::STEP, ::STEP]
    inside = mask[WINDOW // 2 :: STEP, WINDOW // 2 :: STEP][: windows.shape[0], : windows.shape[1]]
    share = np.zeros(inside.shape, np.float32)
    wave = np.ones(inside.shape, np.complex128)
    share[inside], wave[inside] = _clearest_wave(windows[inside].astype(np.float32))
    likeness, clarity = _compare_neighbours(share, wave, inside)
    rows, columns = (_window_of_each(*sides) for sides in zip(pixels.shape, inside.shape, strict=True))
    everywhere = np.ix_(rows, columns)
    direction = np.where(mask, _along(share, wave)[everywhere], np.float32(np.nan))
    return RidgeWaves(likeness, (clarity[everywhere] * mask).astype(np.float32), direction)


def _compare_neighbours(
    share: NDArray[np.float32], wave: NDArray[np.complex128], inside: NDArray[np.bool_]
) -> tuple[float, NDArray[np.float64]]:
    """The likeness of all windows and the clarity of each."""
    agreed = weight = 0.0
    clarity, neighbours = np.zeros(share.shape), np.zeros(share.shape)
    for first, second in (np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1]):
        joint, alike = share[first] * share[second], _agreement(wave[first], wave[second])
        agreed += float((joint * alike).sum())
        weight += float(joint.sum())
        for side in (first, second):
            clarity[side] += np.sqrt(joint) * np.maximum(alike, 0)
            neighbours[side] += inside[first] & inside[second]
    likeness = min(max(agreed / weight, 0.0), 1.0) if weight > 0 else 0.0
    return likeness, clarity / np.maximum(neighbours, 1)


def _along(share: NDArray[np.float32], wave: NDArray[np.complex128]) -> NDArray[np.float32]:
    """Directions of ridges, across which waves (x right, y down) run."""
    turned = np.mod(np.pi / 2 - np.angle(wave), np.pi)
    return np.where(share > 0, turned, np.nan).astype(np.float32)


def _window_of_each(pixels: int, windows: int) -> NDArray[np.int64]:
    """Which window's middle is nearest to each pixel of a row or column."""
    return np.clip((np.arange(pixels) - STEP // 2) // STEP, 0, windows - 1)


def _clearest_wave(windows: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.complex128]]:
    """Share of the power that lies in the peak, and the peak's wave vector x + iy, for windows (n, 32, 32)."""
    level = windows - windows.mean((1, 2), keepdims=True)
    spectrum = scipy.fft.rfft2(level * _TAPER)
    power = (spectrum.real**2 + spectrum.imag**2) * _WEIGHT
    around = _around(power)
    peaks = np.where(_BAND & (power >= around.max(0)), around.sum(0), 0).reshape(len(power), _WAVES.size)
    best = peaks.argmax(1)
    whole = power.sum((1, 2))
    share = np.divide(peaks[np.arange(len(best)), best], whole, out=np.zeros_like(whole), where=whole > 0)
    clear = share >= LEAST_SHARE
    return np.where(clear, share, 0), np.where(clear, _WAVES[best], 1)


def _around(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """The nine values (9, ...) of each 3x3 in spectra; their rows wrap around, their columns end."""
    rows = np.stack([np.roll(power, shift, 1) for shift in (-1, 0, 1)])
    padded = np.pad(rows, ((0, 0), (0, 0), (0, 0), (1, 1)))
    return np.concatenate([padded[..., :-2], padded[..., 1:-1], padded[..., 2:]])


def _agreement(first: NDArray[np.complex128], second: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Cosine of twice the angle between two waves, 0 where their lengths differ too much."""
    product = first**2 * np.conj(second) ** 2
    ratio = np.abs(first) / np.abs(second)
    similar = (ratio < SAME_WAVELENGTH) & (ratio > 1 / SAME_WAVELENGTH)
    return np.where(similar, product.real / np.abs(product), 0)
