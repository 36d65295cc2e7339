"""A face sample becomes a face template."""

from collections.abc import Sequence
from dataclasses import replace

from biometric_service.extraction.face.detection import FaceDetector
from biometric_service.extraction.face.embedding import FaceEmbedding
from biometric_service.extraction.face.joining import WeightedEmbedder, joined
from biometric_service.extraction.face.orientation import find_upright
from biometric_service.extraction.face.subject import choose_subject
from biometric_service.vocabulary.quality import Defect, ExtractionFailure
from biometric_service.vocabulary.samples import BiometricSample, FaceArea, LocatedSample
from biometric_service.vocabulary.templates import FaceTemplate, TemplateFormat
from biometric_service.vocabulary.trace import SILENT, Trace


class FaceExtractor:
    """Detects the subject's face, aligns it and embeds it (see ``Extractor``).

    Traces ``faces`` (every upright face, list of DetectedFace), ``aligned_face`` (uint8 BGR, as the first embedder sees
    it) and ``embedding_norm`` (of the first embedder).
    """

    def __init__(
        self, detector: FaceDetector, embedders: Sequence[WeightedEmbedder], template_format: TemplateFormat
    ) -> None:
        self.format = template_format
        self._detector = detector
        self._embedders = embedders

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
        pixels, landmarks = located.sample.pixels, located.area.landmarks
        first, *others = self._embedders
        parts = [first.embed(pixels, landmarks, trace), *(each.embed(pixels, landmarks) for each in others)]
        return joined(parts, [each.weight for each in self._embedders])
