"""What quality scores are worth: ``python -m benchmarks.accuracy.quality --fingerprints DIR... [--json]``.

DIR holds FINGER_IMPRESSION.png, as for ``benchmarks.accuracy.fingerprint``. Every impression is assessed by the service
and by NFIQ 2, and compared with every other of its DIR. Printed are rank correlations (Spearman): of the two scores
with one another by impression; of each with the outcome, the comparison score of a mated pair against the lower of the
pair's two qualities. And for each, how FNMR falls as the worst impressions are refused (ISO/IEC 29794-1).
Needs biometric-service[nfiq2].
"""

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from scipy.stats import rankdata

from benchmarks.accuracy.discard import error_versus_discard
from benchmarks.accuracy.fingerprint import PROGRESS, FingerSet, compare_all
from biometric_service.app import build_walk
from biometric_service.evaluation.rates import Experiment
from biometric_service.evaluation.subjects import SampleFile, fingerprints
from biometric_service.evaluation.template_cache import TemplateCache
from biometric_service.evaluation.verification import pool
from biometric_service.recognition.walk import Observation, Walk, assess_quality, capture, extract, locate
from biometric_service.settings import load_settings
from biometric_service.vocabulary.samples import Modality

FMR = 0.001
REPLICATES = 400
SEED = 29794
NATIVE, NFIQ2 = "native", "nfiq2"

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Assessed:
    """The impressions of a DIR: ``qualities`` float64 (n,) by assessor, NaN where it had no score."""

    fingers: FingerSet
    qualities: Mapping[str, Numbers]

    def of_pairs(self, assessor: str) -> Numbers:
        """The lower quality of each mated pair, in the order of ``compare_all``."""
        reference, probe = np.triu_indices(len(self.fingers.fingers), 1)
        same = self.fingers.fingers[reference] == self.fingers.fingers[probe]
        quality = self.qualities[assessor]
        return np.asarray(np.minimum(quality[reference[same]], quality[probe[same]]))


def main(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of FINGER_IMPRESSION.png.")],
    *,
    of_fingers: Annotated[bool, typer.Option("--fingerprints", help="The DIRs hold fingerprints.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    cache: Annotated[Path | None, typer.Option(help="Keep templates here, to go on after a break.")] = None,
) -> None:
    """Print how quality scores agree with one another and with what comparisons come to."""
    if not of_fingers:
        raise typer.BadParameter("say --fingerprints; for faces see python -m benchmarks.accuracy.face")
    with tempfile.TemporaryDirectory() as scratch:
        chosen = {"face_model": "", "fingerprint_quality": NFIQ2, "data_dir": Path(scratch)}
        result = benchmark(build_walk(load_settings().model_copy(update=chosen)), folders, cache)
    if as_json:
        print(json.dumps(result))
    else:
        Console().print_json(data=result)


def benchmark(walk: Walk, folders: Sequence[Path], cache: Path | None = None) -> dict[str, Any]:
    """Every figure; intervals are of 95 %, by bootstrap over fingers."""
    held = TemplateCache(cache, walk.extractors[Modality.FINGERPRINT].format)
    sets = [_assessed(walk, folder, held) for folder in folders]
    outcomes = pool([compare_all(walk.comparators[Modality.FINGERPRINT], each.fingers)[0] for each in sets])
    samples = {name: np.concatenate([each.qualities[name] for each in sets]) for name in (NATIVE, NFIQ2)}
    firsts = np.cumsum([0, *(1 + int(each.fingers.fingers.max()) for each in sets)])
    fingers = np.concatenate([each.fingers.fingers + first for each, first in zip(sets, firsts, strict=False)])
    return {
        "impressions": len(fingers),
        "without_nfiq2": int(np.isnan(samples[NFIQ2]).sum()),
        "native_with_nfiq2": correlation(samples[NATIVE], samples[NFIQ2], fingers),
        "with_outcomes": {
            name: _with_outcomes(np.concatenate([each.of_pairs(name) for each in sets]), samples[name], outcomes)
            for name in (NATIVE, NFIQ2)
        },
    }


def correlation(first: Numbers, second: Numbers, groups: NDArray[np.integer[Any]]) -> dict[str, Any]:
    """Spearman's rank correlation of the pairs of numbers that are both known, with its interval over groups."""
    known = ~(np.isnan(first) | np.isnan(second))
    first, second, groups = first[known], second[known], groups[known]
    places = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    draws = np.random.default_rng(SEED)
    found = []
    for _ in range(REPLICATES):
        drawn = np.concatenate([places[each] for each in draws.integers(len(places), size=len(places))])
        found.append(spearman(first[drawn], second[drawn]))
    return {"spearman": spearman(first, second), "interval": np.quantile(found, [0.025, 0.975]).tolist()}


def spearman(first: Numbers, second: Numbers) -> float:
    """Rank correlation, -1 to 1, 0 where one of them does not vary; infinite numbers are the first or the last."""
    ranks = np.array([rankdata(first), rankdata(second)])
    return float(np.corrcoef(ranks)[0, 1]) if np.ptp(ranks, axis=1).all() else 0.0


def _with_outcomes(pairs: Numbers, samples: Numbers, outcomes: Experiment) -> dict[str, Any]:
    known, worst = np.nan_to_num(pairs, nan=-1.0), np.nan_to_num(samples, nan=-1.0)
    return {
        **correlation(pairs, outcomes.mated.astype(np.float64), outcomes.mated_groups),
        "fnmr_by_share_refused": error_versus_discard(outcomes, known, worst, FMR),
    }


def _assessed(walk: Walk, folder: Path, held: TemplateCache) -> Assessed:
    fingers = fingerprints([folder])
    files = [file for finger in fingers for file in finger.samples]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as workers:
        work = workers.map(lambda file: _observed(walk, file, held), files)
        seen = list(track(work, folder.name, len(files), console=PROGRESS))
    numbers = np.array([number for number, finger in enumerate(fingers) for _ in finger.samples], np.int32)
    return Assessed(
        FingerSet(folder.name, [each.template for each in seen], numbers),
        {
            NATIVE: np.array([each.quality.score if each.quality else 0.0 for each in seen]),
            NFIQ2: np.array([each.quality.measures.get(NFIQ2, np.nan) if each.quality else np.nan for each in seen]),
        },
    )


def _observed(walk: Walk, file: SampleFile, held: TemplateCache) -> Observation:
    assessed = assess_quality(walk, locate(walk, capture(walk, (file.given(),))))
    template = held.get(file, lambda: extract(walk, assessed)[0].template)
    return replace(assessed[0], template=template)


if __name__ == "__main__":
    typer.run(main)
