"""The tables of a WSQ file, each read from the segment that carries it."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from device_drivers.wsq.faults import DamagedError

BANDS = 64
MOST_TAPS = 31
CODE_LENGTHS = 16


@dataclass(frozen=True, slots=True)
class Frame:
    """Size in pixels; a pixel is ``scale`` times the reconstructed value plus ``shift``."""

    width: int
    height: int
    shift: float
    scale: float


@dataclass(frozen=True, slots=True)
class Filters:
    """Synthesis filters, float32, symmetric and of odd length: for the low and the high half of the spectrum."""

    low: NDArray[np.float32]
    high: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Quantisers:
    """Of each of 64 subbands, float64 (64,): the width of a bin (0 where it is left out) and of the bin around zero.

    ``centre``: where in a bin its value lies, as a fraction of the width.
    """

    centre: float
    widths: NDArray[np.float64]
    zero_widths: NDArray[np.float64]

    def level(self, band: int, quantised: NDArray[np.int32]) -> NDArray[np.float64]:
        """The values that bin numbers of a subband stand for."""
        size = np.abs(quantised) - self.centre
        return np.asarray(np.sign(quantised) * (self.widths[band] * size + self.zero_widths[band] / 2), np.float64)


@dataclass(frozen=True, slots=True)
class Codes:
    """A Huffman table as in JPEG: how many codes there are of each length from 1 to 16, and what they stand for."""

    counts: bytes
    symbols: bytes


def read_frame(segment: bytes) -> Frame:
    """The frame header."""
    _, _, height, width, shift_exponent, shift, scale_exponent, scale = struct.unpack_from(">BBHHBHBH", segment)
    return Frame(width, height, shift / 10.0**shift_exponent, scale / 10.0**scale_exponent)


def read_filters(segment: bytes) -> Filters:
    """The analysis filters, from the middle outwards, turned into synthesis filters: every second sign changes.

    The synthesis filter of the high half comes from the analysis filter of the low half, and the reverse.
    """
    low_taps, high_taps = segment[:2]
    if not (low_taps % 2 and high_taps % 2) or max(low_taps, high_taps) > MOST_TAPS:
        raise DamagedError("filters of even or excessive length")
    half_low = low_taps // 2 + 1
    numbers = [_coefficient(segment, 2 + 6 * each) for each in range(half_low + high_taps // 2 + 1)]
    return Filters(low=_synthesis(numbers[half_low:]), high=_synthesis(numbers[:half_low]))


def read_quantisers(segment: bytes) -> Quantisers:
    """The quantisation table."""
    centre = _decimal(segment, 0)
    bands = np.array([[_decimal(segment, 3 + 6 * band), _decimal(segment, 6 + 6 * band)] for band in range(BANDS)])
    return Quantisers(centre, bands[:, 0], bands[:, 1])


def read_codes(segment: bytes) -> Iterator[tuple[int, Codes]]:
    """The Huffman tables of a segment, each with its number."""
    at = 0
    while at < len(segment):
        counts = segment[at + 1 : at + 1 + CODE_LENGTHS]
        end = at + 1 + CODE_LENGTHS + sum(counts)
        symbols = segment[at + 1 + CODE_LENGTHS : end]
        if len(counts) < CODE_LENGTHS or len(symbols) < sum(counts):
            raise DamagedError("a table of codes ends early")
        yield segment[at], Codes(counts, symbols)
        at = end


def _decimal(segment: bytes, at: int) -> float:
    exponent, value = struct.unpack_from(">BH", segment, at)
    return float(value / 10.0**exponent)


def _coefficient(segment: bytes, at: int) -> float:
    negative, exponent, value = struct.unpack_from(">BBI", segment, at)
    return float(value / 10.0**exponent) * (-1 if negative else 1)


def _synthesis(half: list[float]) -> NDArray[np.float32]:
    signed = np.array(half, np.float32) * np.resize([1, -1], len(half))
    return np.concatenate([signed[:0:-1], signed]).astype(np.float32)
