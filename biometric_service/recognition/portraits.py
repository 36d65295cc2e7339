"""The face of an enrolled person, cut out of a picture that is kept, for somebody to look at."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from biometric_service.recognition.requests import GivenImage
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.quality import ExtractionFailure
from biometric_service.vocabulary.references import KeptEncounter
from biometric_service.vocabulary.samples import BiometricSample, FaceArea, Modality

WIDE, HIGH = 1.7, 2.2
"""Size of the cut in widths of the face, and its height above the middle of it."""
ABOVE = 0.52


def portrait(walk: Walk, encounters: Sequence[KeptEncounter]) -> NDArray[np.uint8] | None:
    """Pixels, uint8 (h, w, 3) BGR, of the first face of the newest encounter that has one; None where none has.

    ``encounters``: those of one person that the looker reaches, oldest first. A picture in which no face is found is
    given whole.
    """
    for kept in reversed(encounters):
        for each in kept.encounter.samples:
            if each.sample.modality is Modality.FACE and each.image:
                return cut(walk, walk.decode(GivenImage(each.image, Modality.FACE)))
    return None


def cut(walk: Walk, sample: BiometricSample) -> NDArray[np.uint8]:
    """The face with hair and chin, as on a passport."""
    extractor = walk.extractors.get(Modality.FACE)
    located = extractor.locate(sample) if extractor else None
    if located is None or isinstance(located, ExtractionFailure) or not isinstance(located.area, FaceArea):
        return sample.pixels
    x, y, width, height = located.area.box
    across, down = x + width / 2, y + height / 2
    left, top = across - WIDE * width / 2, down - ABOVE * HIGH * width
    return _within(sample.pixels, left, top, WIDE * width, HIGH * width)


def _within(pixels: NDArray[np.uint8], left: float, top: float, width: float, height: float) -> NDArray[np.uint8]:
    rows, columns = pixels.shape[:2]
    x, y = (max(0, round(side)) for side in (left, top))
    return pixels[y : min(rows, round(top + height)), x : min(columns, round(left + width))]
