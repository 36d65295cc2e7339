"""Joins all comparisons of a probe with one subject into one score on the scale of a single comparison.

A calibrated score s says that a comparison with somebody else scores as high with probability 10**-s: it is a p-value.

- *Likelihood ratios.* Where mated p-values follow a Lehmann alternative, p ~ Beta(t, 1) with t < 1, the likelihood
  ratio of a score is t * 10**((1 - t) s): its logarithm is the score times a weight, 1 - t, plus a constant. The weight
  of each comparator is fitted to mated comparisons and stands in its model's manifest; good and poor modalities count
  as they deserve. The sum over characteristics is the joint likelihood ratio.
- *Dependence.* What a sum of weighted scores means to somebody else is told by a gamma distribution of the same mean
  and variance (Brown 1975; Satterthwaite 1946), whose variance holds the covariances: comparisons of one finger or of
  the face hang together strongly, fingers of one person mildly, finger and face not at all.
- *Never worse than the best part.* A sum dilutes one excellent finger among spoilt ones, where the best alone, at as
  many times its p-value as there are characteristics, says more. The better of the two is taken, at twice its p-value
  for the choice: hence fusion loses at most log10(2 G) against the best of G characteristics.
- *Unknown fingers.* A sample of an unknown finger is compared with all of a subject's fingers, of which one can be its
  mate: the best counts, at as many times its p-value as there were (Bonferroni). Such samples stay in one group, for
  they may be of one finger.
- *Missing* parts simply are not there.

The p-value p of the whole holds for the subject. Thresholds (``policy.thresholds``) count every comparison made, k of
them with this subject, so its due share is k times that of one comparison (weighted Bonferroni), and the score is
-log10(p / k). Of a single comparison that is its own score.

Brown, A method for combining non-independent, one-sided tests of significance, Biometrics 1975; Nandakumar et al.,
Likelihood ratio-based biometric score fusion, PAMI 2008.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scipy.special import gammaincc

from biometric_service.vocabulary.candidates import PartScore
from biometric_service.vocabulary.samples import FingerPosition, Modality

Characteristic = tuple[Modality, FingerPosition]

FAR = 500.0
SAME_CHARACTERISTIC: Mapping[Modality, float] = {Modality.FINGERPRINT: 0.4, Modality.FACE: 0.75}
"""Correlation of non-mated evidence between two samples compared with one reference: 0.33 for fingers (FVC B) and 0.70
for faces (half of LFW), rounded up so that too little is made of several samples rather than too much."""
FINGERS_OF_A_PERSON: Mapping[Modality, float] = {Modality.FINGERPRINT: 0.1, Modality.FACE: 1.0}
"""The same between characteristics of one modality; an assumption, for no set at hand has two fingers of a person."""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """-log10 of a p-value, its weight in the likelihood ratio, and what it is of."""

    value: float
    weight: float
    modality: Modality


def join(parts: Sequence[PartScore]) -> float:
    """One score of all comparisons with a subject, 0 upwards, higher is more alike; 0 without any."""
    if not parts:
        return 0.0
    if len(parts) == 1:
        return parts[0].score.value
    evidence = [_characteristic(group) for group in by_characteristic(parts)]
    joined = _better_of_sum_and_best(evidence, FINGERS_OF_A_PERSON)
    return max(joined + math.log10(len(parts)), 0.0)


def combined(scores: Sequence[float], weights: Sequence[float], correlations: Sequence[Sequence[float]]) -> float:
    """-log10 of the chance that somebody else's weighted sum of scores is as high.

    ``correlations``: of the scores' evidence, one row a score. Of independent scores of one weight this is Fisher's
    method. Exact in the far tail: no probability is computed, only its logarithm.
    """
    total = math.log(10) * math.fsum(weight * score for weight, score in zip(weights, scores, strict=True))
    mean = math.fsum(weights)
    variance = math.fsum(
        one * other * correlations[i][j] for i, one in enumerate(weights) for j, other in enumerate(weights)
    )
    return max(_gamma_tail(mean * mean / variance, total * mean / variance), 0.0)


def best_parts(parts: Iterable[PartScore]) -> tuple[PartScore, ...]:
    """The best comparison of each sample of each characteristic, best first."""
    best: dict[tuple[Characteristic, int], PartScore] = {}
    for part in parts:
        key = ((part.modality, part.position), part.sample)
        best[key] = max(best.get(key, part), part, key=_value)
    return tuple(sorted(best.values(), key=_value, reverse=True))


def by_characteristic(parts: Iterable[PartScore]) -> list[list[PartScore]]:
    """Comparisons grouped by what they are of, in the order in which each first appears."""
    groups: defaultdict[Characteristic, list[PartScore]] = defaultdict(list)
    for part in parts:
        groups[part.modality, part.position].append(part)
    return list(groups.values())


def _characteristic(group: Sequence[PartScore]) -> _Evidence:
    """All comparisons of one finger, or of the face."""
    modality, position = group[0].modality, group[0].position
    if modality is Modality.FINGERPRINT and position is FingerPosition.UNKNOWN:
        each = [_best(sample) for sample in _by_sample(group)]
    else:
        each = [_Evidence(part.score.value, part.score.weight, modality) for part in group]
    value = _better_of_sum_and_best(each, SAME_CHARACTERISTIC)
    return _Evidence(value, max(one.weight for one in each), modality)


def _best(sample: Sequence[PartScore]) -> _Evidence:
    """The best of a sample's comparisons, for as many as there were."""
    best = max(sample, key=_value)
    return _Evidence(_diminished(best.score.value, len(sample)), best.score.weight, best.modality)


def _better_of_sum_and_best(evidence: Sequence[_Evidence], correlation: Mapping[Modality, float]) -> float:
    """What several pieces of evidence say together; those of one modality are correlated."""
    if len(evidence) == 1:
        return evidence[0].value
    correlations = [
        [1.0 if one is other else correlation[one.modality] * (one.modality is other.modality) for other in evidence]
        for one in evidence
    ]
    joint = combined([each.value for each in evidence], [each.weight for each in evidence], correlations)
    alone = _diminished(max(each.value for each in evidence), len(evidence))
    return _diminished(max(joint, alone), 2)


def _gamma_tail(shape: float, x: float) -> float:
    """-log10 of the upper tail of the gamma distribution at x, by its asymptotic series where the tail underflows."""
    if x < FAR:
        return -math.log10(float(gammaincc(shape, x)))
    series = 1 + (shape - 1) / x * (1 + (shape - 2) / x * (1 + (shape - 3) / x))
    return (x - (shape - 1) * math.log(x) + math.lgamma(shape) - math.log(series)) / math.log(10)


def _diminished(value: float, choices: int) -> float:
    """A score that is the best of so many, by Bonferroni's inequality."""
    return max(value - math.log10(choices), 0.0)


def _by_sample(group: Iterable[PartScore]) -> Iterable[Sequence[PartScore]]:
    samples: Mapping[int, list[PartScore]] = defaultdict(list)
    for part in group:
        samples[part.sample].append(part)
    return samples.values()


def _value(part: PartScore) -> float:
    return part.score.value
