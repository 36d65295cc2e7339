"""Raw comparison scores to -log10 FMR with its uncertainty, by what was measured on non-mated comparisons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.candidates import ANY_CONDITIONS, ComparisonScore, Conditions

Knots: TypeAlias = tuple[float, ...]
Conditioned: TypeAlias = tuple[tuple[Conditions, "Calibration"], ...]

FEWEST_KNOTS = 2
LOWEST_SCORE = 0.5
CURVES = ("raw", "scores", "low", "high", "fnmr")


@dataclass(frozen=True, slots=True)
class Calibration:
    """A monotone piecewise linear curve from raw scores to -log10 FMR.

    ``raw`` and ``scores``: the knots, both strictly ascending; below the first knot the score is the first one, above
    the last knot it is capped at the last one. ``data_limit``: the score beyond which the curve is extrapolated.
    ``nonmated``: how many non-mated comparisons it rests on; ``data``: which ones. ``low`` and ``high``: 95 % interval
    of the score at each knot, by finger or person; empty where it is not known. ``of``: the templates and the
    comparator that it holds for. ``version``: of the table. ``fnmr``: share of ``mated`` mated comparisons below each
    knot, measured on ``mated_data``. ``weight``: of a score in a fusion, 0 to 1 (see ``decision.fusion``).
    ``conditioned``: curves for a sensor class or a finger, which go before this one.
    Raises MODEL_INVALID where the knots are no such curve.
    """

    comparator: str
    raw: Knots
    scores: Knots
    data_limit: float
    nonmated: int
    data: str
    low: Knots = ()
    high: Knots = ()
    of: str = ""
    version: int = 1
    fnmr: Knots = ()
    mated: int = 0
    mated_data: str = ""
    weight: float = 1.0
    conditioned: Conditioned = ()

    def __post_init__(self) -> None:
        fault = _fault(self)
        if fault:
            raise _invalid(self.comparator, fault)

    @classmethod
    def from_table(cls, comparator: str, table: Mapping[str, Any]) -> Self:
        """Read the manifest table ``[calibration.<comparator>]``; MODEL_INVALID where it is not whole."""
        try:
            curves = {name: tuple(float(knot) for knot in table.get(name, ())) for name in CURVES}
            return cls(
                comparator,
                data_limit=float(table["data_limit"]),
                nonmated=int(table["nonmated"]),
                data=str(table["data"]),
                of=str(table["of"]),
                version=int(table["version"]),
                mated=int(table.get("mated", 0)),
                mated_data=str(table.get("mated_data", "")),
                weight=float(table.get("weight", 1.0)),
                conditioned=_conditioned(comparator, table),
                **curves,
            )
        except (KeyError, TypeError, ValueError, AttributeError) as fault:
            raise _invalid(comparator, f"{fault!r} is missing or of the wrong kind") from None

    def table(self) -> dict[str, Any]:
        """What ``from_table`` reads, without the conditioned curves."""
        plain = ("of", "version", "data_limit", "nonmated", "data", "mated", "mated_data", "weight")
        return {name: list(getattr(self, name)) for name in CURVES} | {name: getattr(self, name) for name in plain}

    def require(self, of: str) -> Self:
        """This calibration, to start on; MODEL_INVALID where it is of other templates or does not cover the range."""
        if self.of != of:
            raise _invalid(self.comparator, f"it was made for {self.of}, and {of} is in use")
        if self.scores[0] > LOWEST_SCORE or self.scores[-1] < self.data_limit:
            raise _invalid(self.comparator, "it does not cover the range from 0 to where its data end")
        return self

    def under(self, conditions: Conditions) -> "Calibration":
        """The curve for the conditions: of the sensor class, else of the finger, else this one."""
        wanted = (Conditions(sensor=conditions.sensor), Conditions(position=conditions.position))
        curves = dict(self.conditioned)
        return next((curves[each] for each in wanted if each != ANY_CONDITIONS and each in curves), self)

    def calibrate(self, raw: float, conditions: Conditions = ANY_CONDITIONS) -> ComparisonScore:
        """The calibrated score of one raw score."""
        curve = self.under(conditions)
        value = float(curve.values(raw))
        return ComparisonScore(
            value,
            raw,
            self.comparator,
            extrapolated=value > curve.data_limit,
            capped=raw > curve.raw[-1],
            interval=curve.interval(raw),
            weight=self.weight,
        )

    @property
    def highest(self) -> float:
        """The score that the curve ends with."""
        return self.scores[-1]

    def values(self, raw: ArrayLike) -> NDArray[np.float64]:
        """The calibrated values of raw scores, of the same shape."""
        return np.asarray(np.interp(np.asarray(raw, np.float64), self.raw, self.scores))

    def interval(self, raw: float) -> tuple[float, float] | None:
        """95 % interval of the calibrated value of a raw score, None where it is not known."""
        if not self.low:
            return None
        return float(np.interp(raw, self.raw, self.low)), float(np.interp(raw, self.raw, self.high))

    def interval_at(self, score: float) -> tuple[float, float] | None:
        """95 % interval of what a calibrated value really is."""
        return self.interval(float(np.interp(score, self.scores, self.raw)))

    def fnmr_at(self, score: float) -> float | None:
        """FNMR at a threshold as it was measured, None where it was not; past the end of the curve all are missed."""
        if not self.fnmr:
            return None
        return float(np.interp(score, self.scores, self.fnmr)) if score <= self.scores[-1] else 1.0


def identity(template_format: object, comparator: str, version: str) -> str:
    """What a calibration says it is ``of``."""
    return f"{template_format} by {comparator}/{version}"


def _conditioned(comparator: str, table: Mapping[str, Any]) -> Conditioned:
    """Tables ``sensor.<class>`` and ``finger.<name>`` below a calibration."""
    shared = {name: table[name] for name in ("of", "version")}
    sensors = [(Conditions(sensor=name), each) for name, each in table.get("sensor", {}).items()]
    fingers = [(Conditions.of_finger(name), each) for name, each in table.get("finger", {}).items()]
    return tuple(
        (conditions, Calibration.from_table(comparator, shared | each)) for conditions, each in [*sensors, *fingers]
    )


def _fault(curve: Calibration) -> str:
    """What is wrong with its numbers, empty where nothing is."""
    size = len(curve.raw)
    if size < FEWEST_KNOTS or any(len(getattr(curve, name)) not in {0, size} for name in CURVES) or not curve.scores:
        return "its lists of knots are not of one length"
    if not all(np.isfinite(getattr(curve, name)).all() for name in CURVES):
        return "its knots are not all numbers"
    if any((np.diff(getattr(curve, name)) <= 0).any() for name in ("raw", "scores")):
        return "its knots do not ascend"
    if any((np.diff(getattr(curve, name)) < 0).any() for name in ("low", "high", "fnmr")):
        return "its intervals or its FNMR fall where they should rise"
    if not 0 < curve.weight <= 1:
        return "its weight is not above 0 and at most 1"
    return ""


def _invalid(comparator: str, fault: str) -> BiometricServiceError:
    message = f"The calibration of the comparator {comparator} is not usable: {fault}."
    action = (
        f"Put the table that benchmarks.accuracy prints under [calibration.{comparator}] of the model's manifest "
        "(docs/how_to/bring_your_own_model.md, step 3)."
    )
    return BiometricServiceError(ErrorCode.MODEL_INVALID, message, action)
