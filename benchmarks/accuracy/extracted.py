"""Samples of many subjects through the service's own walk, on all cores, kept in a cache."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from biometric_service.app import build_walk
from biometric_service.evaluation.matrix import score_matrix
from biometric_service.evaluation.subjects import Subject
from biometric_service.evaluation.template_cache import TemplateCache
from biometric_service.evaluation.verification import templates_of
from biometric_service.recognition.walk import Walk
from biometric_service.settings import load_settings
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import Template

PROGRESS = Console(stderr=True)
KNOTS = 20_001


@dataclass(frozen=True, slots=True)
class Extracted:
    """Every sample of the subjects: its template and, int32 (n,), whose it is, numbered from 0."""

    comparator: Comparator
    templates: Sequence[Template | None]
    subjects: NDArray[np.int32]

    @property
    def failures(self) -> float:
        """Share of samples that no template could be made of (FTE)."""
        return float(np.mean([template is None for template in self.templates]))

    def scores(self) -> NDArray[np.float32]:
        """Raw scores of all with all, float32 (n, n), minus infinity where a template is missing."""
        return score_matrix(self.comparator, self.templates, _watched).scores


def extract_subjects(modality: Modality, subjects: Sequence[Subject], cache: Path | None) -> Extracted:
    """Make a template of every sample; those in the cache are taken from there."""
    with tempfile.TemporaryDirectory() as scratch:
        walk = walk_for(modality, Path(scratch))
        held = TemplateCache(cache, walk.extractors[modality].format)
        files = [file for subject in subjects for file in subject.samples]
        said = f"Extracting {modality.value}s"
        made = templates_of(walk, files, held, lambda work, count: track(work, said, count, console=PROGRESS))
        templates = [made[file] for file in files]
    numbers = [number for number, subject in enumerate(subjects) for _ in subject.samples]
    return Extracted(walk.comparators[modality], templates, np.array(numbers, np.int32))


def calibrated(comparator: Comparator, raw: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """What the comparator says of raw scores, of the same shape; minus infinity stays."""
    finite = raw[np.isfinite(raw)]
    knots = np.linspace(finite.min(), finite.max(), KNOTS)
    values = np.interp(raw, knots, [comparator.calibrate(float(knot)).value for knot in knots])
    return np.where(np.isneginf(raw), -np.inf, values)


def walk_for(modality: Modality, scratch: Path) -> Walk:
    """The service's walk for one modality with an empty store in ``scratch``."""
    unused = {"face_model": ""} if modality is Modality.FINGERPRINT else {"fingerprint_model": ""}
    return build_walk(load_settings().model_copy(update={"data_dir": scratch, **unused}))


def _watched(templates: Sequence[Template]) -> Iterable[Template]:
    return track(templates, "Comparing", console=PROGRESS)
