"""Vectors by row number, a byte a value, and the inner products of a probe's vector with very many of them.

The step of a byte is a thirtieth of what a value of such a vector is like: on FVC2002 and 2004 B no more mates stay
behind than with single precision. FAISS takes four times as long for the same bytes, and does not let go of them, so
that they could neither be shared between processes nor be overwritten.
"""

from threading import Lock

import numpy as np
from numba import njit
from numpy.typing import NDArray

from biometric_service.gallery.rows import Rows
from biometric_service.vocabulary.storage import ArraySink, ArraySource, by_block

Vector = NDArray[np.float32]
Codes = NDArray[np.int8]

SLOTS = 16_384
"""Vectors a block."""
STEPS = 1000.0
"""Steps to 1: the values of a unit vector of hundreds of dimensions lie well within -0.127 to 0.127."""
LARGEST = 127


class QuantisedDescriptors:
    """Row r of the bank is entry r here, whatever comes and goes."""

    def __init__(self) -> None:
        self._blocks: tuple[Codes, ...] = ()
        self._lent: set[int] = set()
        self._writing = Lock()

    def put(self, row: int, vector: Vector) -> None:
        """Set an entry."""
        code = _quantised(vector)
        with self._writing:
            while row >= SLOTS * len(self._blocks):
                self._blocks = (*self._blocks, np.zeros((SLOTS, len(vector)), np.int8))
            self._own(row // SLOTS)[row % SLOTS] = code

    def wipe(self, row: int) -> None:
        """Overwrite an entry with zeros."""
        with self._writing:
            self._own(row // SLOTS)[row % SLOTS] = 0

    def products(self, vector: Vector, rows: Rows) -> NDArray[np.int32]:
        """Inner products in steps squared, int32 (len(rows),), without the interpreter lock."""
        asked, found = _quantised(vector).astype(np.int16), np.empty(len(rows), np.int32)
        for block, here in by_block(rows, SLOTS):
            _multiply(self._blocks[block], rows, here, asked, found)
        return found

    def save(self, sink: ArraySink) -> None:
        """Put every block."""
        sink.put("blocks", np.array([block.shape[1] for block in self._blocks], np.int64))
        for number, block in enumerate(self._blocks):
            sink.put(f"codes {number}", block)
        self._lent = set(range(len(self._blocks)))

    def restore(self, source: ArraySource) -> None:
        """Hold what was saved instead; see ``Storable``."""
        lengths = source.take("blocks").tolist()
        blocks = tuple(source.take(f"codes {number}") for number in range(len(lengths)))
        if any(block.shape != (SLOTS, length) for block, length in zip(blocks, lengths, strict=True)):
            raise ValueError
        self._blocks = blocks

    def _own(self, number: int) -> Codes:
        """A block that may be written to: one that was put into a sink is copied first."""
        if number in self._lent:
            self._blocks = (*self._blocks[:number], self._blocks[number].copy(), *self._blocks[number + 1 :])
            self._lent.discard(number)
        return self._blocks[number]


def _quantised(vector: Vector) -> Codes:
    return np.asarray(np.clip(np.rint(STEPS * vector), -LARGEST, LARGEST), np.int8)


@njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def _multiply(codes: Codes, rows: Rows, here: Rows, asked: NDArray[np.int16], found: NDArray[np.int32]) -> None:
    for at in here:
        code = codes[rows[at] % SLOTS]
        total = np.int32(0)
        for value in range(len(asked)):
            total += np.int32(code[value]) * np.int32(asked[value])
        found[at] = total
