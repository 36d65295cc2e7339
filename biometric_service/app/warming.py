"""Machine code made before the first caller waits for it: on a new machine that takes some twenty seconds."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np

from biometric_service.comparison.fingerprint.cylinder import FINGERPRINT_COMPARATORS
from biometric_service.errors import BiometricServiceError
from biometric_service.gallery.narrowed import NarrowedGallery
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.candidates import Probe
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    Change,
    ChangeNumber,
    Reference,
    ReferenceId,
    SubjectId,
)
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import MinutiaeTemplate, TemplateFormat

MINUTIAE, SIZE = 30, 300


def compile_ahead(present_walk: Callable[[], Walk]) -> None:
    """Compare and search once with made-up minutiae, where the comparator is one that numba compiles.

    A start while models are being switched (MODELS_DIFFER) goes on without.
    """
    with suppress(BiometricServiceError):
        _compare_and_search(present_walk().comparators.get(Modality.FINGERPRINT))


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
