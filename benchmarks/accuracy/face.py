"""How well faces are told apart: ``python -m benchmarks.accuracy.face DIR [--json]``.

DIR holds one folder a person. Every pair of photographs of a person is mated, every pair across persons non-mated. Each
photograph goes through the service's own walk: decoding, detection, quality, extraction; the service's own comparator
compares. A photograph without a template counts in ``fte`` and as a false non-match in each of its mated pairs.
"""

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, cast

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.accuracy.discard import error_versus_discard
from biometric_service.app import build_walk
from biometric_service.evaluation.matrix import score_matrix
from biometric_service.evaluation.rates import Experiment, summary
from biometric_service.evaluation.subjects import SampleFile, faces
from biometric_service.evaluation.verification import experiment
from biometric_service.recognition.walk import Walk, observe
from biometric_service.settings import load_settings
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import Template

PROGRESS = Console(stderr=True)
DISCARD_FMR = 1e-4


@dataclass(frozen=True, slots=True)
class Photographs:
    """What the walk made of every photograph.

    ``qualities`` and ``norms``: float64 (n,), the quality score and the length of the embedding, 0 where no face was
    found. ``persons``: int32 (n,), numbered from 0. ``extract_ms``: CPU time of one photograph.
    """

    templates: Sequence[Template | None]
    norms: NDArray[np.float64]
    qualities: NDArray[np.float64]
    persons: NDArray[np.int32]
    extract_ms: float


def main(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with one folder a person.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    model: Annotated[str, typer.Option(help="Manifest of the embedder.")] = "auto",
    companion: Annotated[str, typer.Option(help="Manifest of the embedder joined to it; empty for none.")] = "auto",
    detector: Annotated[str, typer.Option(help="Manifest of the detector.")] = "auto",
) -> None:
    """Print the error rates of every comparison among the photographs."""
    with tempfile.TemporaryDirectory() as scratch:
        result = benchmark(face_walk(Path(scratch), model, companion, detector), folder)
    if as_json:
        print(json.dumps(result))
    else:
        Console().print(_table(result))


def face_walk(scratch: Path, model: str = "auto", companion: str = "auto", detector: str = "auto") -> Walk:
    """The service's walk for faces with an empty store in ``scratch``."""
    faces_only = {"data_dir": scratch, "fingerprint_model": ""}
    chosen = {"face_model": model, "face_companion": companion, "face_detector": detector}
    return build_walk(load_settings().model_copy(update=faces_only | chosen))


def benchmark(walk: Walk, folder: Path) -> dict[str, Any]:
    """Every figure, by the keys that all accuracy benchmarks share.

    ``discard``: FNMR at an FMR of 0.01 % after refusing the photographs of the lowest quality, by the share refused.
    """
    photographs = observe_all(walk, folder)
    comparator = walk.comparators[Modality.FACE]
    compared, compare_per_s = compare_all(comparator, photographs)
    rates = summary(compared)
    rates["tar"] = {fmr: 1 - fnmr for fmr, fnmr in rates["fnmr"].items()}
    return {
        "model": str(comparator.format),
        "persons": int(photographs.persons.max()) + 1,
        "samples": len(photographs.persons),
        "pooled": rates,
        "sets": {folder.name: rates},
        "fte": float(np.mean([template is None for template in photographs.templates])),
        "discard": error_versus_discard(compared, *_mated_qualities(photographs), DISCARD_FMR),
        "extract_ms": photographs.extract_ms,
        "compare_per_s": compare_per_s,
    }


def observe_all(walk: Walk, folder: Path) -> Photographs:
    """Every photograph below the folder through the walk, one at a time."""
    subjects = faces([folder])
    files = [(number, file) for number, subject in enumerate(subjects) for file in subject.samples]
    started = time.process_time()
    observed = [_observe(walk, file) for _, file in track(files, "Extracting", console=PROGRESS)]
    seconds = time.process_time() - started
    templates, norms, qualities = zip(*observed, strict=True)
    persons = np.array([number for number, _ in files], np.int32)
    extract_ms = 1000 * seconds / len(files)
    return Photographs(templates, np.array(norms), np.array(qualities), persons, extract_ms)


def compare_all(comparator: Comparator, photographs: Photographs) -> tuple[Experiment, float]:
    """Every pair compared, and comparisons a second of CPU; a pair without both templates scores minus infinity."""
    made = score_matrix(comparator, photographs.templates, partial(track, description="Comparing", console=PROGRESS))
    return experiment(made.scores, photographs.persons), made.comparisons / made.seconds


def _mated_qualities(photographs: Photographs) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Quality of the worse photograph of each mated pair, in the order of ``experiment``, and of every photograph."""
    first, second, same = _pairs(photographs.persons)
    qualities = photographs.qualities
    return np.minimum(qualities[first[same]], qualities[second[same]]), qualities


def _pairs(persons: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.bool_]]:
    first, second = (index.astype(np.int32) for index in np.triu_indices(len(persons), 1))
    return first, second, persons[first] == persons[second]


def _observe(walk: Walk, file: SampleFile) -> tuple[Template | None, float, float]:
    """The template, the length of the embedding and the quality of one photograph."""
    norms = [0.0]

    def keep_norm(step: str, artefact: object) -> None:
        if step == "embedding_norm":
            norms.append(cast("float", artefact))

    (observed,) = observe(walk, (file.given(),), keep_norm)
    return observed.template, norms[-1], observed.quality.score if observed.quality else 0.0


def _table(result: Mapping[str, Any]) -> Table:
    pooled = result["pooled"]
    table = Table("FMR", "TAR", "FNMR", "95 % interval of the FNMR", title=str(result["model"]))
    for fmr, fnmr in pooled["fnmr"].items():
        low, high = pooled["interval"][fmr]
        table.add_row(fmr, f"{1 - fnmr:.3%}", f"{fnmr:.3%}", f"{low:.3%} - {high:.3%}")
    discard = ", ".join(f"{share} is {fnmr:.3%}" for share, fnmr in result["discard"].items())
    table.caption = (
        f"{result['samples']:,} photographs of {result['persons']:,} persons: {pooled['mated']:,} mated and "
        f"{pooled['nonmated']:,} non-mated pairs, EER {pooled['eer']:.3%}, FTE {result['fte']:.3%}, "
        f"{result['extract_ms']:.1f} ms of CPU a photograph, {result['compare_per_s']:,.0f} comparisons a second of "
        f"CPU; FNMR at {DISCARD_FMR:g} by the share of photographs refused for quality: {discard}"
    )
    return table


if __name__ == "__main__":
    typer.run(main)
