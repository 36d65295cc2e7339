"""Images that lie on their side or stand on their head."""

import numpy as np

from biometric_service.extraction.face.detection import DetectedFace, FaceDetector
from biometric_service.extraction.face.input_tensor import Pixels

TURNS = (0, 3, 1, 2)


def find_upright(detector: FaceDetector, pixels: Pixels) -> tuple[Pixels, list[DetectedFace]]:
    """The image turned by a multiple of 90° so that upright faces are found in it, and these faces.

    Turned only where none is upright as it is; then clockwise is tried before counter-clockwise before upside down.
    Without any upright face: the image as it was, and no faces.
    """
    for turns in TURNS:
        turned = np.ascontiguousarray(np.rot90(pixels, turns))
        faces = [face for face in detector.detect(turned) if is_upright(face)]
        if faces:
            return turned, faces
    return pixels, []


def is_upright(face: DetectedFace) -> bool:
    """Whether the line from the eyes to the mouth points down, to within 45°."""
    across, down = face.landmarks[3:].mean(axis=0) - face.landmarks[:2].mean(axis=0)
    return bool(down > abs(across))
