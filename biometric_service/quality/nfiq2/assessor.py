"""The native assessment with the NFIQ 2 score beside it."""

from dataclasses import replace

import cv2
import numpy as np

from biometric_service.quality.nfiq2.process import Nfiq2Process
from biometric_service.vocabulary.protocols import QualityAssessor
from biometric_service.vocabulary.quality import QualityAssessment
from biometric_service.vocabulary.samples import BiometricSample, LocatedSample

DPI = 500.0


class Nfiq2QualityAssessor:
    """Adds the measure ``nfiq2``, 0 to 100, higher is better, to what the native assessor says (see its protocol).

    Score, defects and acceptance stay the native ones, so that every sample is judged on one scale, whether or not
    NFIQ 2 answered. Where it did not, the measure is missing and a note says why.
    """

    def __init__(self, native: QualityAssessor, nfiq2: Nfiq2Process) -> None:
        self._native = native
        self._nfiq2 = nfiq2

    def assess(self, located: LocatedSample) -> QualityAssessment:
        """Assess a located fingerprint; NFIQ 2 is shown the whole image."""
        native = self._native.assess(located)
        answer = self._nfiq2.ask(_png(located.sample))
        if answer.score is None:
            return replace(native, notes=(*native.notes, answer.reason))
        return replace(native, measures={**native.measures, "nfiq2": answer.score})


def _png(sample: BiometricSample) -> bytes:
    """The image at 500 dpi, the one resolution that NFIQ 2 is defined for."""
    assert sample.dpi is not None
    pixels, scale = sample.pixels, DPI / sample.dpi
    if scale != 1:
        rule = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        pixels = np.asarray(cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=rule), np.uint8)
    written, png = cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    assert written
    return png.tobytes()
