"""Measures become a score and reasons."""

from dataclasses import asdict

import numpy as np

from biometric_service.quality.fingerprint.measures import FingerprintMeasures, measure
from biometric_service.vocabulary.quality import Defect, QualityAssessment
from biometric_service.vocabulary.samples import FingerArea, LocatedSample

WHOLE_PRINT = 100.0
"""mm2 of clear ridges that a flat fingertip leaves on a sensor large enough."""
LEAST_CLEAR_AREA = 3.0
"""mm2; a minutia comes with about every 4 mm2, so that hardly one is to be seen."""
SMALL_AREA = 100.0
FAINT = 25.0
DRY, WET = 0.18, 0.62
UNCLEAR = 0.15
FAR_OFF = 0.35


class FingerprintQualityAssessor:
    """A fast native estimate (see ``QualityAssessor``), no substitute for NFIQ 2 where that is demanded.

    The score is 100 times the clear ridge area over that of a whole print, to the power of one half, 100 at the most;
    ``measures`` are those of ``FingerprintMeasures``. Only a print with next to no clear ridges is unacceptable.
    """

    def assess(self, located: LocatedSample) -> QualityAssessment:
        """Assess a located fingerprint."""
        area = located.area
        assert isinstance(area, FingerArea)
        height, width = (round(side * area.scale) for side in located.sample.pixels.shape)
        measures = measure(area, (width, height))
        return QualityAssessment(
            score=100 * min(float(np.sqrt(measures.clear_area / WHOLE_PRINT)), 1.0),
            measures=asdict(measures),
            defects=_defects(measures),
            acceptable=measures.clear_area >= LEAST_CLEAR_AREA,
        )


def _defects(measures: FingerprintMeasures) -> tuple[Defect, ...]:
    """What is wrong, worst first: each defect by how far its measure is beyond its limit."""
    excess = {
        Defect.LOW_CONTRAST: 1 - measures.contrast / FAINT,
        Defect.TOO_DRY: 1 - measures.dark_share / DRY,
        Defect.TOO_WET: 1 - (1 - measures.dark_share) / (1 - WET),
        Defect.SMUDGED: 1 - measures.clarity / UNCLEAR,
        Defect.PARTIAL: 1 - measures.ridge_area / SMALL_AREA,
        Defect.OFF_CENTRE: measures.eccentricity / FAR_OFF - 1,
    }
    return tuple(defect for defect in sorted(excess, key=lambda each: -excess[each]) if excess[defect] > 0)
