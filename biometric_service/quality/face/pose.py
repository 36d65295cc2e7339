"""Head pose and size from the five landmarks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# An average head in units of the distance between the eyes, as seen by a camera in front of it: x right, y down, z away
# from the camera, from the middle between the eyes. Right eye, left eye, nose tip, right and left mouth corner.
HEAD = np.array([[-0.5, 0, 0], [0.5, 0, 0], [0, 0.6, -0.5], [-0.41, 1.1, -0.08], [0.41, 1.1, -0.08]], np.float64)
HEAD_INVERSE = np.linalg.pinv(HEAD - HEAD.mean(axis=0))


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Angles in degrees, all 0 for a face that looks straight into the camera.

    ``yaw``: positive when turned to the subject's left. ``pitch``: positive when looking up. ``roll``: positive when
    leaning towards the subject's left shoulder, which is clockwise in the image. ``eye_distance``: between the eyes of
    the head were it turned to the front, in pixels.
    """

    yaw: float
    pitch: float
    roll: float
    eye_distance: float


def head_pose(landmarks: NDArray[np.float32]) -> HeadPose:
    """The pose at which an average head, seen from afar, best explains the landmarks, float32 (5, 2).

    Scaled orthographic projection, solved by least squares (DeMenthon and Davis 1995, without their iteration).
    """
    points = landmarks.astype(np.float64)
    right, down = (HEAD_INVERSE @ (points - points.mean(axis=0))).T
    roll = np.arctan2(-right[1], down[1])
    right, down = np.cos(roll) * right + np.sin(roll) * down, np.cos(roll) * down - np.sin(roll) * right
    yaw = np.arctan2(-right[2], right[0])
    pitch = np.arctan2(down[0] * np.sin(yaw) + down[2] * np.cos(yaw), down[1])
    scale = np.sqrt(np.linalg.norm(right) * np.linalg.norm(down))
    return HeadPose(_degrees(yaw), _degrees(pitch), _degrees(roll), float(scale))


def _degrees(angle: float) -> float:
    return float(np.degrees(angle))
