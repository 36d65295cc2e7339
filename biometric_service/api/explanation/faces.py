"""Two faces side by side, each turned and scaled so that eyes and mouth lie in the same places."""

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from biometric_service.recognition.explanation import ExplainedComparison, Specimen

SIDE = 320
GAP = 32
LANDMARKS: NDArray[np.float32] = np.array(
    [[0.36, 0.42], [0.64, 0.42], [0.50, 0.57], [0.38, 0.71], [0.62, 0.71]], np.float32
)


def draw(compared: ExplainedComparison) -> Image.Image:
    """The two aligned faces."""
    canvas = Image.new("RGBA", (2 * SIDE + GAP, SIDE), (0, 0, 0, 0))
    canvas.paste(_aligned(compared.probe), (0, 0))
    canvas.paste(_aligned(compared.reference), (SIDE + GAP, 0))
    return canvas


def words(compared: ExplainedComparison) -> str:
    """What is to be seen."""
    return f"The face that was given, and the one enrolled for {compared.subject}, aligned by eyes, nose and mouth."


def _aligned(specimen: Specimen) -> Image.Image:
    pixels = np.ascontiguousarray(specimen.sample.pixels[:, :, ::-1])
    if specimen.face is None:
        return Image.fromarray(pixels).resize((SIDE, SIDE))
    turn, _ = cv2.estimateAffinePartial2D(specimen.face.landmarks, LANDMARKS * SIDE, method=cv2.LMEDS)
    if turn is None:
        return Image.fromarray(pixels).resize((SIDE, SIDE))
    upright = cv2.warpAffine(pixels, turn, (SIDE, SIDE), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    return Image.fromarray(upright)
