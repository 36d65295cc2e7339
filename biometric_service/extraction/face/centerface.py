"""CenterFace: a face is the peak of a heat map, its size and landmarks are read there (Xu et al. 2019)."""

import numpy as np

from biometric_service.extraction.face.detection import DetectedFace, detection_frame
from biometric_service.extraction.face.input_tensor import Pixels
from biometric_service.extraction.session import Session
from biometric_service.weights.manifest import ModelInput

STRIDE = 4
OUTPUTS = ["heatmap", "scale", "offset", "landmarks"]
CONFIDENT = 0.5


class CenterFaceDetector:
    """Reads CenterFace's outputs, which give y before x; faces below a confidence of 0.5 are left out."""

    certain = 0.72

    def __init__(self, session: Session, wanted: ModelInput) -> None:
        self._session = session
        self._wanted = wanted
        self._input = session.get_inputs()[0].name

    def detect(self, pixels: Pixels, longest_side: int) -> list[DetectedFace]:
        """See ``FaceDetector``."""
        frame = detection_frame(pixels, self._wanted, longest_side)
        heat, scale, offset, points = (out[0] for out in self._session.run(OUTPUTS, {self._input: frame.tensor}))
        rows, columns = np.nonzero(heat[0] >= CONFIDENT)
        cells = np.column_stack([rows, columns]).astype(np.float32)
        sizes = np.exp(scale[:, rows, columns].T) * STRIDE
        corners = (cells + offset[:, rows, columns].T + 0.5) * STRIDE - sizes / 2
        landmarks = points[:, rows, columns].T.reshape(-1, 5, 2) * sizes[:, None] + corners[:, None]
        boxes = np.hstack([corners[:, ::-1], sizes[:, ::-1]])
        return frame.faces(boxes, landmarks[:, :, ::-1], heat[0, rows, columns])
