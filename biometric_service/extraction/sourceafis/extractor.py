"""SourceAFIS as the extractor of a deployment."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biometric_service.extraction.fingerprint.area import locate_ridges
from biometric_service.templates.sourceafis import minutiae_of
from biometric_service.vocabulary.quality import Defect, ExtractionFailure
from biometric_service.vocabulary.samples import BiometricSample, LocatedSample
from biometric_service.vocabulary.templates import SourceAfisTemplate, TemplateFormat
from biometric_service.vocabulary.trace import SILENT, Trace

LEAST_MINUTIAE = 6


@dataclass(frozen=True, slots=True)
class SourceAfisExtractor:
    """Locates the finger as this service does, and has SourceAFIS make the template (see ``Extractor``).

    ``make``: image, uint8 (h, w), and dpi to a native template: SourceAFIS scales, segments and enhances by itself.
    Traces what ``locate_ridges`` traces, and ``minutiae`` (a ``MinutiaeTemplate``).
    """

    make: Callable[[NDArray[np.uint8], float], bytes]
    format: TemplateFormat

    def locate(self, sample: BiometricSample, trace: Trace = SILENT) -> LocatedSample | ExtractionFailure:
        """Crop to the ridge area, for quality assessment; NO_FINGER where there is none."""
        return locate_ridges(sample, trace)

    def extract(self, located: LocatedSample, trace: Trace = SILENT) -> SourceAfisTemplate | ExtractionFailure:
        """Make the template; TOO_FEW_MINUTIAE under 6."""
        sample = located.sample
        assert sample.dpi is not None
        template = SourceAfisTemplate(self.format, sample.position, self.make(sample.pixels, sample.dpi))
        minutiae = minutiae_of(template)
        if len(minutiae.kinds) < LEAST_MINUTIAE:
            return ExtractionFailure(Defect.TOO_FEW_MINUTIAE)
        trace("minutiae", minutiae)
        return template
