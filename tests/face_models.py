"""A face model that needs no weights: another version, as far as the store can tell."""

import hashlib
from dataclasses import dataclass, field

import numpy as np

from benchmarks.throughput.random_encounters import NOW
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.requests import GivenImage
from biometric_service.vocabulary.quality import Defect, ExtractionFailure
from biometric_service.vocabulary.samples import (
    BiometricSample,
    CaptureSource,
    FaceArea,
    FingerPosition,
    LocatedSample,
    Modality,
)
from biometric_service.vocabulary.templates import FaceTemplate, TemplateFormat
from biometric_service.vocabulary.trace import SILENT, Trace

NEWER = TemplateFormat(Modality.FACE, "newer", "2")
NOBODY_SEEN = ExtractionFailure(Defect.NO_FACE)
FACES_OF_ONE = 1


def decode(given: GivenImage) -> BiometricSample:
    if given.data == b"broken":
        raise BiometricServiceError(ErrorCode.IMAGE_UNREADABLE, "No image.", "Send one.")
    digest = hashlib.sha256(given.data).hexdigest()
    source = CaptureSource(given.device, NOW)
    return BiometricSample(Modality.FACE, np.zeros((8, 8, 3), np.uint8), None, FingerPosition.UNKNOWN, source, digest)


@dataclass
class DigestExtractor:
    """Makes a template of a sample's digest: another model, as far as the store can tell."""

    format: TemplateFormat = NEWER
    blind_to: set[str] = field(default_factory=set)

    def locate(self, sample: BiometricSample, trace: Trace = SILENT) -> LocatedSample | ExtractionFailure:
        trace("located", sample.digest)
        area = FaceArea((0, 0, 8, 8), np.zeros((5, 2), np.float32), 1.0, FACES_OF_ONE)
        return NOBODY_SEEN if sample.digest in self.blind_to else LocatedSample(sample, area)

    def extract(self, located: LocatedSample, trace: Trace = SILENT) -> FaceTemplate | ExtractionFailure:
        trace("extracted", located.sample.digest)
        embedding = np.random.default_rng(int(located.sample.digest[:8], 16)).normal(size=16)
        return FaceTemplate(self.format, (embedding / np.linalg.norm(embedding)).astype(np.float32))
