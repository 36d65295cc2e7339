"""Whether samples said to be of different fingers are: nobody is kept with a finger twice, or with hands swapped."""

from collections.abc import Sequence
from itertools import combinations

from biometric_service.decision.policy import Question, thresholds
from biometric_service.recognition.requests import LikeFingers
from biometric_service.recognition.walk import Observation, Walk, operating_point, serving
from biometric_service.vocabulary.candidates import Conditions
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import Template, position_of

Numbered = tuple[int, Template]


def like_fingers(walk: Walk, observed: Sequence[Observation], caller: Caller) -> tuple[LikeFingers, ...]:
    """Every pair of samples of different named fingers that look like one finger, the likest first.

    All pairs together are taken for alike by mistake no more often than a claim of the caller's purpose is sent to an
    officer for review. Positions that nobody named say nothing, and are passed over.
    """
    pairs = [(one, two) for one, two in combinations(_fingers(observed), 2) if _apart(one[1], two[1])]
    if not pairs:
        return ()
    least = thresholds(operating_point(walk, caller, Question.VERIFICATION), len(pairs)).review
    comparator = serving(walk.comparators, observed[pairs[0][0][0]])
    alike = (_compared(comparator, *pair) for pair in pairs)
    return tuple(sorted((each for each in alike if each.score >= least), key=lambda each: -each.score))


def _fingers(observed: Sequence[Observation]) -> list[Numbered]:
    return [
        (number, each.template)
        for number, each in enumerate(observed)
        if each.template and each.image.modality is Modality.FINGERPRINT
    ]


def _apart(one: Template, two: Template) -> bool:
    positions = {position_of(one), position_of(two)}
    return len(positions) > 1 and FingerPosition.UNKNOWN not in positions


def _compared(comparator: Comparator, one: Numbered, two: Numbered) -> LikeFingers:
    (first, probe), (second, reference) = one, two
    raw = max(comparator.compare(probe, reference), comparator.compare(reference, probe))
    score = comparator.calibrate(raw, Conditions(position=position_of(probe))).value
    return LikeFingers((first, second), (position_of(probe), position_of(reference)), score)
