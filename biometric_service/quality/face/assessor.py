"""Says how good a located face is and what to do about it."""

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from biometric_service.quality.face.image_measures import image_measures
from biometric_service.quality.face.part_measures import part_measures
from biometric_service.quality.face.pose import head_pose
from biometric_service.quality.face.recognisability import TABLE, Recognisability
from biometric_service.quality.face.rules import RULES, Rule
from biometric_service.quality.face.view import face_view
from biometric_service.vocabulary.quality import Defect, QualityAssessment
from biometric_service.vocabulary.samples import FaceArea, LocatedSample

WORTH_SAYING = 0.5
PARTS = 1 / 3
"""How much the image itself weighs beside how recognisable the face is; the exponent of the product of the grades."""


class FaceQualityAssessor:
    """Assesses a face by pose, size, margin, light and focus, and by how recognisable it is (see ``QualityAssessor``).

    Without ``recognisability`` the score says how well the picture was taken. With it, it says how likely the face is
    to be recognised: refusing the lowest scores refuses the most false non-matches.
    """

    def __init__(self, recognisability: Recognisability | None = None) -> None:
        self._recognisability = recognisability

    def assess(self, located: LocatedSample) -> QualityAssessment:
        """Assess one located face; its measures are those of ``face_measures`` and of ``Recognisability``."""
        measures = {**face_measures(located), **self._recognised(located)}
        grades = {rule: rule.grade(measures) for rule in RULES if rule.measure in measures}
        weighed = [grade for rule, grade in grades.items() if rule.weighs]
        score = measures.get(TABLE, 100.0) * float(np.prod(weighed)) ** PARTS
        acceptable = not any(rule.rules_out(measures) for rule in grades)
        return QualityAssessment(score, measures, _defects(grades), acceptable, components=_components(grades))

    def _recognised(self, located: LocatedSample) -> Mapping[str, float]:
        return self._recognisability.measures(located) if self._recognisability else {}


def face_measures(located: LocatedSample) -> Mapping[str, float]:
    """Every measure of a located face: those of ``HeadPose``, ``image_measures`` and ``part_measures``, and two more.

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
        **part_measures(pixels, area.landmarks),
    }


def _margin(area: FaceArea, size: tuple[int, int]) -> float:
    x, y, width, height = area.box
    return min(x, y, size[1] - x - width, size[0] - y - height) / max(width, 1.0)


def _components(grades: Mapping[Rule, float]) -> Mapping[str, float]:
    """Of each measure that is graded, its worst grade, 0 to 100, higher is better."""
    worst: dict[str, float] = {}
    for rule, grade in grades.items():
        worst[rule.measure] = min(worst.get(rule.measure, 100.0), 100 * grade)
    return worst


def _defects(grades: Mapping[Rule, float]) -> tuple[Defect, ...]:
    """Each defect once, worst first."""
    graded = sorted((grade, rule.defect) for rule, grade in grades.items())
    return tuple(dict.fromkeys(defect for grade, defect in graded if grade < WORTH_SAYING))
