"""Embeddings by row in blocks of memory that never move, and their inner products with one."""

import threading

import numpy as np
from numba import njit
from numpy.typing import NDArray

from biometric_service.vocabulary.storage import ArraySink, ArraySource, by_block

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]

SLOTS = 16_384
"""Rows a block; memory that was never written to is not taken up."""


class Embeddings:
    """Float32 vectors of one length. A row is written before its number is given out, so readers take no lock.

    A removed row is overwritten with zeros; its number is given out again. A block that was put into a sink is copied
    before it is next written to.
    """

    def __init__(self) -> None:
        self._blocks: tuple[Vectors, ...] = ()
        self._used = 0
        self._free: list[int] = []
        self._lent: set[int] = set()
        self._writing = threading.Lock()

    def __len__(self) -> int:
        return self._used - len(self._free)

    def add(self, embedding: Vectors) -> int:
        """Hold one; returns its row."""
        with self._writing:
            row = self._free.pop() if self._free else self._next(len(embedding))
            self._own(row // SLOTS)[row % SLOTS] = embedding
            return row

    def remove(self, row: int) -> None:
        """Overwrite a row."""
        with self._writing:
            self._own(row // SLOTS)[row % SLOTS] = 0
            self._free.append(row)

    def at(self, rows: Rows) -> Vectors:
        """A copy of those rows, float32 (len(rows), d)."""
        return np.stack([self._blocks[row // SLOTS][row % SLOTS] for row in rows.tolist()])

    def between(self, row: int, other: int, share: float) -> Vectors:
        """The direction between two rows, float32 (d,), unit length."""
        first, second = self.at(np.array([row, other]))
        vector = share * first + (1 - share) * second
        return np.asarray(vector / np.linalg.norm(vector), np.float32)

    def products(self, embedding: Vectors, rows: Rows) -> Vectors:
        """Inner products with the given rows, float32 (len(rows),), without the interpreter lock.

        A row's is the same to the last bit whichever others are asked for.
        """
        blocks, found = self._blocks, np.empty(len(rows), np.float32)
        for block, here in by_block(rows, SLOTS):
            _multiply(blocks[block], rows, here, embedding, found)
        return found

    def save(self, sink: ArraySink) -> None:
        """Put the rows that were ever used, block by block, and which of them are free."""
        sink.put("free", np.array(self._free, np.int64))
        sink.put("used", np.array([self._used], np.int64))
        for number, block in enumerate(self._blocks):
            sink.put(f"rows {number}", block[: self._used - SLOTS * number])
        self._lent = set(range(len(self._blocks)))

    def restore(self, source: ArraySource) -> None:
        """Hold what was saved instead; see ``Storable``."""
        self._used, self._free = int(source.take("used")[0]), source.take("free").tolist()
        blocks = [source.take(f"rows {number}") for number in range(-(-self._used // SLOTS))]
        if any(block.dtype != np.float32 for block in blocks) or sum(map(len, blocks)) != self._used:
            raise ValueError
        self._blocks = tuple(_whole(block) for block in blocks)

    def _own(self, number: int) -> Vectors:
        """A block that may be written to."""
        if number in self._lent:
            self._blocks = (*self._blocks[:number], self._blocks[number].copy(), *self._blocks[number + 1 :])
            self._lent.discard(number)
        return self._blocks[number]

    def _next(self, dimension: int) -> int:
        if self._used == SLOTS * len(self._blocks):
            self._blocks = (*self._blocks, np.zeros((SLOTS, dimension), np.float32))
        self._used += 1
        return self._used - 1


def _whole(block: Vectors) -> Vectors:
    """The block with room for all its rows: the last one is laid down as far as it is used."""
    if len(block) == SLOTS:
        return block
    whole = np.zeros((SLOTS, block.shape[1]), np.float32)
    whole[: len(block)] = block
    return whole


@njit(cache=True, nogil=True, fastmath=True)  # type: ignore[untyped-decorator]
def _multiply(block: Vectors, rows: Rows, here: Rows, embedding: Vectors, found: Vectors) -> None:
    for at in here:
        row = block[rows[at] % SLOTS]
        total = np.float32(0)
        for value in range(len(embedding)):
            total += row[value] * embedding[value]
        found[at] = total
