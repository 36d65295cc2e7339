"""YuNet: a tiny face detector without anchors, at strides 8, 16 and 32 (Wu, Peng and Yu 2023)."""

import numpy as np
from numpy.typing import NDArray

from biometric_service.extraction.face.detection import DetectedFace, detection_frame
from biometric_service.extraction.face.input_tensor import Pixels
from biometric_service.extraction.session import Session
from biometric_service.weights.manifest import ModelInput

STRIDES = (8, 16, 32)
PARTS = ("cls", "obj", "bbox", "kps")
CONFIDENT = 0.6

Found = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


class YuNetDetector:
    """Reads YuNet's outputs ``cls_8`` ... ``kps_32``; faces below a confidence of 0.6 are left out."""

    certain = 0.91

    def __init__(self, session: Session, wanted: ModelInput) -> None:
        self._session = session
        self._wanted = wanted
        self._input = session.get_inputs()[0].name
        self._outputs = [f"{part}_{stride}" for stride in STRIDES for part in PARTS]

    def detect(self, pixels: Pixels, longest_side: int) -> list[DetectedFace]:
        """See ``FaceDetector``."""
        frame = detection_frame(pixels, self._wanted, longest_side)
        outputs = self._session.run(self._outputs, {self._input: frame.tensor})
        levels = [outputs[i : i + len(PARTS)] for i in range(0, len(outputs), len(PARTS))]
        found = [_decode(level, frame.width // stride, stride) for level, stride in zip(levels, STRIDES, strict=True)]
        boxes, landmarks, confidences = (np.concatenate(part) for part in zip(*found, strict=True))
        return frame.faces(boxes, landmarks, confidences)


def _decode(level: list[NDArray[np.float32]], columns: int, stride: int) -> Found:
    """Boxes, landmarks and confidences, in pixels of the frame, of the cells of one level that hold a face."""
    classes, objects, boxes, points = (output[0] for output in level)
    confidences = np.sqrt(np.clip(classes[:, 0], 0, 1) * np.clip(objects[:, 0], 0, 1))
    cells = np.flatnonzero(confidences >= CONFIDENT)
    origins = np.column_stack([cells % columns, cells // columns]).astype(np.float32)
    centres = (boxes[cells, :2] + origins) * stride
    sizes = np.exp(boxes[cells, 2:]) * stride
    landmarks = (points[cells].reshape(-1, 5, 2) + origins[:, None]) * stride
    return np.hstack([centres - sizes / 2, sizes]), landmarks, confidences[cells]
