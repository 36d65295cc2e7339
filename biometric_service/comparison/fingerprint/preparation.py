"""Templates checked for their format and made ready for comparison."""

from biometric_service.comparison.fingerprint.cylinders import Cylinders, prepare
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.templates import MinutiaeTemplate, Template, TemplateFormat


def prepared(template: Template, wanted: TemplateFormat) -> Cylinders:
    """Cylinder codes of a template; TEMPLATE_VERSION_MISMATCH where it is of another format."""
    if not isinstance(template, MinutiaeTemplate) or template.format != wanted:
        raise BiometricServiceError(
            ErrorCode.TEMPLATE_VERSION_MISMATCH,
            f"A template of format {template.format} cannot be compared with one of format {wanted}.",
            "Make both templates with the same model, or enrol again with the present one.",
        )
    return prepare(template)
