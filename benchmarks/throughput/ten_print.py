"""Ten prints and a slap: ``python -m benchmarks.throughput.ten_print DIR... [--json]``.

DIR holds FINGER_IMPRESSION.png as for the accuracy benchmarks; the first impressions of ten fingers make an enrolment.
Printed are seconds by the clock, the least of ``--rounds``, from image files to templates: ten calls of one image, and
one call of ten, on as many threads as there are cores; then for a slap of four fingers on 1600 x 1500 pixels, drawn
from the same prints, seconds of CPU and megabytes that the process grew by.
"""

import io
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.fingerprint import fingerprint_walk
from biometric_service.evaluation.subjects import fingerprints
from biometric_service.recognition.requests import GivenImage
from biometric_service.recognition.walk import observe
from biometric_service.vocabulary.samples import FingerPosition, Modality

TEN, FOUR = 10, 4
SLAP = (1500, 1600)
BACKGROUND = 250
KILO = 1024


def main(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of FINGER_IMPRESSION.png.")],
    *,
    rounds: Annotated[int, typer.Option(min=1, help="How often each is done.")] = 3,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print how long an enrolment's images take, one by one and together."""
    files = [finger.samples[0] for finger in fingerprints(folders)][:TEN]
    with tempfile.TemporaryDirectory() as scratch:
        walk = fingerprint_walk(Path(scratch))
        prints = [file.given() for file in files]
        slap = [
            _slap([np.asarray(cv2.imread(str(file.path), cv2.IMREAD_GRAYSCALE), np.uint8) for file in files[:FOUR]])
        ]
        observe(walk, prints[:1])
        before, started = _megabytes(), time.process_time()
        (seen,) = observe(walk, slap)
        result = {
            "slap_cpu_seconds": time.process_time() - started,
            "slap_megabytes": _megabytes() - before,
            "slap_minutiae": float(len(getattr(seen.template, "kinds", ()))),
            "one_by_one_seconds": _least(rounds, lambda: [observe(walk, [each]) for each in prints]),
            "together_seconds": _least(rounds, lambda: observe(walk, prints)),
            "cores": float(len(os.sched_getaffinity(0))),
        }
    if as_json:
        print(json.dumps(result))
        return
    table = Table("figure", "value", title=f"{len(prints)} prints, and a slap of {FOUR} fingers")
    for name, value in result.items():
        table.add_row(name, f"{value:.2f}")
    Console().print(table)


def _least(rounds: int, work: Callable[[], object]) -> float:
    taken = []
    for _ in range(rounds):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken)


def _megabytes() -> float:
    """The most that the process ever took."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / KILO


def _slap(prints: Sequence[NDArray[np.uint8]]) -> GivenImage:
    page = np.full(SLAP, BACKGROUND, np.uint8)
    width = SLAP[1] // len(prints)
    for number, pixels in enumerate(prints):
        part = pixels[:, :width]
        top = 300 + 150 * (number % 2)
        page[top : top + len(part), number * width : number * width + part.shape[1]] = part
    file = io.BytesIO()
    Image.fromarray(page).save(file, "PNG")
    return GivenImage(file.getvalue(), Modality.FINGERPRINT, FingerPosition.UNKNOWN, 500.0, "slap")


if __name__ == "__main__":
    typer.run(main)
