"""Why it was decided so: plain sentences with the figures, for the officer and for the audit log."""

from typing import Final

from biometric_service.decision.policy import Thresholds
from biometric_service.texts.speaking import ENGLISH, POINTS, count, decimal, say
from biometric_service.vocabulary.decisions import OperatingPoint, Reason, ReasonCode

_COUNTED: Final = frozenset({"references", "comparisons", "subjects"})
_WHOLE: Final = frozenset({"quality", "least"})
_RATE: Final = "rate"


def told(reason: Reason, language: str = ENGLISH) -> str:
    """The sentence ``reason.<code>`` of a language, with its figures as that language writes them."""
    figures = {name: _figure(language, name, value) for name, value in reason.figures.items()}
    return say(language, f"reason.{reason.code.value}", **figures)


def nobody(searched: int) -> Reason:
    """Nothing was found to compare with."""
    return Reason(ReasonCode.NOBODY_ALIKE if searched else ReasonCode.NO_REFERENCES)


def several(subjects: int) -> Reason:
    """More than one subject is above the threshold."""
    return Reason(ReasonCode.SEVERAL, {"subjects": subjects})


def too_close(lead: float, margin: float) -> Reason:
    """The second candidate is nearly as good as the first."""
    return Reason(ReasonCode.TOO_CLOSE, {"lead": lead, "margin": margin})


def too_poor(quality: float, least: float) -> Reason:
    """The probe is not good enough to say that it is of nobody."""
    return Reason(ReasonCode.TOO_POOR, {"quality": quality, "least": least})


def identification(score: float, needed: Thresholds, point: OperatingPoint, searched: int) -> Reason:
    """How the best candidate's score stands to the thresholds of an identification."""
    codes = (ReasonCode.SEARCH_REACHED, ReasonCode.SEARCH_DOUBTFUL, ReasonCode.SEARCH_BELOW)
    return _standing(score, needed, point, codes, {"references": searched})


def verification(score: float, needed: Thresholds, point: OperatingPoint, comparisons: int) -> Reason:
    """How the score stands to the thresholds of a verification."""
    codes = (ReasonCode.CLAIM_REACHED, ReasonCode.CLAIM_DOUBTFUL, ReasonCode.CLAIM_BELOW)
    return _standing(score, needed, point, codes, {"comparisons": comparisons})


def _standing(
    score: float,
    needed: Thresholds,
    point: OperatingPoint,
    codes: tuple[ReasonCode, ReasonCode, ReasonCode],
    among: dict[str, float],
) -> Reason:
    reached, doubtful, below = codes
    if score >= needed.match:
        return Reason(reached, {"score": score, "needed": needed.match, _RATE: point.match, **among})
    if score >= needed.review:
        figures = {"score": score, "needed": needed.match, _RATE: point.match, "review": needed.review}
        return Reason(doubtful, {**figures, **among})
    return Reason(below, {"score": score, "needed": needed.review, _RATE: point.review, **among})


def _figure(language: str, name: str, value: float) -> str:
    if name in _COUNTED:
        number = "one" if value == 1 else "many"
        return say(language, f"reason.counted.{name}.{number}", n=count(language, int(value)))
    if name == _RATE:
        return f"{value * 100:g} %".replace(".", POINTS[language])
    return decimal(language, value, 0 if name in _WHOLE else 1)
