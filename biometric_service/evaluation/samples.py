"""What an evaluation compares: templates of labelled samples, set by set, and every pair of a set."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.evaluation.identification import Watch as WatchWork
from biometric_service.evaluation.matrix import Watch, score_matrix
from biometric_service.evaluation.rates import Experiment
from biometric_service.evaluation.subjects import SampleFile, Subject, faces, fingerprints
from biometric_service.evaluation.template_cache import TemplateCache
from biometric_service.evaluation.verification import WatchMaking, experiment, mated_samples, templates_of
from biometric_service.recognition.walk import Walk, observe
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import Template


@dataclass(frozen=True, slots=True)
class Watching:
    """Shows how far the work is."""

    making: WatchMaking
    comparing: Watch
    identifying: WatchWork


@dataclass(frozen=True, slots=True)
class Collected:
    """Folders of samples, and the template of each or None.

    ``sets``: name and subjects of each folder. ``subjects``: of all folders together. ``failures``: how many samples
    gave no template, by the reason.
    """

    sets: Sequence[tuple[str, Sequence[Subject]]]
    subjects: Sequence[Subject]
    made: Mapping[SampleFile, Template | None]
    failures: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ComparedSet:
    """A folder: its subjects, how many samples gave no template, and every pair.

    ``samples``: int32 (n,), whose each sample is, numbered from 0 in the order of ``subjects``. ``mated_samples``:
    integer (m, 2), the two samples of each mated pair.
    """

    name: str
    subjects: tuple[Subject, ...]
    samples: NDArray[np.int32]
    failures: int
    pairs: Experiment
    mated_samples: NDArray[np.intp]


def collect(
    walk: Walk, modality: Modality, folders: Sequence[Path], cache: Path | None, watch: WatchMaking
) -> Collected:
    """Make a template of every sample; REQUEST_INVALID where a folder has no pairs."""
    read = fingerprints if modality is Modality.FINGERPRINT else faces
    sets = [(folder.name, read([folder])) for folder in folders]
    for name, subjects in sets:
        _require_pairs(name, subjects)
    held = TemplateCache(cache, walk.extractors[modality].format)
    files = [file for _, subjects in sets for subject in subjects for file in subject.samples]
    made = templates_of(walk, files, held, watch)
    return Collected(sets, read(folders), made, _reasons(walk, [file for file in files if made[file] is None]))


def compare_sets(
    walk: Walk, modality: Modality, collected: Collected, cache: Path | None, watch: Watch
) -> list[ComparedSet]:
    """Compare every sample with every other of its set."""
    comparator = walk.comparators[modality]
    templates = [
        [collected.made[file] for subject in subjects for file in subject.samples] for _, subjects in collected.sets
    ]
    return [
        _compared(name, subjects, score_matrix(comparator, made, watch, cache).scores)
        for (name, subjects), made in zip(collected.sets, templates, strict=True)
    ]


def _reasons(walk: Walk, files: Sequence[SampleFile]) -> dict[str, int]:
    """What was wrong with the samples that gave no template, most frequent first."""
    found = [observe(walk, (file.given(),))[0].failure for file in files]
    return dict(Counter(defect.value if defect else "unknown" for defect in found).most_common())


def _compared(name: str, subjects: Sequence[Subject], scores: NDArray[np.float32]) -> ComparedSet:
    """A sample without a template scores minus infinity even against itself."""
    samples = np.array([number for number, subject in enumerate(subjects) for _ in subject.samples], np.int32)
    failures = int(np.isneginf(np.diagonal(scores)).sum())
    return ComparedSet(name, tuple(subjects), samples, failures, experiment(scores, samples), mated_samples(samples))


def _require_pairs(name: str, subjects: Sequence[Subject]) -> None:
    if len(subjects) < 2 or not any(len(subject.samples) > 1 for subject in subjects):  # noqa: PLR2004 - two make a pair
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID,
            f"The folder {name!r} has no mated or no non-mated pair.",
            "Give FINGER_IMPRESSION.png or a folder for each face: two subjects, one of them with two samples.",
        )
