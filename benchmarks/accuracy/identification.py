"""How well people are found, and strangers told so: an open-set identification experiment (ISO/IEC 19795-1).

    python -m benchmarks.accuracy.identification --fingerprints DIR... [--json]
    python -m benchmarks.accuracy.identification --faces DIR [--json]

A fingerprint DIR holds FINGER_IMPRESSION.png (at 500 dpi, or at what a file ``dpi`` in it says), a face DIR one folder
a person. What is done is ``biometric_service.evaluation.identification``: half the subjects are enrolled, each other
sample is one identification by the service. ``fnir`` is given at each FPIR that the number of non-mated probes shows.
"""

import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.accuracy.extracted import PROGRESS, walk_for
from biometric_service.evaluation.identification import Asked, experiment, figures
from biometric_service.evaluation.subjects import Subject, faces, fingerprints
from biometric_service.evaluation.template_cache import TemplateCache
from biometric_service.evaluation.verification import templates_of
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.samples import Modality


def main(  # noqa: PLR0913 (each is an option)
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of samples.")],
    *,
    of_fingerprints: Annotated[bool, typer.Option("--fingerprints", help="The folders hold fingerprints.")] = False,
    of_faces: Annotated[
        bool, typer.Option("--faces", help="The folders hold a folder of photographs a person.")
    ] = False,
    enrolled: Annotated[int, typer.Option("--enrol", min=1, help="Samples to enrol a subject with.")] = 1,
    seed: Annotated[int, typer.Option(help="Draws the half that is enrolled.")] = 1,
    cache: Annotated[Path | None, typer.Option(help="Keep templates here, to go on after a break.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print rank-1 identification rate and FNIR at given FPIRs."""
    if of_fingerprints == of_faces:
        raise typer.BadParameter("Say either --fingerprints or --faces.")
    subjects = fingerprints(folders) if of_fingerprints else faces(folders)
    with empty_walk(Modality.FACE if of_faces else Modality.FINGERPRINT) as walk:
        result = benchmark(walk, subjects, Asked(enrolled, seed), cache)
    if as_json:
        print(json.dumps(result))
    else:
        Console().print(_table(result))


def benchmark(walk: Walk, subjects: Sequence[Subject], asked: Asked, cache: Path | None = None) -> dict[str, Any]:
    """Every figure of the experiment."""
    files = [file for subject in subjects for file in subject.samples]
    modality = files[0].modality
    held = TemplateCache(cache, walk.extractors[modality].format)
    made = templates_of(walk, files, held, lambda work, count: track(work, "Extracting", count, console=PROGRESS))
    started = time.process_time()
    found = experiment(walk, subjects, made, asked, lambda work, said: track(work, said, console=PROGRESS))
    seconds = time.process_time() - started
    probes = len(found.mated) + len(found.nonmated)
    return figures(found, asked) | {"search_ms": 1000 * seconds / max(probes, 1)}


@contextmanager
def empty_walk(modality: Modality) -> Iterator[Walk]:
    """The service's own walk, with an empty store and without the models that are not asked for."""
    with tempfile.TemporaryDirectory() as scratch:
        yield walk_for(modality, Path(scratch))


def _table(result: Mapping[str, Any]) -> Table:
    table = Table("FPIR", "FNIR", "95 % interval", title=f"{result['gallery']:,} subjects enrolled")
    for fpir, fnir in result["fnir"].items():
        low, high = result["interval"][fpir]
        table.add_row(fpir, f"{fnir:.2%}", f"{low:.2%} - {high:.2%}")
    table.caption = (
        f"Rank-1 identification rate {result['rank1']:.2%}; {result['mated_probes']:,} mated and "
        f"{result['nonmated_probes']:,} non-mated probes; {result['failures_to_enrol']} failures to enrol, "
        f"{result['failures_to_capture']} to capture; {result['search_ms']:.0f} ms of CPU a search"
    )
    return table


if __name__ == "__main__":
    typer.run(main)
