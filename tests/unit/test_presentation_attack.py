"""Without a detector that works, the answer is that nothing was assessed."""

from datetime import UTC, datetime

import numpy as np

from biometric_service.presentation_attack.not_assessed import NotAssessed
from biometric_service.vocabulary.samples import (
    BiometricSample,
    CaptureSource,
    FaceArea,
    FingerPosition,
    LocatedSample,
    Modality,
)


def test_no_score_is_made_up_and_nobody_suspected() -> None:
    source = CaptureSource("test", datetime(2026, 1, 1, tzinfo=UTC))
    pixels = np.zeros((20, 20, 3), np.uint8)
    sample = BiometricSample(Modality.FACE, pixels, None, FingerPosition.UNKNOWN, source, "0" * 64)
    detector = NotAssessed()
    assessment = detector.assess(LocatedSample(sample, FaceArea((0, 0, 20, 20), np.zeros((5, 2), np.float32), 1.0, 1)))
    assert (assessment.score, assessment.suspected, assessment.method) == (None, False, "none")
