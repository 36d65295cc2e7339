"""Templates of this service made ready for SourceAFIS."""

from dataclasses import replace

from biometric_service.comparison.sourceafis.engine import Loaded, SourceAfisEngine
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.templates.minutiae_exchange import record_of
from biometric_service.templates.minutiae_record import Edition
from biometric_service.templates.minutiae_records import write_record
from biometric_service.vocabulary.templates import FaceTemplate, MinutiaeTemplate, Template, TemplateFormat

LEAST_QUALITY = 0.4
"""Minutiae that LEADER itself is less sure of than this are left out: SourceAFIS cannot weigh them."""


def load(engine: SourceAfisEngine, template: Template, wanted: TemplateFormat) -> Loaded:
    """A native template as it is, minutiae by way of an ISO/IEC 19794-2:2005 record; TEMPLATE_VERSION_MISMATCH."""
    if isinstance(template, FaceTemplate) or template.format != wanted:
        raise BiometricServiceError(
            ErrorCode.TEMPLATE_VERSION_MISMATCH,
            f"A template of format {template.format} cannot be compared with one of format {wanted}.",
            "Make both templates with the same model, or enrol again with the present one.",
        )
    if isinstance(template, MinutiaeTemplate):
        return engine.load_record(write_record(record_of([certain(template)], Edition.ISO_2005)))
    return engine.load(template.data)


def certain(template: MinutiaeTemplate) -> MinutiaeTemplate:
    """The template with its minutiae of a quality of 0.4 and more."""
    kept = template.qualities >= LEAST_QUALITY
    return replace(
        template,
        positions=template.positions[kept],
        directions=template.directions[kept],
        qualities=template.qualities[kept],
        kinds=template.kinds[kept],
    )
