"""Bootstrap intervals that draw whole subjects anew (ISO/IEC 19795-1)."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

REPLICATES = 400
SEED = 19795
BOUNDS = (0.025, 0.975)


def drawn_groups(count: int) -> Iterator[NDArray[np.float64]]:
    """How often each of so many groups was drawn, float64 (count,), in each replicate."""
    chance = np.random.default_rng(SEED)
    for _ in range(REPLICATES):
        yield np.bincount(chance.integers(count, size=count), minlength=count).astype(np.float64)


def spread(rates: Iterable[float]) -> list[float]:
    """The 95 % interval that the replicates make; those without a rate (NaN) are passed over."""
    return [float(bound) for bound in np.nanquantile(np.fromiter(rates, np.float64), BOUNDS)]


def share_interval(hits: NDArray[np.bool_], groups: NDArray[Any]) -> list[float]:
    """95 % interval of the share of hits, by the group of each."""
    _, numbers = np.unique(groups, return_inverse=True)
    of_each, wrong = np.bincount(numbers), np.bincount(numbers, hits)
    return spread(float(drawn @ wrong) / max(float(drawn @ of_each), 1.0) for drawn in drawn_groups(len(of_each)))
