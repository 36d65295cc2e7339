"""Several embedders on one face, and their embeddings as one."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from biometric_service.extraction.face.alignment import align, similarity
from biometric_service.extraction.face.embedding import FaceEmbedder, FaceEmbedding
from biometric_service.extraction.face.input_tensor import Pixels
from biometric_service.vocabulary.trace import SILENT, Trace

REMEMBERED = 8
"""Aligned faces whose embeddings are kept at hand, as quality assessment and extraction both ask for them."""


class WeightedEmbedder:
    """An embedder that aligns the face to itself, and its share of a cosine of joined embeddings, over 0 to 1."""

    def __init__(self, embedder: FaceEmbedder, weight: float = 1.0) -> None:
        self.weight = weight
        self._embedder = embedder
        self._remembered = lru_cache(REMEMBERED)(self._embed)

    def embed(self, pixels: Pixels, landmarks: NDArray[np.float32], trace: Trace = SILENT) -> FaceEmbedding | None:
        """The embedding of the face with those landmarks, float32 (5, 2); None where nothing can be made of it."""
        transform = similarity(landmarks, self._embedder.template)
        if transform is None:
            return None
        face = align(pixels, transform, self._embedder.size)
        trace("aligned_face", face)
        return self._remembered(face.tobytes())

    def _embed(self, face: bytes) -> FaceEmbedding | None:
        width, height = self._embedder.size
        return self._embedder.embed(np.frombuffer(face, np.uint8).reshape(height, width, 3))


def joined(parts: Sequence[FaceEmbedding | None], weights: Sequence[float]) -> FaceEmbedding | None:
    """One embedding whose cosines are the weighted means of those of its parts, with the norm of the first.

    ``weights``: sum to 1. None where a part is missing.
    """
    present = [part for part in parts if part is not None]
    if len(present) < len(parts):
        return None
    scaled = [np.sqrt(weight) * part.vector for part, weight in zip(present, weights, strict=True)]
    return FaceEmbedding(np.concatenate(scaled).astype(np.float32), present[0].norm)
