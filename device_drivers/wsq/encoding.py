"""From the pixels of a fingerprint to a WSQ file."""

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from device_drivers.wsq import writing
from device_drivers.wsq.decoding import SMALLEST_SIDE
from device_drivers.wsq.entropy import Message, codes_for, encoded, message_of
from device_drivers.wsq.rate import quantisers_for
from device_drivers.wsq.segments import SIGNATURE, Marker
from device_drivers.wsq.subbands import Area, plan
from device_drivers.wsq.tables import Filters, Frame, Quantisers, read_frame, read_quantisers
from device_drivers.wsq.wavelets import split

USUAL_RATE = 0.75
LEAST_RATE, MOST_RATE = 0.05, 8.0
LONGEST_SIDE = 0xFFFF
LARGEST_COEFFICIENT = 0xFFFF
LOW = (0.852698679, 0.377402856, -0.110624404, -0.023849465, 0.037828456)
HIGH = (0.788485616, -0.418092273, -0.040689418, 0.064538883)
"""Analysis filters of Cohen, Daubechies and Feauveau with 9 and 7 taps, from the middle outwards."""
BLOCKS = ((0, 19), (19, 52), (52, 60))
"""Subbands of each block; the first has a Huffman table of its own, the others share one."""
HEADER = 4


def encode(pixels: NDArray[np.uint8], ppi: float | None = None, rate: float = USUAL_RATE) -> bytes:
    """A grey picture, uint8 (h, w), as a WSQ file.

    ``rate``: bits a pixel that the standard's rate control aims at, 0.05 to 8: 0.75 is the FBI's (about 15 to 1), 2.25
    about 5 to 1; a print with much background comes out smaller. ``ppi``: kept in a NIST comment, in whole pixels an
    inch. ValueError for a side under 64 or over 65,535 pixels and a rate out of range.
    """
    _check(pixels, rate)
    height, width = pixels.shape
    layout = plan(width, height)
    header = _header(pixels)
    frame = read_frame(header[HEADER:])
    plane = (pixels.astype(np.float32) - np.float32(frame.shift)) / np.float32(frame.scale)
    for area in reversed(layout.splits):
        split(plane, area, Filters(_whole(LOW), _whole(HIGH)))
    quantisation = writing.quantisers(quantisers_for(plane, layout.bands, rate))
    bands = _quantised(plane, layout.bands, read_quantisers(quantisation[HEADER:]))
    start = writing.comment(width, height, ppi, rate) + writing.filters(LOW, HIGH) + quantisation + header
    return SIGNATURE + start + _blocks(bands) + struct.pack(">H", Marker.END)


def _check(pixels: NDArray[np.uint8], rate: float) -> None:
    if pixels.ndim != 2 or pixels.dtype != np.uint8:  # noqa: PLR2004 (grey: rows and columns)
        raise ValueError("WSQ holds pictures of 8-bit grey values")
    if not SMALLEST_SIDE <= min(pixels.shape) <= max(pixels.shape) <= LONGEST_SIDE:
        raise ValueError(f"WSQ holds pictures with sides of {SMALLEST_SIDE} to {LONGEST_SIDE} pixels")
    if not LEAST_RATE <= rate <= MOST_RATE:
        raise ValueError(f"A bit rate of {LEAST_RATE} to {MOST_RATE} bits a pixel can be aimed at")


def _header(pixels: NDArray[np.uint8]) -> bytes:
    """The frame: values are moved to a mean of 0 and scaled to -128 to 128."""
    shift = float(pixels.mean())
    reach = max(float(pixels.max()) - shift, shift - float(pixels.min()))
    height, width = pixels.shape
    return writing.frame(Frame(width, height, shift, reach / 128 or 1.0))


def _quantised(plane: NDArray[np.float32], bands: Sequence[Area], table: Quantisers) -> list[NDArray[np.int32]]:
    """Bin numbers of every subband, int32 (n,), none of those that are left out; by the widths as the file has them."""
    quantised = []
    for band, width, zero_width in zip(bands, table.widths, table.zero_widths, strict=True):
        values = plane[band.y : band.y + band.height, band.x : band.x + band.width].ravel()
        if width == 0:
            quantised.append(np.empty(0, np.int32))
            continue
        beyond = np.floor((np.abs(values) - zero_width / 2) / width) + 1
        number = np.clip(beyond, 0, LARGEST_COEFFICIENT) * np.sign(values)
        quantised.append(number.astype(np.int32))
    return quantised


def _blocks(bands: Sequence[NDArray[np.int32]]) -> bytes:
    first, *others = (message_of(np.concatenate(bands[start:stop])) for start, stop in BLOCKS)
    return _coded(0, [first]) + _coded(1, others)


def _coded(number: int, messages: Sequence[Message]) -> bytes:
    codes = codes_for(*messages)
    table = writing.code_table(number, codes)
    return table + b"".join(writing.block(number, encoded(message, codes)) for message in messages)


def _whole(half: Sequence[float]) -> NDArray[np.float32]:
    return np.array([*half[:0:-1], *half], np.float32)
