"""What every face detector takes and gives."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from biometric_service.extraction.face.input_tensor import Pixels, input_tensor
from biometric_service.weights.manifest import ModelInput

SAME_FACE = 0.3


@dataclass(frozen=True, slots=True)
class DetectedFace:
    """One face in an image.

    ``box``: (x, y, width, height), in pixels, may reach over the edge of the image. ``landmarks``: float32 (5, 2), in
    pixels, in the order of ``FaceArea``. ``confidence``: 0 to 1.
    """

    box: tuple[float, float, float, float]
    landmarks: NDArray[np.float32]
    confidence: float


class FaceDetector(Protocol):
    """Finds faces; deterministic and thread-safe. ``certain``: the confidence that only upright faces get."""

    certain: float

    def detect(self, pixels: Pixels, longest_side: int) -> list[DetectedFace]:
        """Every face in a uint8 BGR image (h, w, 3), most confident first.

        An image of any size; it is looked at with at most ``longest_side`` pixels either way.
        """


@dataclass(frozen=True, slots=True)
class DetectionFrame:
    """An image as a detector sees it: shrunk by ``scale`` (at most 1), then padded on the right and below.

    ``tensor``: the model's input, a batch of one. ``width``: in pixels.
    """

    tensor: NDArray[np.float32]
    width: int
    scale: float

    def faces(
        self, boxes: NDArray[np.float32], landmarks: NDArray[np.float32], confidences: NDArray[np.float32]
    ) -> list[DetectedFace]:
        """What was found in this frame, as faces in the image: each face once, most confident first.

        ``boxes``: float32 (n, 4), x, y, width, height. ``landmarks``: float32 (n, 5, 2). ``confidences``: float32 (n,).
        """
        kept = cv2.dnn.NMSBoxes(boxes.tolist(), confidences.tolist(), 0.0, SAME_FACE)
        return [self._face(boxes[i], landmarks[i], confidences[i]) for i in kept]

    def _face(self, box: NDArray[np.float32], landmarks: NDArray[np.float32], confidence: np.float32) -> DetectedFace:
        x, y, width, height = (float(side) / self.scale for side in box)
        return DetectedFace((x, y, width, height), landmarks / np.float32(self.scale), float(confidence))


def detection_frame(pixels: Pixels, wanted: ModelInput, longest_side: int) -> DetectionFrame:
    """Fit an image into the detector's fixed size, or where it takes any, into ``longest_side`` pixels either way."""
    room = wanted.size or (longest_side, longest_side)
    height, width = pixels.shape[:2]
    scale = min(1.0, room[0] / width, room[1] / height)
    smaller = (_shrunk(width, scale), _shrunk(height, scale))
    small = np.asarray(cv2.resize(pixels, smaller, interpolation=cv2.INTER_AREA), np.uint8)
    below, right = _padding(small, wanted)
    padded = np.asarray(cv2.copyMakeBorder(small, 0, below, 0, right, cv2.BORDER_CONSTANT), np.uint8)
    return DetectionFrame(input_tensor([padded], wanted), padded.shape[1], scale)


def _shrunk(side: int, scale: float) -> int:
    return max(1, round(side * scale))


def _padding(image: Pixels, wanted: ModelInput) -> tuple[int, int]:
    """Rows to add below and columns to add on the right."""
    height, width = image.shape[:2]
    if wanted.size:
        return wanted.size[1] - height, wanted.size[0] - width
    return -height % wanted.multiple_of, -width % wanted.multiple_of
