"""How long one face takes: ``python -m benchmarks.throughput.face DIR [--json]``.

Photographs of DIR (one folder a person) are set into frames of 640 x 480 pixels, as a camera gives them, and each stage
of the service's own extractor and quality assessor is timed on one core, in CPU milliseconds.
"""

import json
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.face import face_walk
from biometric_service.evaluation.subjects import faces
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.samples import (
    BiometricSample,
    CaptureSource,
    FingerPosition,
    LocatedSample,
    Modality,
)

FRAME = (480, 640)
GREY = 110
SOURCE = CaptureSource("benchmark", datetime(2026, 1, 1, tzinfo=UTC))

Value = TypeVar("Value")


def main(  # noqa: PLR0913 (each is an option)
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with one folder a person.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    model: Annotated[str, typer.Option(help="Manifest of the embedder.")] = "auto",
    companion: Annotated[str, typer.Option(help="Manifest of the embedder joined to it; empty for none.")] = "auto",
    detector: Annotated[str, typer.Option(help="Manifest of the detector.")] = "auto",
    frames: Annotated[int, typer.Option(help="How many photographs.")] = 100,
) -> None:
    """Print the median time of each stage."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as scratch:
        result = benchmark(face_walk(Path(scratch), model, companion, detector), folder, frames)
    if as_json:
        print(json.dumps(result))
    else:
        table = Table(*result)
        table.add_row(*(f"{value:.1f}" if isinstance(value, float) else str(value) for value in result.values()))
        Console().print(table)


def benchmark(walk: Walk, folder: Path, count: int) -> dict[str, Any]:
    """Median CPU milliseconds to ``locate``, ``extract`` (alignment and embedding) and ``assess`` after it.

    ``recognise`` is what a frame costs before it can be compared without its quality: ``locate`` and ``extract``.
    """
    extractor, assessor = walk.extractors[Modality.FACE], walk.assessors[Modality.FACE]
    files = [subject.samples[0].path for subject in faces([folder])[:count]]
    rows = []
    for sample in (_frame(path) for path in files):
        located, locating = _timed(partial(extractor.locate, sample))
        if isinstance(located, LocatedSample):
            _, extracting = _timed(partial(extractor.extract, located))
            _, assessing = _timed(partial(assessor.assess, located))
            rows.append((locating, extracting, assessing, locating + extracting))
    medians = 1000 * np.median(rows, axis=0)
    stages = ("locate_ms", "extract_ms", "assess_ms", "recognise_ms")
    return {"model": str(extractor.format), "frames": len(rows), **dict(zip(stages, medians.tolist(), strict=True))}


def _frame(path: Path) -> BiometricSample:
    """The photograph in the middle of a grey frame, as high as the frame."""
    photograph = cv2.imread(str(path))
    assert photograph is not None
    height, width = FRAME
    side = min(width, round(photograph.shape[1] * height / photograph.shape[0]))
    pixels = np.full((height, width, 3), GREY, np.uint8)
    left = (width - side) // 2
    pixels[:, left : left + side] = cv2.resize(photograph, (side, height))
    return BiometricSample(Modality.FACE, pixels, None, FingerPosition.UNKNOWN, SOURCE, path.name)


def _timed(work: Callable[[], Value]) -> tuple[Value, float]:
    started = time.process_time()
    value = work()
    return value, time.process_time() - started


if __name__ == "__main__":
    typer.run(main)
