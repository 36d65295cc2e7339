"""One search on several cores: rows in parts, each worked on by a thread that holds no interpreter lock."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from biometric_service.gallery.rows import Rows

Number = TypeVar("Number", bound=np.generic)

WORTH_IT = 1000
"""Rows that a thread should at least have."""


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
