import numpy as np
import pytest

from biometric_service.extraction.face.detection import DetectedFace
from biometric_service.extraction.face.orientation import find_upright

FACE = np.array([[10, 10], [20, 10], [15, 15], [11, 20], [19, 20]], np.float32)
TURNED_OFF = FACE[:, ::-1]


class Corner:
    """Finds a face of the given landmarks: certain where the image's top left pixel is white, doubtful where grey."""

    certain = 0.9

    def __init__(self, landmarks: np.ndarray, least_side: int = 0) -> None:
        self.landmarks = landmarks
        self.least_side = least_side
        self.calls = 0

    def detect(self, pixels: np.ndarray, longest_side: int) -> list[DetectedFace]:
        self.calls += 1
        seen = pixels[0, 0, 0] and longest_side >= self.least_side
        return [DetectedFace((10, 10, 10, 10), self.landmarks, 0.95 * int(pixels[0, 0, 0]) / 255)] if seen else []


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_the_image_is_turned_until_its_face_is_upright(turns: int) -> None:
    upright = np.zeros((30, 40, 3), np.uint8)
    upright[0, 0] = 255
    detector = Corner(FACE)
    pixels, faces = find_upright(detector, np.rot90(upright, turns))
    np.testing.assert_array_equal(pixels, upright)
    assert len(faces) == 1
    assert (detector.calls == 1) == (turns == 0)


def test_of_two_doubtful_ways_the_surer_one_is_up() -> None:
    upright = np.zeros((30, 40, 3), np.uint8)
    upright[0, 0] = 220
    lying = upright.copy()
    lying[-1, -1] = 200
    pixels, _ = find_upright(Corner(FACE), np.rot90(lying, 2))
    np.testing.assert_array_equal(pixels, lying)


def test_a_face_that_is_not_seen_at_first_is_looked_for_more_closely() -> None:
    white = np.full((30, 40, 3), 255, np.uint8)
    assert len(find_upright(Corner(FACE, least_side=700), white)[1]) == 1


def test_without_a_face_the_image_stays_as_it_is() -> None:
    blank = np.zeros((30, 40, 3), np.uint8)
    pixels, faces = find_upright(Corner(FACE), blank)
    assert pixels is blank
    assert faces == []


def test_a_face_that_lies_on_its_side_is_not_taken_for_upright() -> None:
    white = np.full((30, 40, 3), 255, np.uint8)
    assert find_upright(Corner(TURNED_OFF), white)[1] == []
