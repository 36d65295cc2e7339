"""A face sample becomes a face template."""

from dataclasses import replace

from biometric_service.extraction.face.alignment import align, similarity
from biometric_service.extraction.face.detection import FaceDetector
from biometric_service.extraction.face.embedding import FaceEmbedder
from biometric_service.extraction.face.orientation import find_upright
from biometric_service.extraction.face.subject import choose_subject
from biometric_service.vocabulary.quality import Defect, ExtractionFailure
from biometric_service.vocabulary.samples import BiometricSample, FaceArea, LocatedSample
from biometric_service.vocabulary.templates import FaceTemplate, TemplateFormat
from biometric_service.vocabulary.trace import SILENT, Trace


class FaceExtractor:
    """Detects the subject's face, aligns it and embeds it (see ``Extractor``).

    Traces ``faces`` (every upright face, list of DetectedFace), ``aligned_face`` (uint8 BGR) and ``embedding_norm``.
    """

    def __init__(self, detector: FaceDetector, embedder: FaceEmbedder, template_format: TemplateFormat) -> None:
        self.format = template_format
        self._detector = detector
        self._embedder = embedder

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
        assert isinstance(located.area, FaceArea)
        transform = similarity(located.area.landmarks, self._embedder.template)
        if transform is None:
            return ExtractionFailure(Defect.FACE_UNCLEAR)
        face = align(located.sample.pixels, transform, self._embedder.size)
        trace("aligned_face", face)
        embedding = self._embedder.embed(face)
        if embedding is None:
            return ExtractionFailure(Defect.FACE_UNCLEAR)
        trace("embedding_norm", embedding.norm)
        return FaceTemplate(self.format, embedding.vector)
