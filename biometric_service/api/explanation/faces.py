"""Two faces side by side, each turned and scaled so that eyes, nose and mouth lie in the same places."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from biometric_service.extraction.face.alignment import align, similarity
from biometric_service.recognition.explanation import ExplainedComparison, Specimen
from biometric_service.texts.sentences import Sentence

SIDE = 320
GAP = 32
LANDMARKS: NDArray[np.float32] = SIDE * np.array(
    [[0.36, 0.42], [0.64, 0.42], [0.50, 0.58], [0.385, 0.72], [0.615, 0.72]], np.float32
)


def draw(compared: ExplainedComparison) -> Image.Image:
    """The two aligned faces."""
    canvas = Image.new("RGBA", (2 * SIDE + GAP, SIDE), (0, 0, 0, 0))
    canvas.paste(_aligned(compared.probe), (0, 0))
    canvas.paste(_aligned(compared.reference), (SIDE + GAP, 0))
    return canvas


def words(compared: ExplainedComparison) -> Sentence:
    """What is to be seen."""
    return Sentence("picture.faces", {"subject": compared.subject})


def _aligned(specimen: Specimen) -> Image.Image:
    pixels = specimen.sample.pixels
    turn = similarity(specimen.face.landmarks, LANDMARKS) if specimen.face else None
    face = pixels if turn is None else align(pixels, turn, (SIDE, SIDE))
    return Image.fromarray(np.ascontiguousarray(face[:, :, ::-1])).resize((SIDE, SIDE))
