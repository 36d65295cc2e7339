"""A growing set of row numbers, handed out as one array without copying."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]

SMALLEST = 16


class RowSet:
    """Row numbers in the order they came; appending costs the same however many there are."""

    def __init__(self) -> None:
        self._held: Rows = np.empty(SMALLEST, np.int64)
        self._count = 0

    @classmethod
    def of(cls, rows: Rows) -> Self:
        """A set of the given row numbers, which it may write to."""
        made = cls()
        made._held, made._count = rows, len(rows)
        return made

    def append(self, row: int) -> None:
        """Take one row number that is not yet in the set."""
        if self._count == len(self._held):
            self._held = np.concatenate([self._held, np.empty(max(len(self._held), SMALLEST), np.int64)])
        self._held[self._count] = row
        self._count += 1

    def discard(self, rows: Rows) -> None:
        """Forget the given row numbers, those that are in the set."""
        kept = self.view()[~np.isin(self.view(), rows)]
        self._held[: len(kept)] = kept
        self._count = len(kept)

    def view(self) -> Rows:
        """All of them, int64 (n,): a view that holds until the set is next changed."""
        return self._held[: self._count]
