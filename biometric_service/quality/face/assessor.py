"""Says how good a located face is and what to do about it."""

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from biometric_service.quality.face.image_measures import image_measures
from biometric_service.quality.face.pose import head_pose
from biometric_service.quality.face.rules import RULES
from biometric_service.quality.face.view import face_view
from biometric_service.vocabulary.quality import Defect, QualityAssessment
from biometric_service.vocabulary.samples import FaceArea, LocatedSample

WORTH_SAYING = 0.5


class FaceQualityAssessor:
    """Assesses a face by pose, size, margin, light and focus (see ``QualityAssessor``)."""

    def assess(self, located: LocatedSample) -> QualityAssessment:
        """Assess one located face; its measures are those of ``face_measures``."""
        measures = face_measures(located)
        score = 100 * float(np.prod([rule.grade(measures) for rule in RULES]) ** (1 / 3))
        acceptable = not any(rule.rules_out(measures) for rule in RULES)
        return QualityAssessment(score, measures, _defects(measures), acceptable)


def face_measures(located: LocatedSample) -> Mapping[str, float]:
    """Every measure of a located face: those of ``HeadPose`` and ``image_measures``, and two more.

    ``margin``: distance of the face's box from the edge of the image as a share of the box's width, negative where it
    reaches over the edge. ``confidence``: of the detector, 0 to 1.
    """
    area, pixels = located.area, located.sample.pixels
    assert isinstance(area, FaceArea)
    pose = head_pose(area.landmarks)
    view = face_view(pixels, area.landmarks, pose.eye_distance)
    return {
        **asdict(pose),
        "margin": _margin(area, pixels.shape[:2]),
        "confidence": area.confidence,
        **image_measures(view),
    }


def _margin(area: FaceArea, size: tuple[int, int]) -> float:
    x, y, width, height = area.box
    return min(x, y, size[1] - x - width, size[0] - y - height) / max(width, 1.0)


def _defects(measures: Mapping[str, float]) -> tuple[Defect, ...]:
    """Each defect once, worst first."""
    graded = sorted((rule.grade(measures), rule.defect) for rule in RULES)
    return tuple(dict.fromkeys(defect for grade, defect in graded if grade < WORTH_SAYING))
