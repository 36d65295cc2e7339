"""What the settings choose from the shelf, and what its manifests say of it."""

from collections.abc import Mapping
from typing import Any

from biometric_service.comparison.calibration import Calibration
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights.manifest import Task
from biometric_service.weights.resolution import ModelShelf, ResolvedModel

AUTO = "auto"


def chosen(shelf: ModelShelf, name: str, task: Task) -> ResolvedModel | None:
    """The model of that name, the best one for AUTO where there is any, none for no name."""
    if not name:
        return None
    return shelf.best(task) if name == AUTO else shelf.resolve(name, task)


def calibration_of(model: str, tables: Mapping[str, Mapping[str, Any]], comparator: str) -> Calibration:
    """The comparator's calibration among a manifest's tables; MODEL_INVALID where there is none."""
    if comparator not in tables:
        raise BiometricServiceError(
            ErrorCode.MODEL_INVALID,
            f"The model {model} has no calibration for the comparator {comparator}.",
            f"Add [calibration.{comparator}] to its manifest.",
        )
    return Calibration.from_table(comparator, tables[comparator])
