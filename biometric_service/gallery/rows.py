"""A growing set of row numbers, handed out as one array without copying."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
Bits = NDArray[np.uint8]

SMALLEST = 16
BYTE = 8


class RowSet:
    """Row numbers in the order they came; appending costs the same however many there are."""

    def __init__(self) -> None:
        self._held: Rows = np.empty(SMALLEST, np.int64)
        self._count = 0
        self._bits: Bits | None = None

    @classmethod
    def of(cls, rows: Rows) -> Self:
        """A set of the given row numbers, which it may write to."""
        made = cls()
        made._held, made._count = rows, len(rows)
        return made

    def __len__(self) -> int:
        """How many there are."""
        return self._count

    def append(self, row: int) -> None:
        """Take one row number that is not yet in the set."""
        if self._count == len(self._held):
            self._held = np.concatenate([self._held, np.empty(max(len(self._held), SMALLEST), np.int64)])
        self._held[self._count] = row
        self._count += 1
        self._mark(row)

    def discard(self, rows: Rows) -> None:
        """Forget the given row numbers, those that are in the set."""
        kept = self.view()[~np.isin(self.view(), rows)]
        self._held[: len(kept)] = kept
        self._count = len(kept)
        self._bits = None

    def view(self) -> Rows:
        """All of them, int64 (n,): a view that holds until the set is next changed."""
        return self._held[: self._count]

    def common(self, rows: Rows) -> Rows:
        """Those of the given row numbers that are in the set."""
        bits = self.bits()
        within = rows[rows < BYTE * len(bits)]
        marked = bits[within // BYTE] >> (within % BYTE).astype(np.uint8) & 1
        return np.asarray(within[marked == 1], np.int64)

    def bits(self) -> Bits:
        """A bit for each row number, the lowest first, uint8 (n,): kept from the first time it is asked for."""
        bits = self._bits
        if bits is None:
            rows = self.view()
            marks = np.zeros(BYTE * (1 + int(rows.max(initial=0)) // BYTE), np.bool_)
            marks[rows] = True
            self._bits = bits = np.packbits(marks, bitorder="little")
        return bits

    def _mark(self, row: int) -> None:
        if self._bits is None:
            return
        if row >= BYTE * len(self._bits):
            more = max(len(self._bits), 1 + row // BYTE - len(self._bits))
            self._bits = np.concatenate([self._bits, np.zeros(more, np.uint8)])
        self._bits[row // BYTE] |= np.uint8(1 << row % BYTE)
