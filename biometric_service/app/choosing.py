"""What the settings choose from the shelf, and what its manifests say of it."""

from collections.abc import Mapping
from typing import Any

from biometric_service.comparison.calibration import Calibration, identity
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.templates import TemplateFormat
from biometric_service.weights.manifest import Task
from biometric_service.weights.resolution import ModelShelf, ResolvedModel

AUTO = "auto"


def chosen(shelf: ModelShelf, name: str, task: Task) -> ResolvedModel | None:
    """The model of that name, the best one for AUTO where there is any, none for no name."""
    if not name:
        return None
    return shelf.best(task) if name == AUTO else shelf.resolve(name, task)


def calibration_of(
    tables: Mapping[str, Mapping[str, Any]], template_format: TemplateFormat, comparator: str, version: str
) -> Calibration:
    """The comparator's calibration among a manifest's tables.

    MODEL_INVALID where it is missing, broken, or made for other templates or another version of the comparator.
    """
    if comparator not in tables:
        raise BiometricServiceError(
            ErrorCode.MODEL_INVALID,
            f"The model {template_format.name} has no calibration for the comparator {comparator}.",
            f"Add [calibration.{comparator}] to its manifest.",
        )
    table = Calibration.from_table(comparator, tables[comparator])
    return table.require(identity(template_format, comparator, version))
