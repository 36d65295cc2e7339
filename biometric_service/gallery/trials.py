"""Whether looking into some of the lists finds whom looking at everybody finds, tried on the gallery itself."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from biometric_service.vocabulary.templates import Template

LEAST_RECALL = 0.99
MOST_WORTH_IT = 0.25
"""Share of the lists beyond which they gain too little."""

Best = Callable[[Template], Sequence[int]]


@dataclass(frozen=True, slots=True)
class Tried:
    """``looked_into``: lists to look into, 0 where that is not worth it. ``recall``: by probes of its own."""

    looked_into: int
    recall: float


def tried(probes: Sequence[Template], count: int, best: Best, best_in: Callable[[int], Best]) -> Tried:
    """The fewest of ``count`` lists, by doubling, that keep the recall; chosen on half the probes, tried on the others.

    ``best``: the rows of the best for a probe, all looked at; ``best_in``: the same through so many lists.
    """
    wanted = [frozenset(best(probe)) for probe in probes]
    looked_into, found = max(1, count // 64), 0.0
    while looked_into <= MOST_WORTH_IT * count:
        through = best_in(looked_into)
        shares = [recall(wanted[at], through(probe)) for at, probe in enumerate(probes)]
        found = float(np.mean(shares[1::2]))
        if min(float(np.mean(shares[::2])), found) >= LEAST_RECALL:
            return Tried(looked_into, found)
        looked_into *= 2
    return Tried(0, found)


def recall(wanted: frozenset[int], found: Sequence[int]) -> float:
    """Share of those wanted that were found."""
    return len(wanted.intersection(found)) / len(wanted) if wanted else 1.0
