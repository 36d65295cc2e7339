"""Every template against every template, as the accuracy benchmarks count them."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from biometric_service.evaluation.kept import KeptRows, digest_of
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.templates import Template

Watch = Callable[[Sequence[Template]], Iterable[Template]]


@dataclass(frozen=True, slots=True)
class ScoreMatrix:
    """``scores``: float32 (n, n), the probe's row and the reference's column, minus infinity without both templates.

    ``comparisons``: how many were made. ``seconds``: of CPU that they took.
    """

    scores: NDArray[np.float32]
    comparisons: int
    seconds: float


def score_matrix(
    comparator: Comparator, templates: Sequence[Template | None], watch: Watch = iter, kept: Path | None = None
) -> ScoreMatrix:
    """Compare all; ``watch`` may show how far it is. One comparison goes before, for compilers that start with it.

    ``kept``: folder for finished rows; those in it are not made again, and are not in ``seconds``.
    """
    bank = comparator.bank()
    used = np.array([at for at, template in enumerate(templates) if template], np.int64)
    made = [template for template in templates if template]
    rows = np.array([bank.add(template) for template in made], np.int64)
    scores = np.full((len(templates),) * 2, -np.inf, np.float32)
    if made:
        bank.scores(made[0], rows[:1])
    started = time.process_time()
    with KeptRows(_place(kept, comparator, made), len(rows)) as held:
        for at, template in zip(used, watch(made), strict=True):
            scores[at, used] = held.get(partial(bank.scores, template, rows))
    return ScoreMatrix(scores, len(rows) ** 2, time.process_time() - started)


def _place(folder: Path | None, comparator: Comparator, made: Sequence[Template]) -> Path | None:
    if folder is None:
        return None
    about = (comparator.name, comparator.version, comparator.format)
    return folder / f"compared-{digest_of(made, about)}.f32"
