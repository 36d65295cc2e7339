"""Whether a face turned in depth, or a flat picture of one was moved.

A plane's points move by a homography, whatever is done to the picture: moved, turned, tilted, sheared. A head's do not:
the nose stands half an eye distance before the eyes and moves against them. So the turned face is laid onto the frontal
one by the best homography there is (enhanced correlation coefficient, Evangelidis and Psarakis 2008): what then looks
the same was a picture. Of a head the nose, and the cheek that went out of sight, do not fit.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from biometric_service.presentation_attack.challenge.sequence import turns_taken
from biometric_service.vocabulary.challenges import ChallengeCheck, ChallengeFinding, ChallengeFrame, Turn

FLAT = 0.98
"""Correlation from which a turned face is the frontal one on a plane: see ``benchmarks.accuracy.challenge``."""
SIDE = 96
PLACES = np.array([[0.3, 0.35], [0.7, 0.35], [0.33, 0.75], [0.67, 0.75]], np.float32) * SIDE
PLANE = [0, 1, 3, 4]
"""Eyes and mouth corners, which lie about in a plane."""
STEPS = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 30, 1e-4)
SMOOTHING = 3

View = tuple[NDArray[np.uint8], NDArray[np.float32]]


def turns_in_depth(frames: Sequence[ChallengeFrame]) -> ChallengeFinding:
    """Whether the furthest frame of every turn to a side cannot be the first frame, moved as a picture."""
    turns = [run for turn, run in turns_taken(frames) if turn is not Turn.FRONT]
    furthest = [max(run, key=lambda frame: abs(frame.yaw)) for run in turns]
    likest = max((flat_likeness(frames[0], frame) for frame in furthest), default=1.0)
    if not turns:
        return _finding(deep=False, why="The head was not turned to a side, so nothing shows that it is one.")
    if likest >= FLAT:
        return _finding(deep=False, why=f"A turned face is the frontal one on a plane (correlation {likest:.3f}).")
    return _finding(deep=True, why=f"The face turns in depth (correlation with a plane {likest:.3f}).")


def flat_likeness(front: ChallengeFrame, turned: ChallengeFrame) -> float:
    """Correlation, -1 to 1, of the frontal face with the turned one under the best homography; higher is flatter."""
    seen, other = _view(front), _view(turned)
    by_landmarks = cv2.getPerspectiveTransform(seen[1], other[1]).astype(np.float32)
    return max(_correlation(seen, other, start) for start in (by_landmarks, np.eye(3, dtype=np.float32)))


def _correlation(seen: View, other: View, start: NDArray[np.float32]) -> float:
    """What a search from one start comes to; -1 where it does not converge."""
    try:
        found, _ = cv2.findTransformECC(seen[0], other[0], start, cv2.MOTION_HOMOGRAPHY, STEPS, _face_mask(), SMOOTHING)
    except cv2.error:
        return -1.0
    return float(found)


def _view(frame: ChallengeFrame) -> View:
    """The face in grey, uint8 (96, 96), and where its eyes and mouth corners are in it, float32 (4, 2)."""
    points = frame.landmarks[PLANE].astype(np.float32)
    transform = cv2.estimateAffinePartial2D(points, PLACES)[0]
    if transform is None:
        return np.zeros((SIDE, SIDE), np.uint8), PLACES
    face = cv2.warpAffine(frame.pixels, transform, (SIDE, SIDE), flags=cv2.INTER_AREA)
    placed = cv2.transform(points[None], transform)[0]
    return np.asarray(cv2.cvtColor(face, cv2.COLOR_BGR2GRAY), np.uint8), np.asarray(placed, np.float32)


def _face_mask() -> NDArray[np.uint8]:
    """The face without hair and background, which need not move with it."""
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.ellipse(mask, (SIDE // 2, round(0.53 * SIDE)), (round(0.34 * SIDE), round(0.42 * SIDE)), 0, 0, 360, 255, -1)
    return mask


def _finding(*, deep: bool, why: str) -> ChallengeFinding:
    return ChallengeFinding(ChallengeCheck.DEPTH, deep, why)
