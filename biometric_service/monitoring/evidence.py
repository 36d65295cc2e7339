"""Evidence of a change: a conformal p-value of each figure, bets against it, and their Shiryaev-Roberts sums.

While the figures of a stream are exchangeable their ranks among those so far, ties parted at random, are independent
and uniform (Vovk, Gammerman and Shafer 2005, chapter 8). So a bet by a density on [0, 1] is fair, the product of bets
from any start on is a martingale, and the sum of them over all starts less the number of figures is one too (e-SR;
Shin, Ramdas and Rinaldo 2022). By Doob's inequality a stream that does not change reaches ``exp(ALARM)`` within n
figures with a chance of at most n / exp(ALARM), whatever the distribution of its figures.
"""

import math
from collections.abc import Sequence

from biometric_service.vocabulary.drift import Evidence

CHECKS_A_FALSE_ALARM = 1_000_000
"""A device at a post that does not change has a false alarm within n checks with a chance of at most n over this."""
DETECTORS = 10
"""Five measures, two directions each, share that chance."""
ALARM = math.log(CHECKS_A_FALSE_ALARM * DETECTORS)

POWERS = (0.2, 0.4, 0.6, 0.8)
"""Of the bets, densities on [0, 1] that are high near 0: the lower, the bolder."""
NONE: Evidence = (-math.inf,) * len(POWERS)
LEAST = 1e-12


def rank(counts: Sequence[int], place: int, chance: float) -> float:
    """The p-value, 0 to 1, of a figure in a bin among ``counts`` and itself; small where others are higher.

    ``chance``: 0 to 1, parts ties.
    """
    return (sum(counts[:place]) + chance * (counts[place] + 1)) / (sum(counts) + 1)


def grown(evidence: Evidence, p_value: float) -> Evidence:
    """The evidence after a figure with this p-value: of each bet the natural logarithm of its sum over all starts."""
    at = math.log(max(p_value, LEAST))
    return tuple(
        _one_more(sum_of) + math.log(power) + (power - 1) * at for sum_of, power in zip(evidence, POWERS, strict=True)
    )


def together(evidence: Evidence) -> float:
    """The mean of all sums, a natural logarithm: an alarm where it reaches ``ALARM``."""
    most = max(evidence)
    if math.isinf(most):
        return most
    return most + math.log(sum(math.exp(each - most) for each in evidence) / len(evidence))


def _one_more(sum_of: float) -> float:
    """log(exp(x) + 1)."""
    return max(sum_of, 0.0) + math.log1p(math.exp(-abs(sum_of)))
