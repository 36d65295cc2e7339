"""The decision policy as it goes with a slice, so that a device keeps to the error rates that are in force."""

from collections.abc import Mapping
from dataclasses import asdict

from pydantic import TypeAdapter, ValidationError

from biometric_service.decision.policy import DecisionPolicy, Question
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.decisions import OperatingPoint, PolicyStamp
from biometric_service.vocabulary.references import Json

_POINT = TypeAdapter(OperatingPoint)
_STAMP = TypeAdapter(PolicyStamp)


def policy_table(policy: DecisionPolicy) -> Mapping[str, Json]:
    """Everything that decides, as JSON can say it."""
    points = {f"{purpose} {question.value}": asdict(point) for (purpose, question), point in policy.points.items()}
    return {"points": points, "sensors": dict(policy.sensors), "stamp": asdict(policy.stamp)}


def policy_of(table: Mapping[str, Json]) -> DecisionPolicy:
    """The policy that a table was made of; SLICE_INVALID."""
    try:
        points = {_asked(name): _POINT.validate_python(point) for name, point in _mapping(table["points"]).items()}
        sensors = {name: str(sensor) for name, sensor in _mapping(table["sensors"]).items()}
        return DecisionPolicy(points, sensors, {}, _STAMP.validate_python(table["stamp"]))
    except (KeyError, ValueError, TypeError, ValidationError, BiometricServiceError):
        raise invalid("its policy cannot be read") from None


def invalid(why: str) -> BiometricServiceError:
    """SLICE_INVALID."""
    return BiometricServiceError(
        ErrorCode.SLICE_INVALID,
        f"The slice is of no use: {why}.",
        "Ask the service for a whole one; where that is no better, install the service's own version here.",
    )


def _asked(name: str) -> tuple[str, Question]:
    purpose, _, question = name.rpartition(" ")
    return purpose, Question(question)


def _mapping(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise TypeError("not an object")
    return value
