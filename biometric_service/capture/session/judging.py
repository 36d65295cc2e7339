"""Who says how good a picture is: handed in, because capture knows no models."""

from dataclasses import dataclass
from typing import Protocol

from biometric_service.vocabulary.quality import Defect
from biometric_service.vocabulary.samples import BiometricSample

NOTHING_THERE = frozenset({Defect.NO_FINGER, Defect.NO_FACE})


@dataclass(frozen=True, slots=True)
class Judgement:
    """``score``: 0 to 100. ``acceptable``: whether the walk would use it. ``defects``: worst first."""

    score: float
    acceptable: bool
    defects: tuple[Defect, ...] = ()

    @property
    def there(self) -> bool:
        """Whether a finger or a face is to be seen at all."""
        return not NOTHING_THERE & set(self.defects)


class Judge(Protocol):
    """Looks at one picture, and at two."""

    def judge(self, sample: BiometricSample) -> Judgement:
        """How good it is, by the same rules as the walk that it is captured for."""

    def same_finger(self, one: BiometricSample, other: BiometricSample) -> bool:
        """Whether two samples that are said to be of different fingers look like one."""
