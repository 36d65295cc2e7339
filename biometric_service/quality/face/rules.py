"""Which values of a measure are good, poor or of no use, and what to do about them."""

from collections.abc import Mapping
from dataclasses import dataclass

from biometric_service.vocabulary.quality import Defect


@dataclass(frozen=True, slots=True)
class Rule:
    """Grades one measure: 0 at ``poor`` and beyond, 1 at ``good`` and beyond, in a straight line between.

    ``defect`` is reported where the grade is under a half. A sample is of no use beyond ``useless``, further out than
    ``poor``; None where this measure alone never rules a sample out. A rule that does not
    weigh advises only: the unified score is without it.
    """

    measure: str
    defect: Defect
    poor: float
    good: float
    useless: float | None = None
    weighs: bool = True

    def grade(self, measures: Mapping[str, float]) -> float:
        """How good the measure is, 0 to 1."""
        return min(max((measures[self.measure] - self.poor) / (self.good - self.poor), 0.0), 1.0)

    def rules_out(self, measures: Mapping[str, float]) -> bool:
        """Whether nothing can be made of the sample."""
        if self.useless is None:
            return False
        return (measures[self.measure] - self.useless) * (self.good - self.poor) < 0


RULES = (
    Rule("eye_distance", Defect.FACE_TOO_SMALL, poor=16, good=48, useless=8),
    Rule("yaw", Defect.TURNED_LEFT, poor=60, good=20),
    Rule("yaw", Defect.TURNED_RIGHT, poor=-60, good=-20),
    Rule("pitch", Defect.LOOKING_UP, poor=45, good=20),
    Rule("pitch", Defect.LOOKING_DOWN, poor=-45, good=-20),
    Rule("roll", Defect.TILTED, poor=50, good=20),
    Rule("roll", Defect.TILTED, poor=-50, good=-20),
    Rule("margin", Defect.FACE_CUT_OFF, poor=-0.2, good=0.0),
    Rule("brightness", Defect.TOO_DARK, poor=20, good=70, useless=4),
    Rule("brightness", Defect.TOO_BRIGHT, poor=250, good=200, useless=253),
    Rule("under_exposed", Defect.TOO_DARK, poor=0.8, good=0.3),
    Rule("over_exposed", Defect.TOO_BRIGHT, poor=0.5, good=0.1),
    Rule("contrast", Defect.WASHED_OUT, poor=8, good=24, useless=2),
    Rule("evenness", Defect.UNEVEN_LIGHT, poor=0.4, good=0.8),
    Rule("sharpness", Defect.BLURRED, poor=0.1, good=0.22),
    Rule("confidence", Defect.FACE_UNCLEAR, poor=0.5, good=0.8),
    Rule("recognisability", Defect.FACE_UNCLEAR, poor=0, good=4),
    Rule("eye_opening", Defect.EYES_CLOSED, poor=0.02, good=0.1, weighs=False),
    Rule("mouth_opening", Defect.MOUTH_OPEN, poor=0.5, good=0.1, weighs=False),
    Rule("forehead_cover", Defect.HEAD_COVERED, poor=30, good=10, weighs=False),
    Rule("mouth_cover", Defect.MOUTH_COVERED, poor=30, good=10, weighs=False),
    Rule("eye_cover", Defect.EYES_COVERED, poor=0.9, good=0.3, weighs=False),
    Rule("background", Defect.BUSY_BACKGROUND, poor=0.5, good=0.1, weighs=False),
    Rule("compression", Defect.COMPRESSED, poor=2.6, good=1.4, weighs=False),
)
