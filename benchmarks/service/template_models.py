"""Models that read templates out of pictures: a camera and an extractor for people of whom there are templates alone.

A "picture" is a PNG whose grey values are the bytes of a synthetic template, so that everything but the model itself is
what a deployment runs: uploads, decoding, comparison, decisions, slices.
"""

import hashlib
import io
import struct
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.synthesis.templates import FORMAT
from biometric_service.app.stages import Stages
from biometric_service.capture.files import ImageLimits, open_picture
from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.fingerprint.cylinder import CylinderComparator
from biometric_service.presentation_attack.not_assessed import NotAssessed
from biometric_service.recognition.requests import GivenImage
from biometric_service.settings import MANIFESTS
from biometric_service.templates import native
from biometric_service.vocabulary.quality import ExtractionFailure, QualityAssessment
from biometric_service.vocabulary.samples import BiometricSample, CaptureSource, FingerArea, LocatedSample, Modality
from biometric_service.vocabulary.templates import MinutiaeTemplate, Template, TemplateFormat
from biometric_service.vocabulary.trace import SILENT, Trace

WIDTH = 128
LIMITS = ImageLimits(1_000_000, 1_000_000)
DPI = 500.0
_LENGTH = struct.Struct(">I")


def picture_of(template: Template) -> bytes:
    """The picture that the template is read from."""
    data = native.encode(template)
    packed = _LENGTH.pack(len(data)) + data
    pixels = np.zeros(-(-len(packed) // WIDTH) * WIDTH, np.uint8)
    pixels[: len(packed)] = np.frombuffer(packed, np.uint8)
    written = io.BytesIO()
    Image.fromarray(pixels.reshape(-1, WIDTH)).save(written, "PNG")
    return written.getvalue()


def template_stages() -> Stages:
    """All stages for such pictures, with the comparator of fingerprints and its calibration as they are."""
    manifest = tomllib.loads((MANIFESTS / "leader" / "model.toml").read_text(encoding="utf-8"))
    calibration = Calibration.from_table("cylinder", manifest["calibration"]["cylinder"])
    only = Modality.FINGERPRINT
    return Stages(
        decode,
        {only: TemplateReader()},
        {only: MeanOfMinutiae()},
        {only: NotAssessed()},
        {only: CylinderComparator(FORMAT, calibration)},
    )


def decode(given: GivenImage) -> BiometricSample:
    """The picture as a sample."""
    source = CaptureSource(given.device, datetime.now(UTC))
    pixels = np.asarray(open_picture(given.data, LIMITS).image, np.uint8)
    return BiometricSample(given.modality, pixels, DPI, given.position, source, hashlib.sha256(given.data).hexdigest())


@dataclass(frozen=True, slots=True)
class TemplateReader:
    """Reads the template that a picture holds."""

    format: TemplateFormat = FORMAT

    def locate(self, sample: BiometricSample, trace: Trace = SILENT) -> LocatedSample | ExtractionFailure:  # noqa: ARG002
        """All of it."""
        mask = np.ones(sample.pixels.shape, np.bool_)
        area = FingerArea(sample.pixels, mask, mask.astype(np.float32), (0, 0), 1.0)
        return LocatedSample(sample, area)

    def extract(self, located: LocatedSample, trace: Trace = SILENT) -> Template | ExtractionFailure:  # noqa: ARG002
        """The template."""
        return template_in(located.sample.pixels)


class MeanOfMinutiae:
    """Takes the mean quality of the minutiae for that of the sample."""

    def assess(self, located: LocatedSample) -> QualityAssessment:
        """Always acceptable: what is too poor is told by its score."""
        template = template_in(located.sample.pixels)
        score = 100.0 * float(template.qualities.mean()) if len(template.qualities) else 0.0
        return QualityAssessment(score, {}, (), acceptable=True)


def template_in(pixels: NDArray[np.uint8]) -> MinutiaeTemplate:
    """What ``picture_of`` wrote."""
    packed = pixels.tobytes()
    (length,) = _LENGTH.unpack_from(packed)
    template = native.decode(packed[_LENGTH.size : _LENGTH.size + length])
    assert isinstance(template, MinutiaeTemplate)
    return template
