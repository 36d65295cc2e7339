"""How well fingers are told apart: ``python -m benchmarks.accuracy.fingerprint DIR... [--json]``.

DIR holds FINGER_IMPRESSION.png at 500 dpi, or at what a file ``dpi`` in it says. Every pair of impressions of a finger
is mated, every pair across the fingers of a DIR non-mated. Each impression goes through the service's own walk:
decoding, quality, extraction; the service's own comparator compares. An impression without a template counts in ``fte``
and as a false non-match in each of its mated pairs.
"""

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from biometric_service.app import build_walk
from biometric_service.evaluation.findings import stated_and_measured
from biometric_service.evaluation.matrix import score_matrix
from biometric_service.evaluation.rates import Experiment, summary
from biometric_service.evaluation.subjects import SampleFile, fingerprints
from biometric_service.evaluation.template_cache import TemplateCache
from biometric_service.evaluation.verification import experiment, pool, templates_of
from biometric_service.recognition.walk import Walk
from biometric_service.settings import load_settings
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import Template

PROGRESS = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class FingerSet:
    """What the walk made of the impressions of a DIR. ``fingers``: int32 (n,), numbered from 0."""

    name: str
    templates: Sequence[Template | None]
    fingers: NDArray[np.int32]


def main(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of FINGER_IMPRESSION.png.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    cache: Annotated[Path | None, typer.Option(help="Keep templates here, to go on after a break.")] = None,
) -> None:
    """Print the error rates of every comparison among the impressions of each folder, and of all folders pooled."""
    with tempfile.TemporaryDirectory() as scratch:
        result = benchmark(fingerprint_walk(Path(scratch)), folders, cache)
    if as_json:
        print(json.dumps(result))
    else:
        Console().print(_table(result))


def fingerprint_walk(scratch: Path) -> Walk:
    """The service's walk for fingerprints with an empty store in ``scratch``."""
    return build_walk(load_settings().model_copy(update={"data_dir": scratch, "face_model": ""}))


def benchmark(walk: Walk, folders: Sequence[Path], cache: Path | None = None) -> dict[str, Any]:
    """Every figure, by the keys that all accuracy benchmarks share; ``calibration``: FMR stated and measured."""
    comparator = walk.comparators[Modality.FINGERPRINT]
    sets, extract_ms = extract_all(walk, folders, cache)
    compared = [compare_all(comparator, each) for each in sets]
    experiments = [each for each, _, _ in compared]
    pooled = pool(experiments)
    templates = [template for each in sets for template in each.templates]
    return {
        "model": str(comparator.format),
        "comparator": comparator.name,
        "pooled": summary(pooled),
        "sets": {each.name: summary(made) for each, made in zip(sets, experiments, strict=True)},
        "calibration": stated_and_measured(comparator, pooled.nonmated),
        "fte": float(np.mean([template is None for template in templates])),
        "extract_ms": extract_ms,
        "compare_per_s": sum(count for _, count, _ in compared) / sum(seconds for _, _, seconds in compared),
    }


def extract_all(walk: Walk, folders: Sequence[Path], cache: Path | None) -> tuple[list[FingerSet], float]:
    """Every impression through the walk, on all cores; CPU milliseconds an impression that was not in the cache."""
    held = TemplateCache(cache, walk.extractors[Modality.FINGERPRINT].format)
    subjects = [(folder.name, finger) for folder in folders for finger in fingerprints([folder])]
    files = [file for _, finger in subjects for file in finger.samples]
    started = time.process_time()
    templates = templates_of(walk, files, held, lambda work, count: track(work, "Extracting", count, console=PROGRESS))
    extract_ms = 1000 * (time.process_time() - started) / max(held.missed, 1)
    return [_finger_set(folder, templates) for folder in folders], extract_ms


def compare_all(comparator: Comparator, fingers: FingerSet) -> tuple[Experiment, int, float]:
    """Every pair of a DIR, how many comparisons were made and how many CPU seconds they took.

    A pair without both templates scores minus infinity.
    """
    made = score_matrix(comparator, fingers.templates)
    return experiment(made.scores, fingers.fingers), made.comparisons, made.seconds


def _finger_set(folder: Path, templates: Mapping[SampleFile, Template | None]) -> FingerSet:
    fingers = fingerprints([folder])
    made = [templates[file] for finger in fingers for file in finger.samples]
    numbers = [number for number, finger in enumerate(fingers) for _ in finger.samples]
    return FingerSet(folder.name, made, np.array(numbers, np.int32))


def _table(result: Mapping[str, Any]) -> Table:
    table = Table(title=f"{result['model']}, comparator {result['comparator']}: FNMR, with its 95 % interval")
    for heading in ("set", "mated", "non-mated", "EER", "FMR 1 %", "FMR 0.1 %", "FMR 0.01 %"):
        table.add_column(heading, justify="left" if heading == "set" else "right")
    for name, rates in {**result["sets"], "pooled": result["pooled"]}.items():
        fnmrs = [f"{fnmr:.2%} ({_span(rates['interval'][fmr])})" for fmr, fnmr in rates["fnmr"].items()]
        table.add_row(name, f"{rates['mated']:,}", f"{rates['nonmated']:,}", f"{rates['eer']:.2%}", *fnmrs)
    stated = ", ".join(f"{fmr} is {measured:.5f}" for fmr, measured in result["calibration"]["fmr"].items())
    table.caption = (
        f"FTE {result['fte']:.2%}, {result['extract_ms']:.0f} ms of CPU an impression, "
        f"{result['compare_per_s']:,.0f} comparisons a second of CPU; FMR stated and measured: {stated}"
    )
    return table


def _span(interval: Sequence[float]) -> str:
    return " - ".join(f"{100 * bound:.2f}" for bound in interval)


if __name__ == "__main__":
    typer.run(main)
