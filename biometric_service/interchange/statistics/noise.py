"""Noise that protects a month's figures (differential privacy): two-sided geometric, fixed once for each figure.

A person changes the counts of a measure in a month by as many as ``MOST_A_PERSON`` says, and by no more: further
events of the person are not counted. Each measure has an equal part of the month's epsilon, so that all of a month's
figures together tell of any one person at most as much as epsilon says, whatever else is known (Dwork et al., 2006;
Ghosh, Roughgarden and Sundararajan, 2009). The noise of a figure follows from a key of the store and the figure's name
alone: whoever asks again is told the same.
"""

import hashlib
import hmac
import math
from collections.abc import Mapping

from biometric_service.interchange.statistics.blocks import INNER
from biometric_service.interchange.statistics.tallying import Tally
from biometric_service.vocabulary.statistics import MOST_A_PERSON, AgeBand, Measure, Sex

_BITS = 53


def noised(tally: Tally, month: str, epsilon: float, key: bytes) -> Tally:
    """The counts with noise, none below zero; totals are to be made of these."""
    return {measure: _noised(measure, tally, month, epsilon, key) for measure in Measure}


def alpha_of(measure: Measure, epsilon: float) -> float:
    """The ratio of the probabilities of noise that is one further from zero."""
    return math.exp(-epsilon / len(Measure) / MOST_A_PERSON[measure])


def noise(name: str, alpha: float, key: bytes) -> int:
    """Two-sided geometric: the difference of two geometric numbers."""
    return _geometric(f"{name} up", alpha, key) - _geometric(f"{name} down", alpha, key)


def _noised(
    measure: Measure, tally: Tally, month: str, epsilon: float, key: bytes
) -> Mapping[tuple[Sex, AgeBand], int]:
    alpha = alpha_of(measure, epsilon)
    names = {(sex, age): f"{month} {measure} {sex} {age}" for sex, age in INNER}
    counts = tally[measure]
    return {cell: max(0, counts.get(cell, 0) + noise(name, alpha, key)) for cell, name in names.items()}


def _geometric(name: str, alpha: float, key: bytes) -> int:
    """How many failures come before a success of probability 1 - alpha."""
    drawn = int.from_bytes(hmac.digest(key, name.encode(), hashlib.sha256)[:8]) >> (64 - _BITS)
    uniform = (drawn + 1) / (1 << _BITS)
    return math.floor(math.log(uniform) / math.log(alpha))
