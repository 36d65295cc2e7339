"""What an evaluation compares: templates of labelled samples, set by set, and every pair of a set."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.evaluation.matrix import Watch, score_matrix
from biometric_service.evaluation.rates import Experiment
from biometric_service.evaluation.subjects import Subject, faces, fingerprints
from biometric_service.evaluation.template_cache import TemplateCache
from biometric_service.evaluation.verification import WatchMaking, experiment, templates_of
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.samples import Modality


@dataclass(frozen=True, slots=True)
class Watching:
    """Shows how far the work is."""

    making: WatchMaking
    comparing: Watch


@dataclass(frozen=True, slots=True)
class ComparedSet:
    """A folder: its subjects by name, how many samples gave no template, and every pair.

    ``samples``: int32 (n,), whose each sample is, numbered from 0 in the order of ``subjects``.
    """

    name: str
    subjects: tuple[str, ...]
    samples: NDArray[np.int32]
    failures: int
    pairs: Experiment


def compare_folders(
    walk: Walk, modality: Modality, folders: Sequence[Path], cache: Path | None, watching: Watching
) -> list[ComparedSet]:
    """Make a template of every sample and compare all of each folder; REQUEST_INVALID where a folder has no pairs."""
    read = fingerprints if modality is Modality.FINGERPRINT else faces
    sets = [(folder.name, read([folder])) for folder in folders]
    for name, subjects in sets:
        _require_pairs(name, subjects)
    held = TemplateCache(cache, walk.extractors[modality].format)
    files = [file for _, subjects in sets for subject in subjects for file in subject.samples]
    made = templates_of(walk, files, held, watching.making)
    return [
        _compared(name, subjects, score_matrix(walk.comparators[modality], templates, watching.comparing).scores)
        for name, subjects in sets
        for templates in ([made[file] for subject in subjects for file in subject.samples],)
    ]


def _compared(name: str, subjects: Sequence[Subject], scores: NDArray[np.float32]) -> ComparedSet:
    """A sample without a template scores minus infinity even against itself."""
    samples = np.array([number for number, subject in enumerate(subjects) for _ in subject.samples], np.int32)
    failures = int(np.isneginf(np.diagonal(scores)).sum())
    names = tuple(subject.name for subject in subjects)
    return ComparedSet(name, names, samples, failures, experiment(scores, samples))


def _require_pairs(name: str, subjects: Sequence[Subject]) -> None:
    if len(subjects) < 2 or not any(len(subject.samples) > 1 for subject in subjects):  # noqa: PLR2004 - two make a pair
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID,
            f"The folder {name!r} has no mated or no non-mated pair.",
            "Give FINGER_IMPRESSION.png or a folder for each face: two subjects, one of them with two samples.",
        )
