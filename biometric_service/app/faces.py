"""Which detector, embedders and comparator serve faces."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from biometric_service.app.choosing import AUTO, calibration_of, chosen
from biometric_service.app.runtimes import open_embedder
from biometric_service.comparison.cosine import CosineComparator
from biometric_service.comparison.population import Population
from biometric_service.comparison.standardised import StandardisedComparator
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.extraction.face.centerface import CenterFaceDetector
from biometric_service.extraction.face.detection import FaceDetector
from biometric_service.extraction.face.extractor import FaceExtractor
from biometric_service.extraction.face.joining import WeightedEmbedder
from biometric_service.extraction.face.yunet import YuNetDetector
from biometric_service.extraction.runtime import open_session
from biometric_service.quality.face import FaceQualityAssessor, Recognisability
from biometric_service.settings import Settings
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import TemplateFormat
from biometric_service.weights.manifest import ModelManifest, Task
from biometric_service.weights.resolution import ModelShelf, ResolvedModel

DETECTORS: Mapping[str, type[YuNetDetector] | type[CenterFaceDetector]] = {
    "yunet": YuNetDetector,
    "centerface": CenterFaceDetector,
}


@dataclass(frozen=True, slots=True)
class Embedding:
    """An embedder or two joined ones: ``weights`` are their shares of a cosine, ``tables`` their calibrations."""

    format: TemplateFormat
    models: tuple[ResolvedModel, ...]
    weights: tuple[float, ...]
    tables: Mapping[str, Mapping[str, Any]]

    @property
    def dimension(self) -> int:
        """How many numbers an embedding has."""
        return sum(model.manifest.output.dimension or 0 for model in self.models)

    def embedders(self, settings: Settings) -> list[WeightedEmbedder]:
        """The models, loaded; MODEL_INVALID, SETTINGS_INVALID."""
        return [
            WeightedEmbedder(open_embedder(model, settings), weight)
            for model, weight in zip(self.models, self.weights, strict=True)
        ]


def serve_faces(settings: Settings, shelf: ModelShelf) -> tuple[FaceExtractor, FaceQualityAssessor, Comparator] | None:
    """What serves faces; None where no model is to be had. Errors as of ``build_stages``."""
    model = chosen(shelf, settings.face_model, Task.FACE_EMBEDDING)
    detection = chosen(shelf, settings.face_detector, Task.FACE_DETECTION) if model else None
    if model is None or detection is None:
        return None
    embedding = _joined(model, _companion(settings.face_companion, shelf, model.manifest))
    extractor = FaceExtractor(_detector(detection), embedding.embedders(settings), embedding.format)
    return extractor, FaceQualityAssessor(_recognisability(extractor, model.manifest)), _comparator(embedding)


def _companion(name: str, shelf: ModelShelf, manifest: ModelManifest) -> ResolvedModel | None:
    if name == AUTO:
        return shelf.companion(manifest)
    return shelf.resolve(name, Task.FACE_EMBEDDING) if name else None


def _joined(model: ResolvedModel, companion: ResolvedModel | None) -> Embedding:
    first = model.manifest
    if companion is None:
        return Embedding(_format(first), (model,), (1.0,), first.calibration)
    second = companion.manifest
    measured = first.companions.get(second.name)
    if measured is None or measured.version != second.version:
        raise BiometricServiceError(
            ErrorCode.MODEL_INVALID,
            f"The model {first.name} has not been measured together with {second.name} {second.version}.",
            f"Set face_companion to auto, to nothing, or to one of {', '.join(first.companions) or 'none'}.",
        )
    weights = (1 - measured.weight, measured.weight)
    return Embedding(_format(first, second), (model, companion), weights, measured.calibration)


def _comparator(embedding: Embedding) -> Comparator:
    """The comparator that the model was calibrated for: the plain cosine where it does not tell of strangers."""
    tables, made, standardised = embedding.tables, embedding.format, StandardisedComparator.name
    if standardised not in tables:
        plain = calibration_of(tables, made, CosineComparator.name, CosineComparator.version)
        return CosineComparator(made, plain)
    population = Population.from_table(tables[standardised], embedding.dimension)
    calibration = calibration_of(tables, made, standardised, StandardisedComparator.version)
    return StandardisedComparator(made, population, calibration)


def _format(*manifests: ModelManifest) -> TemplateFormat:
    names, versions = (
        "+".join(parts) for parts in zip(*((each.name, each.version) for each in manifests), strict=True)
    )
    return TemplateFormat(Modality.FACE, names, versions)


def _recognisability(extractor: FaceExtractor, manifest: ModelManifest) -> Recognisability | None:
    """How recognisable faces are to the model, where its manifest has the scale for it."""
    table = manifest.calibration.get("recognisability")
    return Recognisability(extractor.embedding_norm, table) if table else None


def _detector(model: ResolvedModel) -> FaceDetector:
    decoder = model.manifest.output.decoder or ""
    if decoder not in DETECTORS:
        raise BiometricServiceError(
            ErrorCode.MODEL_INVALID,
            f"The face detector {model.manifest.name} has outputs of an unknown kind, {decoder}.",
            f"Set output.decoder in its manifest to one of {', '.join(DETECTORS)}.",
        )
    return DETECTORS[decoder](open_session(model.path), model.manifest.input)
