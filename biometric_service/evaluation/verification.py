"""A verification experiment (ISO/IEC 19795-1): every sample with every other of its set."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from biometric_service.evaluation.rates import Experiment
from biometric_service.evaluation.subjects import SampleFile
from biometric_service.evaluation.template_cache import TemplateCache
from biometric_service.recognition.walk import Walk, observe
from biometric_service.vocabulary.templates import Template

Made = Iterable[Template | None]
WatchMaking = Callable[[Made, int], Made]
"""Shows how far the making of so many templates is."""


def templates_of(
    walk: Walk, files: Sequence[SampleFile], held: TemplateCache, watch: WatchMaking
) -> dict[SampleFile, Template | None]:
    """Every sample through the service's own walk, on all cores; those in the cache are taken from there."""
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as workers:
        work = workers.map(lambda file: held.get(file, lambda: _template(walk, file)), files)
        return dict(zip(files, watch(work, len(files)), strict=True))


def experiment(scores: NDArray[np.float32], subjects: NDArray[np.int32]) -> Experiment:
    """Each pair of the samples once, the later one as the probe; pairs of a subject are mated."""
    reference, probe = np.triu_indices(len(subjects), 1)
    same = subjects[probe] == subjects[reference]
    across = np.column_stack([subjects[probe[~same]], subjects[reference[~same]]])
    compared = scores[probe, reference]
    return Experiment(compared[same], subjects[probe[same]], compared[~same], across)


def mated_samples(subjects: NDArray[np.int32]) -> NDArray[np.intp]:
    """The two samples of each mated pair, integer (m, 2), in the order of ``experiment``."""
    reference, probe = np.triu_indices(len(subjects), 1)
    same = subjects[probe] == subjects[reference]
    return np.column_stack([probe[same], reference[same]])


def nonmated_samples(subjects: NDArray[np.int32], chosen: NDArray[np.intp]) -> NDArray[np.intp]:
    """The two samples of the chosen non-mated pairs, integer (k, 2), by their places in ``experiment``."""
    reference, probe = np.triu_indices(len(subjects), 1)
    across = np.flatnonzero(subjects[probe] != subjects[reference])[chosen]
    return np.column_stack([probe[across], reference[across]])


def pool(experiments: Sequence[Experiment]) -> Experiment:
    """All comparisons together, subjects of different sets being different."""
    firsts = np.cumsum([0, *(1 + int(each.nonmated_groups.max()) for each in experiments)])
    return Experiment(
        np.concatenate([each.mated for each in experiments]),
        np.concatenate([each.mated_groups + first for each, first in zip(experiments, firsts, strict=False)]),
        np.concatenate([each.nonmated for each in experiments]),
        np.concatenate([each.nonmated_groups + first for each, first in zip(experiments, firsts, strict=False)]),
    )


def _template(walk: Walk, file: SampleFile) -> Template | None:
    (observed,) = observe(walk, (file.given(),))
    return observed.template
