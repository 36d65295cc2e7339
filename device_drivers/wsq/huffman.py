"""Huffman codes back into quantised wavelet coefficients."""

from collections.abc import Sequence

import numpy as np
from numba import njit
from numpy.typing import NDArray

from device_drivers.wsq.faults import DamagedError
from device_drivers.wsq.segments import CodedBlock
from device_drivers.wsq.tables import CODE_LENGTHS, Codes

ALL_CODES = 1 << CODE_LENGTHS
INVALID = 0

LONGEST_RUN = 100
POSITIVE_8, NEGATIVE_8, POSITIVE_16, NEGATIVE_16, RUN_8, RUN_16 = range(101, 107)
ZERO = 180
LARGEST = 254
BYTE = 8


def coefficients(blocks: Sequence[CodedBlock], count: int) -> NDArray[np.int32]:
    """The ``count`` coefficients of all blocks in a row, int32; DamagedError where there are more or fewer."""
    decoded, at = np.zeros(count, np.int32), 0
    for block in blocks:
        symbols, lengths = lookup(block.codes)
        data = np.frombuffer(block.data, np.uint8)
        at = _decode(data, symbols, lengths, decoded, at)
        if at < 0:
            break
    if at != count:
        raise DamagedError("more or fewer coefficients than the subbands have")
    return decoded


def lookup(codes: Codes) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """For each value of the next 16 bits: the symbol, uint8 (65536,), and how many bits its code has, 0 for none.

    Codes of a length are numbered upwards, and from one length to the next the number doubles, as in JPEG.
    """
    symbols, lengths = np.zeros(ALL_CODES, np.uint8), np.zeros(ALL_CODES, np.uint8)
    start, taken = 0, 0
    for length, count in enumerate(codes.counts, start=1):
        span = 1 << (CODE_LENGTHS - length)
        for symbol in codes.symbols[taken : taken + count]:
            symbols[start : start + span] = symbol
            lengths[start : start + span] = length
            start += span
        taken += count
    return symbols, lengths


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _decode(
    data: NDArray[np.uint8],
    symbols: NDArray[np.uint8],
    lengths: NDArray[np.uint8],
    decoded: NDArray[np.int32],
    at: int,
) -> int:
    """Decode one block into ``decoded`` from ``at`` on; returns where it ended, or -1 where no encoder wrote it."""
    bits, position = 8 * len(data), 0
    while position < bits:
        ahead = _peek(data, position)
        length = lengths[ahead]
        if length == INVALID or position + length > bits:
            return at if bits - position < BYTE else -1  # what fills up the last byte is no code
        symbol, extra = symbols[ahead], extra_bits(symbols[ahead])
        number = _peek(data, position + length) >> (CODE_LENGTHS - extra)
        position += length + extra
        zeros, value = _meaning(symbol, number)
        at += zeros
        if zeros < 0 or position > bits or at + (value != 0) > len(decoded):
            return -1
        if value != 0:
            decoded[at] = value
            at += 1
    return at


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _peek(data: NDArray[np.uint8], position: int) -> int:
    """The next 16 bits, with ones behind the end, which are no code."""
    first, window = position >> 3, 0
    for each in range(first, first + 3):
        window = window << BYTE | (int(data[each]) if each < len(data) else 0xFF)
    return (window >> (BYTE - (position & 7))) & 0xFFFF


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def extra_bits(symbol: int) -> int:
    """How many bits of a number follow the code of a symbol."""
    if symbol in (POSITIVE_8, NEGATIVE_8, RUN_8):
        return 8
    return 16 if symbol in (POSITIVE_16, NEGATIVE_16, RUN_16) else 0


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _meaning(symbol: int, number: int) -> tuple[int, int]:
    """(a run of zeros, or -1 for a symbol without meaning; the value behind it, 0 for none)."""
    if 0 < symbol <= LONGEST_RUN:
        return symbol, 0
    if symbol in (RUN_8, RUN_16):
        return number, 0
    if symbol in (POSITIVE_8, POSITIVE_16):
        return 0, number
    if symbol in (NEGATIVE_8, NEGATIVE_16):
        return 0, -number
    return (0, symbol - ZERO) if RUN_16 < symbol <= LARGEST else (-1, 0)
