"""Joins all comparisons of a probe with one subject into one score on the scale of a single comparison.

A calibrated score s says that a comparison with somebody else scores as high with probability 10**-s: it is a p-value,
and p-values can be joined without training data.

- *Within a characteristic* (several samples or several references of one finger, or of the face) the comparisons hang
  together, so the best of k counts, at k times its p-value: best - log10(k), by Bonferroni.
- *Between characteristics* (other fingers, the face) non-mated scores are nearly independent, and Fisher's method adds
  the evidence up. It dilutes one excellent finger among several spoilt ones, where the best alone, at G times its
  p-value, says more; so the better of the two is taken, at twice its p-value for the choice. Hence fusion can lose at
  most log10(2 G) against the best characteristic, whatever the others are like.
- *Missing* parts simply are not there.

The p-value p of the whole holds for the subject. Thresholds (``policy.thresholds``) count every comparison made, k of
them with this subject, so its due share is k times that of one comparison (weighted Bonferroni), and the score is
-log10(p / k). Of a single characteristic that is the best score itself.

Fisher, Statistical Methods for Research Workers (1932), 21.1; Kittler et al., On Combining Classifiers, PAMI 1998.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence

from biometric_service.vocabulary.candidates import PartScore
from biometric_service.vocabulary.samples import FingerPosition, Modality

Characteristic = tuple[Modality, FingerPosition]


def join(parts: Sequence[PartScore]) -> float:
    """One score of all comparisons with a subject, 0 upwards, higher is more alike; 0 without any."""
    if not parts:
        return 0.0
    groups = [[part.score.value for part in group] for group in by_characteristic(parts)]
    if len(groups) == 1:
        return max(groups[0])
    evidence = [max(max(scores) - math.log10(len(scores)), 0.0) for scores in groups]
    joined = max(fisher(evidence), max(evidence) - math.log10(len(evidence))) - math.log10(2)
    return max(joined + math.log10(len(parts)), 0.0)


def fisher(scores: Sequence[float]) -> float:
    """Fisher's method for independent p-values 10**-s: -log10 of the chance that their product is as small.

    Twice the negative natural logarithm of the product of n p-values follows a chi-square distribution with 2 n
    degrees of freedom, whose tail is Erlang's: exp(-x) * sum(x**i / i! for i < n) with x = ln(10) * sum(scores).
    exp(-x) never is computed, so that scores in the hundreds stay exact.
    """
    total = math.fsum(scores)
    x, term, tail = math.log(10) * total, 1.0, 0.0
    for count in range(1, len(scores) + 1):
        tail += term
        term *= x / count
    return max(total - math.log10(tail), 0.0)


def best_parts(parts: Iterable[PartScore]) -> tuple[PartScore, ...]:
    """The best comparison of each characteristic, best first."""
    best = [max(group, key=_value) for group in by_characteristic(parts)]
    return tuple(sorted(best, key=_value, reverse=True))


def by_characteristic(parts: Iterable[PartScore]) -> list[list[PartScore]]:
    """Comparisons grouped by what they are of, in the order in which each first appears.

    Samples of an unknown finger stay in one group: they might be of the same finger.
    """
    groups: defaultdict[Characteristic, list[PartScore]] = defaultdict(list)
    for part in parts:
        groups[part.modality, part.position].append(part)
    return list(groups.values())


def _value(part: PartScore) -> float:
    return part.score.value
