"""Operating points, and the scores that a search of a given size needs to keep to them."""

import math
from dataclasses import dataclass

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.decisions import OperatingPoint


@dataclass(frozen=True, slots=True)
class DecisionPolicy:
    """The error rates to keep to: FPIR for searches, FMR for a verification (ISO/IEC 19795-1).

    ``duplicates``: of the search for the same person under another id at an enrolment, where whoever is found has to be
    looked at by an officer. Raises SETTINGS_INVALID unless 0 < match <= review < 1 in each.
    """

    identification: OperatingPoint
    verification: OperatingPoint
    duplicates: OperatingPoint

    def __post_init__(self) -> None:
        for point in (self.identification, self.verification, self.duplicates):
            if not 0 < point.match <= point.review < 1:
                raise BiometricServiceError(
                    ErrorCode.SETTINGS_INVALID,
                    f"Error rates {point.match:g} (match) and {point.review:g} (review) are not an operating point.",
                    "Set the rate of a match above 0 and no larger than that of a review, and both below 1.",
                )


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
    """
    count = max(comparisons, 1)
    return Thresholds(math.log10(count / point.match), math.log10(count / point.review))
