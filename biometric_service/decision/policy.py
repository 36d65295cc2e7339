"""Operating points by purpose, and the scores that a search of a given size needs to keep to them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol, Self

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.decisions import NO_POLICY, OperatingPoint, PolicyStamp

DEFAULT = "default"
_RAREST = 1e-300
"""A rate that no comparison comes to, and that is still above 0."""


class Question(StrEnum):
    """What is decided: who somebody is, whether it is who is claimed, or whether a newcomer is enrolled already."""

    IDENTIFICATION = "identification"
    VERIFICATION = "verification"
    DUPLICATES = "duplicates"


@dataclass(frozen=True, slots=True)
class DecisionPolicy:
    """The error rates to keep to: FPIR for searches, FMR for a verification (ISO/IEC 19795-1).

    ``points``: by purpose and question; ``default`` answers every question, and stands in for purposes that are not
    named. ``sensors``: the sensor class of a device, by the name it gives itself. ``a_day``: how often a question is
    asked for a purpose in a day at this site, for the outlook of ``policy explain``.
    Raises SETTINGS_INVALID unless 0 < match <= review < 1 in each, and ``default`` answers everything.
    """

    points: Mapping[tuple[str, Question], OperatingPoint]
    sensors: Mapping[str, str] = field(default_factory=dict)
    a_day: Mapping[tuple[str, Question], float] = field(default_factory=dict)
    stamp: PolicyStamp = NO_POLICY

    def __post_init__(self) -> None:
        for (purpose, question), point in self.points.items():
            require_point(point, f"{purpose}.{question}")
        missing = [question for question in Question if (DEFAULT, question) not in self.points]
        if missing:
            raise _invalid(f"There is no operating point {DEFAULT}.{missing[0]}.", "Add it.")

    def point(self, purpose: str, question: Question) -> OperatingPoint:
        """The operating point of a purpose, else the default one."""
        return self.points.get((purpose, question)) or self.points[DEFAULT, question]

    def at_rates(self, match: float, review: float) -> Self:
        """With these error rates for every identification and verification; all else as it is."""
        changed = {
            (purpose, question): point
            if question is Question.DUPLICATES
            else replace(point, match=match, review=review)
            for (purpose, question), point in self.points.items()
        }
        return replace(self, points=changed)

    def at_score(self, score: float) -> Self:
        """With this score (-log10 FMR) for every verification, and no review below it; all else as it is."""
        rate = max(10.0**-score, _RAREST)
        changed = {
            (purpose, question): replace(point, match=rate, review=rate, score=score)
            if question is Question.VERIFICATION
            else point
            for (purpose, question), point in self.points.items()
        }
        return replace(self, points=changed)

    def sensor(self, device: str) -> str:
        """The sensor class of a device, empty where the policy does not know it."""
        return self.sensors.get(device, "")


class PolicySource(Protocol):
    """Gives the policy that is in force now."""

    def current(self) -> DecisionPolicy:
        """The policy in force."""


@dataclass(frozen=True, slots=True)
class FixedPolicy:
    """A policy that does not change."""

    policy: DecisionPolicy

    def current(self) -> DecisionPolicy:
        """The policy."""
        return self.policy


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Scores (-log10 FMR) from which on the answer is MATCH, and REVIEW."""

    match: float
    review: float


def thresholds(point: OperatingPoint, comparisons: int) -> Thresholds:
    """What a score must reach so that all comparisons together go wrong no more often than the operating point says.

    By Bonferroni's inequality: each comparison may err at the rate over their number. A larger gallery, a longer
    history of a subject and more samples in the probe each raise the threshold. ``searched`` and a subject's parts
    count the same comparisons, which is what ``fusion.join`` relies on.
    A point that names a score itself is kept to as it is.
    """
    if point.score is not None:
        return Thresholds(point.score, point.score)
    count = max(comparisons, 1)
    return Thresholds(math.log10(count / point.match), math.log10(count / point.review))


def require_point(point: OperatingPoint, name: str) -> None:
    """SETTINGS_INVALID unless the point can be kept to."""
    if not 0 < point.match <= point.review < 1:
        raise _invalid(
            f"Error rates {point.match:g} (match) and {point.review:g} (review) of {name} are not an operating point.",
            "Set the rate of a match above 0 and no larger than that of a review, and both below 1.",
        )
    if not point.margin >= 0:
        raise _invalid(f"The margin {point.margin:g} of {name} is below 0.", "Set it to 0 or more.")
    if not 0 <= point.quality <= 100:  # noqa: PLR2004 - the scale of ISO/IEC 29794-1
        raise _invalid(f"The quality {point.quality:g} of {name} is not on its scale.", "Set it from 0 to 100.")


def _invalid(message: str, action: str) -> BiometricServiceError:
    return BiometricServiceError(ErrorCode.SETTINGS_INVALID, message, action)
