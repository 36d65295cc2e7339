"""Quantised wavelet coefficients into Huffman codes; ``huffman`` is the way back."""

import heapq
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from device_drivers.wsq.huffman import (
    LARGEST,
    LONGEST_RUN,
    NEGATIVE_8,
    NEGATIVE_16,
    POSITIVE_8,
    POSITIVE_16,
    RUN_8,
    RUN_16,
    ZERO,
    extra_bits,
)
from device_drivers.wsq.tables import CODE_LENGTHS, Codes

SYMBOLS = 256
BYTE, WORD = 0xFF, 0xFFFF
LEAST_VALUE, MOST_VALUE = RUN_16 + 1 - ZERO, LARGEST - ZERO


@dataclass(frozen=True, slots=True)
class Message:
    """``symbols``: uint8 (n,). ``numbers``: uint16 (n,), what follows the code of a symbol that has extra bits."""

    symbols: NDArray[np.uint8]
    numbers: NDArray[np.uint16]


def message_of(coefficients: NDArray[np.int32]) -> Message:
    """Coefficients, -65535 to 65535, as symbols: runs of zeros and values."""
    symbols, numbers = np.empty(len(coefficients), np.uint8), np.zeros(len(coefficients), np.uint16)
    count = _symbols(coefficients, symbols, numbers)
    return Message(symbols[:count], numbers[:count])


def codes_for(*messages: Message) -> Codes:
    """The best Huffman table for all messages together, no code longer than 16 bits and none of ones alone."""
    counts = np.bincount(np.concatenate([each.symbols for each in messages]), minlength=SYMBOLS)
    while True:
        lengths = _code_lengths({symbol: int(count) for symbol, count in enumerate(counts) if count})
        if max(lengths.values(), default=0) <= CODE_LENGTHS:
            break
        counts = (counts + 1) // 2
    ordered = sorted(lengths, key=lambda symbol: (lengths[symbol], symbol))
    of_length = np.bincount(list(lengths.values()), minlength=CODE_LENGTHS + 1)
    return Codes(bytes(of_length[1:].tolist()), bytes(ordered))


def encoded(message: Message, codes: Codes) -> bytes:
    """The message in bits, the last byte filled up with ones."""
    values, lengths = _table(codes)
    room = np.empty(4 * len(message.symbols) + 8, np.uint8)
    return room[: _pack(message.symbols, message.numbers, values, lengths, room)].tobytes()


def _code_lengths(counts: dict[int, int]) -> dict[int, int]:
    """Huffman's algorithm with one more symbol that is never used: it takes the code of ones alone."""
    lengths = dict.fromkeys(counts, 0)
    trees = [(0, -1, ()), *((count, symbol, (symbol,)) for symbol, count in counts.items())]
    heapq.heapify(trees)
    while len(trees) > 1:
        (first, order, some), (second, _, others) = heapq.heappop(trees), heapq.heappop(trees)
        for symbol in some + others:
            lengths[symbol] += 1
        heapq.heappush(trees, (first + second, order, some + others))
    return lengths


def _table(codes: Codes) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of each symbol its code and how many bits that has."""
    values, lengths = np.zeros(SYMBOLS, np.int64), np.zeros(SYMBOLS, np.int64)
    code, taken = 0, 0
    for length, count in enumerate(codes.counts, start=1):
        for symbol in codes.symbols[taken : taken + count]:
            values[symbol], lengths[symbol] = code, length
            code += 1
        code, taken = code << 1, taken + count
    return values, lengths


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _symbols(coefficients: NDArray[np.int32], symbols: NDArray[np.uint8], numbers: NDArray[np.uint16]) -> int:
    count = zeros = 0
    for coefficient in coefficients:
        if coefficient == 0:
            zeros += 1
            if zeros == WORD:
                symbols[count], numbers[count] = RUN_16, zeros
                count, zeros = count + 1, 0
            continue
        if zeros > 0:
            symbols[count], numbers[count] = _run(zeros), zeros
            count, zeros = count + 1, 0
        symbols[count], numbers[count] = _value(coefficient), abs(coefficient)
        count += 1
    if zeros > 0:
        symbols[count], numbers[count] = _run(zeros), zeros
        count += 1
    return count


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _run(zeros: int) -> int:
    if zeros <= LONGEST_RUN:
        return zeros
    return RUN_8 if zeros <= BYTE else RUN_16


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _value(coefficient: int) -> int:
    if LEAST_VALUE <= coefficient <= MOST_VALUE:
        return ZERO + coefficient
    if abs(coefficient) <= BYTE:
        return POSITIVE_8 if coefficient > 0 else NEGATIVE_8
    return POSITIVE_16 if coefficient > 0 else NEGATIVE_16


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _pack(
    symbols: NDArray[np.uint8],
    numbers: NDArray[np.uint16],
    values: NDArray[np.int64],
    lengths: NDArray[np.int64],
    room: NDArray[np.uint8],
) -> int:
    held = bits = at = 0
    for index in range(len(symbols)):
        symbol = symbols[index]
        extra = extra_bits(symbol)
        held = held << lengths[symbol] | values[symbol]
        bits += lengths[symbol] + extra
        if extra > 0:
            held = held << extra | np.int64(numbers[index])
        while bits >= 8:  # noqa: PLR2004
            bits -= 8
            room[at] = held >> bits & BYTE
            at += 1
        held &= (1 << bits) - 1
    if bits > 0:
        room[at] = held << (8 - bits) | BYTE >> bits
        at += 1
    return at
