import numpy as np
import pytest

from biometric_service.extraction.face.detection import DetectedFace
from biometric_service.extraction.face.subject import choose_subject
from biometric_service.vocabulary.quality import Defect, ExtractionFailure

SIZE = (480, 640)


def face(x: float, y: float, side: float) -> DetectedFace:
    return DetectedFace((x - side / 2, y - side / 2, side, side), np.zeros((5, 2), np.float32), 0.9)


def test_no_face() -> None:
    assert choose_subject([], SIZE) == ExtractionFailure(Defect.NO_FACE)


def test_the_larger_of_two_faces_is_the_subject() -> None:
    near, far = face(380, 240, 200), face(200, 240, 100)
    assert choose_subject([far, near], SIZE) is near


def test_of_equal_faces_the_central_one_is_the_subject() -> None:
    central, aside = face(320, 240, 150), face(580, 240, 150)
    assert choose_subject([aside, central], SIZE) is central


@pytest.mark.parametrize("second", [150, 140, 165])
def test_two_people_side_by_side_are_refused(second: float) -> None:
    assert choose_subject([face(200, 240, 150), face(440, 240, second)], SIZE) == ExtractionFailure(
        Defect.SEVERAL_FACES
    )


def test_a_face_mostly_outside_the_image_does_not_stand_out() -> None:
    inside = face(320, 240, 60)
    assert choose_subject([inside, face(-400, -300, 300)], SIZE) is inside
