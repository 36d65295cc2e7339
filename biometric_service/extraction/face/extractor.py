"""A face sample becomes a face template."""

from dataclasses import replace
from functools import lru_cache

import numpy as np

from biometric_service.extraction.face.alignment import align, similarity
from biometric_service.extraction.face.detection import FaceDetector
from biometric_service.extraction.face.embedding import FaceEmbedder, FaceEmbedding
from biometric_service.extraction.face.orientation import find_upright
from biometric_service.extraction.face.subject import choose_subject
from biometric_service.vocabulary.quality import Defect, ExtractionFailure
from biometric_service.vocabulary.samples import BiometricSample, FaceArea, LocatedSample
from biometric_service.vocabulary.templates import FaceTemplate, TemplateFormat
from biometric_service.vocabulary.trace import SILENT, Trace

REMEMBERED = 8
"""Aligned faces whose embeddings are kept at hand, as quality assessment and extraction both ask for them."""


class FaceExtractor:
    """Detects the subject's face, aligns it and embeds it (see ``Extractor``).

    Traces ``faces`` (every upright face, list of DetectedFace), ``aligned_face`` (uint8 BGR) and ``embedding_norm``.
    """

    def __init__(self, detector: FaceDetector, embedder: FaceEmbedder, template_format: TemplateFormat) -> None:
        self.format = template_format
        self._detector = detector
        self._embedder = embedder
        self._remembered = lru_cache(REMEMBERED)(self._embed)

    def locate(self, sample: BiometricSample, trace: Trace = SILENT) -> LocatedSample | ExtractionFailure:
        """Find the subject's face; the sample of the answer is turned so that the face is upright."""
        pixels, faces = find_upright(self._detector, sample.pixels)
        trace("faces", faces)
        subject = choose_subject(faces, pixels.shape[:2])
        if isinstance(subject, ExtractionFailure):
            return subject
        area = FaceArea(subject.box, subject.landmarks, subject.confidence, len(faces))
        return LocatedSample(replace(sample, pixels=pixels), area)

    def extract(self, located: LocatedSample, trace: Trace = SILENT) -> FaceTemplate | ExtractionFailure:
        """Embed the located face; FACE_UNCLEAR where nothing can be made of it."""
        embedding = self._embedding(located, trace)
        if embedding is None:
            return ExtractionFailure(Defect.FACE_UNCLEAR)
        trace("embedding_norm", embedding.norm)
        return FaceTemplate(self.format, embedding.vector)

    def embedding_norm(self, located: LocatedSample) -> float:
        """Length of the located face's embedding, larger for a clearer face; 0 where nothing can be made of it."""
        embedding = self._embedding(located)
        return embedding.norm if embedding else 0.0

    def _embedding(self, located: LocatedSample, trace: Trace = SILENT) -> FaceEmbedding | None:
        assert isinstance(located.area, FaceArea)
        transform = similarity(located.area.landmarks, self._embedder.template)
        if transform is None:
            return None
        face = align(located.sample.pixels, transform, self._embedder.size)
        trace("aligned_face", face)
        return self._remembered(face.tobytes())

    def _embed(self, face: bytes) -> FaceEmbedding | None:
        width, height = self._embedder.size
        return self._embedder.embed(np.frombuffer(face, np.uint8).reshape(height, width, 3))
