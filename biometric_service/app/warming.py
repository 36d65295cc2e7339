"""Machine code made before the first caller waits for it: on a new machine that takes some twenty seconds."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

import numpy as np

from biometric_service.comparison.fingerprint.cylinder import FINGERPRINT_COMPARATORS
from biometric_service.errors import BiometricServiceError
from biometric_service.gallery.narrowed import NarrowedGallery
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.candidates import Probe
from biometric_service.vocabulary.protocols import Comparator, Extractor, QualityAssessor
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    Change,
    ChangeNumber,
    Reference,
    ReferenceId,
    SubjectId,
)
from biometric_service.vocabulary.samples import (
    BiometricSample,
    CaptureSource,
    FaceArea,
    FingerPosition,
    LocatedSample,
    Modality,
)
from biometric_service.vocabulary.templates import MinutiaeTemplate, TemplateFormat

MINUTIAE, SIZE = 30, 300


def compile_ahead(present_walk: Callable[[], Walk]) -> None:
    """Compare and search once with made-up minutiae, where the comparator is one that numba compiles.

    A start while models are being switched (MODELS_DIFFER) goes on without.
    """
    with suppress(BiometricServiceError):
        _compare_and_search(present_walk().comparators.get(Modality.FINGERPRINT))


def recognise_ahead(extractors: Mapping[Modality, Extractor], assessors: Mapping[Modality, QualityAssessor]) -> None:
    """Put noise through the models for faces once: their first picture takes seconds, and somebody may stand there."""
    if Modality.FACE not in extractors:
        return
    noise = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3), np.uint8)
    source = CaptureSource("made-up", datetime.now(UTC))
    sample = BiometricSample(Modality.FACE, noise, None, FingerPosition.UNKNOWN, source, "")
    landmarks = SIZE * np.array([(0.35, 0.4), (0.65, 0.4), (0.5, 0.55), (0.37, 0.7), (0.63, 0.7)], np.float32)
    located = LocatedSample(sample, FaceArea((0.2 * SIZE, 0.2 * SIZE, 0.6 * SIZE, 0.6 * SIZE), landmarks, 1.0, 1))
    with suppress(BiometricServiceError):
        extractors[Modality.FACE].locate(sample)
        assessors[Modality.FACE].assess(located)
        extractors[Modality.FACE].extract(located)


def _compare_and_search(comparator: Comparator | None) -> None:
    if comparator is None or comparator.name not in FINGERPRINT_COMPARATORS:
        return
    template = _made_up(comparator.format)
    comparator.compare(template, template)
    index = NarrowedGallery(comparator)
    reference = Reference(ReferenceId(0), SubjectId("made-up"), frozenset(), template)
    index.apply(ChangeNumber(1), Change((reference,)))
    index.search(Probe(template, ALL_GALLERIES), 1)


def _made_up(of: TemplateFormat) -> MinutiaeTemplate:
    drawn = np.random.default_rng(0)
    return MinutiaeTemplate(
        format=of,
        position=FingerPosition.UNKNOWN,
        positions=drawn.uniform(0, SIZE, (MINUTIAE, 2)).astype(np.float32),
        directions=drawn.uniform(0, 2 * np.pi, MINUTIAE).astype(np.float32),
        qualities=np.ones(MINUTIAE, np.float32),
        kinds=np.ones(MINUTIAE, np.uint8),
        size=(SIZE, SIZE),
    )
