"""One search, or one large change, on several cores: in parts, in threads that mostly hold no interpreter lock."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from biometric_service.gallery.rows import Rows

Number = TypeVar("Number", bound=np.generic)
Item = TypeVar("Item")
Made = TypeVar("Made")

WORTH_IT = 1000
"""Rows that a thread should at least have."""
FEW = 16
"""Items of a change that a thread should at least have."""


class SideBySide:
    """Threads of one index, as many as the process has cores; started by the first work that is worth it."""

    def __init__(self, threads: int = 0) -> None:
        self._threads = threads or len(os.sched_getaffinity(0))
        self._pool = ThreadPoolExecutor(self._threads, "gallery")

    def over(self, rows: Rows, work: Callable[[Rows], NDArray[Number]]) -> NDArray[Number]:
        """What ``work`` makes of the rows, one value a row, in their order."""
        parts = min(self._threads, len(rows) // WORTH_IT)
        if parts < 2:  # noqa: PLR2004
            return work(rows)
        made: list[NDArray[Any]] = list(self._pool.map(work, np.array_split(rows, parts)))
        return np.concatenate(made)

    def each(self, items: Sequence[Item], work: Callable[[Item], Made]) -> list[Made]:
        """What ``work`` makes of each item, in their order; where it raises, once nothing is worked on any more."""
        parts = min(self._threads, len(items) // FEW)
        if parts < 2:  # noqa: PLR2004
            return [work(item) for item in items]
        ends = np.linspace(0, len(items), parts + 1).astype(int).tolist()
        stretches = [items[start:end] for start, end in pairwise(ends)]
        running = [self._pool.submit(lambda part: [work(item) for item in part], part) for part in stretches]
        wait(running)
        return [made for part in running for made in part.result()]
