"""Which models, comparators and assessors serve each modality, as the settings choose and the shelf can supply."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from biometric_service.app.choosing import AUTO, calibration_of, chosen
from biometric_service.app.faces import serve_faces
from biometric_service.app.sourceafis import open_engine
from biometric_service.capture.images import ImageLimits, decode
from biometric_service.capture.vouching import RegisteredScanners, SignedFrameRules
from biometric_service.comparison.fingerprint.cylinder import FINGERPRINT_COMPARATORS
from biometric_service.comparison.sourceafis.comparator import VERSION as SOURCE_AFIS_VERSION
from biometric_service.comparison.sourceafis.comparator import SourceAfisComparator
from biometric_service.extraction.fingerprint.leader import LeaderExtractor
from biometric_service.extraction.runtime import open_session
from biometric_service.extraction.sourceafis.extractor import SourceAfisExtractor
from biometric_service.presentation_attack.not_assessed import NotAssessed
from biometric_service.quality.fingerprint import FingerprintQualityAssessor
from biometric_service.quality.nfiq2 import Nfiq2Process, Nfiq2QualityAssessor, require_nfiq2
from biometric_service.recognition.requests import GivenImage
from biometric_service.settings import Settings
from biometric_service.vocabulary.protocols import (
    AttackDetector,
    Comparator,
    DeviceStore,
    Extractor,
    FrameVouching,
    QualityAssessor,
)
from biometric_service.vocabulary.samples import BiometricSample, CaptureSource, Modality
from biometric_service.vocabulary.templates import TemplateFormat
from biometric_service.weights.manifest import ModelManifest, Task
from biometric_service.weights.resolution import ModelShelf

CYLINDER, SOURCE_AFIS = "cylinder", "sourceafis"

Served = tuple[Extractor, QualityAssessor, Comparator]


@dataclass(frozen=True, slots=True)
class Stages:
    """Everything on the walk that depends on models; a modality without models is in none of the maps."""

    decode: Callable[[GivenImage], BiometricSample]
    extractors: Mapping[Modality, Extractor]
    assessors: Mapping[Modality, QualityAssessor]
    attack_detectors: Mapping[Modality, AttackDetector]
    comparators: Mapping[Modality, Comparator]


def model_shelf(settings: Settings) -> ModelShelf:
    """The shelf that the settings describe."""
    return ModelShelf(
        settings.manifests_dir, settings.models_dir, settings.model_cache.expanduser(), offline=settings.models_offline
    )


def build_stages(settings: Settings) -> Stages:
    """Load the models; without a face model the service works on fingerprints alone, and the reverse.

    Raises MODEL_HASH_MISMATCH, MODEL_INVALID, and MODEL_UNAVAILABLE where a model named in the settings cannot be had.
    """
    shelf = model_shelf(settings)
    modalities = [each for each in (_fingerprint(settings, shelf), serve_faces(settings, shelf)) if each is not None]
    extractors = {extractor.format.modality: extractor for extractor, _, _ in modalities}
    return Stages(
        decode=partial(_decode, image_limits(settings)),
        extractors=extractors,
        assessors={extractor.format.modality: assessor for extractor, assessor, _ in modalities},
        attack_detectors={modality: NotAssessed() for modality in extractors},
        comparators={comparator.format.modality: comparator for _, _, comparator in modalities},
    )


def image_limits(settings: Settings) -> ImageLimits:
    """What images are taken."""
    return ImageLimits(settings.max_image_bytes, settings.max_image_pixels)


def frame_vouching(settings: Settings, devices: DeviceStore) -> FrameVouching:
    """Who says by which scanner an image was captured."""
    rules = SignedFrameRules(settings.signed_frames, settings.signed_frame_seconds)
    return RegisteredScanners(devices, rules, image_limits(settings))


def _decode(limits: ImageLimits, given: GivenImage) -> BiometricSample:
    captured_at = given.signature.captured_at if given.signature else datetime.now(UTC)
    source = CaptureSource(given.device, captured_at)
    return decode(given.data, given.modality, given.position, given.dpi, source, limits)


def _fingerprint(settings: Settings, shelf: ModelShelf) -> Served | None:
    by_engine = settings.fingerprint_model == SOURCE_AFIS
    task = Task.FINGERPRINT_ENGINE if by_engine else Task.FINGERPRINT_MINUTIAE
    model = chosen(shelf, settings.fingerprint_model, task)
    if model is None:
        return None
    template_format = _format(Modality.FINGERPRINT, model.manifest)
    name: str = settings.fingerprint_comparator
    if name == AUTO:
        name = SOURCE_AFIS if by_engine else CYLINDER
    version = SOURCE_AFIS_VERSION if name == SOURCE_AFIS else FINGERPRINT_COMPARATORS[name].version
    calibration = calibration_of(model.manifest.calibration, template_format, name, version)
    engine = open_engine(settings, shelf) if name == SOURCE_AFIS else None
    comparator: Comparator
    if engine:
        comparator = SourceAfisComparator(engine, template_format, calibration)
    else:
        comparator = FINGERPRINT_COMPARATORS[name](template_format, calibration)
    if engine and by_engine:
        return SourceAfisExtractor(engine.make, template_format), _fingerprint_assessor(settings), comparator
    return LeaderExtractor(open_session(model.path), template_format), _fingerprint_assessor(settings), comparator


def _fingerprint_assessor(settings: Settings) -> QualityAssessor:
    native = FingerprintQualityAssessor()
    if settings.fingerprint_quality == "native":
        return native
    require_nfiq2()
    return Nfiq2QualityAssessor(native, Nfiq2Process())


def _format(modality: Modality, manifest: ModelManifest) -> TemplateFormat:
    return TemplateFormat(modality, manifest.name, manifest.version)
