import numpy as np
import pytest

from biometric_service.extraction.face.detection import detection_frame
from biometric_service.weights.manifest import Colour, Layout, ModelInput

ANY_SIZE = ModelInput(colour=Colour.BGR, multiple_of=32)


@pytest.mark.parametrize(
    ("size", "frame"),
    [
        ((480, 640), (480, 640)),
        ((1, 1), (32, 32)),
        ((3000, 4000), (480, 640)),
        ((7, 6000), (32, 640)),
        ((90, 50), (96, 64)),
    ],
)
def test_any_image_becomes_a_frame_of_bounded_size(size: tuple[int, int], frame: tuple[int, int]) -> None:
    made = detection_frame(np.zeros((*size, 3), np.uint8), ANY_SIZE, 640)
    assert made.tensor.shape == (1, 3, *frame)
    assert made.tensor.dtype == np.float32
    assert made.scale <= 1


def test_a_detector_of_a_fixed_size_gets_just_that() -> None:
    wanted = ModelInput(colour=Colour.RGB, layout=Layout.NHWC, size=(320, 240), mean=127.5, scale=1 / 127.5)
    made = detection_frame(np.full((1000, 500, 3), 255, np.uint8), wanted, 640)
    assert made.tensor.shape == (1, 240, 320, 3)
    assert made.tensor.max() == pytest.approx(1)
    assert made.tensor.min() == pytest.approx(-1)


def test_what_is_found_in_the_frame_is_given_in_pixels_of_the_image() -> None:
    frame = detection_frame(np.zeros((960, 1280, 3), np.uint8), ANY_SIZE, 640)
    landmarks = np.arange(10, dtype=np.float32).reshape(1, 5, 2)
    (face,) = frame.faces(np.array([[10, 20, 30, 40]], np.float32), landmarks, np.array([0.75], np.float32))
    assert face.box == (20, 40, 60, 80)
    np.testing.assert_allclose(face.landmarks, 2 * landmarks[0])
    assert face.confidence == 0.75


def test_a_face_that_was_found_twice_is_given_once_and_the_most_confident_comes_first() -> None:
    frame = detection_frame(np.zeros((480, 640, 3), np.uint8), ANY_SIZE, 640)
    boxes = np.array([[10, 10, 50, 50], [12, 10, 50, 50], [200, 100, 50, 50]], np.float32)
    faces = frame.faces(boxes, np.zeros((3, 5, 2), np.float32), np.array([0.7, 0.8, 0.9], np.float32))
    assert [face.confidence for face in faces] == pytest.approx([0.9, 0.8])


def test_nothing_found_is_no_faces() -> None:
    frame = detection_frame(np.zeros((480, 640, 3), np.uint8), ANY_SIZE, 640)
    assert frame.faces(*(np.zeros((0, *rest), np.float32) for rest in ((4,), (5, 2), ()))) == []
