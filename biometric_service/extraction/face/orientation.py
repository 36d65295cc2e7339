"""Images that lie on their side or stand on their head, and faces that are small in a large image."""

from collections.abc import Sequence

import numpy as np

from biometric_service.extraction.face.detection import DetectedFace, FaceDetector
from biometric_service.extraction.face.input_tensor import Pixels

TURNS = (0, 3, 1, 2)
LONGEST_SIDES = (320, 960)
"""Pixels: landmarks of a face that fills the image are best at the first; the second finds what is small in it."""


def find_upright(detector: FaceDetector, pixels: Pixels) -> tuple[Pixels, list[DetectedFace]]:
    """The image turned by a multiple of 90° so that upright faces are found in it, and these faces.

    Looks closer only where there is none at first sight. Without any: the image as it was, and no faces.
    """
    for longest_side in LONGEST_SIDES:
        turned, faces = _best_turn(detector, pixels, longest_side)
        if faces:
            return turned, faces
    return pixels, []


def is_upright(face: DetectedFace) -> bool:
    """Whether the line from the eyes to the mouth points down, to within 45°."""
    across, down = face.landmarks[3:].mean(axis=0) - face.landmarks[:2].mean(axis=0)
    return bool(down > abs(across))


def _best_turn(detector: FaceDetector, pixels: Pixels, longest_side: int) -> tuple[Pixels, list[DetectedFace]]:
    """The turn with the most confident face; others are tried only until the detector is certain of one.

    Detectors find lying faces too, if less surely, and take them for upright ones.
    """
    best: tuple[Pixels, list[DetectedFace]] = (pixels, [])
    for turns in TURNS:
        turned = np.ascontiguousarray(np.rot90(pixels, turns))
        faces = [face for face in detector.detect(turned, longest_side) if is_upright(face)]
        if _confidence(faces) > _confidence(best[1]):
            best = (turned, faces)
        if _confidence(faces) >= detector.certain:
            break
    return best


def _confidence(faces: Sequence[DetectedFace]) -> float:
    return max((face.confidence for face in faces), default=0.0)
