"""The model that turns an aligned face into an embedding."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.extraction.face.input_tensor import Pixels, input_tensor
from biometric_service.extraction.session import Session
from biometric_service.weights.manifest import ModelManifest


@dataclass(frozen=True, slots=True)
class FaceEmbedding:
    """``vector``: float32 (d,), unit length. ``norm``: length of the model's output, larger for a clearer face."""

    vector: NDArray[np.float32]
    norm: float


class FaceEmbedder:
    """Runs the embedding model of a manifest on aligned faces, each averaged with its mirror image.

    ``template``: float32 (5, 2), where the landmarks belong in the aligned face, in pixels. ``size``: its (width,
    height). Raises MODEL_INVALID where the model does not take and give what the manifest says.
    """

    def __init__(self, session: Session, manifest: ModelManifest) -> None:
        assert manifest.input.size is not None
        assert manifest.input.alignment is not None
        self.size = manifest.input.size
        self.template = np.array(manifest.input.alignment, np.float32) * np.array(self.size, np.float32)
        self._session = session
        self._wanted = manifest.input
        self._input = session.get_inputs()[0]
        self._check(manifest)

    def embed(self, face: Pixels) -> FaceEmbedding | None:
        """The embedding of an aligned face, uint8 BGR of ``size``; None where the model's output has no direction."""
        summed = self._outputs([face, np.ascontiguousarray(face[:, ::-1])]).sum(axis=0)
        length = float(np.linalg.norm(summed))
        if not 0 < length < np.inf:
            return None
        return FaceEmbedding((summed / length).astype(np.float32), length / 2)

    def _outputs(self, faces: list[Pixels]) -> NDArray[np.float32]:
        """Of shape (n, d)."""
        if self._input.shape[0] == 1:
            return np.concatenate([self._run([face]) for face in faces])
        return self._run(faces)

    def _run(self, faces: list[Pixels]) -> NDArray[np.float32]:
        output = self._session.run(None, {self._input.name: input_tensor(faces, self._wanted)})[0]
        return output.reshape(len(faces), -1)

    def _check(self, manifest: ModelManifest) -> None:
        width, height = self.size
        blank = np.zeros((height, width, 3), np.uint8)
        try:
            dimension = self._outputs([blank]).shape[1]
        except Exception as fault:  # onnxruntime raises many types
            raise _invalid(manifest, f"it does not take {manifest.input.colour} images of {width}x{height}") from fault
        if dimension != manifest.output.dimension:
            raise _invalid(manifest, f"it gives {dimension} numbers, not {manifest.output.dimension}")


def _invalid(manifest: ModelManifest, fault: str) -> BiometricServiceError:
    message = f"The model {manifest.name} is not what its manifest says: {fault}."
    return BiometricServiceError(ErrorCode.MODEL_INVALID, message, "Correct [input] and [output] in its model.toml.")
