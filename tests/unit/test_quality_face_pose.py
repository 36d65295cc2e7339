import numpy as np
import pytest

from biometric_service.quality.face.pose import HEAD, head_pose


def project(yaw: float, pitch: float, roll: float, eye_distance: float) -> np.ndarray:
    y, p, r = np.radians([yaw, pitch, roll])
    turn = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    nod = np.array([[1, 0, 0], [0, np.cos(p), np.sin(p)], [0, -np.sin(p), np.cos(p)]])
    lean = np.array([[np.cos(r), -np.sin(r), 0], [np.sin(r), np.cos(r), 0], [0, 0, 1]])
    return (eye_distance * (HEAD @ (lean @ nod @ turn).T)[:, :2] + 100).astype(np.float32)


@pytest.mark.parametrize(
    ("yaw", "pitch", "roll"),
    [(0, 0, 0), (30, 0, 0), (-30, 0, 0), (0, 20, 0), (0, -20, 0), (0, 0, 40), (0, 0, -40), (25, -15, 10), (-60, 10, 5)],
)
def test_the_pose_of_a_projected_head_is_found_again(yaw: float, pitch: float, roll: float) -> None:
    pose = head_pose(project(yaw, pitch, roll, 80))
    assert (pose.yaw, pose.pitch, pose.roll) == pytest.approx((yaw, pitch, roll), abs=0.01)
    assert pose.eye_distance == pytest.approx(80, rel=1e-3)


def test_a_nose_moved_to_the_right_of_the_image_is_a_turn_to_the_subjects_left() -> None:
    landmarks = project(0, 0, 0, 80)
    landmarks[2, 0] += 15
    assert head_pose(landmarks).yaw > 10


def test_a_nose_moved_up_is_looking_up() -> None:
    landmarks = project(0, 0, 0, 80)
    landmarks[2, 1] -= 15
    assert head_pose(landmarks).pitch > 10


def test_landmarks_in_one_point_have_a_finite_pose() -> None:
    pose = head_pose(np.full((5, 2), 50, np.float32))
    assert np.isfinite([pose.yaw, pose.pitch, pose.roll, pose.eye_distance]).all()
