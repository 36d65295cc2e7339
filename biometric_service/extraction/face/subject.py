"""Whose face it is about, where there are several in the image."""

from collections.abc import Sequence

import numpy as np

from biometric_service.extraction.face.detection import DetectedFace
from biometric_service.vocabulary.quality import Defect, ExtractionFailure

EQUALLY_PROMINENT = 0.8


def choose_subject(faces: Sequence[DetectedFace], size: tuple[int, int]) -> DetectedFace | ExtractionFailure:
    """The largest and most central face of an image of ``size`` (height, width).

    NO_FACE where there is none, SEVERAL_FACES where a second one is at least 80 % as prominent.
    """
    if not faces:
        return ExtractionFailure(Defect.NO_FACE)
    ranked = sorted(faces, key=lambda face: prominence(face, size), reverse=True)
    if len(ranked) > 1 and prominence(ranked[1], size) >= EQUALLY_PROMINENT * prominence(ranked[0], size):
        return ExtractionFailure(Defect.SEVERAL_FACES)
    return ranked[0]


def prominence(face: DetectedFace, size: tuple[int, int]) -> float:
    """How much a face stands out: its side in pixels at the centre of the image, falling to 0 towards the corners."""
    height, width = size
    x, y, box_width, box_height = face.box
    off_centre = np.hypot(x + box_width / 2 - width / 2, y + box_height / 2 - height / 2) / np.hypot(width, height)
    return float(np.sqrt(box_width * box_height) * max(1 - 2 * off_centre, 0.0))
