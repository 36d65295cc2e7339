"""Why it was decided so: plain sentences with the figures, for the officer and for the audit log."""

from biometric_service.decision.policy import Thresholds
from biometric_service.vocabulary.decisions import OperatingPoint

NOT_USABLE = "No sample was good enough to search with: capture again as advised."
NOTHING_TO_COMPARE = "The subject has no reference of what was captured: capture a finger or face that is enrolled."
INCOMPLETE = "The search was incomplete: a part of the gallery was missing or out of date."


def nobody(searched: int) -> str:
    """Nothing was found to compare with."""
    return "The gallery holds no reference of this kind." if not searched else "No reference is at all alike."


def several(count: int) -> str:
    """More than one subject is above the threshold."""
    return f"{count} subjects are above the threshold: perhaps one person is enrolled under several ids."


def too_close(lead: float, margin: float) -> str:
    """The second candidate is nearly as good as the first."""
    return f"The second candidate is only {lead:.1f} behind, and a match must lead by {margin:.1f}."


def too_poor(quality: float, needed: float) -> str:
    """The probe is not good enough to say that it is of nobody."""
    return (
        f"The best sample's quality of {quality:.0f} is below the {needed:.0f} that it takes to say so: capture again."
    )


def identification(score: float, needed: Thresholds, point: OperatingPoint, searched: int) -> str:
    """How the best candidate's score stands to the thresholds of an identification."""
    return _standing(score, needed, point, "FPIR", f"among {searched:,} reference{'s' * (searched != 1)}")


def verification(score: float, needed: Thresholds, point: OperatingPoint, comparisons: int) -> str:
    """How the score stands to the thresholds of a verification."""
    return _standing(score, needed, point, "FMR", f"in {comparisons:,} comparison{'s' * (comparisons != 1)}")


def _standing(score: float, needed: Thresholds, point: OperatingPoint, rate: str, where: str) -> str:
    if score >= needed.match:
        return f"Score {score:.1f} reaches the {needed.match:.1f} needed for {_an(rate, point.match)} {where}."
    if score >= needed.review:
        return (
            f"Score {score:.1f} is below the {needed.match:.1f} needed for {_an(rate, point.match)} {where}, "
            f"but above the {needed.review:.1f} from which on an officer should look."
        )
    return f"Score {score:.1f} is below the {needed.review:.1f} needed for {_an(rate, point.review)} {where}."


def _an(rate: str, value: float) -> str:
    return f"an {rate} of {value * 100:g} %"
